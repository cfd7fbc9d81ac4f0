//! What waits in the ledger, kept by applying its records one by one.

use std::collections::{BTreeMap, HashMap};

use tiendo_shared::journal::{Damage, Position};
use tiendo_shared::wire::v1;

use super::record::{Checkpoint, Doubted, Entry, Prepared, Record, Repaired, Waiting};
use super::repair::covers;

/// What is known of the ledger without reading it again.
///
/// Bounded by what waits, not by what was ever sent.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// What waits, by its place in the order of sending.
    waiting: BTreeMap<(u64, u64), Waiting>,
    /// What is prepared and not released, by the act or the submission it waits for.
    staged: HashMap<Vec<u8>, Vec<Waiting>>,
    last_receipt: Option<v1::Receipt>,
    answered: u64,
    failed: u64,
    repaired: Vec<Repaired>,
    doubt: Option<Doubted>,
}

impl Index {
    /// Accounts for the record at `position`.
    pub(crate) fn apply(&mut self, position: Position, record: &Record) {
        match &record.entry {
            Some(Entry::Prepared(prepared)) => self.stage(position, prepared),
            Some(Entry::Released(released)) => {
                for waiting in self.staged.remove(&released.act).unwrap_or_default() {
                    self.insert(waiting);
                }
            }
            Some(Entry::Answered(answered)) => {
                self.close(&answered.id);
                self.answered += 1;
                let receipt = answered.response.as_ref().and_then(|answer| answer.receipt.as_ref());
                if let Some(receipt) = receipt.filter(|receipt| self.is_later(receipt)) {
                    self.last_receipt = Some(receipt.clone());
                }
            }
            Some(Entry::Failed(failed)) => {
                self.close(&failed.id);
                self.failed += 1;
            }
            Some(Entry::Split(split)) => {
                let order = self.close(&split.id).map_or(position.0, |whole| whole.order);
                for piece in self.staged.remove(&split.id).unwrap_or_default() {
                    self.insert(Waiting { order, ..piece });
                }
            }
            Some(Entry::Reopened(again)) => {
                let id = super::id_of(&again.id).to_string();
                self.last_receipt.take_if(|last| last.submission_id == id);
                self.insert(Waiting {
                    id: again.id.clone(),
                    act: again.id.clone(),
                    order: again.prepared,
                    prepared: again.prepared,
                    items: again.items,
                    answered: again.answered,
                });
            }
            Some(Entry::Repaired(repaired)) => self.repaired.push(repaired.clone()),
            Some(Entry::Doubted(doubted)) => self.doubt = Some(doubted.clone()),
            Some(Entry::Trusted(trusted)) => {
                self.doubt = None;
                self.last_receipt.clone_from(&trusted.receipt);
            }
            None => {}
        }
    }

    /// Answers of one stream come in any order; the chain's end is what counts.
    fn is_later(&self, receipt: &v1::Receipt) -> bool {
        self.last_receipt.as_ref().is_none_or(|last| {
            last.department != receipt.department || last.sequence < receipt.sequence
        })
    }

    fn stage(&mut self, position: Position, prepared: &Prepared) {
        let waits_for =
            if prepared.replaces.is_empty() { &prepared.act } else { &prepared.replaces };
        self.staged.entry(waits_for.clone()).or_default().push(Waiting {
            id: prepared.id.clone(),
            act: prepared.act.clone(),
            order: position.0,
            prepared: position.0,
            items: prepared.items,
            answered: 0,
        });
    }

    fn insert(&mut self, waiting: Waiting) {
        self.waiting.insert((waiting.order, waiting.prepared), waiting);
    }

    fn close(&mut self, id: &[u8]) -> Option<Waiting> {
        let key = self.waiting.iter().find(|(_, waiting)| waiting.id == id).map(|(key, _)| *key)?;
        self.waiting.remove(&key)
    }

    /// Forgets what was prepared and never released: whoever did so has died.
    pub(crate) fn drop_unreleased(&mut self) -> usize {
        self.staged.drain().map(|(_, staged)| staged.len()).sum()
    }

    /// What waits, in the order of sending.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.values()
    }

    /// What has to be answered before anything else is sent: the rest of the first act.
    pub(crate) fn first_act(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.values();
        let Some(first) = waiting.next() else { return Vec::new() };
        let rest = waiting.take_while(|waiting| waiting.act == first.act);
        std::iter::once(first).chain(rest).cloned().collect()
    }

    /// The receipt furthest down the chain.
    pub(crate) fn last_receipt(&self) -> Option<&v1::Receipt> {
        self.last_receipt.as_ref()
    }

    /// Why the server is not trusted; none if it is.
    pub(crate) fn doubt(&self) -> Option<&Doubted> {
        self.doubt.as_ref()
    }

    /// Submissions that were answered, and that were refused as a whole.
    pub(crate) fn closed(&self) -> (u64, u64) {
        (self.answered, self.failed)
    }

    /// Whether a damaged range is known and set aside.
    pub(crate) fn is_set_aside(&self, damage: &Damage) -> bool {
        let ranges: Vec<_> = self.repaired.iter().map(|one| (one.from, one.length)).collect();
        covers(&ranges, damage)
    }

    /// What has to be kept to go on from `end`.
    pub(crate) fn checkpoint(&self, end: Position) -> Checkpoint {
        Checkpoint {
            end: end.0,
            waiting: self.waiting.values().cloned().collect(),
            last_receipt: self.last_receipt.clone(),
            answered: self.answered,
            failed: self.failed,
            repaired: self.repaired.clone(),
            doubt: self.doubt.clone(),
        }
    }

    /// Goes on from a checkpoint.
    pub(crate) fn resume(checkpoint: Checkpoint) -> (Self, Position) {
        let waiting =
            checkpoint.waiting.into_iter().map(|one| ((one.order, one.prepared), one)).collect();
        let index = Self {
            waiting,
            staged: HashMap::new(),
            last_receipt: checkpoint.last_receipt,
            answered: checkpoint.answered,
            failed: checkpoint.failed,
            repaired: checkpoint.repaired,
            doubt: checkpoint.doubt,
        };
        (index, Position(checkpoint.end))
    }
}
