//! An officer's file as rows of raw cells, whatever its format, one row at a time.
//!
//! Nothing is interpreted here: see [`crate::mapping`]. Only xls is held in
//! memory as a whole, and the texts of an xlsx, which the file keeps apart.

pub mod cell;
mod csv;
mod delimiter;
mod detect;
mod error;
mod ods;
mod ole;
mod options;
mod package;
mod rows;
pub(crate) mod spool;
#[cfg(test)]
pub(crate) mod tests;
mod text;
mod xls;
mod xlsx;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use calamine::{Reader, SheetType, SheetVisible};

pub use self::delimiter::{Delimiter, UnknownDelimiter};
use self::detect::{Seems, Stamp};
pub use self::error::{Error, Found};
pub use self::options::{Limits, Options};
use self::rows::Inner;
pub use self::rows::Rows;
use self::text::Text;
pub use self::text::{Encoding, UnknownEncoding};

/// Characters of a CSV file looked at to tell its delimiter.
const HEAD_CHARACTERS: usize = 64 * 1024;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Excel 2007 and later.
    Xlsx,
    /// `OpenDocument`, of `LibreOffice`.
    Ods,
    /// Excel 97 to 2003.
    Xls,
    /// Delimited text.
    Csv,
    /// The answer of a query, as this program wrote it down.
    Rows,
}

/// Something about a file that its owner should know, though it can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// It is an xls: percentages cannot be told from other numbers, and dates
    /// computed by formulas come as numbers. Saving it as xlsx cures both.
    OldExcel,
}

impl Warning {
    /// The machine code.
    pub fn code(self) -> &'static str {
        match self {
            Self::OldExcel => "SOURCE_OLD_EXCEL",
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OldExcel => f.write_str(
                "an xls does not tell percentages from other numbers: save it as xlsx, \
                 and compare the figures with the file",
            ),
        }
    }
}

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Its name; empty for the one sheet of a CSV file.
    pub name: String,
    /// Whether the program that made the file hides it.
    pub hidden: bool,
}

/// An open file.
pub struct Workbook {
    path: PathBuf,
    file: Arc<str>,
    stamp: Stamp,
    limits: Limits,
    sheets: Vec<Sheet>,
    book: Book,
}

enum Book {
    Xlsx(Box<xlsx::Book>),
    Ods(Box<package::Package>),
    Xls(Box<xls::Book>),
    Csv { encoding: Encoding, skipped: usize, delimiter: Delimiter },
    Rows,
}

impl fmt::Debug for Workbook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, format) = (&self.path, self.format());
        f.debug_struct("Workbook")
            .field("path", path)
            .field("format", &format)
            .finish_non_exhaustive()
    }
}

/// Opens the file at `path`. Its format is told from its content, not its name.
pub fn open(path: &Path, options: &Options) -> Result<Workbook, Error> {
    let file: Arc<str> = path.display().to_string().into();
    let (seems, stamp) = detect::look(path, &file, options)?;
    let book = match seems {
        Seems::Package => open_package(path, &file, stamp, options.limits)?,
        Seems::Ole => {
            ole::check(detect::open(path, &file)?, &file, stamp.size)?;
            Book::Xls(Box::new(xls::open(detect::open(path, &file)?, &file)?))
        }
        Seems::Rows => Book::Rows,
        Seems::Text(encoding, skipped) => {
            let delimiter = match options.delimiter {
                Some(declared) => declared,
                None if detect::is_named_tsv(path) => Delimiter::TAB,
                None => tell_delimiter(path, &file, encoding, skipped)?,
            };
            Book::Csv { encoding, skipped, delimiter }
        }
    };
    let limits = options.limits;
    let mut workbook =
        Workbook { path: path.to_owned(), file, stamp, limits, sheets: Vec::new(), book };
    workbook.sheets = workbook.list_sheets()?;
    if workbook.sheets.is_empty() {
        let detail = "it has no sheets".to_owned();
        return Err(Error::HalfWritten { file: workbook.file.to_string(), detail });
    }
    Ok(workbook)
}

/// Fails if there is no file at `path` that this user may read.
pub fn there(path: &Path) -> Result<(), Error> {
    detect::open(path, &path.display().to_string()).map(drop)
}

fn open_package(path: &Path, file: &str, stamp: Stamp, limits: Limits) -> Result<Book, Error> {
    let (package, format) = package::open(detect::open(path, file)?, file, stamp.size, limits)?;
    if format == Format::Ods {
        return Ok(Book::Ods(Box::new(package)));
    }
    Ok(Book::Xlsx(Box::new(xlsx::open(detect::open(path, file)?, file)?)))
}

