//! How a mapping names columns and cells: `Năm` by heading, `#B` by letters, `M09!B12` by address.

use std::fmt;

use crate::source::cell::{column_of, letters};

/// A column, by its heading or its letters.
///
/// `#B` is column B; any other text is a heading, and `##B` the heading `#B`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(try_from = "String")]
pub enum Column {
    /// The column, from 0.
    Letters(u32),
    /// The text of its heading.
    Heading(String),
}

/// The text names no column or cell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// What stands behind `#` are not the letters of a column.
    #[error("`{0}` names no column; write its heading, or `#` and its letters, such as `#B`")]
    Column(String),
    /// It is not the address of a cell.
    #[error("`{0}` names no cell; write its letters and row, such as `B12` or `M09!B12`")]
    Cell(String),
}

impl TryFrom<String> for Column {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        match text.strip_prefix('#') {
            Some(heading) if heading.starts_with('#') => Ok(Self::Heading(heading.to_owned())),
            Some(letters) => column_of(letters).map(Self::Letters).ok_or(NameError::Column(text)),
            None if text.trim().is_empty() => Err(NameError::Column(text)),
            None => Ok(Self::Heading(text)),
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Letters(column) => write!(f, "#{}", letters(*column)),
            Self::Heading(text) => f.write_str(text),
        }
    }
}

/// A cell, and its sheet where several are read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Address {
    /// The sheet; none for the mapping's own.
    pub sheet: Option<String>,
    /// The row, from 1.
    pub row: u32,
    /// The column, from 0.
    pub column: u32,
}

impl TryFrom<String> for Address {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        parse_address(&text).ok_or(NameError::Cell(text))
    }
}

fn parse_address(text: &str) -> Option<Address> {
    let (sheet, cell) = match text.rsplit_once('!') {
        Some((sheet, cell)) => (Some(sheet.trim_matches('\'').to_owned()), cell),
        None => (None, text),
    };
    let digits = cell.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = cell.split_at(digits);
    let row = row.parse().ok().filter(|row| *row > 0)?;
    Some(Address { sheet, row, column: column_of(letters)? })
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(sheet) = &self.sheet {
            write!(f, "{sheet}!")?;
        }
        write!(f, "{}{}", letters(self.column), self.row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_by_heading_or_letters() {
        let column = |text: &str| Column::try_from(text.to_owned());
        assert_eq!(column("#B"), Ok(Column::Letters(1)));
        assert_eq!(column("#aa"), Ok(Column::Letters(26)));
        assert_eq!(column("B"), Ok(Column::Heading("B".into())));
        assert_eq!(column("##1"), Ok(Column::Heading("#1".into())));
        for text in ["#", "#1", "#B2", " "] {
            assert_eq!(column(text), Err(NameError::Column(text.into())));
        }
    }

    #[test]
    fn cells_are_named_as_spreadsheets_name_them() {
        for (text, shown) in [("B12", "B12"), ("M09!aa3", "M09!AA3"), ("'Biểu 1'!C5", "Biểu 1!C5")]
        {
            assert_eq!(Address::try_from(text.to_owned()).unwrap().to_string(), shown);
        }
        for text in ["", "B", "12", "B0", "B-1", "$B$1", "B12:C13"] {
            assert!(Address::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
