//! Snapshots of the state, kept in the database beside the chains: a start reads them and what
//! came after.
//!
//! Any server writes them, now and then. Which one does not matter: the state follows from the
//! chain. One that does not fit its chain is not used.

use tiendo_shared::submission::Hash;

use super::catch_up::known;
use super::chain::{Chain, Turn};
use super::core::Core;
use super::database::{Lease, Trouble};
use super::sql;
use super::write::number;
use crate::store::derived::snapshot::{load, save};

/// Bytes of a part.
const PART_BYTES: usize = 2 << 20;
/// Bytes beyond which the state of a department is not kept.
const MOST_BYTES: usize = 256 << 20;

/// When a snapshot is worth the while.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worth {
    /// After at least so many entries,
    entries: u32,
    /// and at least such a part of the chain.
    part: u32,
}

#[cfg(test)]
impl Worth {
    /// After every entry.
    pub(super) const ALWAYS: Self = Self { entries: 1, part: u32::MAX };
}

/// While the server runs: what is written stays in proportion to what comes.
pub(super) const WHILE_IT_RUNS: Worth = Worth { entries: 256, part: 4 };
/// When it ends in order: the next start is to be quick.
pub(super) const AT_THE_END: Worth = Worth { entries: 16, part: 16 };

impl Core {
    /// Writes the snapshots that are worth it; what cannot be written now is written later.
    pub(super) async fn save_snapshots(&self, worth: Worth) {
        for chain in self.chains() {
            if let Err(trouble) = self.save_snapshot(&chain, worth).await {
                tracing::debug!(?trouble, "a snapshot was not written");
                return;
            }
        }
    }

    async fn save_snapshot(&self, chain: &Chain, worth: Worth) -> Result<(), Trouble> {
        let mut turn = chain.turn.lock().await;
        let (last, _) = known(chain);
        let is_worth = |saved: u32| {
            let since = last.saturating_sub(saved);
            since >= worth.entries && since >= last / worth.part
        };
        if !is_worth(turn.saved) {
            return Ok(());
        }
        let lease = self.database.lease().await?;
        let statement = lease.prepare_cached(sql::SNAPSHOT_OF).await?;
        let row = lease.query_opt(&statement, &[&chain.department.id]).await?;
        let by_others = row.map_or(0, |row| row.get::<_, i64>(0));
        turn.saved = u32::try_from(by_others).unwrap_or_default();
        if !is_worth(turn.saved) {
            lease.sound();
            return Ok(());
        }
        let bytes = {
            let state = chain.department.read()?;
            save(&state, &self.books.catalogue)
        };
        turn.saved = last;
        drop(turn);
        if bytes.len() <= MOST_BYTES {
            write(&lease, &chain.department.id, last, &bytes).await?;
        }
        lease.sound();
        Ok(())
    }

    /// Begins with the snapshot of a chain of which nothing is known yet, if it fits.
    pub(super) async fn load_snapshot(
        &self,
        lease: &Lease,
        chain: &Chain,
        turn: &mut Turn,
    ) -> Result<(), Trouble> {
        let id = &chain.department.id;
        let statement = lease.prepare_cached(sql::SNAPSHOT).await?;
        let rows = lease.query(&statement, &[id]).await?;
        let bytes: Vec<u8> = rows.iter().flat_map(|row| row.get::<_, &[u8]>(0)).copied().collect();
        drop(rows);
        let Some(loaded) = load(&bytes, &self.books.catalogue) else { return Ok(()) };
        let statement = lease.prepare_cached(sql::HASH).await?;
        let row = lease.query_opt(&statement, &[id, &i64::from(loaded.last)]).await?;
        let hash = row.and_then(|row| Hash::try_from(row.get::<_, &[u8]>(0)).ok());
        if hash == Some(loaded.head) {
            turn.saved = loaded.last;
            *chain.department.write()? = loaded.state;
            chain.department.durable().reach(loaded.last, loaded.head);
        }
        Ok(())
    }
}

/// Puts a snapshot in the place of the one before.
async fn write(lease: &Lease, id: &str, last: u32, bytes: &[u8]) -> Result<(), Trouble> {
    lease.batch_execute("BEGIN").await?;
    let forget = lease.prepare_cached(sql::FORGET_SNAPSHOT).await?;
    lease.execute(&forget, &[&id]).await?;
    let put = lease.prepare_cached(sql::PUT_SNAPSHOT).await?;
    for (part, body) in (0_i32..).zip(bytes.chunks(PART_BYTES)) {
        lease.execute(&put, &[&id, &part, &number(last.into()), &body]).await?;
    }
    Ok(lease.batch_execute("COMMIT").await?)
}
