//! What a file is, told from its bytes, its name and its neighbours before it is read.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::SystemTime;

use super::Options;
use super::error::{Error, Found};
use super::spool;
use super::text::Encoding;
use crate::system;

/// Bytes looked at to tell what a file is.
const HEAD: u64 = 8 * 1024;

const OLE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

/// Size and time of change, to notice that a file changes while it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) size: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.len(), modified: metadata.modified().ok() }
    }

    /// Whether the file at `path` is no longer what it was.
    pub(super) fn is_outdated(self, path: &Path) -> bool {
        path.metadata().map(|metadata| Self::of(&metadata)).ok() != Some(self)
    }
}

/// What a file seems to be; a package is looked into by [`super::package`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seems {
    /// A ZIP archive: xlsx, ods or something else.
    Package,
    /// An OLE container: xls, an encrypted workbook or something else.
    Ole,
    /// Text in an encoding, behind so many bytes of byte order mark.
    Text(Encoding, usize),
    /// The answer of a query.
    Rows,
}

/// Looks at the file at `path`, named `file` in errors.
pub(super) fn look(path: &Path, file: &str, options: &Options) -> Result<(Seems, Stamp), Error> {
    let metadata = path.metadata().map_err(|error| explain(file, error))?;
    let file_name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let file_owned = || file.to_owned();
    if metadata.is_dir() {
        return Err(Error::Folder { file: file_owned() });
    }
    if file_name.starts_with("~$") || file_name.starts_with(".~lock.") {
        return Err(Error::OwnerFile { file: file_owned() });
    }
    let (size, limit) = (metadata.len(), options.limits.file_bytes);
    if size == 0 {
        return Err(Error::Empty { file: file_owned() });
    }
    if size > limit {
        return Err(Error::TooBig { file: file_owned(), size, limit });
    }
    for lock in [format!("~${file_name}"), format!(".~lock.{file_name}#")] {
        if path.with_file_name(&lock).exists() {
            return Err(Error::InUse { file: file_owned(), lock });
        }
    }
    let mut head = Vec::new();
    open(path, file)?.take(HEAD).read_to_end(&mut head).map_err(|error| explain(file, error))?;
    Ok((tell(&head, path, file, options)?, Stamp::of(&metadata)))
}

/// Opens the file at `path`, named `file` in errors.
pub(super) fn open(path: &Path, file: &str) -> Result<File, Error> {
    File::open(path).map_err(|error| explain(file, error))
}

fn explain(file: &str, error: std::io::Error) -> Error {
    let file = file.to_owned();
    match error.kind() {
        _ if system::is_held(&error) => Error::InUse { file, lock: error.to_string() },
        ErrorKind::NotFound => Error::NotFound { file },
        ErrorKind::IsADirectory => Error::Folder { file },
        ErrorKind::PermissionDenied => Error::Denied { file },
        _ => Error::Io { file, source: error },
    }
}

fn tell(head: &[u8], path: &Path, file: &str, options: &Options) -> Result<Seems, Error> {
    let refuse = |found| Err(Error::NotASpreadsheet { file: file.to_owned(), found });
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(Seems::Package);
    }
    if head.starts_with(&OLE) {
        return Ok(Seems::Ole);
    }
    if head.starts_with(spool::MAGIC) {
        return Ok(Seems::Rows);
    }
    if head.iter().all(|byte| *byte == 0) {
        let detail = "it begins with zero bytes only".to_owned();
        return Err(Error::HalfWritten { file: file.to_owned(), detail });
    }
    if head.starts_with(b"%PDF") {
        return refuse(Found::Pdf);
    }
    let marked = Encoding::for_bom(head);
    let (encoding, skipped) = marked.unwrap_or((options.encoding.unwrap_or(Encoding::UTF_8), 0));
    let start = head[skipped..].trim_ascii_start();
    if start.starts_with(b"<") || start.starts_with(b"MIME-Version:") {
        return refuse(Found::Markup);
    }
    if !encoding.is_utf_16() && head.contains(&0) {
        return match seems_utf_16(head) {
            Some(seems) => Err(Error::EncodingUndeclared { file: file.to_owned(), seems }),
            None => refuse(Found::Binary),
        };
    }
    if !has_name_of_text(path) {
        return refuse(Found::Text);
    }
    Ok(Seems::Text(encoding, skipped))
}

/// UTF-16 without a mark has a zero in every other byte of Western text.
fn seems_utf_16(head: &[u8]) -> Option<&'static str> {
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    match (zeros(0), zeros(1)) {
        (0, odd) if odd > head.len() / 4 => Some("utf-16le"),
        (even, 0) if even > head.len() / 4 => Some("utf-16be"),
        _ => None,
    }
}

fn has_name_of_text(path: &Path) -> bool {
    path.extension().is_none_or(|extension| {
        ["csv", "tsv", "txt"].iter().any(|text| extension.eq_ignore_ascii_case(text))
    })
}

/// Whether the name says that tabs separate the cells.
pub(super) fn is_named_tsv(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"))
}
