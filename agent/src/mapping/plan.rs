//! Selections of a mapping, once the headings of a sheet tell which columns they mean.

use std::sync::Arc;

use tiendo_shared::measurement::ObservationStatus;
use tiendo_shared::period::ReportingPeriod;

use super::column::Column;
use super::marks::Within;
use super::outcome::{Reason, ToldIn};
use super::pattern::{Pattern, Slot};
use super::settings::{Columns, Fixed, Select, Settings};
use super::words::{folded, quoted};
use crate::source::cell::letters;

/// A selection, with columns counted from 0.
#[derive(Debug)]
pub(super) struct Selection {
    /// Columns and the texts, as they are compared, of which they hold one.
    pub(super) conditions: Vec<(u32, Vec<String>)>,
    pub(super) rows: Option<[u32; 2]>,
    pub(super) values: Vec<ValueColumn>,
    pub(super) places: Arc<ToldIn>,
    pub(super) fixed: Fixed,
    /// What it looks for, for the officer; empty if it takes all rows.
    pub(super) wanted: String,
    /// Whether a row was the one.
    pub(super) matched: bool,
}

/// A column of values, and what its heading tells.
#[derive(Debug, Default)]
pub(super) struct ValueColumn {
    pub(super) column: u32,
    pub(super) period: Option<ReportingPeriod>,
    pub(super) indicator: Option<String>,
    pub(super) members: Vec<(String, String)>,
    pub(super) status: Option<ObservationStatus>,
}

/// A heading that cannot be taken, and its column.
pub(super) type BadHeading = (Option<u32>, Reason);

/// The selections under `headings`, and the headings that cannot be taken.
///
/// Headings that stop the whole sheet come as an error.
pub(super) fn plan(
    settings: &Settings,
    headings: &[String],
) -> Result<(Vec<Selection>, Vec<BadHeading>), Vec<BadHeading>> {
    let selections = settings.selections();
    let named =
        selections.iter().flat_map(|select| select.columns.iter().chain(select.r#where.keys()));
    let missing = missing(named, headings);
    if !missing.is_empty() {
        let found = present(headings);
        return Err(vec![(None, Reason::HeadingsMissing { missing, found })]);
    }
    let mut refused = Vec::new();
    let mut planned = Vec::new();
    for select in selections {
        planned.push(resolve(settings, select, headings, &mut refused).map_err(|bad| vec![bad])?);
    }
    Ok((planned, refused))
}

fn missing<'a>(columns: impl Iterator<Item = &'a Column>, headings: &[String]) -> Vec<String> {
    let mut missing = Vec::new();
    for column in columns {
        if let Column::Heading(text) = column
            && !headings.iter().any(|heading| folded(heading) == folded(text))
            && !missing.contains(text)
        {
            missing.push(text.clone());
        }
    }
    missing
}

fn present(headings: &[String]) -> Vec<String> {
    headings.iter().filter(|heading| !heading.is_empty()).cloned().collect()
}

fn resolve(
    settings: &Settings,
    select: Select,
    headings: &[String],
    refused: &mut Vec<BadHeading>,
) -> Result<Selection, BadHeading> {
    let place = |column: &Column| place_of(column, headings);
    let mut conditions = Vec::new();
    for (column, texts) in &select.r#where {
        conditions.push((place(column)?, texts.0.iter().map(|text| folded(text)).collect()));
    }
    let values = match (&select.headings, &select.columns.value) {
        (Some(pattern), _) => value_columns(settings, pattern, headings, refused)?,
        (None, Some(column)) => {
            vec![ValueColumn { column: place(column)?, ..ValueColumn::default() }]
        }
        (None, None) => Vec::new(),
    };
    let told = |(column, texts): (&Column, &super::words::Texts)| {
        format!("{} in `{column}`", quoted(texts.0.iter().map(String::as_str)))
    };
    let wanted: Vec<String> = select.r#where.iter().map(told).collect();
    Ok(Selection {
        conditions,
        rows: select.rows,
        values,
        places: Arc::new(places(&select.columns, &place)?),
        fixed: select.fixed,
        wanted: wanted.join(", "),
        matched: false,
    })
}

