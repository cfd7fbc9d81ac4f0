//! Raw rows made into measurements, as a mapping in a job's TOML says.
//!
//! Pure but for [`Mapping::read`], which asks a [`Workbook`] for its rows. A bad
//! cell is refused with its place and the form that would be taken, and never
//! stops the next. Nothing is guessed: what a file leaves open is declared.
//! Texts of file and mapping are compared without regard to case, blanks and
//! ways to write accents. Columns are named by heading, or by letters as `#B`.
//!
//! One measurement in a row:
//! ```
//! # let text = r##"
//! layout = "long"
//! header = { find = ["Year", "Value"] }
//! fixed = { indicator = "felt-safe", unit = "Percentage (%)" }
//! number = { format = "point" }
//! periods = { ranges = "last" }            # 2016/17 is 2017
//! tables.statuses = { "Normal value" = "final", "Estimated value" = "estimated" }
//!
//! [columns]
//! period = "Year"
//! value = "Value"
//! unit = "Units"
//! status = "Observation status"
//! dimensions = { sex = "Sex" }
//! # "##;
//! # tiendo_agent::mapping::Mapping::from_toml(text).unwrap();
//! ```
//! Periods as headings, rows chosen by what a column holds:
//! ```
//! # let text = r##"
//! layout = "wide"
//! header = { row = 3 }
//! headings = "{period} Total"              # of 2010 Total, 2010 Salary & wage, Pre. 2016 Total
//! number = { format = "point" }
//! marks = { missing = [".."], provisional = ["Pre.", "Prel."] }
//!
//! [[select]]
//! where = { "Cities, provincies" = "An Giang" }
//! fixed = { indicator = "income-per-head" }
//!
//! [[select]]
//! where = { "Cities, provincies" = "WHOLE COUNTRY" }
//! fixed = { indicator = "income-per-head-national" }
//! # "##;
//! # tiendo_agent::mapping::Mapping::from_toml(text).unwrap();
//! ```
//! Single cells, on a sheet that is checked to be the one meant:
//! ```
//! # let text = r##"
//! layout = "cells"
//! sheet = "M09"
//! expect = { "J6" = "Đơn vị: triệu đồng", "B78" = "An Giang" }
//!
//! [[cell]]
//! at = "C78"
//! fixed = { indicator = "budget-revenue", period = "2017", multiply = "1000000" }
//! # "##;
//! # tiendo_agent::mapping::Mapping::from_toml(text).unwrap();
//! ```
//! [`Settings`] documents every key. What a heading or the name of a sheet tells
//! goes before what is fixed, and what is fixed before what a column tells.

mod cells;
mod check;
mod column;
mod heading;
mod marks;
mod outcome;
mod parse;
mod pattern;
mod period;
mod plan;
mod row;
mod settings;
mod sheet;
#[cfg(test)]
mod tests;
mod value;
mod words;

use std::ops::ControlFlow;
use std::sync::Arc;

use tiendo_shared::period::ReportingPeriod;

use self::cells::Cells;
pub use self::outcome::{Content, Field, Outcome, RawMeasurement, Reason, Refusal, ToldIn};
pub use self::parse::{Error, parse};
use self::pattern::{Pattern, Slot};
pub use self::settings::{Layout, Settings};
use self::sheet::{Sheet, Table};
use self::words::folded;
use crate::source::{self, Format, Workbook};

/// How the rows of a file become measurements.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(try_from = "Settings")]
pub struct Mapping(Settings);

impl TryFrom<Settings> for Mapping {
    type Error = String;

    fn try_from(settings: Settings) -> Result<Self, String> {
        check::check(&settings).into_iter().next().map_or(Ok(Self(settings)), Err)
    }
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Rows that held something, on all sheets.
    pub rows: u64,
    /// Measurements made.
    pub measurements: u64,
    /// Cells, rows and sheets refused.
    pub refused: u64,
}

/// A sheet to be read, and the period that its name tells.
type ChosenSheet = (String, Option<ReportingPeriod>);

