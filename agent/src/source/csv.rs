//! Rows of delimited text (RFC 4180, with any delimiter and line end), in constant memory.
//!
//! Written by hand because what officers need is not in a general reader: rows
//! numbered as a spreadsheet program numbers them (blank lines count, a line end
//! inside quotation marks does not), an error for a quotation mark that is never
//! closed instead of a cell as long as the file, and limits that hold while a
//! cell is read. The tests compare it with the `csv` crate.

use std::io::Read;

use super::Limits;
use super::cell::{Cell, Row, letters};
use super::error::Error;
use super::text::Text;

/// Where the reader is within a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first character of a row.
    RowStart,
    /// Before the first character of a cell.
    CellStart,
    /// In a cell without quotation marks.
    Bare,
    /// Between quotation marks.
    Quoted,
    /// Behind a quotation mark that closes the cell, or is the first of two.
    Closing,
}

/// The rows of delimited text.
#[derive(Debug)]
pub(super) struct Rows<R> {
    text: Text<R>,
    file: String,
    delimiter: char,
    limits: Limits,
    state: State,
    /// Whether a line feed belongs to the carriage return just read.
    after_return: bool,
    /// Rows begun.
    row: u32,
    cells: Vec<Cell>,
    cell: String,
    /// Characters in `cell`.
    length: usize,
}

impl<R: Read> Rows<R> {
    /// The rows of `text`.
    pub(super) fn new(text: Text<R>, file: &str, delimiter: char, limits: Limits) -> Self {
        Self {
            text,
            file: file.to_owned(),
            delimiter,
            limits,
            state: State::RowStart,
            after_return: false,
            row: 0,
            cells: Vec::new(),
            cell: String::new(),
            length: 0,
        }
    }

    /// The next row that is not a blank line; none at the end.
    pub(super) fn next_row(&mut self) -> Result<Option<Row>, Error> {
        while let Some(character) = self.text.next_character()? {
            if self.take(character)? {
                return Ok(Some(self.finish_row()));
            }
        }
        match self.state {
            State::RowStart => Ok(None),
            State::Quoted => Err(Error::UnclosedQuote {
                file: self.file.clone(),
                row: self.row,
                column: letters(self.column()),
            }),
            State::CellStart | State::Bare | State::Closing => {
                self.finish_cell();
                Ok(Some(self.finish_row()))
            }
        }
    }

    /// Cells of the row that is being read, the one not finished included.
    pub(super) fn width_so_far(&self) -> usize {
        self.cells.len() + 1
    }

    /// Takes one character; true if it ended a row.
    fn take(&mut self, character: char) -> Result<bool, Error> {
        if std::mem::take(&mut self.after_return) && character == '\n' {
            return Ok(false);
        }
        if self.state == State::RowStart {
            self.row = self.row.saturating_add(1);
            if self.end_of_line(character) {
                return Ok(false);
            }
            if self.row > self.limits.rows {
                let (file, limit) = (self.file.clone(), self.limits.rows);
                return Err(Error::TooManyRows { file, sheet: String::new(), limit });
            }
            self.state = State::CellStart;
        }
        match (self.state, character) {
            (State::CellStart, '"') => self.state = State::Quoted,
            (State::Quoted, '"') => self.state = State::Closing,
            (State::Closing, '"') => {
                self.push('"')?;
                self.state = State::Quoted;
            }
            (State::Quoted, _) => self.push(character)?,
            (_, delimiter) if delimiter == self.delimiter => {
                self.finish_cell();
                self.check_columns()?;
                self.state = State::CellStart;
            }
            (_, end) if self.end_of_line(end) => {
                self.finish_cell();
                return Ok(true);
            }
            _ => {
                self.push(character)?;
                self.state = State::Bare;
            }
        }
        Ok(false)
    }

    fn end_of_line(&mut self, character: char) -> bool {
        self.after_return = character == '\r';
        matches!(character, '\r' | '\n')
    }

    fn column(&self) -> u32 {
        u32::try_from(self.cells.len()).unwrap_or(u32::MAX)
    }

    fn push(&mut self, character: char) -> Result<(), Error> {
        if self.length == self.limits.cell_characters {
            return Err(Error::CellTooLong {
                file: self.file.clone(),
                sheet: String::new(),
                row: self.row,
                column: letters(self.column()),
                limit: self.limits.cell_characters,
            });
        }
        self.cell.push(character);
        self.length += 1;
        Ok(())
    }

    fn check_columns(&self) -> Result<(), Error> {
        if self.column() < self.limits.columns {
            return Ok(());
        }
        Err(Error::TooManyColumns {
            file: self.file.clone(),
            sheet: String::new(),
            row: self.row,
            limit: self.limits.columns,
        })
    }

