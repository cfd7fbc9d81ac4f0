//! Entries of a department's chain: what is hashed, stored and shown to auditors.
//!
//! As stored, an entry is `previous_hash (32) ‖ entry_hash (32) ‖ length of
//! canonical (u32, little endian) ‖ canonical ‖ content`, where canonical is an
//! encoded `CanonicalEntry` and content an encoded `SubmissionContent` or `Act`. The
//! bytes are hashed as they stand and never encoded again.

use jiff::Timestamp;
use prost::Message as _;

use super::v1;
use crate::act::Act;
use crate::submission::{
    Counts, Hash, Link, Outcome, Reason, Recorded, Rejection, SubmissionId, content_hash,
    entry_hash,
};

/// What an entry records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A submission.
    Submission,
    /// An act; it has no measurements and so no outcomes.
    Act,
}

/// One entry: a submission or an act as it was received, decided and chained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What is remembered of it.
    pub recorded: Recorded,
    /// What it records.
    pub kind: EntryKind,
    /// Name of the agent that sent it, or of whoever did the act.
    pub agent: String,
    /// SHA-256 of the content.
    pub content_hash: Hash,
    bytes: Vec<u8>,
    content_at: usize,
}

/// Stored bytes that are not an entry, or not the one that was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The parts do not fit their lengths or do not decode.
    #[error("the bytes are not a ledger entry")]
    Malformed,
    /// SHA-256 of the previous hash and the canonical entry is another one.
    #[error("the entry's hash does not match its bytes")]
    WrongHash,
    /// SHA-256 of the content is not the one the canonical entry states.
    #[error("the content's hash does not match its bytes")]
    WrongContent,
}

const FIXED: usize = 32 + 32 + 4;

/// A `SubmissionContent` of which measurements are counted and not kept.
#[derive(Clone, PartialEq, prost::Message)]
struct Counted {
    #[prost(message, repeated, tag = "1")]
    groups: Vec<CountedGroup>,
}

/// A `MeasurementGroup` of that kind.
#[derive(Clone, PartialEq, prost::Message)]
struct CountedGroup {
    #[prost(message, repeated, tag = "6")]
    measurements: Vec<Skipped>,
}

/// A message whose fields are all skipped.
#[derive(Clone, PartialEq, prost::Message)]
struct Skipped {}

impl Entry {
    /// Chains a submission: `recorded.link` needs department, sequence and
    /// previous hash; the entry hash is computed here.
    pub fn seal(recorded: Recorded, agent: String, content: &[u8], digest: Hash) -> Self {
        Self::seal_as(EntryKind::Submission, recorded, agent, (content, digest))
    }

    /// Chains an act by `agent`, as [`seal`](Self::seal) does a submission.
    pub fn seal_act(recorded: Recorded, agent: String, content: &[u8]) -> Self {
        let digest = content_hash(content);
        Self::seal_as(EntryKind::Act, recorded, agent, (content, digest))
    }

    fn seal_as(
        kind: EntryKind,
        mut recorded: Recorded,
        agent: String,
        (content, digest): (&[u8], Hash),
    ) -> Self {
        let all_accepted = recorded.outcomes.iter().all(|outcome| *outcome == Outcome::Accepted);
        let canonical = v1::CanonicalEntry {
            department: recorded.link.department.clone(),
            sequence: recorded.link.sequence,
            submission_id: recorded.id.as_bytes().to_vec(),
            agent: agent.clone(),
            received_at_us: recorded.received.as_microsecond(),
            content_sha256: digest.to_vec(),
            outcomes: if all_accepted { Vec::new() } else { recorded.outcome_numbers() },
            rejections: recorded.rejection_messages(),
            kind: match kind {
                EntryKind::Submission => v1::EntryKind::Unspecified,
                EntryKind::Act => v1::EntryKind::Act,
            } as i32,
            first_received_at_us: recorded.first_received.map_or(0, Timestamp::as_microsecond),
        };
        let length = canonical.encoded_len();
        let mut bytes = Vec::with_capacity(FIXED + length + content.len());
        bytes.extend_from_slice(&recorded.link.previous_hash);
        bytes.extend_from_slice(&[0; 32]);
        bytes.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        canonical.encode_raw(&mut bytes);
        recorded.link.entry_hash = entry_hash(&recorded.link.previous_hash, &bytes[FIXED..]);
        bytes[32..64].copy_from_slice(&recorded.link.entry_hash);
        let content_at = bytes.len();
        bytes.extend_from_slice(content);
        Self { recorded, kind, agent, content_hash: digest, bytes, content_at }
    }

