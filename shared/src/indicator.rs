//! Indicators: the defined quantities that are measured.

use std::fmt;

use rust_decimal::Decimal;

use crate::period::{Frequency, ReportingPeriod};

/// A text in the two languages of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Text {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

/// A defined quantity: what is measured, in which unit, how often and by whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Indicator {
    /// Id in kebab-case.
    pub id: String,
    /// Name.
    pub name: Text,
    /// Id of the unit, such as `percent`.
    pub unit: String,
    /// Digits shown after the point; comparisons use the unrounded value.
    pub decimals: u8,
    /// Which way it should move.
    pub direction: Direction,
    /// How often it is owed.
    pub frequency: Frequency,
    /// Further frequencies that are taken, for estimates within the year.
    pub also_accepted: Vec<Frequency>,
    /// The first period it is owed for; none for no limit. Earlier ones may be reported.
    pub first_period: Option<ReportingPeriod>,
    /// True if a value runs from the start of the year to the period's end.
    pub cumulative: bool,
    /// What kind of content it takes.
    pub kind: Kind,
    /// Values outside are refused.
    pub range: Range,
    /// Larger changes from one period to the next need to be confirmed.
    pub largest_change: Option<LargestChange>,
    /// What of it a reviewer looks at twice.
    pub scrutiny: Scrutiny,
    /// Id of the department that answers for it.
    pub owner: String,
    /// Ids of departments that report it besides the owner, in order.
    pub reporters: Vec<String>,
    /// How the values of departments make the province's.
    pub combination: Combination,
    /// Percent of the departments expected from which on a period is judged.
    pub complete_from: Decimal,
    /// Breakdowns it may be reported by.
    pub dimensions: Vec<Dimension>,
    /// Editions of the index, oldest first; the one in force in a period is the default.
    pub editions: Vec<String>,
    /// Territory versions, oldest first; the one in force in a period is the default.
    pub territories: Vec<String>,
    /// Bullet of the plan it comes from; none for inputs and references.
    pub bullet: Option<String>,
    /// How it is computed from others; none if it is reported.
    pub formula: Option<Formula>,
    /// How the plan's words are read, and why.
    pub note: Option<Text>,
}

impl Indicator {
    /// Whether it is reported at this frequency.
    pub fn accepts(&self, frequency: Frequency) -> bool {
        self.frequency == frequency || self.also_accepted.contains(&frequency)
    }

    /// Every frequency it is reported at, the owed one first.
    pub fn frequencies(&self) -> impl Iterator<Item = Frequency> {
        std::iter::once(self.frequency).chain(self.also_accepted.iter().copied())
    }

    /// The dimension of this id, if it is broken down by it.
    pub fn dimension(&self, id: &str) -> Option<&Dimension> {
        self.dimensions.iter().find(|dimension| dimension.id == id)
    }

    /// Whether `department` is listed to report it; [`Reporters`](crate::province::Reporters)
    /// also knows who was there before and who took over.
    pub fn is_reported_by(&self, department: &str) -> bool {
        self.owner == department
            || self.reporters.binary_search_by(|it| it.as_str().cmp(department)).is_ok()
    }
}

/// Which way an indicator should move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More is better.
    Increase,
    /// Less is better.
    Decrease,
}

/// What kind of content an indicator takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A decimal number.
    Quantity,
    /// A place among a number ranked.
    Rank,
    /// A level of the scale, or a rank that a table of the scale turns into one.
    Level(Scale),
    /// One of [`MILESTONE_LEVELS`].
    Milestone,
}

/// An ordinal scale, lowest level first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scale {
    /// Id in kebab-case.
    pub id: String,
    /// Its levels, lowest first; at most 200.
    pub levels: Vec<Level>,
}

/// A step of a scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// Id in kebab-case without diacritics, such as `kha`.
    pub id: String,
    /// Name.
    pub name: Text,
    /// A rank in the first `top_percent` of those ranked reaches this level; none
    /// where the scale has no table for ranks.
    pub top_percent: Option<Decimal>,
}

impl Scale {
    /// The states of a milestone as a scale, with their names.
    pub fn milestone() -> Self {
        let names = [
            ("Chưa bắt đầu", "Not started"),
            ("Đang thực hiện", "In progress"),
            ("Hoàn thành", "Done"),
            ("Đã xác nhận hoàn thành", "Confirmed as done"),
        ];
        let levels = MILESTONE_LEVELS.into_iter().zip(names).map(|(id, (vi, en))| Level {
            id: id.to_owned(),
            name: Text { vi: vi.to_owned(), en: en.to_owned() },
            top_percent: None,
        });
        Self { id: "milestone".to_owned(), levels: levels.collect() }
    }

