//! What the engine answers: a verdict and everything it rests on.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::measurement::{Measurement, ObservationStatus, Value};
use crate::period::ReportingPeriod;
use crate::target::Method;

use super::finding::{Finding, Reason};

/// Where a target stands, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// Where it stands.
    pub verdict: Verdict,
    /// Why it is not assessable; there is one exactly if it is not.
    pub reason: Option<Reason>,
    /// What to know beside the verdict.
    pub flags: BTreeSet<Flag>,
    /// How the verdict came about.
    pub explanation: Explanation,
}

/// Where a target stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// The promise is kept.
    Met,
    /// Moving fast enough to be kept.
    OnTrack,
    /// Moving the right way, not fast enough.
    AtRisk,
    /// Hardly moving, or its time is over.
    OffTrack,
    /// Moving away.
    Worsening,
    /// Nothing was reported yet.
    NoData,
    /// There are figures, but they do not allow a judgement.
    NotAssessable,
}

impl Verdict {
    /// Every verdict, best first.
    pub const ALL: [Self; 7] = [
        Self::Met,
        Self::OnTrack,
        Self::AtRisk,
        Self::OffTrack,
        Self::Worsening,
        Self::NoData,
        Self::NotAssessable,
    ];

    /// The name used in answers, such as `on_track`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::OnTrack => "on_track",
            Self::AtRisk => "at_risk",
            Self::OffTrack => "off_track",
            Self::Worsening => "worsening",
            Self::NoData => "no_data",
            Self::NotAssessable => "not_assessable",
        }
    }
}

/// Something to know beside the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flag {
    /// It rests on provisional or estimated values, or on a report nobody has approved;
    /// of reports whoever asks knows.
    Provisional,
    /// Two whole periods after the latest value have ended without another.
    Stale,
    /// The target was met in an earlier period.
    WasMet,
    /// The series has a break; earlier values were left aside.
    BreakInSeries,
    /// Above the upper bound of a band.
    Exceeds,
    /// A later period is not in from enough departments and was left aside.
    Incomplete,
}

/// What judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MethodUsed {
    /// Observed over required compound growth ([`super::ratio`]).
    Ratio,
    /// Distance covered over distance due on a straight line.
    Linear,
    /// Way expected to be covered at the horizon ([`super::un_chart`]).
    UnChart,
    /// Gap expected at the horizon ([`super::linear_gap`]).
    LinearGap,
    /// The traffic light of the value ([`super::sdsn`]).
    Sdsn,
    /// The straight line, in places of a ranking.
    Places,
    /// Compound growth since the base year over the growth promised.
    AverageGrowth,
    /// Every year for itself.
    EveryYear,
    /// The change from each year to the next.
    YearlyChange,
    /// The way a level of an ordinal scale moved.
    Levels,
    /// The straight line of the relative gap to a reference.
    ReferenceGap,
    /// The states of a milestone.
    Milestone,
}

impl MethodUsed {
    /// Every method.
    pub const ALL: [Self; 12] = [
        Self::Ratio,
        Self::Linear,
        Self::UnChart,
        Self::LinearGap,
        Self::Sdsn,
        Self::Places,
        Self::AverageGrowth,
        Self::EveryYear,
        Self::YearlyChange,
        Self::Levels,
        Self::ReferenceGap,
        Self::Milestone,
    ];

    /// The name used in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ratio => "ratio",
            Self::Linear => "linear",
            Self::UnChart => "un_chart",
            Self::LinearGap => "linear_gap",
            Self::Sdsn => "sdsn",
            Self::Places => "places",
            Self::AverageGrowth => "average_growth",
            Self::EveryYear => "every_year",
            Self::YearlyChange => "yearly_change",
            Self::Levels => "levels",
            Self::ReferenceGap => "reference_gap",
            Self::Milestone => "milestone",
        }
    }
}

impl From<Method> for MethodUsed {
    fn from(method: Method) -> Self {
        match method {
            Method::Ratio => Self::Ratio,
            Method::Linear => Self::Linear,
            Method::UnChart => Self::UnChart,
            Method::LinearGap => Self::LinearGap,
            Method::Sdsn => Self::Sdsn,
        }
    }
}

