//! Appends what waits for a chain: a group becomes durable with one statement.
//!
//! The statement moves the end of the chain from the entry that this server knows, and inserts
//! nothing if that is not the end any more. Entries are applied to the state before they are
//! durable, as reads do not show them, and undone if they did not become so. Whether they did is
//! never guessed: the chain is read again, and an id that is in it is answered from there.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tiendo_shared::review::Refused;
use tiendo_shared::submission::{Hash, SubmissionId};
use tiendo_shared::wire::{Entry, EntryKind};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::chain::{Chain, Job, Turn, Work};
use super::core::Core;
use super::database::{Lease, Trouble};
use super::measured::measured;
use super::sql;
use super::write::{append, number};
use crate::store::derived::department::{Decision, State};
use crate::store::derived::{seal, seal_act};
use crate::store::{Appended, Error, Together};

/// Most entries in a group.
const MOST_ENTRIES: usize = 256;
/// Bytes from which on a group is full.
const FULL_BYTES: usize = 4 << 20;
/// The longest entry, as in a journal.
const LONGEST: usize = tiendo_shared::journal::MAX_PAYLOAD_BYTES;

/// What becomes of something that waited.
#[derive(Debug)]
enum Fate {
    /// It is this entry of the group.
    Sealed(usize),
    /// Its id was used by this entry of the group.
    Repeats(usize),
    /// Its id was used by this entry of the chain.
    Earlier(u32),
    /// It was refused, whole.
    Refused(Decision),
    /// It does not fit what the chain says.
    Misfit(Error),
}

/// A group that is decided.
#[derive(Debug, Default)]
pub(super) struct Group {
    fates: Vec<Fate>,
    pub(super) sealed: Vec<Entry>,
    /// What each of them changed, for the database's views.
    pub(super) measured: Vec<Option<String>>,
}

impl Group {
    /// A group that was decided elsewhere.
    pub(super) fn of(sealed: Vec<Entry>, measured: Vec<Option<String>>) -> Self {
        Self { fates: Vec::new(), sealed, measured }
    }
}

impl Core {
    /// Appends whatever comes, until nothing can come any more.
    pub(super) async fn append_all(
        self: Arc<Self>,
        chain: Arc<Chain>,
        mut queue: mpsc::UnboundedReceiver<Work>,
    ) {
        while let Some(first) = queue.recv().await {
            let mut bytes = first.bytes();
            let mut works = vec![first];
            while works.len() < MOST_ENTRIES
                && bytes < FULL_BYTES
                && let Ok(next) = queue.try_recv()
            {
                bytes += next.bytes();
                works.push(next);
            }
            self.append_group(&chain, works).await;
        }
    }

    async fn append_group(&self, chain: &Chain, mut works: Vec<Work>) {
        let mut pause = self.pause();
        let mut stood = false;
        loop {
            let began = Instant::now();
            let mut turn = chain.turn.lock().await;
            let attempt = self.attempt(chain, &mut turn, &mut works);
            let done = tokio::time::timeout_at(pause.until, attempt).await;
            let done = done.unwrap_or_else(|_| Err(Trouble::Passing("it took too long".into())));
            let trouble = match done {
                Ok(group) => {
                    drop(turn);
                    self.answers();
                    if let Some(commits) =
                        self.commits.as_ref().filter(|_| !group.sealed.is_empty())
                    {
                        commits.observe(began.elapsed().as_secs_f64());
                    }
                    self.changed(group.sealed.len() as u64);
                    return self.answer(chain, works, group).await;
                }
                Err(trouble) => trouble,
            };
            let error = self.recover(chain, &mut turn, &mut works, trouble, &mut stood).await;
            drop(turn);
            let goes_on = match &error {
                None => Instant::now() < pause.until,
                Some(Trouble::Lasting(_)) => false,
                Some(_) => pause.wait().await,
            };
            if !goes_on {
                let trouble = error.unwrap_or(Trouble::Moved);
                self.gave_up(&trouble);
                let error = trouble.into_error();
                for work in works {
                    work.fail(repeat(&error));
                }
                return;
            }
        }
    }

