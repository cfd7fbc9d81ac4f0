//! The file of the next segment, filled with zeros beside the commits.
//!
//! A commit that lengthens its file waits for the file system's own journal; one that
//! writes over zeros does not. So the zeros are written by another thread, into another
//! file, no faster than the segment before fills up. The file gets the name of its segment
//! when that begins, and until then nothing depends on it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::disk::{Disk, DiskFile};
use super::format::segment_name;

/// Its name while it is being prepared.
const NAME: &str = "next.zeros";
/// Bytes written at a time.
const STEP: u64 = 256 << 10;

/// Prepares one segment after the other.
#[derive(Debug)]
pub(super) struct Ahead {
    shared: Arc<Shared>,
    /// None where the thread that commits prepares too.
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    disk: Arc<dyn Disk>,
    /// Bytes of a segment.
    most: u64,
    wanted: AtomicU64,
    ends: AtomicBool,
    made: Mutex<Made>,
}

/// A file and how many durable zeros are in it; no file if there is none yet.
#[derive(Debug, Default)]
struct Made {
    file: Option<Arc<dyn DiskFile>>,
    length: u64,
    /// Nothing is prepared any more: the disk may be full. Commits find out for themselves.
    failed: bool,
}

impl Ahead {
    /// Prepares segments of `most` bytes, on a thread of its own if `beside`.
    pub(super) fn new(disk: Arc<dyn Disk>, most: u64, beside: bool) -> Self {
        let shared = Arc::new(Shared {
            disk,
            most,
            wanted: AtomicU64::new(0),
            ends: AtomicBool::new(false),
            made: Mutex::default(),
        });
        let work = {
            let shared = Arc::clone(&shared);
            move || shared.work()
        };
        let thread = thread::Builder::new().name("next segment".to_owned());
        // Without the thread segments grow as they are written, as before.
        let thread = if beside { thread.spawn(work).ok() } else { None };
        Self { shared, thread }
    }

    /// Says how far the segment before is filled; so far this one is to be prepared.
    pub(super) fn keep_up_with(&self, written: u64) {
        let wanted = (written + STEP).min(self.shared.most);
        if self.shared.wanted.swap(wanted, Ordering::AcqRel) / STEP == wanted / STEP {
            return;
        }
        match &self.thread {
            Some(thread) => thread.thread().unpark(),
            None => while self.shared.step() {},
        }
    }

    /// Hands over what is prepared, under the name of the segment that begins at `start`, which
    /// is not durable yet: the file and how many zeros are in it.
    pub(super) fn take(&self, start: u64) -> Option<(Arc<dyn DiskFile>, u64)> {
        let mut made = self.shared.made.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.wanted.store(0, Ordering::Release);
        let length = std::mem::take(&mut made.length);
        let file = made.file.take().filter(|_| length > 0)?;
        self.shared.disk.rename(NAME, &segment_name(start)).ok()?;
        Some((file, length))
    }

    /// Ends, and gives back the space.
    pub(super) fn close(self) {
        drop(self.take_back());
    }

    fn take_back(&self) -> std::io::Result<()> {
        let mut made = self.shared.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.failed = true;
        made.file.take().map_or(Ok(()), |file| file.set_length(0))
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic there leaves a file that nothing depends on.
            thread.join().ok();
        }
    }
}

impl Shared {
    fn work(&self) {
        while !self.ends.load(Ordering::Acquire) {
            if !self.step() {
                thread::park();
            }
        }
    }

    /// Adds zeros if there are too few. Whether there may be more to do.
    fn step(&self) -> bool {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.failed || made.length >= self.wanted.load(Ordering::Acquire) {
            return false;
        }
        let grown = self.grow(&mut made);
        made.failed = grown.is_err();
        grown.is_ok()
    }

    fn create(&self) -> std::io::Result<Arc<dyn DiskFile>> {
        let file = self.disk.create(NAME)?;
        // One may be left of a process that died; what is in it is not to be relied on.
        file.set_length(0)?;
        Ok(file)
    }

    fn grow(&self, made: &mut Made) -> std::io::Result<()> {
        let file = match made.file.take() {
            Some(file) => file,
            None => self.create()?,
        };
        made.file = Some(Arc::clone(&file));
        let zeros = vec![0; usize::try_from(STEP.min(self.most - made.length)).unwrap_or_default()];
        file.write_all_at(&zeros, made.length)?;
        file.sync_data()?;
        made.length += zeros.len() as u64;
        Ok(())
    }
}
