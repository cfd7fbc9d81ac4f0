//! Average growth since a base year: compound growth to the latest year, and what is left.
//!
//! Kept from the lower bound, decided on exact values (`current ≥ base × (1 + g)^n`), above
//! the upper bound it exceeds. Below, the growth so far over the growth promised is compared
//! with the published thresholds .95 / .60 / 0: that is the ratio method on the level the
//! promise leads to, as its authors advise for growth rates. Growth from zero, from a
//! negative value or through zero has no meaning and is not assessable.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use crate::indicator::Direction;
use crate::period::ReportingPeriod;
use crate::target::Baseline;

use super::answer::{Flag, Verdict};
use super::finding::{Finding, Reason};
use super::notes::{Notes, years_to};
use super::number::{to_decimal, to_float};
use super::pace::{Movement, Paces, towards};
use super::ratio::{self, Course, TO_TARGET};
use super::series::{Base, Point, Series};
use super::{Question, forecast};

/// A yearly growth that is promised.
#[derive(Debug, Clone, Copy)]
pub(super) struct Growth {
    /// Percent a year; kept from here.
    pub(super) lower: Decimal,
    /// Percent a year; above it exceeds.
    pub(super) upper: Option<Decimal>,
    /// Year it is counted from.
    pub(super) base: i16,
}

/// Judges the average growth from the base year to the latest.
pub(super) fn judge(
    question: &Question<'_>,
    series: &Series,
    promise: Growth,
    notes: &mut Notes,
) -> Result<Verdict, Reason> {
    let current = &series.current;
    notes.current(current);
    note_last_year(series, notes);
    let base = series.base(baseline(question, promise.base).as_ref(), notes)?;
    notes.base(&base);
    check_signs(&base, current)?;
    let paces = paces(question, promise, &base, current);
    notes.paces(&paces, 100.0, "% a year (compound)".to_owned());
    notes.project(paces.projected, question.indicator.decimals, question.indicator.range);
    forecast::write(question, series, notes);
    let percent = paces.observed.and_then(|observed| to_decimal(observed * 100.0, 4));
    notes.explanation.gap =
        percent.and_then(|percent| percent.checked_sub(promise.lower)).map(|gap| gap.normalize());
    if years_to(question.target.horizon, current.period()) > 0.0 {
        notes.find(Finding::AverageSoFar { horizon: question.target.horizon });
    }
    if has_grown(&base, current, promise.lower) {
        if promise.upper.is_some_and(|upper| exceeds(&base, current, upper)) {
            notes.flag(Flag::Exceeds);
        }
        if years_to(question.target.horizon, current.period()) <= 0.0 {
            notes.met();
            return Ok(Verdict::Met);
        }
        // The years to come can still bring the average down.
        notes.explanation.score = paces.progress.map(ratio::score_to_target);
        notes.explanation.symbol = paces.progress.map(|progress| TO_TARGET.class(progress).name());
        return Ok(Verdict::OnTrack);
    }
    let after_base = series.earlier.iter().filter(|point| point.period() > base.period());
    let met = after_base.rev().find(|point| has_grown(&base, point, promise.lower));
    notes.last_met(met.map(Point::period));
    notes.explanation.score = paces.progress.map(ratio::score_to_target);
    notes.explanation.symbol = paces.progress.map(|progress| TO_TARGET.class(progress).name());
    let towards = towards(Direction::Increase, base.value(), current.value);
    let movement = Movement::by_ratio(paces.progress, towards);
    Ok(movement.verdict(notes.horizon_has_passed(question, current)))
}

/// The base year, with the value the catalogue states for it.
fn baseline(question: &Question<'_>, year: i16) -> Option<Baseline> {
    let period = ReportingPeriod::of_year(year)?;
    let stated = question.target.baseline.filter(|baseline| baseline.period == period);
    Some(Baseline { period, value: stated.and_then(|baseline| baseline.value) })
}

fn check_signs(base: &Base, current: &Point) -> Result<(), Reason> {
    if base.value().is_zero() {
        Err(Reason::ZeroBase)
    } else if base.value().is_sign_negative() {
        Err(Reason::NegativeBase)
    } else if current.value < Decimal::ZERO {
        Err(Reason::SignChange)
    } else {
        Ok(())
    }
}

fn paces(question: &Question<'_>, promise: Growth, base: &Base, current: &Point) -> Paces {
    let elapsed = current.period().years_since(base.period());
    let total = elapsed + years_to(question.target.horizon, current.period());
    let required = to_float(promise.lower) / 100.0;
    let course = Course {
        direction: Direction::Increase,
        base: to_float(base.value()),
        base_year: 0.0,
        current: to_float(current.value),
        current_year: elapsed,
        target: Some(to_float(base.value()) * (1.0 + required).powf(total)),
        target_year: total,
        limit: None,
    };
    Paces { required: Some(required), ..ratio::paces(&course) }
}

/// Whether the value is at least where `percent` a year since the base leads.
fn has_grown(base: &Base, current: &Point, percent: Decimal) -> bool {
    compare(base, current, percent).is_ge()
}

fn exceeds(base: &Base, current: &Point, percent: Decimal) -> bool {
    compare(base, current, percent).is_gt()
}

/// Exact over whole years as far as 28 digits hold, else by float.
fn compare(base: &Base, current: &Point, percent: Decimal) -> Ordering {
    let (from, to) = (base.period(), current.period());
    let level = whole_years(from, to).and_then(|years| level(base.value(), percent, years));
    if let Some(level) = level {
        return current.value.cmp(&level);
    }
    let factor = 1.0 + to_float(percent) / 100.0;
    let level = to_float(base.value()) * factor.powf(to.years_since(from));
    to_float(current.value).total_cmp(&level)
}

fn whole_years(from: ReportingPeriod, to: ReportingPeriod) -> Option<u16> {
    let same_part = (from.frequency(), from.ordinal()) == (to.frequency(), to.ordinal());
    same_part.then(|| u16::try_from(to.year() - from.year()).ok()).flatten()
}

fn level(base: Decimal, percent: Decimal, years: u16) -> Option<Decimal> {
    let factor = percent.checked_div(Decimal::ONE_HUNDRED)?.checked_add(Decimal::ONE)?;
    (0..years).try_fold(base, |level, _| level.checked_mul(factor))
}

fn note_last_year(series: &Series, notes: &mut Notes) {
    let to = series.current.period();
    let before = to
        .year()
        .checked_sub(1)
        .and_then(|year| ReportingPeriod::new(year, to.frequency(), to.ordinal()));
    let Some(before) = series
        .earlier
        .iter()
        .rfind(|point| Some(point.period()) == before && point.value > Decimal::ZERO)
    else {
        return;
    };
    let growth = to_float(series.current.value) / to_float(before.value) - 1.0;
    if let Some(percent) = to_decimal(growth * 100.0, 2) {
        notes.find(Finding::LastYearGrowth { from: before.period(), to, percent });
    }
}
