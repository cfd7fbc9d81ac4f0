//! A disk in memory that forgets what was not synced, for tests that cut its power.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Disk, DiskFile};

const SECTOR: usize = 512;

/// A small generator of random numbers; the seed stands in every failure.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// `SplitMix64`.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }

    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

/// What goes wrong, and when; calls that change something are counted from 1.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "any of them may go with any other")]
pub(crate) struct Faults {
    /// The process dies in this call: a write may be done in part, then nothing is done any more.
    pub(crate) dies_at: Option<usize>,
    /// This call, if it is a sync, fails, and the pages it did not write look clean from then on.
    pub(crate) sync_fails_at: Option<usize>,
    /// This call, if it writes or creates, does so in part and fails: the disk is full or broken.
    pub(crate) write_fails_at: Option<usize>,
    /// No file becomes longer, and none is created.
    pub(crate) full: bool,
    /// Every call that changes something fails: the disk is mounted to be read only.
    pub(crate) read_only: bool,
    /// Syncs of files do nothing, as with an implementation that forgot them.
    pub(crate) no_file_sync: bool,
    /// Syncs of names do nothing.
    pub(crate) no_name_sync: bool,
}

/// Cheap to clone; the clones are one disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct ModelDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    files: Vec<Content>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    calls: usize,
    faults: Faults,
    locks: Arc<()>,
}

/// A file as processes see it, and as it is after a power cut.
#[derive(Clone, Debug, Default)]
struct Content {
    seen: Vec<u8>,
    durable: Vec<u8>,
    /// Sectors that were written since and may or may not have reached the disk.
    dirty: BTreeSet<usize>,
    /// A byte that the disk cannot give back.
    broken: Option<usize>,
}

impl ModelDisk {
    pub(crate) fn with(faults: Faults) -> Self {
        let disk = Self::default();
        disk.state().faults = faults;
        disk
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what goes wrong from now on.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.state().faults);
    }

    /// How many calls changed something so far.
    pub(crate) fn calls(&self) -> usize {
        self.state().calls
    }

    /// The disk as the next process finds it after this one died; the system lived on.
    pub(crate) fn after_death(&self, faults: Faults) -> Self {
        let state = self.state();
        let (files, names) = (state.files.clone(), state.names.clone());
        let durable_names = state.durable_names.clone();
        let state = State { files, names, durable_names, faults, ..State::default() };
        Self(Arc::new(Mutex::new(state)))
    }

    /// The disk after a power cut: what was synced is there, of the rest whatever chance left.
    pub(crate) fn after_power_cut(&self, random: &mut Random, faults: Faults) -> Self {
        let disk = self.after_death(faults);
        let mut state = disk.state();
        let mut names = state.durable_names.clone();
        for (name, file) in &state.names {
            if !random.one_in(2) {
                names.entry(name.clone()).or_insert(*file);
            }
        }
        // A file that was renamed has one of its two names.
        let renamed = |name: &String, file: &usize| {
            !state.names.contains_key(name)
                && names.iter().any(|(other, index)| index == file && other != name)
        };
        let lost: Vec<String> = names
            .iter()
            .filter(|(name, file)| renamed(name, file))
            .map(|it| it.0.clone())
            .collect();
        names.retain(|name, _| !lost.contains(name));
        state.names.clone_from(&names);
        state.durable_names = names;
        state.files.iter_mut().for_each(|file| file.lose_power(random));
        drop(state);
        disk
    }

    /// Changes the bytes of a file behind the journal's back.
    pub(crate) fn edit(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let index = state.names[name];
        let file = &mut state.files[index];
        change(&mut file.seen);
        file.durable.clone_from(&file.seen);
    }

    /// Makes every read of byte `at` of a file fail.
    pub(crate) fn break_byte(&self, name: &str, at: usize) {
        let mut state = self.state();
        let index = state.names[name];
        state.files[index].broken = Some(at);
    }

    pub(crate) fn content(&self, name: &str) -> Vec<u8> {
        let state = self.state();
        state.files[state.names[name]].seen.clone()
    }

    pub(crate) fn remove(&self, name: &str) {
        self.state().names.remove(name).unwrap();
    }
}

impl Content {
    /// Writes what is dirty, and only that.
    fn sync(&mut self) {
        self.durable.resize(self.seen.len(), 0);
        for sector in std::mem::take(&mut self.dirty) {
            let end = ((sector + 1) * SECTOR).min(self.seen.len());
            let from = (sector * SECTOR).min(end);
            self.durable[from..end].copy_from_slice(&self.seen[from..end]);
        }
    }

    fn set_length(&mut self, length: usize) {
        let changed = self.seen.len().min(length)..self.seen.len().max(length);
        self.dirty.extend(changed.start / SECTOR..changed.end.div_ceil(SECTOR));
        self.seen.resize(length, 0);
    }

