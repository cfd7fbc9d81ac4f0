//! The journal: an append-only log of records, durable when `commit` returns.
//!
//! Both ledgers are journals: the server's and the agent's. One thread appends and commits, any
//! number read what is committed through [`Reader`]s.
//!
//! # Invariants
//! * A record is on the disk before `commit` returns, and a record that was ever read from a
//!   journal is on the disk: `open` syncs what it finds before it shows it.
//! * Of a commit that a crash interrupted a beginning survives, never a record without those
//!   before it.
//! * A changed byte is found by the next scan; the records beside it are still read. Damaged data
//!   never keep a journal from opening.
//! * No byte that could be part of a record is cut away before a durable copy of it exists.
//! * A position names one committed record for ever. (Should the last header of a journal that was
//!   not closed rot, it looks like one never written; [`Options::committed`] tells them apart. What
//!   was there when the journal was last closed is known to be lost if it is gone.)
//!
//! It does not compress, encrypt, delete or know what a record means. It relies on the disk to
//! keep what it synced when a write beside it is interrupted, as nearly all do.
//!
//! # Format
//! A journal is a directory of segments. A position is a byte of the journal; the segment that
//! begins at position `start` is the file `{start:016x}.seg`, and position `p` is its byte
//! `p - start`. One segment begins where the one before ends. Integers are little-endian, checksums
//! are CRC-32 as in zip.
//! ```text
//! struct Segment {
//!     magic: [u8; 8] = "TIENDO-J",
//!     start: u64,
//!     version: u32 = 1,
//!     crc: u32,             // of the 20 bytes before
//!     records: [Record],
//!     unused: [u8] = 0,     // only in the last segment, none after `close`
//! }
//! struct Record {
//!     length: u32,          // of the payload, 1 to 64 MiB; so zeros are no record
//!     since: u32,           // bytes from the start of the commit to this record
//!     payload_crc: u32,
//!     header_crc: u32,      // of the position (u64) and the 12 bytes before
//!     payload: [u8; length],
//! }
//! ```
//! `since` tells a reader what was synced when the record was written: everything before its
//! commit. The position in the checksum keeps a copied or stale record from passing.
//!
//! Beside the segments stand `lock`, `end` (where the journal ended when it was last closed), copies of
//! damaged bytes, `{position:016x}-{crc:08x}.quarantine`, and `next.zeros`, the file of the next segment
//! before it has a name.
//!
//! # Why files grow in steps
//! Lengthening a file makes each sync write metadata too. Measured on ext4 (median of a commit of
//! 64 KiB): 260 µs growing with each commit, 255 µs within space from `fallocate`, whose blocks
//! must still be marked as written, 140 µs within zeros. Writing 16 MiB of zeros at once stops
//! commits for 20 to 50 ms, so they are written ahead by another thread, or 256 KiB at a time with
//! the commit that needs them: see [`Allocation`].

mod ahead;
mod cursor;
mod disk;
mod error;
mod format;
mod mark;
mod reader;
mod recovery;
mod segment;
mod tail;

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod damage_tests;
#[cfg(test)]
#[allow(dead_code, reason = "simulations use more of it")]
mod model_disk;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

pub use disk::{Directory, Disk, DiskFile};
pub use error::{Damage, Error, Reason};
pub use format::MAX_PAYLOAD_BYTES;
pub use reader::{Reader, Scan};
pub use recovery::Recovery;

use ahead::Ahead;
use format::{RECORD_HEADER, RecordHeader, SEGMENT_HEADER};
use reader::Shared;
use segment::Segment;

/// Room for a commit that is kept between commits.
const BATCH_BYTES: usize = 1 << 20;

/// Where a record stands: a byte of the journal. Later records have larger positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl Position {
    /// Before every record.
    pub const START: Self = Self(0);
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How to open a journal.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The longest a segment gets, unless its only record is longer; 1 KiB to 256 MiB.
    pub segment_bytes: u64,
    /// The step in which the last segment grows, unless a commit is longer; at most a segment.
    pub growth_bytes: u64,
    /// An end of this journal that the caller noted after a commit, such as how far it has applied
    /// the records. Segments wholly before it are not read by `open`, which makes it fast; nothing
    /// before it is taken for a torn tail; no position before it is used again, even if the files
    /// are gone.
    pub committed: Position,
    /// How the space of segments comes to be.
    pub allocation: Allocation,
}

/// How the space of segments comes to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allocation {
    /// In steps, with the commits that need it: little space, now and then a slower commit.
    #[default]
    InSteps,
    /// Whole segments ahead: the last one when the journal opens, the next by a thread beside the
    /// commits. Takes up to two segments of space, given back by [`Journal::close`].
    Ahead,
    /// As `Ahead`, by the thread that commits, so that a test always sees the same.
    #[cfg(test)]
    AheadInline,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 16 << 20,
            growth_bytes: 256 << 10,
            committed: Position::START,
            allocation: Allocation::InSteps,
        }
    }
}

