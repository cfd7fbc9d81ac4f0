//! The answer of a query, written down with the kinds of its cells and read back row by row.
//!
//! ```text
//! file = "tiendo-rows 1\n" row*
//! row  = JSON array of cells "\n"          the first row holds the names of the columns
//! cell = null | "text" | {"n":"12.50"} | {"b":true} | {"d":"2026-09-30"}
//! ```
//! Numbers stay the digits that the database wrote.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::cell::{Cell, Date, Row, Value};
use super::error::Error;

/// How such a file begins.
pub(super) const MAGIC: &[u8] = b"tiendo-rows 1\n";

/// A cell as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Stored {
    /// A text.
    Text(String),
    /// A number, as the database wrote it.
    Number {
        /// Its digits.
        n: String,
    },
    /// A truth value.
    Truth {
        /// The value.
        b: bool,
    },
    /// A day.
    Day {
        /// The day, as `2026-09-30`.
        d: String,
    },
}

impl Stored {
    fn into_cell(self) -> Cell {
        let value = match self {
            Self::Text(text) => return Cell::text(text),
            Self::Number { n } => Value::Number(n),
            Self::Truth { b } => Value::Bool(b),
            Self::Day { d } => Value::Date(Date { day: d.parse().ok(), stored: d }),
        };
        Cell { value, percent: false }
    }
}

/// Writes rows down.
#[derive(Debug)]
pub(crate) struct Writer(BufWriter<File>);

impl Writer {
    /// Begins a file with the names of the columns.
    pub(crate) fn create(path: &Path, columns: &[String]) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create(path)?);
        file.write_all(MAGIC)?;
        let mut writer = Self(file);
        writer.put(&columns)?;
        Ok(writer)
    }

    /// Adds a row; none is NULL.
    pub(crate) fn row(&mut self, cells: &[Option<Stored>]) -> io::Result<()> {
        self.put(&cells)
    }

    /// Ends the file.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }

    fn put(&mut self, cells: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, cells)?;
        self.0.write_all(b"\n")
    }
}

/// Rows read back.
#[derive(Debug)]
pub(super) struct Rows {
    lines: BufReader<File>,
    file: String,
    row: u32,
}

impl Rows {
    /// The rows of an open file, named `name` in errors.
    pub(super) fn new(open: File, name: &str) -> Result<Self, Error> {
        let mut rows = Self { lines: BufReader::new(open), file: name.to_owned(), row: 0 };
        rows.line()?;
        Ok(rows)
    }

    pub(super) fn next_row(&mut self) -> Result<Option<Row>, Error> {
        let line = self.line()?;
        if line.is_empty() {
            return Ok(None);
        }
        self.row += 1;
        let cells: Vec<Option<Stored>> =
            serde_json::from_str(&line).map_err(|error| Error::Unreadable {
                file: self.file.clone(),
                sheet: String::new(),
                detail: format!("row {}: {error}", self.row),
            })?;
        let cell = |stored: Option<Stored>| stored.map(Stored::into_cell).unwrap_or_default();
        Ok(Some(Row { number: self.row, cells: cells.into_iter().map(cell).collect() }))
    }

    fn line(&mut self) -> Result<String, Error> {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line);
        read.map_err(|source| Error::Io { file: self.file.clone(), source })?;
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{self, Format, Options};

    #[test]
    fn cells_come_back_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.rows");
        let mut writer = Writer::create(&path, &["a".to_owned(), "b \"c\"".to_owned()]).unwrap();
        let number = Stored::Number { n: "12345678901234567890.1234567890".to_owned() };
        let day = Stored::Day { d: "2026-09-30".to_owned() };
        writer.row(&[Some(Stored::Text("1.234,5".to_owned())), Some(number)]).unwrap();
        writer.row(&[None, Some(day)]).unwrap();
        writer.row(&[Some(Stored::Truth { b: true }), Some(Stored::Text(String::new()))]).unwrap();
        writer.finish().unwrap();
        let mut workbook = source::open(&path, &Options::default()).unwrap();
        assert_eq!(workbook.format(), Format::Rows);
        let rows: Vec<_> = workbook.rows("").unwrap().map(Result::unwrap).collect();
        assert_eq!(rows[0].cell(1).raw(), "b \"c\"");
        assert_eq!(rows[1].cell(0).value, Value::Text("1.234,5".to_owned()));
        assert_eq!(rows[1].cell(1).raw(), "12345678901234567890.1234567890");
        assert!(matches!(&rows[2].cell(1).value, Value::Date(Date { day: Some(_), .. })));
        assert!(rows[2].cell(0).is_blank() && rows[3].cell(1).is_blank());
        assert_eq!(rows[3].cell(0).value, Value::Bool(true));
        assert_eq!(rows[3].number, 4);
    }
}
