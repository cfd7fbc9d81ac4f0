//! The checkpoint: the state as of some entry of each chain, kept in sled.
//!
//! It saves time at the start and nothing else: what is in it is in the journal.
//! So sled is not trusted. Every value has a checksum that covers its key, every
//! department the sum of those of its pages, and whatever does not fit makes the
//! checkpoint unfit, whereupon the state is rebuilt from the journal.
//! ```text
//! "\0"                                        → Root
//! department \0 'm'                           → Meta
//! department \0 'p' indicator \0 members \0 u32 → PointsPage
//! department \0 'r' indicator \0 members \0 u32 → PointsPage of superseded points
//! department \0 's' u32                       → RowsPage, by its first sequence
//! department \0 't' u32                       → MovesPage, by its number
//! ```
//! Numbers in keys are big endian, in bodies little endian; `page` tells of the
//! values, `moves` of its pages. The meta and the pages of a department are written as one batch; the
//! pages may be ahead of `last` up to `reach`, which replay does not mind.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::journal::Position;
use tiendo_shared::submission::Hash;

use crate::store::derived::fingerprint::fingerprint;
use crate::store::derived::page::{Bytes, seal, unseal};

pub(super) const ROOT: &[u8] = b"\0";
const FORMAT: u8 = 3;
/// sled's cache, in bytes. It is read once, at the start.
const CACHE_BYTES: u64 = 16 << 20;
/// The file in which sled keeps what it is given, and which it locks.
const FILE: &str = "db";
/// Bytes of the disk that sled may take whatever it holds.
const SPACIOUS: u64 = 64 << 20;
/// How many times what it holds it may take above that. By itself it stays under four
/// times, however often pages are written again.
const BLOATED: u64 = 6;
/// How long sled may take to end.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often sled writes what it holds and collects its garbage.
const FLUSH_MS: u64 = 1_000;

/// An open checkpoint.
#[derive(Debug)]
pub(super) struct Checkpoint {
    pub(super) db: ::sled::Db,
    file: PathBuf,
    pub(super) fingerprint: Hash,
}

/// Why a checkpoint cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It was made under other circumstances, and how they changed.
    Outdated(String),
    /// What is wrong with it.
    Damaged(String),
}

/// What holds for the whole checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Root {
    /// All entries before it are in the checkpoint.
    pub(super) replay_from: Position,
    /// Sequences that a department without entries must not use.
    pub(super) burned: u32,
}

/// What holds for a department.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Meta {
    /// Sequence and hash of the last entry it holds.
    pub(super) last: u32,
    pub(super) head: Hash,
    /// Sequence of the last entry its pages may hold something of.
    pub(super) reach: u32,
    /// As in the state.
    pub(super) burned: u32,
    /// Number of its pages, and the sum of their checksums.
    pub(super) pages: u64,
    pub(super) sum: u64,
}

/// What a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Meta = b'm' as isize,
    Points = b'p' as isize,
    Superseded = b'r' as isize,
    Rows = b's' as isize,
    Moves = b't' as isize,
}

impl Checkpoint {
    /// Opens the checkpoint in `directory`, or begins one. What sled does on bad
    /// data includes panics.
    pub(super) fn open(directory: &Path, catalogue: &Catalogue) -> Result<(Self, Root), Unfit> {
        guarded(|| Self::try_open(directory, catalogue))
    }

    fn try_open(directory: &Path, catalogue: &Catalogue) -> Result<(Self, Root), Unfit> {
        wait_for_sled(directory);
        let config = ::sled::Config::new()
            .path(directory)
            .mode(::sled::Mode::LowSpace)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(Some(FLUSH_MS));
        let db = config.open().map_err(damaged)?;
        let file = directory.join(FILE);
        let checkpoint = Self { db, file, fingerprint: fingerprint(catalogue) };
        let root = match checkpoint.db.get(ROOT).map_err(damaged)? {
            Some(value) => checkpoint.read_root(&value)?,
            None if checkpoint.db.is_empty() => checkpoint.begin()?,
            None => return Err(Unfit::Damaged("its root is missing".to_owned())),
        };
        Ok((checkpoint, root))
    }

    fn begin(&self) -> Result<Root, Unfit> {
        let root = Root { replay_from: Position::START, burned: 0 };
        self.write_root(root).map_err(damaged)?;
        Ok(root)
    }

