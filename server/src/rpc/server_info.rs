//! `ServerInfoService`: what this server is and what it takes.

use tiendo_shared::wire::{self, v1};
use tonic::Request;

use super::stubs::server_info_service_server::{ServerInfoService, ServerInfoServiceServer};
use super::{Answer, Services, answer};

struct ServerInfo(Services);

pub(super) fn service(services: &Services) -> ServerInfoServiceServer<impl ServerInfoService> {
    ServerInfoServiceServer::new(ServerInfo(services.clone()))
}

#[tonic::async_trait]
impl ServerInfoService for ServerInfo {
    async fn get_server_info(
        &self,
        _: Request<v1::GetServerInfoRequest>,
    ) -> Answer<v1::GetServerInfoResponse> {
        let services = &self.0;
        answer(Ok(v1::GetServerInfoResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            engine: services.store.engine().to_owned(),
            catalogue_version: services.catalogue.version.clone(),
            server_time: Some(wire::timestamp(services.clock.now())),
            limits: Some(services.limits.into()),
            ledger_key: services.intake.signer.public_key(),
            node: services.node.clone(),
        }))
    }
}
