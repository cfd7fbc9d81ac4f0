//! Reads a form that was filled in, by any spreadsheet program.

use std::ops::ControlFlow;
use std::sync::Arc;

use rust_decimal::Decimal;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::indicator::Indicator;
use tiendo_shared::period::ReportingPeriod;

use super::words::{self, Absence};
use super::{ABOUT_SHEET, Column, KEY, MARK, VERSION};
use crate::mapping::{Content, Field, Outcome, RawMeasurement, Reason, Refusal, ToldIn};
use crate::number::{self, multiply_exactly};
use crate::source::cell::{Cell, Place, Row, Value, letters};
use crate::source::{self, Workbook};
use crate::text::Lang;

/// What the hidden sheet says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct About {
    /// Who reports.
    pub(crate) department: String,
    /// For which period the form was made.
    pub(crate) period: String,
    /// Version of the catalogue it was made with.
    pub(crate) catalogue: String,
}

/// Why a file is not a form that can be read.
#[derive(Debug)]
pub(crate) enum Error {
    /// It cannot be read at all.
    Source(source::Error),
    /// It is a file of another kind.
    NotAForm,
    /// It is a form of another version.
    OtherVersion(String),
    /// The row of keys is gone.
    NoKeys,
}

impl From<source::Error> for Error {
    fn from(error: source::Error) -> Self {
        Self::Source(error)
    }
}

/// What the form says of itself.
pub(crate) fn about(workbook: &mut Workbook) -> Result<About, Error> {
    if !workbook.sheets().iter().any(|sheet| sheet.name == ABOUT_SHEET) {
        return Err(Error::NotAForm);
    }
    let mut about =
        About { department: String::new(), period: String::new(), catalogue: String::new() };
    let mut version = None;
    for row in workbook.rows(ABOUT_SHEET)?.take(8) {
        let row = row?;
        let value = row.cell(1).raw().into_owned();
        match &*row.cell(0).raw() {
            MARK => version = Some(value),
            "department" => about.department = value,
            "period" => about.period = value,
            "catalogue" => about.catalogue = value,
            _ => {}
        }
    }
    match version {
        Some(version) if version == VERSION => Ok(about),
        Some(version) => Err(Error::OtherVersion(version)),
        None => Err(Error::NotAForm),
    }
}

/// Reads the rows of a form and gives each outcome to `sink`; the answer is the
/// number of rows left blank.
pub(crate) fn read(
    workbook: &mut Workbook,
    about: &About,
    catalogue: &Catalogue,
    lang: Lang,
    sink: &mut dyn FnMut(Outcome) -> ControlFlow<()>,
) -> Result<u64, Error> {
    let file = Arc::clone(workbook.file());
    let names: Vec<String> = workbook
        .sheets()
        .iter()
        .filter(|sheet| sheet.name != ABOUT_SHEET)
        .map(|sheet| sheet.name.clone())
        .collect();
    let (mut blank, mut keyed) = (0, false);
    for name in names {
        let mut columns: Option<Columns> = None;
        let mut below_headings = false;
        let sheet: Arc<str> = name.as_str().into();
        for row in workbook.rows(&name)? {
            let row = Arc::new(row?);
            let Some(columns) = &columns else {
                columns = Columns::find(&row);
                continue;
            };
            keyed = true;
            // The row below the keys holds the headings.
            if !std::mem::replace(&mut below_headings, true) {
                continue;
            }
            let reader = RowReader { row: &row, columns, file: &file, sheet: &sheet, lang };
            match reader.outcome(about, catalogue) {
                None => blank += u64::from(!reader.cell(Column::Indicator).is_blank()),
                Some(outcome) => {
                    if sink(outcome).is_break() {
                        return Ok(blank);
                    }
                }
            }
        }
    }
    if keyed { Ok(blank) } else { Err(Error::NoKeys) }
}

/// Where each column stands, from 0.
struct Columns {
    at: [Option<u32>; Column::ALL.len()],
    told_in: Arc<ToldIn>,
}

