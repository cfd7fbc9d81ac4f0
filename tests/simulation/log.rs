//! What happened in a simulation, as one number, and as text where somebody asks for it.

use std::fmt::Display;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Every event of a run, in order.
#[derive(Debug)]
pub(crate) struct Log {
    start: Instant,
    told: Mutex<Told>,
    prints: bool,
}

#[derive(Debug, Default)]
struct Told {
    hash: u64,
    events: u64,
}

impl Log {
    /// Begins now.
    pub(crate) fn new(prints: bool) -> Self {
        Self { start: Instant::now(), told: Mutex::default(), prints }
    }

    /// How long the run has lasted, in its own time.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Notes an event.
    pub(crate) fn note(&self, event: impl Display) {
        let line = format!("{:>12.3} {event}", self.elapsed().as_secs_f64());
        if self.prints {
            println!("{line}");
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.events += 1;
        // FNV-1a, over the hash so far as its seed.
        for byte in line.bytes() {
            told.hash = (told.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// The events as one number, and how many there were.
    pub(crate) fn sum(&self) -> (u64, u64) {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        (told.hash, told.events)
    }
}

/// Lets time pass.
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep_until(Instant::now() + time).await;
}
