//! How many calls there may be: of an identity, of an address, of strangers.

use std::net::IpAddr;

use tokio::time::Instant;

use crate::failure::Failure;
use crate::identity::registry::Key;
use crate::identity::{Welcome, network};
use crate::limits::{BURST_SECS, Limits};
use crate::pace::Pace;
use crate::tls::Peer;

/// The rates of calls.
#[derive(Debug)]
pub struct Rates {
    identities: Pace<Key>,
    addresses: Pace<IpAddr>,
    strangers: Pace<IpAddr>,
}

impl Rates {
    /// Those of these limits.
    pub fn new(limits: Limits) -> Self {
        fn pace<K: Eq + std::hash::Hash>(rate: u32) -> Pace<K> {
            Pace::new(rate, rate * BURST_SECS)
        }
        Self {
            identities: pace(limits.calls_per_identity),
            addresses: pace(limits.calls_per_address),
            strangers: pace(limits.calls_per_stranger),
        }
    }

    /// Counts a call of a peer, who was welcome or is a stranger.
    pub(crate) fn take(
        &self,
        peer: Option<&Peer>,
        welcome: Option<&Welcome>,
    ) -> Result<(), Failure> {
        let Some(peer) = peer else { return Ok(()) };
        let (address, now) = (network(peer.address.ip()), Instant::now());
        let taken = match welcome {
            Some(welcome) => self
                .identities
                .take(welcome.key, now)
                .and_then(|()| self.addresses.take(address, now)),
            None => self.strangers.take(address, now),
        };
        match taken {
            Ok(()) => {
                peer.activity.heeded();
                Ok(())
            }
            Err(retry_after) => {
                peer.activity.refused();
                Err(Failure::Exhausted {
                    reason: "TOO_MANY_CALLS",
                    message: "too many calls came from this caller or address".to_owned(),
                    retry_after,
                })
            }
        }
    }
}
