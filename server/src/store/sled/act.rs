//! Acts and what they did: recorded like submissions, read by the marks of the chain.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tiendo_shared::journal::MAX_PAYLOAD_BYTES;
use tiendo_shared::review::Refused;
use tiendo_shared::submission::Recorded;
use tiendo_shared::wire::Entry;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::committer::Done;
use super::core::Core;
use crate::store::derived::department::Department;
use crate::store::derived::seal_act;
use crate::store::{Error, Performed};

/// How far an act came while its department was locked.
enum Step {
    /// Its id was used for this entry.
    Earlier(u32),
    /// It does not fit its report, given the entries up to this one.
    Refused(Refused, u32),
    /// It is in the queue.
    Queued(oneshot::Receiver<Done>),
}

impl Core {
    /// Records an act.
    pub(super) async fn act(&self, performed: Performed) -> Result<Recorded, Error> {
        let content = performed.act.encode();
        let room = self.room(content.len()).await?;
        let department = self.books.open_department(&performed.department);
        match self.queue_act(&department, &performed, &content, room)? {
            Step::Earlier(sequence) => {
                let entry = self.durable_entry(&department, sequence).await?;
                let is_same = entry.act().ok().flatten().as_ref() == Some(&performed.act);
                is_same.then_some(entry.recorded).ok_or(Error::ContentDiffers(performed.id))
            }
            Step::Refused(refused, last) => {
                self.durable(&department, last).await?;
                Err(refused.into())
            }
            Step::Queued(done) => Ok(done.await.map_err(|_| self.unavailable())?.entry.recorded),
        }
    }

    /// Everything that happens under the department's lock.
    fn queue_act(
        &self,
        department: &Arc<Department>,
        performed: &Performed,
        content: &[u8],
        room: OwnedSemaphorePermit,
    ) -> Result<Step, Error> {
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
        let queue = queue.as_ref().ok_or_else(|| self.unavailable())?;
        let mut state = department.write()?;
        if let Some(sequence) = state.earlier(performed.id) {
            return Ok(Step::Earlier(sequence));
        }
        if performed.only_after.is_some_and(|after| after != u64::from(state.last)) {
            return Err(Error::Overtaken(performed.department.clone()));
        }
        if let Some((period, wanted)) = performed.act.moves() {
            let stands = state.moves.state(period);
            if !stands.permits(wanted) {
                let department = performed.department.clone();
                let refused = Refused { department, period, state: stands, wanted };
                return Ok(Step::Refused(refused, state.last));
            }
        }
        let sequence = state.next()?;
        let received = state.received(self.told.stamp(performed.at, Duration::ZERO));
        let entry = Box::new(seal_act(performed, content, sequence, received, state.head));
        if entry.as_bytes().len() > MAX_PAYLOAD_BYTES {
            return Err(Error::Unavailable("an act is longer than 64 MiB".to_owned()));
        }
        if self.failure.borrow().is_some() {
            return Err(self.unavailable());
        }
        state.apply_act(&entry.recorded, sequence, &performed.act);
        Ok(Step::Queued(self.queue_entry(queue, department, sequence, entry, room)?))
    }

    /// Acts of a chain.
    pub(super) async fn acts(
        &self,
        department: &str,
        sequence: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let Some(department) = self.books.department(department) else { return Ok(Vec::new()) };
        let last = department.durable().last;
        let Ok(first) = u32::try_from(sequence) else { return Ok(Vec::new()) };
        let sequences: Vec<u32> = {
            let state = department.read()?;
            state.moves.acts(first, last).take(limit).collect()
        };
        self.page(&department, sequences.into_iter(), limit).await
    }
}
