//! What the program stands in: its clock, chance, the disk of its ledger, the way out.
//!
//! Outside of simulations all of it is the computer's own. A simulation puts its own in
//! their place, for each agent another one, and runs the program as it is.

use std::sync::Arc;

use jiff::Timestamp;
use tiendo_shared::journal::Disk;
use tonic::transport::{Channel, Endpoint};

/// What a simulation puts around one agent.
pub trait Surroundings: Send + Sync {
    /// What its clock shows.
    fn now(&self) -> Timestamp;
    /// The next bits of its chance.
    fn random(&self) -> u64;
    /// The disk of its ledger.
    fn ledger(&self) -> Arc<dyn Disk>;
    /// A channel over its network, which connects when it is first used.
    fn channel(&self, endpoint: &Endpoint) -> Channel;
}

tokio::task_local! {
    static AROUND: Arc<dyn Surroundings>;
}

/// Runs a part of the program within these surroundings.
#[doc(hidden)]
pub async fn within<F: Future>(surroundings: Arc<dyn Surroundings>, run: F) -> F::Output {
    AROUND.scope(surroundings, run).await
}

/// What the simulation says; none outside of one.
pub(crate) fn simulated<T>(say: impl FnOnce(&dyn Surroundings) -> T) -> Option<T> {
    AROUND.try_with(|around| say(&**around)).ok()
}

/// Whether this is a simulation, where nothing is done on another thread unseen.
pub(crate) fn is_simulated() -> bool {
    simulated(|_| ()).is_some()
}

/// Does what may take long beside everything else; in a simulation at once.
pub(crate) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, tokio::task::JoinError> {
    if is_simulated() { Ok(work()) } else { tokio::task::spawn_blocking(work).await }
}
