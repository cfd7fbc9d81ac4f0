//! Clients of a running server, each acting for a department where it has to.

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

use super::stubs::admin_service_client::AdminServiceClient;
use super::stubs::catalogue_service_client::CatalogueServiceClient;
use super::stubs::collection_service_client::CollectionServiceClient;
use super::stubs::enrolment_service_client::EnrolmentServiceClient;
use super::stubs::export_service_client::ExportServiceClient;
use super::stubs::ledger_service_client::LedgerServiceClient;
use super::stubs::review_service_client::ReviewServiceClient;
use super::stubs::server_info_service_client::ServerInfoServiceClient;
use super::stubs::status_service_client::StatusServiceClient;

/// Longest answer a client takes: a page of a thousand full entries is large.
const LONGEST_ANSWER: usize = 256 << 20;

/// Puts the acting department and the agent's name into the metadata.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    department: Option<MetadataValue<Ascii>>,
    agent: Option<MetadataValue<Ascii>>,
}

impl Interceptor for Identity {
    fn call(
        &mut self,
        mut request: tonic::Request<()>,
    ) -> Result<tonic::Request<()>, tonic::Status> {
        let metadata = request.metadata_mut();
        if let Some(department) = &self.department {
            metadata.insert("tiendo-department", department.clone());
        }
        if let Some(agent) = &self.agent {
            metadata.insert("tiendo-agent", agent.clone());
        }
        Ok(request)
    }
}

type Identified = InterceptedService<Channel, Identity>;

/// What agents call.
pub(crate) type Collection = CollectionServiceClient<Identified>;

/// What operators call.
pub(crate) type Status = StatusServiceClient<Channel>;

/// What reviewers call.
pub(crate) type Review = ReviewServiceClient<Identified>;

/// All clients over one connection.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    channel: Channel,
}

impl Clients {
    /// Clients over this connection.
    pub(crate) fn over(channel: Channel) -> Self {
        Self { channel }
    }

    fn identified(&self, department: Option<&str>, agent: Option<&str>) -> Identified {
        let value = |text: &str| text.parse().expect("metadata is ASCII");
        let identity = Identity { department: department.map(value), agent: agent.map(value) };
        InterceptedService::new(self.channel.clone(), identity)
    }

    /// Submits for a department.
    pub(crate) fn collection(&self, department: &str) -> Collection {
        CollectionServiceClient::new(self.identified(Some(department), Some("test-agent")))
            .max_decoding_message_size(LONGEST_ANSWER)
    }

    /// Submits for nobody.
    pub(crate) fn collection_without_department(&self) -> Collection {
        CollectionServiceClient::new(self.identified(None, None))
    }

    /// Asks where targets stand.
    pub(crate) fn status(&self) -> Status {
        StatusServiceClient::new(self.channel.clone()).max_decoding_message_size(LONGEST_ANSWER)
    }

    /// Judges reports under a name.
    pub(crate) fn review(&self, name: &str) -> Review {
        ReviewServiceClient::new(self.identified(None, Some(name)))
    }

    /// Writes figures into files.
    pub(crate) fn export(&self) -> ExportServiceClient<Channel> {
        ExportServiceClient::new(self.channel.clone())
    }

    /// Reads the catalogue.
    pub(crate) fn catalogue(&self) -> CatalogueServiceClient<Channel> {
        CatalogueServiceClient::new(self.channel.clone())
    }

    /// Reads the chains.
    pub(crate) fn ledger(&self) -> LedgerServiceClient<Channel> {
        LedgerServiceClient::new(self.channel.clone()).max_decoding_message_size(LONGEST_ANSWER)
    }

    /// Manages who gets in.
    pub(crate) fn admin(&self) -> AdminServiceClient<Channel> {
        AdminServiceClient::new(self.channel.clone())
    }

    /// Gets certificates.
    pub(crate) fn enrolment(&self) -> EnrolmentServiceClient<Channel> {
        EnrolmentServiceClient::new(self.channel.clone())
    }

    /// Asks what the server is.
    pub(crate) fn info(&self) -> ServerInfoServiceClient<Channel> {
        ServerInfoServiceClient::new(self.channel.clone())
    }
}
