//! From a messy history to one comparable series: one frequency, usable values, no break.
//!
//! * **Frequency.** The indicator's own, if it has a usable value, else the longest span
//!   that has one. Yearly comparators look at years first, whatever the indicator's own.
//!   Spans are never mixed. Judging by less than a year is a finding.
//! * **Part of the year.** Values that run from the start of the year (`cumulative`) are
//!   compared for whole years only; while no year is complete, for the same part of the
//!   year. Comparators of yearly change compare the same part of the year in any case.
//! * **Usable.** Missing and withdrawn are not values; where the latest period has none the
//!   one before it is current, which is a finding. Values of the wrong kind are left aside.
//! * **Break.** Comparable with the latest are the values since the last one of status
//!   `Break` that have its edition and territory (for ranks: its number ranked). Older
//!   figures that were back-cast carry the latest territory and so remain. The others are
//!   left aside, which is a flag and a finding.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use crate::formula::Uncomputable;
use crate::measurement::{Measurement, ObservationStatus, Value};
use crate::period::{Frequency, ReportingPeriod};
use crate::target::Baseline;

use super::Question;
use super::answer::Flag;
use super::content::{self, Content};
use super::finding::{Finding, Reason};
use super::notes::Notes;

/// A usable value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    /// What is compared: the number, or the position of the level.
    pub(super) value: Decimal,
    /// What is shown.
    pub(super) shown: Value,
    /// Where it stands.
    pub(super) measurement: Measurement,
}

impl Point {
    pub(super) fn period(&self) -> ReportingPeriod {
        self.measurement.period
    }

    pub(super) fn status(&self) -> ObservationStatus {
        self.measurement.observation.status
    }

    pub(super) fn ranked_among(&self) -> Option<u16> {
        self.measurement.observation.ranked_among
    }
}

/// Where progress is counted from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Base {
    /// A measurement.
    Measured(Point),
    /// The value the catalogue states.
    Stated(ReportingPeriod, Decimal),
}

impl Base {
    pub(super) fn period(&self) -> ReportingPeriod {
        match self {
            Self::Measured(point) => point.period(),
            Self::Stated(period, _) => *period,
        }
    }

    pub(super) fn value(&self) -> Decimal {
        match self {
            Self::Measured(point) => point.value,
            Self::Stated(_, value) => *value,
        }
    }
}

/// Which values of a year are compared with those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// All of them.
    Every,
    /// Those of the same part of the year.
    YearOnYear,
    /// The last of each year.
    YearEnd,
}

/// What separates values that are not comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separation {
    /// Nothing: each value is judged for itself.
    Nothing,
    /// A break, another edition or territory.
    Break,
    /// Also another number ranked.
    NumberRanked,
}

/// How a comparator reads a history.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) shape: Shape,
    pub(super) separation: Separation,
}

/// Comparable values of one frequency; there is at least one.
#[derive(Debug)]
pub(super) struct Series {
    /// The latest value.
    pub(super) current: Point,
    /// The values before it, oldest first.
    pub(super) earlier: Vec<Point>,
    /// How many values a break left aside.
    pub(super) broken: usize,
    /// How many ranks among another number were left aside.
    other_number: usize,
}

impl Series {
    /// Reads the judged history; none where nothing usable was ever reported.
    pub(super) fn read(
        question: &Question<'_>,
        rules: Rules,
        notes: &mut Notes,
    ) -> Result<Option<Self>, Reason> {
        let contents = content::of_history(question);
        let Some(frequency) = choose_frequency(&contents, question, rules) else {
            note_unusable(question, &contents, notes);
            return content::why_nothing_usable(question, &contents).map_or(Ok(None), Err);
        };
        if frequency != Frequency::Year {
            notes.find(Finding::ShorterPeriods { frequency });
        }
        let contents: Vec<_> =
            contents.into_iter().filter(|it| it.period().frequency() == frequency).collect();
        note_unusable(question, &contents, notes);
        let points: Vec<_> = contents.iter().filter_map(Content::usable).collect();
        let points = same_part_of_year(points, question.indicator.cumulative, rules.shape, notes);
        let series = Self::comparable(points, rules.separation);
        if let Some(series) = &series {
            series.note_left_aside(notes);
        }
        Ok(series)
    }

