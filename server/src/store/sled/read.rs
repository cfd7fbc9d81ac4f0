//! Reads entries of the journal, of departments whose chains tell where they stand.

use tiendo_shared::submission::{Recorded, SubmissionId};
use tiendo_shared::wire::Entry;

use super::core::Core;
use crate::store::Error;

impl Core {
    /// What was recorded under an id.
    pub(super) async fn recorded(
        &self,
        department: &str,
        id: SubmissionId,
    ) -> Result<Option<Recorded>, Error> {
        let Some(department) = self.books.department(department) else { return Ok(None) };
        let sequence = department.read()?.earlier(id);
        match sequence.filter(|sequence| *sequence <= department.durable().last) {
            Some(sequence) => Ok(Some(self.entry(&department, sequence).await?.recorded)),
            None => Ok(None),
        }
    }

    /// Entries of a chain.
    pub(super) async fn entries(
        &self,
        department: &str,
        sequence: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let Some(department) = self.books.department(department) else { return Ok(Vec::new()) };
        let last = department.durable().last;
        match u32::try_from(sequence.max(1)) {
            Ok(first) if first <= last && limit > 0 => {
                self.page(&department, first..=last, limit).await
            }
            _ => Ok(Vec::new()),
        }
    }
}