fn places(
    columns: &Columns,
    place: &dyn Fn(&Column) -> Result<u32, BadHeading>,
) -> Result<ToldIn, BadHeading> {
    let of = |column: &Option<Column>| column.as_ref().map(place).transpose();
    let mut dimensions = Vec::new();
    for (dimension, column) in &columns.dimensions {
        dimensions.push((dimension.clone(), place(column)?));
    }
    Ok(ToldIn {
        indicator: of(&columns.indicator)?,
        period: of(&columns.period)?,
        unit: of(&columns.unit)?,
        multiplier: of(&columns.multiplier)?,
        status: of(&columns.status)?,
        ranked_among: of(&columns.ranked_among)?,
        edition: of(&columns.edition)?,
        territory: of(&columns.territory)?,
        comment: of(&columns.comment)?,
        evidence: of(&columns.evidence)?,
        confirmed: of(&columns.confirmed)?,
        dimensions,
    })
}

fn place_of(column: &Column, headings: &[String]) -> Result<u32, BadHeading> {
    let text = match column {
        Column::Letters(column) => return Ok(*column),
        Column::Heading(text) => folded(text),
    };
    let places: Vec<u32> = (0..)
        .zip(headings)
        .filter(|(_, heading)| folded(heading) == text)
        .map(|(place, _)| place)
        .collect();
    match places[..] {
        [place] => Ok(place),
        _ => Err((
            None,
            Reason::HeadingAmbiguous {
                heading: column.to_string(),
                columns: places.into_iter().map(letters).collect(),
            },
        )),
    }
}

/// The columns whose headings are like `pattern`.
///
/// A heading that is like it but for a period that cannot be read goes to `refused`.
fn value_columns(
    settings: &Settings,
    pattern: &Pattern,
    headings: &[String],
    refused: &mut Vec<BadHeading>,
) -> Result<Vec<ValueColumn>, BadHeading> {
    let mut columns = Vec::new();
    for (column, heading) in (0..).zip(headings) {
        let (text, status) = settings.marks.strip(heading, Within::All);
        if let Some(found) = pattern.take_apart(&text, &|slot, text| fits(settings, slot, text)) {
            columns.push(ValueColumn { column, status, ..told_by(settings, &found) });
            continue;
        }
        let seems = |slot: &Slot, text: &str| match slot {
            Slot::Period => text.contains(|c: char| c.is_ascii_digit()),
            _ => fits(settings, slot, text),
        };
        let bad = (Some(column), Reason::Period);
        // Several selections may refuse the same heading.
        if pattern.take_apart(&text, &seems).is_some()
            && !settings.ignore.contain(heading)
            && !refused.contains(&bad)
        {
            refused.push(bad);
        }
    }
    if columns.is_empty() {
        let (pattern, found) = (pattern.to_string(), present(headings));
        return Err((None, Reason::NoHeadingFits { pattern, found }));
    }
    Ok(columns)
}

/// Whether `text` may stand in `slot`: a period that can be read, a text that the tables know.
fn fits(settings: &Settings, slot: &Slot, text: &str) -> bool {
    match slot {
        Slot::Period => settings.periods.read(text).is_some(),
        Slot::Indicator => listed(&settings.tables.indicators, text),
        Slot::Dimension(dimension) => {
            settings.tables.members.get(dimension).is_none_or(|members| listed(members, text))
        }
    }
}

fn listed(table: &super::words::Table<String>, text: &str) -> bool {
    table.is_empty() || table.get(text).is_some()
}

fn told_by(settings: &Settings, found: &[(&Slot, String)]) -> ValueColumn {
    let mut told = ValueColumn::default();
    for (slot, text) in found {
        match slot {
            Slot::Period => told.period = settings.periods.read(text),
            Slot::Indicator => {
                let id = settings.tables.indicators.get(text).unwrap_or(text);
                told.indicator = Some(id.clone());
            }
            Slot::Dimension(dimension) => {
                let members = settings.tables.members.get(dimension);
                let member = members.and_then(|members| members.get(text)).unwrap_or(text);
                // An empty member in the table stands for the total.
                if !member.is_empty() {
                    told.members.push((dimension.clone(), member.clone()));
                }
            }
        }
    }
    told
}
