//! The ways to the servers of the province: their addresses, and which of them is asked first.
//!
//! Every server answers for every department, so it does not matter which one is asked. Each
//! computer has an order of its own that does not change: a thousand of them spread over the
//! servers, spread over those that are left when one fails, and mostly stay where they were
//! when a server is added.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};

use crate::connection::{Error, deepest};
use crate::identity::Identity;
use crate::trust::{Authority, Verifier};
use crate::world;

/// Longest wait for a connection to the only server.
const CONNECT: Duration = Duration::from_secs(10);

/// Longest wait for a connection where another server can be asked.
const CONNECT_OR_TURN: Duration = Duration::from_secs(4);

/// The way to one server.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    /// `HOST:PORT`.
    pub(crate) address: String,
    endpoint: Endpoint,
}

/// Ways to every server, the one to ask first in front; never empty.
#[derive(Debug, Clone)]
pub(crate) struct Ways {
    all: Vec<Way>,
    at: usize,
}

impl Ways {
    /// Plain HTTP/2 to servers on this computer, in the order of `whose`.
    pub(crate) fn plain(addresses: &[String], whose: &str) -> Result<Self, Error> {
        if let Some(other) = addresses.iter().find(|address| !is_loopback(address)) {
            return Err(Error::NotLoopback(other.clone()));
        }
        Self::of(addresses, whose, |address, connect| endpoint("http", address, connect))
    }

    /// TLS to servers known by `verifier`, or by the authority of `identity`, which is shown.
    pub(crate) fn secure(
        addresses: &[String],
        whose: &str,
        verifier: Option<Arc<Verifier>>,
        identity: Option<&Identity>,
    ) -> Result<Self, Error> {
        let verifier = verifier.or_else(|| identity.map(authority)).ok_or(Error::NotEnrolled)?;
        Self::of(addresses, whose, |address, connect| secure(address, connect, &verifier, identity))
    }

    /// Shows another identity from the next channel on.
    pub(crate) fn show(&mut self, identity: &Identity) -> Result<(), Error> {
        let (verifier, connect) = (authority(identity), connect(self.all.len()));
        for way in &mut self.all {
            way.endpoint = secure(&way.address, connect, &verifier, Some(identity))?;
        }
        Ok(())
    }

    fn of(
        addresses: &[String],
        whose: &str,
        endpoint: impl Fn(&str, Duration) -> Result<Endpoint, Error>,
    ) -> Result<Self, Error> {
        let connect = connect(addresses.len());
        let ways = in_order(addresses, whose).into_iter().map(|address| {
            let endpoint = endpoint(&address, connect)?;
            Ok(Way { address, endpoint })
        });
        let all = ways.collect::<Result<Vec<_>, Error>>()?;
        if all.is_empty() { Err(Error::NoServer) } else { Ok(Self { all, at: 0 }) }
    }

    /// The address of the server that is asked now.
    pub(crate) fn address(&self) -> &str {
        &self.all[self.at].address
    }

    /// How many servers there are.
    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }

    /// Whether the server that is asked now is the one to ask first.
    pub(crate) fn is_first(&self) -> bool {
        self.at == 0
    }

    /// Asks this server from now on; whether it is one of them and not the one that is asked.
    pub(crate) fn begin_at(&mut self, address: &str) -> bool {
        let known = self.all.iter().position(|way| way.address == address);
        let at = known.unwrap_or(self.at);
        std::mem::replace(&mut self.at, at) != at
    }

    /// Asks the first server again from now on; whether another one was asked.
    pub(crate) fn begin_first(&mut self) -> bool {
        std::mem::take(&mut self.at) != 0
    }

    /// Asks the next server from now on.
    pub(crate) fn turn(&mut self) {
        self.at = (self.at + 1) % self.all.len();
    }

    /// A channel to the server that is asked now; it connects when it is first used.
    pub(crate) fn channel(&self) -> Channel {
        let endpoint = &self.all[self.at].endpoint;
        let simulated = world::simulated(|around| around.channel(endpoint));
        simulated.unwrap_or_else(|| endpoint.connect_lazy())
    }
}

