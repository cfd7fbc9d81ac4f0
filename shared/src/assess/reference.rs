//! Against a reference series: above it, or at par with it.
//!
//! Only values of the same period are compared, in the latest period both have. Below the
//! reference, the way is that of the relative gap, (value − promised) ÷ reference, from the
//! first common period (or the baseline's) on a straight line to zero at the horizon, with
//! the thresholds .95 / .60 / 0; a gap in money grows with prices alone, its share does not.
//! Where a reference is zero the gap itself is taken.

use rust_decimal::Decimal;

use crate::indicator::Direction;
use crate::measurement::Value;
use crate::target::Baseline;

use super::answer::{Flag, Verdict};
use super::finding::{Finding, Reason};
use super::notes::{Notes, years_to};
use super::number::{to_decimal, to_float};
use super::pace::{Movement, towards};
use super::ratio::Course;
use super::series::{Point, Separation, Series};
use super::{Question, content, linear};

/// Where the value should stand.
#[derive(Debug, Clone, Copy)]
pub(super) enum Standing {
    /// Above the reference.
    Above,
    /// No more than the tolerance worse than the reference.
    AtPar(Decimal),
}

/// A value and the reference of the same period.
#[derive(Debug, Clone, Copy)]
struct Pair {
    own: Point,
    reference: Point,
}

/// Judges the latest value that has a reference of the same period.
pub(super) fn judge(
    question: &Question<'_>,
    series: &Series,
    standing: Standing,
    notes: &mut Notes,
) -> Result<Verdict, Reason> {
    let reference = content::of_reference(question.reference, series.current.period());
    let Some(reference) = Series::comparable(reference, Separation::Break) else {
        notes.current(&series.current);
        return Err(why_no_reference(question));
    };
    note_break(&reference, notes);
    let pair_of = |own: &Point| {
        let reference = reference.points().find(|point| point.period() == own.period())?;
        Some(Pair { own: *own, reference: *reference })
    };
    let paired = series.only(|own| pair_of(own).is_some());
    let Some((paired, now)) = paired.and_then(|it| pair_of(&it.current).map(|now| (it, now)))
    else {
        notes.current(&series.current);
        return Err(Reason::NoReferenceSamePeriod);
    };
    write_current(series, &now, notes);
    let side = Side::of(question, standing);
    // A stated value is no base: the reference of its period is needed too.
    let baseline = question.target.baseline.map(|it| Baseline { value: None, ..it });
    let base = paired.base(baseline.as_ref(), notes);
    let movement = base.and_then(|base| {
        notes.base(&base);
        let then = paired.points().find(|point| point.period() == base.period());
        let then = then.and_then(pair_of).ok_or(paired.single_point())?;
        Ok(follow(question, side, &then, &now, notes))
    });
    if side.is_kept(&now) {
        notes.met();
        return Ok(Verdict::Met);
    }
    let met = paired.earlier.iter().rev().filter_map(pair_of).find(|pair| side.is_kept(pair));
    notes.last_met(met.map(|pair| pair.own.period()));
    let movement = movement?;
    Ok(movement.verdict(notes.horizon_has_passed(question, &now.own)))
}

fn why_no_reference(question: &Question<'_>) -> Reason {
    let has_other_periods =
        question.reference.iter().any(|it| matches!(it.observation.value, Value::Number(_)));
    if has_other_periods { Reason::NoReferenceSamePeriod } else { Reason::NoReference }
}

fn note_break(reference: &Series, notes: &mut Notes) {
    if reference.broken > 0 {
        let since = reference.earlier.first().unwrap_or(&reference.current).period();
        notes.find(Finding::BreakInReference { since, count: reference.broken });
        notes.flag(Flag::BreakInSeries);
    }
}

fn write_current(series: &Series, now: &Pair, notes: &mut Notes) {
    notes.current(&now.own);
    notes.reference(&now.reference);
    notes.explanation.gap = now.own.value.checked_sub(now.reference.value);
    let latest = series.current.period();
    if now.own.period() != latest {
        notes.find(Finding::ReferenceLags { latest, used: now.own.period() });
    }
}

/// Which side of the reference is the right one, and how far from it still counts.
#[derive(Debug, Clone, Copy)]
struct Side {
    direction: Direction,
    tolerance: Decimal,
    strict: bool,
}

impl Side {
    fn of(question: &Question<'_>, standing: Standing) -> Self {
        match standing {
            Standing::Above => {
                Self { direction: Direction::Increase, tolerance: Decimal::ZERO, strict: true }
            }
            Standing::AtPar(tolerance) => {
                Self { direction: question.indicator.direction, tolerance, strict: false }
            }
        }
    }

    /// The value that would do in the pair's period.
    fn promised(&self, pair: &Pair) -> Decimal {
        let reference = pair.reference.value;
        match self.direction {
            Direction::Increase => reference.checked_sub(self.tolerance),
            Direction::Decrease => reference.checked_add(self.tolerance),
        }
        .unwrap_or(reference)
    }

    fn is_kept(&self, pair: &Pair) -> bool {
        let stands = towards(self.direction, self.promised(pair), pair.own.value);
        if self.strict { stands.is_gt() } else { stands.is_ge() }
    }

    /// Distance of the value from what is promised, as it is or in percent of the reference.
    fn distance(&self, pair: &Pair, relative: bool) -> f64 {
        let distance = to_float(pair.own.value) - to_float(self.promised(pair));
        if relative { 100.0 * distance / to_float(pair.reference.value).abs() } else { distance }
    }
}

fn follow(
    question: &Question<'_>,
    side: Side,
    then: &Pair,
    now: &Pair,
    notes: &mut Notes,
) -> Movement {
    let relative = !then.reference.value.is_zero() && !now.reference.value.is_zero();
    let elapsed = now.own.period().years_since(then.own.period());
    let course = Course {
        direction: side.direction,
        base: side.distance(then, relative),
        base_year: 0.0,
        current: side.distance(now, relative),
        current_year: elapsed,
        target: Some(0.0),
        target_year: elapsed + years_to(question.target.horizon, now.own.period()),
        limit: None,
    };
    let paces = linear::paces(&course);
    let unit = if relative { "% of the reference" } else { &question.indicator.unit };
    notes.paces(&paces, 1.0, format!("{unit} a year"));
    if relative {
        note_relative_gap(then, notes);
        note_relative_gap(now, notes);
    }
    let moved = match side.direction {
        Direction::Increase => course.current.total_cmp(&course.base),
        Direction::Decrease => course.base.total_cmp(&course.current),
    };
    notes.year_met(now.own.period(), paces.years_to_target, side.strict);
    Movement::by_ratio(paces.progress, moved)
}

fn note_relative_gap(pair: &Pair, notes: &mut Notes) {
    let reference = to_float(pair.reference.value);
    let gap = 100.0 * (to_float(pair.own.value) - reference) / reference.abs();
    if let Some(percent) = to_decimal(gap, 2) {
        notes.find(Finding::RelativeGap { period: pair.own.period(), percent });
    }
}
