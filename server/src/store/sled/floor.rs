//! Keeps the disk from filling up: below a floor of free space nothing is taken.
//!
//! What is left then is for checkpoints, logs and a clean stop. It is looked at before every write,
//! which takes a microsecond, so that taking goes on by itself as soon as there is room.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::fs::statvfs;

use crate::store::Error;

/// The floor unless it is set: this, or a twentieth of a disk smaller than 10 GiB.
const DEFAULT_BYTES: u64 = 512 << 20;

/// The floor of the disk that holds a directory.
#[derive(Debug)]
pub(super) struct Floor {
    directory: PathBuf,
    bytes: Option<u64>,
    /// Free bytes of a disk that is simulated.
    told: Option<Arc<AtomicU64>>,
    is_low: AtomicBool,
}

impl Floor {
    pub(super) fn new(directory: &Path, bytes: Option<u64>, told: Option<Arc<AtomicU64>>) -> Self {
        Self { directory: directory.to_path_buf(), bytes, told, is_low: AtomicBool::new(false) }
    }

    /// Fails while less than the floor would be left after `bytes` more.
    pub(super) fn check(&self, bytes: usize) -> Result<(), Error> {
        // A disk that does not tell is judged by its writes.
        let Ok(disk) = statvfs(&self.directory) else { return Ok(()) };
        let left = || disk.f_bavail.saturating_mul(disk.f_frsize);
        let free = self.told.as_ref().map_or_else(left, |told| told.load(Ordering::Relaxed));
        let whole = disk.f_blocks.saturating_mul(disk.f_frsize);
        let floor = self.bytes.unwrap_or_else(|| DEFAULT_BYTES.min(whole / 20));
        let is_low = free.saturating_sub(bytes as u64) < floor;
        let was_low = self.is_low.swap(is_low, Ordering::Relaxed);
        let (free_mib, floor_mib) = (free >> 20, floor >> 20);
        if is_low && !was_low {
            tracing::error!(free_mib, floor_mib, "the disk is nearly full; nothing is taken");
        }
        if was_low && !is_low {
            tracing::info!(free_mib, floor_mib, "the disk has room again; submissions are taken");
        }
        if is_low { Err(Error::Full { free_mib, floor_mib }) } else { Ok(()) }
    }
}
