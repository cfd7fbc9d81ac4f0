//! `EnrolmentService`: certificates for holders of a token or of a certified key.

use std::net::{IpAddr, Ipv4Addr};

use tiendo_shared::wire::v1;
use tonic::Request;

use super::stubs::enrolment_service_server::{EnrolmentService, EnrolmentServiceServer};
use super::{Answer, Services, answer};
use crate::identity::Credential;
use crate::tls::Peer;

struct Enrolment(Services);

pub(super) fn service(services: &Services) -> EnrolmentServiceServer<impl EnrolmentService> {
    EnrolmentServiceServer::new(Enrolment(services.clone()))
}

#[tonic::async_trait]
impl EnrolmentService for Enrolment {
    async fn enrol(&self, request: Request<v1::EnrolRequest>) -> Answer<v1::EnrolResponse> {
        // Without TLS every caller is on this computer.
        let peer = request.extensions().get::<Peer>();
        let address = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.address.ip());
        answer(self.0.enrolment.enrol(address, request.get_ref()).await)
    }

    async fn renew(&self, request: Request<v1::RenewRequest>) -> Answer<v1::RenewResponse> {
        let peer = request.extensions().get::<Peer>();
        let credential = peer.map_or(&Credential::None, |peer| &peer.credential);
        answer(self.0.enrolment.renew(credential, request.get_ref()).await)
    }
}