    fn finish_cell(&mut self) {
        self.cells.push(Cell::text(std::mem::take(&mut self.cell)));
        self.length = 0;
    }

    fn finish_row(&mut self) -> Row {
        self.state = State::RowStart;
        let width = self.cells.len();
        Row {
            number: self.row,
            cells: std::mem::replace(&mut self.cells, Vec::with_capacity(width)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::super::text::Encoding;
    use super::*;

    fn rows_within(
        text: &str,
        delimiter: char,
        limits: Limits,
    ) -> Result<Vec<(u32, Vec<String>)>, Error> {
        let bytes = Cursor::new(text.as_bytes().to_vec());
        let text = Text::new(bytes, "f.csv", Encoding::UTF_8, 0);
        let mut rows = Rows::new(text, "f.csv", delimiter, limits);
        let mut all = Vec::new();
        while let Some(row) = rows.next_row()? {
            all.push((row.number, row.cells.iter().map(|cell| cell.raw().into_owned()).collect()));
        }
        Ok(all)
    }

    #[track_caller]
    fn check(text: &str, expected: &[(u32, &[&str])]) {
        let rows = rows_within(text, ';', Limits::default()).unwrap();
        let rows: Vec<(u32, Vec<&str>)> = rows
            .iter()
            .map(|(row, cells)| (*row, cells.iter().map(String::as_str).collect()))
            .collect();
        let expected: Vec<(u32, Vec<&str>)> =
            expected.iter().map(|(row, cells)| (*row, cells.to_vec())).collect();
        assert_eq!(rows, expected, "{text:?}");
    }

    #[test]
    fn rows_are_split_and_numbered_as_a_spreadsheet_does() {
        check("", &[]);
        check("\r\n\n", &[]);
        check("a;b\r\nc;d", &[(1, &["a", "b"]), (2, &["c", "d"])]);
        check("a;b\rc;d\r", &[(1, &["a", "b"]), (2, &["c", "d"])]);
        check("title\r\n\r\na;b\n\n\nc;\n", &[(1, &["title"]), (3, &["a", "b"]), (6, &["c", ""])]);
        check("\"a;\"\"b\"\"\r\nc\";d\n;\n", &[(1, &["a;\"b\"\r\nc", "d"]), (2, &["", ""])]);
        check("\"\"\nx", &[(1, &[""]), (2, &["x"])]);
        check("\"a\"b;5\"\n", &[(1, &["ab", "5\""])]);
    }

    #[test]
    fn a_quotation_mark_never_closed_is_an_error() {
        match rows_within("a;b\nc;\"d\ne;f\n", ';', Limits::default()) {
            Err(Error::UnclosedQuote { row: 2, column, .. }) => assert_eq!(column, "B"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn limits_hold_while_a_cell_is_read() {
        let limits = Limits { rows: 2, columns: 2, cell_characters: 3, ..Limits::default() };
        assert!(rows_within("đđđ;b\n\"đ\nđ\";d\n", ';', limits).is_ok());
        for (text, code) in [
            ("a\nb\nc", "SOURCE_TOO_MANY_ROWS"),
            ("a;b;c", "SOURCE_TOO_MANY_COLUMNS"),
            ("a\nb;\"đđđđ", "SOURCE_CELL_TOO_LONG"),
        ] {
            assert_eq!(rows_within(text, ';', limits).unwrap_err().code(), code, "{text}");
        }
    }

    #[test]
    fn an_endless_cell_is_refused_in_constant_memory() {
        let endless = Cursor::new(b"a;\"").chain(std::io::repeat(b'x'));
        let text = Text::new(endless, "f.csv", Encoding::UTF_8, 0);
        let mut rows = Rows::new(text, "f.csv", ';', Limits::default());
        assert_eq!(rows.next_row().unwrap_err().code(), "SOURCE_CELL_TOO_LONG");
        assert!(rows.cell.capacity() < 1 << 20);
    }

    proptest! {
        #[test]
        fn rows_equal_those_of_the_csv_crate(text in "[a;\"\r\n]{0,30}") {
            let expected: Vec<Vec<String>> = csv::ReaderBuilder::new()
                .delimiter(b';')
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes())
                .records()
                .map(|record| record.unwrap().iter().map(str::to_owned).collect())
                .collect();
            match rows_within(&text, ';', Limits::default()) {
                Ok(rows) => {
                    let rows: Vec<_> = rows.into_iter().map(|(_, cells)| cells).collect();
                    prop_assert_eq!(rows, expected);
                }
                Err(error) => prop_assert_eq!(error.code(), "SOURCE_UNCLOSED_QUOTE"),
            }
        }
    }
}
