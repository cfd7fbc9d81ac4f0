//! Promises for every year: a floor held each year, a number rising each year.
//!
//! A year without a value is a finding, not a miss. While the horizon is not reached a
//! promise kept in every year so far is on track; at the horizon it is met, unless a year
//! is not known: nobody can say then that it was kept in every one. Kept in the
//! latest year but not in all before it is at risk, and off track at the horizon. Not kept
//! in the latest year is off track; a number that fell is worsening.

use crate::period::ReportingPeriod;

use super::answer::{SeriesRole, Verdict};
use super::finding::{Finding, Reason};
use super::notes::{Notes, years_to};
use super::number::to_float;
use super::pace::{Paces, finite};
use super::series::{Base, Point, Series};
use super::threshold::Promise;
use super::{Question, forecast};

/// Judges a floor that holds for every year since `from`.
pub(super) fn judge_floor(
    question: &Question<'_>,
    series: &Series,
    promise: &Promise,
    from: i16,
    notes: &mut Notes,
) -> Result<Verdict, Reason> {
    let promised: Vec<Point> = series
        .points()
        .filter(|point| (from..=question.target.horizon).contains(&point.period().year()))
        .copied()
        .collect();
    let Some(latest) = promised.last() else {
        notes.current(&series.current);
        return Err(Reason::NoneSinceStart);
    };
    notes.current(latest);
    notes.explanation.gap = latest.value.checked_sub(promise.bound);
    let has_gaps = note_gaps(from, &promised, notes);
    let judged: Vec<_> =
        promised.iter().map(|point| (point, promise.is_kept(point.value))).collect();
    note_years(&judged, notes);
    verdict(question, latest, has_gaps, Verdict::OffTrack, notes)
}

/// Judges whether the value rises from each year to the next.
pub(super) fn judge_rise(
    question: &Question<'_>,
    series: &Series,
    notes: &mut Notes,
) -> Result<Verdict, Reason> {
    notes.current(&series.current);
    let Some(first) = series.earlier.first() else { return Err(series.single_point()) };
    notes.base(&Base::Measured(*first));
    write_pace(question, first, &series.current, notes);
    forecast::write(question, series, notes);
    let points: Vec<Point> = series.points().copied().collect();
    let has_gaps = note_gaps(first.period().year(), &points, notes);
    let mut steps = points.iter().zip(points.iter().skip(1));
    let judged: Vec<_> =
        steps.clone().map(|(before, after)| (after, after.value > before.value)).collect();
    note_years(&judged, notes);
    let fell = steps.next_back().is_some_and(|(before, after)| after.value < before.value);
    let missed = if fell { Verdict::Worsening } else { Verdict::OffTrack };
    verdict(question, &series.current, has_gaps, missed, notes)
}

/// The verdict; `missed` where the latest period did not keep the promise.
fn verdict(
    question: &Question<'_>,
    latest: &Point,
    has_gaps: bool,
    missed: Verdict,
    notes: &mut Notes,
) -> Result<Verdict, Reason> {
    let horizon = question.target.horizon;
    if notes.explanation.periods_missed.is_empty() {
        let is_last = years_to(horizon, latest.period()) <= 0.0;
        if !is_last && notes.as_of.year() > horizon {
            notes.find(Finding::HorizonValuePending { horizon });
        }
        return match (is_last, has_gaps) {
            (true, true) => Err(Reason::YearsUnknown),
            (true, false) => Ok(Verdict::Met),
            (false, _) => Ok(Verdict::OnTrack),
        };
    }
    let has_passed = notes.horizon_has_passed(question, latest);
    let latest_kept = notes.explanation.periods_kept.last() == Some(&latest.period());
    Ok(match (latest_kept, has_passed) {
        (true, true) => Verdict::OffTrack,
        (true, false) => Verdict::AtRisk,
        (false, _) => missed,
    })
}

fn note_years(judged: &[(&Point, bool)], notes: &mut Notes) {
    for (point, kept) in judged {
        notes.cite(point, SeriesRole::Judged);
        if *kept {
            notes.explanation.periods_kept.push(point.period());
        } else {
            notes.explanation.periods_missed.push(point.period());
        }
    }
    if !judged.last().is_some_and(|(_, kept)| *kept) {
        notes.last_met(notes.explanation.periods_kept.last().copied());
    }
}

/// Whether a year before the latest has no value; names those that have none.
fn note_gaps(from: i16, points: &[Point], notes: &mut Notes) -> bool {
    let years: Vec<i16> = points.iter().map(|point| point.period().year()).collect();
    let Some(last) = years.last() else { return false };
    let earliest = ReportingPeriod::of_year(from).map_or(years[0], ReportingPeriod::year);
    let gaps: Vec<i16> = (earliest..=*last).filter(|year| !years.contains(year)).collect();
    let has_gaps = !gaps.is_empty();
    if has_gaps {
        notes.find(Finding::YearsWithoutValue(gaps));
    }
    has_gaps
}

fn write_pace(question: &Question<'_>, first: &Point, current: &Point, notes: &mut Notes) {
    let years = current.period().years_since(first.period());
    let change = to_float(current.value) - to_float(first.value);
    let observed = finite(change / years);
    let unit = format!("{} a year", question.indicator.unit);
    notes.paces(&Paces { observed, ..Paces::default() }, 1.0, unit);
    let years_left = years_to(question.target.horizon, current.period());
    let projected = observed
        .filter(|_| years_left > 0.0)
        .map(|observed| to_float(current.value) + observed * years_left);
    notes.project(projected, question.indicator.decimals, question.indicator.range);
}
