//! Opens the ledger by the engine that keeps it, and logs what was found.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::journal::Allocation;

use crate::Opened;
use crate::config::{Config, Database, Engine};
use crate::security::Security;
use crate::store::postgres::{self, PostgresStore};
use crate::store::sled::{self, Options, SledStore};
use crate::store::{self, Store};
use crate::tls::Incoming;
use crate::waiting;

/// How long to wait before a database that does not answer is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Opens what is served; waits for a database that does not answer, and says so on `listener`.
pub(super) async fn open(
    config: &Config,
    catalogue: Arc<Catalogue>,
    security: Option<&Security>,
    listener: Incoming,
) -> anyhow::Result<Opened> {
    if matches!(config.engine, Engine::Sled) {
        return open_now(config, catalogue).await;
    }
    let opening = async {
        loop {
            let error = match open_now(config, Arc::clone(&catalogue)).await {
                Ok(opened) => return Ok(opened),
                Err(error) => error,
            };
            if !error.downcast_ref::<store::Error>().is_some_and(postgres::is_away) {
                return Err(error);
            }
            tracing::warn!("waiting for the database: {error:#}");
            tokio::time::sleep(AGAIN).await;
        }
    };
    waiting::until(opening, config, security, listener).await
}

async fn open_now(config: &Config, catalogue: Arc<Catalogue>) -> anyhow::Result<Opened> {
    std::fs::create_dir_all(&config.data)
        .with_context(|| format!("making the data folder `{}`", config.data.display()))?;
    let store: Arc<dyn Store> = match &config.engine {
        Engine::Sled => {
            let options = Options {
                checkpoint_bytes: config.checkpoint_mib << 20,
                floor_bytes: config.disk_floor_mib.map(|mib| mib << 20),
                allocation: Allocation::Ahead,
                ..Options::default()
            };
            let (store, report) = open_sled(&config.data, &catalogue, options).await?;
            log_opening(&report);
            tokio::spawn(stop_at_once(store.failure()));
            Arc::new(store)
        }
        Engine::Postgres(database) => {
            let (store, report) = open_postgres(database, &catalogue).await?;
            tracing::info!(
                departments = report.departments,
                replayed = report.replayed,
                "the ledger is open"
            );
            warn_of_unreadable(report.unreadable);
            Arc::new(store)
        }
    };
    Ok(Opened { catalogue, store })
}

/// Opens the ledger for a command, beside no server.
pub(super) async fn open_quietly(
    data: &Path,
    engine: &Engine,
    catalogue: &Arc<Catalogue>,
) -> anyhow::Result<Arc<dyn Store>> {
    Ok(match engine {
        Engine::Sled => Arc::new(open_sled(data, catalogue, Options::default()).await?.0),
        Engine::Postgres(database) => Arc::new(open_postgres(database, catalogue).await?.0),
    })
}

async fn open_sled(
    data: &Path,
    catalogue: &Arc<Catalogue>,
    options: Options,
) -> anyhow::Result<(SledStore, sled::Opened)> {
    let (folder, catalogue) = (data.to_owned(), Arc::clone(catalogue));
    tokio::task::spawn_blocking(move || SledStore::open(&folder, catalogue, options))
        .await?
        .with_context(|| format!("opening the ledger in `{}`", data.display()))
}

async fn open_postgres(
    database: &Database,
    catalogue: &Arc<Catalogue>,
) -> anyhow::Result<(PostgresStore, postgres::Opened)> {
    let target = database.target().map_err(anyhow::Error::msg)?;
    PostgresStore::open(&target, Arc::clone(catalogue))
        .await
        .with_context(|| format!("opening the ledger in the database `{}`", target.name()))
}

/// What was found on opening; damage is an error that an operator has to see.
fn log_opening(opened: &sled::Opened) {
    tracing::info!(
        departments = opened.departments,
        replayed = opened.replayed,
        torn_bytes = opened.torn_bytes,
        "the ledger is open"
    );
    if let Some(reason) = &opened.rebuilt {
        let kept = opened.set_aside.as_ref().map(|path| path.display().to_string());
        tracing::warn!(reason, kept, "the derived state was rebuilt from the ledger");
    }
    for fault in &opened.faults {
        tracing::error!(%fault, "the ledger is damaged; run `tiendo-server verify`");
    }
    warn_of_unreadable(opened.unreadable);
}

fn warn_of_unreadable(count: u64) {
    if count > 0 {
        tracing::warn!(count, "measurements the catalogue does not know are left out of answers");
    }
}

/// A ledger whose write or fsync failed must not be believed again by this
/// process: whatever was not acknowledged is sent again after the restart.
async fn stop_at_once(failure: impl Future<Output = String>) {
    let cause = failure.await;
    tracing::error!(cause, "the ledger failed; the server stops at once");
    #[expect(clippy::exit, reason = "nothing this process still holds can be saved")]
    std::process::exit(1);
}
