//! `verify`: the ledger of this computer against itself and against the server's receipts.

use std::collections::BTreeMap;

use serde::Serialize;
use tiendo_shared::wire::v1;

use crate::app::{App, Failed};
use crate::console::Tone;
use crate::contact::pinned_key;
use crate::exit::Exit;
use crate::outbox::record::{Answered, Entry};
use crate::outbox::{View, id_of};
use crate::proof::{self, Finding};
use crate::text::Lang;

/// Hashes of a receipt, with the submission it is for.
type Hashes = (Vec<u8>, Vec<u8>, String);

/// What was found, for programs.
#[derive(Debug, Default, Serialize)]
struct Verified {
    command: &'static str,
    records: u64,
    receipts: u64,
    damage: Vec<String>,
    findings: Vec<Found>,
    signatures_checked: bool,
    exit: u8,
}

/// What is wrong with the receipt of a submission.
#[derive(Debug, Serialize)]
struct Found {
    submission: String,
    finding: &'static str,
}

pub(super) fn run(app: &mut App<'_>) -> Result<Exit, Failed> {
    let lang = app.lang();
    let view = View::open(&app.home).map_err(|error| app.ledger(&error))?;
    let key = pinned_key(&app.home);
    let mut verified =
        Verified { command: "verify", signatures_checked: key.is_some(), ..Verified::default() };
    let mut chains = BTreeMap::new();
    for record in view.records() {
        match record.map(|(_, record)| record.entry) {
            Ok(entry) => {
                verified.records += 1;
                match entry {
                    Some(Entry::Answered(answered)) => {
                        receipt(&view, &answered, key, &mut verified, &mut chains, lang);
                    }
                    // The server lost it: its place in the chain is another's now.
                    Some(Entry::Reopened(again)) => {
                        let id = id_of(&again.id).to_string();
                        chains.retain(|_, (.., submission)| *submission != id);
                    }
                    _ => {}
                }
            }
            Err(damage) => verified.damage.push(damage.to_string()),
        }
    }
    links(&chains, &mut verified, lang);
    let good = verified.damage.is_empty() && verified.findings.is_empty();
    let exit = if good { Exit::Done } else { Exit::LedgerBroken };
    verified.exit = exit as u8;
    tell(app, &verified);
    app.console.document(&verified);
    Ok(exit)
}

fn receipt(
    view: &View,
    answered: &Answered,
    key: Option<[u8; 32]>,
    verified: &mut Verified,
    chains: &mut BTreeMap<(String, u64), Hashes>,
    lang: Lang,
) {
    let Some(receipt) = answered.response.as_ref().and_then(|answer| answer.receipt.as_ref())
    else {
        return;
    };
    verified.receipts += 1;
    let submission = id_of(&answered.id).to_string();
    let mut found = |finding| {
        let submission = submission.clone();
        verified.findings.push(Found { submission, finding: named(finding, lang) });
    };
    if key.is_some_and(|key| !proof::is_signed(receipt, &key)) {
        found(Finding::Signature);
    }
    match view.prepared_at(answered.prepared) {
        Ok(prepared) if proof::is_of(receipt, &prepared, answered) => {}
        Ok(_) => found(Finding::Hash),
        Err(_) => found(Finding::Gone),
    }
    let v1::Receipt { department, sequence, entry_hash, previous_hash, .. } = receipt.clone();
    chains.insert((department, sequence), (entry_hash, previous_hash, submission));
}

/// Receipts that follow one another in a chain have to be linked; between others
/// stand entries of other computers.
fn links(chains: &BTreeMap<(String, u64), Hashes>, verified: &mut Verified, lang: Lang) {
    let neighbours = chains.iter().zip(chains.iter().skip(1));
    for (((department, sequence), (hash, ..)), ((other, next), (_, previous, submission))) in
        neighbours
    {
        if department == other && sequence + 1 == *next && hash != previous {
            let finding = named(Finding::Link, lang);
            verified.findings.push(Found { submission: submission.clone(), finding });
        }
    }
}

fn named(finding: Finding, lang: Lang) -> &'static str {
    match finding {
        Finding::Signature => lang.finding_signature(),
        Finding::Hash => lang.finding_hash(),
        Finding::Link => lang.finding_link(),
        Finding::Gone => lang.finding_gone(),
    }
}

fn tell(app: &mut App<'_>, verified: &Verified) {
    let lang = app.lang();
    for damage in &verified.damage {
        app.console.toned(Tone::Bad, damage);
    }
    for found in &verified.findings {
        app.console.toned(Tone::Bad, &lang.verify_finding(&found.submission, found.finding));
    }
    app.console.line(&lang.verify_summary(verified.records, verified.receipts));
    if !verified.signatures_checked {
        app.console.line(lang.verify_no_key());
    }
    if verified.damage.is_empty() && verified.findings.is_empty() {
        app.console.toned(Tone::Good, lang.verify_good());
    } else {
        app.console.toned(Tone::Bad, lang.verify_bad());
    }
}
