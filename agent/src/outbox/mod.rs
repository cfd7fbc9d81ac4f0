//! The ledger of this computer: every submission before it is sent, every answer that came.
//!
//! Append-only, over the journal of `shared`. A submission is on the disk before
//! the first byte of it goes out, and waits until an answer is on the disk too.
//! Nothing is ever dropped: not by age, not by number of tries. Memory is bounded
//! by what waits.

#[cfg(test)]
mod crash_tests;
mod index;
#[cfg(test)]
#[path = "../../../shared/src/journal/model_disk.rs"]
#[allow(dead_code, reason = "the tests of `shared` use more of it")]
mod model_disk;
pub(crate) mod record;
mod repair;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use prost::Message as _;
#[cfg(test)]
use tiendo_shared::journal::DiskFile;
use tiendo_shared::journal::{
    self, Damage, Directory, Disk, Journal, Options, Position, Reader, Scan,
};
use tiendo_shared::submission::SubmissionId;
use tiendo_shared::wire::v1;

pub(crate) use self::index::Index;
use self::record::{
    Answered, Checkpoint, Doubted, Entry, Failed, Prepared, Record, Released, Reopened, Repaired,
    Split, Trusted, Waiting,
};
pub(crate) use self::repair::{Doubtful, Examined, Lost, examine};
use crate::home::{self, Home};
use crate::world;

/// How often, and how long apart, an onlooker tries to open a ledger that changes.
const MOST_TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(50);

/// Why the ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The journal refused.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// The folder cannot be used.
    #[error("`{}` cannot be used: {cause}", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// What stands at a position is no record of the kind expected.
    #[error("the ledger has no submission at position {0}")]
    NotThere(u64),
}

/// The ledger, open for writing; one process at a time.
#[derive(Debug)]
pub(crate) struct Outbox {
    journal: Journal,
    reader: Reader,
    index: Index,
    checkpoint: PathBuf,
}

/// What opening found out of order; all empty in the usual case.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Ranges that should hold records and do not.
    pub(crate) damage: Vec<Damage>,
    /// Copies of what was damaged or cut.
    pub(crate) quarantined: Vec<PathBuf>,
    /// Submissions that were prepared by a command that died before it released them.
    pub(crate) unreleased: usize,
}

impl Outbox {
    /// Opens the ledger in `home`, or begins one.
    pub(crate) fn open(home: &Home) -> Result<(Self, Findings), Error> {
        let folder = |cause| Error::Folder { path: home.path().to_owned(), cause };
        home.create().map_err(folder)?;
        Self::open_on(disk(home), home.checkpoint(), Options::default())
    }

    /// Opens the ledger on any disk.
    fn open_on(
        disk: Arc<dyn Disk>,
        checkpoint: PathBuf,
        options: Options,
    ) -> Result<(Self, Findings), Error> {
        let (mut index, from) = saved(&checkpoint);
        let options = Options { committed: from, ..options };
        let (journal, recovery) = Journal::open(disk, options)?;
        let reader = journal.reader();
        replay(&mut index, reader.scan(from));
        let mut damage = recovery.damage;
        damage.retain(|damage| !index.is_set_aside(damage));
        let findings = Findings {
            damage,
            quarantined: recovery.quarantined,
            unreleased: index.drop_unreleased(),
        };
        Ok((Self { journal, reader, index, checkpoint }, findings))
    }

    /// What waits, and what came last.
    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// Records a submission; durable on return, sent once its act is released.
    pub(crate) fn prepare(&mut self, prepared: Prepared) -> Result<(), Error> {
        self.append([Entry::Prepared(prepared)])
    }

    /// Lets everything prepared for `act` be sent.
    pub(crate) fn release(&mut self, act: SubmissionId) -> Result<(), Error> {
        self.append([Entry::Released(Released { act: act.as_bytes().to_vec() })])
    }

    /// The submission that waits.
    pub(crate) fn load(&self, waiting: &Waiting) -> Result<Prepared, Error> {
        prepared_at(&self.reader, waiting.prepared)
    }

