//! Entries read back, to be applied as they were decided: they are never decided again.

use jiff::Timestamp;
use tiendo_shared::act::Act;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::check::{Checked, Checker};
use tiendo_shared::department::{Department, Kind};
use tiendo_shared::indicator::Text;
use tiendo_shared::submission::{Outcome, Refusal};
use tiendo_shared::wire::{Entry, EntryError, read_all};

use super::department::State;

/// An entry read as far as it can be without the state of its department.
pub(in crate::store) struct Read {
    pub(in crate::store) entry: Entry,
    items: Vec<Result<Checked, Refusal>>,
    act: Option<Act>,
}

impl Read {
    /// Reads stored bytes and checks their hashes.
    pub(in crate::store) fn new(bytes: Vec<u8>, checker: &Checker<'_>) -> Result<Self, EntryError> {
        let entry = Entry::decode(bytes)?;
        entry.verify()?;
        let items = read_all(checker, &entry.groups()?);
        if items.len() != entry.recorded.outcomes.len() {
            return Err(EntryError::Malformed);
        }
        let act = entry.act()?;
        Ok(Self { entry, items, act })
    }

    /// Applies it as the entry `sequence`.
    pub(in crate::store) fn apply(&self, state: &mut State, sequence: u32) {
        match &self.act {
            Some(act) => state.apply_act(&self.entry.recorded, sequence, act),
            None => state.apply(&self.entry.recorded, sequence, &self.items, &[]),
        }
    }

    /// Its measurements.
    pub(in crate::store) fn items(&self) -> &[Result<Checked, Refusal>] {
        &self.items
    }

    /// Measurements that the catalogue does not understand any more.
    pub(in crate::store) fn unreadable(&self) -> u64 {
        let is_taken = |outcome| matches!(outcome, Outcome::Accepted | Outcome::Revised);
        let all = self.items.iter().zip(&self.entry.recorded.outcomes);
        all.filter(|(item, outcome)| is_taken(**outcome) && item.is_err()).count() as u64
    }
}

/// Runs `run` with a checker that reads by the catalogue alone and does not look at a department.
pub(in crate::store) fn with_checker<T>(
    catalogue: &Catalogue,
    run: impl FnOnce(&Checker<'_>) -> T,
) -> T {
    let nobody = Department {
        id: String::new(),
        name: Text::default(),
        kind: Kind::Agency,
        parent: None,
        valid_from: None,
        valid_to: None,
        successors: Vec::new(),
    };
    run(&Checker { catalogue, department: &nobody, now: Timestamp::UNIX_EPOCH })
}
