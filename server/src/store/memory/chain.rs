//! The places of entries in a chain, and from when each counts.

use jiff::{SignedDuration, Timestamp};
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::review::State;
use tiendo_shared::submission::{Link, NO_HASH, Recorded, SubmissionId};

use super::Books;

impl Books {
    /// Notes from when a new entry counts.
    pub(super) fn count(&mut self, recorded: &Recorded) {
        let from = recorded.first_received.unwrap_or(recorded.received);
        let counts = self.counts.entry(recorded.link.department.clone()).or_default();
        counts.push(counts.last().map_or(from, |before| from.max(*before)));
    }

    /// From when an entry counts.
    pub(super) fn counts_from(&self, department: &str, sequence: u64) -> Timestamp {
        self.counts[department][usize::try_from(sequence).unwrap_or(usize::MAX) - 1]
    }

    /// Whether an entry counted at an instant.
    pub(super) fn counted(
        &self,
        department: &str,
        sequence: u64,
        as_of: Option<Timestamp>,
    ) -> bool {
        as_of.is_none_or(|as_of| self.counts_from(department, sequence) <= as_of)
    }

    /// Whether a report was approved at an instant.
    pub(super) fn is_approved(
        &self,
        department: &str,
        period: ReportingPeriod,
        as_of: Option<Timestamp>,
    ) -> bool {
        let moves = self.moves.get(&(department.to_owned(), period)).into_iter().flatten();
        let mut known = moves.rev().filter(|it| as_of.is_none_or(|as_of| it.at <= as_of));
        known.next().is_some_and(|last| last.state == State::Approved)
    }

    /// With its place in the chain.
    pub(super) fn chained(&self, department: &str, recorded: Recorded) -> Recorded {
        let last = self.chain(department).last().map(|entry| &entry.recorded);
        let link = Link {
            department: department.to_owned(),
            sequence: last.map_or(1, |last| last.link.sequence + 1),
            entry_hash: NO_HASH,
            previous_hash: last.map_or(NO_HASH, |last| last.link.entry_hash),
        };
        let before = last.map(|last| self.counts_from(department, last.link.sequence));
        let ahead = self.told.duration_since(recorded.received);
        let binds = !ahead.is_negative() && ahead <= SignedDuration::from_mins(1);
        let after = self.told + SignedDuration::from_micros(1);
        let received = if binds { after } else { recorded.received };
        let received = before.map_or(received, |before| received.max(before));
        Recorded { link, received, ..recorded }
    }
}

/// What is recorded before its place in the chain is known.
pub(super) fn unchained(id: SubmissionId, received: Timestamp) -> Recorded {
    let link = Link {
        department: String::new(),
        sequence: 0,
        entry_hash: NO_HASH,
        previous_hash: NO_HASH,
    };
    let (first_received, outcomes, rejections) = (None, Vec::new(), Vec::new());
    Recorded { id, link, received, first_received, outcomes, rejections }
}
