//! The layout `cells`: single cells by their addresses.

use std::sync::Arc;

use super::column::Address;
use super::outcome::{Outcome, Reason};
use super::plan::{Selection, ValueColumn};
use super::row::RowReader;
use super::settings::Settings;
use super::sheet::Sheet;
use super::words::folded;
use crate::source::cell::Row;

/// Gathers the rows of a sheet that a mapping takes cells from.
#[derive(Debug)]
pub(super) struct Cells<'a> {
    settings: &'a Settings,
    sheet: Sheet,
    gathered: Vec<Row>,
    saw_rows: bool,
}

impl<'a> Cells<'a> {
    pub(super) fn new(settings: &'a Settings, sheet: Sheet) -> Self {
        Self { settings, sheet, gathered: Vec::new(), saw_rows: false }
    }

    /// Takes the next row that holds something.
    pub(super) fn row(&mut self, row: &Row) {
        self.saw_rows = true;
        let addresses =
            self.settings.cell.iter().map(|cell| &cell.at).chain(self.settings.expect.keys());
        if addresses.filter(|at| self.sheet.holds(at)).any(|at| at.row == row.number) {
            self.gathered.push(row.clone());
        }
    }

    /// Reads the cells, once the sheet has ended and every cell that is checked was seen.
    pub(super) fn finish(self, outcomes: &mut Vec<Outcome>) {
        if !self.saw_rows {
            outcomes.push(Outcome::refused(self.sheet.whole(), Reason::EmptySheet));
            return;
        }
        let expected = self.settings.expect.iter().filter(|(at, _)| self.sheet.holds(at));
        for (at, text) in expected {
            let row = self.row_of(at);
            if folded(&row.cell(at.column).raw()) != folded(text) {
                let reason = Reason::Unexpected { wanted: text.clone() };
                outcomes.push(Outcome::refused(self.sheet.cell(&row, at.column), reason));
                return;
            }
        }
        for cell in self.settings.cell.iter().filter(|cell| self.sheet.holds(&cell.at)) {
            let selection = Selection {
                conditions: Vec::new(),
                rows: None,
                values: Vec::new(),
                places: Arc::default(),
                fixed: cell.fixed.over(&self.settings.fixed),
                wanted: String::new(),
                matched: true,
            };
            let row = Arc::new(self.row_of(&cell.at));
            let reader = RowReader {
                settings: self.settings,
                sheet: &self.sheet,
                row: &row,
                selection: &selection,
            };
            let value = ValueColumn { column: cell.at.column, ..ValueColumn::default() };
            outcomes.extend(reader.measure(&value));
        }
    }

    fn row_of(&self, at: &Address) -> Row {
        let row = self.gathered.iter().find(|row| row.number == at.row);
        row.cloned().unwrap_or_else(|| Row { number: at.row, cells: Vec::new() })
    }
}
