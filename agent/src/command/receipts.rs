//! `receipts`: what the server has given receipts for, and whether it signed them.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;
use tiendo_shared::submission::{SubmissionId, hexadecimal};
use tiendo_shared::wire::{instant, v1};

use crate::app::{App, Failed};
use crate::catalogue;
use crate::clock;
use crate::collected;
use crate::exit::Exit;
use crate::keys::Keys;
use crate::outbox::View;
use crate::outbox::record::{Answered, Entry, Prepared};
use crate::refused::{Context, Refused, measurement_at};
use crate::table;
use crate::text::Lang;

/// A receipt, for programs.
#[derive(Debug, Serialize)]
struct Receipt {
    submission: String,
    department: String,
    sequence: u64,
    received: Option<Timestamp>,
    file: String,
    accepted: u32,
    revised: u32,
    unchanged: u32,
    rejected: u32,
    entry_hash: String,
    previous_hash: String,
    signature: Signature,
}

/// Whether the server signed it.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Signature {
    Good,
    Bad,
    /// The server's key is not known.
    Unknown,
}

/// The list, for programs.
#[derive(Debug, Serialize)]
struct List {
    command: &'static str,
    receipts: Vec<Receipt>,
    exit: u8,
}

/// One submission in detail, for programs.
#[derive(Debug, Serialize)]
struct Detail {
    command: &'static str,
    submission: String,
    file: String,
    measurements: u32,
    prepared: Option<Timestamp>,
    receipt: Option<Receipt>,
    refused: Vec<Refused>,
    failure: Option<String>,
    exit: u8,
}

/// Lists the last receipts.
pub(super) fn list(app: &mut App<'_>, last: usize) -> Result<Exit, Failed> {
    let view = View::open(&app.home).map_err(|error| app.ledger(&error))?;
    let mut answers = VecDeque::new();
    for (_, record) in view.records().flatten() {
        let Some(Entry::Answered(answered)) = record.entry else { continue };
        if receipt_of(&answered).is_some() {
            answers.push_back(answered);
        }
        if answers.len() > last {
            answers.pop_front();
        }
    }
    let keys = Keys::load(&app.home).unwrap_or_default();
    let receipts: Vec<_> = answers
        .iter()
        .filter_map(|answered| {
            let prepared = view.prepared_at(answered.prepared).unwrap_or_default();
            Some(described(receipt_of(answered)?, &prepared, &keys))
        })
        .collect();
    tell(app, &receipts);
    app.console.document(&List { command: "receipts", receipts, exit: Exit::Done as u8 });
    Ok(Exit::Done)
}

/// Shows one submission: its receipt and what was refused of it.
pub(super) fn show(app: &mut App<'_>, id: &str) -> Result<Exit, Failed> {
    let lang = app.lang();
    let unknown = || Failed::because(lang.no_such_receipt(id));
    let wanted: SubmissionId = id.parse().map_err(|_| unknown())?;
    let view = View::open(&app.home).map_err(|error| app.ledger(&error))?;
    let (mut prepared, mut answered, mut failure) = (None, None, None);
    for (_, record) in view.records().flatten() {
        match record.entry {
            Some(Entry::Prepared(one)) if one.id == wanted.as_bytes() => prepared = Some(one),
            Some(Entry::Answered(one)) if one.id == wanted.as_bytes() => answered = Some(one),
            Some(Entry::Failed(one)) if one.id == wanted.as_bytes() => {
                failure = Some(one.message);
            }
            _ => {}
        }
    }
    let prepared: Prepared = prepared.ok_or_else(unknown)?;
    let known = catalogue::kept(&app.home);
    let context = Context { catalogue: known.as_ref(), department: &prepared.department, lang };
    let keys = Keys::load(&app.home).unwrap_or_default();
    let receipt = answered.as_ref().and_then(receipt_of);
    let detail = Detail {
        command: "receipts",
        submission: id.to_owned(),
        file: prepared.places.as_ref().map(|places| places.file.clone()).unwrap_or_default(),
        measurements: prepared.items,
        prepared: Timestamp::from_microsecond(prepared.at_us).ok(),
        receipt: receipt.map(|receipt| described(receipt, &prepared, &keys)),
        refused: answered.as_ref().map(|one| refused(one, &prepared, &context)).unwrap_or_default(),
        failure,
        exit: Exit::Done as u8,
    };
    tell_detail(app, &detail);
    app.console.document(&detail);
    Ok(Exit::Done)
}