fn tell_delimiter(
    path: &Path,
    file: &str,
    encoding: Encoding,
    skipped: usize,
) -> Result<Delimiter, Error> {
    let mut text = open_text(path, file, encoding, skipped)?;
    let mut head = String::new();
    for _ in 0..HEAD_CHARACTERS {
        match text.next_character()? {
            Some(character) => head.push(character),
            None => break,
        }
    }
    if text.next_character()?.is_some() {
        // The last line may be cut.
        head.truncate(head.rfind('\n').unwrap_or(head.len()));
    }
    delimiter::tell(&head).map_err(|candidates| Error::AmbiguousDelimiter {
        file: file.to_owned(),
        candidates: candidates.into_iter().map(Delimiter::name).collect(),
    })
}

fn open_text(
    path: &Path,
    file: &str,
    encoding: Encoding,
    skipped: usize,
) -> Result<Text<File>, Error> {
    use std::io::{Seek, SeekFrom};

    let mut open = detect::open(path, file)?;
    open.seek(SeekFrom::Start(skipped as u64))
        .map_err(|source| Error::Io { file: file.to_owned(), source })?;
    Ok(Text::new(open, file, encoding, skipped))
}

impl Workbook {
    /// The file as it was named.
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// Its format.
    pub fn format(&self) -> Format {
        match self.book {
            Book::Xlsx(_) => Format::Xlsx,
            Book::Ods(_) => Format::Ods,
            Book::Xls(_) => Format::Xls,
            Book::Csv { .. } => Format::Csv,
            Book::Rows => Format::Rows,
        }
    }

    /// Its sheets, in their order.
    pub fn sheets(&self) -> &[Sheet] {
        &self.sheets
    }

    /// What its owner should know.
    pub fn warnings(&self) -> &'static [Warning] {
        match self.book {
            Book::Xls(_) => &[Warning::OldExcel],
            _ => &[],
        }
    }

    /// The rows of a sheet that hold something, from the first; the same again at each call.
    ///
    /// The last item is an error if the file changed meanwhile.
    pub fn rows(&mut self, sheet: &str) -> Result<Rows<'_>, Error> {
        if !self.sheets.iter().any(|one| one.name == sheet) {
            return Err(self.no_such_sheet(sheet));
        }
        let (file, limits) = (&*self.file, self.limits);
        let inner = match &mut self.book {
            Book::Xlsx(book) => Inner::Xlsx(Box::new(xlsx::Rows::new(book, file, sheet)?)),
            Book::Ods(package) => {
                Inner::Ods(Box::new(ods::Rows::new(package, file, sheet, limits)?))
            }
            Book::Xls(book) => Inner::Xls(xls::Rows::new(book, file, sheet)?),
            Book::Csv { encoding, skipped, delimiter } => {
                let text = open_text(&self.path, file, *encoding, *skipped)?;
                Inner::Csv(Box::new(csv::Rows::new(text, file, delimiter.0, limits)))
            }
            Book::Rows => {
                Inner::Spool(Box::new(spool::Rows::new(detect::open(&self.path, file)?, file)?))
            }
        };
        Ok(Rows {
            inner,
            path: &self.path,
            file,
            sheet: sheet.to_owned(),
            stamp: self.stamp,
            limits,
            ended: false,
        })
    }

    /// The error that names the sheets there are.
    pub(crate) fn no_such_sheet(&self, wanted: &str) -> Error {
        Error::NoSuchSheet {
            file: self.file.to_string(),
            wanted: wanted.to_owned(),
            present: self.sheets.iter().map(|sheet| sheet.name.clone()).collect(),
        }
    }

    fn list_sheets(&mut self) -> Result<Vec<Sheet>, Error> {
        let listed = match &mut self.book {
            Book::Xlsx(book) => book.sheets_metadata(),
            Book::Xls(book) => book.sheets_metadata(),
            Book::Ods(package) => return ods::sheets(package, &self.file),
            Book::Csv { .. } | Book::Rows => {
                return Ok(vec![Sheet { name: String::new(), hidden: false }]);
            }
        };
        let worksheets = listed.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
        Ok(worksheets
            .map(|sheet| Sheet {
                name: sheet.name.clone(),
                hidden: sheet.visible != SheetVisible::Visible,
            })
            .collect())
    }
}
