//! Where submissions and acts are kept for good, behind a handful of verbs of the domain.
//!
//! The ledger is the truth: one hash chain of entries per department. Everything
//! else an engine answers is derived from it and can be rebuilt. What holds for
//! every engine stands in [`Store`] and is tried by the module `conformance`.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use prometheus::Histogram;
use tiendo_shared::act::Act;
use tiendo_shared::check::Checked;
use tiendo_shared::measurement::{Measurement, SeriesKey};
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::province::Combined;
use tiendo_shared::review;
use tiendo_shared::submission::{
    Hash, Outcome, Reason, Recorded, Refusal, Rejection, SubmissionId,
};
use tiendo_shared::wire::Entry;
use tokio::sync::watch;

mod derived;
pub mod export;
pub mod fault;
pub mod memory;
pub mod postgres;
pub mod sled;
pub mod tables;
mod together;

#[cfg(test)]
mod conformance;

pub use together::Together;

/// Keeps the ledger and answers from what is derived of it.
///
/// # The contract
/// * `append` is atomic and durable on return. It decides each checked item with
///   [`tiendo_shared::check::decide`] against what the department's earlier
///   entries say; refused items stay refused. The entry holds the content as sent.
///   The keys of its checked items differ, as [`check_all`] sees to.
/// * An id is remembered for ever, per department. The same id with the same
///   content hash returns what was recorded first and stores nothing; with other
///   content it is [`Error::ContentDiffers`].
/// * A report is the department and a period. A submission with an item of the period
///   that is not refused moves it, and so do review acts, as far as
///   [`tiendo_shared::review::State::permits`] lets them; items of an approved period
///   are refused. All this is decided with the entry, atomically.
/// * A chain never forks: sequences of a department run from 1 without a gap, and
///   each entry's previous hash is the hash of the entry before.
/// * Receipt times of a department never run backwards: an engine raises
///   `received` to that of the entry before, and beyond every instant that
///   `settle` told, so that as-of reads are stable.
/// * An entry that had been lost counts from its first receipt, or from when the entry
///   before it counts if that is later: as-of reads tell what was said before the loss.
///   Its measurements are dated with the first receipt itself.
/// * Reads see every append that has returned, and nothing that is not durable.
/// * `as_of` restricts a read to entries received at or before that instant.
///
/// [`check_all`]: tiendo_shared::wire::check_all
#[async_trait]
pub trait Store: Send + Sync + std::fmt::Debug {
    /// Decides and records a submission.
    async fn append(&self, submission: Submission) -> Result<Appended, Error>;

    /// Decides a submission as `append` would and records nothing.
    async fn rehearse(&self, submission: Submission) -> Result<Appended, Error>;

    /// Records an act, atomic and durable as a submission. The same id with the same
    /// act again is what was recorded first. A review act that does not fit the state
    /// of its report is [`Error::Review`], one that comes too late [`Error::Overtaken`].
    async fn act(&self, performed: Performed) -> Result<Recorded, Error>;

