//! The segment that is being written: grows in steps of zeros if it must, is cut to size when it is full.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::disk::{Disk, DiskFile, read_exact_at};
use super::error::Reason;
use super::format::{SEGMENT_HEADER, other_version, segment_header, segment_name};
use super::{Error, Options, cursor};

/// Zeros written at a time.
const ZEROS: usize = 64 << 10;

/// A segment file, open for writing.
#[derive(Debug)]
pub(super) struct Segment {
    /// The position at which it begins.
    pub(super) start: u64,
    /// The offset at which the next write goes; everything before it is durable.
    pub(super) written: u64,
    /// Bytes in the file; those from `written` on are zero.
    allocated: u64,
    file: Arc<dyn DiskFile>,
    path: PathBuf,
}

impl Segment {
    /// A new segment, durable with its name; in a file of zeros if one is `prepared`.
    pub(super) fn create(
        disk: &dyn Disk,
        start: u64,
        prepared: Option<(Arc<dyn DiskFile>, u64)>,
    ) -> Result<Self, Error> {
        let name = segment_name(start);
        let path = disk.path(&name);
        let (file, allocated) = match prepared {
            Some(prepared) => prepared,
            None => (disk.create(&name).map_err(Error::io("create", &path))?, 0),
        };
        let mut segment = Self { start, written: SEGMENT_HEADER, allocated, file, path };
        segment.harden(disk, SEGMENT_HEADER)?;
        Ok(segment)
    }

    /// A segment found on the disk, to be continued at `written`. Nobody knows how much of its
    /// last commit, which begins at `commit`, is durable: see [`Segment::harden`].
    pub(super) fn resume(
        disk: &dyn Disk,
        start: u64,
        file: Arc<dyn DiskFile>,
        commit: u64,
        written: u64,
    ) -> Result<Self, Error> {
        let path = disk.path(&segment_name(start));
        let allocated = file.length().map_err(Error::io("read the length of", &path))?;
        let mut segment = Self { start, written, allocated, file, path };
        segment.harden(disk, commit)?;
        segment.trim()?;
        Ok(segment)
    }

    /// The position of the next write.
    pub(super) fn end(&self) -> u64 {
        self.start + self.written
    }

    /// Writes the header and the bytes from `commit` on (once more) and syncs the file and its
    /// name. Bytes that can be read need not be durable: the process may have died before its
    /// sync, and after a failed sync the system shows pages as clean that never reached the disk,
    /// so that another sync alone would not write them.
    fn harden(&mut self, disk: &dyn Disk, commit: u64) -> Result<(), Error> {
        let length = cursor::in_memory(self.written - commit).map_err(self.failed("read"))?;
        let mut bytes = vec![0; length];
        read_exact_at(&*self.file, &mut bytes, commit).map_err(self.failed("read"))?;
        self.file.write_all_at(&bytes, commit).map_err(self.failed("write"))?;
        self.file.write_all_at(&segment_header(self.start), 0).map_err(self.failed("write"))?;
        self.allocated = self.allocated.max(SEGMENT_HEADER);
        self.file.sync_all().map_err(self.failed("sync"))?;
        disk.sync_names().map_err(self.failed("sync the directory of"))
    }

    /// Fills the file with zeros up to `length`, so that no commit has to lengthen it.
    pub(super) fn allocate(&mut self, length: u64) -> Result<(), Error> {
        let zeros = vec![0; ZEROS];
        while self.allocated < length {
            let step = (length - self.allocated).min(ZEROS as u64);
            let zeros = &zeros[..usize::try_from(step).unwrap_or(ZEROS)];
            self.file.write_all_at(zeros, self.allocated).map_err(self.failed("extend"))?;
            self.allocated += step;
        }
        self.file.sync_data().map_err(self.failed("sync"))
    }

    /// Writes `batch` durably and empties it: one write, one sync. Where the file must grow, zeros
    /// are written after the batch, so that the next syncs find its length unchanged.
    pub(super) fn write(&mut self, batch: &mut Vec<u8>, options: Options) -> Result<(), Error> {
        let end = self.written + batch.len() as u64;
        if end > self.allocated && (batch.len() as u64) < options.growth_bytes {
            let grown = end.next_multiple_of(options.growth_bytes);
            let zeros = grown.min(options.segment_bytes).saturating_sub(end);
            let zeros = cursor::in_memory(zeros).map_err(self.failed("extend"))?;
            batch.resize(batch.len() + zeros, 0);
        }
        self.file.write_all_at(batch, self.written).map_err(self.failed("write"))?;
        self.file.sync_data().map_err(self.failed("sync"))?;
        self.allocated = self.allocated.max(self.written + batch.len() as u64);
        self.written = end;
        batch.clear();
        Ok(())
    }

    /// Gives back what was allocated and not used.
    pub(super) fn trim(&mut self) -> Result<(), Error> {
        if self.allocated > self.written {
            self.file.set_length(self.written).map_err(self.failed("trim"))?;
            self.file.sync_all().map_err(self.failed("sync"))?;
            self.allocated = self.written;
        }
        Ok(())
    }

    fn failed(&self, action: &'static str) -> impl FnOnce(io::Error) -> Error {
        Error::io(action, &self.path)
    }
}

/// What the first bytes of a segment are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Header {
    Intact,
    /// Intact, but of another version of the format.
    OtherVersion(u32),
    Wrong(Reason),
}

/// Reads the header of the segment that begins at `start`.
pub(super) fn read_header(file: &dyn DiskFile, start: u64) -> Header {
    let expected = segment_header(start);
    let mut header = vec![0; expected.len()];
    match read_exact_at(file, &mut header, 0) {
        Ok(()) if header == expected => Header::Intact,
        Ok(()) => other_version(&header, start)
            .map_or(Header::Wrong(Reason::SegmentHeader), Header::OtherVersion),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Header::Wrong(Reason::SegmentHeader)
        }
        Err(error) => Header::Wrong(Reason::Unreadable(error.kind())),
    }
}
