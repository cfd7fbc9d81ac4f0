//! The file of refused rows, which opens in a spreadsheet program.
//!
//! Written as rows come, in constant memory: a file with a million bad rows is
//! answered with as many.

use std::path::{Path, PathBuf};

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use crate::refused::Refused;
use crate::text::Lang;

/// Rows of a sheet, headings included; Excel takes a few more.
const MOST_ROWS: u32 = 1_048_000;

/// Width of each column in characters.
const WIDTHS: [f64; 12] = [24.0, 14.0, 8.0, 8.0, 24.0, 28.0, 10.0, 48.0, 32.0, 44.0, 26.0, 48.0];

/// Refused rows on their way into a file.
pub(crate) struct Rejects {
    path: PathBuf,
    lang: Lang,
    workbook: Workbook,
    sheets: usize,
    /// The next row of the last sheet, from 0.
    row: u32,
}

impl std::fmt::Debug for Rejects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rejects({})", self.path.display())
    }
}

impl Rejects {
    /// Rows that will stand in the file at `path`; it is written by [`finish`](Self::finish).
    pub(crate) fn new(path: PathBuf, lang: Lang) -> Self {
        Self { path, lang, workbook: Workbook::new(), sheets: 0, row: MOST_ROWS }
    }

    /// The usual place: beside `file`, with a suffix behind its name.
    pub(crate) fn beside(file: &Path, lang: Lang) -> PathBuf {
        let mut name = file.file_stem().unwrap_or_default().to_owned();
        name.push(lang.rejects_suffix());
        name.push(".xlsx");
        file.with_file_name(name)
    }

    /// Adds a row.
    pub(crate) fn add(&mut self, refused: &Refused) -> Result<(), XlsxError> {
        if self.row >= MOST_ROWS {
            self.begin_sheet()?;
        }
        let row = self.row;
        self.row += 1;
        let sheet = self.workbook.worksheet_from_index(self.sheets - 1)?;
        for (at, text) in (0..).zip(cells(refused)) {
            // Texts are written as texts: what looks like a formula is none.
            sheet.write_string(row, at, text)?;
        }
        Ok(())
    }

    fn begin_sheet(&mut self) -> Result<(), XlsxError> {
        let lang = self.lang;
        let bold = Format::new().set_bold();
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        self.sheets += 1;
        let number = if self.sheets > 1 { format!(" {}", self.sheets) } else { String::new() };
        sheet.set_name(format!("{}{number}", lang.rejects_sheet()))?;
        for (at, width) in (0..).zip(WIDTHS) {
            sheet.set_column_width(at, width)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        for (at, heading) in (0..).zip(headings(lang)) {
            sheet.write_string_with_format(0, at, heading, &bold)?;
        }
        self.row = 1;
        Ok(())
    }

    /// Writes the file at another place; none if there is nothing to write.
    pub(crate) fn finish_at(mut self, path: PathBuf) -> Result<Option<PathBuf>, XlsxError> {
        self.path = path;
        self.finish()
    }

    /// Writes the file; none if there is nothing to write.
    pub(crate) fn finish(mut self) -> Result<Option<PathBuf>, XlsxError> {
        if self.sheets == 0 {
            return Ok(None);
        }
        // Whoever waits for the file never sees half of it.
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let new = self.path.with_file_name(name);
        self.workbook.save(&new)?;
        std::fs::rename(&new, &self.path)?;
        Ok(Some(self.path))
    }
}

fn headings(lang: Lang) -> [&'static str; 12] {
    [
        lang.column_file(),
        lang.column_sheet(),
        lang.column_row(),
        lang.column_column(),
        lang.column_raw(),
        lang.column_indicator(),
        lang.column_period(),
        lang.column_why(),
        lang.column_accepted(),
        lang.column_todo(),
        lang.column_code(),
        lang.column_detail(),
    ]
}

fn cells(refused: &Refused) -> [String; 12] {
    // Excel takes no more in a cell.
    let cut = |text: &str| text.chars().take(32_000).collect::<String>();
    [
        refused.file.clone(),
        refused.sheet.clone(),
        refused.row.map(|row| row.to_string()).unwrap_or_default(),
        refused.column.clone(),
        cut(&refused.raw),
        cut(&refused.indicator),
        refused.period.clone(),
        cut(&refused.why),
        cut(&refused.accepted),
        refused.todo.clone(),
        refused.reason.clone(),
        cut(&refused.detail),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refused::By;
    use crate::source::{self, Options};

    fn refused(row: u32) -> Refused {
        Refused {
            file: "a.csv".to_owned(),
            sheet: String::new(),
            row: Some(row),
            column: "C".to_owned(),
            raw: "=1+1".to_owned(),
            indicator: "x".to_owned(),
            period: "2025".to_owned(),
            reason: "NUMBER_FORM".to_owned(),
            by: By::Agent,
            why: "Không phải một số".to_owned(),
            accepted: "`1`".to_owned(),
            todo: "Sửa".to_owned(),
            detail: "it is not a number".to_owned(),
        }
    }

    #[test]
    fn every_refused_row_stands_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = Rejects::beside(&folder.path().join("số liệu.csv"), Lang::Vi);
        assert_eq!(path, folder.path().join("số liệu-tu-choi.xlsx"));
        let mut rejects = Rejects::new(path.clone(), Lang::Vi);
        for row in 2..5 {
            rejects.add(&refused(row)).unwrap();
        }
        assert_eq!(rejects.finish().unwrap(), Some(path.clone()));
        let mut workbook = source::open(&path, &Options::default()).unwrap();
        let rows: Vec<_> = workbook.rows("Từ chối").unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[0].cell(4).raw(), "Nội dung ô");
        assert_eq!((&*rows[3].cell(2).raw(), &*rows[3].cell(4).raw()), ("4", "=1+1"));
    }

    #[test]
    fn no_refused_row_makes_no_file() {
        let rejects = Rejects::new("/nowhere/x.xlsx".into(), Lang::En);
        assert_eq!(rejects.finish().unwrap(), None);
    }
}
