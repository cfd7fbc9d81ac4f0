//! One chain as this server appends to it: what waits, and whose turn it is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tiendo_shared::submission::{Hash, Recorded, SubmissionId};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::Instant;

use crate::store::derived::department::Department;
use crate::store::{Appended, Error, Performed, Submission};

/// For how long a chain is locked before it is appended to, after another server appended to it.
const SHARED_FOR: Duration = Duration::from_secs(10);

/// The chain of a department.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) department: Arc<Department>,
    /// The right to change what is known of the chain, or to append to it.
    pub(super) turn: tokio::sync::Mutex<Turn>,
    /// What waits to be appended; none before the first, and once the engine closes.
    pub(super) queue: Mutex<Queue>,
}

/// What waits. What it holds is bounded by the permits that come with it.
#[derive(Debug, Default)]
pub(super) enum Queue {
    #[default]
    Unused,
    Open(mpsc::UnboundedSender<Work>),
    Closed,
}

/// What whoever has the turn knows.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// When another server last appended to it, as far as this one noticed.
    shared: Option<Instant>,
    /// The last entry of the newest snapshot, as far as this server knows.
    pub(super) saved: u32,
}

/// Something to append.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) job: Job,
    pub(super) came: Instant,
    /// Hash of the entry it becomes in the attempt under way.
    pub(super) sealed: Option<Hash>,
    /// Hashes of the entries it would have become in attempts that may have succeeded.
    pub(super) tried: Vec<Hash>,
    /// Its share of the bytes that may wait.
    pub(super) _room: OwnedSemaphorePermit,
}

/// What it is, and who waits for it.
#[derive(Debug)]
pub(super) enum Job {
    Submission(Box<Submission>, oneshot::Sender<Result<Appended, Error>>),
    Act(Box<(Performed, Vec<u8>)>, oneshot::Sender<Result<Recorded, Error>>),
}

impl Chain {
    pub(super) fn new(department: Arc<Department>) -> Self {
        Self { department, turn: tokio::sync::Mutex::default(), queue: Mutex::default() }
    }

    /// Takes no more.
    pub(super) fn close(&self) {
        *self.queue.lock().unwrap_or_else(PoisonError::into_inner) = Queue::Closed;
    }
}

impl Turn {
    /// Another server appended.
    pub(super) fn share(&mut self) {
        self.shared = Some(Instant::now());
    }

    /// Whether another server is likely to append meanwhile.
    pub(super) fn is_shared(&self) -> bool {
        self.shared.is_some_and(|at| at.elapsed() < SHARED_FOR)
    }
}

impl Work {
    /// Its id.
    pub(super) fn id(&self) -> SubmissionId {
        match &self.job {
            Job::Submission(submission, _) => submission.id,
            Job::Act(act, _) => act.0.id,
        }
    }

    /// Bytes of what is appended.
    pub(super) fn bytes(&self) -> usize {
        match &self.job {
            Job::Submission(submission, _) => submission.content.len(),
            Job::Act(act, _) => act.1.len(),
        }
    }

    /// Tells whoever waits that it was not done.
    pub(super) fn fail(self, error: Error) {
        // Whoever asked may have gone.
        match self.job {
            Job::Submission(_, done) => drop(done.send(Err(error))),
            Job::Act(_, done) => drop(done.send(Err(error))),
        }
    }
}
