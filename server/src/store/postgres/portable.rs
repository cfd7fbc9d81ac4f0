//! The ledger of a database proved, written as an export, and an export appended to it.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::submission::{Hash, Link, NO_HASH};
use tiendo_shared::wire::{Entry, EntryError, EntryKind};
use tokio_postgres::Row;

use super::append::Group;
use super::database::{Database, Lease, Target, Trouble};
use super::measured::measured;
use super::open::prepare;
use super::sql;
use super::write::{append, number, system_time, uuid};
use crate::store::derived::reading::{self, with_checker};
use crate::store::fault::{Fault, Place, follow};
use crate::store::sled::{ImportError, Imported, VerifyReport};
use crate::store::{Error, export};

/// Entries that are read at a time, and bytes after which there are enough.
const PAGE: i64 = 512;
const PAGE_BYTES: i64 = 4 << 20;
/// Entries, and bytes of a chain, that become durable with one commit.
const GROUP: usize = 256;
const GROUP_BYTES: usize = 4 << 20;
/// Bytes that wait for their commits.
const WAITING_BYTES: usize = 32 << 20;

/// Checks every entry of the database: its hashes, its link, and the columns that repeat it.
pub async fn verify(target: &Target) -> Result<VerifyReport, Error> {
    let mut report = VerifyReport::default();
    let database = Database::new(target)?;
    for_every_entry(&database, &mut |row, at| {
        let bytes = row.get::<_, &[u8]>(1);
        report.bytes += bytes.len() as u64;
        let added = proved(row, at).and_then(|entry| report.add(&entry, || place(at)));
        if let Err(error) = added {
            report.faults.push(Fault::Entry { place: place(at), error });
        }
        Ok(())
    })
    .await?;
    let heads = heads(&database).await.map_err(Trouble::into_error)?;
    for (department, (sequence, hash)) in heads {
        let found = report.departments.get(&department).map(|it| (it.sequence, it.head));
        if found.unwrap_or((0, NO_HASH)) != (sequence, hash) {
            report.faults.push(Fault::Head { department, sequence });
        }
    }
    Ok(report)
}

/// Writes every entry of the database; what is wrong with it is left out and told.
pub async fn export<W: Write>(
    target: &Target,
    mut out: export::Writer<W>,
) -> Result<(u64, Vec<Fault>), Error> {
    let database = Database::new(target)?;
    let mut faults = Vec::new();
    let mut ends: BTreeMap<String, (u64, Hash)> = BTreeMap::new();
    for_every_entry(&database, &mut |row, at| {
        let entry = match proved(row, at) {
            Ok(entry) => entry,
            Err(error) => {
                faults.push(Fault::Entry { place: place(at), error });
                return Ok(());
            }
        };
        let link = &entry.recorded.link;
        let end = ends.entry(link.department.clone()).or_insert((0, NO_HASH));
        faults.extend(follow(*end, link, || place(at)).err());
        *end = (link.sequence, link.entry_hash);
        out.add(&entry).map_err(|error| Error::Unavailable(format!("the export: {error}")))
    })
    .await?;
    let entries = out.end().map_err(|error| Error::Unavailable(format!("the export: {error}")))?;
    Ok((entries, faults))
}

/// Appends what an export has and the database has not; the schema is made if it is not there.
/// An entry is taken if it is the one that was hashed and follows from the last one of its
/// chain; with `despite_gaps` also after entries that the export does not have.
pub async fn import(
    target: &Target,
    catalogue: &Arc<Catalogue>,
    input: impl Read,
    despite_gaps: bool,
) -> Result<Imported, ImportError> {
    let database = Database::new(target)?;
    prepare(&database, catalogue).await.map_err(Trouble::into_error)?;
    let mut taking = Taking::begin(database, catalogue).await.map_err(Trouble::into_error)?;
    let mut stream = export::Reader::begin(input)?;
    let mut imported = Imported::default();
    let mut read: BTreeMap<String, (u64, Hash)> = BTreeMap::new();
    while let Some((at, entry)) = stream.entry()? {
        let refused = |why: String| ImportError::Entry { at, why };
        let entry = entry.map_err(|error| refused(error.to_string()))?;
        let link = &entry.recorded.link;
        read.insert(link.department.clone(), (link.sequence, link.entry_hash));
        if taking.has(link).await? {
            imported.known += 1;
            continue;
        }
        match follow(taking.end(&link.department), link, nowhere) {
            Err(Fault::Gap { .. }) if despite_gaps => {}
            Err(fault) => {
                taking.write_all().await?;
                return Err(refused(fault.reason()));
            }
            Ok(()) => {}
        }
        taking.add(entry).await?;
        imported.taken += 1;
    }
    taking.write_all().await?;
    for (department, head) in stream.heads()? {
        if read.get(&department) != Some(&head) {
            return Err(ImportError::Head(department));
        }
    }
    Ok(imported)
}

