//! How far a chain is durable, and where a journal holds its entries.

use tiendo_shared::journal::Position;
use tiendo_shared::submission::Hash;

use super::department::index;

/// The durable part of a chain.
#[derive(Debug, Default)]
pub(in crate::store) struct Durable {
    /// Sequence of the last entry; 0 for none.
    pub(in crate::store) last: u32,
    /// Its hash.
    pub(in crate::store) head: Hash,
    /// Where each entry stands, from sequence 1 on.
    positions: Vec<u64>,
}

/// In place of the position of an entry that is lost.
const LOST: u64 = u64::MAX;

impl Durable {
    /// Takes note of an entry that is durable now.
    pub(in crate::store) fn add(&mut self, sequence: u32, head: Hash, position: Position) {
        self.positions.resize(index(sequence), LOST);
        self.positions.push(position.0);
        (self.last, self.head) = (sequence, head);
    }

    /// Takes note of how far the chain is durable, where no journal holds it.
    pub(in crate::store) fn reach(&mut self, sequence: u32, head: Hash) {
        (self.last, self.head) = (sequence, head);
    }

    /// Where an entry stands; none if it is lost or there is no such entry.
    pub(in crate::store) fn position(&self, sequence: u32) -> Option<Position> {
        let place = index(sequence);
        self.positions.get(place).filter(|position| **position != LOST).copied().map(Position)
    }
}
