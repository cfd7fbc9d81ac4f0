//! The one statement that appends, and how values stand in columns.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tiendo_shared::submission::{Hash, SubmissionId};
use tiendo_shared::wire::{Entry, EntryKind};
use uuid::Uuid;

use super::append::Group;
use super::database::{Lease, Trouble};
use super::sql;
use crate::store::derived::told::MOST_AHEAD;

/// Moves the end of a chain, by entries of which the first is stamped `stamp`; false if it was not
/// where it was known to be, or an answer spoke of that time.
pub(super) async fn append(
    lease: &Lease,
    id: &str,
    (before, hash): (u64, Hash),
    Group { sealed, measured, .. }: &Group,
    stamp: i64,
) -> Result<bool, Trouble> {
    let Some(last) = sealed.last() else { return Ok(true) };
    let statement = lease.prepare_cached(sql::APPEND).await?;
    let (before, end) = (number(before), number(last.recorded.link.sequence));
    let ahead = stamp.saturating_add(MOST_AHEAD);
    let sequences: Vec<i64> =
        sealed.iter().map(|entry| number(entry.recorded.link.sequence)).collect();
    let ids: Vec<Uuid> = sealed.iter().map(|entry| uuid(entry.recorded.id)).collect();
    let kinds: Vec<i16> =
        sealed.iter().map(|entry| i16::from(entry.kind == EntryKind::Act)).collect();
    let received: Vec<SystemTime> =
        sealed.iter().map(|entry| system_time(entry.recorded.received)).collect();
    let agents: Vec<&str> = sealed.iter().map(|entry| &*entry.agent).collect();
    let bytes: Vec<&[u8]> = sealed.iter().map(Entry::as_bytes).collect();
    let head: &[u8] = &last.recorded.link.entry_hash;
    let inserted = lease
        .execute(
            &statement,
            &[
                &id,
                &before,
                &end,
                &head,
                &&hash[..],
                &stamp,
                &ahead,
                &sequences,
                &ids,
                &kinds,
                &received,
                &agents,
                &bytes,
                measured,
            ],
        )
        .await?;
    Ok(inserted > 0)
}

pub(super) fn system_time(instant: Timestamp) -> SystemTime {
    let since = Duration::from_micros(instant.as_microsecond().unsigned_abs());
    if instant < Timestamp::UNIX_EPOCH {
        return SystemTime::UNIX_EPOCH - since;
    }
    SystemTime::UNIX_EPOCH + since
}

pub(super) fn number(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

pub(super) fn uuid(id: SubmissionId) -> Uuid {
    Uuid::from_bytes(*id.as_bytes())
}
