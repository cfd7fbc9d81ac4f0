//! Reads one segment record by record and steps over what is damaged.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::disk::{DiskFile, read_exact_at};
use super::error::Reason;
use super::format::{RECORD_HEADER, RecordHeader, SEGMENT_HEADER};

/// The piece in which a range that cannot be read whole is read.
const PAGE: usize = 4096;

/// How many zeros are stepped over at once.
const EMPTY: usize = 1024;

/// What stands at an offset of a segment.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    /// A record, and the offset at which its commit begins: all before was synced by then.
    Record { commit: u64, payload: Vec<u8> },
    /// No record.
    Damage(Reason),
}

impl Piece {
    /// The offset after it.
    pub(super) fn end(&self) -> u64 {
        self.offset + self.length
    }
}

/// Covers the bytes from an offset to `limit` without a gap: every byte is part of one piece.
/// Memory is bounded by the longest record plus one chunk.
#[derive(Debug)]
pub(super) struct Cursor {
    file: Arc<dyn DiskFile>,
    start: u64,
    offset: u64,
    limit: u64,
    chunk: u64,
    /// The bytes of the file from `base` on.
    buffer: Vec<u8>,
    base: u64,
    /// Ranges that the disk could not read; they are zero in the buffer.
    unreadable: Vec<(Range<u64>, io::ErrorKind)>,
}

impl Cursor {
    /// Reads the segment that begins at `start` from `offset` to `limit`, `chunk` bytes at a time.
    pub(super) fn new(
        file: Arc<dyn DiskFile>,
        start: u64,
        offset: u64,
        limit: u64,
        chunk: u64,
    ) -> Self {
        let offset = offset.max(SEGMENT_HEADER);
        let (buffer, unreadable) = (Vec::new(), Vec::new());
        Self { file, start, offset, limit, chunk, buffer, base: offset, unreadable }
    }

    fn piece(&mut self) -> io::Result<Piece> {
        let offset = self.offset;
        let damage = |end: u64, reason| {
            Ok(Piece { offset, length: end - offset, content: Content::Damage(reason) })
        };
        let Some(header) = self.header(offset)? else {
            let short = self.limit - offset < RECORD_HEADER as u64;
            let reason = if short { Reason::CutShort } else { Reason::RecordHeader };
            return damage(self.next_header(offset + 1)?, reason);
        };
        let body = offset + RECORD_HEADER as u64;
        let end = body + u64::from(header.length);
        if end > self.limit {
            return damage(self.limit, Reason::CutShort);
        }
        let payload = self.bytes(body, u64::from(header.length))?;
        if crc32fast::hash(payload) != header.payload_crc {
            return damage(end, Reason::Payload);
        }
        let payload = payload.to_vec();
        let commit = offset.saturating_sub(u64::from(header.since)).max(SEGMENT_HEADER);
        Ok(Piece { offset, length: end - offset, content: Content::Record { commit, payload } })
    }

    /// The first offset from `offset` on at which a record begins, or the limit. The header has
    /// its own checksum, so that this takes time in proportion to the bytes, whatever they are.
    fn next_header(&mut self, mut offset: u64) -> io::Result<u64> {
        while offset < self.limit && self.header(offset)?.is_none() {
            // Nearly all of a segment that was not closed is zeros, kept ready for records.
            let zeros = self.is_empty(offset)?;
            offset += if zeros { (EMPTY - RECORD_HEADER + 1) as u64 } else { 1 };
        }
        Ok(offset)
    }

    /// Whether nothing but zeros stands in the [`EMPTY`] bytes from `offset` on.
    fn is_empty(&mut self, offset: u64) -> io::Result<bool> {
        if offset + EMPTY as u64 > self.limit {
            return Ok(false);
        }
        Ok(self.bytes(offset, EMPTY as u64)? == [0; EMPTY])
    }

    fn header(&mut self, offset: u64) -> io::Result<Option<RecordHeader>> {
        if offset + RECORD_HEADER as u64 > self.limit {
            return Ok(None);
        }
        let position = self.start + offset;
        let bytes = self.bytes(offset, RECORD_HEADER as u64)?.first_chunk();
        Ok(bytes.and_then(|bytes| RecordHeader::decode(bytes, position)))
    }

    /// The bytes from `offset` on, which never lies before that of the last call.
    fn bytes(&mut self, offset: u64, length: u64) -> io::Result<&[u8]> {
        let end = offset + length;
        if end > self.base + self.buffer.len() as u64 {
            self.buffer.drain(..in_memory(offset - self.base)?.min(self.buffer.len()));
            self.base = offset;
            let held = self.buffer.len();
            let wanted = length.max(self.chunk).min(self.limit - offset);
            self.buffer.resize(in_memory(wanted)?, 0);
            self.read(held);
        }
        let from = in_memory(offset - self.base)?;
        Ok(&self.buffer[from..from + in_memory(length)?])
    }

    /// Fills the buffer from `held` on; page by page if the disk cannot read all of it.
    fn read(&mut self, held: usize) {
        let mut offset = self.base + held as u64;
        let mut rest = &mut self.buffer[held..];
        if read_exact_at(&*self.file, rest, offset).is_ok() {
            return;
        }
        while !rest.is_empty() {
            let (page, after) = rest.split_at_mut(PAGE.min(rest.len()));
            let end = offset + page.len() as u64;
            if let Err(error) = read_exact_at(&*self.file, page, offset) {
                page.fill(0);
                self.unreadable.push((offset..end, error.kind()));
            }
            (rest, offset) = (after, end);
        }
    }
}

impl Iterator for Cursor {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        if self.offset >= self.limit {
            return None;
        }
        let mut piece = self.piece().unwrap_or_else(|error| Piece {
            offset: self.offset,
            length: self.limit - self.offset,
            content: Content::Damage(Reason::Unreadable(error.kind())),
        });
        self.offset = piece.end();
        let (begin, end) = (piece.offset, piece.end());
        let lost = self.unreadable.iter().find(|(range, _)| range.start < end && begin < range.end);
        if let (Content::Damage(reason), Some((_, kind))) = (&mut piece.content, lost) {
            *reason = Reason::Unreadable(*kind);
        }
        Some(piece)
    }
}

/// A number of bytes as a length in memory.
pub(super) fn in_memory(bytes: u64) -> io::Result<usize> {
    usize::try_from(bytes).map_err(|_| io::ErrorKind::OutOfMemory.into())
}
