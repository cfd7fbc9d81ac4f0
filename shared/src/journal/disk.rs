//! What the journal asks of a disk, and the real one: a directory.

use std::fmt::Debug;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A flat set of named files. A test puts a disk that loses power in its place.
pub trait Disk: Debug + Send + Sync {
    /// Where the file `name` is, for messages.
    fn path(&self, name: &str) -> PathBuf;
    /// The names of all files.
    fn names(&self) -> io::Result<Vec<String>>;
    /// Opens an existing file to read it.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Opens a file to read and write it; creates it if there is none. A new name is durable
    /// after [`Disk::sync_names`], the content after a sync of the file.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;
    /// Gives the file `from` the name `to`, which no file has: durable after [`Disk::sync_names`];
    /// until then a crash leaves it one of the two names.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Makes the creation and renaming of files durable.
    fn sync_names(&self) -> io::Result<()>;
    /// Keeps other processes out until the answer is dropped or this process dies.
    /// [`io::ErrorKind::WouldBlock`] if another one holds the lock.
    fn lock(&self) -> io::Result<Arc<dyn DiskFile>>;
}

/// An open file. Reads and writes name their offset, so that threads can share it.
pub trait DiskFile: Debug + Send + Sync {
    /// Bytes in the file.
    fn length(&self) -> io::Result<u64>;
    /// Reads some bytes at `offset`, none only at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes all `bytes` at `offset`; the file grows if it must.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Cuts the file, or lengthens it with zeros.
    fn set_length(&self, length: u64) -> io::Result<()>;
    /// Makes durable what was written and as much of the length as it takes to read it back.
    fn sync_data(&self) -> io::Result<()>;
    /// Makes everything about the file durable.
    fn sync_all(&self) -> io::Result<()>;
}

/// Fills `buffer` from `offset` on; [`io::ErrorKind::UnexpectedEof`] if the file ends before.
pub(super) fn read_exact_at(file: &dyn DiskFile, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    let mut done = 0;
    while done < buffer.len() {
        match file.read_at(&mut buffer[done..], offset + done as u64) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// An existing directory on a local disk.
#[derive(Clone, Debug)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The directory at `path`; the caller creates it and makes its name durable.
    pub fn new(path: impl AsRef<Path>) -> Arc<Self> {
        Arc::new(Self { path: path.as_ref().to_path_buf() })
    }
}

impl Disk for Directory {
    fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in self.path.read_dir()? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(File::open(self.path(name))?))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(open_or_create(&self.path(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path(from), self.path(to))
    }

    #[cfg(unix)]
    fn sync_names(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    // Elsewhere a directory cannot be opened as a file, and names are journalled by the system.
    #[cfg(not(unix))]
    fn sync_names(&self) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self) -> io::Result<Arc<dyn DiskFile>> {
        let file = open_or_create(&self.path("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Arc::new(file)),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

fn open_or_create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

impl DiskFile for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    #[cfg(unix)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buffer, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, buffer, offset)
    }

    #[cfg(unix)]
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, bytes, offset)
    }

    #[cfg(windows)]
    fn write_all_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = std::os::windows::fs::FileExt::seek_write(self, bytes, offset)?;
            bytes = &bytes[count..];
            offset += count as u64;
        }
        Ok(())
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync_data(&self) -> io::Result<()> {
        File::sync_data(self)
    }

    fn sync_all(&self) -> io::Result<()> {
        File::sync_all(self)
    }
}
