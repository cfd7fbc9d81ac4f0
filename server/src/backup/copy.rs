//! Files copied durably, a chunk at a time, with their SHA-256 on the way.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use tiendo_shared::submission::hexadecimal;

use super::Error;

const CHUNK: usize = 256 << 10;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digested {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// Copies the first `most` bytes of a file, with its permissions, to one that is not there yet.
pub(super) fn copy(from: &Path, to: &Path, most: u64) -> Result<Digested, Error> {
    let source = File::open(from).map_err(Error::io("read", from))?;
    let mode = source.metadata().map_err(Error::io("read", from))?.permissions().mode();
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    let mut target = options.open(to).map_err(Error::io("create", to))?;
    let digested = pump(source.take(most), |chunk| target.write_all(chunk))
        .map_err(Error::io(&format!("copy `{}` to", from.display()), to))?;
    let finish = || {
        target.set_permissions(fs::Permissions::from_mode(mode & 0o777))?;
        target.sync_all()
    };
    finish().map_err(Error::io("sync", to))?;
    Ok(digested)
}

/// What a file holds now.
pub(super) fn digest(path: &Path) -> Result<Digested, Error> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    pump(file, |_| Ok(())).map_err(Error::io("read", path))
}

/// Writes a small file that is not there yet, for its owner alone.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    let open = options.write(true).create_new(true).mode(0o600).open(path);
    let mut file = open.map_err(Error::io("create", path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Error::io("write", path))
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(Error::io("sync", path))
}

fn pump(
    mut from: impl io::Read,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<Digested> {
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        let count = match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&chunk[..count]);
        each(&chunk[..count])?;
        bytes += count as u64;
    }
    Ok(Digested { bytes, sha256: hexadecimal(&hasher.finalize()) })
}
