//! Where the records of a segment end, and which of its bytes an unfinished commit left behind.
//!
//! A crash during a commit leaves some of its sectors written and others not; the latter are still
//! zero, since no byte of a segment is written twice. Rot changes bytes but does not bring back
//! zeros. So a damaged range with an unwritten sector is where an unfinished commit begins, unless
//! a later record says that its own commit began after it: then the range was synced once.
//! Everything from that range on is the torn tail, even if whole records of the same commit follow:
//! what survives of a commit is its beginning.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::cursor::{Content, Cursor, Piece, in_memory};
use super::disk::{DiskFile, read_exact_at};
use super::error::Reason;
use super::format::SEGMENT_HEADER;
use super::recovery::written;
use super::{Damage, Error, Position};

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;
const CHUNK: u64 = 1 << 20;

/// What the last segment holds.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    /// Intact records and the bytes of their payloads.
    pub(super) records: u64,
    pub(super) bytes: u64,
    /// Damaged ranges before the end.
    pub(super) damage: Vec<Damage>,
    /// The offset at which the last commit begins.
    pub(super) commit: u64,
    /// The offset at which the next record goes.
    pub(super) end: u64,
    /// Bytes from `end` on that an unfinished commit left behind.
    pub(super) torn: u64,
    /// Whether some of it could not be read; then nothing is taken for torn.
    pub(super) unreadable: bool,
}

/// Examines the segment that begins at `start`. What lies before `committed` is never torn.
pub(super) fn examine(
    file: &Arc<dyn DiskFile>,
    path: &Path,
    start: u64,
    committed: Position,
) -> Result<Tail, Error> {
    let length = file.length().map_err(Error::io("read the length of", path))?;
    let mut search = Search {
        file: &**file,
        committed: committed.0.saturating_sub(start),
        found: Tail {
            records: 0,
            bytes: 0,
            damage: Vec::new(),
            commit: SEGMENT_HEADER,
            end: SEGMENT_HEADER,
            torn: 0,
            unreadable: false,
        },
        torn: None,
        run: 0..0,
    };
    for piece in Cursor::new(Arc::clone(file), start, SEGMENT_HEADER, length, CHUNK) {
        search.add(piece, path, start).map_err(Error::io("read", path))?;
    }
    search.finish().map_err(Error::io("read", path))
}

struct Search<'a> {
    file: &'a dyn DiskFile,
    committed: u64,
    /// Everything up to here.
    found: Tail,
    /// What was found before the range at which an unfinished commit seems to begin.
    torn: Option<Tail>,
    /// The damaged ranges that end here, as one.
    run: Range<u64>,
}

impl Search<'_> {
    fn add(&mut self, piece: Piece, path: &Path, start: u64) -> std::io::Result<()> {
        let Piece { offset, length, content } = piece;
        self.found.end = offset + length;
        match content {
            Content::Record { commit, payload } => {
                self.end_run(false)?;
                if self.torn.as_ref().is_some_and(|torn| commit > torn.end) {
                    self.torn = None;
                }
                self.found.records += 1;
                self.found.bytes += payload.len() as u64;
                self.found.commit = commit;
            }
            Content::Damage(reason) => {
                let begin = if self.run.is_empty() { offset } else { self.run.start };
                self.run = begin..offset + length;
                self.found.unreadable |= matches!(reason, Reason::Unreadable(_));
                let segment = path.to_path_buf();
                let position = Position(start + offset);
                self.found.damage.push(Damage { segment, offset, position, length, reason });
            }
        }
        Ok(())
    }

    fn finish(mut self) -> std::io::Result<Tail> {
        self.drop_unused()?;
        if self.found.unreadable {
            return Ok(self.found);
        }
        self.end_run(true)?;
        Ok(match self.torn {
            Some(torn) => Tail { torn: self.found.end - torn.end, ..torn },
            None => self.found,
        })
    }

    /// The zeros at the end of the file were allocated in advance: they are no damage.
    fn drop_unused(&mut self) -> std::io::Result<()> {
        if self.run.is_empty() {
            return Ok(());
        }
        let Some(last) = self.found.damage.last() else { return Ok(()) };
        let (begin, reason) = (last.offset, last.reason);
        let read = !matches!(reason, Reason::Unreadable(_));
        if read && written(&self.read(begin..self.run.end)?) == 0 {
            self.found.damage.pop();
            self.run.end = begin;
            self.found.end = begin;
        }
        Ok(())
    }

    /// Ends a damaged run, of which the `last` has no record after it.
    fn end_run(&mut self, last: bool) -> std::io::Result<()> {
        let run = std::mem::take(&mut self.run);
        let judged = self.torn.is_some() || self.found.unreadable || run.start < self.committed;
        if run.is_empty() || judged {
            return Ok(());
        }
        let bytes = self.read(run.clone())?;
        let cut_short = self.found.damage.last().is_some_and(|it| it.reason == Reason::CutShort);
        let unfinished = last && (cut_short || bytes.last() == Some(&0));
        if unfinished || has_unwritten_sector(&bytes, run.start) {
            let mut before = self.found.clone();
            before.damage.retain(|damage| damage.offset < run.start);
            before.end = run.start;
            self.torn = Some(before);
        }
        Ok(())
    }

    fn read(&self, range: Range<u64>) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; in_memory(range.end - range.start)?];
        read_exact_at(self.file, &mut bytes, range.start)?;
        Ok(bytes)
    }
}

/// Whether `bytes`, which stand at `offset`, reach the end of a sector and are zero in it.
fn has_unwritten_sector(bytes: &[u8], offset: u64) -> bool {
    let sector = SECTOR as u64;
    let first = SECTOR - usize::try_from(offset % sector).unwrap_or_default();
    let Some((head, rest)) = bytes.split_at_checked(first) else { return false };
    written(head) == 0 || rest.chunks_exact(SECTOR).any(|sector| written(sector) == 0)
}