fn nowhere() -> Place {
    Place { file: "export".into(), offset: 0 }
}

/// Chains that are appended to.
struct Taking {
    database: Database,
    catalogue: Arc<Catalogue>,
    chains: BTreeMap<String, Chain>,
    waiting: usize,
}

#[derive(Default)]
struct Chain {
    /// Where it ends in the database, and where with what waits.
    stored: (u64, Hash),
    end: (u64, Hash),
    waiting: Vec<Entry>,
    bytes: usize,
    /// Hashes of entries that are there, read ahead.
    known: VecDeque<(u64, Hash)>,
}

impl Taking {
    async fn begin(database: Database, catalogue: &Arc<Catalogue>) -> Result<Self, Trouble> {
        let chains = heads(&database).await?.into_iter().map(|(id, end)| {
            let chain = Chain { stored: end, end, ..Chain::default() };
            (id, chain)
        });
        let chains = chains.collect();
        Ok(Self { database, catalogue: Arc::clone(catalogue), chains, waiting: 0 })
    }

    fn end(&self, department: &str) -> (u64, Hash) {
        self.chains.get(department).map_or((0, NO_HASH), |chain| chain.end)
    }

    /// Whether the entry is there; an error if another one has its place.
    async fn has(&mut self, link: &Link) -> Result<bool, ImportError> {
        let Some(chain) = self.chains.get_mut(&link.department) else { return Ok(false) };
        let differs = || {
            let (department, sequence) = (link.department.clone(), link.sequence);
            ImportError::Differs { department, sequence }
        };
        if link.sequence > chain.end.0 {
            return Ok(false);
        }
        if link.sequence > chain.stored.0 {
            // It stands in the export twice.
            let waits = |entry: &Entry| entry.recorded.link == *link;
            return chain.waiting.iter().any(waits).then_some(true).ok_or_else(differs);
        }
        while chain.known.front().is_some_and(|(sequence, _)| *sequence < link.sequence) {
            chain.known.pop_front();
        }
        if chain.known.is_empty() {
            let known = hashes(&self.database, link).await.map_err(Trouble::into_error)?;
            chain.known = known;
        }
        let is_same = chain.known.front() == Some(&(link.sequence, link.entry_hash));
        is_same.then_some(true).ok_or_else(differs)
    }

    async fn add(&mut self, entry: Entry) -> Result<(), ImportError> {
        let link = &entry.recorded.link;
        let chain = self.chains.entry(link.department.clone()).or_default();
        chain.end = (link.sequence, link.entry_hash);
        let bytes = entry.as_bytes().len();
        let id = link.department.clone();
        chain.waiting.push(entry);
        chain.bytes += bytes;
        self.waiting += bytes;
        if self.waiting >= WAITING_BYTES {
            return self.write_all().await;
        }
        if chain.waiting.len() >= GROUP || chain.bytes >= GROUP_BYTES {
            self.write(&id).await?;
        }
        Ok(())
    }

    async fn write_all(&mut self) -> Result<(), ImportError> {
        let ids: Vec<String> = self.chains.keys().cloned().collect();
        for id in ids {
            self.write(&id).await?;
        }
        Ok(())
    }

    /// Makes what waits for a chain durable.
    async fn write(&mut self, id: &str) -> Result<(), ImportError> {
        let Some(chain) = self.chains.get_mut(id).filter(|it| !it.waiting.is_empty()) else {
            return Ok(());
        };
        let measured = with_checker(&self.catalogue, |checker| {
            let read = |entry: &Entry| {
                let read = reading::Read::new(entry.as_bytes().to_vec(), checker).ok()?;
                measured(&self.catalogue, read.items(), &read.entry.recorded.outcomes)
            };
            chain.waiting.iter().map(read).collect()
        });
        self.waiting -= chain.bytes;
        chain.bytes = 0;
        let group = Group::of(std::mem::take(&mut chain.waiting), measured);
        let written = write(&self.database, id, chain.stored, &group).await;
        if !written.map_err(Trouble::into_error)? {
            let why = format!("the chain of `{id}` goes on meanwhile; stop the servers first");
            return Err(Error::Unavailable(why).into());
        }
        chain.stored = chain.end;
        Ok(())
    }
}