impl Columns {
    /// The columns, if this is the row of keys.
    fn find(row: &Row) -> Option<Self> {
        let at = |column: Column| {
            let key = format!("{KEY}{}", column.key());
            let found = row.cells.iter().position(|cell| cell.raw().trim() == key)?;
            u32::try_from(found).ok()
        };
        let columns = Column::ALL.map(at);
        let needed = [Column::Indicator, Column::Value];
        let found = needed.iter().all(|column| columns[*column as usize].is_some());
        let of = |column: Column| columns[column as usize];
        let told_in = ToldIn {
            indicator: of(Column::Indicator),
            period: of(Column::Period),
            status: of(Column::Status),
            ranked_among: of(Column::RankedAmong),
            comment: of(Column::Comment),
            evidence: of(Column::Evidence),
            confirmed: of(Column::Confirmed),
            edition: of(Column::Edition),
            territory: of(Column::Territory),
            ..ToldIn::default()
        };
        found.then(|| Self { at: columns, told_in: Arc::new(told_in) })
    }

    fn of(&self, column: Column) -> Option<u32> {
        self.at[column as usize]
    }
}

struct RowReader<'a> {
    row: &'a Arc<Row>,
    columns: &'a Columns,
    file: &'a Arc<str>,
    sheet: &'a Arc<str>,
    lang: Lang,
}

impl RowReader<'_> {
    /// What the row says; none if it is left blank.
    fn outcome(&self, about: &About, catalogue: &Catalogue) -> Option<Outcome> {
        let filled = [
            Column::Value,
            Column::RankedAmong,
            Column::Status,
            Column::Missing,
            Column::Comment,
            Column::Evidence,
            Column::Confirmed,
            Column::Edition,
            Column::Territory,
        ];
        if filled.iter().all(|column| self.cell(*column).is_blank()) {
            return None;
        }
        let indicator = catalogue.indicator(&self.text(Column::Indicator));
        Some(match self.measurement(about, indicator) {
            Ok(measurement) => Outcome::Measurement(measurement),
            Err((column, reason, accepted)) => {
                Outcome::Refused(Refusal { place: self.place(column), reason, accepted })
            }
        })
    }

    fn measurement(
        &self,
        about: &About,
        indicator: Option<&Indicator>,
    ) -> Result<RawMeasurement, (Column, Reason, String)> {
        let lang = self.lang;
        let period = self.text(Column::Period);
        let period = if period.is_empty() { about.period.clone() } else { period };
        let period: ReportingPeriod = period.parse().map_err(|_| {
            (Column::Period, Reason::Period, "`2026`, `2026-S1`, `2026-Q3`, `2026-09`".to_owned())
        })?;
        let status = self.chosen(Column::Status, Field::Status, words::status, || {
            words::STATUSES.map(|status| lang.status(status)).to_vec()
        })?;
        let confirmed =
            self.chosen(Column::Confirmed, Field::Confirmed, words::confirmed, || {
                vec![lang.form_confirmed()]
            })?;
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        Ok(RawMeasurement {
            indicator: self.text(Column::Indicator),
            period,
            dimensions: dimensions(&self.text(Column::Dimensions)),
            content: self.content(indicator)?,
            status,
            ranked_among: self.ranked_among()?,
            edition: some(self.text(Column::Edition)),
            territory: some(self.text(Column::Territory)),
            comment: some(self.text(Column::Comment)),
            evidence: some(self.text(Column::Evidence)),
            confirmed: confirmed.is_some(),
            place: self.place(Column::Value),
            told_in: Arc::clone(&self.columns.told_in),
            row: Arc::clone(self.row),
        })
    }

    fn content(&self, indicator: Option<&Indicator>) -> Result<Content, (Column, Reason, String)> {
        let absence = self.chosen(Column::Missing, Field::Missing, words::absence, || {
            words::ABSENCES.map(|absence| absence.word(self.lang)).to_vec()
        })?;
        let cell = self.cell(Column::Value);
        match (cell.is_blank(), absence) {
            (false, Some(_)) => Err((Column::Missing, Reason::ValueThoughMissing, String::new())),
            (true, Some(Absence::Missing(reason))) => {
                Ok(Content::Missing { mark: self.text(Column::Missing), reason })
            }
            (true, Some(Absence::Withdrawn)) => Ok(Content::Withdrawn),
            (true, None) => Err((Column::Value, Reason::Blank(Field::Value), String::new())),
            (false, None) => value(cell, indicator).map_err(|reason| {
                let accepted = indicator.map(|known| self.lang.accepted_value(known));
                (Column::Value, reason, accepted.unwrap_or_default())
            }),
        }
    }

    fn ranked_among(&self) -> Result<Option<u16>, (Column, Reason, String)> {
        let cell = self.cell(Column::RankedAmong);
        if cell.is_blank() {
            return Ok(None);
        }
        let accepted = || (Column::RankedAmong, Reason::RankedAmong, "`34`, `63`".to_owned());
        cell.raw().trim().parse().map(Some).map_err(|_| accepted())
    }

    /// The meaning of a cell that is chosen from a list; none if it is blank.
    fn chosen<T>(
        &self,
        column: Column,
        field: Field,
        read: impl Fn(&str) -> Option<T>,
        words: impl Fn() -> Vec<&'static str>,
    ) -> Result<Option<T>, (Column, Reason, String)> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        let accepted = || format!("`{}`", words().join("`, `"));
        read(&text).map(Some).ok_or_else(|| (column, Reason::Unlisted(field), accepted()))
    }

    fn cell(&self, column: Column) -> &Cell {
        self.columns.of(column).map_or(&source::cell::EMPTY, |at| self.row.cell(at))
    }

    fn text(&self, column: Column) -> String {
        self.cell(column).raw().trim().to_owned()
    }

    fn place(&self, column: Column) -> Place {
        Place {
            file: Arc::clone(self.file),
            sheet: Some(Arc::clone(self.sheet)),
            row: Some(self.row.number),
            column: self.columns.of(column).map(letters),
            raw: self.cell(column).raw().into_owned(),
        }
    }
}

