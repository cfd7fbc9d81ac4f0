//! Learns of entries that other servers took: reads show every append that has returned.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tiendo_shared::submission::{Hash, NO_HASH};
use tiendo_shared::wire::EntryError;
use tokio_postgres::Row;

use super::chain::{Chain, Turn};
use super::core::Core;
use super::database::{Lease, Trouble};
use super::write::number;
use super::{snapshot, sql};
use crate::store::Error;
use crate::store::derived::department::State;
use crate::store::derived::reading::{Read, with_checker};
use crate::store::fault::{Fault, Place, follow};

/// Entries that are read at a time, and bytes after which there are enough.
const PAGE: i64 = 512;
const PAGE_BYTES: i64 = 4 << 20;
/// Chains that are read at the same time.
const CHAINS_AT_ONCE: usize = 4;
/// How often to look for what others took while nobody asks.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Where a chain ends by the database.
#[derive(Debug, Clone, Copy)]
struct Head {
    sequence: i64,
    hash: Hash,
    told: i64,
}

/// What was found in the entries that were read.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Learned {
    pub(super) entries: u64,
    /// Measurements that the catalogue does not understand any more.
    pub(super) unreadable: u64,
}

impl Core {
    /// Looks for what others took, from time to time.
    pub(super) async fn keep_up(self: Arc<Self>) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut was_well = true;
        while !self.is_closed() {
            looks.tick().await;
            let learned = self.learn_all().await;
            if let Err(trouble) = &learned
                && was_well
            {
                tracing::warn!(?trouble, "what other servers take cannot be read");
            }
            was_well = learned.is_ok();
            if was_well {
                self.answers();
                self.save_snapshots(snapshot::WHILE_IT_RUNS).await;
            }
        }
    }

    /// Makes sure that a read of a department, or of all, shows every append that has returned.
    pub(super) async fn fresh(
        &self,
        department: Option<&str>,
        as_of: Option<Timestamp>,
    ) -> Result<(), Error> {
        let settled = self.settled.load(Ordering::SeqCst);
        if as_of.is_some_and(|as_of| as_of.as_microsecond() <= settled) {
            return Ok(());
        }
        self.patiently(move || async move {
            match department {
                Some(department) => self.learn_one(department).await,
                None => self.learn_all().await.map(drop),
            }
        })
        .await
    }

    /// Reads what others appended to any chain.
    pub(super) async fn learn_all(&self) -> Result<Learned, Trouble> {
        let lease = self.database.lease().await?;
        let statement = lease.prepare_cached(sql::HEADS).await?;
        let rows = lease.query(&statement, &[]).await?;
        lease.sound();
        let mut moved = Vec::new();
        for row in &rows {
            let (id, head) = (row.get::<_, &str>(0), head(row, 1)?);
            self.note(head.told);
            let chain = self.chain(id);
            if !is_known(&chain, head) {
                moved.push(chain);
            }
        }
        let learning = moved.into_iter().map(|chain| self.learn_turn(chain));
        let mut learning = futures_util::stream::iter(learning).buffer_unordered(CHAINS_AT_ONCE);
        let mut sum = Learned::default();
        while let Some(learned) = learning.next().await {
            let Learned { entries, unreadable } = learned?;
            sum.entries += entries;
            sum.unreadable += unreadable;
        }
        Ok(sum)
    }

    /// Waits for the turn, and reads what others appended.
    fn learn_turn(&self, chain: Arc<Chain>) -> BoxFuture<'_, Result<Learned, Trouble>> {
        Box::pin(async move {
            let mut turn = chain.turn.lock().await;
            self.learn(&chain, &mut turn).await
        })
    }

    /// Reads what others appended to a chain.
    async fn learn_one(&self, department: &str) -> Result<(), Trouble> {
        let lease = self.database.lease().await?;
        let statement = lease.prepare_cached(sql::HEAD).await?;
        let row = lease.query_opt(&statement, &[&department]).await?;
        lease.sound();
        let Some(row) = row else { return Ok(()) };
        let head = head(&row, 0)?;
        self.note(head.told);
        let chain = self.chain(department);
        if !is_known(&chain, head) {
            let mut turn = chain.turn.lock().await;
            self.learn(&chain, &mut turn).await?;
        }
        Ok(())
    }

    /// Reads what others appended to a chain, whose turn the caller has.
    pub(super) async fn learn(&self, chain: &Chain, turn: &mut Turn) -> Result<Learned, Trouble> {
        let lease = self.database.lease().await?;
        let statement = lease.prepare_cached(sql::HEAD).await?;
        let head = lease.query_opt(&statement, &[&chain.department.id]).await?;
        let learned = self.catch_up_to(&lease, chain, turn, head).await?;
        lease.sound();
        Ok(learned)
    }

    /// Reads a chain as far as its head says; one that is not there is begun.
    pub(super) async fn catch_up_to(
        &self,
        lease: &Lease,
        chain: &Chain,
        turn: &mut Turn,
        row: Option<Row>,
    ) -> Result<Learned, Trouble> {
        let mut learned = Learned::default();
        let Some(row) = row else {
            let begin = lease.prepare_cached(sql::BEGIN_CHAIN).await?;
            lease.execute(&begin, &[&chain.department.id]).await?;
            return Ok(learned);
        };
        let end = head(&row, 0)?;
        self.note(end.told);
        if is_behind(chain, end) {
            self.forget(chain)?;
        }
        let mut is_fresh = known(chain).0 == 0;
        match i64::from(known(chain).0) {
            0 if end.sequence > 0 => self.load_snapshot(lease, chain, turn).await?,
            last if last < end.sequence => turn.share(),
            _ => {}
        }
        while i64::from(known(chain).0) < end.sequence {
            let after = i64::from(known(chain).0);
            let entries = lease.prepare_cached(sql::ENTRIES).await?;
            let rows = lease
                .query(&entries, &[&chain.department.id, &(after + 1), &PAGE, &PAGE_BYTES])
                .await?;
            if rows.is_empty() {
                end_as_told(chain, end)?;
                break;
            }
            if !is_fresh && !follows(chain, &rows[0]) {
                self.forget(chain)?;
                is_fresh = true;
                continue;
            }
            let page = self.apply(chain, &rows)?;
            learned.entries += page.entries;
            learned.unreadable += page.unreadable;
        }
        let (last, hash) = known(chain);
        if i64::from(last) == end.sequence && hash != end.hash {
            end_as_told(chain, end)?;
        }
        self.changed(learned.entries);
        Ok(learned)
    }

    /// Applies entries in order; a damaged one is left out, and the chain goes on behind it.
    fn apply(&self, chain: &Chain, rows: &[Row]) -> Result<Learned, Error> {
        let mut learned = Learned::default();
        with_checker(&self.books.catalogue, |checker| {
            for row in rows {
                let sequence = row.get::<_, i64>(0);
                let Ok(place) = u32::try_from(sequence) else {
                    return Err(Error::Corrupt("a chain is full".to_owned()));
                };
                let bytes = row.get::<_, &[u8]>(1);
                let named = || Place {
                    file: format!("tiendo_entry {} {sequence}", chain.department.id).into(),
                    offset: 0,
                };
                match Read::new(bytes.to_vec(), checker) {
                    Ok(read) if number(read.entry.recorded.link.sequence) == sequence => {
                        let link = &read.entry.recorded.link;
                        let (last, hash) = known(chain);
                        if let Err(fault) = follow((last.into(), hash), link, named) {
                            damaged(&fault);
                        }
                        let mut state = chain.department.write()?;
                        read.apply(&mut state, place);
                        state.forget_unsaved();
                        drop(state);
                        chain.department.durable().reach(place, link.entry_hash);
                        learned.unreadable += read.unreadable();
                    }
                    other => {
                        let error = other.err().unwrap_or(EntryError::Malformed);
                        damaged(&Fault::Entry { place: named(), error });
                        let hash = bytes.get(32..64).and_then(|it| Hash::try_from(it).ok());
                        let hash = hash.unwrap_or(NO_HASH);
                        let mut state = chain.department.write()?;
                        (state.last, state.head) = (place, hash);
                        chain.department.durable().reach(place, hash);
                    }
                }
                learned.entries += 1;
            }
            Ok(learned)
        })
    }

    /// The database does not have any more what this server knows: it was set back. What is
    /// left is read anew.
    fn forget(&self, chain: &Chain) -> Result<(), Error> {
        let id = &chain.department.id;
        tracing::error!(department = id, "the database lost entries that it had; it is read anew");
        let mut state = chain.department.write()?;
        *state = State::default();
        chain.department.durable().reach(0, NO_HASH);
        self.books.forget_folds();
        Ok(())
    }

    /// Answers of any server spoke of this instant.
    fn note(&self, told: i64) {
        if let Ok(told) = Timestamp::from_microsecond(told) {
            self.told.raise(told);
        }
    }
}

