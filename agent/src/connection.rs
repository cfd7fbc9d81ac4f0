//! The way to the server: address, identity, channel, and a deadline on every call.
//!
//! The only place that knows how this computer shows who it is: by its certificate
//! over TLS. For trying out there is one other way: plain HTTP/2 to a server on this
//! computer, and the department named in the call.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tiendo_shared::wire::{self, v1};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};
use tonic_types::StatusExt as _;

use crate::clock;
use crate::config::Config;
use crate::identity::Identity;
use crate::rpc::catalogue_service_client::CatalogueServiceClient;
use crate::rpc::collection_service_client::CollectionServiceClient;
use crate::rpc::enrolment_service_client::EnrolmentServiceClient;
use crate::rpc::ledger_service_client::LedgerServiceClient;
use crate::rpc::review_service_client::ReviewServiceClient;
use crate::rpc::server_info_service_client::ServerInfoServiceClient;
use crate::trust::{Authority, Verifier};
use crate::world;

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
pub(crate) type Calls = InterceptedService<Channel, Shown>;

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

/// What every call shows beside the certificate. Only a server without TLS believes
/// the department and the name.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    department: Option<MetadataValue<Ascii>>,
    agent: Option<MetadataValue<Ascii>>,
    machine: MetadataValue<Ascii>,
}

impl Interceptor for Shown {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        if let Some(department) = &self.department {
            metadata.insert("tiendo-department", department.clone());
        }
        if let Some(agent) = &self.agent {
            metadata.insert("tiendo-agent", agent.clone());
        }
        metadata.insert("tiendo-machine", self.machine.clone());
        metadata.insert("tiendo-clock", clock::now().as_microsecond().into());
        Ok(request)
    }
}

/// The way to the server.
#[derive(Debug)]
pub(crate) struct Connection {
    address: String,
    endpoint: Endpoint,
    shown: Shown,
    identity: Option<Identity>,
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
    /// The way the configuration names, as `identity`; nothing is sent yet.
    pub(crate) fn of(config: &Config, identity: Option<&Identity>) -> Result<Self, Error> {
        let address = config.server.as_deref().ok_or(Error::NoServer)?;
        if config.insecure_loopback {
            return Self::plain(address, config);
        }
        let identity = identity.ok_or(Error::NotEnrolled)?;
        let endpoint = secure(address, None, Some(identity))?;
        let shown = Shown::beside_certificate(config)?;
        Ok(Self::over(address, endpoint, shown, Some(identity.clone())))
    }

    /// The way to a server that is known by `verifier`, shown no certificate.
    pub(crate) fn to_enrol(config: &Config, verifier: Arc<Verifier>) -> Result<Self, Error> {
        let address = config.server.as_deref().ok_or(Error::NoServer)?;
        let endpoint = secure(address, Some(verifier), None)?;
        Ok(Self::over(address, endpoint, Shown::beside_certificate(config)?, None))
    }

    fn plain(address: &str, config: &Config) -> Result<Self, Error> {
        let department = config.department.as_deref().ok_or(Error::NoDepartment)?;
        if !is_loopback(address) {
            return Err(Error::NotLoopback(address.to_owned()));
        }
        let shown = Shown {
            department: Some(value(department)?),
            agent: Some(value(&config.agent)?),
            ..Shown::beside_certificate(config)?
        };
        Ok(Self::over(address, endpoint("http", address)?, shown, None))
    }

    fn over(address: &str, endpoint: Endpoint, shown: Shown, identity: Option<Identity>) -> Self {
        let channel = channel(&endpoint);
        let address = address.to_owned();
        Self { address, endpoint, shown, identity, channel, failures: 0 }
    }

    /// What this computer shows the server; none without TLS and before enrolment.
    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// The department it acts for; empty before enrolment.
    fn department(&self) -> &str {
        let certified = self.identity.as_ref().and_then(|it| it.bearer.department.as_deref());
        let shown = || self.shown.department.as_ref().and_then(|it| it.to_str().ok());
        certified.or_else(shown).unwrap_or_default()
    }

    /// Shows a renewed certificate from the next call on.
    pub(crate) fn show(&mut self, identity: Identity) -> Result<(), Error> {
        self.endpoint = secure(&self.address, None, Some(&identity))?;
        self.channel = channel(&self.endpoint);
        self.identity = Some(identity);
        Ok(())
    }

    /// Calls of the enrolment service.
    pub(crate) fn enrolment(&self) -> EnrolmentServiceClient<Calls> {
        EnrolmentServiceClient::with_interceptor(self.channel.clone(), self.shown.clone())
    }

    /// Calls of the collection service.
    pub(crate) fn collection(&self) -> CollectionServiceClient<Calls> {
        CollectionServiceClient::with_interceptor(self.channel.clone(), self.shown.clone())
            .max_decoding_message_size(MOST_BYTES)
    }

    /// Calls of the catalogue service.
    pub(crate) fn catalogue(&self) -> CatalogueServiceClient<Calls> {
        CatalogueServiceClient::with_interceptor(self.channel.clone(), self.shown.clone())
            .max_decoding_message_size(MOST_BYTES)
    }

