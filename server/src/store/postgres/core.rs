//! What the tasks of the engine share, and how a submission reaches the chain of its department.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use prometheus::Histogram;
use tiendo_shared::submission::Recorded;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::chain::{Chain, Job, Queue, Work};
use super::database::{Database, Trouble};
use super::settle::Settled;
use crate::store::derived::Books;
use crate::store::derived::told::Told;
use crate::store::{Appended, Error, Performed, Submission};

/// For how long something is tried before it is given up.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);
/// For how long where it was given up before and the database has not answered since.
const AWAY_PATIENCE: Duration = Duration::from_secs(4);
/// How long to wait before the second attempt; twice as long before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest wait between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Bytes that one permit of [`Core::room`] stands for.
const PERMIT_BYTES: usize = 1024;

/// The shared part of the engine.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) books: Books,
    pub(super) database: Database,
    chains: RwLock<BTreeMap<String, Arc<Chain>>>,
    /// How many entries this server learned of since it started.
    pub(super) changes: watch::Sender<u64>,
    /// Of which instants answers spoke, as far as this server knows.
    pub(super) told: Told,
    /// The latest instant up to which everything is known here, in microseconds.
    pub(super) settled: AtomicI64,
    pub(super) settling: tokio::sync::Mutex<Settled>,
    room: Arc<Semaphore>,
    most_permits: u32,
    is_closed: AtomicBool,
    /// Whether the database did not answer for as long as is worth waiting: callers are then
    /// told at once, until it answers again.
    is_away: AtomicBool,
    /// Ends every task at once.
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
    /// How long groups took to become durable.
    pub(super) commits: Option<Histogram>,
}

impl Core {
    pub(super) fn new(books: Books, database: Database, waiting_bytes: usize) -> Self {
        let most_permits = permits(waiting_bytes);
        Self {
            books,
            database,
            chains: RwLock::default(),
            changes: watch::Sender::default(),
            told: Told::default(),
            settled: AtomicI64::new(i64::MIN),
            settling: tokio::sync::Mutex::default(),
            room: Arc::new(Semaphore::new(most_permits as usize)),
            most_permits,
            is_closed: AtomicBool::new(false),
            is_away: AtomicBool::new(false),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            commits: crate::metrics::commits(),
        }
    }

    /// The chain of a department.
    pub(super) fn chain(&self, id: &str) -> Arc<Chain> {
        let chains = self.chains.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(chain) = chains.get(id) {
            return Arc::clone(chain);
        }
        drop(chains);
        let mut chains = self.chains.write().unwrap_or_else(PoisonError::into_inner);
        let begin = || Arc::new(Chain::new(self.books.open_department(id)));
        Arc::clone(chains.entry(id.to_owned()).or_insert_with(begin))
    }

    /// Every chain.
    pub(super) fn chains(&self) -> Vec<Arc<Chain>> {
        let chains = self.chains.read().unwrap_or_else(PoisonError::into_inner);
        chains.values().map(Arc::clone).collect()
    }

    /// Decides and records a submission.
    pub(super) async fn append(
        self: &Arc<Self>,
        submission: Submission,
    ) -> Result<Appended, Error> {
        let room = self.room(submission.content.len()).await?;
        let chain = self.chain(&submission.department);
        let (done, wait) = oneshot::channel();
        self.send(&chain, Job::Submission(Box::new(submission), done), room)?;
        wait.await.map_err(|_| closed())?
    }

    /// Records an act.
    pub(super) async fn act(self: &Arc<Self>, performed: Performed) -> Result<Recorded, Error> {
        let content = performed.act.encode();
        let room = self.room(content.len()).await?;
        let chain = self.chain(&performed.department);
        let (done, wait) = oneshot::channel();
        self.send(&chain, Job::Act(Box::new((performed, content)), done), room)?;
        wait.await.map_err(|_| closed())?
    }

