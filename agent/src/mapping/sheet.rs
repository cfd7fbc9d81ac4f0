//! One sheet under a mapping: its headings, its rows, and what came of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use tiendo_shared::period::ReportingPeriod;

use super::column::Address;
use super::heading::{Gatherer, Progress};
use super::outcome::{Outcome, Reason, Refusal};
use super::plan::{BadHeading, Selection, plan};
use super::row::RowReader;
use super::settings::Settings;
use super::words::folded;
use crate::source::cell::{Cell, Place, Row, letters};

/// A sheet, as places name it, and what is known of it.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    /// The file.
    pub file: Arc<str>,
    /// The sheet's name; none in CSV.
    pub name: Option<Arc<str>>,
    /// The period that its name tells.
    pub period: Option<ReportingPeriod>,
    /// Whether rows must have as many cells as there are headings, as in CSV.
    pub even: bool,
}

impl Sheet {
    /// Whether an address is one of this sheet.
    pub(super) fn holds(&self, at: &Address) -> bool {
        let name = self.name.as_deref().unwrap_or_default();
        at.sheet.as_deref().is_none_or(|sheet| folded(sheet) == folded(name))
    }

    /// The place of a cell.
    pub(super) fn cell(&self, row: &Row, column: u32) -> Place {
        let raw = row.cell(column).raw().into_owned();
        Place { row: Some(row.number), column: Some(letters(column)), raw, ..self.whole() }
    }

    /// The place of a row.
    pub(super) fn row(&self, number: u32) -> Place {
        Place { row: Some(number), ..self.whole() }
    }

    /// The place of the sheet.
    pub(super) fn whole(&self) -> Place {
        let (file, sheet) = (Arc::clone(&self.file), self.name.clone());
        Place { file, sheet, row: None, column: None, raw: String::new() }
    }
}

/// Takes the rows of a sheet in the layouts `long` and `wide` and gives outcomes.
#[derive(Debug)]
pub(super) struct Table<'a> {
    settings: &'a Settings,
    sheet: Sheet,
    stage: Stage<'a>,
    /// Headings, for their number.
    width: usize,
    expected: BTreeMap<&'a Address, &'a str>,
    first_row: u32,
    /// The last row that was one of data.
    last_row: Option<u32>,
}

#[derive(Debug)]
enum Stage<'a> {
    Headings(Gatherer<'a>),
    Data(Vec<Selection>),
    Ended,
}

impl<'a> Table<'a> {
    /// A table in `sheet`.
    pub(super) fn new(settings: &'a Settings, sheet: Sheet, outcomes: &mut Vec<Outcome>) -> Self {
        let expected = settings.expect.iter().filter(|(at, _)| sheet.holds(at));
        let expected = expected.map(|(at, text)| (at, text.as_str())).collect();
        let first_row = settings.first_row.unwrap_or_default();
        let stage = match &settings.header {
            Some(header) => Stage::Headings(Gatherer::new(header)),
            None => Stage::Data(Vec::new()),
        };
        let mut table =
            Self { settings, sheet, stage, width: 0, expected, first_row, last_row: None };
        if settings.header.is_none() {
            table.begin(&[], None, outcomes);
        }
        table
    }

    /// Takes the next row that holds something.
    pub(super) fn row(&mut self, row: &Arc<Row>, outcomes: &mut Vec<Outcome>) {
        self.check_expected(row, outcomes);
        if let Stage::Headings(gatherer) = &mut self.stage {
            match gatherer.take(row) {
                Progress::Incomplete => return,
                Progress::Absent(reason) => return self.end(vec![(None, reason)], None, outcomes),
                Progress::Complete(headings) => {
                    return self.begin(&headings, Some(row.number), outcomes);
                }
                Progress::CompleteBefore(headings) => {
                    self.begin(&headings, Some(row.number - 1), outcomes);
                }
            }
        }
        if matches!(self.stage, Stage::Data(_)) && row.number >= self.first_row {
            self.data(row, outcomes);
        }
    }