    /// Place of a level in the scale, from 0 for the lowest.
    pub fn position(&self, id: &str) -> Option<u8> {
        self.levels.iter().position(|level| level.id == id).and_then(|at| u8::try_from(at).ok())
    }
}

/// The states of a milestone, in order; `done` and `confirmed` fulfil it.
pub const MILESTONE_LEVELS: [&str; 4] = ["not-started", "in-progress", "done", "confirmed"];

/// Position of `done` in [`MILESTONE_LEVELS`].
pub const MILESTONE_DONE: u8 = 2;

/// Bounds outside which a value is refused, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// Smallest value taken.
    pub minimum: Option<Decimal>,
    /// Largest value taken.
    pub maximum: Option<Decimal>,
}

impl Range {
    /// Whether `value` lies within.
    pub fn contains(&self, value: Decimal) -> bool {
        self.minimum.is_none_or(|minimum| minimum <= value)
            && self.maximum.is_none_or(|maximum| value <= maximum)
    }
}

/// The largest credible change from one period to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LargestChange {
    /// In the indicator's unit.
    Absolute(Decimal),
    /// In percent of the value before.
    Percent(Decimal),
}

impl LargestChange {
    /// Whether going from `before` to `after` is more than can be believed.
    pub fn is_exceeded(self, before: Decimal, after: Decimal) -> bool {
        let Some(change) = after.checked_sub(before).map(|change| change.abs()) else {
            return true;
        };
        match self {
            Self::Absolute(most) => change > most,
            // Both times a hundred: dividing takes several times as long.
            Self::Percent(most) => before.abs().checked_mul(most).is_some_and(|most| {
                change.checked_mul(Decimal::ONE_HUNDRED).is_none_or(|change| change > most)
            }),
        }
    }
}

impl fmt::Display for LargestChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute(most) => write!(f, "{most}"),
            Self::Percent(most) => write!(f, "{most}%"),
        }
    }
}

/// Which values are taken as they are and shown to the reviewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scrutiny {
    /// Values outside stand out.
    pub usual: Range,
    /// So do values too far from those before.
    pub outliers: Outliers,
}

/// How far from the values before a value stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outliers {
    /// The score.
    pub score: Score,
    /// Farther than this, in either direction, stands out.
    pub threshold: Decimal,
}

/// How the distance of a value from those before is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Score {
    /// From the mean, in standard deviations.
    Z,
    /// From the median, in median absolute deviations, which outliers before do not
    /// blur: Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993.
    ModifiedZ,
}

impl Score {
    /// The threshold where the catalogue names none: 3, and the 3.5 of Iglewicz and Hoaglin.
    pub fn threshold(self) -> Decimal {
        match self {
            Self::Z => Decimal::from(3),
            Self::ModifiedZ => Decimal::new(35, 1),
        }
    }
}

impl Default for Outliers {
    fn default() -> Self {
        Self { score: Score::ModifiedZ, threshold: Score::ModifiedZ.threshold() }
    }
}

/// How the values of departments make the province's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combination {
    /// The owner alone reports it.
    SingleSource,
    /// The sum of the departments' values.
    Sum,
    /// Sum of numerators over sum of denominators; needs a ratio formula.
    WeightedRatio,
}

/// A breakdown of an indicator.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dimension {
    /// Id in kebab-case, such as `sex`.
    pub id: String,
    /// Name.
    pub name: Text,
    /// Ids of its members.
    pub members: Vec<String>,
    /// Names of its members, in the same order.
    pub labels: Vec<Text>,
}

/// What a quantity is counted in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Id in kebab-case, such as `percent`.
    pub id: String,
    /// Name.
    pub name: Text,
    /// What stands behind a figure, such as `%`: empty for nothing, none for the name.
    pub symbol: Option<String>,
}

/// A typed formula over other indicators, by id, of the same period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Formula {
    /// `scale` × numerator ÷ denominator; a share in percent has scale 100,
    /// a rate per 10,000 people has scale 10,000.
    Ratio {
        /// Indicator above the line.
        numerator: String,
        /// Indicator below the line; zero makes the result not assessable.
        denominator: String,
        /// Factor.
        scale: Decimal,
    },
    /// The sum of the parts.
    Sum {
        /// The parts.
        parts: Vec<String>,
        /// Whether a part without a value is left out, as long as one has a value;
        /// otherwise there is no sum without it.
        skip_missing: bool,
    },
    /// First less second.
    Difference(String, String),
    /// Growth over the same period of the year before, in percent.
    Growth(String),
}

impl Formula {
    /// Ids of the indicators it reads.
    pub fn inputs(&self) -> Vec<&str> {
        match self {
            Self::Ratio { numerator, denominator, .. } => vec![numerator, denominator],
            Self::Sum { parts, .. } => parts.iter().map(String::as_str).collect(),
            Self::Difference(first, second) => vec![first, second],
            Self::Growth(of) => vec![of],
        }
    }
}
