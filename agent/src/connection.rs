//! The way to the server: address, identity, channel, and a deadline on every call.
//!
//! The only place that knows how this computer shows who it is. Without
//! certificates there is one way: plain HTTP/2 to a server on this computer, and
//! the department named in the call.

use std::time::Duration;

use jiff::Timestamp;
use tiendo_shared::wire::{self, v1};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use crate::clock;
use crate::config::Config;
use crate::rpc::catalogue_service_client::CatalogueServiceClient;
use crate::rpc::collection_service_client::CollectionServiceClient;
use crate::rpc::server_info_service_client::ServerInfoServiceClient;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// Longest wait for the answer to a call, or for the next answer on a stream.
pub(crate) const ANSWER: Duration = Duration::from_mins(1);

/// Longest wait for the answer to a question that costs the server nothing.
const QUICK: Duration = Duration::from_secs(10);

/// Longest message taken from the server.
const MOST_BYTES: usize = 16 << 20;

/// Failures of the network in a row after which the channel is built anew: a
/// half-open connection never recovers by itself.
const FAILURES_TO_REBUILD: u8 = 2;

/// A channel that shows who calls.
pub(crate) type Calls = InterceptedService<Channel, Identity>;

/// Why there is no way to the server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// Nobody said where it is.
    #[error("no server is configured")]
    NoServer,
    /// Nobody said who reports.
    #[error("no department is configured")]
    NoDepartment,
    /// This computer has no certificate.
    #[error("this computer is not enrolled")]
    NotEnrolled,
    /// Plain HTTP/2 to another computer.
    #[error("`{0}` is not this computer")]
    NotLoopback(String),
    /// The text is no address or no name that can be sent.
    #[error("`{0}` cannot be used: {1}")]
    Unusable(String, String),
}

/// Who calls.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    department: MetadataValue<Ascii>,
    agent: MetadataValue<Ascii>,
}

impl Interceptor for Identity {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        metadata.insert("tiendo-department", self.department.clone());
        metadata.insert("tiendo-agent", self.agent.clone());
        Ok(request)
    }
}

/// The way to the server.
#[derive(Debug)]
pub(crate) struct Connection {
    endpoint: Endpoint,
    identity: Identity,
    channel: Channel,
    failures: u8,
}

/// What the server says of itself, with the clocks of both sides.
#[derive(Debug)]
pub(crate) struct Met {
    /// What it says.
    pub(crate) info: v1::GetServerInfoResponse,
    /// When it answered, by this computer's clock.
    pub(crate) at: Timestamp,
    /// How far this clock is ahead of the server's.
    pub(crate) ahead: jiff::SignedDuration,
}

impl Connection {
    /// The way the configuration names; nothing is sent yet.
    pub(crate) fn of(config: &Config) -> Result<Self, Error> {
        let address = config.server.as_deref().ok_or(Error::NoServer)?;
        let department = config.department.as_deref().ok_or(Error::NoDepartment)?;
        if !config.insecure_loopback {
            return Err(Error::NotEnrolled);
        }
        if !is_loopback(address) {
            return Err(Error::NotLoopback(address.to_owned()));
        }
        let unusable =
            |text: &str, cause: &dyn ToString| Error::Unusable(text.to_owned(), cause.to_string());
        let value = |text: &str| text.parse().map_err(|cause| unusable(text, &cause));
        let identity = Identity { department: value(department)?, agent: value(&config.agent)? };
        let endpoint = Endpoint::from_shared(format!("http://{address}"))
            .and_then(|endpoint| {
                endpoint.user_agent(concat!("tiendo-agent/", env!("CARGO_PKG_VERSION")))
            })
            .map_err(|cause| unusable(address, &cause))?
            .connect_timeout(CONNECT)
            .tcp_keepalive(Some(Duration::from_secs(30)))
            // Servers and proxies take more frequent pings for an attack.
            .http2_keep_alive_interval(Duration::from_mins(1))
            .keep_alive_timeout(Duration::from_secs(20))
            .keep_alive_while_idle(false);
        let channel = endpoint.connect_lazy();
        Ok(Self { endpoint, identity, channel, failures: 0 })
    }