impl Options {
    fn within_bounds(mut self) -> Self {
        self.segment_bytes = self.segment_bytes.clamp(1 << 10, 256 << 20);
        self.growth_bytes = self.growth_bytes.clamp(1, self.segment_bytes);
        self
    }
}

/// A journal, open for appending. Dropping it is like a crash; [`Journal::close`] is the clean end.
#[derive(Debug)]
pub struct Journal {
    disk: Arc<dyn Disk>,
    options: Options,
    shared: Arc<Shared>,
    segment: Segment,
    /// What was appended since the last write, as it goes to the disk.
    batch: Vec<u8>,
    poisoned: bool,
    /// Prepares the next segment, if it is to be.
    ahead: Option<Ahead>,
    /// Held, never read.
    _lock: Arc<dyn DiskFile>,
}

impl Journal {
    /// Opens the journal on `disk`, or begins one; recovers what a crash or the disk did to it.
    pub fn open(disk: Arc<dyn Disk>, options: Options) -> Result<(Self, Recovery), Error> {
        let options = options.within_bounds();
        let lock = disk.lock().map_err(|cause| {
            let path = disk.path("lock");
            match cause.kind() {
                std::io::ErrorKind::WouldBlock => Error::InUse { path },
                _ => Error::Io { action: "lock", path, cause },
            }
        })?;
        let (shared, mut segment, recovery) = recovery::recover(&disk, options)?;
        let beside = options.allocation == Allocation::Ahead;
        let ahead = (options.allocation != Allocation::InSteps)
            .then(|| Ahead::new(Arc::clone(&disk), options.segment_bytes, beside));
        if ahead.is_some() {
            segment.allocate(options.segment_bytes)?;
        }
        let journal = Self {
            disk,
            options,
            shared: Arc::new(shared),
            segment,
            batch: Vec::new(),
            poisoned: false,
            ahead,
            _lock: lock,
        };
        Ok((journal, recovery))
    }

    /// Appends a record and tells its position. It is neither durable nor visible to readers before
    /// the next `commit`. At most a segment is held in memory: when one is full, it is written and
    /// the next begun.
    pub fn append(&mut self, payload: &[u8]) -> Result<Position, Error> {
        let length = payload.len();
        if length == 0 || length > MAX_PAYLOAD_BYTES {
            return Err(Error::Length { length });
        }
        self.check_poison()?;
        let needed = (RECORD_HEADER + length) as u64;
        if self.offset() > SEGMENT_HEADER && self.offset() + needed > self.options.segment_bytes {
            self.guarded(Self::next_segment)?;
        }
        let position = self.segment.start + self.offset();
        let header = RecordHeader {
            length: within_u32(length),
            since: within_u32(self.batch.len()),
            payload_crc: crc32fast::hash(payload),
        };
        self.batch.extend(header.encode(position));
        self.batch.extend(payload);
        Ok(Position(position))
    }

    /// Makes everything appended durable, with one write and one sync, then shows it to readers.
    /// The answer is the new end. After an error nothing is known about what was appended since the
    /// commit before; it is found out by opening the journal again.
    pub fn commit(&mut self) -> Result<Position, Error> {
        self.guarded(Self::write)?;
        self.batch.shrink_to(BATCH_BYTES);
        self.shared.set_end(self.segment.end());
        Ok(Position(self.segment.end()))
    }

    /// Where the committed records end.
    pub fn end(&self) -> Position {
        Position(self.shared.end())
    }

    /// A handle that reads what is committed.
    pub fn reader(&self) -> Reader {
        Reader::of(Arc::clone(&self.shared))
    }

    /// Commits, gives back the unused space and marks the end.
    pub fn close(mut self) -> Result<(), Error> {
        let end = self.commit()?;
        if let Some(ahead) = self.ahead.take() {
            ahead.close();
        }
        self.segment.trim()?;
        mark::write(&*self.disk, end)
    }

    /// The offset in the segment of the next record.
    fn offset(&self) -> u64 {
        self.segment.written + self.batch.len() as u64
    }

    fn write(&mut self) -> Result<(), Error> {
        if self.batch.is_empty() {
            Ok(())
        } else {
            self.segment.write(&mut self.batch, self.options)?;
            if let Some(ahead) = &self.ahead {
                ahead.keep_up_with(self.segment.written);
            }
            Ok(())
        }
    }

    fn next_segment(&mut self) -> Result<(), Error> {
        self.write()?;
        self.segment.trim()?;
        self.segment = {
            let start = self.segment.end();
            let prepared = self.ahead.as_ref().and_then(|ahead| ahead.take(start));
            Segment::create(&*self.disk, start, prepared)?
        };
        self.shared.add_segment(self.segment.start);
        Ok(())
    }

    /// A sync that failed cannot be repeated: the system may have dropped what it did not write.
    fn guarded(&mut self, step: fn(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        self.check_poison()?;
        let outcome = step(self);
        self.poisoned = outcome.is_err();
        outcome
    }

    fn check_poison(&self) -> Result<(), Error> {
        if self.poisoned { Err(Error::Poisoned) } else { Ok(()) }
    }
}

/// Lengths within a segment or a record, which `Options` and `append` bound far below 4 GiB.
fn within_u32(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