    /// Queues something; the first on a chain starts the task that appends to it.
    fn send(
        self: &Arc<Self>,
        chain: &Arc<Chain>,
        job: Job,
        room: OwnedSemaphorePermit,
    ) -> Result<(), Error> {
        let came = Instant::now();
        let work = Work { job, came, sealed: None, tried: Vec::new(), _room: room };
        let mut queue = chain.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_closed() {
            return Err(closed());
        }
        let sent = match &*queue {
            Queue::Open(sender) => sender.send(work),
            Queue::Unused => {
                let (sender, queued) = mpsc::unbounded_channel();
                let sent = sender.send(work);
                *queue = Queue::Open(sender);
                let appending = Arc::clone(self).append_all(Arc::clone(chain), queued);
                let stop = self.stop.clone();
                self.tasks.spawn(async move { stop.run_until_cancelled(appending).await });
                sent
            }
            Queue::Closed => return Err(closed()),
        };
        sent.map_err(|_| closed())
    }

    async fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Error> {
        let permits = permits(bytes).min(self.most_permits);
        Arc::clone(&self.room).acquire_many_owned(permits).await.map_err(|_| closed())
    }

    /// Bytes of what waits to be appended.
    pub(super) fn waiting_bytes(&self) -> u64 {
        let free = self.room.available_permits();
        (self.most_permits as usize).saturating_sub(free) as u64 * PERMIT_BYTES as u64
    }

    /// Takes nothing more, and waits until what waits is appended.
    pub(super) async fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        for chain in self.chains() {
            chain.close();
        }
        self.tasks.close();
        self.tasks.wait().await;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    /// Counts entries that reads show from now on.
    pub(super) fn changed(&self, count: u64) {
        if count > 0 {
            self.changes.send_modify(|changes| *changes += count);
        }
    }

    /// Does what `run` does, again where that may help, for as long as it is worth it.
    pub(super) async fn patiently<T, F>(&self, run: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Trouble>>,
    {
        let mut pause = self.pause();
        loop {
            let trouble = match tokio::time::timeout_at(pause.until, run()).await {
                Ok(Ok(done)) => {
                    self.answers();
                    return Ok(done);
                }
                Ok(Err(trouble)) => trouble,
                Err(_) => Trouble::Passing("it took too long".to_owned()),
            };
            if matches!(trouble, Trouble::Lasting(_)) || !pause.wait().await {
                self.gave_up(&trouble);
                return Err(trouble.into_error());
            }
        }
    }

    /// Pauses for as long as it is worth it now.
    pub(super) fn pause(&self) -> Pause {
        if self.is_away.load(Ordering::Relaxed) {
            return Pause { until: Instant::now() + AWAY_PATIENCE, next: AWAY_PATIENCE };
        }
        Pause { until: Instant::now() + PATIENCE, next: FIRST_PAUSE }
    }

    /// Notes that the database answers.
    pub(super) fn answers(&self) {
        self.is_away.store(false, Ordering::Relaxed);
    }

    /// Notes that something was given up.
    pub(super) fn gave_up(&self, trouble: &Trouble) {
        if matches!(trouble, Trouble::Passing(_)) {
            self.is_away.store(true, Ordering::Relaxed);
        }
    }
}

/// Longer and longer pauses, as long as it is worth it.
#[derive(Debug)]
pub(super) struct Pause {
    pub(super) until: Instant,
    next: Duration,
}

impl Pause {
    /// Waits, unless it is not worth it any more: then false.
    pub(super) async fn wait(&mut self) -> bool {
        if Instant::now() + self.next >= self.until {
            return false;
        }
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(LONGEST_PAUSE);
        true
    }
}

/// Why nothing is taken.
pub(super) fn closed() -> Error {
    Error::Unavailable("it is closed".to_owned())
}

fn permits(bytes: usize) -> u32 {
    u32::try_from(bytes / PERMIT_BYTES + 1).unwrap_or(u32::MAX)
}
