//! The remarks of an assessment and the reasons there is none, as sentences for people.

use rust_decimal::Decimal;

use crate::measurement::MissingReason;
use crate::period::{Frequency, ReportingPeriod};

/// Why figures do not allow a judgement. Its `Display` is a sentence for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Reason {
    /// One value shows no pace.
    #[error("there is only one usable value, so no pace can be seen yet")]
    SinglePoint,
    /// Fewer values than the method asks for.
    #[error(
        "the method asks for at least four values over three of the last five years, \
         and there are fewer"
    )]
    TooFewPoints,
    /// The light has no scale.
    #[error("the target states no scale for the light")]
    NoScale,
    /// One value is left after the break.
    #[error("the break in the series leaves only one comparable value, so no pace can be seen yet")]
    BreakLeavesOnePoint,
    /// A promise for every year, and years of which nothing is known.
    #[error("the promise is for every year, and for some years there is no value")]
    YearsUnknown,
    /// The base lies after the latest value.
    #[error("the period progress is counted from is later than the latest usable value")]
    BaseAfterCurrent,
    /// No growth from zero.
    #[error("the value of the base year is zero, so growth from it is undefined")]
    ZeroBase,
    /// No growth from below zero.
    #[error("the value of the base year is negative, so growth from it has no meaning")]
    NegativeBase,
    /// No growth through zero.
    #[error("the value changed its sign since the base year, so growth has no meaning")]
    SignChange,
    /// Nothing to compare with.
    #[error("the reference series it is compared with has no usable value")]
    NoReference,
    /// Nothing of the same period to compare with.
    #[error("no period has both a value and a value of the reference series")]
    NoReferenceSamePeriod,
    /// A share of nothing.
    #[error("it is computed by a division and the denominator is zero")]
    ZeroDenominator,
    /// It could not be computed.
    #[error("it is computed from other indicators and could not be computed for any period")]
    NotComputed,
    /// Some departments are always missing.
    #[error("no period has figures of enough departments to stand for the province")]
    Incomplete,
    /// More digits than can be kept.
    #[error("the figures add up to more digits than can be kept")]
    TooManyDigits,
    /// A share over 100, say.
    #[error("it is computed from figures that give an impossible value")]
    Impossible,
    /// A rank among how many.
    #[error("the number ranked is not known, so the rank cannot be turned into a level")]
    NoRankedAmong,
    /// A rank on a scale that has no table.
    #[error("the scale has no table that turns a rank into a level")]
    NoRankTable,
    /// A rank that is none.
    #[error("the rank does not lie between 1 and the number ranked")]
    RankOutOfRange,
    /// Levels where numbers are wanted, or the reverse.
    #[error("the values are of another kind than the target judges")]
    WrongKind,
    /// The scale does not know the level.
    #[error("the level promised is not on the indicator's scale")]
    UnknownLevel,
    /// The first year of the promise is not in.
    #[error("the years the promise speaks of have no value yet")]
    NoneSinceStart,
}

impl Reason {
    /// The machine-readable reason.
    pub fn code(self) -> &'static str {
        match self {
            Self::SinglePoint => "SINGLE_POINT",
            Self::TooFewPoints => "TOO_FEW_POINTS",
            Self::NoScale => "NO_SCALE",
            Self::BreakLeavesOnePoint => "BREAK_LEAVES_ONE_POINT",
            Self::BaseAfterCurrent => "BASE_AFTER_CURRENT",
            Self::YearsUnknown => "YEARS_UNKNOWN",
            Self::ZeroBase => "ZERO_BASE",
            Self::NegativeBase => "NEGATIVE_BASE",
            Self::SignChange => "SIGN_CHANGE",
            Self::NoReference => "NO_REFERENCE",
            Self::NoReferenceSamePeriod => "NO_REFERENCE_SAME_PERIOD",
            Self::ZeroDenominator => "ZERO_DENOMINATOR",
            Self::NotComputed => "NOT_COMPUTED",
            Self::Incomplete => "INCOMPLETE",
            Self::TooManyDigits => "TOO_MANY_DIGITS",
            Self::Impossible => "IMPOSSIBLE",
            Self::NoRankedAmong => "NO_RANKED_AMONG",
            Self::NoRankTable => "NO_RANK_TABLE",
            Self::RankOutOfRange => "RANK_OUT_OF_RANGE",
            Self::WrongKind => "WRONG_KIND",
            Self::UnknownLevel => "UNKNOWN_LEVEL",
            Self::NoneSinceStart => "NONE_SINCE_START",
        }
    }

    /// The reason as a sentence.
    pub fn message(self) -> String {
        self.to_string()
    }
}

