//! What of a damaged ledger is lost, what the server still has of it, and what nobody can know.
//!
//! The ledger stays as it is: damaged bytes stay in place, with the copy that the journal keeps. A
//! record says that they are known and set aside, and what could be had again is appended.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use tiendo_shared::journal::{Damage, Position};

use super::record::{Answered, Entry, Prepared, Record};

/// Id of a submission or an act.
type Id = Vec<u8>;

/// What an examination found.
#[derive(Debug, Default)]
pub(crate) struct Examined {
    /// Damaged ranges that are not set aside yet.
    pub(crate) damage: Vec<Lost>,
    /// Answers for submissions that can no longer be read.
    pub(crate) gone: Vec<Answered>,
    /// Submissions of which the record that released them may have been damaged.
    pub(crate) doubtful: Vec<Doubtful>,
}

/// A damaged range, and between which instants its records were written.
#[derive(Debug)]
pub(crate) struct Lost {
    pub(crate) damage: Damage,
    pub(crate) after: Option<Timestamp>,
    pub(crate) before: Option<Timestamp>,
}

/// A submission that was never sent, perhaps because the record that says so is damaged.
#[derive(Debug)]
pub(crate) struct Doubtful {
    pub(crate) id: Id,
    pub(crate) act: Id,
    pub(crate) file: String,
    pub(crate) items: u32,
    pub(crate) at_us: i64,
    position: u64,
}

/// The ledger as far as it was read.
#[derive(Default)]
struct Reading {
    examined: Examined,
    set_aside: Vec<(u64, u64)>,
    /// Where each submission was last prepared.
    prepared: HashSet<Id>,
    at: HashSet<u64>,
    answered: BTreeMap<Id, Answered>,
    closed: HashSet<Id>,
    released: HashSet<Id>,
    unreleased: HashMap<Id, Vec<Doubtful>>,
    last: Option<Timestamp>,
}

/// Examines every record.
pub(crate) fn examine(
    records: impl Iterator<Item = Result<(Position, Record), Damage>>,
) -> Examined {
    let mut reading = Reading::default();
    for found in records {
        match found {
            Ok((position, Record { entry: Some(entry) })) => reading.add(position, entry),
            Ok(_) => {}
            Err(damage) => {
                let after = reading.last;
                reading.examined.damage.push(Lost { damage, after, before: None });
            }
        }
    }
    reading.end()
}

impl Reading {
    fn add(&mut self, position: Position, entry: Entry) {
        match entry {
            Entry::Prepared(prepared) => {
                self.time(prepared.at_us);
                self.prepared(position, prepared);
            }
            Entry::Released(released) => {
                self.unreleased.remove(&released.act);
                self.released.insert(released.act);
            }
            Entry::Answered(answered) => {
                self.time(answered.at_us);
                self.closed.insert(answered.id.clone());
                // Only what names it is kept of all but those that are gone.
                if self.at.contains(&answered.prepared) {
                    self.answered.remove(&answered.id);
                } else {
                    self.answered.insert(answered.id.clone(), answered);
                }
            }
            Entry::Failed(failed) => {
                self.time(failed.at_us);
                self.closed.insert(failed.id);
            }
            Entry::Split(split) => {
                self.closed.insert(split.id);
            }
            Entry::Repaired(repaired) => self.set_aside.push((repaired.from, repaired.length)),
            Entry::Doubted(doubted) => self.time(doubted.at_us),
            Entry::Trusted(trusted) => self.time(trusted.at_us),
            Entry::Reopened(_) => {}
        }
    }

    fn prepared(&mut self, position: Position, prepared: Prepared) {
        self.at.insert(position.0);
        self.prepared.insert(prepared.id.clone());
        if self.released.contains(&prepared.act) || !prepared.replaces.is_empty() {
            return;
        }
        let doubtful = Doubtful {
            id: prepared.id,
            act: prepared.act.clone(),
            file: prepared.places.map(|places| places.file).unwrap_or_default(),
            items: prepared.items,
            at_us: prepared.at_us,
            position: position.0,
        };
        self.unreleased.entry(prepared.act).or_default().push(doubtful);
    }

    fn time(&mut self, at_us: i64) {
        let Ok(at) = Timestamp::from_microsecond(at_us) else { return };
        if at_us == 0 {
            return;
        }
        self.last = Some(at);
        for lost in self.examined.damage.iter_mut().rev() {
            if lost.before.is_some() {
                break;
            }
            lost.before = Some(at);
        }
    }

    fn end(self) -> Examined {
        let Self { mut examined, set_aside, prepared, answered, closed, unreleased, .. } = self;
        let gone = answered.into_values().filter(|answered| {
            let receipt = answered.response.as_ref().and_then(|answer| answer.receipt.as_ref());
            receipt.is_some() && !prepared.contains(&answered.id)
        });
        examined.gone = gone.collect();
        examined.damage.retain(|lost| !covers(&set_aside, &lost.damage));
        let last_damage = examined.damage.last().map(|lost| lost.damage.position.0);
        let doubtful = unreleased.into_values().flatten().filter(|doubtful| {
            let was_hit = last_damage.is_some_and(|damage| damage > doubtful.position);
            was_hit && !closed.contains(&doubtful.id)
        });
        examined.doubtful = doubtful.collect();
        examined.doubtful.sort_by_key(|doubtful| doubtful.position);
        examined
    }
}

/// Whether a damaged range is one of those that were set aside.
pub(crate) fn covers(set_aside: &[(u64, u64)], damage: &Damage) -> bool {
    let (from, to) = (damage.position.0, damage.position.0 + damage.length);
    set_aside.iter().any(|(start, length)| *start <= from && to <= start + length)
}
