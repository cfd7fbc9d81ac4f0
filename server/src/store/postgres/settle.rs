//! Up to which instant nothing is recorded any more, by any server on the database.
//!
//! The heads of all chains remember of which instant answers spoke, and whoever appends does so
//! only with a later one. To tell a new instant waits for the appends under way; what they
//! appended is read before the answer. While nothing is recorded, an answer may speak of the
//! instant of the one before, which was less than a second ago, so that reading writes nothing.

use std::sync::atomic::Ordering;

use jiff::Timestamp;

use super::core::Core;
use super::database::Trouble;
use super::sql;
use crate::store::Error;

/// How long an instant holds while nothing is recorded, in microseconds.
const HOLDS: i64 = 1_000_000;

/// What the last answer spoke of.
#[derive(Debug, Default)]
pub(super) struct Settled {
    instant: Timestamp,
    /// The count of changes then.
    changes: Option<u64>,
}

impl Core {
    /// The instant that an answer speaks of.
    pub(super) async fn settle(
        &self,
        asked: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Timestamp, Error> {
        let settled = self.settled.load(Ordering::SeqCst);
        if let Some(asked) = asked.filter(|asked| asked.as_microsecond() <= settled) {
            return Ok(asked);
        }
        let mut last = self.settling.lock().await;
        self.patiently(move || async move { self.learn_all().await.map(drop) }).await?;
        let shown = self.books.newest_shown()?;
        let changes = *self.changes.borrow();
        let since = now.as_microsecond().saturating_sub(last.instant.as_microsecond());
        if asked.is_none() && last.changes == Some(changes) && (0..HOLDS).contains(&since) {
            return Ok(last.instant);
        }
        let latest = now.max(shown);
        let instant = asked.unwrap_or(latest);
        let told = instant.min(latest);
        if told.as_microsecond() > self.settled.load(Ordering::SeqCst) {
            self.told.raise(told);
            self.patiently(move || self.tell(told)).await?;
            self.patiently(move || async move { self.learn_all().await.map(drop) }).await?;
            self.settled.fetch_max(told.as_microsecond(), Ordering::SeqCst);
            // An answer of now must not speak of an earlier instant that somebody asked for.
            if told == latest {
                // What came meanwhile is later than this instant.
                *last = Settled { instant: told, changes: Some(changes) };
            }
        }
        Ok(instant)
    }

    /// Makes whatever is recorded later count from later than `instant`.
    async fn tell(&self, instant: Timestamp) -> Result<(), Trouble> {
        let lease = self.database.lease().await?;
        let statement = lease.prepare_cached(sql::TELL).await?;
        lease.execute(&statement, &[&instant.as_microsecond()]).await?;
        lease.sound();
        Ok(())
    }
}
