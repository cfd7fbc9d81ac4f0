//! Reads committed records: one by its position, or all of them in order.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::cursor::{Content, Cursor};
use super::disk::{Disk, DiskFile};
use super::error::Reason;
use super::format::{SEGMENT_HEADER, segment_name, segment_start};
use super::segment::{Header, read_header};
use super::{Damage, Error, Position, mark, tail};

/// Bytes a scan reads at once.
const SCAN_CHUNK: u64 = 1 << 20;
/// Bytes a read by position asks for first.
const READ_CHUNK: u64 = 4096;

/// Reads what is committed, from any thread, while the journal is written. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reader {
    shared: Arc<Shared>,
    unfinished_bytes: u64,
}

/// What the journal tells its readers.
#[derive(Debug)]
pub(super) struct Shared {
    disk: Arc<dyn Disk>,
    /// The positions at which the segments begin, in order.
    starts: RwLock<Vec<u64>>,
    /// Where the committed records end.
    end: AtomicU64,
}

impl Shared {
    pub(super) fn new(disk: Arc<dyn Disk>, starts: Vec<u64>, end: u64) -> Self {
        Self { disk, starts: RwLock::new(starts), end: AtomicU64::new(end) }
    }

    pub(super) fn add_segment(&self, start: u64) {
        self.starts.write().unwrap_or_else(PoisonError::into_inner).push(start);
    }

    pub(super) fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    pub(super) fn set_end(&self, end: u64) {
        self.end.store(end, Ordering::Release);
    }

    /// The start of the segment that holds `position`, if any, and that of the one after it.
    fn around(&self, position: u64) -> (Option<u64>, Option<u64>) {
        let starts = self.starts.read().unwrap_or_else(PoisonError::into_inner);
        let after = starts.partition_point(|start| *start <= position);
        (after.checked_sub(1).map(|index| starts[index]), starts.get(after).copied())
    }

    fn damage(&self, start: u64, offset: u64, length: u64, reason: Reason) -> Damage {
        let segment = self.disk.path(&segment_name(start));
        Damage { segment, offset, position: Position(start + offset), length, reason }
    }
}

/// The positions at which the segments on `disk` begin, in order.
pub(super) fn segment_starts(disk: &dyn Disk) -> io::Result<Vec<u64>> {
    let mut starts: Vec<u64> =
        disk.names()?.iter().filter_map(|name| segment_start(name)).collect();
    starts.sort_unstable();
    Ok(starts)
}

impl Reader {
    pub(super) fn of(shared: Arc<Shared>) -> Self {
        Self { shared, unfinished_bytes: 0 }
    }

    /// Reads a journal without locking, recovering or changing it, for a look from outside while
    /// its owner writes. It ends for ever where it ends now; the last commit may still be in
    /// flight.
    pub fn open(disk: Arc<dyn Disk>) -> Result<Self, Error> {
        let starts = segment_starts(&*disk).map_err(Error::io("list", &disk.path("")))?;
        let closed = mark::read(&*disk);
        let (mut end, mut unfinished_bytes) = (0, 0);
        if let Some(&last) = starts.last() {
            let path = disk.path(&segment_name(last));
            let file = disk.open(&segment_name(last)).map_err(Error::io("open", &path))?;
            let tail = tail::examine(&file, &path, last, closed)?;
            (end, unfinished_bytes) = (last + tail.end, tail.torn);
        }
        // What was there when the journal was closed is missed if it is gone.
        let end = end.max(closed.0);
        Ok(Self { shared: Arc::new(Shared::new(disk, starts, end)), unfinished_bytes })
    }

    /// Bytes after the end that belong to no finished commit, seen when this reader was opened from
    /// outside: a commit in flight, or one that a crash or damage cut short.
    pub fn unfinished_bytes(&self) -> u64 {
        self.unfinished_bytes
    }

    /// The files that hold what is committed, in order: the name of each, and how many of its bytes
    /// belong to it.
    pub fn segments(&self) -> Vec<(String, u64)> {
        let end = self.shared.end();
        let starts = self.shared.starts.read().unwrap_or_else(PoisonError::into_inner);
        let stops = starts.iter().skip(1).copied().chain([end]);
        let named = starts.iter().zip(stops).filter(|(start, _)| **start < end);
        named.map(|(start, stop)| (segment_name(*start), stop.min(end) - start)).collect()
    }