    /// Up to `limit` acts of a chain in order, from `sequence` (from 1) on; fewer where
    /// they are long, none only at the end. The cost is that of the acts returned.
    async fn acts(
        &self,
        department: &str,
        sequence: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Error>;

    /// The reports that ever moved, by department and period: those of one department,
    /// or all, as far as `as_of`.
    async fn reports(
        &self,
        department: Option<&str>,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<review::Report>, Error>;

    /// What was recorded under an id.
    async fn recorded(&self, department: &str, id: SubmissionId)
    -> Result<Option<Recorded>, Error>;

    /// Up to `limit` entries of a chain in order, from `sequence` (from 1) on; fewer
    /// where entries are long, none only at the end.
    async fn entries(
        &self,
        department: &str,
        sequence: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Error>;

    /// Sequence and hash of the last entry; 0 and zeros for an empty chain.
    async fn head(&self, department: &str) -> Result<(u64, Hash), Error>;

    /// The series asked for, each ordered by period, ordered by key.
    async fn series(&self, query: &SeriesQuery) -> Result<Vec<Series>, Error>;

    /// What departments reported of an indicator in total, combined by period as
    /// [`tiendo_shared::province`] says, ordered by period. Now costs little however much
    /// is stored; an earlier instant may cost a pass over what is stored of the indicator.
    async fn combined(&self, query: &CombinedQuery) -> Result<Arc<Vec<Combined>>, Error>;

    /// Every value one key ever had, oldest first, as far as `as_of`.
    async fn revisions(
        &self,
        key: &SeriesKey,
        period: ReportingPeriod,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<Measurement>, Error>;

    /// The instant an answer speaks of: the one `asked` for, or the latest there is at
    /// `now`. Reads as of it show everything that will ever count up to it, but for what
    /// was lost and comes back: whatever is recorded later counts from later, unless the
    /// clock is set back by more than a minute. Without `asked` it shows every append
    /// that has returned, and need not wait for those that have not.
    async fn settle(&self, asked: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Error>;

    /// Keeps a text for other servers of the same ledger, by its SHA-256. An engine that no
    /// other server can share keeps nothing.
    async fn keep_text(&self, _text: &str) -> Result<(), Error> {
        Ok(())
    }

    /// The text of this SHA-256 that a server kept.
    async fn text(&self, _hash: &Hash) -> Result<Option<String>, Error> {
        Ok(None)
    }

    /// Whether the other servers of this ledger have the same value under a name; the first
    /// that is asked about is the one that counts. Without others it is always so.
    async fn agrees(&self, _name: &str, _value: &[u8]) -> Result<bool, Error> {
        Ok(true)
    }

    /// A count that grows whenever something was recorded that reads show from then on.
    /// Nothing that records waits for whoever looks at it.
    fn changes(&self) -> watch::Receiver<u64>;

    /// How the engine does, for statistics; an engine tells what it knows.
    fn measures(&self) -> Measures {
        Measures::default()
    }

    /// Tables that other tools read; none where the engine has no database.
    fn tables(&self) -> Option<Arc<dyn tables::Tables>> {
        None
    }

    /// Name of the engine, as `GetServerInfo` states it.
    fn engine(&self) -> &'static str;

    /// Makes what is derived durable too, so that the next start is quick, and
    /// stops taking submissions.
    async fn close(&self) -> Result<(), Error>;
}

/// A submission whose measurements are checked, ready to be decided.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Id chosen by the agent.
    pub id: SubmissionId,
    /// Department id, from the caller's identity.
    pub department: String,
    /// Name of the agent, from the caller's identity.
    pub agent: String,
    /// When it was received, by the server's clock; whole microseconds.
    pub received: Timestamp,
    /// When it was received for the first time, if it was proved to have been lost since.
    pub first_received: Option<Timestamp>,
    /// The encoded `SubmissionContent`.
    pub content: Vec<u8>,
    /// SHA-256 of `content`.
    pub content_hash: Hash,
    /// Each measurement in order: checked, or refused already.
    pub items: Vec<Result<Checked, Refusal>>,
    /// Record nothing if any measurement is refused.
    pub all_or_nothing: bool,
}

/// An act to be recorded.
#[derive(Debug, Clone)]
pub struct Performed {
    /// Id made by the server; kept for every retry.
    pub id: SubmissionId,
    /// The chain: the department reviewed, or
    /// [`PROVINCE`](tiendo_shared::department::PROVINCE).
    pub department: String,
    /// Name of whoever did it, from the caller's identity.
    pub by: String,
    /// When, by the server's clock; whole microseconds.
    pub at: Timestamp,
    /// What was done.
    pub act: Act,
    /// Only while this is the last entry of the chain: what was decided rests on it.
    pub only_after: Option<u64>,
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// It is recorded, now or (`duplicate`) earlier.
    Recorded {
        /// What is remembered of it.
        recorded: Recorded,
        /// True if an earlier call recorded it.
        duplicate: bool,
        /// The entry among those that one signature can cover.
        together: Together,
    },
    /// Nothing was recorded: a rehearsal, or `all_or_nothing` with a refusal.
    NotRecorded {
        /// What became or would have become of each measurement.
        outcomes: Vec<Outcome>,
        /// Why measurements were refused.
        rejections: Vec<Rejection>,
    },
}

/// How an engine does.
#[derive(Debug, Clone, Default)]
pub struct Measures {
    /// Bytes of submissions that wait for the disk.
    pub waiting_bytes: u64,
    /// Bytes of the journal.
    pub journal_bytes: u64,
    /// Bytes of the derived state on the disk; none while it is being written.
    pub state_bytes: Option<u64>,
    /// Seconds it took to make a group of entries durable, since the start.
    pub commits: Option<Histogram>,
}

/// Which series are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeriesQuery {
    /// Only of this department.
    pub department: Option<String>,
    /// Only of this indicator.
    pub indicator: Option<String>,
    /// Only of these members; empty text for the totals alone.
    pub members: Option<String>,
    /// Only this period of each.
    pub period: Option<ReportingPeriod>,
    /// Only what was known then.
    pub as_of: Option<Timestamp>,
    /// Only of reports that are approved, or were then.
    pub approved_only: bool,
    /// Only series after this key, for paging.
    pub after: Option<SeriesKey>,
    /// At most this many series; 0 for all.
    pub limit: usize,
}

/// Which figures of the province are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CombinedQuery {
    /// Of this indicator, which departments report.
    pub indicator: String,
    /// Only of departments that have a number of this indicator too for the period.
    pub together_with: Option<String>,
    /// Only what was known then.
    pub as_of: Option<Timestamp>,
    /// Only of reports that are approved, or were then.
    pub approved_only: bool,
}

/// A series as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Whose it is.
    pub key: SeriesKey,
    /// Its measurements by period: the latest value of each key.
    pub measurements: Vec<Measurement>,
}

/// Why an engine could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The id was used for other content.
    #[error("submission `{0}` was received before with other content")]
    ContentDiffers(SubmissionId),
    /// A review act does not fit the state of its report.
    #[error(transparent)]
    Review(#[from] review::Refused),
    /// Another entry was recorded meanwhile.
    #[error("the chain of `{0}` went on meanwhile")]
    Overtaken(String),
    /// The engine stops, or its disk or database does not answer.
    #[error("the store does not take submissions: {0}")]
    Unavailable(String),
    /// The disk is nearly full.
    #[error(
        "the server's disk has {free_mib} MiB left and keeps {floor_mib} MiB free; what is sent is \
         taken as soon as there is room"
    )]
    Full {
        /// MiB left.
        free_mib: u64,
        /// MiB that are kept free.
        floor_mib: u64,
    },
    /// What is stored cannot be read back.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
}

/// Why a good measurement of an `all_or_nothing` submission is refused.
fn others_rejected() -> Refusal {
    Refusal {
        reason: Reason::OthersRejected,
        field: "all_or_nothing",
        message: "another measurement of this submission was refused, so none was stored"
            .to_owned(),
    }
}
