//! What contacts with the server told: when, its limits, the difference of the clocks.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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

#[cfg(test)]
mod tests {
    use super::*;

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
