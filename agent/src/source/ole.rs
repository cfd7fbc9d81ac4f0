//! The OLE container that an xls, or an encrypted workbook, is.
//!
//! It is checked before calamine reads it, which panics on containers that are cut off.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::error::{Error, Found};

/// Sector numbers from here on are marks.
const FIRST_MARK: u32 = 0xFFFF_FFFA;
const END_OF_CHAIN: u32 = 0xFFFF_FFFE;
const FREE: u32 = 0xFFFF_FFFF;
/// Bytes of an entry of the directory.
const ENTRY: usize = 128;

/// Checks that the container in `open`, `size` bytes long, is whole and holds an xls.
pub(super) fn check(open: File, file: &str, size: u64) -> Result<(), Error> {
    let damaged = || Error::HalfWritten {
        file: file.to_owned(),
        detail: "its sectors do not fit together".to_owned(),
    };
    let mut container = Container::open(open, size).ok_or_else(damaged)?;
    let names = container.names().ok_or_else(damaged)?;
    let has = |name: &str| names.iter().any(|one| one.eq_ignore_ascii_case(name));
    if has("EncryptedPackage") {
        return Err(Error::PasswordProtected { file: file.to_owned() });
    }
    if !has("Workbook") && !has("Book") {
        let found = Found::OtherOffice;
        return Err(Error::NotASpreadsheet { file: file.to_owned(), found });
    }
    Ok(())
}

struct Container {
    open: File,
    size: u64,
    sector_bytes: u64,
    /// Sectors in the file; the last may be cut short.
    sectors: u64,
    /// For each sector the next of its chain.
    next: Vec<u32>,
    directory: u32,
}

impl Container {
    /// Reads header and chains; none if they do not fit together or the file.
    fn open(mut open: File, size: u64) -> Option<Self> {
        let mut header = [0; 512];
        open.read_exact(&mut header).ok()?;
        let sector_bytes = match number(&header, 30)? & 0xFFFF {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let sectors = size.div_ceil(sector_bytes).checked_sub(1)?;
        let directory = number(&header, 48)?;
        let mut container = Self { open, size, sector_bytes, sectors, next: Vec::new(), directory };
        let mut tables: Vec<u32> =
            header[76..].chunks_exact(4).filter_map(|id| number(id, 0)).collect();
        let mut more = number(&header, 68)?;
        let mut seen = 0;
        while more < FIRST_MARK {
            let mut ids = container.numbers(more)?;
            more = ids.pop()?;
            tables.append(&mut ids);
            seen += 1;
            if seen > sectors {
                return None;
            }
        }
        for id in tables.into_iter().filter(|id| *id < FIRST_MARK) {
            let mut numbers = container.numbers(id)?;
            container.next.append(&mut numbers);
        }
        container.fits().then_some(container)
    }

    /// Whether every sector in use is in the file and leads to one that is in the table.
    fn fits(&self) -> bool {
        let known = self.next.len() as u64;
        self.next.iter().zip(0..).all(|(next, sector)| {
            (*next == FREE || sector < self.sectors)
                && (*next >= FIRST_MARK || u64::from(*next) < known)
        })
    }

    /// The names in the directory; none if it is damaged.
    fn names(&mut self) -> Option<Vec<String>> {
        let mut names = Vec::new();
        let mut sector = self.directory;
        let mut steps = 0;
        while sector != END_OF_CHAIN {
            let bytes = self.read(sector)?;
            for entry in bytes.chunks_exact(ENTRY) {
                let length = usize::from(u16::from_le_bytes([entry[64], entry[65]]));
                let units =
                    entry[..64].chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
                let name: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
                let is_used = length > 0 || !name.is_empty();
                let start = number(entry, 116)?;
                let bytes = u64::from(number(entry, 120)?);
                let is_stream = entry[66] == 2;
                if is_stream && bytes > self.size {
                    return None;
                }
                if is_stream && bytes >= 4096 && start as usize >= self.next.len() {
                    return None;
                }
                if is_used {
                    names.push(String::from_utf16_lossy(&name));
                }
            }
            sector = *self.next.get(sector as usize)?;
            steps += 1;
            if steps > self.next.len() {
                return None;
            }
        }
        Some(names)
    }

    fn numbers(&mut self, sector: u32) -> Option<Vec<u32>> {
        let bytes = self.read(sector)?;
        Some(bytes.chunks_exact(4).filter_map(|id| number(id, 0)).collect())
    }

    fn read(&mut self, sector: u32) -> Option<Vec<u8>> {
        let start = (u64::from(sector) + 1) * self.sector_bytes;
        self.open.seek(SeekFrom::Start(start)).ok()?;
        let mut bytes = vec![0; usize::try_from(self.sector_bytes).ok()?];
        self.open.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }
}

/// The little-endian number at `at`; none behind the end.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}
