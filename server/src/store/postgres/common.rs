//! What all servers over a database have in common, beside the ledger.

use sha2::{Digest as _, Sha256};
use tiendo_shared::submission::{Hash, hexadecimal};

use super::core::Core;
use super::database::Trouble;
use super::sql;
use crate::store::Error;

impl Core {
    /// The value of a name: the one that was kept first, this one if there was none.
    pub(super) async fn kept_first(&self, name: &str, value: &[u8]) -> Result<Vec<u8>, Error> {
        self.patiently(|| self.keep(name, value)).await?;
        let kept = self.patiently(|| self.kept(name)).await?;
        kept.ok_or_else(|| Error::Unavailable(format!("`{name}` was taken from the database")))
    }

    /// Keeps a text by its hash.
    pub(super) async fn keep_text(&self, text: &str) -> Result<(), Error> {
        let name = name(&Sha256::digest(text).into());
        self.patiently(|| self.keep(&name, text.as_bytes())).await
    }

    /// The text of a hash.
    pub(super) async fn text(&self, hash: &Hash) -> Result<Option<String>, Error> {
        let name = name(hash);
        let kept = self.patiently(|| self.kept(&name)).await?;
        let damaged = |_| Error::Corrupt(format!("`{name}` is no text"));
        kept.map(|bytes| String::from_utf8(bytes).map_err(damaged)).transpose()
    }

    async fn keep(&self, name: &str, value: &[u8]) -> Result<(), Trouble> {
        let lease = self.database.lease().await?;
        lease.execute(sql::KEEP, &[&name, &value]).await?;
        lease.sound();
        Ok(())
    }

    async fn kept(&self, name: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let lease = self.database.lease().await?;
        let row = lease.query_opt(sql::KEPT, &[&name]).await?;
        lease.sound();
        Ok(row.map(|row| row.get(0)))
    }
}

fn name(hash: &Hash) -> String {
    format!("text/{}", hexadecimal(hash))
}
