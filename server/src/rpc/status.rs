//! `StatusService`: where each target stands, and the figures behind it.

use std::pin::Pin;

use futures_util::StreamExt as _;
use futures_util::stream::Stream;
use tiendo_shared::wire::v1;
use tonic::Request;

use super::stubs::status_service_server::{StatusService, StatusServiceServer};
use super::{Answer, Services, answer, error};

/// The response header that tells where a stream began.
const RESUME_TOKEN: &str = "tiendo-resume-token";

type Moves =
    Pin<Box<dyn Stream<Item = Result<v1::WatchTargetStatusesResponse, tonic::Status>> + Send>>;

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

    type WatchTargetStatusesStream = Moves;

    async fn watch_target_statuses(
        &self,
        request: Request<v1::WatchTargetStatusesRequest>,
    ) -> Answer<Moves> {
        let began = self.0.watch.stream(request.get_ref()).await;
        let (token, moves) = began.map_err(|failure| error::status(&failure))?;
        let mut response = tonic::Response::new(Box::pin(moves.map(Ok)) as Moves);
        if let Ok(token) = token.parse() {
            response.metadata_mut().insert(RESUME_TOKEN, token);
        }
        Ok(response)
    }

    async fn list_changes(
        &self,
        request: Request<v1::ListChangesRequest>,
    ) -> Answer<v1::ListChangesResponse> {
        answer(self.0.changes.list(request.into_inner(), self.0.clock.now()).await)
    }

    async fn list_measurements(
        &self,
        request: Request<v1::ListMeasurementsRequest>,
    ) -> Answer<v1::ListMeasurementsResponse> {
        answer(self.0.figures.measurements(request.into_inner(), self.0.clock.now()).await)
    }

    async fn list_revisions(
        &self,
        request: Request<v1::ListRevisionsRequest>,
    ) -> Answer<v1::ListRevisionsResponse> {
        answer(self.0.figures.revisions(request.into_inner(), self.0.clock.now()).await)
    }

    async fn list_reporting_rates(
        &self,
        request: Request<v1::ListReportingRatesRequest>,
    ) -> Answer<v1::ListReportingRatesResponse> {
        answer(self.0.reports.rates(request.get_ref(), self.0.clock.now()).await)
    }
}
