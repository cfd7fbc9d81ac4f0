//! Why a file cannot be read, told so that its owner can help.

use std::io;

/// Why a file cannot be read. Every variant names the file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such file.
    #[error("`{file}` does not exist")]
    NotFound {
        /// The file.
        file: String,
    },
    /// It is a folder.
    #[error("`{file}` is a folder, not a file")]
    Folder {
        /// The file.
        file: String,
    },
    /// The system does not let this user read it.
    #[error("`{file}` may not be read by this user")]
    Denied {
        /// The file.
        file: String,
    },
    /// It has no bytes: it was never written, or is being written.
    #[error("`{file}` is empty")]
    Empty {
        /// The file.
        file: String,
    },
    /// It is the small file that Excel or `LibreOffice` keeps beside an open workbook.
    #[error("`{file}` only marks that a workbook is open; choose the workbook itself")]
    OwnerFile {
        /// The file.
        file: String,
    },
    /// Another program has it open.
    #[error("`{file}` is open in another program (`{lock}`): save and close it there")]
    InUse {
        /// The file.
        file: String,
        /// What shows it: the lock file beside it, or the system's words.
        lock: String,
    },
    /// It is cut off or damaged.
    #[error("`{file}` is cut off or damaged ({detail}): copy or save it again")]
    HalfWritten {
        /// The file.
        file: String,
        /// What is wrong.
        detail: String,
    },
    /// It changed while it was read.
    #[error("`{file}` changed while it was read: wait until it is written, then try again")]
    Changing {
        /// The file.
        file: String,
    },
    /// It is locked with a password.
    #[error("`{file}` is protected by a password: save it without one")]
    PasswordProtected {
        /// The file.
        file: String,
    },
    /// It is something else.
    #[error("`{file}` is not an xlsx, ods, xls or csv file but {found}")]
    NotASpreadsheet {
        /// The file.
        file: String,
        /// What it seems to be.
        found: Found,
    },
    /// It unpacks to far more than it is.
    #[error("`{file}` would unpack to {unpacked} bytes, more than the {limit} allowed")]
    ZipBomb {
        /// The file.
        file: String,
        /// Bytes it would unpack to.
        unpacked: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// It is larger than allowed.
    #[error("`{file}` has {size} bytes, more than the {limit} allowed")]
    TooBig {
        /// The file.
        file: String,
        /// Its bytes.
        size: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// A sheet has more rows than allowed.
    #[error("`{file}`{} has more than {limit} rows", of(sheet))]
    TooManyRows {
        /// The file.
        file: String,
        /// The sheet, empty in CSV.
        sheet: String,
        /// Rows allowed.
        limit: u32,
    },
    /// A row has more columns than allowed.
    #[error("`{file}`{}, row {row} has more than {limit} columns", of(sheet))]
    TooManyColumns {
        /// The file.
        file: String,
        /// The sheet, empty in CSV.
        sheet: String,
        /// The row, from 1.
        row: u32,
        /// Columns allowed.
        limit: u32,
    },
    /// A cell has a longer text than allowed.
    #[error("`{file}`{}, cell {column}{row} has more than {limit} characters", of(sheet))]
    CellTooLong {
        /// The file.
        file: String,
        /// The sheet, empty in CSV.
        sheet: String,
        /// The row, from 1.
        row: u32,
        /// The column's letters.
        column: String,
        /// Characters allowed.
        limit: usize,
    },
    /// The workbook has no such sheet.
    #[error("`{file}` has no sheet `{wanted}`; its sheets are {}", quoted(present))]
    NoSuchSheet {
        /// The file.
        file: String,
        /// The sheet asked for.
        wanted: String,
        /// The sheets it has.
        present: Vec<String>,
    },
    /// The workbook has several sheets and none was named.
    #[error("`{file}` has several sheets, name one of {}", quoted(present))]
    SheetNotNamed {
        /// The file.
        file: String,
        /// The sheets it has.
        present: Vec<String>,
    },
    /// Bytes that mean nothing in the file's encoding.
    #[error(
        "`{file}`, line {line}: the byte at offset {offset} is not {encoding}; \
         save the file as UTF-8, or declare its encoding, such as `windows-1258`"
    )]
    BadBytes {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// Bytes before the bad one.
        offset: u64,
        /// The encoding it was read in.
        encoding: &'static str,
    },
    /// The text seems to be in an encoding that has to be declared.
    #[error("`{file}` seems to be {seems} text: declare its encoding, or save it as UTF-8")]
    EncodingUndeclared {
        /// The file.
        file: String,
        /// The encoding it seems to be in.
        seems: &'static str,
    },
    /// The delimiter cannot be told from the content.
    #[error("`{file}`: the delimiter may be {}; declare which", quoted(candidates))]
    AmbiguousDelimiter {
        /// The file.
        file: String,
        /// The delimiters it may be.
        candidates: Vec<String>,
    },
    /// A quotation mark is never closed.
    #[error("`{file}`: the quotation mark in cell {column}{row} is never closed")]
    UnclosedQuote {
        /// The file.
        file: String,
        /// The row, from 1.
        row: u32,
        /// The column's letters.
        column: String,
    },
    /// The content breaks the rules of its format.
    #[error("`{file}`{} cannot be read: {detail}", of(sheet))]
    Unreadable {
        /// The file.
        file: String,
        /// The sheet, empty if it is not known or not one.
        sheet: String,
        /// What is wrong.
        detail: String,
    },
    /// The system failed.
    #[error("`{file}` cannot be read: {source}")]
    Io {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
}

