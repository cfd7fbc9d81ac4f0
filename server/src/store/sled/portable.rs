//! The journal written as an export, and an export appended to a journal.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use tiendo_shared::journal::{self, Directory, Disk as _, DiskFile, Journal, Position, Reader};
use tiendo_shared::submission::{Hash, Link, NO_HASH};
use tiendo_shared::wire::Entry;

use super::replay::place;
use super::verify::VerifyReport;
use crate::store::fault::{Fault, Place, follow};
use crate::store::{Error, export};

/// Bytes of entries that are made durable with one sync.
const COMMIT_BYTES: usize = 4 << 20;

/// Why an import stopped. What was taken before is there, and the same export goes on from it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The stream cannot be read.
    #[error("the export: {0}")]
    Stream(#[from] export::Unreadable),
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// The folder is not usable.
    #[error(transparent)]
    Store(#[from] Error),
    /// An entry is not what was hashed, or does not follow.
    #[error("the export, byte {at}: {why}")]
    Entry {
        /// The byte at which it begins.
        at: u64,
        /// What is wrong.
        why: String,
    },
    /// The ledger has another entry in its place.
    #[error(
        "entry {sequence} of `{department}` is another one in this ledger; they do not belong together"
    )]
    Differs {
        /// Department id.
        department: String,
        /// Sequence of the entry.
        sequence: u64,
    },
    /// A chain does not end where the export says.
    #[error("the chain of `{0}` does not end where the export says; it was changed")]
    Head(String),
}

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Entries that are new here.
    pub taken: u64,
    /// Entries that were here before.
    pub known: u64,
}

/// Writes every entry of the journal that `reader` sees; what is wrong with it is left out and told.
pub fn export<W: Write>(
    reader: &Reader,
    mut out: export::Writer<W>,
) -> std::io::Result<(u64, Vec<Fault>)> {
    let mut heads: BTreeMap<String, (u64, Hash)> = BTreeMap::new();
    let mut faults = Vec::new();
    for item in reader.scan(Position::START) {
        let (position, bytes) = match item {
            Ok(record) => record,
            Err(damage) => {
                faults.push(Fault::Damage(damage));
                continue;
            }
        };
        let place = || place(reader, position);
        let entry = Entry::decode(bytes).and_then(|entry| entry.verify().map(|()| entry));
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                faults.push(Fault::Entry { place: place(), error });
                continue;
            }
        };
        let link = &entry.recorded.link;
        let head = heads.entry(link.department.clone()).or_insert((0, NO_HASH));
        if let Err(fault) = follow(*head, link, place) {
            let is_repeated = matches!(fault, Fault::Repeated { .. });
            faults.push(fault);
            if is_repeated {
                continue;
            }
        }
        *head = (link.sequence, link.entry_hash);
        out.add(&entry)?;
    }
    Ok((out.end()?, faults))
}

/// Reads a whole export: every hash, every link, every head. `name` is what it is called in faults.
pub fn verify_export(input: impl Read, name: &Path) -> Result<VerifyReport, export::Unreadable> {
    let mut stream = export::Reader::begin(input)?;
    let mut report = VerifyReport::default();
    let place = |offset| Place { file: name.to_path_buf(), offset };
    while let Some((at, entry)) = stream.entry()? {
        let added = entry.and_then(|entry| report.add(&entry, || place(at)));
        if let Err(error) = added {
            report.faults.push(Fault::Entry { place: place(at), error });
        }
    }
    for (department, (sequence, head)) in stream.heads()? {
        let found = report.departments.get(&department).map(|found| (found.sequence, found.head));
        if found != Some((sequence, head)) {
            report.faults.push(Fault::Head { department, sequence });
        }
    }
    report.bytes = stream.offset();
    Ok(report)
}