/// Whether the entry in a row follows from the last one that is known.
fn follows(chain: &Chain, row: &Row) -> bool {
    row.get::<_, &[u8]>(1).get(..32) == Some(&known(chain).1[..])
}

/// The last entries are damaged or missing: the chain goes on from where its head says.
fn end_as_told(chain: &Chain, end: Head) -> Result<(), Error> {
    let (department, sequence) = (chain.department.id.clone(), end.sequence.unsigned_abs());
    damaged(&Fault::Head { department, sequence });
    let last = u32::try_from(end.sequence);
    let last = last.map_err(|_| Error::Corrupt("a chain is full".to_owned()))?;
    let mut state = chain.department.write()?;
    (state.last, state.head) = (last, end.hash);
    chain.department.durable().reach(last, end.hash);
    Ok(())
}

/// Something wrong with the ledger: an operator has to see it.
fn damaged(fault: &Fault) {
    tracing::error!(%fault, "the ledger is damaged; run `tiendo-server verify`");
}

/// What is known of the end of a chain.
pub(super) fn known(chain: &Chain) -> (u32, Hash) {
    let durable = chain.department.durable();
    (durable.last, durable.head)
}

fn is_known(chain: &Chain, head: Head) -> bool {
    let (last, hash) = known(chain);
    i64::from(last) == head.sequence && hash == head.hash
}

/// Whether a chain is known to go on after its end.
fn is_behind(chain: &Chain, head: Head) -> bool {
    let (last, hash) = known(chain);
    i64::from(last) > head.sequence || (i64::from(last) == head.sequence && hash != head.hash)
}

fn head(row: &Row, first: usize) -> Result<Head, Trouble> {
    let hash = Hash::try_from(row.get::<_, &[u8]>(first + 1));
    let hash = hash.map_err(|_| Error::Corrupt("a head has no hash".to_owned()))?;
    Ok(Head { sequence: row.get(first), hash, told: row.get(first + 2) })
}
