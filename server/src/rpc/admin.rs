//! `AdminService`: answered once identities are issued.

use tiendo_shared::wire::v1;
use tonic::Request;

use super::stubs::admin_service_server::{AdminService, AdminServiceServer};
use super::{Answer, answer};
use crate::failure::Failure;

struct Later;

pub(super) fn service() -> AdminServiceServer<impl AdminService> {
    AdminServiceServer::new(Later)
}

#[tonic::async_trait]
impl AdminService for Later {
    async fn create_join_token(
        &self,
        _: Request<v1::CreateJoinTokenRequest>,
    ) -> Answer<v1::CreateJoinTokenResponse> {
        answer(Err(Failure::Unimplemented("CreateJoinToken")))
    }

    async fn list_agents(
        &self,
        _: Request<v1::ListAgentsRequest>,
    ) -> Answer<v1::ListAgentsResponse> {
        answer(Err(Failure::Unimplemented("ListAgents")))
    }

    async fn revoke_agent(
        &self,
        _: Request<v1::RevokeAgentRequest>,
    ) -> Answer<v1::RevokeAgentResponse> {
        answer(Err(Failure::Unimplemented("RevokeAgent")))
    }

    async fn replace_catalogue(
        &self,
        _: Request<v1::ReplaceCatalogueRequest>,
    ) -> Answer<v1::ReplaceCatalogueResponse> {
        answer(Err(Failure::Unimplemented("ReplaceCatalogue")))
    }

    async fn backup(&self, _: Request<v1::BackupRequest>) -> Answer<v1::BackupResponse> {
        answer(Err(Failure::Unimplemented("Backup")))
    }
}
