//! `ServerInfoService`: what this server is and what it takes.

use tiendo_shared::check::TEXT_CHARACTERS;
use tiendo_shared::wire::{self, v1};
use tonic::Request;

use super::stubs::server_info_service_server::{ServerInfoService, ServerInfoServiceServer};
use super::{Answer, Services, answer};
use crate::page;

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
            ledger_key: services.intake.desk.public_key(),
            node: String::new(),
        }))
    }
}

impl From<super::Limits> for v1::Limits {
    fn from(limits: super::Limits) -> Self {
        let number = |limit: usize| u32::try_from(limit).unwrap_or(u32::MAX);
        Self {
            message_bytes: limits.message_bytes as u64,
            submission_items: number(limits.submission_items),
            stream_in_flight: number(limits.stream_in_flight),
            concurrent_streams: limits.concurrent_streams,
            text_characters: number(TEXT_CHARACTERS),
            page_size: page::MOST,
        }
    }
}
