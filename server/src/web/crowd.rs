//! How many of those nobody knows may have at once what costs much or goes on and on.

use std::sync::Arc;
use std::time::Duration;

use tiendo_shared::wire::v1::Basis;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::entry::Reader;
use crate::failure::Failure;

/// Most who hear of every verdict that moves.
const LISTENERS: usize = 64;

/// Most comparisons and downloads.
const WORK: usize = 4;

/// When to come again.
const LATER: Duration = Duration::from_secs(10);

/// A place in the crowd; readers who are known need none.
pub(super) type Place = Option<OwnedSemaphorePermit>;

/// The places.
#[derive(Debug)]
pub(super) struct Crowd {
    listeners: Arc<Semaphore>,
    work: Arc<Semaphore>,
}

impl Default for Crowd {
    fn default() -> Self {
        let places = |count| Arc::new(Semaphore::new(count));
        Self { listeners: places(LISTENERS), work: places(WORK) }
    }
}

impl Crowd {
    /// A place for hearing of verdicts that move.
    pub(super) fn listen(&self, reader: &Reader) -> Result<Place, Failure> {
        take(&self.listeners, reader)
    }

    /// A place for what costs much.
    pub(super) fn work(&self, reader: &Reader) -> Result<Place, Failure> {
        take(&self.work, reader)
    }
}

fn take(places: &Arc<Semaphore>, reader: &Reader) -> Result<Place, Failure> {
    if reader.basis == Basis::All {
        return Ok(None);
    }
    let taken = Arc::clone(places).try_acquire_owned().map(Some);
    taken.map_err(|_| Failure::Exhausted {
        reason: "BOARD_BUSY",
        message: "as many read this at the moment as may without proving who they are".to_owned(),
        retry_after: LATER,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_keeps_out_nobody_who_is_known() {
        let (crowd, anybody) = (Crowd::default(), Reader::anybody());
        let mut known = Reader::anybody();
        known.basis = Basis::All;
        let mut places: Vec<Place> = (0..WORK).map(|_| crowd.work(&anybody).unwrap()).collect();
        let refused = crowd.work(&anybody).unwrap_err();
        assert!(matches!(refused, Failure::Exhausted { reason: "BOARD_BUSY", .. }));
        assert!(crowd.listen(&anybody).is_ok() && crowd.work(&known).is_ok());
        places.pop();
        assert!(crowd.work(&anybody).is_ok());
    }
}
