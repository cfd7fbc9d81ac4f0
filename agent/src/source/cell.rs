//! Rows and cells as a file has them, before anybody decides what they mean.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use jiff::civil;

/// What one cell holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Empty,
    /// Text as it stands; every cell of a CSV file is this or empty.
    Text(String),
    /// A number, as the shortest decimal text that reads back as what is stored.
    Number(String),
    /// A truth value.
    Bool(bool),
    /// A day, with or without a time of day.
    Date(Date),
    /// A length of time, as the file has it.
    Duration(String),
    /// An error such as `#DIV/0!`.
    Error(String),
    /// A formula whose result was never stored.
    Uncalculated,
}

/// A cell that holds a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Date {
    /// What is stored: the serial number of the day, or ISO 8601.
    pub stored: String,
    /// The day; none if what is stored is no day of the calendar.
    pub day: Option<civil::Date>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// What it holds.
    pub value: Value,
    /// Whether it is shown as a percentage, so that a stored 0.815 reads 81.5 %.
    /// Always false in CSV, and in XLS, whose formats cannot be read.
    pub percent: bool,
}

/// An empty cell.
pub static EMPTY: Cell = Cell { value: Value::Empty, percent: false };

impl Cell {
    /// A cell with text, or an empty one.
    pub fn text(text: String) -> Self {
        let value = if text.is_empty() { Value::Empty } else { Value::Text(text) };
        Self { value, percent: false }
    }

    /// Whether it holds nothing, or blanks only.
    pub fn is_blank(&self) -> bool {
        match &self.value {
            Value::Empty => true,
            Value::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    /// Its content as text, for comparing and for telling the officer.
    pub fn raw(&self) -> Cow<'_, str> {
        match &self.value {
            Value::Empty => Cow::Borrowed(""),
            Value::Text(text)
            | Value::Number(text)
            | Value::Duration(text)
            | Value::Error(text) => Cow::Borrowed(text),
            Value::Bool(true) => Cow::Borrowed("TRUE"),
            Value::Bool(false) => Cow::Borrowed("FALSE"),
            Value::Date(date) => Cow::Owned(date.to_string()),
            Value::Uncalculated => Cow::Borrowed("="),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.day {
            Some(day) => write!(f, "{day}"),
            None => f.write_str(&self.stored),
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number as a spreadsheet program shows it, from 1.
    pub number: u32,
    /// Its cells from column A on; those behind the last are empty.
    pub cells: Vec<Cell>,
}

impl Row {
    /// The cell of a column, counted from 0.
    pub fn cell(&self, column: u32) -> &Cell {
        self.cells.get(column as usize).unwrap_or(&EMPTY)
    }

    /// Whether every cell is blank.
    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(Cell::is_blank)
    }
}

/// Where something stands in a file, and what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as it was named.
    pub file: Arc<str>,
    /// The sheet; none in CSV.
    pub sheet: Option<Arc<str>>,
    /// The row, from 1; none for the sheet as a whole.
    pub row: Option<u32>,
    /// The column's letters; none for the row as a whole.
    pub column: Option<String>,
    /// The raw text there, empty if the place is more than a cell.
    pub raw: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(sheet) = &self.sheet {
            write!(f, ", sheet `{sheet}`")?;
        }
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        Ok(())
    }
}

/// The letters of a column counted from 0: `A`, `Z`, `AA`.
pub fn letters(column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = u64::from(column) + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or_default()));
        rest /= 26;
    }
    letters.iter().rev().collect()
}

/// The column, counted from 0, of letters in either case; none past `ZZZ` or for other texts.
pub fn column_of(letters: &str) -> Option<u32> {
    if letters.is_empty() || letters.len() > 3 {
        return None;
    }
    let mut column = 0;
    for letter in letters.bytes() {
        if !letter.is_ascii_alphabetic() {
            return None;
        }
        column = column * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1;
    }
    Some(column - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_spreadsheets_name_them() {
        for (column, name) in
            [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")]
        {
            assert_eq!(letters(column), name);
            assert_eq!(column_of(name), Some(column));
            assert_eq!(column_of(&name.to_lowercase()), Some(column));
        }
        for text in ["", "A1", "Đ", "AAAA"] {
            assert_eq!(column_of(text), None, "{text}");
        }
    }

    #[test]
    fn cells_behind_the_last_are_empty() {
        let row = Row { number: 1, cells: vec![Cell::text("x".into())] };
        assert_eq!(row.cell(0).raw(), "x");
        assert!(row.cell(9).is_blank());
        assert!(!row.is_blank());
        assert!(Row { number: 2, cells: vec![Cell::text("\u{a0} ".into())] }.is_blank());
    }
}