fn receipt_of(answered: &Answered) -> Option<&v1::Receipt> {
    answered.response.as_ref()?.receipt.as_ref()
}

fn described(receipt: &v1::Receipt, prepared: &Prepared, keys: &Keys) -> Receipt {
    let counts = receipt.counts.unwrap_or_default();
    let signature = match keys.signed(receipt) {
        Some(true) => Signature::Good,
        Some(false) => Signature::Bad,
        None => Signature::Unknown,
    };
    Receipt {
        submission: receipt.submission_id.clone(),
        department: receipt.department.clone(),
        sequence: receipt.sequence,
        received: receipt.received_at.as_ref().and_then(instant),
        file: prepared.places.as_ref().map(|places| places.file.clone()).unwrap_or_default(),
        accepted: counts.accepted,
        revised: counts.revised,
        unchanged: counts.unchanged,
        rejected: counts.rejected,
        entry_hash: hexadecimal(&receipt.entry_hash),
        previous_hash: hexadecimal(&receipt.previous_hash),
        signature,
    }
}

fn refused(answered: &Answered, prepared: &Prepared, context: &Context<'_>) -> Vec<Refused> {
    use prost::Message as _;
    let request = v1::SubmitMeasurementsRequest::decode(&*prepared.request).unwrap_or_default();
    let places = prepared.places.clone().unwrap_or_default();
    let rejections = answered.response.iter().flat_map(|response| &response.rejections);
    rejections
        .filter_map(|rejection| {
            let sent = measurement_at(&request.groups, rejection.index as usize)?;
            Some(Refused::by_server(rejection, sent, &places, context))
        })
        .collect()
}

fn tell(app: &mut App<'_>, receipts: &[Receipt]) {
    let lang = app.lang();
    if receipts.is_empty() {
        app.console.line(lang.no_receipts());
        return;
    }
    let headings = [
        lang.column_sequence(),
        lang.column_submission(),
        lang.column_received(),
        lang.column_file(),
        lang.column_accepted_count(),
        lang.column_revised(),
        lang.column_unchanged(),
        lang.column_rejected(),
        lang.column_signature(),
    ];
    let row = |one: &Receipt| {
        vec![
            one.sequence.to_string(),
            one.submission.clone(),
            one.received.map(clock::for_people).unwrap_or_default(),
            one.file.clone(),
            one.accepted.to_string(),
            one.revised.to_string(),
            one.unchanged.to_string(),
            one.rejected.to_string(),
            signature(one.signature, lang).to_owned(),
        ]
    };
    let rows: Vec<_> = receipts.iter().map(row).collect();
    table::write(app.console, &headings, &rows);
}

fn signature(signature: Signature, lang: Lang) -> &'static str {
    match signature {
        Signature::Good => lang.signature_good(),
        Signature::Bad => lang.signature_bad(),
        Signature::Unknown => lang.signature_unknown(),
    }
}

fn tell_detail(app: &mut App<'_>, detail: &Detail) {
    let lang = app.lang();
    let at = detail.prepared.map(clock::for_people).unwrap_or_default();
    app.console.line(&lang.detail_prepared(
        &detail.submission,
        &detail.file,
        detail.measurements,
        &at,
    ));
    match (&detail.receipt, &detail.failure) {
        (Some(receipt), _) => {
            tell(app, std::slice::from_ref(receipt));
            app.console.line(&lang.detail_hashes(&receipt.entry_hash, &receipt.previous_hash));
        }
        (None, Some(message)) => {
            app.console.line(&lang.failed_whole(&detail.submission, message));
        }
        (None, None) => app.console.line(lang.detail_no_receipt()),
    }
    collected::show(app, &detail.refused);
}
