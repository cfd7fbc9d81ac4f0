//! Opens the engine: the checkpoint if it is fit, the journal's tail, or the whole journal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, RwLock};
use std::thread::JoinHandle;
use std::{fs, io};

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::journal::{self, Directory, Disk, DiskFile, Journal, Position, Reader};
use tiendo_shared::wire::Entry;
use tokio::sync::{Semaphore, watch};

use super::checkpoint::{Checkpoint, Root, Unfit, guarded, wait_for_sled};
use super::committer::{Committer, Work};
use super::core::{Core, permits};
use super::floor::Floor;
use super::load::Loaded;
use super::replay::{Derived, Replayed};
use super::turns::Stage;
use super::{Inner, Options, SledStore};
use crate::store::Error;
use crate::store::derived::Books;
use crate::store::derived::told::Told;
use crate::store::fault::Fault;

/// What [`SledStore::open`] found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened {
    /// Departments that have entries.
    pub departments: usize,
    /// Entries that were not in the checkpoint and were applied from the journal.
    pub replayed: u64,
    /// Why the checkpoint was not used, if there was one.
    pub rebuilt: Option<String>,
    /// Where a damaged checkpoint is kept.
    pub set_aside: Option<PathBuf>,
    /// Bytes of a commit that a crash interrupted; nobody was told it succeeded.
    pub torn_bytes: u64,
    /// What is wrong with the ledger.
    pub faults: Vec<Fault>,
    /// Measurements that the catalogue does not understand any more and reads leave out.
    pub unreadable: u64,
}

/// The parts of a store's directory.
struct Places<'a> {
    root: &'a Path,
    journal: Arc<dyn Disk>,
    journal_options: journal::Options,
    state: PathBuf,
}

/// A store that does not run yet.
struct Ready {
    checkpoint: Checkpoint,
    journal: Journal,
    replayed: Replayed,
    /// Whether a checkpoint is overdue.
    is_behind: bool,
}

pub(super) fn open(
    directory: &Path,
    catalogue: Arc<Catalogue>,
    options: Options,
) -> Result<(SledStore, Opened), Error> {
    let journal = Directory::new(directory.join("journal"));
    let journal = (journal as Arc<dyn Disk>, journal::Options::default());
    open_as(directory, journal, catalogue, options, None)
}

/// As [`open`], with the journal on any disk.
#[cfg(test)]
pub(super) fn open_on(
    directory: &Path,
    journal: (Arc<dyn Disk>, journal::Options),
    catalogue: Arc<Catalogue>,
    options: Options,
) -> Result<(SledStore, Opened), Error> {
    open_as(directory, journal, catalogue, options, None)
}

/// As [`open`], with the journal on any disk, on threads or on a stage.
pub(super) fn open_as(
    directory: &Path,
    (journal, journal_options): (Arc<dyn Disk>, journal::Options),
    catalogue: Arc<Catalogue>,
    options: Options,
    stage: Option<&Stage>,
) -> Result<(SledStore, Opened), Error> {
    let places =
        Places { root: directory, journal, journal_options, state: directory.join("state") };
    let lock = places.prepare().map_err(|error| places.failed("lock", &error))?;
    let mut opened = Opened::default();
    let ready = recover(&places, &catalogue, options, &mut opened)?;
    let free = stage.map(|stage| Arc::clone(&stage.free));
    let floor = Floor::new(directory, options.floor_bytes, free);
    let inner = start(ready, catalogue, options, floor, stage.is_some())
        .map_err(|error| places.failed("start", &error))?;
    Ok((SledStore { inner, _lock: lock }, opened))
}