/// What a file that is no spreadsheet seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A PDF document.
    Pdf,
    /// A web page or XML, often saved under the name of a workbook.
    Markup,
    /// An Excel binary workbook.
    Xlsb,
    /// A Word or `PowerPoint` document, or another OLE or ZIP file.
    OtherOffice,
    /// Text under a name that is not one of a text file.
    Text,
    /// Bytes that are none of these.
    Binary,
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pdf => "a PDF document",
            Self::Markup => "a web page or XML: open it in a spreadsheet program, save as xlsx",
            Self::Xlsb => "an Excel binary workbook (xlsb): save it as xlsx",
            Self::OtherOffice => "another kind of document or archive",
            Self::Text => "text under the name of something else",
            Self::Binary => "something else",
        })
    }
}

impl Error {
    /// The machine code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "SOURCE_NOT_FOUND",
            Self::Folder { .. } => "SOURCE_FOLDER",
            Self::Denied { .. } => "SOURCE_DENIED",
            Self::Empty { .. } => "SOURCE_EMPTY",
            Self::OwnerFile { .. } => "SOURCE_OWNER_FILE",
            Self::InUse { .. } => "SOURCE_IN_USE",
            Self::HalfWritten { .. } => "SOURCE_HALF_WRITTEN",
            Self::Changing { .. } => "SOURCE_CHANGING",
            Self::PasswordProtected { .. } => "SOURCE_PASSWORD_PROTECTED",
            Self::NotASpreadsheet { .. } => "SOURCE_NOT_A_SPREADSHEET",
            Self::ZipBomb { .. } => "SOURCE_ZIP_BOMB",
            Self::TooBig { .. } => "SOURCE_TOO_BIG",
            Self::TooManyRows { .. } => "SOURCE_TOO_MANY_ROWS",
            Self::TooManyColumns { .. } => "SOURCE_TOO_MANY_COLUMNS",
            Self::CellTooLong { .. } => "SOURCE_CELL_TOO_LONG",
            Self::NoSuchSheet { .. } => "SOURCE_NO_SUCH_SHEET",
            Self::SheetNotNamed { .. } => "SOURCE_SHEET_NOT_NAMED",
            Self::BadBytes { .. } => "SOURCE_BAD_BYTES",
            Self::EncodingUndeclared { .. } => "SOURCE_ENCODING_UNDECLARED",
            Self::AmbiguousDelimiter { .. } => "SOURCE_AMBIGUOUS_DELIMITER",
            Self::UnclosedQuote { .. } => "SOURCE_UNCLOSED_QUOTE",
            Self::Unreadable { .. } => "SOURCE_UNREADABLE",
            Self::Io { .. } => "SOURCE_IO",
        }
    }
}

fn of(sheet: &str) -> String {
    if sheet.is_empty() { String::new() } else { format!(", sheet `{sheet}`") }
}

fn quoted(texts: &[String]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| format!("`{text}`")).collect();
    texts.join(", ")
}