/// How a verdict came about. What a method does not need is absent.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The method that judged.
    pub method: MethodUsed,
    /// Why it is not the target's own method.
    pub method_note: Option<&'static str>,
    /// Where progress is counted from.
    pub base: Option<PeriodValue>,
    /// The latest usable value.
    pub current: Option<PeriodValue>,
    /// Pace from base to current, in `pace_unit`.
    pub observed_pace: Option<f64>,
    /// Pace from base to the target that would have been needed.
    pub required_pace: Option<f64>,
    /// Pace needed from now to the horizon.
    pub pace_from_here: Option<f64>,
    /// Unit of the paces; empty where there is none.
    pub pace_unit: String,
    /// What the method compares with its thresholds.
    pub progress: Option<f64>,
    /// Where the method's classes change, best class first; for the SDSN light in
    /// points of its score, else in terms of `progress`.
    pub thresholds: Vec<f64>,
    /// The method's own score: from -5 to 5 for the ratio method, 0 to 100 for SDSN.
    pub score: Option<f64>,
    /// What the method itself calls its class, such as `sun_and_cloud`.
    pub symbol: Option<&'static str>,
    /// Current less promised; its sign is that of the subtraction. In the
    /// indicator's unit; in places for ranks, levels for groups, percentage
    /// points for average growth, and less the reference for references.
    pub gap: Option<Decimal>,
    /// Value at the horizon if the observed pace goes on, rounded to the
    /// indicator's decimals and kept within its range.
    pub projected: Option<Decimal>,
    /// Year in which the target is met if the observed pace goes on; none if it is met
    /// already, never will be, or not before 2200.
    pub year_met: Option<i16>,
    /// The current status index of UN ESCAP ([`super::escap`]): 0 at the base, 10 at the
    /// target, below 0 farther away.
    pub current_status_index: Option<f64>,
    /// The anticipated gap of UN ESCAP ([`super::escap`]): percent of the way from base to
    /// target that will be left at the horizon on a straight line.
    pub anticipated_gap: Option<f64>,
    /// The forecast for the horizon; none for fewer than [`super::forecast::FEWEST`] values
    /// in consecutive periods.
    pub forecast: Option<Forecast>,
    /// Value of the reference series in the current period.
    pub reference: Option<PeriodValue>,
    /// Place from the top in percent, for ranks: 100 × rank ÷ number ranked.
    pub percentile: Option<f64>,
    /// How many were ranked.
    pub ranked_among: Option<u16>,
    /// Periods in which a yearly promise was not kept, oldest first.
    pub periods_missed: Vec<ReportingPeriod>,
    /// Periods in which a yearly promise was kept, oldest first.
    pub periods_kept: Vec<ReportingPeriod>,
    /// The measurements the figures came from.
    pub sources: Vec<Source>,
    /// Remarks.
    pub findings: Vec<Finding>,
}

/// A forecast by exponential smoothing, kept within the indicator's range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forecast {
    /// The period it is for: the last comparable one up to the horizon.
    pub period: ReportingPeriod,
    /// The value expected, rounded to the indicator's decimals.
    pub value: Decimal,
    /// Lower end of the interval.
    pub lower: Decimal,
    /// Upper end of the interval.
    pub upper: Decimal,
    /// How many values it was made from.
    pub values: usize,
}

/// A value at a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeriodValue {
    /// Reporting period.
    pub period: ReportingPeriod,
    /// A number, or a level of the indicator's scale.
    pub value: Value,
    /// How firm it is.
    pub status: ObservationStatus,
}

impl From<&Measurement> for PeriodValue {
    fn from(measurement: &Measurement) -> Self {
        let Measurement { period, observation, .. } = *measurement;
        Self { period, value: observation.value, status: observation.status }
    }
}

/// A measurement that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// Whose it is.
    pub series: SeriesRole,
    /// Its reporting period.
    pub period: ReportingPeriod,
    /// Sequence of its ledger entry in its department's chain.
    pub sequence: u64,
}

/// Which of the series of a [`Question`](super::Question) is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SeriesRole {
    /// The series judged.
    Judged,
    /// The series it is compared with.
    Reference,
}
