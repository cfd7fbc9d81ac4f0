//! Records what administrators do and who enrols, in the ledger of the province.
//!
//! One act at a time is decided and recorded; who is a member follows from the acts.

use std::sync::Arc;

use tiendo_shared::act::Act;
use tiendo_shared::department::PROVINCE;
use tiendo_shared::submission::SubmissionId;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::clock::Clock;
use crate::failure::Failure;
use crate::identity::Members;
use crate::store::{self, Performed, Store};

/// Acts read at a time.
const CHUNK: usize = 1_000;

/// Records acts.
#[derive(Debug, Clone)]
pub struct Acts {
    store: Arc<dyn Store>,
    members: Arc<Members>,
    clock: Clock,
    turn: Arc<Mutex<()>>,
}

/// The right to decide and record the next act; others wait until it is dropped.
#[derive(Debug)]
pub struct Turn {
    acts: Acts,
    guard: OwnedMutexGuard<()>,
}

impl Acts {
    /// Reads the acts of the ledger.
    pub async fn open(store: Arc<dyn Store>, clock: Clock) -> Result<Self, store::Error> {
        let members = Members::default();
        let mut from = 1;
        loop {
            let entries = store.acts(PROVINCE, from, CHUNK).await?;
            let Some(last) = entries.last() else { break };
            from = last.recorded.link.sequence + 1;
            for entry in &entries {
                match entry.act() {
                    Ok(Some(act)) => members.apply(&act),
                    Ok(None) => (),
                    Err(error) => return Err(store::Error::Corrupt(error.to_string())),
                }
            }
        }
        Ok(Self { store, members: Arc::new(members), clock, turn: Arc::default() })
    }

    /// The members that the acts make.
    pub fn members(&self) -> &Arc<Members> {
        &self.members
    }

    /// The clock that dates acts.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Waits until nobody else decides.
    pub async fn turn(&self) -> Turn {
        let guard = Arc::clone(&self.turn).lock_owned().await;
        Turn { acts: self.clone(), guard }
    }
}

impl Turn {
    /// Records an act; it is in force when this returns, and done to its end even if
    /// the caller goes away meanwhile.
    pub async fn record(self, by: &str, act: Act) -> Result<(), Failure> {
        self.record_then(by, act, || Ok(())).await
    }

    /// Records an act and does what it says before the next one can be decided.
    pub async fn record_then(
        self,
        by: &str,
        act: Act,
        then: impl FnOnce() -> Result<(), Failure> + Send + 'static,
    ) -> Result<(), Failure> {
        let by = by.to_owned();
        let recording = tokio::spawn(async move {
            let Self { acts, guard } = self;
            let performed = Performed {
                id: SubmissionId::from_bytes(uuid::Uuid::now_v7().into_bytes()),
                department: PROVINCE.to_owned(),
                by,
                at: acts.clock.now(),
                act: act.clone(),
                only_after: None,
            };
            acts.store.act(performed).await?;
            acts.members.apply(&act);
            let done = then();
            drop(guard);
            done
        });
        let stopped = |error: tokio::task::JoinError| store::Error::Unavailable(error.to_string());
        recording.await.map_err(stopped)?
    }
}