/// A remark of the assessment. Its `Display` is a sentence for people.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Finding {
    /// Shorter periods than the year the target speaks of were judged.
    #[error("judged by the latest {}; the target speaks of a year", noun(*.frequency))]
    ShorterPeriods {
        /// Their frequency.
        frequency: Frequency,
    },
    /// Cumulative values: only whole years are comparable.
    #[error("values run from the start of the year; only those of whole years were compared")]
    WholeYearsOnly,
    /// Values of the same part of each year are comparable.
    #[error("only values of the same part of the year as `{period}` were compared")]
    SamePartOfYearOnly {
        /// The latest of them.
        period: ReportingPeriod,
    },
    /// The latest period has no value.
    #[error("`{period}` has no value ({})", words(*.reason))]
    LatestMissing {
        /// The period.
        period: ReportingPeriod,
        /// Why there is none.
        reason: MissingReason,
    },
    /// The latest value was taken back.
    #[error("the value of `{period}` was withdrawn")]
    LatestWithdrawn {
        /// The period.
        period: ReportingPeriod,
    },
    /// Some values could not be used.
    #[error("{count} values could not be used; the latest, of `{period}`: {reason}")]
    ValuesLeftAside {
        /// How many.
        count: usize,
        /// Period of the latest of them.
        period: ReportingPeriod,
        /// Why that one.
        reason: Reason,
    },
    /// A later period could not be computed.
    #[error("`{period}` could not be computed: {reason}")]
    NotComputed {
        /// The period.
        period: ReportingPeriod,
        /// Why, as the formula says it.
        reason: String,
    },
    /// Values before the break are not comparable.
    #[error(
        "method, edition or territory changed; {count} values that are not comparable \
         with the latest were left aside, the comparable ones start in `{since}`"
    )]
    BreakInSeries {
        /// First comparable period.
        since: ReportingPeriod,
        /// How many values were left aside.
        count: usize,
    },
    /// Values of the reference before its break are not comparable.
    #[error("the reference series breaks too; {count} values before `{since}` were left aside")]
    BreakInReference {
        /// First comparable period.
        since: ReportingPeriod,
        /// How many values were left aside.
        count: usize,
    },
    /// Ranks among another number are not comparable.
    #[error("{count} ranks among another number than the latest were left aside")]
    NumberRankedChanged {
        /// How many values were left aside.
        count: usize,
    },
    /// The baseline of the catalogue is not comparable with the latest value.
    #[error(
        "the baseline of `{period}` is not comparable with the latest value; it was left aside"
    )]
    BaselineLeftAside {
        /// Its period.
        period: ReportingPeriod,
    },
    /// Progress is counted from a later period than the catalogue says.
    #[error("there is no usable value for `{wanted}`; progress is counted from `{used}`")]
    BaseLater {
        /// Period of the baseline.
        wanted: ReportingPeriod,
        /// Period counted from.
        used: ReportingPeriod,
    },
    /// The light judges the value, not the way.
    #[error("it moved away since `{since}`; the light judges the value alone")]
    MovedAway {
        /// Period of the base.
        since: ReportingPeriod,
    },
    /// So near the limit that the UN chart counts it as met.
    #[error("it is within 1 of the limit {limit}, which the method counts as on track")]
    NearLimit {
        /// 0 or 100.
        limit: Decimal,
    },
    /// The promise was kept before it was made.
    #[error("the target was met at the base already, in `{period}`")]
    MetAtBase {
        /// Period of the base.
        period: ReportingPeriod,
    },
    /// The promise was kept once.
    #[error("the target was last met in `{period}`")]
    LastMet {
        /// The latest period in which it was met.
        period: ReportingPeriod,
    },
    /// Time is over.
    #[error("the horizon {horizon} has passed and the target is not met")]
    HorizonPassed {
        /// Year by which it was to be reached.
        horizon: i16,
    },
    /// Time is over, the last value is not in.
    #[error("{horizon} has ended and its value is not in yet")]
    HorizonValuePending {
        /// Year by which it is to be reached.
        horizon: i16,
    },
    /// The projection left the range of possible values.
    #[error("the observed pace would pass {limit}, the limit of possible values")]
    ProjectionLimited {
        /// The limit it was kept to.
        limit: Decimal,
    },
    /// The promise was made among another number ranked.
    #[error("the threshold was set among {promised}, the latest rank is among {now}")]
    ThresholdSetAmongOtherNumber {
        /// How many were ranked when the promise was made.
        promised: u32,
        /// How many are ranked now.
        now: u16,
    },
    /// A rank without the number ranked.
    #[error("the number ranked is not known")]
    NumberRankedUnknown,
    /// A rank was turned into a level.
    #[error("rank {rank} of {among} was turned into the level `{level}` by the scale's table")]
    RankTurnedIntoLevel {
        /// The rank.
        rank: Decimal,
        /// How many were ranked.
        among: u16,
        /// Id of the level.
        level: String,
    },
    /// Growth of the last year, beside the average.
    #[error("it grew by {percent} % from `{from}` to `{to}`")]
    LastYearGrowth {
        /// A year before the latest.
        from: ReportingPeriod,
        /// The latest.
        to: ReportingPeriod,
        /// Percent, rounded to two decimals.
        percent: Decimal,
    },
    /// An average can still change.
    #[error("this is the average so far; the promise runs to {horizon}")]
    AverageSoFar {
        /// Year to which it runs.
        horizon: i16,
    },
    /// Years of the promise without a value; they are not misses.
    #[error("there is no value for {}", join(.0))]
    YearsWithoutValue(Vec<i16>),
    /// The year is judged before its end.
    #[error("{} is judged by `{period}`; the year is not complete", .period.year())]
    YearUnfinished {
        /// Its latest period.
        period: ReportingPeriod,
    },
    /// How far the value is from the reference, as a share of it.
    #[error("in `{period}` it differed from the reference by {percent} % of the reference")]
    RelativeGap {
        /// The period.
        period: ReportingPeriod,
        /// Value less reference in percent of the reference, rounded to two decimals.
        percent: Decimal,
    },
    /// The reference lags behind.
    #[error("`{latest}` has no reference value; compared in `{used}`")]
    ReferenceLags {
        /// The latest period of the series.
        latest: ReportingPeriod,
        /// The latest period of both.
        used: ReportingPeriod,
    },
}

