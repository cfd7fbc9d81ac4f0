//! How many connections there may be: in all, of an address, of strangers, in handshakes.
//!
//! When a thousand handshakes are under way, the oldest of the address that has the most
//! gives way: whoever leaves handshakes unfinished is in nobody's way but its own.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::identity::network;
use crate::limits::Limits;
use crate::pace::Pace;

/// The places of a server.
#[derive(Debug)]
pub(super) struct Places {
    limits: Limits,
    pace: Pace<IpAddr>,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: u32,
    strangers: u32,
    by_address: HashMap<IpAddr, u32>,
    handshakes: HashMap<IpAddr, VecDeque<(u64, CancellationToken)>>,
    under_way: u32,
    next: u64,
}

/// The place of a connection, free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    address: IpAddr,
    number: u64,
    stranger: bool,
    /// Ends when the handshake has to give way.
    pub(super) given_up: CancellationToken,
}

impl Places {
    pub(super) fn new(limits: Limits) -> Self {
        let pace = Pace::new(limits.connection_rate, limits.connections_per_address);
        Self { limits, pace, taken: Mutex::default() }
    }

    /// A place for a connection that begins its handshake; none if there is none.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr, now: Instant) -> Option<Place> {
        let address = network(address);
        let mut taken = self.taken();
        let here = taken.by_address.get(&address).copied().unwrap_or_default();
        if taken.total >= self.limits.connections
            || here >= self.limits.connections_per_address
            || self.pace.take(address, now).is_err()
        {
            return None;
        }
        if taken.under_way >= self.limits.handshakes {
            taken.give_one_up();
        }
        let (number, given_up) = (taken.next, CancellationToken::new());
        taken.next += 1;
        taken.total += 1;
        taken.under_way += 1;
        *taken.by_address.entry(address).or_default() += 1;
        taken.handshakes.entry(address).or_default().push_back((number, given_up.clone()));
        drop(taken);
        Some(Place { places: Arc::clone(self), address, number, stranger: false, given_up })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn give_one_up(&mut self) {
        let most = self.handshakes.iter_mut().max_by_key(|(_, waiting)| waiting.len());
        if let Some((_, given_up)) = most.and_then(|(_, waiting)| waiting.pop_front()) {
            given_up.cancel();
            self.under_way -= 1;
        }
    }

    fn end_handshake(&mut self, address: IpAddr, number: u64) {
        let Some(waiting) = self.handshakes.get_mut(&address) else { return };
        if let Some(at) = waiting.iter().position(|(other, _)| *other == number) {
            waiting.remove(at);
            self.under_way -= 1;
        }
        if waiting.is_empty() {
            self.handshakes.remove(&address);
        }
    }
}

impl Place {
    /// The handshake is done; tells whether one more stranger is too many.
    pub(super) fn shook_hands(&mut self, stranger: bool) -> bool {
        let mut taken = self.places.taken();
        taken.end_handshake(self.address, self.number);
        if stranger && taken.strangers >= self.places.limits.stranger_connections {
            return false;
        }
        self.stranger = stranger;
        taken.strangers += u32::from(stranger);
        true
    }

    /// Whether a stranger has it.
    pub(super) fn is_strangers(&self) -> bool {
        self.stranger
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.end_handshake(self.address, self.number);
        taken.total -= 1;
        taken.strangers -= u32::from(self.stranger);
        if let Some(here) = taken.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    fn places() -> Arc<Places> {
        let settings = Settings {
            connections: Some(6),
            connections_per_address: Some(4),
            handshakes: Some(3),
            stranger_connections: Some(1),
            ..Settings::default()
        };
        Arc::new(Places::new(Limits::check(&settings, &mut Vec::new())))
    }

    #[test]
    fn the_oldest_handshake_of_the_busiest_address_gives_way() {
        let (places, now) = (places(), Instant::now());
        let [evil, good]: [IpAddr; 2] = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let first = places.take(evil, now).unwrap();
        let second = places.take(evil, now).unwrap();
        let mine = places.take(good, now).unwrap();
        assert!(!first.given_up.is_cancelled());
        let third = places.take(evil, now).unwrap();
        assert!(first.given_up.is_cancelled() && !second.given_up.is_cancelled());
        assert!(!mine.given_up.is_cancelled());
        drop((first, second, third, mine));
        let taken = places.taken();
        assert_eq!((taken.total, taken.under_way, taken.by_address.len()), (0, 0, 0));
        assert!(taken.handshakes.is_empty());
    }

    #[test]
    fn there_are_so_many_places_and_no_more() {
        let (places, now) = (places(), Instant::now());
        let [evil, good]: [IpAddr; 2] = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let mut of_evil: Vec<_> = (0..4).map(|_| places.take(evil, now).unwrap()).collect();
        assert!(places.take(evil, now).is_none(), "of one address");
        assert!(of_evil[0].shook_hands(true));
        assert!(!of_evil[1].shook_hands(true), "strangers");
        assert!(of_evil[2].shook_hands(false));
        let of_good = [(); 2].map(|()| places.take(good, now).unwrap());
        assert!(places.take(good, now).is_none(), "in all");
        drop((of_evil, of_good));
        assert!(places.take(good, now).unwrap().shook_hands(true));
    }
}