    fn read_root(&self, value: &[u8]) -> Result<Root, Unfit> {
        let malformed = || Unfit::Damaged("its root is damaged".to_owned());
        let (body, _) = unseal(ROOT, value).ok_or_else(malformed)?;
        let mut bytes = Bytes(body);
        if bytes.byte() != Some(FORMAT) {
            return Err(Unfit::Outdated("another version of this program made it".to_owned()));
        }
        if bytes.array() != Some(self.fingerprint) {
            return Err(Unfit::Outdated("it was made with another catalogue".to_owned()));
        }
        let replay_from = bytes.array().map(u64::from_le_bytes).ok_or_else(malformed)?;
        let burned = bytes.array().map(u32::from_le_bytes).ok_or_else(malformed)?;
        Ok(Root { replay_from: Position(replay_from), burned })
    }

    /// Writes the root after everything it vouches for.
    pub(super) fn write_root(&self, root: Root) -> ::sled::Result<()> {
        self.sync()?;
        let mut body = vec![FORMAT];
        body.extend(self.fingerprint);
        body.extend(root.replay_from.0.to_le_bytes());
        body.extend(root.burned.to_le_bytes());
        self.db.insert(ROOT, seal(ROOT, body))?;
        self.sync()
    }

    /// Refuses a checkpoint that takes far more of the disk than the `bytes` it holds:
    /// sled gives nothing back, and what is derived again takes no more than it needs.
    pub(super) fn is_compact(&self, bytes: u64) -> Result<(), Unfit> {
        let taken = self.db.size_on_disk().map_err(damaged)?;
        if taken <= SPACIOUS.max(bytes.saturating_mul(BLOATED)) {
            return Ok(());
        }
        let (taken, needed) = (taken >> 20, bytes >> 20);
        Err(Unfit::Outdated(format!("it took {taken} MiB of the disk to hold {needed}")))
    }

    /// sled's own flush leaves it to the system when the disk is to write.
    fn sync(&self) -> ::sled::Result<()> {
        self.db.flush()?;
        Ok(File::open(&self.file)?.sync_all()?)
    }
}

impl Meta {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut body = self.head.to_vec();
        for number in [self.last, self.reach, self.burned] {
            body.extend(number.to_le_bytes());
        }
        body.extend(self.pages.to_le_bytes());
        body.extend(self.sum.to_le_bytes());
        body
    }

    pub(super) fn decode(body: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(body);
        Some(Self {
            head: bytes.array()?,
            last: u32::from_le_bytes(bytes.array()?),
            reach: u32::from_le_bytes(bytes.array()?),
            burned: u32::from_le_bytes(bytes.array()?),
            pages: u64::from_le_bytes(bytes.array()?),
            sum: u64::from_le_bytes(bytes.array()?),
        })
    }

    /// Counts a page.
    pub(super) fn add(&mut self, crc: u32) {
        self.pages += 1;
        self.sum = self.sum.wrapping_add(u64::from(crc));
    }

    /// Counts a page no more.
    pub(super) fn remove(&mut self, crc: u32) {
        self.pages = self.pages.saturating_sub(1);
        self.sum = self.sum.wrapping_sub(u64::from(crc));
    }
}

/// The key of something of a department.
pub(super) fn key(department: &str, kind: Kind, rest: &[&[u8]]) -> Vec<u8> {
    let mut key = department.as_bytes().to_vec();
    key.extend([0, kind as u8]);
    for part in rest {
        key.extend_from_slice(part);
    }
    key
}

/// The department, the kind and the rest of a key.
pub(super) fn split_key(key: &[u8]) -> Option<(&str, Kind, &[u8])> {
    let end = key.iter().position(|byte| *byte == 0)?;
    let (department, rest) = key.split_at(end);
    let kind = match rest.get(1)? {
        b'm' => Kind::Meta,
        b'p' => Kind::Points,
        b'r' => Kind::Superseded,
        b's' => Kind::Rows,
        b't' => Kind::Moves,
        _ => return None,
    };
    Some((std::str::from_utf8(department).ok()?, kind, &rest[2..]))
}

/// Waits until sled has let go of its file, which its threads may hold for a
/// moment after it was closed in this process.
pub(super) fn wait_for_sled(directory: &Path) {
    let Ok(file) = File::open(directory.join(FILE)) else { return };
    let (done, wait) = channel();
    std::thread::spawn(move || {
        file.lock().ok();
        drop(file);
        done.send(()).ok();
    });
    // If it takes longer, sled will tell that the file is locked.
    wait.recv_timeout(PATIENCE).ok();
}

/// Runs what may panic inside sled.
pub(super) fn guarded<T>(run: impl FnOnce() -> Result<T, Unfit>) -> Result<T, Unfit> {
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(Unfit::Damaged("sled panicked over it".to_owned())))
}

pub(super) fn damaged(error: impl std::fmt::Display) -> Unfit {
    Unfit::Damaged(error.to_string())
}
