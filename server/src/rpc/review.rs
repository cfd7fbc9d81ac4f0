//! `ReviewService`: what reviewers do with reports.

use tiendo_shared::wire::v1;
use tonic::Request;

use super::stubs::review_service_server::{ReviewService, ReviewServiceServer};
use super::{Answer, Services, answer, caller};
use crate::review::Review;

struct Service(Review);

pub(super) fn service(services: &Services) -> ReviewServiceServer<impl ReviewService> {
    ReviewServiceServer::new(Service(services.review.clone()))
}

#[tonic::async_trait]
impl ReviewService for Service {
    async fn list_reports(
        &self,
        request: Request<v1::ListReportsRequest>,
    ) -> Answer<v1::ListReportsResponse> {
        let caller = caller(&request)?;
        answer(self.0.list(&caller, request.into_inner()).await)
    }

    async fn approve_report(
        &self,
        request: Request<v1::ApproveReportRequest>,
    ) -> Answer<v1::ApproveReportResponse> {
        let caller = caller(&request)?;
        let report = self.0.approve(&caller, request.get_ref()).await;
        answer(report.map(|report| v1::ApproveReportResponse { report: Some(report) }))
    }

    async fn return_report(
        &self,
        request: Request<v1::ReturnReportRequest>,
    ) -> Answer<v1::ReturnReportResponse> {
        let caller = caller(&request)?;
        let report = self.0.send_back(&caller, request.get_ref()).await;
        answer(report.map(|report| v1::ReturnReportResponse { report: Some(report) }))
    }

    async fn reopen_report(
        &self,
        request: Request<v1::ReopenReportRequest>,
    ) -> Answer<v1::ReopenReportResponse> {
        let caller = caller(&request)?;
        let report = self.0.reopen(&caller, request.get_ref()).await;
        answer(report.map(|report| v1::ReopenReportResponse { report: Some(report) }))
    }
}
