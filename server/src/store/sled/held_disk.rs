//! A directory whose syncs can be held or fail, for the tests of durability.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use tiendo_shared::journal::{Directory, Disk, DiskFile};
use tokio::sync::Notify;

/// What a sync does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// It syncs.
    Run,
    /// It waits for another mode.
    Hold,
    /// It fails.
    Fail,
}

/// The switch of a [`HeldDisk`]; dropped, it lets everything run.
#[derive(Debug)]
pub(super) struct Holder(Arc<Switch>);

/// A directory with a switch.
#[derive(Debug)]
pub(super) struct HeldDisk {
    directory: Arc<Directory>,
    switch: Arc<Switch>,
}

#[derive(Debug)]
struct Switch {
    mode: Mutex<Mode>,
    changed: Condvar,
    held: Notify,
    syncs: AtomicUsize,
}

impl Holder {
    pub(super) fn set(&self, mode: Mode) {
        *self.0.mode.lock().unwrap() = mode;
        self.0.changed.notify_all();
    }

    /// Waits until a sync is held.
    pub(super) async fn wait_until_held(&self) {
        self.0.held.notified().await;
    }

    /// Syncs that were done.
    pub(super) fn syncs(&self) -> usize {
        self.0.syncs.load(Ordering::Relaxed)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.set(Mode::Run);
    }
}

impl HeldDisk {
    pub(super) fn new(path: PathBuf) -> (Arc<Self>, Holder) {
        let switch = Arc::new(Switch {
            mode: Mutex::new(Mode::Run),
            changed: Condvar::new(),
            held: Notify::new(),
            syncs: AtomicUsize::new(0),
        });
        let holder = Holder(Arc::clone(&switch));
        (Arc::new(Self { directory: Directory::new(path), switch }), holder)
    }

    fn wrap(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(HeldFile { file, switch: Arc::clone(&self.switch) })
    }
}

impl Switch {
    fn pass(&self) -> io::Result<()> {
        let mut mode = self.mode.lock().unwrap();
        while *mode == Mode::Hold {
            self.held.notify_one();
            mode = self.changed.wait(mode).unwrap();
        }
        match *mode {
            Mode::Fail => Err(io::Error::other("the disk is broken")),
            Mode::Run | Mode::Hold => {
                self.syncs.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        }
    }
}

impl Disk for HeldDisk {
    fn path(&self, name: &str) -> PathBuf {
        self.directory.path(name)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.directory.names()
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.directory.open(name)
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.wrap(self.directory.create(name)?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.directory.rename(from, to)
    }

    fn sync_names(&self) -> io::Result<()> {
        self.directory.sync_names()
    }

    fn lock(&self) -> io::Result<Arc<dyn DiskFile>> {
        self.directory.lock()
    }
}

#[derive(Debug)]
struct HeldFile {
    file: Arc<dyn DiskFile>,
    switch: Arc<Switch>,
}

impl DiskFile for HeldFile {
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.file.set_length(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.switch.pass()?;
        self.file.sync_data()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.switch.pass()?;
        self.file.sync_all()
    }
}