    /// Undoes what did not become durable and reads what others appended; what is left of the
    /// trouble.
    async fn recover(
        &self,
        chain: &Chain,
        turn: &mut Turn,
        works: &mut [Work],
        trouble: Trouble,
        stood: &mut bool,
    ) -> Option<Trouble> {
        for work in works {
            let sealed = work.sealed.take();
            // It may be durable all the same, unless the chain had moved.
            work.tried.extend(sealed.filter(|_| !matches!(trouble, Trouble::Moved)));
        }
        if let Err(broken) = undo(chain) {
            return Some(broken);
        }
        if !matches!(trouble, Trouble::Moved) {
            return Some(trouble);
        }
        match self.learn(chain, turn).await {
            // Not for anything that others appended, and not for the first time.
            Ok(learned) if learned.entries == 0 && std::mem::replace(stood, true) => Some(trouble),
            Ok(_) => None,
            Err(trouble) => Some(trouble),
        }
    }

    /// Decides a group and makes it durable. After an error the state has to be undone.
    async fn attempt(
        &self,
        chain: &Chain,
        turn: &mut Turn,
        works: &mut [Work],
    ) -> Result<Group, Trouble> {
        let lease = self.database.lease().await?;
        let is_locked = turn.is_shared();
        if is_locked {
            lease.batch_execute("BEGIN").await?;
            let lock = lease.prepare_cached(sql::LOCK_HEAD).await?;
            let head = lease.query_opt(&lock, &[&chain.department.id]).await?;
            self.catch_up_to(&lease, chain, turn, head).await?;
        }
        let group = self.decide(chain, works)?;
        let appended = match group.sealed.first().map(|entry| entry.recorded.received) {
            Some(stamp) => {
                let id = &chain.department.id;
                append(&lease, id, end(chain), &group, stamp.as_microsecond()).await?
            }
            None => is_at_end(&lease, chain).await?,
        };
        if is_locked {
            lease.batch_execute(if appended { "COMMIT" } else { "ROLLBACK" }).await?;
        }
        lease.sound();
        if !appended {
            return Err(Trouble::Moved);
        }
        if let Some(last) = group.sealed.last() {
            let link = &last.recorded.link;
            let sequence = u32::try_from(link.sequence).unwrap_or(u32::MAX);
            chain.department.durable().reach(sequence, link.entry_hash);
        }
        Ok(group)
    }

    /// Decides everything and applies what is sealed.
    fn decide(&self, chain: &Chain, works: &mut [Work]) -> Result<Group, Error> {
        let mut group = Group::default();
        let mut ids: HashMap<SubmissionId, usize> = HashMap::new();
        let mut state = chain.department.write()?;
        for work in works {
            let id = work.id();
            let fate = match (ids.get(&id), state.earlier(id)) {
                (Some(place), _) => Fate::Repeats(*place),
                (None, Some(sequence)) => Fate::Earlier(sequence),
                (None, None) => match self.seal(&mut state, work) {
                    Ok((entry, measured)) => {
                        work.sealed = Some(entry.recorded.link.entry_hash);
                        ids.insert(id, group.sealed.len());
                        group.sealed.push(entry);
                        group.measured.push(measured);
                        Fate::Sealed(group.sealed.len() - 1)
                    }
                    Err(fate) => fate,
                },
            };
            group.fates.push(fate);
        }
        Ok(group)
    }

    fn seal(&self, state: &mut State, work: &Work) -> Result<(Entry, Option<String>), Fate> {
        let sequence = state.next().map_err(Fate::Misfit)?;
        let stamp = |at: Timestamp| {
            let received = state.received(self.told.stamp(at, work.came.elapsed()));
            // The entry before may count from later than it came, and answers spoke of that.
            self.told.stamp(received, Duration::ZERO)
        };
        match &work.job {
            Job::Submission(submission, _) => {
                let items = &submission.items;
                let all_or_nothing = submission.all_or_nothing;
                let mut decision = state.decide(&self.books.catalogue, items, all_or_nothing);
                if all_or_nothing && !decision.rejections.is_empty() {
                    return Err(Fate::Refused(decision));
                }
                let places = std::mem::take(&mut decision.places);
                let received = stamp(submission.received);
                let entry = seal(submission, decision, sequence, received, state.head);
                let entry = fitting(entry)?;
                state.apply(&entry.recorded, sequence, items, &places);
                state.forget_unsaved();
                let measured = measured(&self.books.catalogue, items, &entry.recorded.outcomes);
                Ok((entry, measured))
            }
            Job::Act(act, _) => {
                let (performed, content) = &**act;
                if performed.only_after.is_some_and(|after| after != u64::from(state.last)) {
                    return Err(Fate::Misfit(Error::Overtaken(performed.department.clone())));
                }
                if let Some((period, wanted)) = performed.act.moves() {
                    let stands = state.moves.state(period);
                    if !stands.permits(wanted) {
                        let department = performed.department.clone();
                        let refused = Refused { department, period, state: stands, wanted };
                        return Err(Fate::Misfit(refused.into()));
                    }
                }
                let received = stamp(performed.at);
                let entry = seal_act(performed, content, sequence, received, state.head);
                let entry = fitting(entry)?;
                state.apply_act(&entry.recorded, sequence, &performed.act);
                state.forget_unsaved();
                Ok((entry, None))
            }
        }
    }

