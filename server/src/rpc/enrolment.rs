//! `EnrolmentService`: answered once identities are issued.

use tiendo_shared::wire::v1;
use tonic::Request;

use super::stubs::enrolment_service_server::{EnrolmentService, EnrolmentServiceServer};
use super::{Answer, answer};
use crate::failure::Failure;

struct Later;

pub(super) fn service() -> EnrolmentServiceServer<impl EnrolmentService> {
    EnrolmentServiceServer::new(Later)
}

#[tonic::async_trait]
impl EnrolmentService for Later {
    async fn enrol(&self, _: Request<v1::EnrolRequest>) -> Answer<v1::EnrolResponse> {
        answer(Err(Failure::Unimplemented("Enrol")))
    }

    async fn renew(&self, _: Request<v1::RenewRequest>) -> Answer<v1::RenewResponse> {
        answer(Err(Failure::Unimplemented("Renew")))
    }
}
