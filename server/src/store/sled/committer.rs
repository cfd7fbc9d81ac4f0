//! The one thread that writes the journal: whatever waits becomes durable with one sync.
//!
//! While it syncs, the next group collects; it never waits for one. Entries are
//! queued under the lock of their department, so that the order of a chain is
//! the order of the queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};

use prometheus::Histogram;
use tiendo_shared::journal::{self, Journal, Position};
use tiendo_shared::wire::Entry;
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};
use tokio::time::Instant;

use crate::store::Together;
use crate::store::derived::department::Department;

/// Most entries in a group.
const MOST_ENTRIES: usize = 4096;
/// Bytes from which on a group is full.
const FULL_BYTES: usize = 8 << 20;

/// What is asked of the committer.
#[derive(Debug)]
pub(super) enum Work {
    /// Make an entry durable.
    Entry(Queued),
    /// Tell when everything queued before is durable.
    Barrier(oneshot::Sender<()>),
}

/// An entry on its way to the journal.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) department: Arc<Department>,
    pub(super) sequence: u32,
    pub(super) entry: Box<Entry>,
    /// Gets the entry back once it is durable; dropped if it never will be.
    pub(super) done: oneshot::Sender<Done>,
    /// Its share of the bytes that may wait.
    pub(super) room: OwnedSemaphorePermit,
}

/// An entry that is durable.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) entry: Box<Entry>,
    pub(super) together: Together,
}

/// Why the journal cannot be written any more, once it cannot.
pub(super) type Failure = watch::Sender<Option<String>>;

/// Writes the journal until the queue ends.
#[derive(Debug)]
pub(super) struct Committer {
    pub(super) journal: Journal,
    pub(super) queue: Receiver<Work>,
    pub(super) failure: Arc<Failure>,
    /// Counts entries once they are durable.
    pub(super) changes: Arc<watch::Sender<u64>>,
    /// Asks for a checkpoint whenever the journal grew by so many bytes.
    pub(super) checkpoint: SyncSender<()>,
    pub(super) checkpoint_bytes: u64,
    /// How far the journal was when the last one was asked for.
    pub(super) asked: Position,
    /// Whether the journal is to be closed at the end, rather than left as in a crash.
    pub(super) closes: Arc<AtomicBool>,
    /// How long groups took to become durable.
    pub(super) commits: Option<Histogram>,
}

impl Committer {
    /// Runs until every sender of the queue is gone or the journal fails.
    pub(super) fn run(mut self) {
        let mut group = Vec::new();
        while let Ok(first) = self.queue.recv() {
            self.collect(first, &mut group);
            if !self.write(&mut group) {
                return;
            }
        }
        if self.closes.load(Ordering::Acquire)
            && let Err(error) = self.journal.close()
        {
            self.failure.send_replace(Some(error.to_string()));
        }
    }

    /// Does what waits now, and waits for nothing; false once the journal failed.
    pub(super) fn turn(&mut self) -> bool {
        let mut group = Vec::new();
        while let Ok(first) = self.queue.try_recv() {
            self.collect(first, &mut group);
            if !self.write(&mut group) {
                return false;
            }
        }
        true
    }

    /// Takes all that waits behind the first.
    fn collect(&self, first: Work, group: &mut Vec<Work>) {
        let mut bytes = first.bytes();
        group.push(first);
        while group.len() < MOST_ENTRIES
            && bytes < FULL_BYTES
            && let Ok(next) = self.queue.try_recv()
        {
            bytes += next.bytes();
            group.push(next);
        }
    }

    /// Makes a group durable; false if the journal failed. Everyone who waits then learns of
    /// it by their channel being dropped with the queue.
    fn write(&mut self, group: &mut Vec<Work>) -> bool {
        match self.commit(group) {
            Ok(end) => {
                if end.0 - self.asked.0 >= self.checkpoint_bytes {
                    self.asked = end;
                    // A request that waits already does as well.
                    self.checkpoint.try_send(()).ok();
                }
                true
            }
            Err(error) => {
                let cause = error.to_string();
                tracing::error!(
                    cause,
                    "the journal cannot be written; no submission is taken any more"
                );
                self.failure.send_replace(Some(cause));
                false
            }
        }
    }

    fn commit(&mut self, group: &mut Vec<Work>) -> Result<Position, journal::Error> {
        let mut positions = Vec::with_capacity(group.len());
        let mut links = Vec::with_capacity(group.len());
        for work in &*group {
            if let Work::Entry(queued) = work {
                positions.push(self.journal.append(queued.entry.as_bytes())?);
                links.push(queued.entry.recorded.link.clone());
            }
        }
        let began = Instant::now();
        let end = self.journal.commit()?;
        if let Some(commits) = self.commits.as_ref().filter(|_| !positions.is_empty()) {
            commits.observe(began.elapsed().as_secs_f64());
        }
        let count = positions.len() as u64;
        let mut durable = positions.into_iter().zip(Together::of(links));
        for work in group.drain(..) {
            match work {
                Work::Entry(queued) => {
                    if let Some((position, together)) = durable.next() {
                        queued.finish(position, together);
                    }
                }
                // Nobody waits any more if it fails.
                Work::Barrier(done) => drop(done.send(())),
            }
        }
        if count > 0 {
            self.changes.send_modify(|changes| *changes += count);
        }
        Ok(end)
    }
}

impl Work {
    fn bytes(&self) -> usize {
        match self {
            Self::Entry(queued) => queued.entry.as_bytes().len(),
            Self::Barrier(_) => 0,
        }
    }
}

impl Queued {
    fn finish(self, position: Position, together: Together) {
        let head = self.entry.recorded.link.entry_hash;
        self.department.durable().add(self.sequence, head, position);
        drop(self.room);
        // The caller may have gone; the entry is durable all the same.
        drop(self.done.send(Done { entry: self.entry, together }));
    }
}
