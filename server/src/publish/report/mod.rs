//! The committee's report: where the plan stands, as a workbook to print and to reckon with.
//!
//! Numbers are numbers, unless a spreadsheet could not hold every digit; whatever somebody
//! wrote is text and never a formula.

mod cells;
mod course;
mod group;
mod overview;
mod sources;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use rust_xlsxwriter::{DocProperties, Workbook, XlsxError};
use sha2::{Digest as _, Sha256};
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::indicator::Formula;
use tiendo_shared::submission::hexadecimal;
use tiendo_shared::target::Target;
use tiendo_shared::wire::{self, v1};

use super::Publish;
use crate::failure::Failure;
use crate::text::Lang;
use cells::Looks;

/// The bullet under which catalogues have the task groups of a plan.
const TASKS: &str = "T";

/// Most task groups with a sheet of their own; further ones stand in the overview alone.
const MOST_GROUPS: usize = 30;

/// Everything that the report tells.
#[derive(Debug)]
pub(super) struct Report {
    lang: Lang,
    catalogue: Arc<Catalogue>,
    /// The instant it tells of, and when it was written.
    as_of: Timestamp,
    written: Timestamp,
    basis: v1::Basis,
    /// Targets in the plan's order.
    statuses: Vec<v1::TargetStatus>,
    /// Values of the province by indicator.
    series: HashMap<String, Vec<v1::PeriodValue>>,
    /// Department, and sequence and hash of the end of its chain when it was written.
    heads: Vec<(String, u64, String)>,
}

/// A target with where it stands.
type Standing<'a> = (&'a Target, &'a v1::TargetStatus);

impl Publish {
    /// The report of what was known at an instant.
    pub(super) async fn report(
        &self,
        request: &v1::ExportFiguresRequest,
        instant: Timestamp,
        now: Timestamp,
    ) -> Result<Bytes, Failure> {
        let report = self.gather(request, instant, now).await?;
        let written = tokio::task::spawn_blocking(move || report.write()).await;
        Ok(written.map_err(Failure::internal)?.map_err(Failure::internal)?.into())
    }

    async fn gather(
        &self,
        request: &v1::ExportFiguresRequest,
        instant: Timestamp,
        now: Timestamp,
    ) -> Result<Report, Failure> {
        let lang = language(&request.language)?;
        if !request.indicator.is_empty() {
            let message = "a report is of all indicators; leave `indicator` empty";
            return Err(Failure::invalid("indicator", "NOT_OF_A_REPORT", message));
        }
        let catalogue = Arc::clone(&self.figures.catalogue);
        let wanted = v1::ListTargetStatusesRequest {
            department: request.department.clone(),
            // Without an instant of its own, what is known of each target is used again.
            as_of: request.as_of.map(|_| wire::timestamp(instant)),
            basis: request.basis,
            ..v1::ListTargetStatusesRequest::default()
        };
        let statuses = self.standing.all(wanted, now).await?;
        let indicators = statuses.iter().map(|status| status.indicator.as_str());
        let parts = indicators.clone().filter_map(|id| parts(&catalogue, id)).flatten();
        let needed: BTreeSet<&str> = indicators.chain(parts).collect();
        let basis = request.basis();
        let at = Some(wire::timestamp(instant));
        let series = self.standing.series(needed, at, basis, now).await?;
        let mut heads = Vec::new();
        for department in catalogue.departments() {
            let (sequence, hash) = self.figures.store.head(&department.id).await?;
            if sequence > 0 {
                heads.push((department.id.clone(), sequence, hexadecimal(&hash)));
            }
        }
        let (as_of, written) = (instant, now);
        Ok(Report { lang, catalogue, as_of, written, basis, statuses, series, heads })
    }
}

impl Report {
    fn write(&self) -> Result<Vec<u8>, XlsxError> {
        let looks = Looks::new();
        let mut workbook = Workbook::new();
        let title = self.lang.text(&self.catalogue.name);
        let properties = DocProperties::new().set_title(cells::text(title)).set_author("Tiendo");
        workbook.set_properties(&properties);
        let mut sheets = vec![overview::sheet(self, &looks)?];
        let groups = self.targets().filter(|(target, _)| target.bullet == TASKS);
        for standing in groups.take(MOST_GROUPS) {
            sheets.push(group::sheet(self, &looks, standing)?);
        }
        sheets.push(course::sheet(self, &looks)?);
        sheets.push(sources::notes(self, &looks)?);
        sheets.push(sources::heads(self, &looks)?);
        for mut sheet in sheets {
            cells::for_print(self, &mut sheet);
            workbook.push_worksheet(sheet);
        }
        workbook.save_to_buffer()
    }

    fn targets(&self) -> impl Iterator<Item = Standing<'_>> {
        let target = |status: &v1::TargetStatus| self.catalogue.target(&status.target);
        self.statuses.iter().filter_map(move |status| Some((target(status)?, status)))
    }

    fn series(&self, indicator: &str) -> &[v1::PeriodValue] {
        self.series.get(indicator).map_or(&[], Vec::as_slice)
    }

    /// The name of an indicator.
    fn name<'a>(&'a self, indicator: &'a str) -> &'a str {
        let found = self.catalogue.indicator(indicator);
        found.map_or(indicator, |found| self.lang.text(&found.name))
    }

    /// One hash of all ends of chains: SHA-256 over a line for each, as the last sheet
    /// has them: department, sequence and hash, with a blank between and `\n` behind.
    fn seal(&self) -> String {
        let line = |(department, sequence, hash): &(String, u64, String)| {
            format!("{department} {sequence} {hash}\n")
        };
        let lines: String = self.heads.iter().map(line).collect();
        hexadecimal(&Sha256::digest(lines))
    }
}

/// The indicators whose ratio an indicator is.
fn parts<'c>(catalogue: &'c Catalogue, indicator: &str) -> Option<[&'c str; 2]> {
    match catalogue.indicator(indicator)?.formula.as_ref()? {
        Formula::Ratio { numerator, denominator, .. } => Some([numerator, denominator]),
        _ => None,
    }
}

fn language(name: &str) -> Result<Lang, Failure> {
    match name {
        "" => Ok(Lang::Vi),
        name => Lang::named(name).ok_or_else(|| {
            Failure::invalid("language", "UNKNOWN_LANGUAGE", "`language` is `vi` or `en`")
        }),
    }
}
