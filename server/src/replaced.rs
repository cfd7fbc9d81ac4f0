//! The catalogue that an administrator put in force, also where another server took it.
//!
//! Its text stands in the data folder; servers that share a ledger find it in the store, by the
//! hash in the act.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::submission::Hash;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::identity::Staged;
use crate::store::{self, Store};

/// How long to wait for a store that does not answer.
const AGAIN: Duration = Duration::from_secs(1);

/// The file of the data folder that holds the catalogue in force.
#[derive(Debug, Clone)]
pub struct Replaced {
    /// The file.
    pub file: PathBuf,
    /// Where other servers put the text.
    pub store: Arc<dyn Store>,
}

impl Replaced {
    /// Writes the file if another catalogue is in force than it holds; tells whether it did.
    pub async fn bring(&self, hash: &Hash) -> Result<bool, Failure> {
        let of = |text: &[u8]| Hash::from(Sha256::digest(text));
        if std::fs::read(&self.file).is_ok_and(|text| of(&text) == *hash) {
            return Ok(false);
        }
        // The embedded engine keeps no text: its file is all there is.
        let Some(text) = self.store.text(hash).await? else { return Ok(false) };
        if of(text.as_bytes()) != *hash {
            let damaged = "the catalogue in force is not the one that was put in force";
            return Err(store::Error::Corrupt(damaged.to_owned()).into());
        }
        if let Err(problems) = Catalogue::parse(&text) {
            tracing::error!(
                %problems,
                "another server put a catalogue in force that this version cannot read; upgrade it"
            );
            return Ok(false);
        }
        Staged::write(&self.file, &text).and_then(Staged::commit).map_err(Failure::internal)?;
        Ok(true)
    }

    /// Brings each catalogue that other servers put in force, and makes this one begin anew.
    pub async fn follow(
        self,
        mut in_force: watch::Receiver<Option<Hash>>,
        reopen: CancellationToken,
    ) {
        while in_force.changed().await.is_ok() {
            let Some(hash) = *in_force.borrow_and_update() else { continue };
            loop {
                match self.bring(&hash).await {
                    Ok(false) => break,
                    Ok(true) => return reopen.cancel(),
                    Err(error) => tracing::warn!(%error, "a new catalogue cannot be brought"),
                }
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}
