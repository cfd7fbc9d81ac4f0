//! Rows of an xlsx sheet, one at a time.
//!
//! The sheet is read twice: calamine tells of a formula without a result in one
//! pass and of a cell's number format in another.

use std::fs::File;
use std::io::{BufReader, ErrorKind};

use calamine::{DataRef, Reader, Xlsx, XlsxCellReader, XlsxError};
use jiff::civil;

use super::cell::{Cell, Date, Row, Value, letters};
use super::error::Error;
use crate::number::shortest;

pub(super) type Book = Xlsx<BufReader<File>>;

/// Most formulas without a result that are remembered.
const MAX_UNCALCULATED: usize = 1_000_000;

/// Opens the workbook in `open`.
pub(super) fn open(open: File, file: &str) -> Result<Book, Error> {
    Book::new(BufReader::new(open)).map_err(|error| explain(file, "", &error))
}

/// The rows of a sheet.
pub(super) struct Rows<'a> {
    reader: XlsxCellReader<'a, BufReader<File>>,
    file: String,
    sheet: String,
    /// By style: whether it shows a number as a percentage.
    percent: Vec<bool>,
    /// Cells whose formula has no result, in the order of the sheet, the next one last.
    uncalculated: Vec<(u32, u32)>,
    /// The first cell of the next row.
    ahead: Option<(u32, u32, Cell)>,
    /// The last cell read, for errors.
    last: (u32, u32),
    /// Whether the sheet's end was read; calamine may not be asked again.
    ended: bool,
}

impl<'a> Rows<'a> {
    /// The rows of `sheet` in `book`.
    pub(super) fn new(book: &'a mut Book, file: &str, sheet: &str) -> Result<Self, Error> {
        let uncalculated = find_uncalculated(book, file, sheet)?;
        let reader =
            book.worksheet_cells_reader(sheet).map_err(|error| explain(file, sheet, &error))?;
        let percent = reader.styles().iter().map(|style| {
            style.number_format.as_ref().is_some_and(|format| shows_percent(&format.format_code))
        });
        Ok(Self {
            percent: percent.collect(),
            reader,
            file: file.to_owned(),
            sheet: sheet.to_owned(),
            uncalculated,
            ahead: None,
            last: (0, 0),
            ended: false,
        })
    }

    /// The next row with cells; none at the end.
    pub(super) fn next_row(&mut self) -> Result<Option<Row>, Error> {
        let first = match self.ahead.take() {
            Some(first) => first,
            None => match self.next_cell()? {
                Some(first) => first,
                None => return Ok(None),
            },
        };
        let row = first.0;
        let mut cells = Vec::new();
        put(&mut cells, first.1, first.2);
        while let Some((next, column, cell)) = self.next_cell()? {
            if next != row {
                self.ahead = Some((next, column, cell));
                break;
            }
            put(&mut cells, column, cell);
        }
        Ok(Some(Row { number: row + 1, cells }))
    }

    /// The next cell that holds something, with its row and column from 0.
    fn next_cell(&mut self) -> Result<Option<(u32, u32, Cell)>, Error> {
        while !self.ended {
            let next = self.reader.next_cell_with_style_id();
            let next =
                next.map_err(|error| explain_cell(&self.file, &self.sheet, self.last, &error))?;
            let Some((read, style)) = next else {
                self.ended = true;
                break;
            };
            let (row, column) = read.get_position();
            self.last = (row, column);
            let value = if self.uncalculated.last() == Some(&(row, column)) {
                self.uncalculated.pop();
                Value::Uncalculated
            } else {
                value_of(read.get_value())
            };
            if value != Value::Empty {
                let percent = matches!(value, Value::Number(_))
                    && self.percent.get(style).copied().unwrap_or_default();
                return Ok(Some((row, column, Cell { value, percent })));
            }
        }
        Ok(None)
    }
}

/// Puts a cell in its column, with empty cells before it.
fn put(cells: &mut Vec<Cell>, column: u32, cell: Cell) {
    let column = column as usize;
    if cells.len() <= column {
        cells.resize(column + 1, Cell::default());
    }
    cells[column] = cell;
}