/// The addresses in the order of `whose`: by a hash of both, so that each order is as likely.
fn in_order(addresses: &[String], whose: &str) -> Vec<String> {
    let mut addresses = addresses.to_vec();
    addresses.sort_by_cached_key(|address| {
        let mut hash = Sha256::new();
        hash.update(whose);
        hash.update([0]);
        hash.update(address);
        Reverse(<[u8; 32]>::from(hash.finalize()))
    });
    addresses
}

/// Longest wait for a connection to one of so many servers.
fn connect(servers: usize) -> Duration {
    if servers > 1 { CONNECT_OR_TURN } else { CONNECT }
}

fn authority(identity: &Identity) -> Arc<Verifier> {
    Verifier::of(Authority::Certificate(identity.authority.clone()))
}

/// TLS to a server known by `verifier`, showing `identity`.
fn secure(
    address: &str,
    connect: Duration,
    verifier: &Arc<Verifier>,
    identity: Option<&Identity>,
) -> Result<Endpoint, Error> {
    let mut tls = ClientTlsConfig::new().timeout(CONNECT);
    if let Some(Identity { certificate, key, .. }) = identity {
        tls = tls.identity(tonic::transport::Identity::from_pem(certificate, key));
    }
    endpoint("https", address, connect)?
        .tls_config_with_verifier(tls, verifier.clone())
        .map_err(|cause| unusable("agent.pem", &cause))
}

/// What is said of an address or an identity that no connection can be made with.
pub(crate) fn unusable(text: &str, cause: &dyn std::error::Error) -> Error {
    Error::Unusable(text.to_owned(), deepest(cause))
}

fn endpoint(scheme: &str, address: &str, connect: Duration) -> Result<Endpoint, Error> {
    let endpoint = Endpoint::from_shared(format!("{scheme}://{address}"))
        .and_then(|endpoint| {
            endpoint.user_agent(concat!("tiendo-agent/", env!("CARGO_PKG_VERSION")))
        })
        .map_err(|cause| unusable(address, &cause))?;
    Ok(endpoint
        .connect_timeout(connect)
        .tcp_keepalive(Some(Duration::from_secs(30)))
        // Servers and proxies take more frequent pings for an attack.
        .http2_keep_alive_interval(Duration::from_mins(1))
        .keep_alive_timeout(Duration::from_secs(20))
        .keep_alive_while_idle(false))
}

fn is_loopback(address: &str) -> bool {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn addresses(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| format!("{name}:7443")).collect()
    }

    #[test]
    fn a_thousand_computers_spread_over_the_servers_and_over_those_left() {
        let (three, mut first, mut second) = (addresses(&["a", "b", "c"]), HashMap::new(), 0);
        for number in 0..1_000 {
            let order = in_order(&three, &format!("so-khcn/may-{number}"));
            assert_eq!(order, in_order(&three, &format!("so-khcn/may-{number}")));
            if order[0] == "a:7443" {
                second += usize::from(order[1] == "b:7443");
            }
            *first.entry(order[0].clone()).or_insert(0) += 1;
        }
        assert!(first.values().all(|count| (280..390).contains(count)), "{first:?}");
        // When `a` fails, half of its computers go to `b`.
        assert!(second * 5 > first["a:7443"] * 2 && second * 5 < first["a:7443"] * 3, "{second}");
    }

    #[test]
    fn a_server_that_is_added_moves_only_those_it_gets() {
        let (two, three) = (addresses(&["a", "b"]), addresses(&["a", "b", "c"]));
        for number in 0..200 {
            let whose = format!("so-khcn/may-{number}");
            let (before, after) = (in_order(&two, &whose), in_order(&three, &whose));
            assert!(after[0] == before[0] || after[0] == "c:7443");
        }
    }

    #[tokio::test]
    async fn servers_are_asked_in_turn() {
        let mut ways = Ways::plain(&["127.0.0.1:1".into(), "[::1]:2".into()], "x").unwrap();
        let first = ways.address().to_owned();
        assert!(ways.is_first() && !ways.begin_first() && !ways.begin_at("127.0.0.1:9"));
        ways.turn();
        let second = ways.address().to_owned();
        assert!(second != first && !ways.is_first() && !ways.begin_at(&second));
        ways.turn();
        assert_eq!((ways.address(), ways.count()), (first.as_str(), 2));
        assert!(ways.begin_at(&second) && ways.begin_first());
        assert_eq!(Ways::plain(&[], "x").unwrap_err(), Error::NoServer);
    }
}
