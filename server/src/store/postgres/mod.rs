//! The engine for more than one machine: any number of servers over one `PostgreSQL`.
//!
//! * The truth is one row for each entry of a chain. A server decides a submission by the state
//!   it holds in memory and appends with one statement, which moves the end of the chain from the
//!   entry that this server knows and does nothing if it is not the end any more. Then it reads
//!   what others appended and decides again. So a chain never forks, and nothing is locked.
//! * Reads answer from memory, after a look at where all chains end; what others appended is
//!   read first. Every statement about a department names it.
//! * What the database does not answer is tried again for a few seconds. Whether something became
//!   durable is never guessed: its id is looked for in the chain.
//!
//! It deliberately knows nothing of journals, disks and backups: those are the database's.

mod append;
mod catch_up;
mod chain;
mod common;
mod core;
mod database;
mod measured;
mod open;
mod portable;
mod publish;
mod read;
mod settle;
mod snapshot;
mod sql;
mod tls;
mod write;

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod sql_tests;
#[cfg(test)]
mod test_cluster;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::measurement::{Measurement, SeriesKey};
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::province::Combined;
use tiendo_shared::review::Report;
use tiendo_shared::submission::{Hash, Recorded, SubmissionId};
use tiendo_shared::wire::Entry;
use tokio::sync::watch;

use self::core::Core;
use super::tables::Tables;
use super::{
    Appended, CombinedQuery, Error, Measures, Performed, Series, SeriesQuery, Store, Submission,
};
pub use database::{Target, is_away};
pub use open::Opened;
pub use portable::{export, import, verify};

/// The engine over a database. Dropping it is like a crash; [`Store::close`] is the clean end.
#[derive(Debug)]
pub struct PostgresStore {
    core: Arc<Core>,
}

impl PostgresStore {
    /// Connects, brings the schema up to date, and reads what the database holds.
    pub async fn open(target: &Target, catalogue: Arc<Catalogue>) -> Result<(Self, Opened), Error> {
        let (core, opened) = open::open(target, catalogue).await?;
        Ok((Self { core }, opened))
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.core.stop.cancel();
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn append(&self, submission: Submission) -> Result<Appended, Error> {
        self.core.append(submission).await
    }

    async fn rehearse(&self, submission: Submission) -> Result<Appended, Error> {
        self.core.rehearse(submission).await
    }

    async fn act(&self, performed: Performed) -> Result<Recorded, Error> {
        self.core.act(performed).await
    }

    async fn acts(
        &self,
        department: &str,
        sequence: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        self.core.page(sql::ACTS, department, sequence, limit).await
    }

    async fn reports(
        &self,
        department: Option<&str>,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<Report>, Error> {
        self.core.fresh(department, as_of).await?;
        self.core.books.reports(department, as_of)
    }

    async fn recorded(
        &self,
        department: &str,
        id: SubmissionId,
    ) -> Result<Option<Recorded>, Error> {
        self.core.recorded(department, id).await
    }

    async fn entries(
        &self,
        department: &str,
        sequence: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        self.core.page(sql::ENTRIES, department, sequence, limit).await
    }

    async fn head(&self, department: &str) -> Result<(u64, Hash), Error> {
        self.core.head(department).await
    }

    async fn series(&self, query: &SeriesQuery) -> Result<Vec<Series>, Error> {
        self.core.fresh(query.department.as_deref(), query.as_of).await?;
        self.core.books.series(query)
    }

    async fn combined(&self, query: &CombinedQuery) -> Result<Arc<Vec<Combined>>, Error> {
        self.core.fresh(None, query.as_of).await?;
        self.core.books.combined(query)
    }

    async fn revisions(
        &self,
        key: &SeriesKey,
        period: ReportingPeriod,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<Measurement>, Error> {
        self.core.fresh(Some(&key.department), as_of).await?;
        self.core.books.revisions(key, period, as_of)
    }

    async fn settle(&self, asked: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Error> {
        self.core.settle(asked, now).await
    }

    async fn keep_text(&self, text: &str) -> Result<(), Error> {
        self.core.keep_text(text).await
    }

    async fn text(&self, hash: &Hash) -> Result<Option<String>, Error> {
        self.core.text(hash).await
    }

    async fn agrees(&self, name: &str, value: &[u8]) -> Result<bool, Error> {
        Ok(self.core.kept_first(name, value).await? == value)
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.core.changes.subscribe()
    }

    fn measures(&self) -> Measures {
        Measures {
            waiting_bytes: self.core.waiting_bytes(),
            commits: self.core.commits.clone(),
            ..Measures::default()
        }
    }

    fn tables(&self) -> Option<Arc<dyn Tables>> {
        Some(Arc::clone(&self.core) as Arc<dyn Tables>)
    }

    fn engine(&self) -> &'static str {
        "postgres"
    }

    async fn close(&self) -> Result<(), Error> {
        self.core.close().await;
        // A start without it takes longer, and no more.
        self.core.save_snapshots(snapshot::AT_THE_END).await;
        Ok(())
    }
}
