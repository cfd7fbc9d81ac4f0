//! The rows of a sheet in any format, held to the limits.

use std::fmt;
use std::fs::File;
use std::path::Path;

use super::cell::{Cell, Row, Value, letters};
use super::detect::Stamp;
use super::error::Error;
use super::options::Limits;
use super::{csv, ods, spool, xls, xlsx};

/// The rows of a sheet, read as they are asked for.
pub struct Rows<'a> {
    pub(super) inner: Inner<'a>,
    pub(super) path: &'a Path,
    pub(super) file: &'a str,
    pub(super) sheet: String,
    pub(super) stamp: Stamp,
    pub(super) limits: Limits,
    pub(super) ended: bool,
}

pub(super) enum Inner<'a> {
    Xlsx(Box<xlsx::Rows<'a>>),
    Ods(Box<ods::Rows<'a>>),
    Xls(xls::Rows),
    Csv(Box<csv::Rows<File>>),
    Spool(Box<spool::Rows>),
}

impl fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, sheet) = (&self.file, &self.sheet);
        f.debug_struct("Rows").field("file", file).field("sheet", sheet).finish_non_exhaustive()
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.next_row().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        if next.is_none() && self.stamp.is_outdated(self.path) {
            return Some(Err(Error::Changing { file: self.file.to_owned() }));
        }
        next
    }
}

impl Rows<'_> {
    fn next_row(&mut self) -> Result<Option<Row>, Error> {
        loop {
            let next = match &mut self.inner {
                Inner::Xlsx(rows) => rows.next_row()?,
                Inner::Ods(rows) => rows.next_row()?,
                Inner::Xls(rows) => rows.next_row(),
                Inner::Csv(rows) => rows.next_row()?,
                Inner::Spool(rows) => rows.next_row()?,
            };
            match next {
                Some(row) if row.is_blank() => {}
                Some(row) => return self.check(row).map(Some),
                None => return Ok(None),
            }
        }
    }

    fn check(&self, row: Row) -> Result<Row, Error> {
        let (file, sheet) = (self.file, &self.sheet);
        if row.number > self.limits.rows {
            let (file, sheet, limit) = (file.to_owned(), sheet.clone(), self.limits.rows);
            return Err(Error::TooManyRows { file, sheet, limit });
        }
        let limit = self.limits.columns;
        let behind = row.cells.iter().skip(limit as usize);
        if behind.into_iter().any(|cell| !cell.is_blank()) {
            let (file, sheet) = (file.to_owned(), sheet.clone());
            return Err(Error::TooManyColumns { file, sheet, row: row.number, limit });
        }
        let limit = self.limits.cell_characters;
        let is_long = |cell: &Cell| matches!(&cell.value, Value::Text(text) if text.len() > limit && text.chars().count() > limit);
        if let Some(column) = row.cells.iter().position(is_long) {
            let column = letters(u32::try_from(column).unwrap_or(u32::MAX));
            let (file, sheet) = (file.to_owned(), sheet.clone());
            return Err(Error::CellTooLong { file, sheet, row: row.number, column, limit });
        }
        Ok(row)
    }
}
