//! The embedded engine: the journal is the truth, memory answers, sled shortens the start.
//!
//! * A submission is decided and applied under the lock of its department, queued
//!   for the one `committer`, and answered once that has synced it.
//! * Reads answer from memory and show what is durable; texts of measurements
//!   stand in the journal alone.
//! * From time to time what changed goes into the `checkpoint` in sled. A start
//!   loads it and replays the journal from there; a checkpoint that is damaged,
//!   out of date or of another journal is rebuilt from the whole of it.
//!
//! Under the store's directory stand `journal/`, `state/` (sled) and `lock`;
//! a damaged `state` is moved to `state.damaged-<n>`, of which two are kept.

mod act;
mod checkpoint;
mod committer;
mod core;
mod floor;
mod load;
mod portable;
mod read;
mod replay;
mod save;
mod settle;
mod start;
mod turns;
mod verify;

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod held_disk;
#[cfg(test)]
#[path = "../../../../shared/src/journal/model_disk.rs"]
#[allow(dead_code, reason = "the tests of `shared` use more of it")]
mod model_disk;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod power_tests;
#[cfg(test)]
mod space_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod verify_tests;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::{
    Appended, CombinedQuery, Error, Measures, Performed, Series, SeriesQuery, Store, Submission,
};
use async_trait::async_trait;
use checkpoint::{Checkpoint, Unfit};
use committer::Committer;
use core::Core;
use jiff::Timestamp;
pub use portable::{ImportError, Imported, export, import, verify_export};
use prometheus::Histogram;
pub use start::Opened;
use tiendo_shared::catalogue::Catalogue;
#[cfg(test)]
use tiendo_shared::journal::Disk;
use tiendo_shared::journal::{Allocation, DiskFile};
use tiendo_shared::measurement::{Measurement, SeriesKey};
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::province::Combined;
use tiendo_shared::review::Report;
use tiendo_shared::submission::{Hash, Recorded, SubmissionId};
use tiendo_shared::wire::Entry;
use tokio::sync::watch;
#[doc(hidden)]
pub use turns::Stage;
pub use verify::{VerifiedDepartment, VerifyReport, verify};

/// How the engine runs.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// A checkpoint is made whenever the journal grew by so many bytes.
    pub checkpoint_bytes: u64,
    /// Bytes of submissions that may wait for the disk; further ones wait for those.
    pub waiting_bytes: usize,
    /// Bytes of the disk that are kept free: below, submissions are refused. None for 512 MiB, or a
    /// twentieth of a small disk.
    pub floor_bytes: Option<u64>,
    /// How the space of the journal comes to be: ahead where speed counts.
    pub allocation: Allocation,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            checkpoint_bytes: 64 << 20,
            waiting_bytes: 64 << 20,
            floor_bytes: None,
            allocation: Allocation::InSteps,
        }
    }
}

/// The embedded engine. Dropping it is like a crash; [`Store::close`] is the clean end.
#[derive(Debug)]
pub struct SledStore {
    inner: Arc<Inner>,
    /// Keeps other processes out.
    _lock: Arc<dyn DiskFile>,
}

#[derive(Debug)]
struct Inner {
    core: Core,
    /// None once the engine is closed or a checkpoint failed.
    checkpoint: Mutex<Option<Checkpoint>>,
    /// Whether the committer is to close the journal when the queue ends.
    closes: Arc<AtomicBool>,
    /// How long groups of entries took to become durable.
    commits: Option<Histogram>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// The committer, where it has no thread.
    turns: Mutex<Option<Committer>>,
}

impl SledStore {
    /// Opens the store in a directory, or begins one; recovers from whatever
    /// happened to it, and tells what that was. Blocks.
    pub fn open(
        directory: &Path,
        catalogue: Arc<Catalogue>,
        options: Options,
    ) -> Result<(Self, Opened), Error> {
        start::open(directory, catalogue, options)
    }

    /// Completes when the journal cannot be written any more, with the cause.
    /// Nothing can be promised from then on: stop the process.
    pub fn failure(&self) -> impl Future<Output = String> + Send + use<> {
        let mut failure = self.inner.core.failure.subscribe();
        async move {
            let failed = failure.wait_for(Option::is_some).await.ok().and_then(|it| it.clone());
            match failed {
                Some(cause) => cause,
                None => std::future::pending().await,
            }
        }
    }

    /// Makes a checkpoint now.
    pub async fn checkpoint(&self) -> Result<(), Error> {
        self.blocking(Inner::save).await
    }

