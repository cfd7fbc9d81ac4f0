//! What can go wrong: the error of every call, and the damage a scan meets.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::{MAX_PAYLOAD_BYTES, Position};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process, or another journal of this one, has the directory.
    #[error("`{}` is held by another process: stop it, or name another directory", path.display())]
    InUse {
        /// The lock file.
        path: PathBuf,
    },
    /// The last segment is intact but of a format this program does not know.
    #[error(
        "`{}` is of format {version}, which this program cannot read: run the version that wrote it",
        path.display()
    )]
    OtherFormat {
        /// The segment.
        path: PathBuf,
        /// The format it says it has.
        version: u32,
    },
    /// The disk refused. From `append` and `commit`, the journal is poisoned from now on.
    #[error("cannot {action} `{}` ({cause}): check the disk, its free space and who may use it", path.display())]
    Io {
        /// What was tried, such as "write".
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system answered.
        cause: io::Error,
    },
    /// A write or a sync failed before, and nobody knows what of it is on the disk.
    #[error("an earlier write to the journal failed: stop and start again, it will recover")]
    Poisoned,
    /// The payload is empty or too long.
    #[error("a record holds 1 to {MAX_PAYLOAD_BYTES} bytes, not {length}: split it")]
    Length {
        /// Bytes of the payload.
        length: usize,
    },
    /// There is no record yet where one is to be read.
    #[error("position {position} is not committed: the journal ends at {end}")]
    NotCommitted {
        /// Where a record was looked for.
        position: Position,
        /// Where the committed records end.
        end: Position,
    },
    /// The record that was to be read is damaged, or none begins at the position.
    #[error("{0}: restore the segment from a backup")]
    Damaged(Damage),
}

impl Error {
    /// Turns the system's answer to `action` on `path` into an error.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Io { action, path: path.to_path_buf(), cause }
    }
}

/// A range of bytes that should hold records and does not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Damage {
    /// The segment file.
    pub segment: PathBuf,
    /// The first byte of the range, counted in the file.
    pub offset: u64,
    /// The first byte of the range, counted in the journal.
    pub position: Position,
    /// Bytes in the range.
    pub length: u64,
    /// What is wrong with it.
    pub reason: Reason,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { segment, offset, length, reason, .. } = self;
        write!(
            f,
            "`{}` is damaged from byte {offset} on, {length} bytes: {reason}",
            segment.display()
        )
    }
}

/// What is wrong with a damaged range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The header of the segment is not the one it was given. Its records are read all the same.
    #[error("the header of the segment is wrong")]
    SegmentHeader,
    /// No record begins where one should.
    #[error("no record begins here")]
    RecordHeader,
    /// The header of a record is intact, its payload is not.
    #[error("the checksum of the record does not match")]
    Payload,
    /// The record is longer than what is left of the segment.
    #[error("the record is cut short")]
    CutShort,
    /// The file is shorter than it was, or gone.
    #[error("the bytes are missing")]
    Missing,
    /// The disk did not give the bytes back.
    #[error("the disk cannot read it ({0})")]
    Unreadable(io::ErrorKind),
}