async fn write(
    database: &Database,
    id: &str,
    stored: (u64, Hash),
    group: &Group,
) -> Result<bool, Trouble> {
    let lease = database.lease().await?;
    if stored.0 == 0 {
        lease.execute(sql::BEGIN_CHAIN, &[&id]).await?;
    }
    // Whatever answers spoke of: these entries count from when they were received.
    let written = append(&lease, id, stored, group, i64::MAX).await?;
    lease.sound();
    Ok(written)
}

/// Hashes of entries of a chain, from the one of a link on.
async fn hashes(database: &Database, link: &Link) -> Result<VecDeque<(u64, Hash)>, Trouble> {
    let lease = database.lease().await?;
    let statement = lease.prepare_cached(sql::HASHES).await?;
    let rows = lease.query(&statement, &[&link.department, &number(link.sequence), &PAGE]).await?;
    lease.sound();
    let hash = |row: &Row| {
        let sequence = u64::try_from(row.get::<_, i64>(0)).ok()?;
        Some((sequence, Hash::try_from(row.get::<_, &[u8]>(1)).ok()?))
    };
    Ok(rows.iter().filter_map(hash).collect())
}

/// Where every chain that is not empty ends.
async fn heads(database: &Database) -> Result<BTreeMap<String, (u64, Hash)>, Trouble> {
    let lease = database.lease().await?;
    let rows = lease.query(sql::HEADS, &[]).await?;
    lease.sound();
    let head = |row: &Row| {
        let sequence = u64::try_from(row.get::<_, i64>(1)).unwrap_or_default();
        let hash = Hash::try_from(row.get::<_, &[u8]>(2)).unwrap_or(NO_HASH);
        (row.get(0), (sequence, hash))
    };
    Ok(rows.iter().map(head).filter(|(_, (sequence, _))| *sequence > 0).collect())
}

/// Takes a row, of the department and sequence named.
type Give<'a> = dyn FnMut(&Row, (&str, i64)) -> Result<(), Error> + 'a;

/// Gives every entry, each chain in its order, a page in memory at a time.
async fn for_every_entry(database: &Database, give: &mut Give<'_>) -> Result<(), Error> {
    let departments = departments(database).await.map_err(Trouble::into_error)?;
    for id in &departments {
        let mut next = 1;
        loop {
            let rows = page(database, id, next).await.map_err(Trouble::into_error)?;
            let Some(last) = rows.last() else { break };
            next = last.get::<_, i64>(0) + 1;
            for row in &rows {
                give(row, (id, row.get(0)))?;
            }
        }
    }
    Ok(())
}

/// Every department that has entries, whatever the heads say.
async fn departments(database: &Database) -> Result<Vec<String>, Trouble> {
    let lease = database.lease().await?;
    let rows = lease.query(sql::DEPARTMENTS, &[]).await?;
    lease.sound();
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn page(database: &Database, id: &str, first: i64) -> Result<Vec<Row>, Trouble> {
    let lease: Lease = database.lease().await?;
    let statement = lease.prepare_cached(sql::WHOLE_ENTRIES).await?;
    let rows = lease.query(&statement, &[&id, &first, &PAGE, &PAGE_BYTES]).await?;
    lease.sound();
    Ok(rows)
}

/// The entry of a row, if it is the one that was hashed and the columns say the same.
fn proved(row: &Row, (id, sequence): (&str, i64)) -> Result<Entry, EntryError> {
    let entry = Entry::decode(row.get::<_, &[u8]>(1).to_vec())?;
    entry.verify()?;
    let recorded = &entry.recorded;
    let columns = (row.get::<_, uuid::Uuid>(2), row.get::<_, i16>(3), row.get::<_, &str>(4));
    let is_act = i16::from(entry.kind == EntryKind::Act);
    let received = row.get::<_, std::time::SystemTime>(5);
    let is_same = columns == (uuid(recorded.id), is_act, &*entry.agent)
        && received == system_time(recorded.received)
        && recorded.link.department == id
        && number(recorded.link.sequence) == sequence;
    is_same.then_some(entry).ok_or(EntryError::Malformed)
}

fn place((id, sequence): (&str, i64)) -> Place {
    Place { file: PathBuf::from(format!("tiendo_entry {id} {sequence}")), offset: 0 }
}