    /// Tells what is missing, at the end of the sheet.
    pub(super) fn finish(mut self, outcomes: &mut Vec<Outcome>) {
        if let Stage::Headings(gatherer) = &self.stage {
            match gatherer.at_end() {
                Progress::Complete(headings) | Progress::CompleteBefore(headings) => {
                    self.begin(&headings, None, outcomes);
                }
                Progress::Absent(reason) => self.end(vec![(None, reason)], None, outcomes),
                Progress::Incomplete => {}
            }
        }
        let Stage::Data(selections) = std::mem::replace(&mut self.stage, Stage::Ended) else {
            return;
        };
        if self.last_row.is_none() {
            outcomes.push(Outcome::refused(self.sheet.whole(), Reason::EmptySheet));
            return;
        }
        // Cells that must hold something, in rows that hold nothing.
        if let Some((at, text)) = self.expected.iter().next() {
            let row = Row { number: at.row, cells: Vec::new() };
            let reason = Reason::Unexpected { wanted: (*text).to_owned() };
            outcomes.push(Outcome::refused(self.sheet.cell(&row, at.column), reason));
            return;
        }
        for selection in selections.into_iter().filter(|one| !one.matched && !one.wanted.is_empty())
        {
            let reason = Reason::RowNotFound { wanted: selection.wanted };
            outcomes.push(Outcome::refused(self.sheet.whole(), reason));
        }
    }

    fn begin(&mut self, headings: &[String], last: Option<u32>, outcomes: &mut Vec<Outcome>) {
        match plan(self.settings, headings) {
            Ok((selections, refused)) => {
                self.width = headings.len();
                self.first_row = self.first_row.max(last.unwrap_or_default() + 1);
                self.refuse_headings(refused, headings, last, outcomes);
                self.stage = Stage::Data(selections);
            }
            Err(refused) => self.end(refused, last, outcomes),
        }
    }

    fn end(&mut self, refused: Vec<BadHeading>, row: Option<u32>, outcomes: &mut Vec<Outcome>) {
        self.refuse_headings(refused, &[], row, outcomes);
        self.stage = Stage::Ended;
    }

    fn refuse_headings(
        &self,
        refused: Vec<BadHeading>,
        headings: &[String],
        row: Option<u32>,
        outcomes: &mut Vec<Outcome>,
    ) {
        for (column, reason) in refused {
            let raw = column.and_then(|column| headings.get(column as usize)).cloned();
            let place = Place {
                row,
                column: column.map(letters),
                raw: raw.unwrap_or_default(),
                ..self.sheet.whole()
            };
            let accepted = match reason {
                Reason::Period => self.settings.periods.accepted(),
                _ => String::new(),
            };
            outcomes.push(Outcome::Refused(Refusal { place, reason, accepted }));
        }
    }

    fn check_expected(&mut self, row: &Row, outcomes: &mut Vec<Outcome>) {
        if matches!(self.stage, Stage::Ended) {
            return;
        }
        let wrong = self.expected.iter().find(|(at, text)| {
            at.row == row.number && folded(&row.cell(at.column).raw()) != folded(text)
        });
        if let Some((at, text)) = wrong {
            let reason = Reason::Unexpected { wanted: (*text).to_owned() };
            outcomes.push(Outcome::refused(self.sheet.cell(row, at.column), reason));
            self.stage = Stage::Ended;
        }
        self.expected.retain(|at, _| at.row != row.number);
    }

    fn data(&mut self, row: &Arc<Row>, outcomes: &mut Vec<Outcome>) {
        let settings = self.settings;
        let has_gap = self.last_row.is_some_and(|last| row.number > last + 1);
        if settings.last_row.is_some_and(|last| row.number > last)
            || (settings.stop_at_blank_row && has_gap)
        {
            // Selections not met are told in `finish`; no later row is one of data.
            self.first_row = u32::MAX;
            return;
        }
        self.last_row = Some(row.number);
        let Stage::Data(selections) = &mut self.stage else { return };
        for selection in selections {
            if !selects(settings, selection, row) {
                continue;
            }
            selection.matched = true;
            let (cells, headings) = (row.cells.len(), self.width);
            if self.sheet.even && headings > 0 && cells != headings {
                let (place, reason) =
                    (self.sheet.row(row.number), Reason::RowLength { cells, headings });
                outcomes.push(Outcome::refused(place, reason));
                continue;
            }
            let reader = RowReader { settings, sheet: &self.sheet, row, selection };
            outcomes.extend(selection.values.iter().filter_map(|value| reader.measure(value)));
        }
    }
}

fn selects(settings: &Settings, selection: &Selection, row: &Row) -> bool {
    let is_in = |[first, last]: [u32; 2]| (first..=last).contains(&row.number);
    let blank = |(_, column): &(String, u32)| row.cell(*column).is_blank();
    let holds = |cell: &Cell, texts: &[String]| {
        let text = folded(&cell.raw());
        texts.contains(&text)
    };
    selection.rows.is_none_or(is_in)
        && (!settings.headline_only || selection.places.dimensions.iter().all(blank))
        && selection.conditions.iter().all(|(column, texts)| holds(row.cell(*column), texts))
}