    /// The values comparable with the latest of `points`, which are in order.
    pub(super) fn comparable(mut points: Vec<Point>, separation: Separation) -> Option<Self> {
        let current = points.pop()?;
        let (mut earlier, mut broken, mut other_number) = (points, 0, 0);
        if separation != Separation::Nothing {
            (earlier, broken) = after_break(earlier, &current);
        }
        if separation == Separation::NumberRanked {
            (earlier, other_number) =
                partition(earlier, |point| point.ranked_among() == current.ranked_among());
        }
        Some(Self { current, earlier, broken, other_number })
    }

    /// The values of it that `keep`, if any.
    pub(super) fn only(&self, keep: impl Fn(&Point) -> bool) -> Option<Self> {
        let mut earlier: Vec<_> = self.points().filter(|point| keep(point)).copied().collect();
        let current = earlier.pop()?;
        Some(Self { current, earlier, ..*self })
    }

    fn note_left_aside(&self, notes: &mut Notes) {
        if self.broken > 0 {
            notes.find(Finding::BreakInSeries { since: self.first().period(), count: self.broken });
        }
        if self.other_number > 0 {
            notes.find(Finding::NumberRankedChanged { count: self.other_number });
        }
        if self.has_left_aside() {
            notes.flag(Flag::BreakInSeries);
        }
    }

    fn has_left_aside(&self) -> bool {
        self.broken + self.other_number > 0
    }

    fn first(&self) -> &Point {
        self.earlier.first().unwrap_or(&self.current)
    }

    /// All comparable values, oldest first.
    pub(super) fn points(&self) -> impl Iterator<Item = &Point> {
        self.earlier.iter().chain([&self.current])
    }

    /// Where progress is counted from: the baseline's value; without one the measurement
    /// of its period or the next later one; without a baseline the first comparable value.
    pub(super) fn base(
        &self,
        baseline: Option<&Baseline>,
        notes: &mut Notes,
    ) -> Result<Base, Reason> {
        let baseline = baseline.filter(|baseline| self.is_comparable(baseline.period, notes));
        let Some(baseline) = baseline else {
            return self.earlier.first().map(|p| Base::Measured(*p)).ok_or(self.single_point());
        };
        let start = baseline.period.first_day();
        if let Some(value) = baseline.value {
            return match start.cmp(&self.current.period().first_day()) {
                Ordering::Less => Ok(Base::Stated(baseline.period, value)),
                Ordering::Equal => Err(self.single_point()),
                Ordering::Greater => Err(Reason::BaseAfterCurrent),
            };
        }
        if self.current.period().first_day() < start {
            return Err(Reason::BaseAfterCurrent);
        }
        let base = self.earlier.iter().find(|point| point.period().first_day() >= start);
        let base = base.ok_or(self.single_point())?;
        if base.period().first_day() > baseline.period.last_day() {
            notes.find(Finding::BaseLater { wanted: baseline.period, used: base.period() });
        }
        Ok(Base::Measured(*base))
    }

    /// Whether a value of `period` would be comparable: not if the series breaks after it.
    fn is_comparable(&self, period: ReportingPeriod, notes: &mut Notes) -> bool {
        let first = self.first();
        let breaks = self.has_left_aside() || first.status() == ObservationStatus::Break;
        let comparable = !breaks || period.first_day() >= first.period().first_day();
        if !comparable {
            notes.find(Finding::BaselineLeftAside { period });
        }
        comparable
    }

    /// Why no pace can be seen in one value.
    pub(super) fn single_point(&self) -> Reason {
        if self.has_left_aside() { Reason::BreakLeavesOnePoint } else { Reason::SinglePoint }
    }
}