impl Places<'_> {
    /// Creates what is not there and keeps other processes out.
    fn prepare(&self) -> io::Result<Arc<dyn DiskFile>> {
        fs::create_dir_all(self.root.join("journal"))?;
        let root = Directory::new(self.root);
        root.sync_names()?;
        if let Some(parent) = self.root.canonicalize()?.parent() {
            Directory::new(parent).sync_names()?;
        }
        root.lock()
    }

    fn failed(&self, action: &str, error: &io::Error) -> Error {
        let place = self.root.display();
        Error::Unavailable(match error.kind() {
            io::ErrorKind::WouldBlock => {
                format!("`{place}` is held by another process; stop it, or name another directory")
            }
            _ => format!("cannot {action} `{place}`: {error}"),
        })
    }

    /// Opens the checkpoint; one that is unfit makes way for an empty one.
    fn checkpoint(
        &self,
        catalogue: &Catalogue,
        opened: &mut Opened,
    ) -> Result<(Checkpoint, Root, Loaded), Error> {
        let open = || {
            // In one, so that sled's end too happens where it may panic.
            guarded(|| {
                let (checkpoint, root) = Checkpoint::open(&self.state, catalogue)?;
                let loaded = checkpoint.load(catalogue)?;
                checkpoint.is_compact(loaded.bytes)?;
                Ok((checkpoint, root, loaded))
            })
        };
        open().or_else(|unfit| {
            self.make_way(unfit, opened)?;
            open().map_err(|(Unfit::Damaged(cause) | Unfit::Outdated(cause))| {
                Error::Unavailable(format!("cannot begin `{}`: {cause}", self.state.display()))
            })
        })
    }

    fn make_way(&self, unfit: Unfit, opened: &mut Opened) -> Result<(), Error> {
        opened.rebuilt = Some(match unfit {
            Unfit::Outdated(cause) => {
                wait_for_sled(&self.state);
                fs::remove_dir_all(&self.state).map_err(|error| self.failed("renew", &error))?;
                cause
            }
            Unfit::Damaged(cause) => {
                let aside = self.set_aside().map_err(|error| self.failed("set aside", &error))?;
                opened.set_aside = Some(aside);
                cause
            }
        });
        Ok(())
    }

    /// Keeps the damaged checkpoint and the one before.
    fn set_aside(&self) -> io::Result<PathBuf> {
        let aside = |number: u64| self.root.join(format!("state.damaged-{number}"));
        let mut numbers = Vec::new();
        for entry in self.root.read_dir()? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("state.damaged-"));
            numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
        }
        numbers.sort_unstable();
        let next = numbers.last().map_or(1, |last| last + 1);
        numbers.pop();
        for old in numbers {
            fs::remove_dir_all(aside(old))?;
        }
        fs::rename(&self.state, aside(next))?;
        Ok(aside(next))
    }
}

fn recover(
    places: &Places<'_>,
    catalogue: &Catalogue,
    options: Options,
    opened: &mut Opened,
) -> Result<Ready, Error> {
    let (mut checkpoint, mut root, mut loaded) = places.checkpoint(catalogue, opened)?;
    let journal_options = journal::Options {
        committed: root.replay_from,
        allocation: options.allocation,
        ..places.journal_options
    };
    let (journal, recovery) = Journal::open(Arc::clone(&places.journal), journal_options)
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    let reader = journal.reader();

    if let Some(cause) = misfit(&loaded.replayed.departments, &reader) {
        drop(checkpoint);
        places.make_way(Unfit::Damaged(cause), opened)?;
        (checkpoint, root, loaded) = places.checkpoint(catalogue, opened)?;
    }
    let Loaded { mut replayed, ahead, .. } = loaded;
    replayed.burned = root.burned;
    replayed.apply(&reader, root.replay_from, catalogue);
    if let Some(cause) = lead(&ahead, &replayed) {
        drop(checkpoint);
        places.make_way(Unfit::Damaged(cause), opened)?;
        (checkpoint, root, _) = places.checkpoint(catalogue, opened)?;
        replayed = Replayed::default();
        replayed.apply(&reader, Position::START, catalogue);
    }

    opened.departments = replayed.departments.len();
    opened.replayed = replayed.entries;
    opened.torn_bytes = recovery.torn_bytes;
    opened.unreadable = replayed.unreadable;
    opened.faults = std::mem::take(&mut replayed.faults);
    for damage in recovery.damage.into_iter().map(Fault::Damage) {
        if !opened.faults.contains(&damage) {
            opened.faults.push(damage);
        }
    }
    let is_behind = reader.end().0 - root.replay_from.0 >= options.checkpoint_bytes;
    Ok(Ready { checkpoint, journal, replayed, is_behind })
}