    /// Records the server's answer; the submission no longer waits.
    pub(crate) fn answer(
        &mut self,
        waiting: &Waiting,
        response: v1::SubmitMeasurementsResponse,
        agent: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.append([Entry::Answered(Answered {
            id: waiting.id.clone(),
            prepared: waiting.prepared,
            response: Some(response),
            agent: agent.to_owned(),
            at_us: now.as_microsecond(),
        })])
    }

    /// Records that a submission can never be taken as it is; it no longer waits.
    pub(crate) fn fail(
        &mut self,
        waiting: &Waiting,
        code: i32,
        message: String,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.append([Entry::Failed(Failed {
            id: waiting.id.clone(),
            prepared: waiting.prepared,
            code,
            message,
            at_us: now.as_microsecond(),
        })])
    }

    /// Puts shorter submissions in the place of one that was too long.
    pub(crate) fn split(&mut self, whole: &Waiting, pieces: [Prepared; 2]) -> Result<(), Error> {
        let [one, other] = pieces.map(Entry::Prepared);
        self.append([one, other, Entry::Split(Split { id: whole.id.clone() })])
    }

    /// Lets a submission be sent again that the server had given a receipt for.
    /// The answer stands at `position`.
    pub(crate) fn reopen(&mut self, answered: &Answered, position: Position) -> Result<(), Error> {
        let items = prepared_at(&self.reader, answered.prepared)?.items;
        let (id, prepared) = (answered.id.clone(), answered.prepared);
        let answered = position.0 + 1;
        self.append([Entry::Reopened(Reopened { id, prepared, items, answered })])
    }

    /// The answer that the server gave to what waits, before it lost it.
    pub(crate) fn earlier_answer(&self, waiting: &Waiting) -> Option<v1::EarlierAnswer> {
        let bytes = self.reader.read(Position(waiting.answered.checked_sub(1)?)).ok()?;
        let Some(Entry::Answered(answered)) = Record::decode(&*bytes).ok()?.entry else {
            return None;
        };
        let response = answered.response?;
        Some(v1::EarlierAnswer {
            receipt: response.receipt,
            outcomes: response.outcomes,
            rejections: response.rejections,
            agent: answered.agent,
        })
    }

    /// Records that the server tells another receipt than the one it gave.
    pub(crate) fn doubt(
        &mut self,
        kept: v1::Receipt,
        told: v1::Receipt,
        now: Timestamp,
    ) -> Result<(), Error> {
        let (kept, told) = (Some(kept), Some(told));
        self.append([Entry::Doubted(Doubted { kept, told, at_us: now.as_microsecond() })])
    }

    /// Records that someone takes the server's chain as it is.
    pub(crate) fn trust(&mut self, doubt: &Doubted, now: Timestamp) -> Result<(), Error> {
        let receipt = doubt.told.clone();
        self.append([Entry::Trusted(Trusted { receipt, at_us: now.as_microsecond() })])
    }

    /// Notes that a damaged range is known.
    pub(crate) fn set_aside(&mut self, damage: &Damage, now: Timestamp) -> Result<(), Error> {
        let (from, length) = (damage.position.0, damage.length);
        self.append([Entry::Repaired(Repaired { from, length, at_us: now.as_microsecond() })])
    }

    /// Releases what was prepared for `act` before this process began.
    pub(crate) fn release_again(&mut self, act: SubmissionId) -> Result<(), Error> {
        for found in decoded(self.reader.scan(Position::START)) {
            let Ok((position, record)) = found else { continue };
            if matches!(&record.entry, Some(Entry::Prepared(one)) if one.act == act.as_bytes()) {
                self.index.apply(position, &record);
            }
        }
        self.release(act)
    }

    /// Every record, in order.
    pub(crate) fn records(&self) -> impl Iterator<Item = Result<(Position, Record), Damage>> {
        decoded(self.reader.scan(Position::START))
    }

