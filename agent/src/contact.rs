//! What contacts with the server told: when, its limits, the difference of the clocks, its key.

use std::io;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tiendo_shared::submission::hexadecimal;
use tiendo_shared::wire::v1;

use crate::connection::Met;
use crate::home::{self, Home};

/// What is known of the server without asking it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Contact {
    /// When it last answered, by this computer's clock.
    pub(crate) last: Option<Timestamp>,
    /// How far this clock was ahead of the server's then, in milliseconds.
    pub(crate) clock_ahead_ms: i64,
    /// The server's version.
    pub(crate) server_version: String,
    /// The version of its catalogue.
    pub(crate) catalogue_version: String,
    /// Longest message it takes, in bytes; 0 if it did not say.
    pub(crate) message_bytes: u64,
    /// Most measurements of a submission it takes; 0 if it did not say.
    pub(crate) submission_items: u32,
    /// When it could last not be reached or refused, and why.
    pub(crate) failure: Option<Failure>,
}

/// A contact that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// When.
    pub(crate) at: Timestamp,
    /// Why.
    pub(crate) why: String,
}

/// How the server's key compares with the one of the first contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// It is the one known, or the first one seen.
    Known,
    /// It is another one.
    Changed,
    /// The server told none.
    NotTold,
}

impl Contact {
    /// What is known in `home`.
    pub(crate) fn load(home: &Home) -> Self {
        let bytes = home::read_if_present(&home.contact()).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Keeps it. That it cannot be kept is no reason to stop.
    pub(crate) fn save(&self, home: &Home) {
        let bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        if let Err(error) = home.create().and_then(|()| home::replace(&home.contact(), &bytes)) {
            tracing::warn!("the contact cannot be noted: {error}");
        }
    }

    /// Notes that the server answered.
    pub(crate) fn met(&mut self, met: &Met) {
        let limits = met.info.limits.unwrap_or_default();
        self.last = Some(met.at);
        self.clock_ahead_ms = i64::try_from(met.ahead.as_millis()).unwrap_or(i64::MAX);
        self.server_version.clone_from(&met.info.version);
        self.catalogue_version.clone_from(&met.info.catalogue_version);
        self.message_bytes = limits.message_bytes;
        self.submission_items = limits.submission_items;
    }

    /// Notes that it did not.
    pub(crate) fn failed(&mut self, at: Timestamp, why: &str) {
        self.failure = Some(Failure { at, why: why.to_owned() });
    }

    /// The time it is by the server's clock, as far as that is known.
    pub(crate) fn server_time(&self, now: Timestamp) -> Timestamp {
        let ahead = jiff::SignedDuration::from_millis(self.clock_ahead_ms);
        now.checked_sub(ahead).unwrap_or(now)
    }
}

/// The key of the first contact; none if there was none.
pub(crate) fn pinned_key(home: &Home) -> Option<[u8; 32]> {
    let text = home::read_if_present(&home.server_key()).ok()?;
    from_hex(std::str::from_utf8(&text).ok()?.trim())
}

/// Compares the key the server tells with the one of the first contact, and keeps the first.
pub(crate) fn compare_key(home: &Home, info: &v1::GetServerInfoResponse) -> io::Result<Key> {
    let Ok(told) = <[u8; 32]>::try_from(&*info.ledger_key) else { return Ok(Key::NotTold) };
    match pinned_key(home) {
        Some(pinned) if pinned == told => Ok(Key::Known),
        Some(_) => Ok(Key::Changed),
        None => {
            home.create()?;
            home::replace(&home.server_key(), format!("{}\n", hexadecimal(&told)).as_bytes())?;
            Ok(Key::Known)
        }
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_key_is_kept_and_another_one_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::find(Some(folder.path().to_owned()), &|_| None);
        let info =
            |byte| v1::GetServerInfoResponse { ledger_key: vec![byte; 32], ..Default::default() };
        assert_eq!(pinned_key(&home), None);
        for (byte, expected) in [(1, Key::Known), (1, Key::Known), (2, Key::Changed)] {
            assert_eq!(compare_key(&home, &info(byte)).unwrap(), expected);
        }
        assert_eq!(pinned_key(&home), Some([1; 32]));
        let none = v1::GetServerInfoResponse::default();
        assert_eq!(compare_key(&home, &none).unwrap(), Key::NotTold);
    }

    #[test]
    fn the_servers_time_is_known_from_the_last_contact() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::find(Some(folder.path().to_owned()), &|_| None);
        let mut contact = Contact::load(&home);
        assert_eq!(contact, Contact::default());
        contact.clock_ahead_ms = 3_600_000;
        contact.save(&home);
        let contact = Contact::load(&home);
        let now: Timestamp = "2026-01-01T00:30:00Z".parse().unwrap();
        assert_eq!(contact.server_time(now).to_string(), "2025-12-31T23:30:00Z");
    }
}
