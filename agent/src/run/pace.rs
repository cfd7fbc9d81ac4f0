//! When to meet the server next: pure, so that a thousand agents can be simulated.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::push::retry::Policy;

/// Longest time between two contacts that go well: the server alarms on silence.
pub(super) const EVERY: Duration = Duration::from_mins(2);

/// The instant of the next contact.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    failures: u32,
    next: Timestamp,
    longest: Duration,
}

impl Pace {
    /// The first contact is at once: computers do not start in the same second.
    pub(super) fn new(now: Timestamp) -> Self {
        Self { failures: 0, next: now, longest: Duration::ZERO }
    }

    /// Whether a contact is due. A clock that was set back delays none.
    pub(super) fn is_due(&mut self, now: Timestamp) -> bool {
        self.next = self.next.min(after(now, self.longest));
        self.next <= now
    }

    /// When it is due.
    pub(super) fn next(&self) -> Timestamp {
        self.next
    }

    /// Whether the last contact went well, so that what is new may go at once.
    pub(super) fn is_good(&self) -> bool {
        self.failures == 0
    }

    /// The server answered; `random` is uniform in [0, 1).
    pub(super) fn reached(&mut self, now: Timestamp, random: f64) {
        self.failures = 0;
        self.wait(now, EVERY.mul_f64(0.5 + random / 2.0));
    }

    /// It did not, or wants to be left alone for `wish`.
    pub(super) fn failed(&mut self, now: Timestamp, wish: Option<Duration>, random: f64) {
        self.failures = self.failures.saturating_add(1);
        let wait = Policy::SERVICE.wait(self.failures, wish, random);
        self.wait(now, wait.unwrap_or(Policy::SERVICE.cap));
    }

    fn wait(&mut self, now: Timestamp, wait: Duration) {
        self.longest = wait;
        self.next = after(now, wait);
    }
}

/// The instant `wait` behind `now`.
pub(super) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    SignedDuration::try_from(wait).ok().and_then(|wait| now.checked_add(wait).ok()).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    #[test]
    fn contacts_are_two_minutes_apart_at_most() {
        let mut pace = Pace::new(now());
        assert!(pace.is_due(now()));
        pace.reached(now(), 0.999_999);
        assert!(!pace.is_due(after(now(), EVERY.mul_f64(0.999))));
        assert!(pace.is_due(after(now(), EVERY)));
        pace.reached(now(), 0.0);
        assert!(pace.is_due(after(now(), EVERY / 2)));
    }

    #[test]
    fn the_wish_of_the_server_is_waited_for_however_long() {
        let mut pace = Pace::new(now());
        let hour = Duration::from_hours(1);
        pace.failed(now(), Some(hour), 0.0);
        assert!(!pace.is_good() && !pace.is_due(after(now(), hour.mul_f64(0.999))));
        assert!(pace.is_due(after(now(), hour)));
    }

    #[test]
    fn a_clock_set_back_delays_no_contact() {
        let mut pace = Pace::new(now());
        pace.reached(now(), 0.5);
        let back = now() - SignedDuration::from_hours(48);
        assert!(!pace.is_due(back));
        assert!(pace.is_due(after(back, EVERY)));
        // Set ahead, it is due at once.
        pace.reached(now(), 0.5);
        assert!(pace.is_due(after(now(), Duration::from_hours(48))));
    }
}
