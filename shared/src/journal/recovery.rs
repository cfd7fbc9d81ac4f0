//! Finds the end of a journal after whatever happened, and keeps a copy of what it cuts away.

use std::path::PathBuf;
use std::sync::Arc;

use super::cursor::in_memory;
use super::disk::{Disk, DiskFile, read_exact_at};
use super::error::Reason;
use super::format::{SEGMENT_HEADER, segment_name};
use super::reader::{Shared, segment_starts};
use super::segment::{Header, Segment, read_header};
use super::tail::{Tail, examine};
use super::{Damage, Error, Options, Position, Reader, mark};

/// What `open` found. Whatever is beside the first two numbers deserves a line in the log.
#[derive(Clone, Debug, Default)]
pub struct Recovery {
    /// Intact records in the segments that were read (see [`Options::committed`]).
    pub records: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Bytes cut from the end: a commit that was never finished and so never confirmed.
    pub torn_bytes: u64,
    /// Ranges that should hold records and do not. They stay in place, and scans report them.
    pub damage: Vec<Damage>,
    /// Files that hold a copy of what was cut or is damaged.
    pub quarantined: Vec<PathBuf>,
}

/// Recovers the journal on `disk`; the segment in the answer is durable and can be continued.
pub(super) fn recover(
    disk: &Arc<dyn Disk>,
    options: Options,
) -> Result<(Shared, Segment, Recovery), Error> {
    let mut recovery = Recovery::default();
    // Everything before it was there once, whether the caller knows or not.
    let known = options.committed.max(mark::read(&**disk));
    let mut starts = segment_starts(&**disk).map_err(Error::io("list", &disk.path("")))?;
    let mut end = 0;
    let mut continued = None;
    if let Some(&last) = starts.last() {
        let sealed = Reader::of(Arc::new(Shared::new(Arc::clone(disk), starts.clone(), last)));
        recovery.add_sealed(&**disk, &sealed, options.committed);
        let found = LastSegment::find(&**disk, last, known)?;
        end = last + found.tail.end;
        continued = found.recover(&**disk, &mut recovery)?;
    }
    // What is known to have been there keeps its positions, even if it is gone.
    if let Some(length) = known.0.checked_sub(end).filter(|length| *length > 0) {
        let start = starts.last().copied().unwrap_or_default();
        let segment = disk.path(&segment_name(start));
        let (offset, position, reason) = (end - start, Position(end), Reason::Missing);
        recovery.damage.push(Damage { segment, offset, position, length, reason });
    }
    let segment = if let Some(segment) = continued.filter(|_| end >= known.0) {
        segment
    } else {
        let start = end.max(known.0);
        starts.push(start);
        Segment::create(&**disk, start, None)?
    };
    let shared = Shared::new(Arc::clone(disk), starts, segment.end());
    Ok((shared, segment, recovery))
}

impl Recovery {
    /// Reads what is certainly durable: the segments before the last.
    fn add_sealed(&mut self, disk: &dyn Disk, sealed: &Reader, committed: Position) {
        for item in sealed.scan(committed) {
            match item {
                Ok((_, payload)) => {
                    self.records += 1;
                    self.bytes += payload.len() as u64;
                }
                Err(damage) => self.add_damage(disk, damage),
            }
        }
    }

    /// Counts `damage` and keeps a copy, which is a convenience: the original stays in place.
    fn add_damage(&mut self, disk: &dyn Disk, damage: Damage) {
        if damage.reason == Reason::Missing {
            self.damage.push(damage);
            return;
        }
        let start = damage.position.0 - damage.offset;
        let copied = disk
            .open(&segment_name(start))
            .and_then(|file| {
                let mut bytes = vec![0; in_memory(damage.length)?];
                read_exact_at(&*file, &mut bytes, damage.offset)?;
                Ok(bytes)
            })
            .map_err(Error::io("read", &damage.segment))
            .and_then(|bytes| quarantine(disk, damage.position, &bytes));
        self.quarantined.extend(copied);
        self.damage.push(damage);
    }
}

/// The segment in which the journal ended when it was last written.
struct LastSegment {
    start: u64,
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    tail: Tail,
}

impl LastSegment {
    fn find(disk: &dyn Disk, start: u64, committed: Position) -> Result<Self, Error> {
        let name = segment_name(start);
        let path = disk.path(&name);
        let file = disk.create(&name).map_err(Error::io("open", &path))?;
        let mut tail = examine(&file, &path, start, committed)?;
        match read_header(&*file, start) {
            Header::OtherVersion(version) => return Err(Error::OtherFormat { path, version }),
            // A segment that has records had its header before; one without was never finished.
            Header::Wrong(reason) if tail.records > 0 => {
                let segment = path.clone();
                let (position, length) = (Position(start), SEGMENT_HEADER);
                tail.damage.insert(0, Damage { segment, offset: 0, position, length, reason });
            }
            Header::Intact | Header::Wrong(_) => {}
        }
        Ok(Self { start, file, path, tail })
    }

    /// Makes it fit to be continued; none if the disk cannot read it.
    fn recover(self, disk: &dyn Disk, recovery: &mut Recovery) -> Result<Option<Segment>, Error> {
        let Self { start, file, path, tail } = self;
        recovery.records += tail.records;
        recovery.bytes += tail.bytes;
        for damage in tail.damage {
            recovery.add_damage(disk, damage);
        }
        if tail.unreadable {
            return Ok(None);
        }
        let mut torn = vec![0; in_memory(tail.torn).map_err(Error::io("read", &path))?];
        read_exact_at(&*file, &mut torn, tail.end).map_err(Error::io("read", &path))?;
        torn.truncate(written(&torn));
        if !torn.is_empty() {
            recovery.torn_bytes = torn.len() as u64;
            recovery.quarantined.push(quarantine(disk, Position(start + tail.end), &torn)?);
        }
        Segment::resume(disk, start, file, tail.commit, tail.end).map(Some)
    }
}

/// Writes a durable file that holds `bytes`. Its name tells where they stood and what they are, so
/// that one damage has one file however often it is met.
fn quarantine(disk: &dyn Disk, position: Position, bytes: &[u8]) -> Result<PathBuf, Error> {
    let name = format!("{:016x}-{:08x}.quarantine", position.0, crc32fast::hash(bytes));
    let path = disk.path(&name);
    let write = || {
        let file = disk.create(&name)?;
        file.write_all_at(bytes, 0)?;
        file.sync_all()?;
        disk.sync_names()
    };
    write().map_err(Error::io("write", &path))?;
    Ok(path)
}

/// How many of `bytes` are left without the zeros at their end.
///
/// A segment made ahead is tens of megabytes of them: whole blocks are compared at once.
pub(super) fn written(bytes: &[u8]) -> usize {
    const ZEROS: [u8; 4096] = [0; 4096];
    let mut left = bytes;
    while let Some((head, block)) = left.split_last_chunk::<{ ZEROS.len() }>() {
        if *block != ZEROS {
            break;
        }
        left = head;
    }
    left.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}
