//! The ZIP archive that an xlsx or ods file is: checked before anything in it is read.
//!
//! The sizes in the archive's directory can be believed: the `zip` crate stops
//! with an error at an entry that unpacks to more than the directory says.

use std::fs::File;
use std::io::{BufReader, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::error::{Error, Found};
use super::{Format, Limits};

pub(super) type Package = ZipArchive<BufReader<File>>;

/// Bytes of an entry that are looked at before the rest.
const START: u64 = 1024;

/// Archives that unpack to less than this are never taken for a bomb.
const HARMLESS_BYTES: u64 = 16 << 20;

/// Opens the archive in `open`, which is `size` bytes long, and tells what it holds.
pub(super) fn open(
    open: File,
    file: &str,
    size: u64,
    limits: Limits,
) -> Result<(Package, Format), Error> {
    let mut package =
        ZipArchive::new(BufReader::new(open)).map_err(|error| explain(file, &error))?;
    check_size(&mut package, file, size, limits)?;
    check_content(&mut package, file)?;
    let format = tell_format(&mut package, file)?;
    Ok((package, format))
}

/// What an error of the archive means for the file's owner.
pub(super) fn explain(file: &str, error: &ZipError) -> Error {
    Error::HalfWritten { file: file.to_owned(), detail: error.to_string() }
}

fn check_size(package: &mut Package, file: &str, size: u64, limits: Limits) -> Result<(), Error> {
    let mut unpacked = 0_u64;
    for index in 0..package.len() {
        let entry = package.by_index_raw(index).map_err(|error| explain(file, &error))?;
        if entry.encrypted() {
            return Err(Error::PasswordProtected { file: file.to_owned() });
        }
        unpacked = unpacked.saturating_add(entry.size());
    }
    let by_ratio = size.saturating_mul(limits.unpack_ratio).max(HARMLESS_BYTES);
    let limit = by_ratio.min(limits.unpacked_bytes);
    if unpacked > limit {
        return Err(Error::ZipBomb { file: file.to_owned(), unpacked, limit });
    }
    Ok(())
}

/// Unpacks everything once: checksums are compared at the end of an entry, where
/// those who read a sheet do not always get.
fn check_content(package: &mut Package, file: &str) -> Result<(), Error> {
    let damaged = |detail: String| Error::HalfWritten { file: file.to_owned(), detail };
    for index in 0..package.len() {
        let mut entry = package.by_index(index).map_err(|error| explain(file, &error))?;
        let mut start = Vec::new();
        (&mut entry)
            .take(START)
            .read_to_end(&mut start)
            .and_then(|_| std::io::copy(&mut entry, &mut std::io::sink()))
            .map_err(|error| damaged(error.to_string()))?;
        // calamine sets aside room for as many texts as an xlsx says it has.
        if unique_count(&start).is_some_and(|count| count > entry.size()) {
            return Err(damaged("it claims to hold more texts than bytes".to_owned()));
        }
    }
    Ok(())
}

/// The number of texts that the start of a table of shared texts tells.
fn unique_count(start: &[u8]) -> Option<u64> {
    let start = String::from_utf8_lossy(start);
    let (_, behind) = start.split_once("<sst")?;
    let (_, count) = behind.split_once("uniqueCount=\"")?;
    let (count, _) = count.split_once('"')?;
    Some(count.parse().unwrap_or(u64::MAX))
}

fn tell_format(package: &mut Package, file: &str) -> Result<Format, Error> {
    let refuse = |found| Err(Error::NotASpreadsheet { file: file.to_owned(), found });
    if package.index_for_name("xl/workbook.bin").is_some() {
        return refuse(Found::Xlsb);
    }
    let is_xlsx = package.file_names().flatten().any(|name| name.to_lowercase().starts_with("xl/"));
    if is_xlsx {
        return Ok(Format::Xlsx);
    }
    let kind = read_start(package, "mimetype", 100);
    if !kind.contains("opendocument.spreadsheet") {
        return refuse(Found::OtherOffice);
    }
    if read_start(package, "META-INF/manifest.xml", 1 << 20).contains("encryption-data") {
        return Err(Error::PasswordProtected { file: file.to_owned() });
    }
    Ok(Format::Ods)
}

/// The first `limit` bytes of an entry as text; empty if there is none.
fn read_start(package: &mut Package, name: &str, limit: u64) -> String {
    let mut bytes = Vec::new();
    let read = package.by_name(name).map(|entry| entry.take(limit).read_to_end(&mut bytes));
    match read {
        Ok(Ok(_)) => String::from_utf8_lossy(&bytes).into_owned(),
        // A damaged entry decides nothing; it is told when it is read in earnest.
        _ => String::new(),
    }
}
