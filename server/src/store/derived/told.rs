//! The latest instant that an answer spoke of: later entries are stamped after it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

/// Most that an entry is stamped later than it came, in microseconds. What a clock said
/// that was farther ahead binds nobody.
pub(in crate::store) const MOST_AHEAD: i64 = 60_000_000;

/// The latest instant that an answer spoke of, in microseconds.
#[derive(Debug, Default)]
pub(in crate::store) struct Told(AtomicI64);

impl Told {
    /// The stamp of an entry that came at `received` and `waited` since; the lock of its
    /// department is held.
    pub(in crate::store) fn stamp(&self, received: Timestamp, waited: Duration) -> Timestamp {
        let (told, came) = (self.0.load(Ordering::SeqCst), received.as_microsecond());
        let waited = i64::try_from(waited.as_micros()).unwrap_or(i64::MAX);
        let latest = came.saturating_add(waited).saturating_add(MOST_AHEAD);
        if (came..=latest).contains(&told) {
            return Timestamp::from_microsecond(told + 1).unwrap_or(received);
        }
        received
    }

    /// An answer spoke of this instant.
    pub(in crate::store) fn raise(&self, instant: Timestamp) {
        self.0.fetch_max(instant.as_microsecond(), Ordering::SeqCst);
    }
}
