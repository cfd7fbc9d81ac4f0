//! Proves a ledger from its journal alone, beside a running server if need be.

use std::collections::BTreeMap;
use std::path::Path;

use tiendo_shared::journal::{Directory, Position, Reader};
use tiendo_shared::submission::{Counts, Hash, NO_HASH};
use tiendo_shared::wire::{Entry, EntryError, count_items};

use super::replay::place;
use crate::store::Error;
use crate::store::fault::{Fault, Place, follow};

/// What a ledger holds and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// The departments, by id.
    pub departments: BTreeMap<String, VerifiedDepartment>,
    /// Bytes of the journal that were read.
    pub bytes: u64,
    /// Bytes at the end that belong to no finished commit. A running server may
    /// be writing them; where none runs, a crash or damage cut a commit short.
    pub unfinished_bytes: u64,
    /// What is wrong, in the order of the journal.
    pub faults: Vec<Fault>,
}

/// The chain of a department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedDepartment {
    /// Entries found intact.
    pub entries: u64,
    /// How many of them are acts.
    pub acts: u64,
    /// Measurements in them, whatever became of them.
    pub measurements: u64,
    /// Sequence of the last entry.
    pub sequence: u64,
    /// Its hash.
    pub head: Hash,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    /// Entries of all departments.
    pub fn entries(&self) -> u64 {
        self.departments.values().map(|department| department.entries).sum()
    }

    /// Measurements of all departments.
    pub fn measurements(&self) -> u64 {
        self.departments.values().map(|department| department.measurements).sum()
    }

    /// Adds an entry whose hashes are its own, and the fault if it does not follow.
    pub(in crate::store) fn add(
        &mut self,
        entry: &Entry,
        place: impl FnOnce() -> Place,
    ) -> Result<(), EntryError> {
        if count_items(&entry.groups()?) != entry.recorded.outcomes.len() {
            return Err(EntryError::Malformed);
        }
        let act = entry.act()?;
        let link = &entry.recorded.link;
        let department =
            self.departments.entry(link.department.clone()).or_insert(VerifiedDepartment {
                entries: 0,
                acts: 0,
                measurements: 0,
                sequence: 0,
                head: NO_HASH,
            });
        let end = (department.sequence, department.head);
        if let Err(fault) = follow(end, link, place) {
            let is_repeated = matches!(fault, Fault::Repeated { .. });
            self.faults.push(fault);
            if is_repeated {
                return Ok(());
            }
        }
        let Counts { accepted, revised, unchanged, rejected } = entry.counts();
        let counts = [accepted, revised, unchanged, rejected];
        department.entries += 1;
        department.acts += u64::from(act.is_some());
        department.measurements += counts.into_iter().map(u64::from).sum::<u64>();
        (department.sequence, department.head) = (link.sequence, link.entry_hash);
        Ok(())
    }
}

/// Checks every byte of the ledger in a store's directory: the records'
/// checksums, the entries' hashes, the links of every chain. Changes nothing
/// and takes no lock.
///
/// Fails if there is no journal or it cannot be read.
pub fn verify(directory: &Path) -> Result<VerifyReport, Error> {
    let journal = Directory::new(directory.join("journal"));
    let reader = Reader::open(journal).map_err(|error| Error::Unavailable(error.to_string()))?;
    let mut report = VerifyReport {
        bytes: reader.end().0,
        unfinished_bytes: reader.unfinished_bytes(),
        ..VerifyReport::default()
    };
    for item in reader.scan(Position::START) {
        match item {
            Ok((position, payload)) => {
                let place = || place(&reader, position);
                let added = Entry::decode(payload).and_then(|entry| {
                    entry.verify()?;
                    report.add(&entry, place)
                });
                if let Err(error) = added {
                    let place = place();
                    report.faults.push(Fault::Entry { place, error });
                }
            }
            Err(damage) => report.faults.push(Fault::Damage(damage)),
        }
    }
    Ok(report)
}
