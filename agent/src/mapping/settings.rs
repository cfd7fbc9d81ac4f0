//! What a mapping may say: the keys of its TOML. [`crate::mapping`] shows examples.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;
use tiendo_shared::measurement::{MissingReason, ObservationStatus};

use super::column::{Address, Column};
use super::marks::{Marks, missing_reason};
use super::pattern::{Pattern, Slot};
use super::period::{Period, Rules};
use super::words::{Table, Texts};
use crate::number;
use crate::source::Options;

/// The keys of a mapping.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How the sheet is laid out.
    pub layout: Layout,
    /// How the file itself is read: encoding, delimiter, limits.
    #[serde(default)]
    pub source: Options,
    /// The sheet, or a pattern for several, such as `{period}_PAPI`; the only visible
    /// one unless declared.
    pub sheet: Option<Pattern>,
    /// Where the headings are; none if columns are named by letters only.
    pub header: Option<Header>,
    /// First row of data; the one behind the headings unless declared.
    pub first_row: Option<u32>,
    /// Last row of data.
    pub last_row: Option<u32>,
    /// Whether the data end at the first blank row.
    #[serde(default)]
    pub stop_at_blank_row: bool,
    /// Whether only rows with no member in any dimension column are taken.
    #[serde(default)]
    pub headline_only: bool,
    /// In the layout `wide`: what the headings of value columns are like, `{period} Total`.
    pub headings: Option<Pattern>,
    /// Headings that are like `headings` and no value columns all the same.
    #[serde(default)]
    pub ignore: Texts,
    /// Which columns tell what.
    #[serde(default)]
    pub columns: Columns,
    /// What is the same for all.
    #[serde(default)]
    pub fixed: Fixed,
    /// Rows that are taken, each with what holds for it; all rows unless declared.
    #[serde(default)]
    pub select: Vec<Select>,
    /// In the layout `cells`: the cells that are taken.
    #[serde(default)]
    pub cell: Vec<FixedCell>,
    /// Cells and what they must hold, or the sheet is not the one meant.
    #[serde(default)]
    pub expect: BTreeMap<Address, String>,
    /// What texts of the file stand for.
    #[serde(default)]
    pub tables: Tables,
    /// How numbers are written.
    #[serde(default)]
    pub number: number::Style,
    /// What cells shown as percentages, and texts with a percent sign, mean.
    #[serde(default)]
    pub percent_cells: PercentCells,
    /// Marks beside and in place of values.
    #[serde(default)]
    pub marks: Marks,
    /// How periods are written.
    #[serde(default)]
    pub periods: Rules,
}

/// How a sheet is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// A measurement in a row, or several in columns that `select` names.
    Long,
    /// Periods, or members, as headings.
    Wide,
    /// Single cells.
    Cells,
}

/// Where the headings are; one of `row`, `rows` and `find`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The row.
    pub row: Option<u32>,
    /// The first and the last of several rows, whose texts are joined column by column.
    pub rows: Option<[u32; 2]>,
    /// Headings that the row has; it is looked for in the first hundred rows.
    pub find: Option<Texts>,
    /// Whether a heading stands over the columns to its right without one of their own, up to
    /// the end of the heading above it: cells were merged.
    #[serde(default)]
    pub merged: bool,
}

/// Which columns tell what.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Columns {
    /// The indicator.
    pub indicator: Option<Column>,
    /// The reporting period.
    pub period: Option<Column>,
    /// The value, in the layout `long`.
    pub value: Option<Column>,
    /// The unit, compared with the one expected.
    pub unit: Option<Column>,
    /// What values are multiplied by, through the table `multipliers`.
    pub multiplier: Option<Column>,
    /// The status.
    pub status: Option<Column>,
    /// How many were ranked.
    pub ranked_among: Option<Column>,
    /// The edition of the index.
    pub edition: Option<Column>,
    /// The territory version.
    pub territory: Option<Column>,
    /// The comment.
    pub comment: Option<Column>,
    /// The link to the evidence.
    pub evidence: Option<Column>,
    /// Whether the department stands by the value.
    pub confirmed: Option<Column>,
    /// Members, by dimension; a blank cell is the total.
    pub dimensions: BTreeMap<String, Column>,
}

/// What is not in the file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fixed {
    /// The indicator.
    pub indicator: Option<String>,
    /// The reporting period.
    pub period: Option<Period>,
    /// The unit expected in the column `unit`, in any of these writings.
    pub unit: Option<Texts>,
    /// What values are multiplied by.
    pub multiply: Option<Factor>,
    /// The status where the file gives none.
    pub status: Option<Status>,
    /// How many were ranked.
    pub ranked_among: Option<u16>,
    /// The edition of the index.
    pub edition: Option<String>,
    /// The territory version.
    pub territory: Option<String>,
    /// Members, by dimension.
    pub dimensions: BTreeMap<String, String>,
}

/// Rows that are taken, and what holds for them besides what holds for all.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Select {
    /// Columns and the texts of which they hold one; an empty text is a blank cell.
    pub r#where: BTreeMap<Column, Texts>,
    /// The first and the last row where they are looked for.
    pub rows: Option<[u32; 2]>,
    /// As `headings` of the mapping.
    pub headings: Option<Pattern>,
    /// As `columns` of the mapping.
    pub columns: Columns,
    /// As `fixed` of the mapping.
    pub fixed: Fixed,
}