impl Mapping {
    /// The mapping whose keys stand in `text`, at the top level.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        parse(text)
    }

    /// Everything that is wrong with `text`; nothing if it is a mapping.
    pub fn problems(text: &str) -> Vec<Error> {
        let found = parse::problems::<Settings>(text);
        let settings = parse::parse::<Settings>(text).ok().filter(|_| found.is_empty());
        let between = settings.iter().flat_map(check::check).map(Error::of_whole);
        found.into_iter().chain(between).collect()
    }

    /// Its keys.
    pub fn settings(&self) -> &Settings {
        &self.0
    }

    /// Reads `workbook` and gives each outcome to `sink`, in the order of the file.
    ///
    /// An error, and a `Break` of the sink, stop it; what was given before stands.
    pub fn read(
        &self,
        workbook: &mut Workbook,
        sink: &mut dyn FnMut(Outcome) -> ControlFlow<()>,
    ) -> Result<Summary, source::Error> {
        let mut summary = Summary::default();
        for chosen in self.choose_sheets(workbook)? {
            if self.read_sheet(workbook, &chosen, &mut summary, sink)?.is_break() {
                break;
            }
        }
        Ok(summary)
    }

    fn read_sheet(
        &self,
        workbook: &mut Workbook,
        (name, period): &ChosenSheet,
        summary: &mut Summary,
        sink: &mut dyn FnMut(Outcome) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, source::Error> {
        // Neither has sheets, and each row has as many cells as there are headings.
        let is_csv = matches!(workbook.format(), Format::Csv | Format::Rows);
        let sheet = Sheet {
            file: Arc::clone(workbook.file()),
            name: (!is_csv).then(|| name.as_str().into()),
            period: *period,
            even: is_csv,
        };
        let mut outcomes = Vec::new();
        let mut reader = Reader::new(&self.0, sheet, &mut outcomes);
        for row in workbook.rows(name)? {
            summary.rows += 1;
            reader.row(&Arc::new(row?), &mut outcomes);
            if summary.give(&mut outcomes, sink).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        reader.finish(&mut outcomes);
        Ok(summary.give(&mut outcomes, sink))
    }

    /// The sheets that the mapping reads, in their order.
    fn choose_sheets(&self, workbook: &Workbook) -> Result<Vec<ChosenSheet>, source::Error> {
        let present = workbook.sheets();
        if matches!(workbook.format(), Format::Csv | Format::Rows) {
            return Ok(vec![(present[0].name.clone(), None)]);
        }
        let mut named: Vec<&str> =
            self.0.cell.iter().filter_map(|cell| cell.at.sheet.as_deref()).collect();
        named.dedup();
        if !named.is_empty() {
            return named.into_iter().map(|name| find(workbook, name)).collect();
        }
        if let Some(pattern) = &self.0.sheet {
            let chosen: Vec<_> =
                present.iter().filter_map(|sheet| self.told_by(pattern, &sheet.name)).collect();
            return if chosen.is_empty() {
                Err(workbook.no_such_sheet(&pattern.to_string()))
            } else {
                Ok(chosen)
            };
        }
        let visible: Vec<_> = present.iter().filter(|sheet| !sheet.hidden).collect();
        match visible[..] {
            [sheet] => Ok(vec![(sheet.name.clone(), None)]),
            _ => Err(source::Error::SheetNotNamed {
                file: workbook.file().to_string(),
                present: present.iter().map(|sheet| sheet.name.clone()).collect(),
            }),
        }
    }

    fn told_by(&self, pattern: &Pattern, name: &str) -> Option<ChosenSheet> {
        let period = |text: &str| self.0.periods.read(text);
        let found = pattern.take_apart(name, &|_: &Slot, text: &str| period(text).is_some())?;
        Some((name.to_owned(), found.first().and_then(|(_, text)| period(text))))
    }
}

fn find(workbook: &Workbook, name: &str) -> Result<ChosenSheet, source::Error> {
    let found = workbook.sheets().iter().find(|sheet| folded(&sheet.name) == folded(name));
    let found = found.ok_or_else(|| workbook.no_such_sheet(name))?;
    Ok((found.name.clone(), None))
}

impl Summary {
    fn give(
        &mut self,
        outcomes: &mut Vec<Outcome>,
        sink: &mut dyn FnMut(Outcome) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for outcome in outcomes.drain(..) {
            match outcome {
                Outcome::Measurement(_) => self.measurements += 1,
                Outcome::Refused(_) => self.refused += 1,
            }
            sink(outcome)?;
        }
        ControlFlow::Continue(())
    }
}

/// The rows of one sheet in any layout.
enum Reader<'a> {
    Table(Box<Table<'a>>),
    Cells(Cells<'a>),
}

impl<'a> Reader<'a> {
    fn new(settings: &'a Settings, sheet: Sheet, outcomes: &mut Vec<Outcome>) -> Self {
        match settings.layout {
            Layout::Cells => Self::Cells(Cells::new(settings, sheet)),
            Layout::Long | Layout::Wide => {
                Self::Table(Box::new(Table::new(settings, sheet, outcomes)))
            }
        }
    }

    fn row(&mut self, row: &Arc<source::cell::Row>, outcomes: &mut Vec<Outcome>) {
        match self {
            Self::Table(table) => table.row(row, outcomes),
            Self::Cells(cells) => cells.row(row),
        }
    }

    fn finish(self, outcomes: &mut Vec<Outcome>) {
        match self {
            Self::Table(table) => table.finish(outcomes),
            Self::Cells(cells) => cells.finish(outcomes),
        }
    }
}