/// Appends what an export has and the ledger in `directory` has not. No server may run on it.
///
/// An entry is taken if it is the one that was hashed and follows from the last one of its chain;
/// with `despite_gaps` also after entries that the export does not have.
pub fn import(
    directory: &Path,
    input: impl Read,
    despite_gaps: bool,
) -> Result<Imported, ImportError> {
    let mut ledger = Ledger::open(directory)?;
    let mut stream = export::Reader::begin(input)?;
    let mut imported = Imported::default();
    let mut read: BTreeMap<String, (u64, Hash)> = BTreeMap::new();
    while let Some((at, entry)) = stream.entry()? {
        let refused = |why: String| ImportError::Entry { at, why };
        let entry = entry.map_err(|error| refused(error.to_string()))?;
        let link = &entry.recorded.link;
        read.insert(link.department.clone(), (link.sequence, link.entry_hash));
        if ledger.has(&entry.recorded.link)? {
            imported.known += 1;
            continue;
        }
        match ledger.follows(&entry.recorded.link) {
            Err(Fault::Gap { .. }) if despite_gaps => {}
            Err(fault) => {
                ledger.journal.commit()?;
                return Err(refused(fault.reason()));
            }
            Ok(()) => {}
        }
        ledger.add(&entry)?;
        imported.taken += 1;
    }
    ledger.journal.commit()?;
    for (department, head) in stream.heads()? {
        if read.get(&department) != Some(&head) {
            return Err(ImportError::Head(department));
        }
    }
    ledger.journal.close()?;
    Ok(imported)
}

/// A ledger that entries are appended to.
struct Ledger {
    journal: Journal,
    chains: BTreeMap<String, Chain>,
    waiting: usize,
    /// Keeps servers out.
    _lock: Arc<dyn DiskFile>,
}

/// The beginnings of the hashes of a chain, by sequence; few bytes, as there may be many.
#[derive(Default)]
struct Chain {
    head: (u64, Hash),
    hashes: BTreeMap<u64, u64>,
}

fn short(hash: &Hash) -> u64 {
    hash.first_chunk().copied().map(u64::from_le_bytes).unwrap_or_default()
}

impl Chain {
    fn hash(&self, sequence: u64) -> Option<u64> {
        self.hashes.get(&sequence).copied()
    }

    fn push(&mut self, link: &Link) {
        self.head = (link.sequence, link.entry_hash);
        self.hashes.insert(link.sequence, short(&link.entry_hash));
    }
}

impl Ledger {
    fn open(directory: &Path) -> Result<Self, ImportError> {
        let folder = directory.join("journal");
        let unusable = |error: std::io::Error| {
            let place = directory.display();
            Error::Unavailable(match error.kind() {
                std::io::ErrorKind::WouldBlock => {
                    format!("`{place}` is held by another process; stop the server first")
                }
                _ => format!("`{place}`: {error}"),
            })
        };
        fs::create_dir_all(&folder).map_err(unusable)?;
        let root = Directory::new(directory);
        root.sync_names().map_err(unusable)?;
        let lock = root.lock().map_err(unusable)?;
        let (journal, _) = Journal::open(Directory::new(folder), journal::Options::default())?;
        let mut chains: BTreeMap<String, Chain> = BTreeMap::new();
        for (_, bytes) in journal.reader().scan(Position::START).flatten() {
            let entry = Entry::decode(bytes).and_then(|entry| entry.verify().map(|()| entry));
            let Ok(entry) = entry else { continue };
            let link = entry.recorded.link;
            let chain = chains.entry(link.department.clone()).or_default();
            if link.sequence > chain.head.0 {
                chain.push(&link);
            }
        }
        Ok(Self { journal, chains, waiting: 0, _lock: lock })
    }

    /// Whether the entry is here; an error if another one has its place.
    fn has(&self, link: &Link) -> Result<bool, ImportError> {
        let Some(chain) = self.chains.get(&link.department) else { return Ok(false) };
        match chain.hash(link.sequence) {
            Some(hash) if hash == short(&link.entry_hash) => Ok(true),
            None if link.sequence > chain.head.0 => Ok(false),
            _ => {
                let (department, sequence) = (link.department.clone(), link.sequence);
                Err(ImportError::Differs { department, sequence })
            }
        }
    }

    fn follows(&self, link: &Link) -> Result<(), Fault> {
        let head = self.chains.get(&link.department).map(|chain| chain.head);
        let nowhere = || Place { file: "export".into(), offset: 0 };
        follow(head.unwrap_or((0, NO_HASH)), link, nowhere)
    }

    fn add(&mut self, entry: &Entry) -> Result<(), ImportError> {
        self.journal.append(entry.as_bytes())?;
        let link = &entry.recorded.link;
        self.chains.entry(link.department.clone()).or_default().push(link);
        self.waiting += entry.as_bytes().len();
        if self.waiting >= COMMIT_BYTES {
            self.journal.commit()?;
            self.waiting = 0;
        }
        Ok(())
    }
}