    fn write(&mut self, bytes: &[u8], offset: usize) {
        let end = offset + bytes.len();
        self.seen.resize(self.seen.len().max(end), 0);
        self.seen[offset..end].copy_from_slice(bytes);
        self.dirty.extend(offset / SECTOR..end.div_ceil(SECTOR));
    }

    fn lose_power(&mut self, random: &mut Random) {
        let (old, new) = (self.durable.len(), self.seen.len());
        let length = match random.below(3) {
            0 => old,
            1 => new,
            _ => old.min(new) + random.below(old.abs_diff(new) + 1),
        };
        let mut kept = self.durable.clone();
        kept.resize(length, 0);
        // Sometimes nearly everything was written, sometimes nearly nothing; in any order.
        let odds = 1 + random.below(4);
        let lucky = random.one_in(2);
        self.dirty.retain(|_| random.one_in(odds) == lucky);
        let last = self.dirty.last().copied().filter(|_| random.one_in(2));
        for sector in std::mem::take(&mut self.dirty) {
            let written = if last == Some(sector) { random.below(SECTOR) } else { SECTOR };
            let end = (sector * SECTOR + written).min(length).min(new);
            let from = (sector * SECTOR).min(end);
            kept[from..end].copy_from_slice(&self.seen[from..end]);
        }
        self.seen.clone_from(&kept);
        self.durable = kept;
    }
}

impl State {
    /// Counts a call. Whether the process dies in it; an error if it is dead.
    fn count(&mut self) -> io::Result<bool> {
        self.calls += 1;
        if self.faults.read_only {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        match self.faults.dies_at {
            Some(call) if self.calls > call => Err(io::Error::other("the process is dead")),
            at => Ok(at == Some(self.calls)),
        }
    }
}

fn full<T>() -> io::Result<T> {
    Err(io::ErrorKind::StorageFull.into())
}

fn died<T>() -> io::Result<T> {
    Err(io::Error::other("the process died"))
}

impl Disk for ModelDisk {
    fn path(&self, name: &str) -> PathBuf {
        Path::new("model").join(name)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let index = *self.state().names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(ModelFile { disk: self.clone(), index, _lock: None }))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state();
        if !state.names.contains_key(name) {
            let dies = state.count()?;
            if state.faults.full || state.faults.write_fails_at == Some(state.calls) {
                return full();
            }
            let index = state.files.len();
            state.files.push(Content::default());
            state.names.insert(name.to_owned(), index);
            if dies {
                return died();
            }
        }
        drop(state);
        self.open(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        let dies = state.count()?;
        let index = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), index);
        if dies { died() } else { Ok(()) }
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut state = self.state();
        if state.count()? {
            return died();
        }
        if state.faults.sync_fails_at == Some(state.calls) {
            return Err(io::Error::other("input/output error"));
        }
        if !state.faults.no_name_sync {
            state.durable_names = state.names.clone();
        }
        Ok(())
    }

    fn lock(&self) -> io::Result<Arc<dyn DiskFile>> {
        let state = self.state();
        if Arc::strong_count(&state.locks) > 1 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let lock = Some(Arc::clone(&state.locks));
        Ok(Arc::new(ModelFile { disk: self.clone(), index: usize::MAX, _lock: lock }))
    }
}

#[derive(Debug)]
struct ModelFile {
    disk: ModelDisk,
    index: usize,
    _lock: Option<Arc<()>>,
}

impl ModelFile {
    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        if state.count()? {
            return died();
        }
        let Faults { sync_fails_at, no_file_sync, .. } = state.faults;
        let calls = state.calls;
        let file = &mut state.files[self.index];
        if sync_fails_at == Some(calls) {
            file.dirty.clear();
            return Err(io::Error::other("input/output error"));
        }
        if !no_file_sync {
            file.sync();
        }
        Ok(())
    }
}

impl DiskFile for ModelFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.state().files[self.index].seen.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.disk.state();
        let Content { seen, broken, .. } = &state.files[self.index];
        let from = usize::try_from(offset).unwrap();
        let rest = seen.get(from..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if broken.is_some_and(|at| (from..from + count).contains(&at)) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let dies = state.count()?;
        let end = usize::try_from(offset).unwrap() + bytes.len();
        let fails = state.faults.write_fails_at == Some(state.calls)
            || (state.faults.full && end > state.files[self.index].seen.len());
        // A write that fails, or that the process does not survive, is done up to some byte.
        let in_part = dies || fails;
        let done = if in_part { bytes.len() * (state.calls % 4) / 3 } else { bytes.len() };
        state.files[self.index]
            .write(&bytes[..done.min(bytes.len())], usize::try_from(offset).unwrap());
        match (dies, fails) {
            (true, _) => died(),
            (_, true) => full(),
            _ => Ok(()),
        }
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let dies = state.count()?;
        let length = usize::try_from(length).unwrap();
        let longer = length > state.files[self.index].seen.len();
        if state.faults.write_fails_at == Some(state.calls) || (state.faults.full && longer) {
            return full();
        }
        state.files[self.index].set_length(length);
        if dies { died() } else { Ok(()) }
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.sync()
    }
}
