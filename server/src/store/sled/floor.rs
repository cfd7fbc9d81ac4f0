//! Keeps the disk from filling up: below a floor of free space nothing is taken.
//!
//! What is left then is for checkpoints, logs and a clean stop. It is looked at every few
//! milliseconds while there is room, and before every write while there is none, so that
//! taking goes on by itself as soon as there is.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::fs::statvfs;

use crate::store::Error;

/// The floor unless it is set: this, or a twentieth of a disk smaller than 10 GiB.
const DEFAULT_BYTES: u64 = 512 << 20;

/// How long a look holds: no disk writes a good part of the floor meanwhile.
const LOOK_HOLDS: Duration = Duration::from_millis(5);

/// The floor of the disk that holds a directory.
#[derive(Debug)]
pub(super) struct Floor {
    directory: PathBuf,
    bytes: Option<u64>,
    /// Free bytes of a disk that is simulated; it is looked at every time.
    told: Option<Arc<AtomicU64>>,
    seen: Mutex<Seen>,
}

/// What the last look showed.
#[derive(Debug, Default)]
struct Seen {
    is_low: bool,
    /// Until when it holds, and how many bytes may be taken meanwhile.
    room: Option<(Instant, u64)>,
}

impl Floor {
    pub(super) fn new(directory: &Path, bytes: Option<u64>, told: Option<Arc<AtomicU64>>) -> Self {
        Self { directory: directory.to_path_buf(), bytes, told, seen: Mutex::default() }
    }

    /// Fails while less than the floor would be left after `bytes` more.
    pub(super) fn check(&self, bytes: usize) -> Result<(), Error> {
        let (bytes, now) = (bytes as u64, Instant::now());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((until, room)) = &mut seen.room
            && now < *until
            && bytes <= *room
        {
            *room -= bytes;
            return Ok(());
        }
        // A disk that does not tell is judged by its writes.
        let Ok(disk) = statvfs(&self.directory) else { return Ok(()) };
        let left = || disk.f_bavail.saturating_mul(disk.f_frsize);
        let free = self.told.as_ref().map_or_else(left, |told| told.load(Ordering::Relaxed));
        let whole = disk.f_blocks.saturating_mul(disk.f_frsize);
        let floor = self.bytes.unwrap_or_else(|| DEFAULT_BYTES.min(whole / 20));
        let left = free.saturating_sub(bytes).checked_sub(floor);
        let was_low = std::mem::replace(&mut seen.is_low, left.is_none());
        let holds = left.filter(|_| self.told.is_none());
        seen.room = holds.map(|left| (now + LOOK_HOLDS, left));
        drop(seen);
        let (free_mib, floor_mib) = (free >> 20, floor >> 20);
        match (left, was_low) {
            (None, false) => {
                tracing::error!(free_mib, floor_mib, "the disk is nearly full; nothing is taken");
            }
            (Some(_), true) => {
                tracing::info!(
                    free_mib,
                    floor_mib,
                    "the disk has room again; submissions are taken"
                );
            }
            _ => (),
        }
        left.map(|_| ()).ok_or(Error::Full { free_mib, floor_mib })
    }
}