    /// Reads stored bytes without checking hashes; [`verify`](Self::verify) does.
    pub fn decode(bytes: Vec<u8>) -> Result<Self, EntryError> {
        let fixed = bytes.first_chunk::<FIXED>().ok_or(EntryError::Malformed)?;
        let (hashes, length) = fixed.split_at(64);
        let previous_hash = hash(&hashes[..32])?;
        let entry_hash = hash(&hashes[32..])?;
        let length = u32::from_le_bytes(length.try_into().map_err(|_| EntryError::Malformed)?);
        let content_at = FIXED + length as usize;
        let canonical = bytes.get(FIXED..content_at).ok_or(EntryError::Malformed)?;
        let canonical = v1::CanonicalEntry::decode(canonical).map_err(|_| EntryError::Malformed)?;
        let digest = hash(&canonical.content_sha256)?;
        let kind = kind(canonical.kind)?;
        let outcomes = if kind == EntryKind::Act {
            Vec::new()
        } else if canonical.outcomes.is_empty() {
            let content = bytes.get(content_at..).unwrap_or_default();
            let content = Counted::decode(content).map_err(|_| EntryError::Malformed)?;
            let counts = content.groups.iter().map(|group| group.measurements.len());
            vec![Outcome::Accepted; counts.sum()]
        } else {
            canonical.outcomes.iter().map(|number| outcome(*number)).collect::<Result<_, _>>()?
        };
        let recorded = Recorded {
            id: SubmissionId::from_bytes(
                canonical.submission_id.try_into().map_err(|_| EntryError::Malformed)?,
            ),
            link: Link {
                department: canonical.department,
                sequence: canonical.sequence,
                entry_hash,
                previous_hash,
            },
            received: Timestamp::from_microsecond(canonical.received_at_us)
                .map_err(|_| EntryError::Malformed)?,
            first_received: match canonical.first_received_at_us {
                0 => None,
                first => {
                    Some(Timestamp::from_microsecond(first).map_err(|_| EntryError::Malformed)?)
                }
            },
            outcomes,
            rejections: canonical
                .rejections
                .into_iter()
                .map(rejection)
                .collect::<Result<_, _>>()?,
        };
        let agent = canonical.agent;
        Ok(Self { recorded, kind, agent, content_hash: digest, bytes, content_at })
    }

    /// Whether the hashes are those of the bytes.
    pub fn verify(&self) -> Result<(), EntryError> {
        let link = &self.recorded.link;
        if entry_hash(&link.previous_hash, self.canonical()) != link.entry_hash {
            return Err(EntryError::WrongHash);
        }
        if content_hash(self.content()) != self.content_hash {
            return Err(EntryError::WrongContent);
        }
        Ok(())
    }

    /// The stored bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The encoded `CanonicalEntry`.
    pub fn canonical(&self) -> &[u8] {
        &self.bytes[FIXED..self.content_at]
    }

    /// The encoded `SubmissionContent` or `Act`.
    pub fn content(&self) -> &[u8] {
        &self.bytes[self.content_at..]
    }

    /// The act; none for a submission.
    pub fn act(&self) -> Result<Option<Act>, EntryError> {
        match self.kind {
            EntryKind::Submission => Ok(None),
            EntryKind::Act => Act::decode(self.content()).map(Some).ok_or(EntryError::Malformed),
        }
    }

    /// The groups submitted; an act has none.
    pub fn groups(&self) -> Result<Vec<v1::MeasurementGroup>, EntryError> {
        if self.kind == EntryKind::Act {
            return Ok(Vec::new());
        }
        v1::SubmissionContent::decode(self.content())
            .map(|content| content.groups)
            .map_err(|_| EntryError::Malformed)
    }

    /// The four counts.
    pub fn counts(&self) -> Counts {
        Counts::of(&self.recorded.outcomes)
    }
}

impl From<&Entry> for v1::LedgerEntry {
    fn from(entry: &Entry) -> Self {
        Self {
            entry_hash: entry.recorded.link.entry_hash.to_vec(),
            previous_hash: entry.recorded.link.previous_hash.to_vec(),
            canonical: entry.canonical().to_vec(),
            content: entry.content().to_vec(),
        }
    }
}

/// Puts the stored bytes together again, without checking hashes.
impl TryFrom<v1::LedgerEntry> for Entry {
    type Error = EntryError;

    fn try_from(message: v1::LedgerEntry) -> Result<Self, EntryError> {
        let v1::LedgerEntry { entry_hash, previous_hash, canonical, content } = message;
        let (previous, own) = (hash(&previous_hash)?, hash(&entry_hash)?);
        let length = u32::try_from(canonical.len()).map_err(|_| EntryError::Malformed)?;
        let length = length.to_le_bytes();
        Self::decode([&previous[..], &own, &length, &canonical, &content].concat())
    }
}

fn hash(bytes: &[u8]) -> Result<Hash, EntryError> {
    bytes.try_into().map_err(|_| EntryError::Malformed)
}

