//! Rows of a sheet in the binary format of Excel 97 to 2003.
//!
//! calamine reads the whole workbook at once and does not tell percent formats,
//! which is one reason for the warning that goes with this format.

use std::fs::File;
use std::io::BufReader;

use calamine::{Data, Range, Reader, Xls, XlsError};

use super::cell::{Cell, Row, Value};
use super::error::Error;
use super::xlsx::{date_of, iso_date};
use crate::number::shortest;

pub(super) type Book = Xls<BufReader<File>>;

/// Opens the workbook in `open`, whose container was checked.
pub(super) fn open(open: File, file: &str) -> Result<Book, Error> {
    Book::new(BufReader::new(open)).map_err(|error| explain(file, &error))
}

/// The rows of a sheet.
pub(super) struct Rows {
    range: Range<Data>,
    /// Rows of the range given away.
    given: usize,
}

impl Rows {
    /// The rows of `sheet` in `book`.
    pub(super) fn new(book: &mut Book, file: &str, sheet: &str) -> Result<Self, Error> {
        let range = book.worksheet_range(sheet).map_err(|error| explain(file, &error))?;
        Ok(Self { range, given: 0 })
    }

    /// The next row; none at the end.
    pub(super) fn next_row(&mut self) -> Option<Row> {
        let (first_row, first_column) = self.range.start()?;
        if self.given == self.range.height() {
            return None;
        }
        let mut cells = vec![Cell::default(); first_column as usize];
        for column in 0..self.range.width() {
            let stored = self.range.get((self.given, column)).unwrap_or(&Data::Empty);
            cells.push(Cell { value: value_of(stored), percent: false });
        }
        let number = first_row.saturating_add(u32::try_from(self.given).unwrap_or(u32::MAX)) + 1;
        self.given += 1;
        Some(Row { number, cells })
    }
}

fn value_of(stored: &Data) -> Value {
    match stored {
        Data::Empty => Value::Empty,
        Data::Int(number) => Value::Number(number.to_string()),
        Data::Float(number) => Value::Number(shortest(*number)),
        Data::String(text) => Cell::text(text.clone()).value,
        Data::Bool(truth) => Value::Bool(*truth),
        Data::DateTime(date) => date_of(*date),
        Data::DateTimeIso(text) => iso_date(text),
        Data::DurationIso(text) => Value::Duration(text.clone()),
        Data::Error(error) => Value::Error(error.to_string()),
    }
}

fn explain(file: &str, error: &XlsError) -> Error {
    let file = file.to_owned();
    match error {
        XlsError::Password => Error::PasswordProtected { file },
        XlsError::Cfb(_) | XlsError::EoStream(_) | XlsError::Len { .. } => {
            Error::HalfWritten { file, detail: error.to_string() }
        }
        _ => Error::Unreadable { file, sheet: String::new(), detail: error.to_string() },
    }
}
