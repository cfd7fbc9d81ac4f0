//! The one place where the server reads the time.

use std::fmt;
use std::sync::Arc;

use jiff::{Timestamp, Unit};

/// Tells the time; tests hand in their own.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        Self(Arc::new(Timestamp::now))
    }

    /// A clock that tells what `tell` says.
    pub fn of(tell: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// The instant it is, in whole microseconds, as the ledger keeps it.
    pub fn now(&self) -> Timestamp {
        let now = (self.0)();
        now.round(Unit::Microsecond).unwrap_or(now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
