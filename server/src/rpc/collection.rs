//! `CollectionService`: what agents call to report.

use std::pin::Pin;

use futures_util::StreamExt as _;
use futures_util::stream::Stream;
use tiendo_shared::wire::v1;
use tonic::{Request, Streaming};

use super::stubs::collection_service_server::{CollectionService, CollectionServiceServer};
use super::{Answer, Services, answer, caller, error};
use crate::identity::Caller;
use crate::intake::Intake;

struct Collection(Services);

pub(super) fn service(services: &Services) -> CollectionServiceServer<impl CollectionService> {
    CollectionServiceServer::new(Collection(services.clone()))
}

type Responses =
    Pin<Box<dyn Stream<Item = Result<v1::StreamSubmissionsResponse, tonic::Status>> + Send>>;

#[tonic::async_trait]
impl CollectionService for Collection {
    async fn list_due_reports(
        &self,
        request: Request<v1::ListDueReportsRequest>,
    ) -> Answer<v1::ListDueReportsResponse> {
        let caller = caller(&request)?;
        answer(self.0.reports.due(&caller, request.get_ref(), self.0.clock.now()).await)
    }

    async fn submit_measurements(
        &self,
        request: Request<v1::SubmitMeasurementsRequest>,
    ) -> Answer<v1::SubmitMeasurementsResponse> {
        let caller = caller(&request)?;
        answer(self.0.intake.submit(&caller, request.into_inner()).await)
    }

    type StreamSubmissionsStream = Responses;

    async fn stream_submissions(
        &self,
        request: Request<Streaming<v1::StreamSubmissionsRequest>>,
    ) -> Answer<Responses> {
        let caller = caller(&request)?;
        let intake = self.0.intake.clone();
        // What was sent before the server began to stop is still answered.
        let responses = request
            .into_inner()
            .take_until(self.0.stopping.clone().cancelled_owned())
            .map(move |message| one_of_stream(intake.clone(), caller.clone(), message))
            .buffer_unordered(self.0.limits.stream_in_flight as usize);
        Ok(tonic::Response::new(Box::pin(responses)))
    }

    async fn get_receipt(
        &self,
        request: Request<v1::GetReceiptRequest>,
    ) -> Answer<v1::GetReceiptResponse> {
        let caller = caller(&request)?;
        answer(self.0.intake.receipt(&caller, &request.get_ref().submission_id).await)
    }
}

async fn one_of_stream(
    intake: Intake,
    caller: Caller,
    message: Result<v1::StreamSubmissionsRequest, tonic::Status>,
) -> Result<v1::StreamSubmissionsResponse, tonic::Status> {
    use v1::stream_submissions_response::Result as Outcome;
    let submission = message?.submission.unwrap_or_default();
    let submission_id = submission.submission_id.clone();
    let result = match intake.submit(&caller, submission).await {
        Ok(response) => Outcome::Response(response),
        Err(failure) => Outcome::Failure(failed(&failure)),
    };
    Ok(v1::StreamSubmissionsResponse { submission_id, result: Some(result) })
}

fn failed(failure: &crate::failure::Failure) -> v1::SubmissionFailure {
    let (code, reason, retry_after) = error::code(failure);
    v1::SubmissionFailure {
        code: code as i32,
        reason: reason.to_owned(),
        message: failure.to_string(),
        retry_after_ms: retry_after
            .map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
    }
}
