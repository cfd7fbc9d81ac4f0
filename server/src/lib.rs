//! The central server of Tiendo: keeps every figure and says where each target stands.
//!
//! Store → use cases ([`intake`], [`figures`], [`reports`], [`standing`],
//! [`enrolment`], [`administration`]) → [`rpc`] and [`web`] behind [`tls`]. The use cases know
//! nothing of tonic; only `rpc/error.rs` builds a status.

pub mod acts;
pub mod administration;
pub mod backup;
pub mod changes;
pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod enrolment;
pub mod failure;
pub mod figures;
pub mod identity;
pub mod intake;
pub mod limits;
pub mod metrics;
pub mod pace;
pub mod page;
pub mod publish;
pub mod replaced;
pub mod reports;
pub mod review;
pub mod rpc;
pub mod security;
pub mod sign_in;
pub mod signer;
pub mod standing;
pub mod store;
pub mod tables;
mod text;
pub mod tls;
pub mod waiting;
pub mod watch;
pub mod web;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::future::OptionFuture;
use tiendo_shared::catalogue::Catalogue;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic_health::ServingStatus;
use tower::Layer as _;
use tower_http::classify::{GrpcCode, GrpcErrorsAsFailures, SharedClassifier};
use tower_http::trace::TraceLayer;

use crate::acts::Acts;
use crate::administration::Administration;
use crate::backup::Backups;
use crate::changes::Changes;
use crate::clock::Clock;
use crate::config::{Config, Engine};
use crate::enrolment::Enrolment;
use crate::figures::Figures;
use crate::intake::Intake;
use crate::metrics::{Counting, Metrics};
use crate::replaced::Replaced;
use crate::reports::Reports;
use crate::review::Review;
use crate::rpc::Services;
use crate::rpc::gate::{Door, Gate};
use crate::rpc::rates::Rates;
use crate::security::Security;
use crate::signer::Signer;
use crate::standing::Standing;
use crate::store::Store;
use crate::tls::{Acceptor, Incoming, Speech, Tls};
use crate::watch::Watch;
use crate::web::Web;

/// The catalogue that ships with the server.
pub const SHIPPED_CATALOGUE: &str = include_str!("../catalogue/an-giang.toml");

/// How long calls may hold the store after they were cut off.
const RELEASED_WITHIN: Duration = Duration::from_secs(10);

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was told to stop.
    Told,
    /// What it serves was replaced: open the catalogue and the store anew.
    Reopen,
}

/// What is served.
#[derive(Debug)]
pub struct Opened {
    /// The catalogue in force.
    pub catalogue: Arc<Catalogue>,
    /// The store, opened with it.
    pub store: Arc<dyn Store>,
}

/// What comes in, and where.
pub struct Listeners {
    /// Calls.
    pub calls: Incoming,
    /// Requests for pages and numbers; none for none.
    pub pages: Option<Incoming>,
}

impl std::fmt::Debug for Listeners {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listeners").field("pages", &self.pages.is_some()).finish_non_exhaustive()
    }
}

