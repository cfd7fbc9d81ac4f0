//! A disk whose sync takes five seconds, under a whole server.

use std::sync::Arc;
use std::time::Duration;

use prost::Message as _;
use tiendo_agent::Exit;
use tiendo_server::store::Store as _;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::wire::v1;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use self::stubs::collection_service_client::CollectionServiceClient;
use self::stubs::status_service_client::StatusServiceClient;
use crate::log::pass;
use crate::run::{Province, Wrong};

#[allow(
    dead_code,
    unreachable_pub,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated, and more than is called here"
)]
mod stubs {
    include!(concat!(env!("OUT_DIR"), "/tiendo.v1.rs"));
}

const SYNC: Duration = Duration::from_secs(5);

/// What does not wait for the disk answers within this.
const QUICK: Duration = Duration::from_secs(1);

/// A value of the year for the department of the first agent.
fn submission(id: u128, year: u32, value: u32) -> v1::SubmitMeasurementsRequest {
    let measurement = v1::Measurement {
        indicator: "ty-le".to_owned(),
        content: Some(v1::measurement::Content::Value(value.to_string())),
        ..Default::default()
    };
    let group = v1::MeasurementGroup {
        period: year.to_string(),
        measurements: vec![measurement],
        ..Default::default()
    };
    v1::SubmitMeasurementsRequest {
        submission_id: uuid::Uuid::from_u128(id | 0x7000 << 64 | 0x8 << 60).to_string(),
        groups: vec![group],
        ..Default::default()
    }
}

fn request<T>(message: T, within: Duration) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.metadata_mut().insert("tiendo-department", "so-mot".parse().unwrap());
    request.set_timeout(within);
    request
}

async fn submit(
    channel: &Channel,
    message: v1::SubmitMeasurementsRequest,
    within: Duration,
) -> Result<v1::Receipt, tonic::Status> {
    let mut client = CollectionServiceClient::new(channel.clone());
    let answer = client.submit_measurements(request(message, within)).await?;
    Ok(answer.into_inner().receipt.unwrap())
}

/// Submissions wait for the disk and are answered after; whoever does not wait that long is told,
/// and finds its submission recorded once; reads and health answer meanwhile; stopping waits.
pub(crate) async fn a_disk(catalogue: &Arc<Catalogue>) {
    let mut province = Province::new(11, catalogue, Wrong::default(), false);
    for at in 0..province.agents.len() {
        province.kill_agent(at, false).await;
    }
    let endpoint = Endpoint::from_static("http://127.0.0.1:7443");
    let channel = province.agents[0].surroundings().channel(&endpoint);
    submit(&channel, submission(1, 2020, 10), QUICK * 60).await.unwrap();
    province.server.set_sync(SYNC);
    // Answered at the end of a sync, so that the next one has just begun.
    submit(&channel, submission(4, 2019, 9), SYNC * 3).await.unwrap();

    let began = province.log.elapsed();
    let took = |province: &Province| province.log.elapsed().saturating_sub(began);
    let patient = {
        let channel = channel.clone();
        let waits = async move { submit(&channel, submission(2, 2021, 11), SYNC * 3).await };
        tokio::task::spawn_local(waits)
    };
    let status = submit(&channel, submission(3, 2022, 12), QUICK).await.unwrap_err();
    assert!(
        matches!(status.code(), tonic::Code::DeadlineExceeded | tonic::Code::Cancelled),
        "{status:?}"
    );
    assert!(took(&province) < QUICK * 2, "{:?}", took(&province));
    let mut statuses = StatusServiceClient::new(channel.clone());
    let all = v1::ListTargetStatusesRequest::default();
    let asked = statuses.list_target_statuses(request(all, QUICK)).await;
    assert!(!asked.unwrap().into_inner().statuses.is_empty());
    let mut health = HealthClient::new(channel.clone());
    let HealthCheckResponse { status } =
        health.check(request(HealthCheckRequest::default(), QUICK)).await.unwrap().into_inner();
    assert_eq!(status, ServingStatus::Serving as i32);
    assert!(took(&province) < SYNC && !patient.is_finished(), "{:?}", took(&province));
    let receipt = patient.await.unwrap().unwrap();
    assert!(took(&province) <= SYNC * 2, "{:?}", took(&province));
    // Whoever gave up finds it recorded, once.
    let again = submit(&channel, submission(3, 2022, 12), SYNC * 3).await.unwrap();
    assert!(again.duplicate && again.sequence != receipt.sequence);

    // An officer whose command is under way when the server stops is answered before it does.
    let (name, text) = ("slow.csv", format!("{}2020-01;xa-001;7\n", crate::agent::HEAD));
    province.agents[0].put(name, &text);
    let agent = province.agents[0].clone();
    let officer = tokio::task::spawn_local(async move { agent.submit(name).await });
    let entries = province.server.store().head("so-mot").await.unwrap().0;
    pass(Duration::from_secs(1)).await;
    assert!(!officer.is_finished());
    province.server.stop().await;
    assert_eq!(officer.await.unwrap(), Exit::Done, "{}", province.agents[0].said());
    assert!(province.server.start());
    let store = Arc::clone(province.server.store());
    assert_eq!(store.head("so-mot").await.unwrap().0, entries + 1);
    let chain = store.entries("so-mot", 1, usize::MAX).await.unwrap();
    let last = v1::SubmissionContent::decode(chain.last().unwrap().content()).unwrap();
    assert_eq!(last.groups[0].period, "2020-01");
}
