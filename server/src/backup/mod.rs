//! Backups of a data folder, taken while its server runs, and the way back.
//!
//! A backup is a folder named by the instant at which it was taken:
//! ```text
//! tiendo-20261124T093000.123Z/
//!   backup.toml      size and SHA-256 of every file, and where every chain ends
//!   catalogue.toml   the catalogue file the server was started with, if it was named
//!   data/            what a data folder has to hold: the journal as far as it is durable,
//!                    the ledger's key, the identities
//! ```
//! What is derived of the journal is left out. The folder is written under a name that ends in
//! `.partial`, synced, read back and verified, and named last; nothing is ever overwritten. It holds
//! the server's secrets unless told otherwise, and is for its owner alone.

mod copy;
mod manifest;
mod restore;

use std::fmt;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tiendo_shared::journal::{Directory, Reader};

use crate::store;
use crate::store::sled::{VerifyReport, verify};
use copy::{copy, digest, sync_folder, write};
use manifest::{Listed, MANIFEST, Manifest};
pub use restore::{Checked, check, restore};

/// The folder of a backup that becomes the data folder.
const DATA: &str = "data";
/// The journal in a data folder.
const JOURNAL: &str = "journal";
/// The catalogue beside the data.
const CATALOGUE: &str = "catalogue.toml";
/// Folder of the backups, in the data folder, unless another one is configured.
pub const FOLDER: &str = "backups";
/// Why there is nothing to back up here.
pub const IN_A_DATABASE: &str = "the ledger is in a database, which is backed up by its own tools: \
     pg_dump, or base backups with archived WAL; the keys in the data folder do not change: keep a \
     copy of them";
/// Bytes that a backup leaves free on its disk.
const LEFT_FREE: u64 = 64 << 20;

/// Why a backup could not be taken, read or restored: for the person who asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

/// What to back up, and where to.
#[derive(Debug, Clone)]
pub struct Order {
    /// The data folder.
    pub data: PathBuf,
    /// The folder that gets the backup.
    pub to: PathBuf,
    /// The catalogue file the server is started with, if it is not the shipped one.
    pub catalogue: Option<PathBuf>,
    /// Whether keys go into it.
    pub secrets: bool,
    /// The instant that names it.
    pub now: Timestamp,
}

/// Where a running server takes its backups from, and where they go.
#[derive(Debug, Clone)]
pub struct Backups {
    /// The data folder.
    pub data: PathBuf,
    /// The folder of backups.
    pub folder: PathBuf,
    /// The catalogue file the server was started with.
    pub catalogue: Option<PathBuf>,
    /// Whether the ledger is in the data folder.
    pub has_ledger: bool,
}

impl Backups {
    /// Takes a backup, on a thread of its own.
    pub async fn take(&self, now: Timestamp) -> Result<Taken, Error> {
        let Self { data, folder: to, catalogue, has_ledger } = self.clone();
        if !has_ledger {
            return Err(Error::because(IN_A_DATABASE));
        }
        let order = Order { data, to, catalogue, secrets: true, now };
        let (done, taken) = tokio::sync::oneshot::channel();
        let run = move || {
            // Whoever asked may have gone; the backup is there all the same.
            drop(done.send(take(&order)));
        };
        let thread = std::thread::Builder::new().name("tiendo-backup".to_owned()).spawn(run);
        thread.map_err(|error| Error(error.to_string()))?;
        let taken = taken.await.map_err(|_| Error::because("its thread died"))??;
        tracing::info!("backup taken: {taken}");
        for fault in &taken.ledger.faults {
            tracing::error!(%fault, "the ledger that was backed up is damaged");
        }
        Ok(taken)
    }
}

/// A backup that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Name of its folder.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Bytes in it.
    pub bytes: u64,
    /// When it was taken.
    pub at: Timestamp,
    /// What its ledger holds and what is wrong with it.
    pub ledger: VerifyReport,
}

impl Error {
    fn because(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    fn io(action: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let told = format!("cannot {action} `{}`", path.display());
        move |cause| Self(format!("{told}: {cause}"))
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self(error.to_string())
    }
}

/// Takes a backup. Blocks, on a thread of low priority; one chunk is held in memory.
///
/// A ledger that was damaged before is copied as it is: [`Taken::ledger`] tells.
pub fn take(order: &Order) -> Result<Taken, Error> {
    // Best effort: the thread is slower or it is not.
    rustix::process::setpriority_process(None, 10).ok();
    make_folder(&order.to)?;
    let name = name_of(order.now);
    let path = order.to.join(&name);
    let partial = order.to.join(format!("{name}.partial"));
    if path.exists() {
        return Err(Error::because(format!("`{}` is there already", path.display())));
    }
    DirBuilder::new().mode(0o700).create(&partial).map_err(Error::io("create", &partial))?;
    let taken = fill(order, &partial).and_then(|(bytes, ledger)| {
        fs::rename(&partial, &path).map_err(Error::io("name", &path))?;
        sync_folder(&order.to)?;
        Ok(Taken { name, path, bytes, at: order.now, ledger })
    });
    if taken.is_err() {
        // It is of no use, and may be what fills the disk.
        fs::remove_dir_all(&partial).ok();
    }
    taken
}

fn name_of(now: Timestamp) -> String {
    now.strftime("tiendo-%Y%m%dT%H%M%S%.3fZ").to_string()
}

fn make_folder(path: &Path) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(Error::io("create", path))
}