/// Why the checkpoint is not of this journal, if so: each chain's last entry must
/// stand where it says.
fn misfit(departments: &BTreeMap<String, Derived>, reader: &Reader) -> Option<String> {
    departments.iter().find_map(|(id, Derived { state, durable })| {
        let position = durable.position(state.last)?;
        let entry = reader.read(position).ok().and_then(|bytes| Entry::decode(bytes).ok());
        let is_fit = entry.is_some_and(|entry| entry.recorded.link.entry_hash == state.head);
        (!is_fit).then(|| format!("entry {} of `{id}` is not in the journal", state.last))
    })
}

/// Why the checkpoint holds measurements of entries that the journal does not
/// have any more, if it may.
fn lead(ahead: &[(String, u32)], replayed: &Replayed) -> Option<String> {
    ahead.iter().find_map(|(id, reach)| {
        let last = replayed.departments.get(id).map_or(0, |derived| derived.state.last);
        (last < *reach || !replayed.faults.is_empty())
            .then(|| format!("it may be ahead of the journal in `{id}`"))
    })
}

fn start(
    ready: Ready,
    catalogue: Arc<Catalogue>,
    options: Options,
    floor: Floor,
    by_turns: bool,
) -> io::Result<Arc<Inner>> {
    let Ready { checkpoint, journal, replayed, is_behind } = ready;
    let (ask, asked) = sync_channel(1);
    let (queue, queued) = channel();
    let closes = Arc::new(AtomicBool::new(false));
    let end = journal.end();
    let commits = crate::metrics::commits();
    let mut core = core(replayed, catalogue, options, &journal, (queue, floor));
    core.by_turns = by_turns;
    let committer = Committer {
        journal,
        queue: queued,
        failure: Arc::clone(&core.failure),
        changes: Arc::clone(&core.changes),
        checkpoint: SyncSender::clone(&ask),
        checkpoint_bytes: options.checkpoint_bytes,
        asked: end,
        closes: Arc::clone(&closes),
        commits: commits.clone(),
    };
    if is_behind {
        ask.try_send(()).ok();
    }
    drop(ask);
    let checkpoint = Mutex::new(Some(checkpoint));
    let (turns, committer) =
        if by_turns { (Some(committer), None) } else { (None, Some(committer)) };
    let (turns, threads) = (Mutex::new(turns), Mutex::default());
    let inner = Arc::new(Inner { core, checkpoint, closes, commits, threads, turns });
    let Some(committer) = committer else { return Ok(inner) };
    let saver = Arc::clone(&inner);
    let threads = [
        spawn("tiendo-checkpoint", move || saver.run_checkpoints(&asked))?,
        spawn("tiendo-commit", move || committer.run())?,
    ];
    inner.threads().extend(threads);
    Ok(inner)
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run)
}

fn core(
    replayed: Replayed,
    catalogue: Arc<Catalogue>,
    options: Options,
    journal: &Journal,
    (queue, floor): (Sender<Work>, Floor),
) -> Core {
    let Replayed { departments, burned, .. } = replayed;
    let departments =
        departments.into_iter().map(|(id, Derived { state, durable })| (id, state, durable));
    let most_permits = permits(options.waiting_bytes);
    Core {
        books: Books::new(catalogue, departments, burned),
        queue: RwLock::new(Some(queue)),
        room: Arc::new(Semaphore::new(most_permits as usize)),
        most_permits,
        failure: Arc::new(watch::Sender::new(None)),
        changes: Arc::default(),
        drained: AtomicBool::new(false),
        reader: journal.reader(),
        floor,
        told: Told::default(),
        by_turns: false,
    }
}
