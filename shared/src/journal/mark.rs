//! Where the journal ended when it was last closed: what is gone of it since is loss, not a torn tail.
//!
//! The file `end` holds that position (u64, little-endian) and the CRC-32 of its 8 bytes. Nothing
//! is ever appended before it, so an old mark is still true; one that cannot be read says nothing.

use super::disk::{Disk, read_exact_at};
use super::{Error, Position};

pub(super) const NAME: &str = "end";
const POSITION_BYTES: usize = 8;
const BYTES: usize = POSITION_BYTES + 4;

/// The position marked; the start if there is no mark.
pub(super) fn read(disk: &dyn Disk) -> Position {
    let mut bytes = [0; BYTES];
    let read = disk.open(NAME).and_then(|file| read_exact_at(&*file, &mut bytes, 0));
    let (position, crc) = bytes.split_at(POSITION_BYTES);
    let is_mark = read.is_ok() && crc == crc32fast::hash(position).to_le_bytes();
    let position = position.first_chunk().copied().filter(|_| is_mark);
    Position(position.map(u64::from_le_bytes).unwrap_or_default())
}

/// Marks `end`, before which everything is durable.
pub(super) fn write(disk: &dyn Disk, end: Position) -> Result<(), Error> {
    let path = disk.path(NAME);
    let position = end.0.to_le_bytes();
    let bytes = [&position[..], &crc32fast::hash(&position).to_le_bytes()].concat();
    let file = disk.create(NAME).map_err(Error::io("create", &path))?;
    file.write_all_at(&bytes, 0).map_err(Error::io("write", &path))?;
    file.sync_all().map_err(Error::io("sync", &path))?;
    disk.sync_names().map_err(Error::io("sync the directory of", &path))
}
