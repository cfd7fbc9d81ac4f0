//! Records what administrators do and who enrols, in the ledger of the province.
//!
//! Who is a member follows from the acts. Several servers may record them in one ledger: each
//! reads what the others recorded before it decides, and an act is recorded only if nothing
//! came in between; then it is decided anew.

use std::sync::Arc;
use std::time::Duration;

use tiendo_shared::act::Act;
use tiendo_shared::department::PROVINCE;
use tiendo_shared::submission::{Hash, SubmissionId};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use crate::clock::Clock;
use crate::failure::Failure;
use crate::identity::Members;
use crate::identity::registry::Registry;
use crate::store::{self, Performed, Store};

/// Acts read at a time.
const CHUNK: usize = 1_000;

/// How often an act is decided anew when another server was faster.
const TRIES: usize = 20;

/// Shortest time between two looks at what other servers recorded.
const LOOK: Duration = Duration::from_millis(200);

/// How long to wait for a store that does not answer.
const AGAIN: Duration = Duration::from_secs(1);

/// Records acts.
#[derive(Debug, Clone)]
pub struct Acts {
    store: Arc<dyn Store>,
    members: Arc<Members>,
    clock: Clock,
    /// Sequence of the last entry of the chain that was read. Whoever holds it decides.
    read: Arc<Mutex<u64>>,
    catalogue: Arc<watch::Sender<Option<Hash>>>,
}

/// The right to decide and record the next act; others of this server wait until it is dropped.
#[derive(Debug)]
pub struct Turn {
    acts: Acts,
    read: OwnedMutexGuard<u64>,
}

/// What was decided: an act, if there is something to record, and the answer then.
#[derive(Debug)]
pub struct Decided<T> {
    act: Option<(String, Act)>,
    answer: T,
}

impl<T> Decided<T> {
    /// Nothing has to be recorded.
    pub fn already(answer: T) -> Self {
        Self { act: None, answer }
    }

    /// An act of whoever `by` names.
    pub fn act(by: &str, act: Act, answer: T) -> Self {
        Self { act: Some((by.to_owned(), act)), answer }
    }
}

impl Acts {
    /// Reads the acts of the ledger.
    pub async fn open(store: Arc<dyn Store>, clock: Clock) -> Result<Self, store::Error> {
        let acts = Self {
            store,
            members: Arc::default(),
            clock,
            read: Arc::default(),
            catalogue: Arc::new(watch::Sender::new(None)),
        };
        acts.catch_up().await?;
        Ok(acts)
    }

    /// The members that the acts make.
    pub fn members(&self) -> &Arc<Members> {
        &self.members
    }

    /// The clock that dates acts.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// SHA-256 of the catalogue that an administrator put in force last; none if nobody did.
    pub fn catalogue(&self) -> watch::Receiver<Option<Hash>> {
        self.catalogue.subscribe()
    }

    /// Keeps a text that an act will speak of by its hash.
    pub async fn keep_text(&self, text: &str) -> Result<(), store::Error> {
        self.store.keep_text(text).await
    }

    /// Reads what other servers recorded.
    pub async fn catch_up(&self) -> Result<(), store::Error> {
        self.read_on(&mut *self.read.lock().await).await
    }

    /// Reads what other servers record, as they do, for ever.
    pub async fn follow(self) {
        let mut changes = self.store.changes();
        while changes.changed().await.is_ok() {
            changes.mark_unchanged();
            while let Err(error) = self.catch_up().await {
                tracing::warn!(%error, "what other servers recorded cannot be read");
                tokio::time::sleep(AGAIN).await;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until nobody else of this server decides, and reads what others recorded.
    pub async fn turn(&self) -> Result<Turn, store::Error> {
        let mut read = Arc::clone(&self.read).lock_owned().await;
        self.read_on(&mut read).await?;
        Ok(Turn { acts: self.clone(), read })
    }

    /// Decides by the members as they are and records what was decided; anew, if another
    /// server recorded something meanwhile.
    pub async fn decide<T>(
        &self,
        mut decide: impl FnMut(&Registry) -> Result<Decided<T>, Failure>,
    ) -> Result<T, Failure> {
        for _ in 0..TRIES {
            let turn = self.turn().await?;
            let Decided { act, answer } = decide(&self.members.registry())?;
            let Some((by, act)) = act else { return Ok(answer) };
            match turn.record_then(&by, act, || Ok(())).await {
                Err(Failure::Store(store::Error::Overtaken(_))) => {}
                recorded => return recorded.map(|()| answer),
            }
        }
        Err(store::Error::Overtaken(PROVINCE.to_owned()).into())
    }

    async fn read_on(&self, read: &mut u64) -> Result<(), store::Error> {
        let (head, _) = self.store.head(PROVINCE).await?;
        while *read < head {
            let entries = self.store.acts(PROVINCE, *read + 1, CHUNK).await?;
            for entry in &entries {
                match entry.act() {
                    Ok(Some(act)) => self.apply(&act),
                    Ok(None) => (),
                    Err(error) => return Err(store::Error::Corrupt(error.to_string())),
                }
            }
            *read = entries.last().map_or(head, |last| last.recorded.link.sequence);
        }
        Ok(())
    }

    fn apply(&self, act: &Act) {
        self.members.apply(act);
        if let Act::CatalogueReplaced { hash, .. } = act {
            self.catalogue.send_replace(Some(*hash));
        }
    }
}

impl Turn {
    /// Records an act and does what it says before the next one can be decided. It is in
    /// force when this returns, and done to its end even if the caller goes away meanwhile.
    /// If another server recorded something since the turn began, it is
    /// [`store::Error::Overtaken`].
    pub async fn record_then(
        self,
        by: &str,
        act: Act,
        then: impl FnOnce() -> Result<(), Failure> + Send + 'static,
    ) -> Result<(), Failure> {
        let by = by.to_owned();
        let recording = tokio::spawn(async move {
            let Self { acts, mut read } = self;
            let performed = Performed {
                id: SubmissionId::from_bytes(uuid::Uuid::now_v7().into_bytes()),
                department: PROVINCE.to_owned(),
                by,
                at: acts.clock.now(),
                act: act.clone(),
                only_after: Some(*read),
            };
            let recorded = acts.store.act(performed).await?;
            acts.apply(&act);
            *read = recorded.link.sequence;
            let done = then();
            drop(read);
            done
        });
        let stopped = |error: tokio::task::JoinError| store::Error::Unavailable(error.to_string());
        recording.await.map_err(stopped)?
    }
}

#[cfg(test)]
mod tests;