    /// Calls of the collection service.
    pub(crate) fn collection(&self) -> CollectionServiceClient<Calls> {
        CollectionServiceClient::with_interceptor(self.channel.clone(), self.identity.clone())
            .max_decoding_message_size(MOST_BYTES)
    }

    /// Calls of the catalogue service.
    pub(crate) fn catalogue(&self) -> CatalogueServiceClient<Calls> {
        CatalogueServiceClient::with_interceptor(self.channel.clone(), self.identity.clone())
            .max_decoding_message_size(MOST_BYTES)
    }

    /// Asks the server what it is.
    pub(crate) async fn meet(&mut self) -> Result<Met, Status> {
        let mut client =
            ServerInfoServiceClient::with_interceptor(self.channel.clone(), self.identity.clone());
        let asked = clock::now();
        let answer = within(QUICK, client.get_server_info(v1::GetServerInfoRequest {})).await;
        let at = clock::now();
        let info = self.noted(answer)?.into_inner();
        let server = info.server_time.as_ref().and_then(wire::instant);
        let ahead = server.map(|server| clock::ahead(asked, at, server)).unwrap_or_default();
        Ok(Met { info, at, ahead })
    }

    /// Notes whether the network failed; after two failures in a row the channel is built anew.
    pub(crate) fn noted<T>(&mut self, answer: Result<T, Status>) -> Result<T, Status> {
        match &answer {
            Err(status) if is_of_network(status) => {
                self.failures += 1;
                if self.failures >= FAILURES_TO_REBUILD {
                    tracing::info!("connecting anew after {} failures", self.failures);
                    self.channel = self.endpoint.connect_lazy();
                    self.failures = 0;
                }
            }
            _ => self.failures = 0,
        }
        answer
    }
}

/// Whether a failure is of the way to the server, not the server's own answer.
pub(crate) fn is_of_network(status: &Status) -> bool {
    // A status of the server has no source: it was read from the wire, not made here.
    std::error::Error::source(status).is_some()
        || (status.code() == tonic::Code::Unknown && status.details().is_empty())
        || (status.code() == tonic::Code::DeadlineExceeded && status.details().is_empty())
}

/// The answer to a call, or `DEADLINE_EXCEEDED` after `limit`.
pub(crate) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    let late =
        |_| Status::deadline_exceeded(format!("no answer within {} seconds", limit.as_secs()));
    tokio::time::timeout(limit, call).await.map_err(late)?
}

fn is_loopback(address: &str) -> bool {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(server: &str, insecure: bool) -> Config {
        let text = format!(
            "server = \"{server}\"\ndepartment = \"so-khcn\"\ninsecure_loopback = {insecure}"
        );
        Config::parse(&text, &|_| None, &[], "pc").unwrap()
    }

    #[tokio::test]
    async fn plain_connections_stay_on_this_computer() {
        for server in ["127.0.0.1:7443", "localhost:1", "[::1]:7443", "127.9.9.9:80"] {
            assert!(Connection::of(&config(server, true)).is_ok(), "{server}");
        }
        for server in ["tiendo.angiang.gov.vn:7443", "10.0.0.1:7443", "localhost.evil.vn:1"] {
            let error = Connection::of(&config(server, true)).unwrap_err();
            assert_eq!(error, Error::NotLoopback(server.to_owned()));
        }
        let error = Connection::of(&config("127.0.0.1:7443", false)).unwrap_err();
        assert_eq!(error, Error::NotEnrolled);
    }

    #[tokio::test]
    async fn a_server_that_is_away_is_a_failure_of_the_network() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        drop(socket);
        let mut connection = Connection::of(&config(&address.to_string(), true)).unwrap();
        let status = connection.meet().await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::Unavailable);
        assert!(is_of_network(&status));
        assert!(!is_of_network(&Status::unavailable("stopping")));
    }
}