fn kind(number: i32) -> Result<EntryKind, EntryError> {
    match v1::EntryKind::try_from(number) {
        Ok(v1::EntryKind::Unspecified) => Ok(EntryKind::Submission),
        Ok(v1::EntryKind::Act) => Ok(EntryKind::Act),
        Err(_) => Err(EntryError::Malformed),
    }
}

fn outcome(number: i32) -> Result<Outcome, EntryError> {
    match v1::Outcome::try_from(number) {
        Ok(v1::Outcome::Accepted) => Ok(Outcome::Accepted),
        Ok(v1::Outcome::Revised) => Ok(Outcome::Revised),
        Ok(v1::Outcome::Unchanged) => Ok(Outcome::Unchanged),
        Ok(v1::Outcome::Rejected) => Ok(Outcome::Rejected),
        Ok(v1::Outcome::Unspecified) | Err(_) => Err(EntryError::Malformed),
    }
}

fn rejection(message: v1::Rejection) -> Result<Rejection, EntryError> {
    Ok(Rejection {
        index: message.index,
        reason: Reason::from_number(message.reason).ok_or(EntryError::Malformed)?,
        field: message.field,
        message: message.message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submission::NO_HASH;

    fn sealed(outcomes: Vec<Outcome>) -> Entry {
        let content = v1::SubmissionContent {
            groups: vec![v1::MeasurementGroup {
                period: "2026".to_owned(),
                measurements: vec![v1::Measurement::default(); outcomes.len()],
                ..Default::default()
            }],
        }
        .encode_to_vec();
        let recorded = Recorded {
            id: SubmissionId::from_bytes([7; 16]),
            link: Link {
                department: "so-khcn".to_owned(),
                sequence: 3,
                entry_hash: NO_HASH,
                previous_hash: [9; 32],
            },
            received: Timestamp::from_microsecond(1_700_000_000_000_001).unwrap(),
            first_received: None,
            outcomes,
            rejections: vec![Rejection {
                index: 1,
                reason: Reason::NumberForm,
                field: "value".to_owned(),
                message: "`12,5` is not a decimal".to_owned(),
            }],
        };
        Entry::seal(recorded, "pc-1".to_owned(), &content, content_hash(&content))
    }

    /// Sealed again with the time of a first receipt.
    fn again(entry: &Entry) -> Entry {
        let first_received = Timestamp::from_microsecond(1_600_000_000_000_000).ok();
        let recorded = Recorded { first_received, ..entry.recorded.clone() };
        let (agent, hash) = (entry.agent.clone(), entry.content_hash);
        Entry::seal(recorded, agent, entry.content(), hash)
    }

    #[test]
    fn an_entry_reads_back_as_it_was_sealed() {
        let revised = sealed(vec![Outcome::Revised, Outcome::Rejected]);
        for entry in [sealed(vec![Outcome::Accepted; 3]), again(&revised), revised] {
            let read = Entry::decode(entry.as_bytes().to_vec()).unwrap();
            assert_eq!(read, entry);
            assert_eq!(read.verify(), Ok(()));
        }
    }

    fn act() -> Entry {
        let act = Act::ReportApproved { period: "2026".parse().unwrap() };
        let recorded = Recorded { rejections: Vec::new(), ..sealed(Vec::new()).recorded };
        Entry::seal_act(recorded, "reviewer-1".to_owned(), &act.encode())
    }

    #[test]
    fn an_act_reads_back_and_has_no_measurements() {
        let entry = act();
        let read = Entry::decode(entry.as_bytes().to_vec()).unwrap();
        assert_eq!(read, entry);
        assert_eq!(read.verify(), Ok(()));
        assert_eq!(read.groups(), Ok(Vec::new()));
        assert!(matches!(read.act(), Ok(Some(Act::ReportApproved { .. }))));
        assert_eq!(sealed(vec![Outcome::Accepted]).act(), Ok(None));
    }

    /// Entries written before there were acts and first receipts keep their hashes.
    #[test]
    fn a_submission_is_hashed_as_ever() {
        let hash = sealed(vec![Outcome::Accepted, Outcome::Rejected]).recorded.link.entry_hash;
        let first = u64::from_be_bytes(*hash.first_chunk().unwrap());
        assert_eq!(first, 0x995a_f453_40b0_ce06, "{hash:?}");
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let submission = sealed(vec![Outcome::Accepted, Outcome::Rejected]);
        for entry in [again(&submission), submission, act()] {
            for bit in 0..entry.as_bytes().len() * 8 {
                let mut bytes = entry.as_bytes().to_vec();
                bytes[bit / 8] ^= 1 << (bit % 8);
                let found = Entry::decode(bytes).and_then(|entry| entry.verify());
                assert!(found.is_err(), "bit {bit} was not found");
            }
        }
    }
}
