//! The files of identities in the data folder, for the server's user alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Where the files are: `tls` in the data folder.
#[derive(Debug, Clone)]
pub struct Files(PathBuf);

impl Files {
    /// Those of a data folder.
    pub fn of(data: &Path) -> Self {
        Self(data.join("tls"))
    }

    /// The certificate of the authority, PEM; what clients are given as `-cacert`.
    pub fn authority(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    /// The key of the authority, PEM.
    pub fn authority_key(&self) -> PathBuf {
        self.0.join("ca.key")
    }

    /// The server's key and its chain, PEM, in one file so that both change at once.
    pub fn server(&self) -> PathBuf {
        self.0.join("server.pem")
    }

    /// Makes the folder and those above it.
    pub fn create_folder(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)
    }

    /// Writes a file that is not there yet.
    pub fn create(&self, path: &Path, text: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        File::open(&self.0)?.sync_all()
    }
}

/// A new text of a file, on the disk and not yet in its place.
#[derive(Debug)]
pub struct Staged {
    new: PathBuf,
    path: PathBuf,
}

impl Staged {
    /// Writes the text beside the file, for the server's user alone.
    pub fn write(path: &Path, text: &str) -> io::Result<Self> {
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        let new = PathBuf::from(new);
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(Self { new, path: path.to_owned() })
    }

    /// Puts it in place: readers see the old text or the new one as a whole.
    pub fn commit(self) -> io::Result<()> {
        fs::rename(&self.new, &self.path)?;
        self.path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }
}
