//! `verify`: the ledger of this computer against itself and against the server's receipts.

use std::collections::BTreeMap;

use serde::Serialize;
use tiendo_shared::wire::v1;

use crate::app::{App, Failed};
use crate::clock;
use crate::console::Tone;
use crate::exit::Exit;
use crate::keys::Keys;
use crate::outbox::record::{Answered, Doubted, Entry, Prepared};
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
    /// Damaged places that `repair` has looked at.
    set_aside: u64,
    findings: Vec<Found>,
    signatures_checked: bool,
    keys: Keys,
    /// Number of the receipt that the server changed; absent while it is trusted.
    changed_receipt: Option<u64>,
    exit: u8,
}

/// What is wrong with the receipt of a submission.
#[derive(Debug, Serialize)]
struct Found {
    submission: String,
    finding: &'static str,
}

pub(super) fn run(app: &mut App<'_>, accept_key: Option<&str>) -> Result<Exit, Failed> {
    let lang = app.lang();
    if let Some(key) = accept_key {
        accept(app, key)?;
    }
    let view = View::open(&app.home).map_err(|error| app.ledger(&error))?;
    let keys = Keys::load(&app.home).unwrap_or_default();
    let mut verified = Verified {
        command: "verify",
        signatures_checked: keys.seen().iter().any(|seen| seen.trusted),
        keys,
        ..Verified::default()
    };
    read(&view, &mut verified, lang);
    verified.changed_receipt = view.index.doubt().map(Doubted::sequence);
    let good = verified.is_good();
    let exit = if good { Exit::Done } else { Exit::LedgerBroken };
    verified.exit = exit as u8;
    tell(app, &verified);
    app.console.document(&verified);
    Ok(exit)
}

/// Reads the whole ledger.
fn read(view: &View, verified: &mut Verified, lang: Lang) {
    let (mut chains, mut gone) = (BTreeMap::new(), BTreeMap::new());
    for record in view.records() {
        match record.map(|(_, record)| record.entry) {
            Ok(entry) => {
                verified.records += 1;
                match entry {
                    // It may have been had again from the server.
                    Some(Entry::Prepared(prepared)) => {
                        gone.retain(|id, answered| {
                            *id != prepared.id || !is_of(&prepared, answered)
                        });
                    }
                    Some(Entry::Answered(answered)) => {
                        receipt(view, &answered, verified, &mut chains, lang);
                        if view.prepared_at(answered.prepared).is_err() {
                            gone.insert(answered.id.clone(), answered);
                        }
                    }
                    // The server lost it: its place in the chain is another's now.
                    Some(Entry::Reopened(again)) => {
                        let id = id_of(&again.id).to_string();
                        chains.retain(|_, (.., submission)| *submission != id);
                    }
                    // Its place in the chain is what the server says now.
                    Some(Entry::Trusted(trusted)) => {
                        let id = trusted.receipt.map(|receipt| receipt.submission_id);
                        chains.retain(|_, (.., submission)| Some(&*submission) != id.as_ref());
                    }
                    _ => {}
                }
            }
            Err(damage) if view.index.is_set_aside(&damage) => verified.set_aside += 1,
            Err(damage) => verified.damage.push(damage.to_string()),
        }
    }
    for id in gone.keys() {
        let submission = id_of(id).to_string();
        let finding = named(Finding::Gone, lang);
        verified.findings.push(Found { submission, finding });
    }
    links(&chains, verified, lang);
}

/// Trusts the server again, with the chain it has now.
pub(super) async fn trust(app: &mut App<'_>) -> Result<Exit, Failed> {
    let lang = app.lang();
    let mut outbox = app.free_outbox().await?;
    let doubt = outbox.index().doubt().cloned();
    match &doubt {
        Some(doubt) => {
            outbox.trust(doubt, clock::now()).map_err(|error| app.ledger(&error))?;
            app.console.toned(Tone::Warn, &lang.trusted_again(doubt.sequence()));
        }
        None => app.console.line(lang.nothing_to_trust()),
    }
    outbox.close().map_err(|error| app.ledger(&error))?;
    let trusted = doubt.as_ref().map(Doubted::sequence);
    let exit = Exit::Done as u8;
    app.console.document(
        &serde_json::json!({ "command": "verify", "trusted_receipt": trusted, "exit": exit }),
    );
    Ok(Exit::Done)
}

impl Verified {
    fn is_good(&self) -> bool {
        self.damage.is_empty() && self.findings.is_empty() && self.changed_receipt.is_none()
    }
}

fn receipt(
    view: &View,
    answered: &Answered,
    verified: &mut Verified,
    chains: &mut BTreeMap<(String, u64), Hashes>,
    lang: Lang,
) {
    let Some(receipt) = answered.response.as_ref().and_then(|answer| answer.receipt.as_ref())
    else {
        return;
    };
    verified.receipts += 1;
    let signed = verified.keys.signed(receipt);
    let submission = id_of(&answered.id).to_string();
    let mut found = |finding| {
        let submission = submission.clone();
        verified.findings.push(Found { submission, finding: named(finding, lang) });
    };
    if signed == Some(false) {
        found(Finding::Signature);
    }
    match view.prepared_at(answered.prepared) {
        Ok(prepared) if proof::is_of(receipt, &prepared, answered) => {}
        Ok(_) => found(Finding::Hash),
        // It may stand further on, had again from the server.
        Err(_) => {}
    }
    let v1::Receipt { department, sequence, entry_hash, previous_hash, .. } = receipt.clone();
    chains.insert((department, sequence), (entry_hash, previous_hash, submission));
}

fn accept(app: &mut App<'_>, key: &str) -> Result<(), Failed> {
    let lang = app.lang();
    let unwritten = |error: std::io::Error| {
        let path = app.home.server_keys().display().to_string();
        Failed::because(lang.cannot_write(&path, &error.to_string()))
    };
    if !Keys::trust(&app.home, key).map_err(unwritten)? {
        return Err(Failed::because(lang.key_not_seen(key)));
    }
    app.console.line(&lang.key_trusted(key));
    Ok(())
}

/// Whether what was had again is what the receipt is for.
fn is_of(prepared: &Prepared, answered: &Answered) -> bool {
    let receipt = answered.response.as_ref().and_then(|answer| answer.receipt.as_ref());
    receipt.is_some_and(|receipt| proof::is_of(receipt, prepared, answered))
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
    for seen in verified.keys.seen().iter().filter(|seen| !seen.trusted) {
        let since = clock::for_people(seen.since);
        app.console.toned(Tone::Warn, &lang.key_unknown(&seen.key, &since));
    }
    if verified.set_aside > 0 {
        app.console.line(&lang.verify_set_aside(verified.set_aside));
    }
    if !verified.signatures_checked {
        app.console.line(lang.verify_no_key());
    }
    if let Some(sequence) = verified.changed_receipt {
        app.console.toned(Tone::Bad, &lang.server_distrusted(sequence));
    }
    if verified.is_good() {
        app.console.toned(Tone::Good, lang.verify_good());
    } else {
        app.console.toned(Tone::Bad, lang.verify_bad());
    }
}
