//! One row under one selection: the measurement in each of its value columns.

use std::sync::Arc;

use tiendo_shared::measurement::ObservationStatus;
use tiendo_shared::period::ReportingPeriod;

use super::marks::Within;
use super::outcome::{Content, Field, Outcome, RawMeasurement, Reason, Refusal};
use super::plan::{Selection, ValueColumn};
use super::settings::{Factor, Settings, Status};
use super::sheet::Sheet;
use super::value::{self, Found};
use super::words::{Table, quoted, tidied};
use crate::source::cell::{Cell, Row, Value};

/// Most texts of a table that a refusal lists.
const LISTED: usize = 20;

/// A row and what is known of it before it is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowReader<'a> {
    pub(super) settings: &'a Settings,
    pub(super) sheet: &'a Sheet,
    pub(super) row: &'a Arc<Row>,
    pub(super) selection: &'a Selection,
}

/// A cell of the row that cannot be taken.
struct Bad {
    column: u32,
    reason: Reason,
    accepted: String,
}

fn bad(column: u32, reason: Reason, accepted: String) -> Bad {
    Bad { column, reason, accepted }
}

impl RowReader<'_> {
    /// The measurement in a value column; none if there is nothing to measure.
    pub(super) fn measure(&self, value: &ValueColumn) -> Option<Outcome> {
        match self.try_measure(value) {
            Ok(measurement) => measurement.map(Outcome::Measurement),
            Err(Bad { column, reason, accepted }) => {
                let place = self.sheet.cell(self.row, column);
                Some(Outcome::Refused(Refusal { place, reason, accepted }))
            }
        }
    }

    fn try_measure(&self, value: &ValueColumn) -> Result<Option<RawMeasurement>, Bad> {
        let cell = self.row.cell(value.column);
        let told = self.status()?;
        let found = match (&told, cell.is_blank()) {
            (Some((Status::Missing(reason), mark)), true) => {
                Found::Content(Content::Missing { mark: mark.clone(), reason: *reason }, None)
            }
            _ => self.content(value.column)?,
        };
        let Found::Content(content, marked) = found else { return Ok(None) };
        let has_value = matches!(content, Content::Number(_) | Content::Level(_));
        if has_value && matches!(told, Some((Status::Missing(_), _))) {
            return Err(bad(value.column, Reason::ValueThoughMissing, String::new()));
        }
        let (period, period_status) = self.period(value)?;
        self.check_unit()?;
        let status = match told {
            Some((Status::Firm(status), _)) => Some(status),
            _ => marked.or(period_status).or(value.status),
        };
        let (fixed, places) = (&self.selection.fixed, &self.selection.places);
        let firm = |status| match status {
            Status::Firm(status) => Some(status),
            Status::Missing(_) | Status::Unstated => None,
        };
        Ok(Some(RawMeasurement {
            indicator: self.indicator(value)?,
            period,
            dimensions: self.dimensions(value)?,
            content,
            status: status.or_else(|| fixed.status.and_then(firm)),
            ranked_among: self.ranked_among()?,
            edition: self.text(places.edition).or_else(|| fixed.edition.clone()),
            territory: self.text(places.territory).or_else(|| fixed.territory.clone()),
            comment: self.trimmed(places.comment),
            evidence: self.trimmed(places.evidence),
            confirmed: self
                .text(places.confirmed)
                .is_some_and(|text| self.settings.marks.confirm(&text)),
            place: self.sheet.cell(self.row, value.column),
            told_in: Arc::clone(places),
            row: Arc::clone(self.row),
        }))
    }

    fn content(&self, column: u32) -> Result<Found, Bad> {
        let cell = self.row.cell(column);
        // A blank cell is passed over before anything else in its row can be wrong.
        let factor = if cell.is_blank() { None } else { self.factor()? };
        value::read(self.settings, cell, factor)
            .map_err(|reason| bad(column, reason, self.settings.number.accepted()))
    }

    fn factor(&self) -> Result<Option<Factor>, Bad> {
        let fixed = self.selection.fixed.multiply;
        let Some(column) = self.selection.places.multiplier.filter(|_| fixed.is_none()) else {
            return Ok(fixed);
        };
        let text = self.needed(column, Field::Multiplier)?;
        let table = &self.settings.tables.multipliers;
        let factor = table.get(&text).copied().or_else(|| Factor::try_from(text).ok());
        factor.map(Some).ok_or_else(|| unlisted(column, Field::Multiplier, table))
    }

    fn status(&self) -> Result<Option<(Status, String)>, Bad> {
        let Some(column) = self.selection.places.status else { return Ok(None) };
        let Some(text) = self.text(Some(column)) else { return Ok(None) };
        let table = &self.settings.tables.statuses;
        let known = table.get(&text).copied();
        let word = Status::WORDS.contains(&text.to_lowercase().as_str());
        let status = known.or_else(|| Status::named(&text.to_lowercase()).filter(|_| word));
        status.map(|status| Some((status, text))).ok_or_else(|| {
            let accepted = quoted(Status::WORDS.into_iter().chain(table.texts()).take(LISTED));
            bad(column, Reason::Unlisted(Field::Status), accepted)
        })
    }

    fn indicator(&self, value: &ValueColumn) -> Result<String, Bad> {
        let fixed = value.indicator.as_ref().or(self.selection.fixed.indicator.as_ref());
        if let Some(indicator) = fixed {
            return Ok(indicator.clone());
        }
        let column = self.selection.places.indicator.unwrap_or_default();
        let text = self.needed(column, Field::Indicator)?;
        listed(column, text, Field::Indicator, &self.settings.tables.indicators)
    }

    fn period(
        &self,
        value: &ValueColumn,
    ) -> Result<(ReportingPeriod, Option<ObservationStatus>), Bad> {
        let fixed = self.selection.fixed.period.map(|period| period.0);
        if let Some(period) = value.period.or(self.sheet.period).or(fixed) {
            return Ok((period, None));
        }
        let rules = &self.settings.periods;
        let column = self.selection.places.period.unwrap_or_default();
        let cell = self.row.cell(column);
        let refuse = |reason| bad(column, reason, rules.accepted());
        let around = |day| rules.around(day).ok_or_else(|| refuse(Reason::PeriodDate(day)));
        if cell.is_blank() {
            return Err(refuse(Reason::Blank(Field::Period)));
        }
        if let Value::Date(date) = &cell.value {
            let day = date.day.ok_or_else(|| refuse(Reason::Period))?;
            return Ok((around(day)?, None));
        }
        let raw = cell.raw();
        if let Some(period) = rules.read(&raw) {
            return Ok((period, None));
        }
        if let Ok(day) = raw.trim().parse() {
            return Ok((around(day)?, None));
        }
        let (text, status) = self.settings.marks.strip(&raw, Within::Ends);
        let period = rules.read(&text).ok_or_else(|| refuse(Reason::Period))?;
        Ok((period, status))
    }

    fn dimensions(&self, value: &ValueColumn) -> Result<Vec<(String, String)>, Bad> {
        let fixed = &self.selection.fixed.dimensions;
        let mut members: Vec<(String, String)> =
            fixed.iter().map(|(dimension, member)| (dimension.clone(), member.clone())).collect();
        members.extend(value.members.iter().cloned());
        let nothing = Table::default();
        for (dimension, column) in &self.selection.places.dimensions {
            let Some(text) = self.text(Some(*column)) else { continue };
            let table = self.settings.tables.members.get(dimension).unwrap_or(&nothing);
            let member = listed(*column, text, Field::Dimension(dimension.clone()), table)?;
            if !member.is_empty() {
                members.push((dimension.clone(), member));
            }
        }
        members.sort();
        Ok(members)
    }

    fn check_unit(&self) -> Result<(), Bad> {
        let Some((column, expected)) =
            self.selection.places.unit.zip(self.selection.fixed.unit.as_ref())
        else {
            return Ok(());
        };
        if expected.contain(&self.row.cell(column).raw()) {
            return Ok(());
        }
        Err(bad(column, Reason::Unit, quoted(expected.0.iter().map(String::as_str))))
    }

    fn ranked_among(&self) -> Result<Option<u16>, Bad> {
        let column = self.selection.places.ranked_among;
        let Some((column, text)) = column.zip(self.text(column)) else {
            return Ok(self.selection.fixed.ranked_among);
        };
        let count = text.parse().ok().filter(|count| *count > 0);
        let refuse = || bad(column, Reason::RankedAmong, "`63`".to_owned());
        count.map(Some).ok_or_else(refuse)
    }

    fn needed(&self, column: u32, field: Field) -> Result<String, Bad> {
        self.text(Some(column)).ok_or_else(|| bad(column, Reason::Blank(field), String::new()))
    }

    /// The text of a column with its line ends; none if it is blank or there is no such column.
    fn trimmed(&self, column: Option<u32>) -> Option<String> {
        let text = self.row.cell(column?).raw();
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The text of a column, tidied; none if it is blank or there is no such column.
    fn text(&self, column: Option<u32>) -> Option<String> {
        let cell: &Cell = self.row.cell(column?);
        let text = tidied(&cell.raw());
        (!text.is_empty()).then_some(text)
    }
}

fn unlisted<T>(column: u32, field: Field, table: &Table<T>) -> Bad {
    bad(column, Reason::Unlisted(field), quoted(table.texts().take(LISTED)))
}

/// What a text of the file stands for; itself if no table is declared.
fn listed(column: u32, text: String, field: Field, table: &Table<String>) -> Result<String, Bad> {
    match table.get(&text) {
        Some(meaning) => Ok(meaning.clone()),
        None if table.is_empty() => Ok(text),
        None => Err(unlisted(column, field, table)),
    }
}
