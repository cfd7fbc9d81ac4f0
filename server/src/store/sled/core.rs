//! What the threads of the engine share, and how a submission passes through it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, mpsc};

use tiendo_shared::journal::{MAX_PAYLOAD_BYTES, Position, Reader};
use tiendo_shared::wire::{Entry, EntryKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::time::Instant;

use super::committer::{Done, Failure, Queued, Work};
use super::floor::Floor;
use crate::store::derived::department::{Decision, Department, State};
use crate::store::derived::told::Told;
use crate::store::derived::{Books, seal};
use crate::store::{Appended, Error, Submission, Together};

/// Bytes after which a page of entries ends.
const PAGE_BYTES: usize = 4 << 20;
/// Bytes that one permit of [`Core::room`] stands for.
const PERMIT_BYTES: usize = 1024;

/// The shared part of the engine.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) books: Books,
    /// The committer's queue; none once the engine closes.
    pub(super) queue: RwLock<Option<mpsc::Sender<Work>>>,
    /// What may wait in the queue.
    pub(super) room: Arc<Semaphore>,
    pub(super) most_permits: u32,
    pub(super) failure: Arc<Failure>,
    /// How many entries became durable since the start.
    pub(super) changes: Arc<watch::Sender<u64>>,
    /// Whether the queue is closed and everything applied is durable.
    pub(super) drained: AtomicBool,
    pub(super) reader: Reader,
    pub(super) floor: Floor,
    /// Of which instants answers spoke.
    pub(super) told: Told,
    /// Whether there are no threads: everything is done at once, by whoever asks.
    pub(super) by_turns: bool,
}

/// How far a submission came while its department was locked.
enum Step {
    /// Its id was used for this entry.
    Earlier(u32),
    /// It was refused, given the entries up to this one.
    Refused(Decision, u32),
    /// It is in the queue.
    Queued(oneshot::Receiver<Done>),
}

/// How many permits stand for so many bytes.
pub(super) fn permits(bytes: usize) -> u32 {
    u32::try_from(bytes / PERMIT_BYTES + 1).unwrap_or(u32::MAX)
}

impl Core {
    /// Decides and records a submission.
    pub(super) async fn append(&self, submission: Submission) -> Result<Appended, Error> {
        self.floor.check(submission.content.len())?;
        let came = Instant::now();
        let room = self.room(submission.content.len()).await?;
        let department = self.books.open_department(&submission.department);
        match self.queue_up(&department, &submission, room, came)? {
            Step::Earlier(sequence) => self.repeated(&department, sequence, &submission).await,
            Step::Refused(decision, last) => self.not_recorded(&department, decision, last).await,
            Step::Queued(done) => {
                let Done { entry, together } = done.await.map_err(|_| self.unavailable())?;
                Ok(Appended::Recorded { recorded: entry.recorded, duplicate: false, together })
            }
        }
    }

    /// Decides a submission and records nothing.
    pub(super) async fn rehearse(&self, submission: Submission) -> Result<Appended, Error> {
        let Some(department) = self.books.department(&submission.department) else {
            let Submission { items, all_or_nothing, .. } = submission;
            let decision = State::default().decide(&self.books.catalogue, &items, all_or_nothing);
            return Ok(decision.into());
        };
        match self.try_out(&department, &submission)? {
            Ok((decision, last)) => self.not_recorded(&department, decision, last).await,
            Err(earlier) => self.repeated(&department, earlier, &submission).await,
        }
    }

    /// The decision and the last entry it rests on, or the entry that used the id.
    fn try_out(
        &self,
        department: &Department,
        submission: &Submission,
    ) -> Result<Result<(Decision, u32), u32>, Error> {
        let state = department.read()?;
        Ok(state.earlier(submission.id).map_or_else(
            || {
                let Submission { items, all_or_nothing, .. } = submission;
                Ok((state.decide(&self.books.catalogue, items, *all_or_nothing), state.last))
            },
            Err,
        ))
    }

    /// How much waits for the disk.
    pub(super) fn waiting_bytes(&self) -> u64 {
        let free = self.room.available_permits();
        (self.most_permits as usize).saturating_sub(free) as u64 * PERMIT_BYTES as u64
    }

    /// Waits until the queue has room for a content of so many bytes.
    pub(super) async fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Error> {
        let permits = permits(bytes).min(self.most_permits);
        let room = Arc::clone(&self.room).acquire_many_owned(permits).await;
        room.map_err(|_| self.unavailable())
    }

    /// Everything that happens under the department's lock.
    fn queue_up(
        &self,
        department: &Arc<Department>,
        submission: &Submission,
        room: OwnedSemaphorePermit,
        came: Instant,
    ) -> Result<Step, Error> {
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
        let queue = queue.as_ref().ok_or_else(|| self.unavailable())?;
        let mut state = department.write()?;
        if let Some(sequence) = state.earlier(submission.id) {
            return Ok(Step::Earlier(sequence));
        }
        let Submission { items, all_or_nothing, .. } = submission;
        let mut decision = state.decide(&self.books.catalogue, items, *all_or_nothing);
        if *all_or_nothing && !decision.rejections.is_empty() {
            return Ok(Step::Refused(decision, state.last));
        }
        let places = std::mem::take(&mut decision.places);
        let sequence = state.next()?;
        let received = state.received(self.told.stamp(submission.received, came.elapsed()));
        let entry = Box::new(seal(submission, decision, sequence, received, state.head));
        if entry.as_bytes().len() > MAX_PAYLOAD_BYTES {
            return Err(Error::Unavailable("an entry is longer than 64 MiB; split it".to_owned()));
        }
        if self.failure.borrow().is_some() {
            return Err(self.unavailable());
        }
        state.apply(&entry.recorded, sequence, items, &places);
        Ok(Step::Queued(self.queue_entry(queue, department, sequence, entry, room)?))
    }

