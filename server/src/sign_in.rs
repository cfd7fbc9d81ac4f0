//! Use case: an administrator lets somebody read the board in a browser, for some hours.
//!
//! A link is good for one browser; what it opens is known by a secret in a cookie. All of
//! it is kept in memory, and of secrets only the hash: a restart ends it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::identity::registry::Key;
use crate::identity::{Host, is_name};
use crate::tls::Served;

/// How long a link waits to be opened.
pub const LINK: SignedDuration = SignedDuration::from_mins(15);

/// How long a browser reads then.
pub const SESSION: SignedDuration = SignedDuration::from_hours(8);

/// Most links, and most browsers, at a time.
const MOST: usize = 1_000;

/// The board of a server with TLS.
#[derive(Debug, Clone)]
pub struct Board {
    /// Where it is, as `https://HOST:PORT`.
    pub address: String,
    /// Who reads it without a certificate.
    pub sign_in: Arc<SignIn>,
    /// The certificate it shows.
    pub served: Arc<Served>,
}

impl Board {
    /// The board of these hosts on a port.
    pub fn new(served: &Arc<Served>, sign_in: &Arc<SignIn>, port: u16) -> Self {
        let host = match served.hosts().first() {
            Some(Host::Address(IpAddr::V6(address))) => format!("[{address}]"),
            Some(host) => host.to_string(),
            None => "localhost".to_owned(),
        };
        let address = format!("https://{host}:{port}");
        Self { address, sign_in: Arc::clone(sign_in), served: Arc::clone(served) }
    }
}

/// Who reads without a certificate.
#[derive(Debug, Default)]
pub struct SignIn {
    links: Mutex<Grants>,
    sessions: Mutex<Grants>,
}

/// Leave to read.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Who reads.
    pub reader: String,
    /// The administrator who allowed it.
    pub by: String,
    /// The key of the administrator's computer: whoever has the name later is another.
    pub by_key: Key,
    /// Until when.
    pub ends: Timestamp,
    /// Ends when the reader leaves.
    pub left: CancellationToken,
}

/// Grants by the hash of what opens them.
type Grants = HashMap<Key, Grant>;

impl SignIn {
    /// The secret of a new link, and when it ends.
    pub fn link(
        &self,
        (by, by_key): (&str, Key),
        reader: &str,
        now: Timestamp,
    ) -> Result<(String, Timestamp), Failure> {
        if !is_name(reader) {
            let message = "a reader's name has 1 to 63 letters, digits, `.`, `_` or `-`";
            return Err(Failure::invalid("reader", "NAME_FORM", message));
        }
        let ends = now.checked_add(LINK).map_err(Failure::internal)?;
        let (reader_name, by_name) = (reader.to_owned(), by.to_owned());
        let left = CancellationToken::new();
        let grant = Grant { reader: reader_name, by: by_name, by_key, ends, left };
        let secret = add(&mut locked(&self.links), grant, now)?;
        tracing::info!(reader, by, "a link to the board was made");
        Ok((secret, ends))
    }

    /// Uses a link up; the secret of what it opens, none if there is no such link.
    pub fn redeem(&self, link: &str, now: Timestamp) -> Result<Option<String>, Failure> {
        let mut links = locked(&self.links);
        let known = links.get(&hash(link)).filter(|grant| now <= grant.ends).cloned();
        let Some(grant) = known else { return Ok(None) };
        tracing::info!(reader = grant.reader, by = grant.by, "a link to the board was opened");
        let ends = now.checked_add(SESSION).map_err(Failure::internal)?;
        let secret = add(&mut locked(&self.sessions), Grant { ends, ..grant }, now)?;
        // Only now: while there is no room for another browser the link stays good.
        links.remove(&hash(link));
        Ok(Some(secret))
    }

