//! The one place where the server reads the time.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
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

    /// A clock that stands where a file says, for trying out deadlines. While the file
    /// cannot be read it stands where it stood.
    pub fn of_file(path: PathBuf) -> anyhow::Result<Self> {
        let last = Mutex::new(read(&path)?);
        Ok(Self::of(move || {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            match read(&path) {
                Ok(instant) => *last = instant,
                Err(error) => tracing::warn!("the clock stands still: {error:#}"),
            }
            *last
        }))
    }

    /// The instant it is, in whole microseconds, as the ledger keeps it.
    pub fn now(&self) -> Timestamp {
        let now = (self.0)();
        now.round(Unit::Microsecond).unwrap_or(now)
    }
}

fn read(path: &Path) -> anyhow::Result<Timestamp> {
    let named = || format!("the clock file `{}`", path.display());
    let text = std::fs::read_to_string(path).with_context(named)?;
    text.trim().parse().with_context(named)
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
