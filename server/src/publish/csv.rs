//! Comma separated values for people and spreadsheets: one line a figure, with names.
//!
//! A spreadsheet takes text that begins with `=`, `+`, `-` or `@` for a formula. Whatever a
//! department wrote has an apostrophe before it then.

use std::sync::Arc;

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::wire::v1;
use v1::stored_measurement::Content;

use super::{Writer, instant, one_line};
use crate::failure::Failure;

/// Spreadsheets know UTF-8 by it.
const MARK: &str = "\u{FEFF}";

const HEADING: [&str; 19] = [
    "department",
    "department_vi",
    "department_en",
    "indicator",
    "indicator_vi",
    "indicator_en",
    "unit",
    "dimensions",
    "period",
    "content",
    "value",
    "status",
    "ranked_among",
    "edition",
    "territory",
    "comment",
    "evidence",
    "revision",
    "received_at",
];

/// Writes comma separated values.
#[derive(Debug)]
pub(super) struct Csv {
    catalogue: Arc<Catalogue>,
}

impl Csv {
    /// A file of this catalogue's figures.
    pub(super) fn of(catalogue: &Arc<Catalogue>) -> Self {
        Self { catalogue: Arc::clone(catalogue) }
    }

    fn fields(&self, figure: &v1::StoredMeasurement) -> [String; 19] {
        let department = self.catalogue.department(&figure.department).map(|it| &it.name);
        let indicator = self.catalogue.indicator(&figure.indicator);
        let vi = |name: Option<&tiendo_shared::indicator::Text>| {
            name.map_or_else(String::new, |name| name.vi.clone())
        };
        let en = |name: Option<&tiendo_shared::indicator::Text>| {
            name.map_or_else(String::new, |name| name.en.clone())
        };
        let members = figure.dimensions.iter().map(|it| format!("{}={}", it.dimension, it.member));
        let (content, value) = match &figure.content {
            Some(Content::Value(value)) => ("value", value.clone()),
            Some(Content::Level(level)) => ("level", level.clone()),
            Some(Content::Missing(reason)) => ("missing", missing(*reason)),
            Some(Content::Withdrawn(_)) | None => ("withdrawn", String::new()),
        };
        let name = figure.status().as_str_name().trim_start_matches("OBSERVATION_STATUS_");
        [
            figure.department.clone(),
            vi(department),
            en(department),
            figure.indicator.clone(),
            vi(indicator.map(|it| &it.name)),
            en(indicator.map(|it| &it.name)),
            indicator.map_or_else(String::new, |it| it.unit.clone()),
            members.collect::<Vec<_>>().join(" "),
            figure.period.clone(),
            content.to_owned(),
            value,
            name.to_lowercase(),
            figure.ranked_among.map_or_else(String::new, |among| among.to_string()),
            figure.edition.clone(),
            figure.territory.clone(),
            harmless(&figure.comment),
            harmless(&figure.evidence),
            figure.revision.to_string(),
            instant(figure.received_at.as_ref()),
        ]
    }
}

fn missing(reason: i32) -> String {
    let reason = v1::MissingReason::try_from(reason).unwrap_or_default();
    reason.as_str_name().trim_start_matches("MISSING_REASON_").to_lowercase()
}

/// Text that no spreadsheet takes for a formula.
fn harmless(text: &str) -> String {
    let text = one_line(text);
    if text.trim_start().starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
}

impl Writer for Csv {
    fn begin(&mut self) -> Result<Vec<u8>, Failure> {
        let mut bytes = MARK.as_bytes().to_vec();
        bytes.extend(line(&HEADING)?);
        Ok(bytes)
    }

    fn add(&mut self, figures: &[v1::StoredMeasurement]) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        for figure in figures {
            bytes.extend(line(&self.fields(figure))?);
        }
        Ok(bytes)
    }

    fn end(&mut self) -> Result<Vec<u8>, Failure> {
        Ok(Vec::new())
    }
}

/// A line of fields, quoted where need be (RFC 4180).
pub(super) fn line<T: AsRef<[u8]>>(fields: &[T]) -> Result<Vec<u8>, Failure> {
    let mut writer =
        ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(fields).map_err(Failure::internal)?;
    writer.into_inner().map_err(Failure::internal)
}
