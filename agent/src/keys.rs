//! The keys that sign the server's receipts, as this computer saw them.
//!
//! The first one is trusted, every further one only when the officer says so. Older ones
//! stay trusted for the receipts they signed.

use std::io;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tiendo_shared::submission::hexadecimal;
use tiendo_shared::wire::v1;

use crate::home::{self, Home};
use crate::proof;

/// Most keys that are kept: a server that shows another one each time shows it in vain.
const MOST: usize = 100;

/// Every key that was seen, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Keys(Vec<Seen>);

/// A key of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Ed25519 public key, as hexadecimal digits.
    pub(crate) key: String,
    /// When the server first told it, by this computer's clock.
    pub(crate) since: Timestamp,
    /// Whether it is trusted.
    pub(crate) trusted: bool,
}

impl Keys {
    /// The keys known in `home`.
    pub(crate) fn load(home: &Home) -> io::Result<Self> {
        let bytes = home::read_if_present(&home.server_keys())?;
        if !bytes.is_empty() {
            return serde_json::from_slice(&bytes).map_err(io::Error::other);
        }
        // Until version 0.1 one key was kept, and nobody knew since when.
        let first = home::read_if_present(&home.server_key())?;
        let first = String::from_utf8_lossy(&first).trim().to_owned();
        let seen = |key| Seen { key, since: Timestamp::UNIX_EPOCH, trusted: true };
        Ok(Self(from_hex(&first).map(|_| seen(first)).into_iter().collect()))
    }

    /// Notes the key the server tells now; the key if it is not trusted.
    pub(crate) fn met(
        home: &Home,
        info: &v1::GetServerInfoResponse,
        now: Timestamp,
    ) -> io::Result<Option<String>> {
        let Ok(told) = <[u8; 32]>::try_from(&*info.ledger_key) else { return Ok(None) };
        let mut keys = Self::load(home)?;
        let key = hexadecimal(&told);
        let known = keys.0.iter().find(|seen| seen.key == key);
        let trusted = known.map_or(keys.0.is_empty(), |seen| seen.trusted);
        if known.is_none() && keys.0.len() < MOST {
            keys.0.push(Seen { key: key.clone(), since: now, trusted });
            keys.save(home)?;
        }
        Ok((!trusted).then_some(key))
    }

    /// Trusts a key that was seen; false if there is no such key.
    pub(crate) fn trust(home: &Home, key: &str) -> io::Result<bool> {
        let mut keys = Self::load(home)?;
        let key = key.trim().to_lowercase();
        let Some(seen) = keys.0.iter_mut().find(|seen| seen.key == key) else { return Ok(false) };
        seen.trusted = true;
        keys.save(home)?;
        Ok(true)
    }

    /// Whether a trusted key signed the receipt; none if no key is known.
    pub(crate) fn signed(&self, receipt: &v1::Receipt) -> Option<bool> {
        let mut trusted = self.0.iter().filter(|seen| seen.trusted).peekable();
        trusted.peek()?;
        Some(
            trusted
                .filter_map(|seen| from_hex(&seen.key))
                .any(|key| proof::is_signed(receipt, &key)),
        )
    }

    /// The keys, oldest first.
    pub(crate) fn seen(&self) -> &[Seen] {
        &self.0
    }

    fn save(&self, home: &Home) -> io::Result<()> {
        home.create()?;
        let bytes = serde_json::to_vec_pretty(self).map_err(io::Error::other)?;
        home::replace(&home.server_keys(), &bytes)
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

    fn info(byte: u8) -> v1::GetServerInfoResponse {
        v1::GetServerInfoResponse { ledger_key: vec![byte; 32], ..Default::default() }
    }

    fn home(folder: &tempfile::TempDir) -> Home {
        Home::find(Some(folder.path().to_owned()), &|_| None)
    }

    #[test]
    fn the_first_key_is_trusted_and_another_one_when_told() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(&folder);
        let at = |second| Timestamp::from_second(second).unwrap();
        let met = |byte, second| Keys::met(&home, &info(byte), at(second)).unwrap();
        assert_eq!(Keys::load(&home).unwrap().signed(&v1::Receipt::default()), None);
        assert_eq!(met(1, 10), None);
        assert_eq!(met(1, 20), None);
        let other = hexadecimal(&[2; 32]);
        assert_eq!(met(2, 30), Some(other.clone()));
        assert_eq!(met(2, 40), Some(other.clone()));
        assert!(!Keys::trust(&home, &hexadecimal(&[3; 32])).unwrap());
        assert!(Keys::trust(&home, &other.to_uppercase()).unwrap());
        assert_eq!(met(2, 50), None);
        assert_eq!(met(1, 60), None, "the old one was not forgotten");
        let keys = Keys::load(&home).unwrap();
        let since: Vec<_> = keys.seen().iter().map(|seen| seen.since.as_second()).collect();
        assert_eq!(since, [10, 30]);
        assert_eq!(keys.signed(&v1::Receipt::default()), Some(false));
        assert_eq!(Keys::met(&home, &v1::GetServerInfoResponse::default(), at(1)).unwrap(), None);
    }

    #[test]
    fn the_one_key_that_was_kept_before_is_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(&folder);
        std::fs::write(home.server_key(), format!("{}\n", hexadecimal(&[1; 32]))).unwrap();
        assert_eq!(Keys::met(&home, &info(1), Timestamp::UNIX_EPOCH).unwrap(), None);
        assert!(Keys::met(&home, &info(2), Timestamp::UNIX_EPOCH).unwrap().is_some());
        assert_eq!(Keys::load(&home).unwrap().seen().len(), 2);
    }

    #[test]
    fn a_server_with_ever_new_keys_does_not_fill_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(&folder);
        for byte in 0..=255 {
            Keys::met(&home, &info(byte), Timestamp::UNIX_EPOCH).unwrap();
        }
        assert_eq!(Keys::load(&home).unwrap().seen().len(), MOST);
    }
}