    /// Ends in good order.
    pub(crate) fn close(self) -> Result<(), Error> {
        let checkpoint = self.index.checkpoint(self.journal.end()).encode_to_vec();
        self.journal.close()?;
        home::replace(&self.checkpoint, &checkpoint)
            .map_err(|cause| Error::Folder { path: self.checkpoint, cause })
    }

    /// Appends records so that a crash leaves a beginning of them.
    fn append<const N: usize>(&mut self, entries: [Entry; N]) -> Result<(), Error> {
        let records = entries.map(|entry| Record { entry: Some(entry) });
        let mut positions = [Position::START; N];
        for (position, record) in positions.iter_mut().zip(&records) {
            *position = self.journal.append(&record.encode_to_vec())?;
        }
        self.journal.commit()?;
        for (position, record) in positions.into_iter().zip(&records) {
            self.index.apply(position, record);
        }
        Ok(())
    }
}

/// The ledger as another process may be writing it: for a look, without a lock.
#[derive(Debug)]
pub(crate) struct View {
    reader: Reader,
    /// What waits, and what came last.
    pub(crate) index: Index,
}

impl View {
    /// Looks at the ledger in `home`; an empty one if there is none.
    pub(crate) fn open(home: &Home) -> Result<Self, Error> {
        let folder = |cause| Error::Folder { path: home.path().to_owned(), cause };
        home.create().map_err(folder)?;
        let mut tries = 0;
        let reader = loop {
            match Reader::open(disk(home)) {
                // Another process may be in the middle of beginning a segment.
                Err(error) if tries < MOST_TRIES => {
                    tracing::debug!("looking at the ledger once more: {error}");
                    tries += 1;
                    std::thread::sleep(PAUSE);
                }
                opened => break opened?,
            }
        };
        let (mut index, from) = saved(&home.checkpoint());
        replay(&mut index, reader.scan(from));
        index.drop_unreleased();
        Ok(Self { reader, index })
    }

    /// Every record, in order.
    pub(crate) fn records(&self) -> impl Iterator<Item = Result<(Position, Record), Damage>> {
        decoded(self.reader.scan(Position::START))
    }

    /// The record at a position.
    pub(crate) fn record_at(&self, position: Position) -> Result<Entry, Error> {
        let bytes = self.reader.read(position)?;
        let record = Record::decode(&*bytes).unwrap_or_default();
        record.entry.ok_or(Error::NotThere(position.0))
    }

    /// The submission prepared at a position.
    pub(crate) fn prepared_at(&self, position: u64) -> Result<Prepared, Error> {
        prepared_at(&self.reader, position)
    }
}

fn disk(home: &Home) -> Arc<dyn Disk> {
    let simulated = world::simulated(|around| around.ledger());
    simulated.unwrap_or_else(|| Directory::new(home.ledger()))
}

/// The index as it was last saved; an empty one if that cannot be read.
fn saved(path: &Path) -> (Index, Position) {
    let bytes = home::read_if_present(path).unwrap_or_default();
    Checkpoint::decode(&*bytes).map(Index::resume).unwrap_or_default()
}

fn replay(index: &mut Index, scan: Scan) {
    for (position, record) in decoded(scan).flatten() {
        index.apply(position, &record);
    }
}

fn decoded(scan: Scan) -> impl Iterator<Item = Result<(Position, Record), Damage>> {
    scan.map(|found| {
        // A newer program may have written records this one does not know: they decode as none.
        found.map(|(position, bytes)| (position, Record::decode(&*bytes).unwrap_or_default()))
    })
}

fn prepared_at(reader: &Reader, position: u64) -> Result<Prepared, Error> {
    let bytes = reader.read(Position(position))?;
    match Record::decode(&*bytes).unwrap_or_default().entry {
        Some(Entry::Prepared(prepared)) => Ok(prepared),
        _ => Err(Error::NotThere(position)),
    }
}

/// The id these 16 bytes are.
pub(crate) fn id_of(bytes: &[u8]) -> SubmissionId {
    SubmissionId::from_bytes(bytes.try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests;