    /// The reports of the department that were received and are not approved.
    pub(crate) async fn unapproved(&mut self) -> Result<Vec<v1::Report>, Status> {
        let mut client =
            ReviewServiceClient::with_interceptor(self.channel.clone(), self.shown.clone())
                .max_decoding_message_size(MOST_BYTES);
        let mut reports = Vec::new();
        let mut request = v1::ListReportsRequest {
            department: self.department().to_owned(),
            states: [
                v1::ReportState::Received,
                v1::ReportState::Returned,
                v1::ReportState::Reopened,
            ]
            .map(Into::into)
            .to_vec(),
            ..v1::ListReportsRequest::default()
        };
        loop {
            let answer = within(QUICK, client.list_reports(request.clone())).await;
            let page = self.noted(answer)?.into_inner();
            reports.extend(page.reports);
            if page.next_page_token.is_empty() {
                return Ok(reports);
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Calls of the ledger service.
    pub(crate) fn ledger(&self) -> LedgerServiceClient<Calls> {
        LedgerServiceClient::with_interceptor(self.channel.clone(), self.shown.clone())
            .max_decoding_message_size(MOST_BYTES)
    }

    /// Asks the server what it is.
    pub(crate) async fn meet(&mut self) -> Result<Met, Status> {
        let mut client =
            ServerInfoServiceClient::with_interceptor(self.channel.clone(), self.shown.clone());
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
                    self.channel = channel(&self.endpoint);
                    self.failures = 0;
                }
            }
            _ => self.failures = 0,
        }
        answer
    }
}

impl Shown {
    fn beside_certificate(config: &Config) -> Result<Self, Error> {
        Ok(Self { department: None, agent: None, machine: value(&config.machine)? })
    }
}

/// A channel that connects when it is first used.
fn channel(endpoint: &Endpoint) -> Channel {
    let simulated = world::simulated(|around| around.channel(endpoint));
    simulated.unwrap_or_else(|| endpoint.connect_lazy())
}

fn value(text: &str) -> Result<MetadataValue<Ascii>, Error> {
    text.parse().map_err(|cause| unusable(text, &cause))
}

fn unusable(text: &str, cause: &dyn std::error::Error) -> Error {
    Error::Unusable(text.to_owned(), deepest(cause))
}

fn endpoint(scheme: &str, address: &str) -> Result<Endpoint, Error> {
    let endpoint = Endpoint::from_shared(format!("{scheme}://{address}"))
        .and_then(|endpoint| {
            endpoint.user_agent(concat!("tiendo-agent/", env!("CARGO_PKG_VERSION")))
        })
        .map_err(|cause| unusable(address, &cause))?;
    Ok(endpoint
        .connect_timeout(CONNECT)
        .tcp_keepalive(Some(Duration::from_secs(30)))
        // Servers and proxies take more frequent pings for an attack.
        .http2_keep_alive_interval(Duration::from_mins(1))
        .keep_alive_timeout(Duration::from_secs(20))
        .keep_alive_while_idle(false))
}

/// TLS to a server known by `verifier`, or by the authority of `identity`.
fn secure(
    address: &str,
    verifier: Option<Arc<Verifier>>,
    identity: Option<&Identity>,
) -> Result<Endpoint, Error> {
    let of_identity =
        |identity: &Identity| Verifier::of(Authority::Certificate(identity.authority.clone()));
    let verifier = verifier.or_else(|| identity.map(of_identity)).ok_or(Error::NotEnrolled)?;
    let mut tls = ClientTlsConfig::new().timeout(CONNECT);
    if let Some(Identity { certificate, key, .. }) = identity {
        tls = tls.identity(tonic::transport::Identity::from_pem(certificate, key));
    }
    endpoint("https", address)?
        .tls_config_with_verifier(tls, verifier)
        .map_err(|cause| unusable("agent.pem", &cause))
}

/// The reason the server gives for an error of its own; empty if it gives none.
pub(crate) fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// What an error says at its very bottom, where the system's own words are.
pub(crate) fn deepest(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
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
            assert!(Connection::of(&config(server, true), None).is_ok(), "{server}");
        }
        for server in ["tiendo.angiang.gov.vn:7443", "10.0.0.1:7443", "localhost.evil.vn:1"] {
            let error = Connection::of(&config(server, true), None).unwrap_err();
            assert_eq!(error, Error::NotLoopback(server.to_owned()));
        }
        let error = Connection::of(&config("127.0.0.1:7443", false), None).unwrap_err();
        assert_eq!(error, Error::NotEnrolled);
    }

    #[tokio::test]
    async fn a_server_that_is_away_is_a_failure_of_the_network() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        drop(socket);
        let mut connection = Connection::of(&config(&address.to_string(), true), None).unwrap();
        let status = connection.meet().await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::Unavailable);
        assert!(is_of_network(&status));
        assert!(!is_of_network(&Status::unavailable("stopping")));
    }
}
