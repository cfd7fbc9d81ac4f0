//! The certificate the server shows: renewed by itself before it ends, without a restart.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use rustls::crypto::ring::default_provider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::clock::Clock;
use crate::identity::{Authority, Error, Files, Host, ServerIdentity, Staged};

/// How often it is looked at whether the certificate has to be renewed.
const LOOK: Duration = Duration::from_mins(10);

/// The certificate that handshakes show.
#[derive(Debug)]
pub struct Served {
    authority: Arc<Authority>,
    files: Files,
    shown: RwLock<Shown>,
}

#[derive(Debug)]
struct Shown {
    key: Arc<CertifiedKey>,
    identity: ServerIdentity,
}

impl Served {
    /// Reads the certificate of the data folder, and renews it if it is time.
    pub fn open(authority: Arc<Authority>, files: Files, now: Timestamp) -> Result<Self, Error> {
        let shown = RwLock::new(Shown::read(&files)?);
        let served = Self { authority, files, shown };
        served.renew_if_due(now)?;
        Ok(served)
    }

    /// When the certificate shown ends.
    pub fn not_after(&self) -> Timestamp {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).identity.not_after
    }

    /// What clients call the server.
    pub fn hosts(&self) -> Vec<Host> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).identity.hosts.clone()
    }

    /// Renews the certificate once two thirds of its life are over, under a new key;
    /// tells whether it did.
    pub fn renew_if_due(&self, now: Timestamp) -> Result<bool, Error> {
        let hosts = {
            let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
            let life = shown.identity.not_before.duration_until(shown.identity.not_after);
            if now < shown.identity.not_after
                && now.duration_until(shown.identity.not_after) > life / 3
            {
                return Ok(false);
            }
            shown.identity.hosts.clone()
        };
        let (path, pem) = (self.files.server(), self.authority.serve_as(&hosts, now)?);
        Staged::write(&path, &pem)
            .and_then(Staged::commit)
            .map_err(|error| Error::File(path, error))?;
        let new = Shown::read(&self.files)?;
        tracing::info!(not_after = %new.identity.not_after, "the server's certificate was renewed");
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(true)
    }

    /// Renews the certificate whenever it is time, for ever.
    pub async fn keep_fresh(self: Arc<Self>, clock: Clock) {
        let mut looks = tokio::time::interval(LOOK);
        loop {
            looks.tick().await;
            if let Err(error) = self.renew_if_due(clock.now()) {
                let not_after = self.not_after();
                tracing::error!(%error, %not_after, "the server's certificate cannot be renewed");
            }
        }
    }
}

impl Shown {
    fn read(files: &Files) -> Result<Self, Error> {
        let identity = ServerIdentity::open(files)?;
        let (chain, key) = (identity.chain.clone(), identity.key.clone_key());
        let key = CertifiedKey::from_der(chain, key, &default_provider())
            .map_err(|error| Error::Unreadable(files.server(), error.to_string()))?;
        Ok(Self { key: Arc::new(key), identity })
    }
}

impl ResolvesServerCert for Served {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&shown.key))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn it_is_renewed_in_time_and_after_any_outage() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(folder.path());
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let days = |days: i64| start + SignedDuration::from_hours(24 * days);
        let hosts = [Host::parse("tiendo.vn").unwrap()];
        let authority = Arc::new(Authority::create(&files, &hosts, start).unwrap());
        let open = |now| Served::open(Arc::clone(&authority), files.clone(), now).unwrap();
        let served = open(days(0));
        assert_eq!(served.not_after(), days(90));
        let shown = || Arc::clone(&served.shown.read().unwrap().key);
        let first = shown();
        assert!(!served.renew_if_due(days(59)).unwrap());
        assert!(Arc::ptr_eq(&first, &shown()));
        assert!(served.renew_if_due(days(61)).unwrap());
        assert!(!Arc::ptr_eq(&first, &shown()), "handshakes show the new one");
        assert_eq!(served.not_after(), days(151));
        // Off for sixty days and more: it is renewed before anything is served.
        let again = open(days(61 + 60));
        assert_eq!(again.not_after(), days(61 + 60 + 90));
        let late = open(days(1_000));
        assert_eq!(late.not_after(), days(1_090));
        assert_eq!(late.shown.read().unwrap().identity.hosts, hosts);
    }
}
