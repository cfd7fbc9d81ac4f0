//! What a mapping makes of a file, cell by cell: measurements and refusals.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;
use tiendo_shared::measurement::{MissingReason, ObservationStatus};
use tiendo_shared::period::ReportingPeriod;

use super::words::quoted;
use crate::number;
use crate::source::cell::{Place, Row};

/// What became of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A measurement, not yet held against the catalogue.
    Measurement(RawMeasurement),
    /// It cannot be taken.
    Refused(Refusal),
}

impl Outcome {
    /// A refusal for which no other form would be taken.
    pub(super) fn refused(place: Place, reason: Reason) -> Self {
        Self::Refused(Refusal { place, reason, accepted: String::new() })
    }
}

/// A measurement as the file and the mapping have it; ids are not yet known to exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMeasurement {
    /// The indicator.
    pub indicator: String,
    /// The reporting period.
    pub period: ReportingPeriod,
    /// Dimensions and their members, by dimension; none for the total.
    pub dimensions: Vec<(String, String)>,
    /// What was measured.
    pub content: Content,
    /// How firm it is, if the file or the mapping say so.
    pub status: Option<ObservationStatus>,
    /// How many were ranked, for ranks.
    pub ranked_among: Option<u16>,
    /// The edition of the index.
    pub edition: Option<String>,
    /// The territory version.
    pub territory: Option<String>,
    /// A remark.
    pub comment: Option<String>,
    /// Where the evidence is.
    pub evidence: Option<String>,
    /// Whether the department stands by an implausible change.
    pub confirmed: bool,
    /// Where the value stands.
    pub place: Place,
    /// Where the row tells the rest.
    pub told_in: Arc<ToldIn>,
    /// The row it was read from.
    pub row: Arc<Row>,
}

/// In which column, from 0, a row tells what belongs to a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToldIn {
    /// The indicator.
    pub indicator: Option<u32>,
    /// The reporting period.
    pub period: Option<u32>,
    /// The unit.
    pub unit: Option<u32>,
    /// The factor of the value.
    pub multiplier: Option<u32>,
    /// How firm the value is.
    pub status: Option<u32>,
    /// How many were ranked.
    pub ranked_among: Option<u32>,
    /// The edition of the index.
    pub edition: Option<u32>,
    /// The territory version.
    pub territory: Option<u32>,
    /// A remark.
    pub comment: Option<u32>,
    /// Where the evidence is.
    pub evidence: Option<u32>,
    /// Whether the department stands by an implausible change.
    pub confirmed: Option<u32>,
    /// The members of dimensions.
    pub dimensions: Vec<(String, u32)>,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An exact number.
    Number(Decimal),
    /// A level of a scale, by its id.
    Level(String),
    /// There is none.
    Missing {
        /// What stands in its place.
        mark: String,
        /// Why.
        reason: MissingReason,
    },
    /// An earlier value is taken back.
    Withdrawn,
}

/// A cell, row or sheet that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Where it stands and what is there.
    pub place: Place,
    /// Why.
    pub reason: Reason,
    /// The forms that would be taken, as examples in backticks; empty if there is no other form.
    pub accepted: String,
}

/// Something a row tells of a measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// The indicator.
    Indicator,
    /// The reporting period.
    Period,
    /// The unit.
    Unit,
    /// The factor of the value.
    Multiplier,
    /// How firm the value is.
    Status,
    /// How many were ranked.
    RankedAmong,
    /// The value itself.
    Value,
    /// Why there is no value.
    Missing,
    /// Whether the department stands by a large change.
    Confirmed,
    /// The member of this dimension.
    Dimension(String),
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Indicator => "indicator",
            Self::Period => "period",
            Self::Unit => "unit",
            Self::Multiplier => "multiplier",
            Self::Status => "status",
            Self::RankedAmong => "ranked_among",
            Self::Value => "value",
            Self::Missing => "missing",
            Self::Confirmed => "confirmed",
            Self::Dimension(id) => id,
        })
    }
}

