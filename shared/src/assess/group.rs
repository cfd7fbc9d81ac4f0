//! Ordinal levels: a group of provinces to belong to, a milestone to be done.
//!
//! Below the level promised, the way from the base to now decides: up is at risk (levels
//! show no pace), no change is off track, down is worsening. A milestone in progress is on
//! track while more than a year is left and at risk in its last year; not started is off
//! track; one that was taken back is worsening.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use crate::indicator::{Kind, MILESTONE_DONE, Scale};
use crate::measurement::Value;
use crate::period::ReportingPeriod;
use crate::target::Baseline;

use super::Question;
use super::answer::Verdict;
use super::finding::{Finding, Reason};
use super::notes::Notes;
use super::series::{Base, Point, Series};

/// Judges the latest level against the level promised.
pub(super) fn judge_level(
    question: &Question<'_>,
    series: &Series,
    level: &str,
    notes: &mut Notes,
) -> Result<Verdict, Reason> {
    let Kind::Level(scale) = &question.indicator.kind else { return Err(Reason::WrongKind) };
    let promised = Decimal::from(scale.position(level).ok_or(Reason::UnknownLevel)?);
    let current = &series.current;
    notes.current(current);
    note_rank(scale, current, notes);
    notes.explanation.gap = current.value.checked_sub(promised);
    // The catalogue states values as numbers; of a level only its period can be a baseline.
    let baseline = question.target.baseline.map(|baseline| Baseline { value: None, ..baseline });
    let base = series.base(baseline.as_ref(), notes);
    if let Ok(base) = &base {
        notes.base(base);
        if base.value() >= promised {
            notes.find(Finding::MetAtBase { period: base.period() });
        }
    }
    if current.value >= promised {
        return Ok(Verdict::Met);
    }
    notes.last_met(last_reached(series, promised));
    let has_passed = notes.horizon_has_passed(question, current);
    Ok(match current.value.cmp(&base?.value()) {
        Ordering::Less => Verdict::Worsening,
        Ordering::Greater if !has_passed => Verdict::AtRisk,
        _ => Verdict::OffTrack,
    })
}

/// Judges the state of a milestone.
pub(super) fn judge_milestone(
    question: &Question<'_>,
    series: &Series,
    notes: &mut Notes,
) -> Verdict {
    let done = Decimal::from(MILESTONE_DONE);
    let current = &series.current;
    notes.current(current);
    notes.explanation.gap = current.value.checked_sub(done);
    if let Some(before) = series.earlier.last() {
        notes.base(&Base::Measured(*before));
    }
    if current.value >= done {
        return Verdict::Met;
    }
    notes.last_met(last_reached(series, done));
    let year_is_over = notes.as_of.year() > question.target.horizon;
    if year_is_over {
        notes.find(Finding::HorizonPassed { horizon: question.target.horizon });
    }
    if series.earlier.last().is_some_and(|before| before.value > current.value) {
        Verdict::Worsening
    } else if year_is_over || current.value.is_zero() {
        Verdict::OffTrack
    } else if notes.as_of.year() < question.target.horizon {
        Verdict::OnTrack
    } else {
        Verdict::AtRisk
    }
}

fn last_reached(series: &Series, level: Decimal) -> Option<ReportingPeriod> {
    series.earlier.iter().rfind(|point| point.value >= level).map(Point::period)
}

fn note_rank(scale: &Scale, current: &Point, notes: &mut Notes) {
    let (Value::Number(rank), Value::Level(at)) =
        (current.measurement.observation.value, current.shown)
    else {
        return;
    };
    let (Some(among), Some(level)) = (current.ranked_among(), scale.levels.get(usize::from(at)))
    else {
        return;
    };
    notes.percentile(rank, among);
    notes.find(Finding::RankTurnedIntoLevel { rank, among, level: level.id.clone() });
}