    /// Answers everybody in a group that is durable.
    async fn answer(&self, chain: &Chain, works: Vec<Work>, group: Group) {
        let links = group.sealed.iter().map(|entry| entry.recorded.link.clone()).collect();
        let together: Vec<Together> = Together::of(links).collect();
        for (work, fate) in works.into_iter().zip(group.fates) {
            let (entry, together, is_new) = match fate {
                Fate::Refused(decision) => {
                    if let Job::Submission(_, done) = work.job {
                        drop(done.send(Ok(decision.into())));
                    }
                    continue;
                }
                Fate::Misfit(error) => {
                    work.fail(error);
                    continue;
                }
                Fate::Sealed(place) => (group.sealed[place].clone(), together[place].clone(), true),
                Fate::Repeats(place) => {
                    (group.sealed[place].clone(), together[place].clone(), false)
                }
                Fate::Earlier(sequence) => {
                    match self.entry(&chain.department.id, sequence.into()).await {
                        Ok(entry) => {
                            let hash = entry.recorded.link.entry_hash;
                            let together = Together::alone(entry.recorded.link.clone());
                            (entry, together, work.tried.contains(&hash))
                        }
                        Err(error) => {
                            work.fail(error);
                            continue;
                        }
                    }
                }
            };
            tell(work, entry, together, is_new);
        }
    }
}

/// Tells whoever waits what is recorded under the id.
fn tell(work: Work, entry: Entry, together: Together, is_new: bool) {
    let id = work.id();
    // Whoever asked may have gone.
    match work.job {
        Job::Submission(submission, done) => {
            let is_same = entry.kind == EntryKind::Submission
                && entry.content_hash == submission.content_hash;
            let recorded = entry.recorded;
            let appended = Appended::Recorded { recorded, duplicate: !is_new, together };
            drop(done.send(is_same.then_some(appended).ok_or(Error::ContentDiffers(id))));
        }
        Job::Act(act, done) => {
            let is_same = entry.act().ok().flatten().as_ref() == Some(&act.0.act);
            drop(done.send(is_same.then_some(entry.recorded).ok_or(Error::ContentDiffers(id))));
        }
    }
}

/// Whether the chain still ends where it is known to: what is refused rests on that.
async fn is_at_end(lease: &Lease, chain: &Chain) -> Result<bool, Trouble> {
    let statement = lease.prepare_cached(sql::HEAD).await?;
    let row = lease.query_opt(&statement, &[&chain.department.id]).await?;
    let (last, hash) = end(chain);
    Ok(match row {
        Some(row) => row.get::<_, i64>(0) == number(last) && row.get::<_, &[u8]>(1) == hash,
        None => last == 0,
    })
}

/// Where the chain ends, as far as this server knows.
fn end(chain: &Chain) -> (u64, Hash) {
    let durable = chain.department.durable();
    (durable.last.into(), durable.head)
}

/// Forgets what did not become durable.
fn undo(chain: &Chain) -> Result<(), Trouble> {
    let (last, head) = {
        let durable = chain.department.durable();
        (durable.last, durable.head)
    };
    chain.department.write()?.undo(last, head);
    Ok(())
}

fn fitting(entry: Entry) -> Result<Entry, Fate> {
    if entry.as_bytes().len() > LONGEST {
        let why = "an entry is longer than 64 MiB; split it".to_owned();
        return Err(Fate::Misfit(Error::Unavailable(why)));
    }
    Ok(entry)
}

/// The same error for everybody who waits.
fn repeat(error: &Error) -> Error {
    match error {
        Error::Unavailable(cause) => Error::Unavailable(cause.clone()),
        Error::Corrupt(cause) => Error::Corrupt(cause.clone()),
        other => Error::Unavailable(other.to_string()),
    }
}
