//! The way to the servers: identity, channel, and a deadline on every call.
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
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
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
use crate::trust::Verifier;
use crate::way::{Ways, unusable};

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

/// The way to the servers, one of which is asked.
#[derive(Debug)]
pub(crate) struct Connection {
    ways: Ways,
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
        if config.servers.is_empty() {
            return Err(Error::NoServer);
        }
        if config.insecure_loopback {
            return Self::plain(config);
        }
        let identity = identity.ok_or(Error::NotEnrolled)?;
        let ways = Ways::secure(&config.servers, &whose(config), None, Some(identity))?;
        Ok(Self::over(ways, Shown::beside_certificate(config)?, Some(identity.clone())))
    }

    /// The way to servers that are known by `verifier`, shown no certificate.
    pub(crate) fn to_enrol(config: &Config, verifier: Arc<Verifier>) -> Result<Self, Error> {
        let ways = Ways::secure(&config.servers, &whose(config), Some(verifier), None)?;
        Ok(Self::over(ways, Shown::beside_certificate(config)?, None))
    }

    fn plain(config: &Config) -> Result<Self, Error> {
        let department = config.department.as_deref().ok_or(Error::NoDepartment)?;
        let ways = Ways::plain(&config.servers, &whose(config))?;
        let shown = Shown {
            department: Some(value(department)?),
            agent: Some(value(&config.agent)?),
            ..Shown::beside_certificate(config)?
        };
        Ok(Self::over(ways, shown, None))
    }

    fn over(ways: Ways, shown: Shown, identity: Option<Identity>) -> Self {
        let channel = ways.channel();
        Self { ways, shown, identity, channel, failures: 0 }
    }

    /// The servers, and which of them is asked.
    pub(crate) fn ways(&self) -> &Ways {
        &self.ways
    }

    /// Asks this server from now on, if it is one of them.
    pub(crate) fn begin_at(&mut self, address: &str) {
        if self.ways.begin_at(address) {
            self.connect_anew();
        }
    }

    /// Asks the first server again from now on.
    pub(crate) fn begin_first(&mut self) {
        if self.ways.begin_first() {
            self.connect_anew();
        }
    }

    /// Turns to another server after one failed with `status`; false if there is none, or
    /// if another one would answer the same.
    pub(crate) fn turn(&mut self, status: &Status) -> bool {
        let of_server = is_of_network(status) || status.code() == Code::Unavailable;
        if !of_server || self.ways.count() < 2 {
            return false;
        }
        let failed = self.ways.address().to_owned();
        self.ways.turn();
        self.connect_anew();
        tracing::info!("`{failed}`: {}; asking `{}`", status.message(), self.ways.address());
        true
    }

    fn connect_anew(&mut self) {
        self.channel = self.ways.channel();
        self.failures = 0;
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
        self.ways.show(&identity)?;
        self.channel = self.ways.channel();
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

    /// Asks the server what it is; if it fails the others, each of them once.
    pub(crate) async fn meet(&mut self) -> Result<Met, Status> {
        let mut others = self.ways.count() - 1;
        loop {
            match self.meet_one().await {
                Err(status) if others > 0 && self.turn(&status) => others -= 1,
                answer => return answer,
            }
        }
    }

    async fn meet_one(&mut self) -> Result<Met, Status> {
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
                    self.connect_anew();
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

/// Whose order of the servers it is.
fn whose(config: &Config) -> String {
    format!("{}/{}", config.department.as_deref().unwrap_or_default(), config.agent)
}

fn value(text: &str) -> Result<MetadataValue<Ascii>, Error> {
    text.parse().map_err(|cause| unusable(text, &cause))
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
