//! `AdminService`: who gets in, the catalogue, and backups.

use tiendo_shared::wire::{self, v1};
use tonic::Request;

use super::stubs::admin_service_server::{AdminService, AdminServiceServer};
use super::{Answer, Services, answer, caller};
use crate::failure::Failure;
use crate::sign_in::SESSION;

struct Admin(Services);

pub(super) fn service(services: &Services) -> AdminServiceServer<impl AdminService> {
    AdminServiceServer::new(Admin(services.clone()))
}

#[tonic::async_trait]
impl AdminService for Admin {
    async fn create_join_token(
        &self,
        request: Request<v1::CreateJoinTokenRequest>,
    ) -> Answer<v1::CreateJoinTokenResponse> {
        let caller = caller(&request)?;
        answer(self.0.administration.create_token(&caller.name, request.get_ref()).await)
    }

    async fn revoke_join_token(
        &self,
        request: Request<v1::RevokeJoinTokenRequest>,
    ) -> Answer<v1::RevokeJoinTokenResponse> {
        let caller = caller(&request)?;
        let id = &request.get_ref().token_id;
        let revoked = self.0.administration.revoke_token(&caller.name, id).await;
        answer(revoked.map(|()| v1::RevokeJoinTokenResponse {}))
    }

    async fn list_agents(
        &self,
        request: Request<v1::ListAgentsRequest>,
    ) -> Answer<v1::ListAgentsResponse> {
        answer(self.0.administration.agents(request.get_ref()).await)
    }

    async fn revoke_agent(
        &self,
        request: Request<v1::RevokeAgentRequest>,
    ) -> Answer<v1::RevokeAgentResponse> {
        let caller = caller(&request)?;
        let agent = self.0.administration.revoke(&caller.name, request.get_ref()).await;
        answer(agent.map(|agent| v1::RevokeAgentResponse { agent: Some(agent) }))
    }

    async fn replace_catalogue(
        &self,
        request: Request<v1::ReplaceCatalogueRequest>,
    ) -> Answer<v1::ReplaceCatalogueResponse> {
        let caller = caller(&request)?;
        let version =
            self.0.administration.replace_catalogue(&caller.name, request.get_ref()).await;
        answer(version.map(|catalogue_version| v1::ReplaceCatalogueResponse { catalogue_version }))
    }

    async fn create_sign_in_link(
        &self,
        request: Request<v1::CreateSignInLinkRequest>,
    ) -> Answer<v1::CreateSignInLinkResponse> {
        let caller = caller(&request)?;
        answer(self.0.sign_in_link(&caller.name, &request.get_ref().reader))
    }

    async fn backup(&self, _: Request<v1::BackupRequest>) -> Answer<v1::BackupResponse> {
        answer(self.0.backup().await)
    }
}

impl Services {
    fn sign_in_link(
        &self,
        by: &str,
        reader: &str,
    ) -> Result<v1::CreateSignInLinkResponse, Failure> {
        let board = self.board.as_ref().ok_or_else(|| Failure::Precondition {
            reason: "NO_BOARD",
            message: "this server has no board with TLS; start it with `--http ADDRESS`".to_owned(),
        })?;
        let place = (String::new(), by.to_owned());
        let key = self.intake.members.registry().at(&place).map_or([0; 32], |member| member.key);
        let (token, ends) = board.sign_in.link((by, key), reader, self.clock.now())?;
        Ok(v1::CreateSignInLinkResponse {
            link: format!("{}/sign-in?token={token}", board.address),
            expires_at: Some(wire::timestamp(ends)),
            session: prost_types::Duration::try_from(SESSION.unsigned_abs()).ok(),
        })
    }

    async fn backup(&self) -> Result<v1::BackupResponse, Failure> {
        let taken = self.backups.take(self.clock.now()).await?;
        let taken_at = Some(wire::timestamp(taken.at));
        Ok(v1::BackupResponse { name: taken.name, bytes: taken.bytes, taken_at })
    }
}
