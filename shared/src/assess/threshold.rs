//! A value to be reached by a horizon: at least, above, at most, below, a band, a share.
//!
//! Met is tested first and on the unrounded value, equal not being enough where the
//! comparator is strict. A band is met from its lower bound; above the upper one is met and
//! exceeds. What is not met yet is judged by the target's method (`way.rs`).

use std::cmp::Ordering;

use rust_decimal::Decimal;

use crate::indicator::Direction;

use super::answer::{Flag, Verdict};
use super::finding::Reason;
use super::notes::Notes;
use super::pace::towards;
use super::series::{Point, Series};
use super::way::{self, Way};
use super::{Question, forecast};

/// What is promised of a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Promise {
    /// The value to reach.
    pub(super) bound: Decimal,
    /// True if equal does not do.
    pub(super) strict: bool,
    /// On which side of the bound it is kept.
    pub(super) direction: Direction,
    /// Above this it exceeds.
    pub(super) upper: Option<Decimal>,
}

impl Promise {
    pub(super) fn at_least(bound: Decimal) -> Self {
        Self { bound, strict: false, direction: Direction::Increase, upper: None }
    }

    pub(super) fn at_most(bound: Decimal) -> Self {
        Self { direction: Direction::Decrease, ..Self::at_least(bound) }
    }

    pub(super) fn strictly(self) -> Self {
        Self { strict: true, ..self }
    }

    /// Whether `value` keeps it.
    pub(super) fn is_kept(&self, value: Decimal) -> bool {
        match towards(self.direction, self.bound, value) {
            Ordering::Greater => true,
            Ordering::Equal => !self.strict,
            Ordering::Less => false,
        }
    }
}

/// Judges the latest value and the way to it.
pub(super) fn judge(
    question: &Question<'_>,
    series: &Series,
    promise: &Promise,
    way: Way<'_>,
    notes: &mut Notes,
) -> Result<Verdict, Reason> {
    notes.current(&series.current);
    let current = series.current.value;
    let is_kept = promise.is_kept(current);
    notes.explanation.gap = current.checked_sub(promise.bound);
    if is_kept && promise.upper.is_some_and(|upper| current > upper) {
        notes.flag(Flag::Exceeds);
    }
    if !is_kept {
        let met = series.earlier.iter().rfind(|point| promise.is_kept(point.value));
        notes.last_met(met.map(Point::period));
    }
    let movement = way::follow(question, series, promise, way, notes);
    forecast::write(question, series, notes);
    if is_kept {
        notes.met();
        return Ok(Verdict::Met);
    }
    let movement = movement?;
    Ok(movement.verdict(notes.horizon_has_passed(question, &series.current)))
}