impl Finding {
    /// The machine-readable kind.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ShorterPeriods { .. } => "SHORTER_PERIODS",
            Self::WholeYearsOnly => "WHOLE_YEARS_ONLY",
            Self::SamePartOfYearOnly { .. } => "SAME_PART_OF_YEAR_ONLY",
            Self::LatestMissing { .. } => "LATEST_MISSING",
            Self::LatestWithdrawn { .. } => "LATEST_WITHDRAWN",
            Self::ValuesLeftAside { .. } => "VALUES_LEFT_ASIDE",
            Self::NotComputed { .. } => "NOT_COMPUTED",
            Self::BreakInSeries { .. } => "BREAK_IN_SERIES",
            Self::BreakInReference { .. } => "BREAK_IN_REFERENCE",
            Self::NumberRankedChanged { .. } => "NUMBER_RANKED_CHANGED",
            Self::BaselineLeftAside { .. } => "BASELINE_LEFT_ASIDE",
            Self::BaseLater { .. } => "BASE_LATER",
            Self::MovedAway { .. } => "MOVED_AWAY",
            Self::NearLimit { .. } => "NEAR_LIMIT",
            Self::MetAtBase { .. } => "MET_AT_BASE",
            Self::LastMet { .. } => "LAST_MET",
            Self::HorizonPassed { .. } => "HORIZON_PASSED",
            Self::HorizonValuePending { .. } => "HORIZON_VALUE_PENDING",
            Self::ProjectionLimited { .. } => "PROJECTION_LIMITED",
            Self::ThresholdSetAmongOtherNumber { .. } => "THRESHOLD_SET_AMONG_OTHER_NUMBER",
            Self::NumberRankedUnknown => "NUMBER_RANKED_UNKNOWN",
            Self::RankTurnedIntoLevel { .. } => "RANK_TURNED_INTO_LEVEL",
            Self::LastYearGrowth { .. } => "LAST_YEAR_GROWTH",
            Self::AverageSoFar { .. } => "AVERAGE_SO_FAR",
            Self::YearsWithoutValue(_) => "YEARS_WITHOUT_VALUE",
            Self::YearUnfinished { .. } => "YEAR_UNFINISHED",
            Self::RelativeGap { .. } => "RELATIVE_GAP",
            Self::ReferenceLags { .. } => "REFERENCE_LAGS",
        }
    }

    /// The remark as a sentence.
    pub fn message(&self) -> String {
        self.to_string()
    }
}

fn join(years: &[i16]) -> String {
    years.iter().map(i16::to_string).collect::<Vec<_>>().join(", ")
}

fn noun(frequency: Frequency) -> &'static str {
    match frequency {
        Frequency::Year => "year",
        Frequency::HalfYear => "half-year",
        Frequency::Quarter => "quarter",
        Frequency::Month => "month",
    }
}

fn words(reason: MissingReason) -> &'static str {
    match reason {
        MissingReason::NotCollected => "not collected",
        MissingReason::NotYetAvailable => "not yet available",
        MissingReason::NotApplicable => "not applicable",
        MissingReason::Confidential => "confidential",
    }
}
