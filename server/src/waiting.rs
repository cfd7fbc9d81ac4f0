//! A server whose database does not answer: it waits, takes nothing, and says so.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tiendo_shared::department::PROVINCE;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::server::HealthReporter;
use tower::Service as _;

use crate::config::Config;
use crate::failure::Failure;
use crate::rpc::STRANGERS_BYTES;
use crate::rpc::error::status;
use crate::security::Security;
use crate::store::{self, Store};
use crate::tls::{self, Acceptor, Incoming, Speech};

/// How often it is looked whether the ledger answers.
const LOOK: Duration = Duration::from_secs(1);

/// Within this time it answers, or the server says that it does not serve.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// How long calls of health may go on once the server serves.
const GRACE: Duration = Duration::from_secs(1);

/// The service that says whether the server serves, by whether its ledger answers, until
/// `stopping`.
pub async fn health(
    store: &Arc<dyn Store>,
    stopping: &CancellationToken,
) -> (HealthReporter, HealthServer<impl Health>) {
    let (health, service) = tonic_health::server::health_reporter();
    health.set_service_status("", ServingStatus::Serving).await;
    let (store, stopping, reporter) = (Arc::clone(store), stopping.clone(), health.clone());
    let looking = async move { stopping.run_until_cancelled(look(&*store, &reporter)).await };
    tokio::spawn(looking);
    (health, service.max_decoding_message_size(STRANGERS_BYTES))
}

async fn look(store: &dyn Store, health: &HealthReporter) {
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut was_there = true;
    loop {
        looks.tick().await;
        let answer = tokio::time::timeout(ANSWERS_WITHIN, store.head(PROVINCE)).await;
        let is_there = matches!(answer, Ok(Ok(_)));
        if is_there != was_there {
            let status = if is_there { ServingStatus::Serving } else { ServingStatus::NotServing };
            tracing::warn!("the ledger {}", if is_there { "answers again" } else { "is away" });
            health.set_service_status("", status).await;
        }
        was_there = is_there;
    }
}

/// What `ready` yields; meanwhile health says `NOT_SERVING`, and every call is to come back.
pub async fn until<T>(
    ready: impl Future<Output = T>,
    config: &Config,
    security: Option<&Security>,
    listener: Incoming,
) -> T {
    let (health, service) = tonic_health::server::health_reporter();
    health.set_service_status("", ServingStatus::NotServing).await;
    let service = service.max_decoding_message_size(STRANGERS_BYTES);
    let health = tonic::service::Routes::new(service).prepare();
    let service = tower::service_fn(move |request: http::Request<Body>| {
        let mut health = health.clone();
        async move {
            if request.uri().path().starts_with("/grpc.health.v1.Health/") {
                return health.call(request).await;
            }
            let away = store::Error::Unavailable("the server waits for its database".to_owned());
            Ok(status(&Failure::Store(away)).into_http())
        }
    });
    let (stopping, cut) = (CancellationToken::new(), CancellationToken::new());
    let tls = security.map(|security| security.calls.clone());
    let acceptor = Acceptor { tls, limits: config.limits, cut: cut.clone() };
    let connections = acceptor.accept(listener, stopping.clone());
    let serving = tls::serve(connections, Speech::Calls, service, config.limits, stopping.clone());
    let serving = tokio::spawn(serving);
    let cut = cut.drop_guard();
    let yielded = ready.await;
    stopping.cancel();
    if tokio::time::timeout(GRACE, serving).await.is_err() {
        tracing::info!("whoever watched the health of the waiting server was cut off");
    }
    drop(cut);
    yielded
}
