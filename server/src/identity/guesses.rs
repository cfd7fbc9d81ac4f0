//! Keeps guesses at join tokens slow: only so many wrong ones from one address.
//!
//! Each wrong token takes an address [`EACH`] of its time; [`BURST`] of them may be
//! wrong at once. The secret has 160 bits, so this is about cost, not about luck.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Time that a wrong token costs.
const EACH: SignedDuration = SignedDuration::from_secs(3);

/// Wrong tokens that are answered at once.
const BURST: i32 = 20;

/// Most addresses remembered.
const MOST: usize = 10_000;

/// The addresses that told wrong tokens, with when they are free of them.
#[derive(Debug, Default)]
pub struct Guesses(Mutex<HashMap<IpAddr, Timestamp>>);

impl Guesses {
    /// How long an address has to wait before it may try again; none if it may.
    pub fn wait(&self, address: IpAddr, now: Timestamp) -> Option<Duration> {
        let free = *self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&network(address))?;
        let over = now.duration_until(free) - EACH * (BURST - 1);
        (over > SignedDuration::ZERO).then(|| over.unsigned_abs())
    }

    /// Notes a wrong token.
    pub fn wrong(&self, address: IpAddr, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, free| *free > now);
        }
        if known.len() < MOST {
            let free = known.entry(network(address)).or_insert(now);
            *free = (*free).max(now).checked_add(EACH).unwrap_or(now);
        }
    }
}

/// What one caller has: an IPv4 address, or an IPv6 network of 64 bits.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(four) => IpAddr::V4(four),
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_burst_an_address_waits_and_others_do_not() {
        let guesses = Guesses::default();
        let (evil, good) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let now = Timestamp::UNIX_EPOCH;
        for _ in 0..BURST {
            assert_eq!(guesses.wait(evil, now), None);
            guesses.wrong(evil, now);
        }
        assert_eq!(guesses.wait(evil, now), Some(EACH.unsigned_abs()));
        assert_eq!(guesses.wait(good, now), None);
        assert_eq!(guesses.wait(evil, now + EACH), None);
    }

    #[test]
    fn a_network_of_ipv6_is_one_caller_and_memory_is_bounded() {
        let guesses = Guesses::default();
        let now = Timestamp::UNIX_EPOCH;
        for host in 0..u16::try_from(BURST).unwrap() {
            guesses.wrong(Ipv6Addr::new(1, 2, 3, 4, host, 0, 0, 9).into(), now);
        }
        let (same, other) = ("1:2:3:4::7".parse().unwrap(), "1:2:3:5::7".parse().unwrap());
        assert!(guesses.wait(same, now).is_some());
        assert_eq!(guesses.wait(other, now), None);
        for number in 0..u32::try_from(2 * MOST).unwrap() {
            guesses.wrong(IpAddr::V4(number.into()), now);
        }
        assert_eq!(guesses.0.lock().unwrap().len(), MOST);
        guesses.wrong(other, now + EACH * 1_000);
        assert_eq!(guesses.0.lock().unwrap().len(), 1);
    }
}