    async fn blocking(&self, run: fn(&Inner) -> Result<(), Error>) -> Result<(), Error> {
        let inner = Arc::clone(&self.inner);
        if inner.core.by_turns {
            return run(&inner);
        }
        let done = tokio::task::spawn_blocking(move || run(&inner)).await;
        done.unwrap_or_else(|panic| Err(Error::Unavailable(panic.to_string())))
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        self.inner.end_queue();
        self.inner.join();
    }
}

impl Inner {
    /// Makes a checkpoint whenever one is asked for.
    fn run_checkpoints(&self, asked: &Receiver<()>) {
        while asked.recv().is_ok() {
            // It is in the log, and the journal has everything.
            drop(self.save());
        }
    }

    fn save(&self) -> Result<(), Error> {
        self.save_with(&mut self.held_checkpoint())
    }

    fn save_with(&self, checkpoint: &mut Option<Checkpoint>) -> Result<(), Error> {
        let Some(open) = checkpoint else { return Ok(()) };
        open.save(&self.core).map_err(|unfit| {
            *checkpoint = None;
            let (Unfit::Damaged(cause) | Unfit::Outdated(cause)) = unfit;
            tracing::warn!(cause, "no further checkpoints are made; the next start takes longer");
            Error::Unavailable(cause)
        })
    }

    /// Waits for a checkpoint that is being made.
    fn held_checkpoint(&self) -> MutexGuard<'_, Option<Checkpoint>> {
        self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) -> Result<(), Error> {
        let mut checkpoint = self.held_checkpoint();
        self.closes.store(true, Ordering::Release);
        self.end_queue();
        if let Some(committer) = self.turns().take() {
            committer.run();
        }
        let committer = self.threads().pop();
        if committer.is_some_and(|committer| committer.join().is_err()) {
            return Err(Error::Unavailable("the committer panicked".to_owned()));
        }
        if self.core.failure.borrow().is_some() {
            return Err(self.core.unavailable());
        }
        self.core.drained.store(true, Ordering::Release);
        let saved = self.save_with(&mut checkpoint);
        *checkpoint = None;
        drop(checkpoint);
        self.join();
        saved
    }

    fn measures(&self) -> Measures {
        let checkpoint = self.checkpoint.try_lock().ok();
        let open = checkpoint.as_ref().and_then(|checkpoint| checkpoint.as_ref());
        Measures {
            waiting_bytes: self.core.waiting_bytes(),
            journal_bytes: self.core.reader.end().0,
            state_bytes: open.and_then(|checkpoint| checkpoint.db.size_on_disk().ok()),
            commits: self.commits.clone(),
        }
    }

    /// Takes no more submissions; the committer ends when it has written what waits.
    fn end_queue(&self) {
        self.core.queue.write().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn join(&self) {
        let threads = std::mem::take(&mut *self.threads());
        for thread in threads.into_iter().rev() {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }

    /// The thread that makes checkpoints, then the committer.
    fn threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for SledStore {
    async fn append(&self, submission: Submission) -> Result<Appended, Error> {
        self.inner.core.append(submission).await
    }

    async fn rehearse(&self, submission: Submission) -> Result<Appended, Error> {
        self.inner.core.rehearse(submission).await
    }

    async fn act(&self, performed: Performed) -> Result<Recorded, Error> {
        self.inner.core.act(performed).await
    }

    async fn acts(
        &self,
        department: &str,
        sequence: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        self.inner.core.acts(department, sequence, limit).await
    }

    async fn reports(
        &self,
        department: Option<&str>,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<Report>, Error> {
        self.inner.core.books.reports(department, as_of)
    }

    async fn recorded(
        &self,
        department: &str,
        id: SubmissionId,
    ) -> Result<Option<Recorded>, Error> {
        self.inner.core.recorded(department, id).await
    }

    async fn entries(
        &self,
        department: &str,
        sequence: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        self.inner.core.entries(department, sequence, limit).await
    }

    async fn head(&self, department: &str) -> Result<(u64, Hash), Error> {
        Ok(self.inner.core.books.head(department))
    }

    async fn series(&self, query: &SeriesQuery) -> Result<Vec<Series>, Error> {
        self.inner.core.books.series(query)
    }

    async fn combined(&self, query: &CombinedQuery) -> Result<Arc<Vec<Combined>>, Error> {
        self.inner.core.books.combined(query)
    }

    async fn revisions(
        &self,
        key: &SeriesKey,
        period: ReportingPeriod,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<Measurement>, Error> {
        self.inner.core.books.revisions(key, period, as_of)
    }

    async fn settle(&self, asked: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Error> {
        self.inner.core.settle(asked, now).await
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.inner.core.changes.subscribe()
    }

    fn measures(&self) -> Measures {
        self.inner.measures()
    }

    fn engine(&self) -> &'static str {
        "sled"
    }

    async fn close(&self) -> Result<(), Error> {
        self.blocking(Inner::close).await
    }
}
