//! Targets: the values promised, and what decides whether a promise is kept.

use rust_decimal::Decimal;

use crate::indicator::{Direction, Text};
use crate::period::ReportingPeriod;

/// A value the province has promised to reach.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Id of the plan's table, such as `A07`.
    pub id: String,
    /// Name.
    pub name: Text,
    /// Id of the indicator judged.
    pub indicator: String,
    /// Year by which it is to be reached.
    pub horizon: i16,
    /// What decides whether it is kept.
    pub comparator: Comparator,
    /// Where progress is counted from; none takes the first usable measurement.
    pub baseline: Option<Baseline>,
    /// How the way there is judged.
    pub method: Method,
    /// What the UN chart compares with, published or chosen.
    pub un_chart: UnChartBands,
    /// What the SDSN light needs; there is one if that is the method.
    pub sdsn: Option<SdsnScale>,
    /// Bullet of the plan it stands in.
    pub bullet: String,
    /// How the plan's words are read, and why.
    pub note: Option<Text>,
    /// True if it informs and another target binds.
    pub informative: bool,
}

/// Where progress is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Baseline {
    /// Period of the base value.
    pub period: ReportingPeriod,
    /// The base value; none takes the measurement of that period, or of the
    /// next later one.
    pub value: Option<Decimal>,
}

/// How the way to a numeric target is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Observed over required compound growth, as Statistics Canada and Open SDG publish it.
    #[default]
    Ratio,
    /// Distance covered over distance due on a straight line; for values from zero.
    Linear,
    /// Expected at the horizon by compound growth, as the UN's progress chart judges it.
    UnChart,
    /// Gap left at the horizon at the mean pace of five years, shown as weather.
    LinearGap,
    /// Traffic light of the value alone, as the SDG Index shows it.
    Sdsn,
}

impl Method {
    /// Every method, the default first.
    pub const ALL: [Self; 5] =
        [Self::Ratio, Self::Linear, Self::UnChart, Self::LinearGap, Self::Sdsn];

    /// The name used in catalogues and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ratio => "ratio",
            Self::Linear => "linear",
            Self::UnChart => "un_chart",
            Self::LinearGap => "linear_gap",
            Self::Sdsn => "sdsn",
        }
    }
}

/// Shares of the whole way, expected at the horizon, from which the UN chart's classes begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnChartBands {
    /// "Met or on track" from this share, at most 1.
    pub on_track: Decimal,
    /// "Progress, to be accelerated" from this share, above 0.
    pub progress: Decimal,
}

impl Default for UnChartBands {
    /// As published: .95 and .10.
    fn default() -> Self {
        Self { on_track: Decimal::new(95, 2), progress: Decimal::new(10, 2) }
    }
}

/// The scale from 0 to 100 a value is placed on, and where its lights change.
///
/// In the direction wanted: `lower_bound ≤ red < green ≤ optimum`. Where less is better,
/// the lower bound is the largest number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SdsnScale {
    /// The value that scores 0.
    pub lower_bound: Decimal,
    /// The value that scores 100.
    pub optimum: Decimal,
    /// Green from here.
    pub green: Decimal,
    /// Red beyond here.
    pub red: Decimal,
}

