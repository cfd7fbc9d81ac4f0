//! Up to which instant nothing is recorded any more, so that an answer stays what it was.
//!
//! An answer speaks of an instant. What is stamped later is not in it; whatever is stamped
//! earlier has to be, and may still be on its way to the disk. So an answer first raises
//! the mark that later entries are stamped after, under the lock of their departments,
//! and then looks for entries on their way that were stamped before.

use jiff::Timestamp;

use super::core::Core;
use crate::store::Error;

impl Core {
    /// The instant that an answer speaks of.
    pub(super) async fn settle(
        &self,
        asked: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Timestamp, Error> {
        let shown = self.books.newest_shown()?;
        let latest = now.max(shown);
        let instant = asked.unwrap_or(latest);
        self.told.raise(instant.min(latest));
        match self.earliest_on_its_way()? {
            Some(waits) if waits <= instant => {
                let before = waits.as_microsecond() - 1;
                match Timestamp::from_microsecond(before) {
                    // Nothing that was shown is hidden again.
                    Ok(before) if asked.is_none() && before >= shown => Ok(before),
                    _ => {
                        // A journal that failed writes it no more.
                        if let Ok(written) = self.barrier() {
                            written.await.ok();
                        }
                        Ok(instant)
                    }
                }
            }
            _ => Ok(instant),
        }
    }

    /// The stamp of the first entry that is applied and not durable.
    fn earliest_on_its_way(&self) -> Result<Option<Timestamp>, Error> {
        let mut earliest = None;
        for department in self.books.departments_from("") {
            let state = department.read()?;
            let durable = department.durable().last;
            if durable < state.last {
                let stamp = state.received_at(durable + 1);
                earliest = Some(earliest.map_or(stamp, |known: i64| known.min(stamp)));
            }
        }
        Ok(earliest.and_then(|stamp| Timestamp::from_microsecond(stamp).ok()))
    }
}