/// Fills the folder of a backup; the bytes in it, and its ledger as it was read back.
fn fill(order: &Order, partial: &Path) -> Result<(u64, VerifyReport), Error> {
    let sources = sources(order)?;
    let needed = sources.iter().map(|source| source.bytes).sum::<u64>();
    let free = free_bytes(partial).map_err(Error::io("look at the disk of", partial))?;
    if free < needed + LEFT_FREE {
        return Err(Error::because(format!(
            "the backup takes {} MiB, and the disk of `{}` has {} MiB left",
            (needed >> 20) + 1,
            order.to.display(),
            free >> 20
        )));
    }
    let mut files = Vec::new();
    for Source { from, to, bytes } in &sources {
        let target = partial.join(to);
        if let Some(folder) = target.parent() {
            make_folder(folder)?;
        }
        let copied = copy(from, &target, *bytes)?;
        files.push(Listed::of(to, copied));
    }
    seal_journal(order, partial, &mut files)?;
    for listed in &files {
        let path = partial.join(&listed.path);
        if !listed.is(digest(&path)?) {
            return Err(Error::because(format!(
                "`{}` does not read back as it was written; that disk cannot hold a backup",
                path.display()
            )));
        }
    }
    let ledger = verify(&partial.join(DATA))?;
    let bytes = files.iter().map(|file| file.bytes).sum();
    let manifest = Manifest::of(order, files, &ledger);
    write(&partial.join(MANIFEST), manifest.text()?.as_bytes())?;
    sync_tree(partial)?;
    Ok((bytes, ledger))
}

/// A file that goes into the backup.
struct Source {
    from: PathBuf,
    /// Below the backup's folder.
    to: PathBuf,
    /// How many of its bytes.
    bytes: u64,
}

fn sources(order: &Order) -> Result<Vec<Source>, Error> {
    let mut sources = journal(&order.data)?;
    let mut others = Vec::new();
    walk(order, &order.data, &mut others)?;
    for from in others {
        let to = Path::new(DATA).join(from.strip_prefix(&order.data).unwrap_or(&from));
        let bytes = fs::metadata(&from).map_err(Error::io("read", &from))?.len();
        sources.push(Source { from, to, bytes });
    }
    if let Some(from) = &order.catalogue {
        let bytes = fs::metadata(from).map_err(Error::io("read", from))?.len();
        sources.push(Source { from: from.clone(), to: CATALOGUE.into(), bytes });
    }
    Ok(sources)
}

/// The segments as far as they are durable.
fn journal(data: &Path) -> Result<Vec<Source>, Error> {
    let folder = data.join(JOURNAL);
    let segments = durable(&folder)?.segments();
    let source = |(name, bytes): (String, u64)| Source {
        from: folder.join(&name),
        to: Path::new(DATA).join(JOURNAL).join(&name),
        bytes,
    };
    Ok(segments.into_iter().map(source).collect())
}

/// A reader of a journal that ends where it is durable now, though another process writes it.
pub(crate) fn durable(folder: &Path) -> Result<Reader, Error> {
    let reader = Reader::open(Directory::new(folder));
    let reader = reader.map_err(|error| Error::because(error.to_string()))?;
    if let Some((last, _)) = reader.segments().pop() {
        let last = folder.join(last);
        // What was read may be on its way: a server that dies now could lose it again.
        fs::File::open(&last).and_then(|file| file.sync_all()).map_err(Error::io("sync", &last))?;
    }
    Ok(reader)
}

/// Marks the end of the copied journal, so that what goes missing of it later is missed.
fn seal_journal(order: &Order, partial: &Path, files: &mut Vec<Listed>) -> Result<(), Error> {
    let folder = partial.join(DATA).join(JOURNAL);
    make_folder(&folder)?;
    let copied = Directory::new(&folder);
    let failed = |error: tiendo_shared::journal::Error| Error::because(error.to_string());
    let end = Reader::open(copied.clone()).map_err(failed)?.mark_end(&*copied).map_err(failed)?;
    let to = Path::new(DATA).join(JOURNAL).join(end);
    files.push(Listed::of(&to, digest(&partial.join(&to))?));
    tracing::debug!(data = %order.data.display(), "the journal is copied");
    Ok(())
}

/// Everything in the data folder that is neither the journal nor derived of it.
fn walk(order: &Order, folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::io("list", folder))? {
        let entry = entry.map_err(Error::io("list", folder))?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_top = folder == order.data;
        if is_top && (name == JOURNAL || name == "lock" || name.starts_with("state")) {
            continue;
        }
        let is_unfinished = path.extension().is_some_and(|end| end == "new" || end == "partial");
        if is_unfinished || is_same(&path, &order.to) {
            continue;
        }
        let kind = entry.file_type().map_err(Error::io("read", &path))?;
        if kind.is_dir() {
            if !(is_top && name == FOLDER) {
                walk(order, &path, found)?;
            }
            continue;
        }
        let metadata = fs::metadata(&path).map_err(Error::io("read", &path))?;
        // Neither its group nor others may do anything with it.
        let is_secret = metadata.permissions().mode().trailing_zeros() >= 6;
        if metadata.is_file() && (order.secrets || !is_secret) {
            found.push(path);
        }
    }
    found.sort();
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Makes the names of everything in a folder durable.
fn sync_tree(folder: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::io("list", folder))? {
        let path = entry.map_err(Error::io("list", folder))?.path();
        if path.is_dir() {
            sync_tree(&path)?;
        }
    }
    sync_folder(folder)
}

/// Bytes that may still be written to the disk of a path.
pub(crate) fn free_bytes(path: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, bytes) = (self.path.display(), self.bytes);
        write!(f, "`{path}`: {bytes} bytes, {} entries", self.ledger.entries())
    }
}
