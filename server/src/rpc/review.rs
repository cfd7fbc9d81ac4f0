//! `ReviewService`: answered once reports are reviewed.

use tiendo_shared::wire::v1;
use tonic::Request;

use super::stubs::review_service_server::{ReviewService, ReviewServiceServer};
use super::{Answer, answer};
use crate::failure::Failure;

struct Later;

pub(super) fn service() -> ReviewServiceServer<impl ReviewService> {
    ReviewServiceServer::new(Later)
}

#[tonic::async_trait]
impl ReviewService for Later {
    async fn list_reports(
        &self,
        _: Request<v1::ListReportsRequest>,
    ) -> Answer<v1::ListReportsResponse> {
        answer(Err(Failure::Unimplemented("ListReports")))
    }

    async fn approve_report(
        &self,
        _: Request<v1::ApproveReportRequest>,
    ) -> Answer<v1::ApproveReportResponse> {
        answer(Err(Failure::Unimplemented("ApproveReport")))
    }

    async fn return_report(
        &self,
        _: Request<v1::ReturnReportRequest>,
    ) -> Answer<v1::ReturnReportResponse> {
        answer(Err(Failure::Unimplemented("ReturnReport")))
    }

    async fn reopen_report(
        &self,
        _: Request<v1::ReopenReportRequest>,
    ) -> Answer<v1::ReopenReportResponse> {
        answer(Err(Failure::Unimplemented("ReopenReport")))
    }
}
