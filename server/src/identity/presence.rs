//! When members were last heard of, from where, and what their calls told of them.
//!
//! Kept in memory alone: it starts empty, and nothing is decided by it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::registry::Key;

/// Metadata with the caller's clock: microseconds since 1970, decimal.
pub const CLOCK_METADATA: &str = "tiendo-clock";

/// Metadata with the name of the caller's computer.
pub const MACHINE_METADATA: &str = "tiendo-machine";

/// Longest text remembered of what a caller tells.
const LONGEST: usize = 63;

/// Computers remembered of a member: two that take turns are enough to name.
const MACHINES: usize = 4;

/// Within this time two computers take turns, or one just moved.
const TURNS_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// What a call tells of its caller; none of it is believed about who it is.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Program and version.
    pub version: String,
    /// Name of the computer.
    pub machine: String,
    /// The caller's clock.
    pub clock: Option<Timestamp>,
}

/// A computer that called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Name it gives itself.
    pub name: String,
    /// Where it called from.
    pub address: IpAddr,
    /// When it last called.
    pub last_contact: Timestamp,
    /// Whether it called again after another computer had.
    returned: bool,
}

/// What is known of a member since the start.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Program and version of the last call.
    pub version: String,
    /// When that was.
    pub last_contact: Option<Timestamp>,
    /// The member's clock less ours, when it last told it.
    pub skew: Option<SignedDuration>,
    /// Sequence of its last submission.
    pub last_sequence: u64,
    machines: Vec<Machine>,
}

/// What is known of all members.
#[derive(Debug, Default)]
pub struct Presence(Mutex<HashMap<Key, Known>>);

impl Told {
    /// What these metadata tell.
    pub fn of(headers: &http::HeaderMap) -> Self {
        let text = |name: &str| {
            let text = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            text.split_whitespace().next().unwrap_or_default().chars().take(LONGEST).collect()
        };
        let clock: String = text(CLOCK_METADATA);
        let clock = clock.parse().ok().and_then(|us| Timestamp::from_microsecond(us).ok());
        Self { version: text("user-agent"), machine: text(MACHINE_METADATA), clock }
    }
}

impl Presence {
    /// Notes a call; names the computers if two have begun to take turns.
    pub fn called(
        &self,
        key: &Key,
        address: IpAddr,
        told: Told,
        now: Timestamp,
    ) -> Option<Vec<Machine>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(*key).or_default();
        known.last_contact = Some(now);
        known.skew = told.clock.map(|clock| now.duration_until(clock)).or(known.skew);
        known.version = told.version;
        let were_two = known.in_turn(now).len() > 1;
        known.note(told.machine, address.to_canonical(), now);
        let machines = known.in_turn(now);
        (!were_two && machines.len() > 1).then(|| machines.into_iter().cloned().collect())
    }

    /// Notes a submission that was recorded.
    pub fn submitted(&self, key: &Key, sequence: u64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(*key).or_default();
        known.last_sequence = known.last_sequence.max(sequence);
    }

    /// What is known of a member.
    pub fn of(&self, key: &Key) -> Known {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(key).cloned().unwrap_or_default()
    }
}

impl Known {
    /// The computers that called in turn lately; none or at least two.
    pub fn in_turn(&self, now: Timestamp) -> Vec<&Machine> {
        let lately = |machine: &&Machine| machine.last_contact.duration_until(now) < TURNS_WITHIN;
        let machines: Vec<&Machine> = self.machines.iter().filter(lately).collect();
        let two = machines.len() > 1 && machines.iter().any(|machine| machine.returned);
        if two { machines } else { Vec::new() }
    }

    /// Moves the computer that calls to the end.
    fn note(&mut self, name: String, address: IpAddr, now: Timestamp) {
        let lately = |machine: &Machine| machine.last_contact.duration_until(now) < TURNS_WITHIN;
        self.machines.retain(lately);
        let before = self.machines.iter().position(|machine| machine.is(&name, address));
        let others_since = before.is_some_and(|at| at + 1 < self.machines.len());
        let known = before.map(|at| self.machines.remove(at));
        let returned = others_since || known.is_some_and(|machine| machine.returned);
        if self.machines.len() == MACHINES {
            self.machines.remove(0);
        }
        self.machines.push(Machine { name, address, last_contact: now, returned });
    }
}

impl Machine {
    /// Computers that give themselves a name are told apart by it and, within a family
    /// of addresses, by their address: one computer may have IPv4 and IPv6.
    fn is(&self, name: &str, address: IpAddr) -> bool {
        self.name == name
            && (self.address == address
                || (!name.is_empty() && self.address.is_ipv4() != address.is_ipv4()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The computers of these calls, one a minute, that are named at the end.
    fn named(calls: &[(&str, &str)]) -> Vec<String> {
        let presence = Presence::default();
        let mut now = Timestamp::UNIX_EPOCH;
        for (machine, address) in calls {
            now += SignedDuration::from_mins(1);
            let told = Told { machine: (*machine).to_owned(), ..Told::default() };
            presence.called(&[1; 32], address.parse().unwrap(), told, now);
        }
        let known = presence.of(&[1; 32]);
        let names = known.in_turn(now).into_iter();
        names.map(|machine| format!("{} {}", machine.name, machine.address)).collect()
    }

    #[test]
    fn a_copied_computer_is_noticed_and_one_that_moves_is_not() {
        let (a, b) = (("may-1", "10.0.0.1"), ("may-2", "10.0.0.1"));
        assert_eq!(named(&[a, a, a]), [""; 0]);
        assert_eq!(named(&[a, b, b]), [""; 0], "renamed");
        assert_eq!(named(&[a, b, a]), ["may-2 10.0.0.1", "may-1 10.0.0.1"]);
        let moved = ("may-1", "10.9.9.9");
        assert_eq!(named(&[a, moved, moved]), [""; 0], "moved to another network");
        assert_eq!(named(&[a, moved, a, moved]).len(), 2, "the same name at two places");
        let six = ("may-1", "fd00::1");
        assert_eq!(named(&[a, six, a, six]), [""; 0], "IPv4 and IPv6 of one computer");
    }

    #[test]
    fn what_is_told_is_cut_and_the_skew_is_kept() {
        let mut headers = http::HeaderMap::new();
        headers.insert("user-agent", "tiendo-agent/0.1.0 tonic/0.14".parse().unwrap());
        headers.insert(CLOCK_METADATA, "61000000".parse().unwrap());
        headers.insert(MACHINE_METADATA, "x".repeat(500).parse().unwrap());
        let told = Told::of(&headers);
        assert_eq!((told.version.as_str(), told.machine.len()), ("tiendo-agent/0.1.0", LONGEST));
        let presence = Presence::default();
        let (key, address) = ([1; 32], "10.0.0.1".parse().unwrap());
        let now = Timestamp::from_second(60).unwrap();
        presence.called(&key, address, told, now);
        presence.called(&key, address, Told::default(), now);
        presence.submitted(&key, 7);
        let known = presence.of(&key);
        assert_eq!(known.skew, Some(SignedDuration::from_secs(1)));
        assert_eq!((known.last_contact, known.last_sequence), (Some(now), 7));
    }
}