fn choose_frequency(
    contents: &[Content],
    question: &Question<'_>,
    rules: Rules,
) -> Option<Frequency> {
    let first = match rules.shape {
        Shape::Every => question.indicator.frequency,
        Shape::YearOnYear | Shape::YearEnd => Frequency::Year,
    };
    [
        first,
        question.indicator.frequency,
        Frequency::Year,
        Frequency::HalfYear,
        Frequency::Quarter,
        Frequency::Month,
    ]
    .into_iter()
    .find(|frequency| {
        contents
            .iter()
            .any(|content| content.is_usable() && content.period().frequency() == *frequency)
    })
}

fn note_unusable(question: &Question<'_>, contents: &[Content], notes: &mut Notes) {
    if let Some(latest) = contents.last() {
        let period = latest.period();
        match latest.measurement.observation.value {
            Value::Missing(reason) => notes.find(Finding::LatestMissing { period, reason }),
            Value::Withdrawn => notes.find(Finding::LatestWithdrawn { period }),
            Value::Number(_) | Value::Level(_) => {}
        }
    }
    let refused: Vec<_> = contents.iter().filter_map(Content::refused).collect();
    if let Some((period, reason)) = refused.last() {
        let (period, reason) = (*period, *reason);
        notes.find(Finding::ValuesLeftAside { count: refused.len(), period, reason });
    }
    let latest_usable = contents.iter().rfind(|content| content.is_usable());
    let later = question.uncomputed.iter().filter(|uncomputed| {
        latest_usable.is_none_or(|usable| {
            uncomputed.period.frequency() == usable.period().frequency()
                && uncomputed.period > usable.period()
        })
    });
    if let Some(uncomputed) = later.max_by_key(|uncomputed| uncomputed.period) {
        if matches!(uncomputed.reason, Uncomputable::Incomplete { .. }) {
            notes.flag(Flag::Incomplete);
        }
        notes.find(Finding::NotComputed {
            period: uncomputed.period,
            reason: uncomputed.reason.to_string(),
        });
    }
}

fn same_part_of_year(
    points: Vec<Point>,
    cumulative: bool,
    shape: Shape,
    notes: &mut Notes,
) -> Vec<Point> {
    let Some(latest) = points.last().map(Point::period) else { return points };
    let whole = latest.frequency().per_year();
    if whole == 1 {
        return points;
    }
    if cumulative && points.iter().any(|point| point.period().ordinal() == whole) {
        notes.find(Finding::WholeYearsOnly);
        return partition(points, |point| point.period().ordinal() == whole).0;
    }
    match shape {
        Shape::Every if !cumulative => points,
        Shape::YearEnd if !cumulative => last_of_each_year(points, notes),
        _ => {
            notes.find(Finding::SamePartOfYearOnly { period: latest });
            partition(points, |point| point.period().ordinal() == latest.ordinal()).0
        }
    }
}

fn last_of_each_year(points: Vec<Point>, notes: &mut Notes) -> Vec<Point> {
    let mut last: Vec<Point> = Vec::new();
    for point in points {
        if last.last().is_some_and(|before| before.period().year() == point.period().year()) {
            last.pop();
        }
        last.push(point);
    }
    if let Some(period) = last.last().map(Point::period)
        && period.ordinal() < period.frequency().per_year()
    {
        notes.find(Finding::YearUnfinished { period });
    }
    last
}

/// The points comparable with `current` and how many are not.
fn after_break(points: Vec<Point>, current: &Point) -> (Vec<Point>, usize) {
    if current.status() == ObservationStatus::Break {
        return (Vec::new(), points.len());
    }
    let start = points.iter().rposition(|point| point.status() == ObservationStatus::Break);
    let since = start.map(|at| points[at].period());
    let now = current.measurement.observation;
    partition(points, |point| {
        let then = point.measurement.observation;
        since.is_none_or(|since| point.period() >= since)
            && then.edition == now.edition
            && then.territory == now.territory
    })
}

fn partition(points: Vec<Point>, keep: impl Fn(&Point) -> bool) -> (Vec<Point>, usize) {
    let all = points.len();
    let kept: Vec<_> = points.into_iter().filter(keep).collect();
    let left = all - kept.len();
    (kept, left)
}
