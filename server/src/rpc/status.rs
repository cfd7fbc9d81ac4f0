//! `StatusService`: where each target stands, and the figures behind it.

use futures_util::stream::Empty;
use tiendo_shared::wire::v1;
use tonic::Request;

use super::stubs::status_service_server::{StatusService, StatusServiceServer};
use super::{Answer, Services, answer};
use crate::failure::Failure;

struct Status(Services);

pub(super) fn service(services: &Services) -> StatusServiceServer<impl StatusService> {
    StatusServiceServer::new(Status(services.clone()))
}

#[tonic::async_trait]
impl StatusService for Status {
    async fn list_target_statuses(
        &self,
        request: Request<v1::ListTargetStatusesRequest>,
    ) -> Answer<v1::ListTargetStatusesResponse> {
        answer(self.0.standing.list(request.into_inner(), self.0.clock.now()).await)
    }

    async fn get_target_status(
        &self,
        request: Request<v1::GetTargetStatusRequest>,
    ) -> Answer<v1::GetTargetStatusResponse> {
        answer(self.0.standing.get(request.into_inner(), self.0.clock.now()).await)
    }

    type WatchTargetStatusesStream = Empty<Result<v1::WatchTargetStatusesResponse, tonic::Status>>;

    async fn watch_target_statuses(
        &self,
        _: Request<v1::WatchTargetStatusesRequest>,
    ) -> Answer<Self::WatchTargetStatusesStream> {
        answer(Err(Failure::Unimplemented("WatchTargetStatuses")))
    }

    async fn list_measurements(
        &self,
        request: Request<v1::ListMeasurementsRequest>,
    ) -> Answer<v1::ListMeasurementsResponse> {
        answer(self.0.figures.measurements(request.into_inner()).await)
    }

    async fn list_revisions(
        &self,
        request: Request<v1::ListRevisionsRequest>,
    ) -> Answer<v1::ListRevisionsResponse> {
        answer(self.0.figures.revisions(request.into_inner()).await)
    }

    async fn list_reporting_rates(
        &self,
        request: Request<v1::ListReportingRatesRequest>,
    ) -> Answer<v1::ListReportingRatesResponse> {
        answer(self.0.reports.rates(request.get_ref(), self.0.clock.now()).await)
    }
}
