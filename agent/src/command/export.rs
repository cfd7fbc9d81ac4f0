//! `export`: everything ever recorded in this computer's ledger, with what became of it.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

use jiff::Timestamp;
use prost::Message as _;
use serde::Serialize;
use tiendo_shared::journal::Position;
use tiendo_shared::submission::hexadecimal;
use tiendo_shared::wire::{instant, v1};
use v1::measurement::Content;

use crate::app::{App, Failed};
use crate::clock;
use crate::exit::Exit;
use crate::exported::{Error, Export, Sent};
use crate::outbox::record::{Answered, Entry, Prepared};
use crate::outbox::{View, id_of};
use crate::refused::place;

/// What was written, for programs.
#[derive(Debug, Default, Serialize)]
struct Exported {
    command: &'static str,
    file: String,
    submissions: u64,
    measurements: u64,
    /// Places in the ledger that cannot be read.
    damaged: u64,
    exit: u8,
}

/// What the records tell of submissions, by id, beside what was sent.
#[derive(Debug, Default)]
struct Fates {
    /// Where the last answer or refusal stands.
    ends: HashMap<Vec<u8>, Position>,
    split: HashSet<Vec<u8>>,
    released: HashSet<Vec<u8>>,
    damaged: u64,
}

pub(super) fn run(app: &mut App<'_>, file: &Path) -> Result<Exit, Failed> {
    let lang = app.lang();
    let shown = file.display().to_string();
    let view = View::open(&app.home).map_err(|error| app.ledger(&error))?;
    let failed = |error: Error| match error {
        Error::Io(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Failed::because(lang.export_exists(&shown))
        }
        error => Failed::because(lang.cannot_write(&shown, &error.to_string())),
    };
    let fates = Fates::of(&view);
    let mut export = Export::create(file, lang).map_err(failed)?;
    let mut exported = Exported { command: "export", file: shown.clone(), ..Exported::default() };
    exported.damaged = fates.damaged;
    let mut written = HashSet::new();
    for (_, record) in view.records().flatten() {
        let Some(Entry::Prepared(prepared)) = record.entry else { continue };
        // What was had again from the server stands there twice; what was split, in its pieces.
        if fates.is_replaced(&prepared) || !written.insert(prepared.id.clone()) {
            continue;
        }
        exported.submissions += 1;
        for row in rows(&view, &fates, &prepared) {
            export.add(&row).map_err(failed)?;
            exported.measurements += 1;
        }
    }
    export.finish().map_err(failed)?;
    let (submissions, measurements) = (exported.submissions, exported.measurements);
    app.console.line(&lang.export_done(&shown, submissions, measurements));
    let exit = if fates.damaged > 0 { Exit::LedgerBroken } else { Exit::Done };
    if fates.damaged > 0 {
        app.warn(&lang.export_damaged(fates.damaged));
    }
    exported.exit = exit as u8;
    app.console.document(&exported);
    Ok(exit)
}

impl Fates {
    fn of(view: &View) -> Self {
        let mut fates = Self::default();
        for found in view.records() {
            let Ok((position, record)) = found else {
                fates.damaged += 1;
                continue;
            };
            match record.entry {
                Some(Entry::Answered(answered)) => {
                    fates.ends.insert(answered.id, position);
                }
                Some(Entry::Failed(failed)) => {
                    fates.ends.insert(failed.id, position);
                }
                Some(Entry::Split(split)) => {
                    fates.split.insert(split.id);
                }
                Some(Entry::Released(released)) => {
                    fates.released.insert(released.act);
                }
                _ => {}
            }
        }
        fates
    }

    /// Whether others take its place, or it never took that of another.
    fn is_replaced(&self, prepared: &Prepared) -> bool {
        let is_stray = !prepared.replaces.is_empty() && !self.split.contains(&prepared.replaces);
        is_stray || self.split.contains(&prepared.id)
    }
}

