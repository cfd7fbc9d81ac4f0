//! Submissions: one act of sending, what became of each measurement, and the proof of it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Most measurements in one submission.
pub const MOST_ITEMS: usize = 100_000;

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// Hash before the first entry of a chain.
pub const NO_HASH: Hash = [0; 32];

/// Id of a submission, chosen by the agent and kept for every retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubmissionId(Uuid);

/// The text is not a submission id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a submission id; accepted: a UUID such as `018f4e3a-9c1b-7d52-8b7e-3f2a9d1c5e60`"
)]
pub struct IdError(String);

impl SubmissionId {
    /// The id made of these bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl FromStr for SubmissionId {
    type Err = IdError;

    /// Takes the hyphenated form alone, so that one id has one text.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let parsed = (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten();
        parsed
            .filter(|id| !id.is_nil())
            .map(Self)
            .ok_or_else(|| IdError(text.chars().take(40).collect()))
    }
}

impl fmt::Display for SubmissionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What became of one measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// The first value for its key.
    Accepted = 1,
    /// Replaces an earlier value, which is kept.
    Revised = 2,
    /// Equal to what was known already.
    Unchanged = 3,
    /// Refused.
    Rejected = 4,
}

/// How many measurements had which outcome; the sum is the number sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// New values.
    pub accepted: u32,
    /// Values that replaced another.
    pub revised: u32,
    /// Values known already.
    pub unchanged: u32,
    /// Refused.
    pub rejected: u32,
}

impl Counts {
    /// Counts outcomes.
    pub fn of(outcomes: &[Outcome]) -> Self {
        let mut counts = Self::default();
        for outcome in outcomes {
            match outcome {
                Outcome::Accepted => counts.accepted += 1,
                Outcome::Revised => counts.revised += 1,
                Outcome::Unchanged => counts.unchanged += 1,
                Outcome::Rejected => counts.rejected += 1,
            }
        }
        counts
    }
}

/// Why a measurement was refused. The numbers are those of
/// `tiendo.v1.RejectionReason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "measurement.proto explains each")]
#[repr(i32)]
pub enum Reason {
    UnknownIndicator = 1,
    UnknownDimension = 2,
    UnknownMember = 3,
    PeriodForm = 4,
    PeriodFrequency = 5,
    PeriodNotOpen = 6,
    PeriodClosed = 7,
    PeriodLocked = 8,
    PeriodApproved = 9,
    NumberForm = 10,
    TooManyDigits = 11,
    OutOfRange = 12,
    ImplausibleChange = 13,
    WrongKind = 14,
    UnknownLevel = 15,
    RankedAmongMissing = 16,
    RankForm = 17,
    UnknownEdition = 18,
    UnknownTerritory = 19,
    NotYourIndicator = 20,
    DuplicateInSubmission = 21,
    NoContent = 22,
    MissingReason = 23,
    NothingToWithdraw = 24,
    TextTooLong = 25,
    EvidenceForm = 26,
    UnknownStatus = 27,
    DerivedIndicator = 28,
    OthersRejected = 29,
}

impl Reason {
    const ALL: [Self; 29] = [
        Self::UnknownIndicator,
        Self::UnknownDimension,
        Self::UnknownMember,
        Self::PeriodForm,
        Self::PeriodFrequency,
        Self::PeriodNotOpen,
        Self::PeriodClosed,
        Self::PeriodLocked,
        Self::PeriodApproved,
        Self::NumberForm,
        Self::TooManyDigits,
        Self::OutOfRange,
        Self::ImplausibleChange,
        Self::WrongKind,
        Self::UnknownLevel,
        Self::RankedAmongMissing,
        Self::RankForm,
        Self::UnknownEdition,
        Self::UnknownTerritory,
        Self::NotYourIndicator,
        Self::DuplicateInSubmission,
        Self::NoContent,
        Self::MissingReason,
        Self::NothingToWithdraw,
        Self::TextTooLong,
        Self::EvidenceForm,
        Self::UnknownStatus,
        Self::DerivedIndicator,
        Self::OthersRejected,
    ];

    /// The reason of this number.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| *reason as i32 == number)
    }
}

/// Why one measurement is refused, before its place in a submission is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The machine-readable reason.
    pub reason: Reason,
    /// The field at fault, such as `value`.
    pub field: &'static str,
    /// What was wrong and what would be accepted.
    pub message: String,
}

/// Why the measurement at `index` of a submission was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Position in the submission, from 0 through all groups.
    pub index: u32,
    /// The machine-readable reason.
    pub reason: Reason,
    /// The field at fault.
    pub field: String,
    /// What was wrong and what would be accepted.
    pub message: String,
}

impl Refusal {
    /// The rejection this makes of the measurement at `index`.
    pub fn at(self, index: u32) -> Rejection {
        Rejection {
            index,
            reason: self.reason,
            field: self.field.to_owned(),
            message: self.message,
        }
    }
}

/// Place and hashes of one entry of a department's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Department id.
    pub department: String,
    /// Place in the chain, from 1.
    pub sequence: u64,
    /// SHA-256 of the previous hash and the canonical entry.
    pub entry_hash: Hash,
    /// Hash of the entry before; zeros for the first.
    pub previous_hash: Hash,
}

impl Link {
    /// The bytes of a receipt that its signature covers, by the tree of [`crate::signed`].
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = b"tiendo.v1.Receipt\0".to_vec();
        bytes.extend_from_slice(self.department.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.entry_hash);
        bytes.extend_from_slice(&self.previous_hash);
        bytes
    }
}

/// What is remembered of a submission that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its id.
    pub id: SubmissionId,
    /// Its place in the chain.
    pub link: Link,
    /// When it was received.
    pub received: Timestamp,
    /// When it was received for the first time, if it had been lost since.
    pub first_received: Option<Timestamp>,
    /// What became of each measurement.
    pub outcomes: Vec<Outcome>,
    /// Why measurements were refused.
    pub rejections: Vec<Rejection>,
}

/// `SHA-256(previous ‖ canonical)`: the hash of an entry.
pub fn entry_hash(previous: &Hash, canonical: &[u8]) -> Hash {
    Sha256::new().chain_update(previous).chain_update(canonical).finalize().into()
}

/// Bytes as hexadecimal digits, two a byte.
pub fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// SHA-256 of an encoded `SubmissionContent`.
pub fn content_hash(content: &[u8]) -> Hash {
    Sha256::digest(content).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_text() {
        let text = "018f4e3a-9c1b-7d52-8b7e-3f2a9d1c5e60";
        assert_eq!(text.parse::<SubmissionId>().unwrap().to_string(), text);
        for other in [
            "",
            "1",
            "018f4e3a9c1b7d528b7e3f2a9d1c5e60",
            "{018f4e3a-9c1b-7d52-8b7e-3f2a9d1c5e60}",
            "00000000-0000-0000-0000-000000000000",
            "018f4e3a-9c1b-7d52-8b7e-3f2a9d1c5e6g",
        ] {
            assert!(other.parse::<SubmissionId>().is_err(), "{other}");
        }
    }

    #[test]
    fn counts_add_up_to_what_was_sent() {
        use Outcome::{Accepted, Rejected, Revised, Unchanged};
        let counts = Counts::of(&[Accepted, Rejected, Revised, Accepted, Unchanged]);
        assert_eq!(counts, Counts { accepted: 2, revised: 1, unchanged: 1, rejected: 1 });
    }
}