fn dimensions(text: &str) -> Vec<(String, String)> {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(dimension, member)| (dimension.trim().into(), member.trim().into())).collect()
}

/// What a value cell says. Numbers are cells with numbers: a text that looks like
/// one may be meant in two ways, and only whole digits cannot.
fn value(cell: &Cell, indicator: Option<&Indicator>) -> Result<Content, Reason> {
    let scale = indicator.and_then(words::scale);
    match &cell.value {
        Value::Number(text) => {
            let number = number::parse_cell(text).map_err(Reason::Number)?;
            if cell.percent { percent(number, indicator) } else { Ok(Content::Number(number)) }
        }
        Value::Text(text) => match scale {
            Some(scale) if text.trim().parse::<u32>().is_err() => {
                let level = words::level(&scale, text);
                Ok(Content::Level(level.unwrap_or_else(|| text.trim().to_owned())))
            }
            _ => {
                let number = number::parse(text, number::Style::default());
                let number = number.map_err(Reason::Number)?;
                if number.percent {
                    return Err(Reason::Percent { shown: text.trim().to_owned() });
                }
                Ok(Content::Number(number.value))
            }
        },
        Value::Bool(_) => Err(Reason::Truth),
        Value::Date(date) => Err(Reason::Date(date.to_string())),
        Value::Duration(_) => Err(Reason::Time),
        Value::Error(_) => Err(Reason::CellError),
        Value::Uncalculated => Err(Reason::Uncalculated),
        Value::Empty => Err(Reason::Blank(Field::Value)),
    }
}

/// Typing `81,25%` makes Excel store 0.8125 and show a percentage.
fn percent(number: Decimal, indicator: Option<&Indicator>) -> Result<Content, Reason> {
    let shown = multiply_exactly(number, Decimal::ONE_HUNDRED)
        .ok_or(Reason::Number(number::Error::TooManyDigits))?;
    if indicator.is_some_and(|indicator| indicator.unit == "percent") {
        Ok(Content::Number(shown))
    } else {
        Err(Reason::Percent { shown: format!("{shown} %") })
    }
}