    /// Marks the end on a disk that holds a copy of the segments, as far as they are committed; the
    /// name of the mark's file.
    pub fn mark_end(&self, copy: &dyn Disk) -> Result<&'static str, Error> {
        mark::write(copy, self.end()).map(|()| mark::NAME)
    }

    /// The file that a position is in, and which of its bytes it is: to tell people.
    pub fn place(&self, position: Position) -> (PathBuf, u64) {
        let start = self.shared.around(position.0).0.unwrap_or(0);
        (self.shared.disk.path(&segment_name(start)), position.0.saturating_sub(start))
    }

    /// Where the committed records end: no record at or after this position can be read yet.
    pub fn end(&self) -> Position {
        Position(self.shared.end())
    }

    /// The payload of the record at `position`, as `append` or a scan named it.
    pub fn read(&self, position: Position) -> Result<Vec<u8>, Error> {
        let end = self.end();
        if position >= end {
            return Err(Error::NotCommitted { position, end });
        }
        match self.scan_until(position, end, READ_CHUNK).next() {
            Some(Ok((found, payload))) if found == position => Ok(payload),
            Some(Err(damage)) => Err(Error::Damaged(damage)),
            // Positions inside a segment's header, which a scan steps over.
            Some(Ok(_)) | None => Err(Error::NotCommitted { position, end }),
        }
    }

    /// All records from `from` on, up to what is committed now, and every damaged range between
    /// them. `from` is the position of a record, an earlier [`Reader::end`], or
    /// [`Position::START`].
    pub fn scan(&self, from: Position) -> Scan {
        self.scan_until(from, self.end(), SCAN_CHUNK)
    }

    fn scan_until(&self, from: Position, end: Position, chunk: u64) -> Scan {
        let shared = Arc::clone(&self.shared);
        Scan { shared, at: from.0, end: end.0, chunk, segment: None }
    }
}

/// The records of a journal in order, and the damaged ranges between them.
///
/// Memory is bounded by the longest record plus 1 MiB.
#[derive(Debug)]
pub struct Scan {
    shared: Arc<Shared>,
    /// Where the next segment is looked for.
    at: u64,
    end: u64,
    chunk: u64,
    /// The segment that is being read, and the position at which it begins.
    segment: Option<(u64, Cursor)>,
}

impl Iterator for Scan {
    type Item = Result<(Position, Vec<u8>), Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((start, cursor)) = &mut self.segment {
                if let Some(piece) = cursor.next() {
                    return Some(match piece.content {
                        Content::Record { payload, .. } => {
                            Ok((Position(*start + piece.offset), payload))
                        }
                        Content::Damage(reason) => {
                            Err(self.shared.damage(*start, piece.offset, piece.length, reason))
                        }
                    });
                }
                self.segment = None;
            }
            if self.at >= self.end {
                return None;
            }
            if let Err(damage) = self.enter_segment() {
                return Some(Err(damage));
            }
        }
    }
}

impl Scan {
    /// Goes on to the segment at `self.at`, and moves that to where its bytes end.
    fn enter_segment(&mut self) -> Result<(), Damage> {
        let (start, next) = self.shared.around(self.at);
        let stop = next.map_or(self.end, |next| next.min(self.end));
        let from = std::mem::replace(&mut self.at, stop);
        let start = start.unwrap_or(0);
        let rest = |reason| self.shared.damage(start, from - start, stop - from, reason);

        let (file, length) = self.open(start).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => rest(Reason::Missing),
            kind => rest(Reason::Unreadable(kind)),
        })?;
        let limit = length.min(stop - start);
        if from - start >= limit {
            return Err(rest(Reason::Missing));
        }
        self.at = start + limit;
        let header = (from == start).then(|| read_header(&*file, start));
        self.segment = Some((start, Cursor::new(file, start, from - start, limit, self.chunk)));
        match header {
            None | Some(Header::Intact) => Ok(()),
            Some(Header::OtherVersion(_)) => Err(self.header_damage(start, Reason::SegmentHeader)),
            Some(Header::Wrong(reason)) => Err(self.header_damage(start, reason)),
        }
    }

    fn header_damage(&self, start: u64, reason: Reason) -> Damage {
        self.shared.damage(start, 0, SEGMENT_HEADER.min(self.at - start), reason)
    }

    fn open(&self, start: u64) -> io::Result<(Arc<dyn DiskFile>, u64)> {
        let file = self.shared.disk.open(&segment_name(start))?;
        let length = file.length()?;
        Ok((file, length))
    }
}