    /// Hands an entry that is applied to the committer, which gives it back.
    pub(super) fn queue_entry(
        &self,
        queue: &mpsc::Sender<Work>,
        department: &Arc<Department>,
        sequence: u32,
        entry: Box<Entry>,
        room: OwnedSemaphorePermit,
    ) -> Result<oneshot::Receiver<Done>, Error> {
        let (done, wait) = oneshot::channel();
        let department = Arc::clone(department);
        let queued = Queued { department, sequence, entry, done, room };
        queue.send(Work::Entry(queued)).map_err(|_| self.unavailable())?;
        Ok(wait)
    }

    /// The answer to a submission whose id an earlier one used.
    async fn repeated(
        &self,
        department: &Department,
        sequence: u32,
        submission: &Submission,
    ) -> Result<Appended, Error> {
        let entry = self.durable_entry(department, sequence).await?;
        if entry.kind != EntryKind::Submission || entry.content_hash != submission.content_hash {
            return Err(Error::ContentDiffers(submission.id));
        }
        let together = Together::alone(entry.recorded.link.clone());
        Ok(Appended::Recorded { recorded: entry.recorded, duplicate: true, together })
    }

    /// An answer that rests on the entries up to `last`, which may not be durable yet.
    async fn not_recorded(
        &self,
        department: &Department,
        decision: Decision,
        last: u32,
    ) -> Result<Appended, Error> {
        self.durable(department, last).await?;
        Ok(decision.into())
    }

    /// Reads an entry back once it is durable.
    pub(super) async fn durable_entry(
        &self,
        department: &Department,
        sequence: u32,
    ) -> Result<Entry, Error> {
        self.durable(department, sequence).await?;
        self.entry(department, sequence).await
    }

    /// Waits until an entry is durable.
    pub(super) async fn durable(
        &self,
        department: &Department,
        sequence: u32,
    ) -> Result<(), Error> {
        if department.durable().last >= sequence {
            return Ok(());
        }
        self.barrier()?.await.map_err(|_| self.unavailable())
    }

    /// Tells when everything that is queued now is durable.
    pub(super) fn barrier(&self) -> Result<oneshot::Receiver<()>, Error> {
        let (done, wait) = oneshot::channel();
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
        let queue = queue.as_ref().ok_or_else(|| self.unavailable())?;
        queue.send(Work::Barrier(done)).map_err(|_| self.unavailable())?;
        Ok(wait)
    }

    /// Reads an entry back.
    pub(super) async fn entry(
        &self,
        department: &Department,
        sequence: u32,
    ) -> Result<Entry, Error> {
        let mut entries = self.page(department, sequence..=sequence, 1).await?;
        entries.pop().ok_or_else(|| Error::Corrupt("an entry is lost".to_owned()))
    }

    /// Reads entries back, at least one of those asked for. Those before a damaged
    /// one are a page of their own, so that the next page's error names it.
    pub(super) async fn page(
        &self,
        department: &Department,
        sequences: impl Iterator<Item = u32>,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let places: Vec<(u32, Option<Position>)> = {
            let durable = department.durable();
            let sequences = sequences.take(limit);
            sequences.map(|sequence| (sequence, durable.position(sequence))).collect()
        };
        if self.by_turns {
            return read_page(&self.reader, &department.id, &places);
        }
        let (reader, id) = (self.reader.clone(), department.id.clone());
        // Most often from memory, but a disk may have to seek.
        let read = tokio::task::spawn_blocking(move || read_page(&reader, &id, &places)).await;
        read.map_err(|panic| Error::Corrupt(panic.to_string()))?
    }

    /// Whether the queue is closed and everything applied is durable.
    pub(super) fn is_drained(&self) -> bool {
        self.drained.load(Ordering::Acquire)
    }

    /// Why nothing is taken.
    pub(super) fn unavailable(&self) -> Error {
        let cause = self.failure.borrow().clone();
        Error::Unavailable(cause.unwrap_or_else(|| "it is closed".to_owned()))
    }
}

fn read_page(
    reader: &Reader,
    department: &str,
    places: &[(u32, Option<Position>)],
) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::with_capacity(places.len());
    let mut bytes = 0;
    for (sequence, position) in places {
        let entry = position
            .ok_or_else(|| "it is lost".to_owned())
            .and_then(|position| read_entry(reader, position));
        match entry {
            Ok(entry) => {
                bytes += entry.as_bytes().len();
                entries.push(entry);
            }
            Err(_) if !entries.is_empty() => break,
            Err(error) => {
                let name = format!("entry {sequence} of `{department}`");
                return Err(Error::Corrupt(format!("{name}: {error}")));
            }
        }
        if bytes >= PAGE_BYTES {
            break;
        }
    }
    Ok(entries)
}

/// Reads the entry at a position.
pub(super) fn read_entry(reader: &Reader, position: Position) -> Result<Entry, String> {
    let bytes = reader.read(position).map_err(|error| error.to_string())?;
    Entry::decode(bytes).map_err(|error| error.to_string())
}
