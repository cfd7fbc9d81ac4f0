//! Reads entries where they stand, and everything else from memory once it is fresh.

use tiendo_shared::submission::{Hash, NO_HASH, Recorded, SubmissionId};
use tiendo_shared::wire::{Entry, EntryKind};
use tokio_postgres::Row;

use super::core::Core;
use super::database::Trouble;
use super::sql;
use super::write::{number, uuid};
use crate::store::derived::department::{Decision, State};
use crate::store::{Appended, Error, Submission, Together};

/// Bytes after which a page of entries ends.
const PAGE_BYTES: i64 = 4 << 20;
/// Most entries in a page.
const MOST_ENTRIES: usize = 1_000;

impl Core {
    /// Decides a submission and records nothing.
    pub(super) async fn rehearse(&self, submission: Submission) -> Result<Appended, Error> {
        self.fresh(Some(&submission.department), None).await?;
        let Submission { id, items, all_or_nothing, .. } = &submission;
        let (earlier, decision): (_, Decision) = {
            let catalogue = &self.books.catalogue;
            match self.books.department(&submission.department) {
                Some(department) => {
                    let state = department.read()?;
                    (state.earlier(*id), state.decide(catalogue, items, *all_or_nothing))
                }
                None => (None, State::default().decide(catalogue, items, *all_or_nothing)),
            }
        };
        let Some(sequence) = earlier else { return Ok(decision.into()) };
        let entry = self.entry(&submission.department, sequence.into()).await?;
        if entry.kind != EntryKind::Submission || entry.content_hash != submission.content_hash {
            return Err(Error::ContentDiffers(*id));
        }
        let together = Together::alone(entry.recorded.link.clone());
        Ok(Appended::Recorded { recorded: entry.recorded, duplicate: true, together })
    }

    /// What was recorded under an id.
    pub(super) async fn recorded(
        &self,
        department: &str,
        id: SubmissionId,
    ) -> Result<Option<Recorded>, Error> {
        let row = self.patiently(move || async move {
            let lease = self.database.lease().await?;
            let statement = lease.prepare_cached(sql::BY_ID).await?;
            let row = lease.query_opt(&statement, &[&department, &uuid(id)]).await?;
            lease.sound();
            Ok(row)
        });
        let entry = row.await?.map(|row| decode(department, &row)).transpose()?;
        Ok(entry.map(|entry| entry.recorded))
    }

    /// One entry, which is there.
    pub(super) async fn entry(&self, department: &str, sequence: u64) -> Result<Entry, Error> {
        let mut entries = self.page(sql::ENTRIES, department, sequence, 1).await?;
        entries.pop().ok_or_else(|| Error::Corrupt("an entry is lost".to_owned()))
    }

    /// Up to `limit` entries of a chain, or of its acts, by the statement.
    pub(super) async fn page(
        &self,
        statement: &'static str,
        department: &str,
        sequence: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let (first, limit) = (number(sequence), number(limit.min(MOST_ENTRIES) as u64));
        let rows = self.patiently(move || async move {
            let lease = self.database.lease().await?;
            let statement = lease.prepare_cached(statement).await?;
            let rows = lease.query(&statement, &[&department, &first, &limit, &PAGE_BYTES]).await?;
            lease.sound();
            Ok(rows)
        });
        rows.await?.iter().map(|row| decode(department, row)).collect()
    }

    /// The end of a chain.
    pub(super) async fn head(&self, department: &str) -> Result<(u64, Hash), Error> {
        let row = self.patiently(move || async move {
            let lease = self.database.lease().await?;
            let statement = lease.prepare_cached(sql::HEAD).await?;
            let row = lease.query_opt(&statement, &[&department]).await?;
            lease.sound();
            Ok::<_, Trouble>(row)
        });
        let Some(row) = row.await? else { return Ok((0, NO_HASH)) };
        let hash = Hash::try_from(row.get::<_, &[u8]>(1));
        let hash = hash.map_err(|_| Error::Corrupt("a head has no hash".to_owned()))?;
        Ok((u64::try_from(row.get::<_, i64>(0)).unwrap_or_default(), hash))
    }
}

/// The entry in a row of sequence and bytes.
fn decode(department: &str, row: &Row) -> Result<Entry, Error> {
    let sequence = row.get::<_, i64>(0);
    Entry::decode(row.get::<_, &[u8]>(1).to_vec())
        .map_err(|error| Error::Corrupt(format!("entry {sequence} of `{department}`: {error}")))
}
