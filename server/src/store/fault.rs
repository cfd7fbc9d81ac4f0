//! What can be wrong with a ledger, and the check of one link of a chain.

use std::fmt;
use std::path::PathBuf;

use tiendo_shared::journal::Damage;
use tiendo_shared::submission::{Hash, Link};
use tiendo_shared::wire::EntryError;

/// Something wrong with the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Bytes of the journal that should hold records and do not.
    Damage(Damage),
    /// A record that is no entry, or not the entry that was hashed.
    Entry {
        /// Where it stands.
        place: Place,
        /// What is wrong with it.
        error: EntryError,
    },
    /// Sequences that no entry has.
    Gap {
        /// Department id.
        department: String,
        /// The first sequence that is not there.
        first: u64,
        /// The last one.
        last: u64,
        /// Where the entry after them stands.
        place: Place,
    },
    /// An entry that does not follow from the one before.
    Unchained {
        /// Department id.
        department: String,
        /// Sequence of the entry.
        sequence: u64,
        /// Where it stands.
        place: Place,
    },
    /// A chain that should end at another entry.
    Head {
        /// Department id.
        department: String,
        /// Sequence of the entry at which it should end.
        sequence: u64,
    },
    /// A second entry with a sequence that another one has.
    Repeated {
        /// Department id.
        department: String,
        /// The sequence.
        sequence: u64,
        /// Where the second one stands.
        place: Place,
    },
}

/// Where a record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The record's first byte in it.
    pub offset: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`, byte {}", self.file.display(), self.offset)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damage(damage) => damage.fmt(f),
            Self::Entry { place, error } => write!(f, "{place}: {error}"),
            Self::Gap { department, first, last, place } if first == last => {
                write!(f, "{place}: entry {first} of `{department}` is not there")
            }
            Self::Gap { department, first, last, place } => {
                write!(f, "{place}: entries {first} to {last} of `{department}` are not there")
            }
            Self::Unchained { department, sequence, place } => write!(
                f,
                "{place}: entry {sequence} of `{department}` does not follow from the one before"
            ),
            Self::Head { department, sequence } => {
                write!(f, "the chain of `{department}` does not end at entry {sequence} as it did")
            }
            Self::Repeated { department, sequence, place } => {
                write!(f, "{place}: there is another entry {sequence} of `{department}`")
            }
        }
    }
}

impl Fault {
    /// What is wrong, without the place.
    pub(in crate::store) fn reason(&self) -> String {
        let told = self.to_string();
        told.split_once(": ").map_or_else(|| told.clone(), |(_, reason)| reason.to_owned())
    }
}

/// Whether an entry follows from the last one of its chain. After a gap it is
/// the new last one; a repeated one is not.
pub(in crate::store) fn follow(
    (last, head): (u64, Hash),
    link: &Link,
    place: impl FnOnce() -> Place,
) -> Result<(), Fault> {
    let department = || link.department.clone();
    let sequence = link.sequence;
    if sequence <= last {
        return Err(Fault::Repeated { department: department(), sequence, place: place() });
    }
    if sequence > last + 1 {
        let (first, last) = (last + 1, sequence - 1);
        return Err(Fault::Gap { department: department(), first, last, place: place() });
    }
    if link.previous_hash != head {
        return Err(Fault::Unchained { department: department(), sequence, place: place() });
    }
    Ok(())
}