    /// Who reads with this secret, and what it is counted by.
    pub fn reader(&self, secret: &str, now: Timestamp) -> Option<(Key, Grant)> {
        let key = hash(secret);
        let sessions = locked(&self.sessions);
        let grant = sessions.get(&key).filter(|grant| now <= grant.ends)?;
        Some((key, grant.clone()))
    }

    /// Ends what a secret opens.
    pub fn sign_out(&self, secret: &str) {
        if let Some(session) = locked(&self.sessions).remove(&hash(secret)) {
            session.left.cancel();
        }
    }
}

fn locked(grants: &Mutex<Grants>) -> MutexGuard<'_, Grants> {
    grants.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hash(secret: &str) -> Key {
    Sha256::digest(secret).into()
}

fn add(grants: &mut Grants, grant: Grant, now: Timestamp) -> Result<String, Failure> {
    grants.retain(|_, other| now <= other.ends);
    if grants.len() >= MOST {
        return Err(Failure::Exhausted {
            reason: "TOO_MANY_SIGN_INS",
            message: format!("{MOST} links or browsers are as many as there may be"),
            retry_after: Duration::from_mins(1),
        });
    }
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(Failure::internal)?;
    let secret = BASE64.encode(random);
    grants.insert(hash(&secret), grant);
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(minutes * 60).unwrap()
    }

    #[test]
    fn a_link_opens_once_and_in_time() {
        let sign_in = SignIn::default();
        let (link, ends) = sign_in.link(("admin", [1; 32]), "chi-lan", at(0)).unwrap();
        assert_eq!(ends, at(15));
        assert_eq!(sign_in.redeem("x", at(1)).unwrap(), None);
        let secret = sign_in.redeem(&link, at(1)).unwrap().unwrap();
        assert_eq!(sign_in.redeem(&link, at(1)).unwrap(), None, "it is used up");
        let (_, grant) = sign_in.reader(&secret, at(2)).unwrap();
        assert_eq!((grant.reader.as_str(), grant.by.as_str()), ("chi-lan", "admin"));
        assert!(sign_in.reader(&link, at(2)).is_none(), "the link is not the secret");
        assert!(sign_in.reader(&secret, at(1 + 8 * 60)).is_some());
        assert!(sign_in.reader(&secret, at(2 + 8 * 60)).is_none());
        let (late, _) = sign_in.link(("admin", [1; 32]), "chi-lan", at(0)).unwrap();
        assert_eq!(sign_in.redeem(&late, at(16)).unwrap(), None);
        let (link, _) = sign_in.link(("admin", [1; 32]), "chi-lan", at(0)).unwrap();
        let secret = sign_in.redeem(&link, at(0)).unwrap().unwrap();
        sign_in.sign_out(&secret);
        assert!(sign_in.reader(&secret, at(0)).is_none());
    }

    #[test]
    fn there_are_so_many_links_and_old_ones_make_room() {
        let sign_in = SignIn::default();
        for _ in 0..MOST {
            sign_in.link(("admin", [1; 32]), "r", at(0)).unwrap();
        }
        assert!(matches!(
            sign_in.link(("admin", [1; 32]), "r", at(1)),
            Err(Failure::Exhausted { .. })
        ));
        sign_in.link(("admin", [1; 32]), "r", at(16)).unwrap();
        assert!(sign_in.link(("admin", [1; 32]), "r r", at(16)).is_err());
    }

    #[test]
    fn a_link_stays_good_while_there_is_no_room() {
        let sign_in = SignIn::default();
        let new = |now| sign_in.link(("admin", [1; 32]), "r", now).unwrap().0;
        for _ in 0..MOST {
            assert!(sign_in.redeem(&new(at(0)), at(0)).unwrap().is_some());
        }
        let link = new(at(8 * 60 - 5));
        let full = sign_in.redeem(&link, at(8 * 60 - 5));
        assert!(matches!(full, Err(Failure::Exhausted { .. })));
        assert!(sign_in.redeem(&link, at(8 * 60 + 1)).unwrap().is_some());
    }
}
