//! How fast somebody may come: one token bucket for each key, in bounded memory.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Most keys remembered; whoever is not remembered has a full bucket.
const MOST: usize = 20_000;

/// Buckets that are as large as a burst and fill at a rate.
#[derive(Debug)]
pub struct Pace<K> {
    /// Time that one of what is counted costs.
    each: Duration,
    /// Time that a burst costs.
    burst: Duration,
    /// When the bucket of each key is full again.
    full: Mutex<HashMap<K, Instant>>,
}

impl<K: Eq + Hash> Pace<K> {
    /// So many a second, and so many at once.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let each = Duration::from_secs(1) / per_second.max(1);
        Self { each, burst: each * burst.max(1), full: Mutex::default() }
    }

    /// Takes one, or tells how long to wait for one.
    pub fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut known = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST && !known.contains_key(&key) {
            known.retain(|_, full| *full > now);
            if known.len() >= MOST {
                return Ok(());
            }
        }
        let full = known.entry(key).or_insert(now);
        let next = (*full).max(now) + self.each;
        let over = next.saturating_duration_since(now + self.burst);
        if over.is_zero() {
            *full = next;
            return Ok(());
        }
        Err(over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_and_then_the_rate() {
        let pace = Pace::new(10, 20);
        let start = Instant::now();
        assert!((0..20).all(|_| pace.take('a', start).is_ok()));
        assert_eq!(pace.take('a', start), Err(Duration::from_millis(100)));
        assert_eq!(pace.take('b', start), Ok(()), "others are not slowed");
        let later = start + Duration::from_secs(1);
        assert_eq!((0..50).filter(|_| pace.take('a', later).is_ok()).count(), 10);
        let rested = start + Duration::from_hours(1);
        assert_eq!((0..50).filter(|_| pace.take('a', rested).is_ok()).count(), 20);
    }

    #[test]
    fn memory_is_bounded() {
        let pace = Pace::new(1, 2);
        let start = Instant::now();
        assert!((0..2 * MOST).all(|key| pace.take(key, start).is_ok()));
        assert_eq!(pace.full.lock().unwrap().len(), MOST);
        pace.take(0, start).unwrap();
        pace.take(0, start).expect_err("who is remembered is counted, however many others come");
        let later = start + Duration::from_secs(10);
        pace.take(2 * MOST, later).unwrap();
        assert_eq!(pace.full.lock().unwrap().len(), 1);
    }
}
