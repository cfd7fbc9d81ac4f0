//! From the journal to the state: entries are applied as they were decided, never decided again.
//!
//! A damaged or missing entry is noted and the chain goes on from the next one.
//! No sequence is used twice: where damage may have swallowed the last entries of
//! a chain, as many sequences are left out as entries could have stood there.

use std::collections::BTreeMap;
use std::sync::mpsc::{SyncSender, sync_channel};

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::check::Checker;
use tiendo_shared::journal::{Position, Reader};
use tiendo_shared::wire::EntryError;

use crate::store::derived::department::State;
use crate::store::derived::durable::Durable;
use crate::store::derived::reading::{Read, with_checker};
use crate::store::fault::{Fault, Place, follow};

/// Entries that are read ahead of what is applied.
const READ_AHEAD: usize = 64;
/// The shortest record of an entry, in bytes.
const SHORTEST_RECORD: u64 = 128;

/// A department's state while nothing else runs.
#[derive(Debug, Default)]
pub(super) struct Derived {
    pub(super) state: State,
    pub(super) durable: Durable,
}

/// Everything derived from the journal.
#[derive(Debug, Default)]
pub(super) struct Replayed {
    pub(super) departments: BTreeMap<String, Derived>,
    /// Sequences that a department without entries must not use.
    pub(super) burned: u32,
    /// Entries applied.
    pub(super) entries: u64,
    /// Measurements that the catalogue does not understand any more.
    pub(super) unreadable: u64,
    pub(super) faults: Vec<Fault>,
}

/// Where entries may be lost, and how many at most.
struct Lost {
    position: Position,
    most: u32,
}

/// What the reading thread found: an entry, or where something else stands.
type Found = Result<(Position, Read), (Lost, Fault)>;

impl Replayed {
    /// Applies the entries of the journal from a position on. They are read on
    /// another thread, which takes longer than to apply them.
    pub(super) fn apply(&mut self, reader: &Reader, from: Position, catalogue: &Catalogue) {
        let mut lost = Vec::new();
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(READ_AHEAD);
            scope.spawn(move || {
                with_checker(catalogue, |checker| read_all_records(reader, from, checker, &sender));
            });
            for found in receiver {
                match found {
                    Ok((position, read)) => self.apply_entry(position, &read, reader),
                    Err((at, fault)) => {
                        lost.push(at);
                        self.faults.push(fault);
                    }
                }
            }
        });
        self.burn(&lost);
    }

    fn apply_entry(&mut self, position: Position, read: &Read, reader: &Reader) {
        let link = &read.entry.recorded.link;
        let Ok(sequence) = u32::try_from(link.sequence) else {
            let (place, error) = (place(reader, position), EntryError::Malformed);
            return self.faults.push(Fault::Entry { place, error });
        };
        let derived = self.departments.entry(link.department.clone()).or_default();
        if derived.durable.position(sequence) == Some(position) {
            return;
        }
        let end = (u64::from(derived.state.last), derived.state.head);
        if let Err(fault) = follow(end, link, || place(reader, position)) {
            let is_repeated = matches!(fault, Fault::Repeated { .. });
            self.faults.push(fault);
            if is_repeated {
                return;
            }
        }
        self.unreadable += read.unreadable();
        read.apply(&mut derived.state, sequence);
        derived.durable.add(sequence, link.entry_hash, position);
        self.entries += 1;
    }

    /// Leaves out the sequences that entries at the end of a chain may have had.
    fn burn(&mut self, lost: &[Lost]) {
        let most = |after: Position| {
            let behind = lost.iter().filter(|lost| lost.position > after);
            behind.fold(0_u32, |sum, lost| sum.saturating_add(lost.most))
        };
        for Derived { state, durable } in self.departments.values_mut() {
            let end = durable.position(state.last).unwrap_or(Position::START);
            match most(end) {
                0 => {}
                most => state.burned = state.burned.max(state.last.saturating_add(most)),
            }
        }
        self.burned = self.burned.saturating_add(most(Position::START));
    }
}

/// Sends every record from a position on, until the receiver is gone.
fn read_all_records(
    reader: &Reader,
    from: Position,
    checker: &Checker<'_>,
    sender: &SyncSender<Found>,
) {
    for item in reader.scan(from) {
        let found = match item {
            Ok((position, payload)) => {
                Read::new(payload, checker).map(|read| (position, read)).map_err(|error| {
                    let fault = Fault::Entry { place: place(reader, position), error };
                    (Lost { position, most: 1 }, fault)
                })
            }
            Err(damage) => {
                let most = damage.length / SHORTEST_RECORD + 1;
                let most = u32::try_from(most).unwrap_or(u32::MAX);
                Err((Lost { position: damage.position, most }, Fault::Damage(damage)))
            }
        };
        if sender.send(found).is_err() {
            return;
        }
    }
}

/// Where a record stands, for people.
pub(super) fn place(reader: &Reader, position: Position) -> Place {
    let (file, offset) = reader.place(position);
    Place { file, offset }
}
