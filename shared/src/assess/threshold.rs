//! A value to be reached by a horizon: at least, above, at most, below, a band, a share.
//!
//! Met is tested first and on the unrounded value, equal not being enough where the
//! comparator is strict. A band is met from its lower bound; above the upper one is met and
//! exceeds. What is not met yet is judged by its pace: by the ratio method, or by the
//! straight line where the target says so or compound growth has no meaning.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use crate::indicator::{Direction, Range};
use crate::target::{Baseline, Method};

use super::answer::{Flag, MethodUsed, Verdict};
use super::finding::{Finding, Reason};
use super::notes::{Notes, years_to};
use super::number::to_float;
use super::pace::{Movement, towards};
use super::ratio::{self, Course};
use super::series::{Base, Point, Series};
use super::{Question, linear};

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

/// How the way to the bound is judged and written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way<'a> {
    /// The method asked for.
    pub(super) method: Method,
    /// What a pace of the straight line is called.
    pub(super) used: MethodUsed,
    /// Unit of the value, for the pace of the straight line.
    pub(super) unit: &'a str,
    /// Where progress is counted from.
    pub(super) baseline: Option<&'a Baseline>,
    /// Values there can be.
    pub(super) range: Range,
}

impl<'a> Way<'a> {
    /// The way a target itself asks for.
    pub(super) fn of(question: &Question<'a>) -> Self {
        Self {
            method: question.target.method,
            used: MethodUsed::Linear,
            unit: &question.indicator.unit,
            baseline: question.target.baseline.as_ref(),
            range: question.indicator.range,
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
    let movement = follow(question, series, promise, way, notes);
    if is_kept {
        let scored = notes.explanation.method == MethodUsed::Ratio;
        notes.explanation.score = scored.then_some(ratio::ACHIEVED_SCORE);
        notes.explanation.pace_from_here = None;
        return Ok(Verdict::Met);
    }
    let movement = movement?;
    Ok(movement.verdict(notes.horizon_has_passed(question, &series.current)))
}

/// Writes base and paces.
fn follow(
    question: &Question<'_>,
    series: &Series,
    promise: &Promise,
    way: Way<'_>,
    notes: &mut Notes,
) -> Result<Movement, Reason> {
    let base = series.base(way.baseline, notes)?;
    notes.base(&base);
    if promise.is_kept(base.value()) {
        notes.find(Finding::MetAtBase { period: base.period() });
    }
    let course = course(question, series, promise, &base);
    let note = why_not_ratio(&course).filter(|_| way.method == Method::Ratio);
    notes.explanation.method_note = note;
    let paces = if way.method == Method::Ratio && note.is_none() {
        let paces = ratio::paces(&course);
        notes.explanation.score = paces.progress.map(ratio::score_to_target);
        notes.explanation.method = MethodUsed::Ratio;
        notes.paces(&paces, 100.0, "% a year (compound)".to_owned());
        paces
    } else {
        let paces = linear::paces(&course);
        notes.explanation.method = way.used;
        notes.paces(&paces, 1.0, format!("{} a year", way.unit));
        paces
    };
    notes.project(paces.projected, question.indicator.decimals, way.range);
    let towards = towards(promise.direction, base.value(), series.current.value);
    Ok(Movement { progress: paces.progress, towards })
}

fn course(question: &Question<'_>, series: &Series, promise: &Promise, base: &Base) -> Course {
    Course {
        direction: promise.direction,
        base: to_float(base.value()),
        base_year: 0.0,
        current: to_float(series.current.value),
        current_year: series.current.period().years_since(base.period()),
        target: Some(to_float(promise.bound)),
        target_year: series.current.period().years_since(base.period())
            + years_to(question.target.horizon, series.current.period()),
        limit: None,
    }
}

/// Why compound growth has no meaning on this course; none if it has.
fn why_not_ratio(course: &Course) -> Option<&'static str> {
    let target = course.target.unwrap_or_default();
    if course.base == 0.0 {
        Some("straight line: the base value is zero, so growth from it is undefined")
    } else if course.base < 0.0 {
        Some("straight line: the base value is negative, so growth from it has no meaning")
    } else if course.current < 0.0 {
        Some("straight line: the value changed its sign since the base")
    } else if target <= 0.0 {
        Some("straight line: no compound growth leads to zero or below")
    } else if course.current_year < 1.0 {
        Some("straight line: compound growth needs a year between base and latest value")
    } else {
        None
    }
}
