//! Measurements: one value of an indicator for a department, a period and its dimensions.

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::period::ReportingPeriod;

/// What was reported. Zero, missing and withdrawn are three different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// An exact decimal; for ranks the place.
    Number(Decimal),
    /// Position in the indicator's scale, from 0 for the lowest level.
    Level(u8),
    /// There is no value, and why.
    Missing(MissingReason),
    /// An earlier value was taken back.
    Withdrawn,
}

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum MissingReason {
    /// Nobody collected it.
    NotCollected = 1,
    /// It is collected and not out yet.
    NotYetAvailable = 2,
    /// It does not apply to this department or period.
    NotApplicable = 3,
    /// It exists and may not be published.
    Confidential = 4,
}

/// How firm a measurement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum ObservationStatus {
    /// The definitive value.
    #[default]
    Final = 1,
    /// Published, a later revision is expected.
    Provisional = 2,
    /// Estimated, not counted.
    Estimated = 3,
    /// First value after a change of method, edition or territory.
    Break = 4,
}

/// What a measurement says besides its key, notes and provenance.
///
/// Two measurements with equal observations say the same; their notes stand in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// What was reported.
    pub value: Value,
    /// How firm it is.
    pub status: ObservationStatus,
    /// How many were ranked; for ranks and for levels given as a rank.
    pub ranked_among: Option<u16>,
    /// Position in the indicator's editions.
    pub edition: u8,
    /// Position in the indicator's territories.
    pub territory: u8,
    /// CRC-32 of comment and evidence link, 0 for neither: tells whether they changed.
    pub notes: u32,
}

/// A measurement of a series as it is known, with where it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measurement {
    /// Reporting period.
    pub period: ReportingPeriod,
    /// What it says.
    pub observation: Observation,
    /// 0 for the first value of its key, 1 for its first revision, and so on.
    pub revision: u32,
    /// Sequence of the ledger entry in its department's chain.
    pub sequence: u64,
    /// When the server received it.
    pub received: Timestamp,
}

/// Which measurements belong to one series: all periods of an indicator, for a
/// department and members of its dimensions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesKey {
    /// Department id.
    pub department: String,
    /// Indicator id.
    pub indicator: String,
    /// Members in the catalogue's order of dimensions, as `sex=female,area=urban`;
    /// empty for the total.
    pub members: String,
}