/// A cell that is taken.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedCell {
    /// Its address, such as `B12` or `M09!B12`.
    pub at: Address,
    /// What it measures.
    #[serde(default)]
    pub fixed: Fixed,
}

/// What texts of the file stand for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tables {
    /// Indicator ids.
    pub indicators: Table<String>,
    /// Members, by dimension.
    pub members: BTreeMap<String, Table<String>>,
    /// Level ids; a value that is one of these texts is a level.
    pub levels: Table<String>,
    /// Statuses; `missing` and the reasons for it are among them.
    pub statuses: Table<Status>,
    /// Factors of values.
    pub multipliers: Table<Factor>,
}

/// What percentages mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PercentCells {
    /// They are refused.
    #[default]
    Refuse,
    /// The value is what is shown: 81.5 for 81.5 %, which a workbook stores as 0.815.
    AsShown,
}

/// An exact factor, written as a text: `"1000"`, `"0.001"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Factor(pub Decimal);

impl TryFrom<String> for Factor {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let factor = number::parse_cell(&text).ok().filter(|factor| !factor.is_zero());
        factor.map(Self).ok_or_else(|| format!("`{text}` is no factor; accepted: `1000`, `0.001`"))
    }
}

/// What a status in a file or a mapping means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Status {
    /// The value is this firm.
    Firm(ObservationStatus),
    /// There is no value.
    Missing(MissingReason),
    /// Nothing.
    Unstated,
}

impl Status {
    /// The words for it that need no table.
    pub(super) const WORDS: [&str; 4] = ["final", "provisional", "estimated", "break"];

    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "final" => Some(Self::Firm(ObservationStatus::Final)),
            "provisional" => Some(Self::Firm(ObservationStatus::Provisional)),
            "estimated" => Some(Self::Firm(ObservationStatus::Estimated)),
            "break" => Some(Self::Firm(ObservationStatus::Break)),
            "missing" => Some(Self::Missing(MissingReason::NotCollected)),
            "unstated" => Some(Self::Unstated),
            _ => missing_reason(name).map(Self::Missing),
        }
    }
}

impl TryFrom<String> for Status {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::named(&text).ok_or_else(|| {
            format!(
                "`{text}` is no status; accepted: `final`, `provisional`, `estimated`, `break`, \
                 `missing`, `not_collected`, `not_yet_available`, `not_applicable`, \
                 `confidential`, `unstated`"
            )
        })
    }
}

impl Columns {
    /// These columns, and those of `general` where none is declared here.
    pub(super) fn over(&self, general: &Self) -> Self {
        let either =
            |own: &Option<Column>, other: &Option<Column>| own.as_ref().or(other.as_ref()).cloned();
        let mut dimensions = general.dimensions.clone();
        dimensions.extend(self.dimensions.clone());
        Self {
            indicator: either(&self.indicator, &general.indicator),
            period: either(&self.period, &general.period),
            value: either(&self.value, &general.value),
            unit: either(&self.unit, &general.unit),
            multiplier: either(&self.multiplier, &general.multiplier),
            status: either(&self.status, &general.status),
            ranked_among: either(&self.ranked_among, &general.ranked_among),
            edition: either(&self.edition, &general.edition),
            territory: either(&self.territory, &general.territory),
            comment: either(&self.comment, &general.comment),
            evidence: either(&self.evidence, &general.evidence),
            confirmed: either(&self.confirmed, &general.confirmed),
            dimensions,
        }
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Column> {
        let single = [
            &self.indicator,
            &self.period,
            &self.value,
            &self.unit,
            &self.multiplier,
            &self.status,
            &self.ranked_among,
            &self.edition,
            &self.territory,
            &self.comment,
            &self.evidence,
            &self.confirmed,
        ];
        single.into_iter().flatten().chain(self.dimensions.values())
    }
}

impl Fixed {
    /// These, and those of `general` where nothing is declared here.
    pub(super) fn over(&self, general: &Self) -> Self {
        let mut dimensions = general.dimensions.clone();
        dimensions.extend(self.dimensions.clone());
        Self {
            indicator: self.indicator.clone().or_else(|| general.indicator.clone()),
            period: self.period.or(general.period),
            unit: self.unit.clone().or_else(|| general.unit.clone()),
            multiply: self.multiply.or(general.multiply),
            status: self.status.or(general.status),
            ranked_among: self.ranked_among.or(general.ranked_among),
            edition: self.edition.clone().or_else(|| general.edition.clone()),
            territory: self.territory.clone().or_else(|| general.territory.clone()),
            dimensions,
        }
    }
}

impl Settings {
    /// What is declared for each kind of row, with what is declared for all.
    pub(super) fn selections(&self) -> Vec<Select> {
        let all = [Select::default()];
        let declared = if self.select.is_empty() { &all[..] } else { &self.select };
        let whole = |select: &Select| Select {
            r#where: select.r#where.clone(),
            rows: select.rows,
            headings: select.headings.clone().or_else(|| self.headings.clone()),
            columns: select.columns.over(&self.columns),
            fixed: select.fixed.over(&self.fixed),
        };
        declared.iter().map(whole).collect()
    }

    /// Whether the sheet's name tells the period.
    pub(super) fn sheet_tells_period(&self) -> bool {
        self.sheet.iter().flat_map(Pattern::slots).any(|slot| *slot == Slot::Period)
    }
}
