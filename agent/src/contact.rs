//! What contacts with the server told: when, its limits, the difference of the clocks.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::connection::Met;
use crate::home::{self, Home};
use crate::way::Ways;

/// Least seconds to stay with a server that stands in for the one to ask first; at most
/// twice as many, so that not all come back to it in the same minute.
const STAND_IN_SECONDS: i64 = 5 * 60;

/// What is known of the server without asking it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Contact {
    /// When it last answered, by this computer's clock.
    pub(crate) last: Option<Timestamp>,
    /// Address of the server that answered then; empty if it is not known.
    pub(crate) server: String,
    /// Until when that server stands in for the one this computer asks first; none if it
    /// is the first itself.
    pub(crate) stands_in_until: Option<Timestamp>,
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

    /// Notes which server answered `now`; `random` is uniform in [0, 1).
    pub(crate) fn answered_by(&mut self, ways: &Ways, now: Timestamp, random: f64) {
        let until = self.stands_in_until.filter(|_| self.stands_in(now));
        let until = until.or_else(|| {
            let wait = SignedDuration::from_secs(STAND_IN_SECONDS).mul_f64(1.0 + random);
            now.checked_add(wait).ok()
        });
        self.stands_in_until = until.filter(|_| !ways.is_first());
        ways.address().clone_into(&mut self.server);
    }

    /// Whether the server that answered last is still asked first.
    pub(crate) fn stands_in(&self, now: Timestamp) -> bool {
        // A clock that was set back prolongs nothing.
        let longest = SignedDuration::from_secs(2 * STAND_IN_SECONDS);
        self.stands_in_until
            .is_some_and(|until| until > now && until.duration_since(now) <= longest)
    }

    /// Notes that it did not.
    pub(crate) fn failed(&mut self, at: Timestamp, why: &str) {
        self.failure = Some(Failure { at, why: why.to_owned() });
    }

    /// The time it is by the server's clock, as far as that is known.
    pub(crate) fn server_time(&self, now: Timestamp) -> Timestamp {
        let ahead = SignedDuration::from_millis(self.clock_ahead_ms);
        now.checked_sub(ahead).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_stands_in_for_some_minutes() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let after = |minutes: i64| now + SignedDuration::from_mins(minutes);
        let mut ways = Ways::plain(&["[::1]:1".into(), "[::1]:2".into()], "x").unwrap();
        let mut contact = Contact::default();
        contact.answered_by(&ways, now, 0.0);
        assert!(contact.server == ways.address() && !contact.stands_in(now));
        ways.turn();
        contact.answered_by(&ways, now, 0.5);
        assert!(contact.server == ways.address() && contact.stands_in(after(7)));
        // Each further answer prolongs nothing, and neither does a clock that is set back.
        contact.answered_by(&ways, after(7), 0.5);
        assert!(!contact.stands_in(after(8)) && !contact.stands_in(after(-8)));
        ways.turn();
        contact.answered_by(&ways, after(7), 0.5);
        assert_eq!(contact.stands_in_until, None);
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