/// Serves what comes in until `shutdown` ends or the catalogue is replaced, then drains
/// within the configured grace. Health says SERVING from the first call on.
///
/// Without `security` callers are believed; they come from a loopback address then.
pub async fn run(
    config: &Config,
    opened: Opened,
    security: Option<&Security>,
    listeners: Listeners,
    clock: Clock,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<Ended> {
    let (stopping, reopen) = (CancellationToken::new(), CancellationToken::new());
    let Opened { catalogue, store } = opened;
    agree(config, security, &*store).await?;
    let Some(acts) = acts(config, &store, &clock, (&stopping, &reopen)).await? else {
        store.close().await.context("closing the store")?;
        return Ok(Ended::Reopen);
    };
    // Whoever reads pages takes nothing from those who call.
    let calls_door = door(config, security, &acts);
    let pages_door = listeners.pages.is_some().then(|| door(config, security, &acts));
    let tokens = Tokens { stopping: stopping.clone(), reopen: reopen.clone() };
    let services = services(config, &catalogue, &store, security, acts, clock, tokens)?;
    let (health, health_service) = waiting::health(&store, &stopping).await;
    let cut = CancellationToken::new();
    let way = |tls: fn(&Security) -> &Tls| Acceptor {
        tls: security.map(|security| tls(security).clone()),
        limits: config.limits,
        cut: cut.clone(),
    };
    let metrics = listeners.pages.as_ref().map(|_| Metrics::new(&services)).transpose()?;
    let gate = Gate::new(rpc::routes(&services, health_service)?.prepare(), calls_door);
    let service = TraceLayer::new(servers_fault()).layer(Counting(metrics.clone()).layer(gate));
    let connections = way(|it| &it.calls).accept(listeners.calls, stopping.clone());
    let calls = tls::serve(connections, Speech::Calls, service, config.limits, stopping.clone());
    let pages = match listeners.pages.zip(metrics).zip(pages_door) {
        None => None,
        Some(((listener, metrics), pages_door)) => {
            let router = web::router(Web::new(config, services.clone(), pages_door, metrics)?);
            let connections = way(|it| &it.pages).accept(listener, stopping.clone());
            let limits = config.limits;
            Some(tls::serve(connections, Speech::Pages, router, limits, stopping.clone()))
        }
    };
    drop(services);
    let cut = cut.drop_guard();
    let mut serving = Box::pin(async { tokio::join!(calls, OptionFuture::from(pages)) });
    let ended = tokio::select! {
        biased;
        _ = &mut serving => return Ok(Ended::Told),
        () = shutdown => Ended::Told,
        () = reopen.cancelled() => Ended::Reopen,
    };
    tracing::info!("stopping: no new calls are taken");
    health.set_service_status("", ServingStatus::NotServing).await;
    stopping.cancel();
    drain(serving, config.shutdown_grace, cut, &*store).await?;
    if ended == Ended::Reopen {
        released(store).await?;
    }
    Ok(ended)
}

/// Lets what was begun end within the grace, cuts off the rest, and closes the store.
async fn drain(
    serving: impl Future,
    grace: Duration,
    cut: DropGuard,
    store: &dyn Store,
) -> anyhow::Result<()> {
    if tokio::time::timeout(grace, serving).await.is_err() {
        tracing::warn!("calls in flight were cut off after the grace period");
    }
    drop(cut);
    store.close().await.context("closing the store")
}

/// How callers and readers are known.
fn door(config: &Config, security: Option<&Security>, acts: &Acts) -> Door {
    match security {
        Some(_) => {
            let rates = Arc::new(Rates::new(config.limits));
            Door::Members(acts.clone(), rates)
        }
        None => Door::Insecure,
    }
}

/// Fails if other servers over the same database have keys of their own: agents would take
/// one of them for a stranger.
async fn agree(
    config: &Config,
    security: Option<&Security>,
    store: &dyn Store,
) -> anyhow::Result<()> {
    let key = signer(config)?.public_key();
    let authority = security.map(|security| security.authority.fingerprint().to_vec());
    for (name, value) in [("ledger key", Some(key)), ("authority", authority)] {
        let Some(value) = value else { continue };
        anyhow::ensure!(
            store.agrees(name, &value).await?,
            "the {name} in `{0}` is not that of the other servers over this database; make the \
             data folder of this server with `tiendo-server join --from COPY --data {0} --host \
             NAME`",
            config.data.display()
        );
    }
    Ok(())
}

fn signer(config: &Config) -> anyhow::Result<Signer> {
    Signer::open(&config.data.join("ledger.key"))
        .with_context(|| format!("the ledger key in `{}`", config.data.display()))
}

/// The acts of the ledger, and of other servers as they record them until `stopping`; none
/// if one of them put another catalogue in force, which was brought.
async fn acts(
    config: &Config,
    store: &Arc<dyn Store>,
    clock: &Clock,
    (stopping, reopen): (&CancellationToken, &CancellationToken),
) -> anyhow::Result<Option<Acts>> {
    let acts = Acts::open(Arc::clone(store), clock.clone()).await.context("reading the acts")?;
    let until = stopping.clone();
    if config.catalogue.is_none() {
        let replaced = Replaced { file: config.replaced_catalogue(), store: Arc::clone(store) };
        let in_force = acts.catalogue();
        let hash = *in_force.borrow();
        if let Some(hash) = hash
            && replaced.bring(&hash).await?
        {
            return Ok(None);
        }
        let (until, following) = (until.clone(), replaced.follow(in_force, reopen.clone()));
        tokio::spawn(async move { until.run_until_cancelled(following).await });
    }
    let following = acts.clone().follow();
    tokio::spawn(async move { until.run_until_cancelled(following).await });
    Ok(Some(acts))
}

/// Waits until nobody holds the store any more, so that it can be opened again.
async fn released(store: Arc<dyn Store>) -> anyhow::Result<()> {
    let freed = async {
        let mut looks = tokio::time::interval(Duration::from_millis(10));
        while Arc::strong_count(&store) > 1 {
            looks.tick().await;
        }
    };
    let freed = tokio::time::timeout(RELEASED_WITHIN, freed).await;
    freed.context("a call still held the store; the server has to be started again")
}

/// Logs as errors what is the server's fault; what a caller got wrong is not.
fn servers_fault() -> SharedClassifier<GrpcErrorsAsFailures> {
    let callers_fault = [
        GrpcCode::Cancelled,
        GrpcCode::InvalidArgument,
        GrpcCode::NotFound,
        GrpcCode::AlreadyExists,
        GrpcCode::PermissionDenied,
        GrpcCode::ResourceExhausted,
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

/// What ends serving.
struct Tokens {
    stopping: CancellationToken,
    reopen: CancellationToken,
}

fn backups(config: &Config) -> Backups {
    let (data, folder) = (config.data.clone(), config.backups.clone());
    let has_ledger = matches!(config.engine, Engine::Sled);
    Backups { data, folder, catalogue: config.catalogue.clone(), has_ledger }
}

fn services(
    config: &Config,
    catalogue: &Arc<Catalogue>,
    store: &Arc<dyn Store>,
    security: Option<&Security>,
    acts: Acts,
    clock: Clock,
    tokens: Tokens,
) -> anyhow::Result<Services> {
    let signer = signer(config)?;
    let figures = Figures { store: Arc::clone(store), catalogue: Arc::clone(catalogue) };
    let standing = Standing::new(figures.clone());
    let reports = Reports { store: Arc::clone(store), catalogue: Arc::clone(catalogue) };
    let authority = security.map(|security| Arc::clone(&security.authority));
    tables::start(&standing, &reports, &clock, &tokens.stopping);
    Ok(Services {
        catalogue: Arc::clone(catalogue),
        store: Arc::clone(store),
        intake: Intake {
            store: Arc::clone(store),
            catalogue: Arc::clone(catalogue),
            signer: Arc::new(signer),
            clock: clock.clone(),
            members: Arc::clone(acts.members()),
            most_items: config.limits.submission_items as usize,
        },
        reports: reports.clone(),
        review: Review {
            store: Arc::clone(store),
            catalogue: Arc::clone(catalogue),
            reports,
            clock: clock.clone(),
        },
        changes: Changes { figures: figures.clone(), standing: standing.clone() },
        watch: Watch::start(&standing, &clock, &tokens.stopping),
        standing,
        figures,
        board: security.and_then(|security| security.board(config.http)),
        backups: backups(config),
        enrolment: Enrolment {
            authority: authority.clone(),
            acts: acts.clone(),
            guesses: Arc::default(),
            renew_expired_for: config.renew_expired_for,
        },
        administration: Administration {
            authority,
            acts,
            catalogue: Arc::clone(catalogue),
            catalogue_file: config.catalogue.is_none().then(|| config.replaced_catalogue()),
            reopen: tokens.reopen,
        },
        clock,
        node: config.node.clone(),
        limits: config.limits,
        stopping: tokens.stopping,
    })
}