/// Why something cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The sheet holds no row of data.
    EmptySheet,
    /// Headings that the mapping names are not there.
    HeadingsMissing {
        /// The headings not found.
        missing: Vec<String>,
        /// The headings found.
        found: Vec<String>,
    },
    /// A heading that the mapping names stands over several columns.
    HeadingAmbiguous {
        /// The heading.
        heading: String,
        /// The letters of its columns.
        columns: Vec<String>,
    },
    /// No heading is like the pattern.
    NoHeadingFits {
        /// The pattern.
        pattern: String,
        /// The headings found.
        found: Vec<String>,
    },
    /// A cell that the mapping checks holds something else.
    Unexpected {
        /// What it should hold.
        wanted: String,
    },
    /// No row is the one that the mapping looks for.
    RowNotFound {
        /// The columns and texts looked for.
        wanted: String,
    },
    /// A row of a CSV file has more or fewer cells than there are headings.
    RowLength {
        /// Cells in the row.
        cells: usize,
        /// Headings.
        headings: usize,
    },
    /// A cell that is needed is blank.
    Blank(Field),
    /// The text is not one that the mapping knows.
    Unlisted(Field),
    /// It is not a period.
    Period,
    /// It is a day where a period is expected, and days are not declared to stand for periods.
    PeriodDate(Date),
    /// It is not a number as declared.
    Number(number::Error),
    /// It is shown as a percentage, and the mapping does not say what that means.
    Percent {
        /// What the officer sees.
        shown: String,
    },
    /// It is a day where a value is expected.
    Date(String),
    /// It is a length of time or a time of day where a value is expected.
    Time,
    /// It is true or false where a value is expected.
    Truth,
    /// It is an error such as `#DIV/0!`.
    CellError,
    /// It is a formula whose result is not in the file.
    Uncalculated,
    /// There is a value, and the status says that there is none.
    ValueThoughMissing,
    /// The unit is not the one expected.
    Unit,
    /// It is not a number of provinces or others ranked.
    RankedAmong,
}

impl Reason {
    /// The machine code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::EmptySheet => "EMPTY_SHEET",
            Self::HeadingsMissing { .. } => "HEADINGS_MISSING",
            Self::HeadingAmbiguous { .. } => "HEADING_AMBIGUOUS",
            Self::NoHeadingFits { .. } => "NO_HEADING_FITS",
            Self::Unexpected { .. } => "UNEXPECTED_CELL",
            Self::RowNotFound { .. } => "ROW_NOT_FOUND",
            Self::RowLength { .. } => "ROW_LENGTH",
            Self::Blank(_) => "BLANK",
            Self::Unlisted(_) => "UNLISTED",
            Self::Period => "PERIOD_FORM",
            Self::PeriodDate(_) => "PERIOD_DATE",
            Self::Number(error) => error.code(),
            Self::Percent { .. } => "PERCENT_CELL",
            Self::Date(_) => "DATE_CELL",
            Self::Time => "TIME_CELL",
            Self::Truth => "TRUTH_CELL",
            Self::CellError => "ERROR_CELL",
            Self::Uncalculated => "FORMULA_UNCALCULATED",
            Self::ValueThoughMissing => "VALUE_THOUGH_MISSING",
            Self::Unit => "UNIT_MISMATCH",
            Self::RankedAmong => "RANKED_AMONG_FORM",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = |texts: &[String]| quoted(texts.iter().map(String::as_str));
        match self {
            Self::EmptySheet => f.write_str("the sheet holds no data"),
            Self::HeadingsMissing { missing, found } => {
                write!(f, "no heading is {}; found {}", texts(missing), texts(found))
            }
            Self::HeadingAmbiguous { heading, columns } => {
                write!(f, "`{heading}` stands over the columns {}", texts(columns))
            }
            Self::NoHeadingFits { pattern, found } => {
                write!(f, "no heading is like `{pattern}`; found {}", texts(found))
            }
            Self::Unexpected { wanted } => write!(f, "the cell should hold `{wanted}`"),
            Self::RowNotFound { wanted } => write!(f, "no row has {wanted}"),
            Self::RowLength { cells, headings } => {
                write!(f, "the row has {cells} cells under {headings} headings")
            }
            Self::Blank(field) => write!(f, "the {field} is blank"),
            Self::Unlisted(field) => write!(f, "the {field} is not one that the mapping knows"),
            Self::Period => f.write_str("it is not a reporting period"),
            Self::PeriodDate(day) => write!(f, "it is the day {day}, not a reporting period"),
            Self::Number(error) => error.fmt(f),
            Self::Percent { shown } => {
                write!(f, "it is shown as {shown}; declare `percent_cells`")
            }
            Self::Date(day) => write!(f, "it is the day {day}, not a number"),
            Self::Time => f.write_str("it is a time, not a number"),
            Self::Truth => f.write_str("it is a truth value, not a number"),
            Self::CellError => f.write_str("it is an error"),
            Self::Uncalculated => {
                f.write_str("it is a formula without a result: open the file and save it")
            }
            Self::ValueThoughMissing => {
                f.write_str("there is a value, and the status says that there is none")
            }
            Self::Unit => f.write_str("the unit is another one"),
            Self::RankedAmong => f.write_str("it is not how many were ranked"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.place.raw.is_empty() {
            write!(f, "`{}`: ", self.place.raw)?;
        }
        write!(f, "{}", self.reason)?;
        if !self.accepted.is_empty() {
            write!(f, "; accepted: {}", self.accepted)?;
        }
        Ok(())
    }
}