fn rows(view: &View, fates: &Fates, prepared: &Prepared) -> Vec<Sent> {
    let end = fates.ends.get(&prepared.id).and_then(|position| view.record_at(*position).ok());
    let is_released = fates.released.contains(&prepared.act) || !prepared.replaces.is_empty();
    let mut whole = Sent {
        submission: id_of(&prepared.id).to_string(),
        state: if is_released { "waiting" } else { "interrupted" },
        department: prepared.department.clone(),
        recorded_at: Timestamp::from_microsecond(prepared.at_us)
            .map(clock::for_people)
            .unwrap_or_default(),
        ..Sent::default()
    };
    let mut answer = None;
    match end {
        Some(Entry::Answered(answered)) => {
            whole.state = "received";
            note_receipt(&mut whole, &answered);
            answer = answered.response;
        }
        Some(Entry::Failed(failed)) => {
            whole.state = "failed";
            whole.reason = failed.message;
        }
        _ => {}
    }
    let request = v1::SubmitMeasurementsRequest::decode(&*prepared.request).unwrap_or_default();
    let places = prepared.places.clone().unwrap_or_default();
    let sent = request
        .groups
        .iter()
        .flat_map(|group| group.measurements.iter().map(move |measurement| (group, measurement)));
    let rejections = answer.iter().flat_map(|answer| &answer.rejections);
    let reasons: HashMap<usize, String> =
        rejections.map(|one| (one.index as usize, one.message.clone())).collect();
    let mut rows = Vec::new();
    for (at, (group, measurement)) in sent.enumerate() {
        let mut row = whole.clone();
        describe(&mut row, group, measurement);
        let place = place(&places, at);
        row.file = place.file.to_string();
        row.sheet = place.sheet.map(|sheet| sheet.to_string()).unwrap_or_default();
        (row.row, row.column, row.raw) = (place.row, place.column.unwrap_or_default(), place.raw);
        if let Some(answer) = &answer {
            row.outcome = outcome(answer, at);
            row.reason = reasons.get(&at).cloned().unwrap_or_default();
        }
        rows.push(row);
    }
    rows
}

fn note_receipt(row: &mut Sent, answered: &Answered) {
    let receipt = answered.response.as_ref().and_then(|answer| answer.receipt.as_ref());
    let Some(receipt) = receipt else { return };
    row.sequence = Some(receipt.sequence);
    row.entry_hash = hexadecimal(&receipt.entry_hash);
    let received = receipt.received_at.as_ref().and_then(instant);
    row.received_at = received.map(clock::for_people).unwrap_or_default();
}

fn describe(row: &mut Sent, group: &v1::MeasurementGroup, measurement: &v1::Measurement) {
    let own = &measurement.indicator;
    row.indicator.clone_from(if own.is_empty() { &group.indicator } else { own });
    row.period.clone_from(&group.period);
    row.comment.clone_from(&measurement.comment);
    let dimensions = measurement.dimensions.iter();
    let dimensions = dimensions.map(|one| format!("{}={}", one.dimension, one.member));
    row.dimensions = dimensions.collect::<Vec<_>>().join(" ");
    row.value = match &measurement.content {
        Some(Content::Value(text) | Content::Level(text)) => text.clone(),
        Some(Content::Missing(_)) => "missing".to_owned(),
        Some(Content::Withdrawn(_)) => "withdrawn".to_owned(),
        None => String::new(),
    };
}

fn outcome(answer: &v1::SubmitMeasurementsResponse, at: usize) -> &'static str {
    let number = answer.outcomes.get(at).copied().unwrap_or_default();
    match v1::Outcome::try_from(number) {
        Ok(v1::Outcome::Accepted) => "accepted",
        Ok(v1::Outcome::Revised) => "revised",
        Ok(v1::Outcome::Unchanged) => "unchanged",
        Ok(v1::Outcome::Rejected) => "rejected",
        Ok(v1::Outcome::Unspecified) | Err(_) => "",
    }
}
