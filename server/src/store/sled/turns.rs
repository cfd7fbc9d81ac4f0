//! The engine on a stage: a disk in memory, and no thread of its own.
//!
//! For simulations, which have to run twice the same: what is queued becomes durable
//! when whoever lets time pass calls [`SledStore::turn`], and reads are done at once.
//! A checkpoint is made by [`close`](crate::store::Store::close) alone.

use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, MutexGuard, PoisonError};

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::journal::{self, Disk};

use super::committer::Committer;
use super::{Inner, Opened, Options, SledStore, start};
use crate::store::Error;

/// What the engine stands on instead of a directory and threads.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Holds the journal.
    pub disk: Arc<dyn Disk>,
    /// How the journal is laid out.
    pub layout: journal::Options,
    /// Bytes that are free on the disk, as it tells them.
    pub free: Arc<AtomicU64>,
}

impl SledStore {
    /// As [`SledStore::open`], on a stage; `directory` holds what is derived.
    #[doc(hidden)]
    pub fn open_on_stage(
        directory: &Path,
        catalogue: Arc<Catalogue>,
        options: Options,
        stage: &Stage,
    ) -> Result<(Self, Opened), Error> {
        let journal = (Arc::clone(&stage.disk), stage.layout);
        start::open_as(directory, journal, catalogue, options, Some(stage))
    }

    /// Makes durable what waits now; false once the journal failed or the engine is closed.
    #[doc(hidden)]
    pub fn turn(&self) -> bool {
        let mut turns = self.inner.turns();
        let goes_on = turns.as_mut().is_some_and(Committer::turn);
        if !goes_on {
            // What waits learns of it.
            turns.take();
        }
        goes_on
    }
}

impl Inner {
    /// The committer, where it has no thread.
    pub(super) fn turns(&self) -> MutexGuard<'_, Option<Committer>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
