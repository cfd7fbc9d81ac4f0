//! The central server of Tiendo: keeps every figure and says where each target stands.
//!
//! Store → use cases ([`intake`], [`figures`], [`reports`], [`standing`]) → [`rpc`]. The use
//! cases know nothing of tonic; only `rpc/error.rs` builds a status.

pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod failure;
pub mod figures;
pub mod identity;
pub mod intake;
pub mod page;
pub mod reports;
pub mod rpc;
pub mod signer;
pub mod standing;
pub mod store;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tiendo_shared::catalogue::Catalogue;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tower_http::classify::{GrpcCode, GrpcErrorsAsFailures, SharedClassifier};
use tower_http::trace::TraceLayer;

use crate::clock::Clock;
use crate::config::Config;
use crate::figures::Figures;
use crate::intake::Intake;
use crate::reports::Reports;
use crate::rpc::Services;
use crate::rpc::access::Gate;
use crate::signer::{Desk, Signer};
use crate::standing::Standing;
use crate::store::Store;

/// The catalogue that ships with the server.
pub const SHIPPED_CATALOGUE: &str = include_str!("../catalogue/an-giang.toml");

/// How often an idle connection is pinged while a call is open on it.
const KEEPALIVE: Duration = Duration::from_mins(1);

/// How much of a stream or connection may be on its way.
const WINDOW_BYTES: u32 = 4 << 20;

/// Serves `store` on `listener` until `shutdown` ends, then drains within the
/// configured grace. Health says SERVING from the first call on.
pub async fn run(
    config: &Config,
    catalogue: Arc<Catalogue>,
    store: Arc<dyn Store>,
    listener: TcpListener,
    clock: Clock,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let signer = Signer::open(&config.data.join("ledger.key"))
        .with_context(|| format!("the ledger key in `{}`", config.data.display()))?;
    let stopping = CancellationToken::new();
    let services = services(config, &catalogue, &store, Desk::open(signer), clock, &stopping);
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status("", ServingStatus::Serving).await;
    let incoming =
        TcpIncoming::from(listener).with_nodelay(Some(true)).with_keepalive(Some(KEEPALIVE));
    let serving = Server::builder()
        .layer(TraceLayer::new(servers_fault()))
        .layer(tower::layer::layer_fn(Gate::insecure))
        .max_concurrent_streams(config.limits.concurrent_streams)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .add_routes(rpc::routes(&services, health_service)?)
        .serve_with_incoming_shutdown(incoming, stopping.clone().cancelled_owned());
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        ended = &mut serving => ended.context("serving ended")?,
        () = shutdown => {
            tracing::info!("stopping: no new calls are taken");
            health.set_service_status("", ServingStatus::NotServing).await;
            stopping.cancel();
            if let Ok(ended) = tokio::time::timeout(config.shutdown_grace, serving).await {
                ended.context("serving ended")?;
            } else {
                tracing::warn!("calls in flight were cut off after the grace period");
            }
        }
    }
    store.close().await.context("closing the store")
}

/// Logs as errors what is the server's fault; what a caller got wrong is not.
fn servers_fault() -> SharedClassifier<GrpcErrorsAsFailures> {
    let callers_fault = [
        GrpcCode::Cancelled,
        GrpcCode::InvalidArgument,
        GrpcCode::NotFound,
        GrpcCode::AlreadyExists,
        GrpcCode::PermissionDenied,
        GrpcCode::FailedPrecondition,
        GrpcCode::OutOfRange,
        GrpcCode::Unimplemented,
        GrpcCode::Unauthenticated,
    ];
    let faults = GrpcErrorsAsFailures::new();
    SharedClassifier::new(
        callers_fault.into_iter().fold(faults, GrpcErrorsAsFailures::with_success),
    )
}

fn services(
    config: &Config,
    catalogue: &Arc<Catalogue>,
    store: &Arc<dyn Store>,
    desk: Desk,
    clock: Clock,
    stopping: &CancellationToken,
) -> Services {
    let figures = Figures { store: Arc::clone(store), catalogue: Arc::clone(catalogue) };
    Services {
        catalogue: Arc::clone(catalogue),
        store: Arc::clone(store),
        intake: Intake {
            store: Arc::clone(store),
            catalogue: Arc::clone(catalogue),
            desk,
            clock: clock.clone(),
            most_items: config.limits.submission_items,
        },
        reports: Reports { store: Arc::clone(store), catalogue: Arc::clone(catalogue) },
        standing: Standing { figures: figures.clone() },
        figures,
        clock,
        limits: config.limits,
        stopping: stopping.clone(),
    }
}