/// What decides whether a target is met. Values are compared unrounded.
#[derive(Debug, Clone, PartialEq)]
pub enum Comparator {
    /// At least the value ("tối thiểu", "ít nhất", "đạt").
    AtLeast(Decimal),
    /// Above the value: equal does not do ("trên").
    Above(Decimal),
    /// At most the value.
    AtMost(Decimal),
    /// Below the value: equal does not do ("dưới").
    Below(Decimal),
    /// A rank of at most `rank`, set when `among` were ranked.
    RankWithin {
        /// The last rank that does.
        rank: u32,
        /// How many were ranked when the promise was made.
        among: u32,
    },
    /// At least the value in every year from `from` to the horizon.
    EveryPeriodAtLeast {
        /// The floor.
        value: Decimal,
        /// True if equal does not do.
        strict: bool,
        /// First year it has to hold.
        from: i16,
    },
    /// Compound growth from `base` of at least `percent` a year.
    AverageGrowthAtLeast {
        /// Percent a year.
        percent: Decimal,
        /// Year growth is counted from.
        base: i16,
    },
    /// Compound growth from `base` within a band; above it "exceeds".
    AverageGrowthWithin {
        /// Lower bound, percent a year; met from here.
        lower: Decimal,
        /// Upper bound, percent a year.
        upper: Decimal,
        /// Year growth is counted from.
        base: i16,
    },
    /// A level within a band; above it "exceeds".
    Within {
        /// Lower bound; met from here.
        lower: Decimal,
        /// Upper bound.
        upper: Decimal,
    },
    /// At least this level of the indicator's scale.
    InGroup {
        /// Id of the level.
        level: String,
    },
    /// Above the reference series of the same period.
    AboveReference {
        /// Id of the reference indicator.
        reference: String,
    },
    /// Within `tolerance` of the reference series, or better.
    AtParWithReference {
        /// Id of the reference indicator.
        reference: String,
        /// How far below the reference still counts as equal, in the unit.
        tolerance: Decimal,
    },
    /// Rising from each year to the next.
    Increasing,
    /// The milestone is done or confirmed.
    MilestoneDone,
    /// The share of planned actions that are completed, in percent.
    ShareDone(Decimal),
}

impl Comparator {
    /// The name used in catalogues and answers.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AtLeast(_) => "at_least",
            Self::Above(_) => "above",
            Self::AtMost(_) => "at_most",
            Self::Below(_) => "below",
            Self::RankWithin { .. } => "rank_within",
            Self::EveryPeriodAtLeast { .. } => "every_period_at_least",
            Self::AverageGrowthAtLeast { .. } => "average_growth_at_least",
            Self::AverageGrowthWithin { .. } => "average_growth_within",
            Self::Within { .. } => "within",
            Self::InGroup { .. } => "in_group",
            Self::AboveReference { .. } => "above_reference",
            Self::AtParWithReference { .. } => "at_par_with_reference",
            Self::Increasing => "increasing",
            Self::MilestoneDone => "milestone_done",
            Self::ShareDone(_) => "share_done",
        }
    }

    /// The way an indicator has to move for this to be kept; none where the
    /// comparator does not say (it never defaults).
    pub fn direction(&self) -> Option<Direction> {
        match self {
            Self::AtMost(_) | Self::Below(_) | Self::RankWithin { .. } => Some(Direction::Decrease),
            Self::AtLeast(_)
            | Self::Above(_)
            | Self::EveryPeriodAtLeast { .. }
            | Self::AverageGrowthAtLeast { .. }
            | Self::AverageGrowthWithin { .. }
            | Self::Within { .. }
            | Self::Increasing
            | Self::ShareDone(_) => Some(Direction::Increase),
            Self::InGroup { .. }
            | Self::AboveReference { .. }
            | Self::AtParWithReference { .. }
            | Self::MilestoneDone => None,
        }
    }

    /// Whether the way there is judged by the target's [`Method`]; other comparators
    /// have one of their own.
    pub fn takes_method(&self) -> bool {
        matches!(
            self,
            Self::AtLeast(_)
                | Self::Above(_)
                | Self::AtMost(_)
                | Self::Below(_)
                | Self::Within { .. }
                | Self::ShareDone(_)
        )
    }

    /// Whether it has to hold in every year up to the horizon.
    pub fn is_every_year(&self) -> bool {
        matches!(self, Self::EveryPeriodAtLeast { .. } | Self::Increasing)
    }

    /// Id of the reference indicator, where there is one.
    pub fn reference(&self) -> Option<&str> {
        match self {
            Self::AboveReference { reference } | Self::AtParWithReference { reference, .. } => {
                Some(reference)
            }
            _ => None,
        }
    }
}