fn find_uncalculated(book: &mut Book, file: &str, sheet: &str) -> Result<Vec<(u32, u32)>, Error> {
    let mut reader =
        book.worksheet_cells_reader(sheet).map_err(|error| explain(file, sheet, &error))?;
    let mut found = Vec::new();
    let mut last = (0, 0);
    loop {
        let next = reader.next_cell_with_formula_metadata();
        let next = next.map_err(|error| explain_cell(file, sheet, last, &error))?;
        let Some(cell) = next else { break };
        last = cell.pos;
        if cell.formula.is_some() && cell.value == DataRef::Empty {
            found.push(cell.pos);
        }
        if found.len() > MAX_UNCALCULATED {
            return Err(Error::Unreadable {
                file: file.to_owned(),
                sheet: sheet.to_owned(),
                detail: "over a million formulas have no result".to_owned(),
            });
        }
    }
    found.reverse();
    Ok(found)
}

/// What a cell of calamine holds.
fn value_of(stored: &DataRef<'_>) -> Value {
    match stored {
        DataRef::Empty => Value::Empty,
        DataRef::Int(number) => Value::Number(number.to_string()),
        DataRef::Float(number) => Value::Number(shortest(*number)),
        DataRef::String(text) => Cell::text(text.clone()).value,
        DataRef::SharedString(text) => Cell::text((*text).to_owned()).value,
        DataRef::Bool(truth) => Value::Bool(*truth),
        DataRef::DateTime(date) => date_of(*date),
        DataRef::DateTimeIso(text) => iso_date(text),
        DataRef::DurationIso(text) => Value::Duration(text.clone()),
        DataRef::Error(error) => Value::Error(error.to_string()),
    }
}

/// The day of a serial number; below 1 it is a time of day.
pub(super) fn date_of(date: calamine::ExcelDateTime) -> Value {
    let stored = shortest(date.as_f64());
    if date.is_duration() || date.as_f64() < 1.0 {
        return Value::Duration(stored);
    }
    let (year, month, day, ..) = date.to_ymd_hms_milli();
    let year = i16::try_from(year).unwrap_or_default();
    let day = civil::Date::new(year, month.cast_signed(), day.cast_signed()).ok();
    Value::Date(Date { stored, day })
}

/// The day of a text such as `2026-09-30` or `2026-09-30T12:00:00`.
pub(super) fn iso_date(text: &str) -> Value {
    let day = text.get(..10).and_then(|day| day.parse().ok());
    Value::Date(Date { stored: text.to_owned(), day })
}

/// Whether a number format shows percentages: a percent sign that is not quoted or escaped.
fn shows_percent(format: &str) -> bool {
    let mut characters = format.chars();
    let mut quoted = false;
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '\\' | '_' | '*' if !quoted => drop(characters.next()),
            '%' if !quoted => return true,
            _ => {}
        }
    }
    false
}

/// What an error within a sheet means, told with the last good cell before it.
fn explain_cell(file: &str, sheet: &str, last: (u32, u32), error: &XlsxError) -> Error {
    let explained = explain(file, sheet, error);
    if let Error::Unreadable { file, sheet, detail } = explained {
        let detail = format!("{detail}, behind cell {}{}", letters(last.1), last.0 + 1);
        return Error::Unreadable { file, sheet, detail };
    }
    explained
}

/// What an error of calamine means for the file's owner.
fn explain(file: &str, sheet: &str, error: &XlsxError) -> Error {
    let file = file.to_owned();
    match error {
        XlsxError::Password => Error::PasswordProtected { file },
        XlsxError::Zip(_) | XlsxError::XmlEof(_) => {
            Error::HalfWritten { file, detail: error.to_string() }
        }
        XlsxError::Xml(quick_xml::Error::Io(inner)) if is_damage(inner.kind()) => {
            Error::HalfWritten { file, detail: error.to_string() }
        }
        XlsxError::Io(inner) if is_damage(inner.kind()) => {
            Error::HalfWritten { file, detail: error.to_string() }
        }
        XlsxError::CellError(text) => Error::Unreadable {
            file,
            sheet: sheet.to_owned(),
            detail: format!("a cell holds the error `{text}`"),
        },
        _ => Error::Unreadable { file, sheet: sheet.to_owned(), detail: error.to_string() },
    }
}

/// Whether reading failed because the archive is damaged, not because the disk is.
fn is_damage(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_formats_are_told_from_quoted_percent_signs() {
        for (format, percent) in [
            ("0%", true),
            ("0.00%;[Red]-0.00%", true),
            ("General", false),
            ("0.0\"%\"", false),
            ("0\\%", false),
            ("\"a\"0%", true),
        ] {
            assert_eq!(shows_percent(format), percent, "{format}");
        }
    }
}
