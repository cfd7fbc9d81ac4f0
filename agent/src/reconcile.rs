//! Compares the two ledgers: does the server still have what it gave receipts for?
//!
//! A server that was restored from an old backup does not know the later ids any more.
//! This computer has all of it, and sends it again under the ids it had. A server that
//! knows an id and tells another receipt for it than it gave has had its chain changed: it
//! gets nothing more from here until someone says that it is to be trusted.

use std::collections::HashSet;

use tiendo_shared::journal::Position;
use tiendo_shared::submission::SubmissionId;
use tiendo_shared::wire::v1;
use tonic::{Code, Status};

use crate::app::{App, Failed};
use crate::asking::ask;
use crate::clock;
use crate::connection::Connection;
use crate::outbox::record::{Answered, Entry, Trusted};
use crate::outbox::{self, Outbox, id_of};

/// What a comparison came to.
#[derive(Debug)]
pub(crate) enum Found {
    /// The server has what it has to have.
    Same,
    /// It lost so many submissions, which wait again now.
    Lost(usize),
    /// It tells another receipt with this number than it gave: it is not trusted any more.
    Changed(u64),
    /// It did not answer.
    Unclear(Status),
}

/// Asks for the last receipt; lets everything be sent again that the server no longer has.
pub(crate) async fn compare(
    app: &mut App<'_>,
    connection: &Connection,
    outbox: &mut Outbox,
) -> Result<(), Failed> {
    let department = app.config.department.clone().unwrap_or_default();
    let found = look(connection, outbox, &department).await.map_err(|error| app.ledger(&error))?;
    let lang = app.lang();
    match found {
        Found::Same => {}
        Found::Lost(count) => app.warn(&lang.server_lost(count)),
        Found::Changed(sequence) => app.warn(&lang.server_rewrote(sequence)),
        Found::Unclear(status) => tracing::info!("the ledgers could not be compared: {status}"),
    }
    Ok(())
}

/// As [`compare`], without telling it to anybody.
pub(crate) async fn look(
    connection: &Connection,
    outbox: &mut Outbox,
    department: &str,
) -> Result<Found, outbox::Error> {
    if outbox.index().doubt().is_some() {
        return Ok(Found::Same);
    }
    let Some(last) = outbox.index().last_receipt().cloned() else { return Ok(Found::Same) };
    // Another department's chain is not open to this one.
    if department != last.department {
        return Ok(Found::Same);
    }
    match receipt(connection, last.submission_id.clone()).await {
        Ok(known) if known.entry_hash == last.entry_hash => Ok(Found::Same),
        Ok(told) => doubt(outbox, last, told),
        Err(status) if status.code() == Code::NotFound => {
            match lost(connection, outbox, &last.department).await {
                Ok(gone) => {
                    // The last receipt is the last to be given up: if this ends before it
                    // is, the next contact looks for all of them again.
                    for (answered, position) in &gone {
                        outbox.reopen(answered, *position)?;
                    }
                    Ok(Found::Lost(gone.len()))
                }
                Err(Unclear::Changed(changed)) => {
                    let (kept, told) = *changed;
                    doubt(outbox, kept, told)
                }
                Err(Unclear::Away(status)) => Ok(Found::Unclear(status)),
            }
        }
        Err(status) => Ok(Found::Unclear(status)),
    }
}

fn doubt(
    outbox: &mut Outbox,
    kept: v1::Receipt,
    told: v1::Receipt,
) -> Result<Found, outbox::Error> {
    let sequence = kept.sequence;
    outbox.doubt(kept, told, clock::now())?;
    Ok(Found::Changed(sequence))
}

async fn receipt(connection: &Connection, submission_id: String) -> Result<v1::Receipt, Status> {
    let answer = ask(|| {
        let mut client = connection.collection();
        let request = v1::GetReceiptRequest { submission_id: submission_id.clone() };
        async move { client.get_receipt(request).await }
    });
    Ok(answer.await?.receipt.unwrap_or_default())
}

/// Why it is not clear what the server lost.
enum Unclear {
    /// The receipt kept here, and another one that the server tells for it.
    Changed(Box<(v1::Receipt, v1::Receipt)>),
    /// It did not answer.
    Away(Status),
}

/// What was answered with a receipt and is unknown to the server, oldest first. It is
/// looked for from the end: what a backup has, it has from the beginning. What it has
/// has to be as it was.
async fn lost(
    connection: &Connection,
    outbox: &Outbox,
    department: &str,
) -> Result<Vec<(Answered, Position)>, Unclear> {
    let mut lost = Vec::new();
    for (answered, position, kept) in answered(outbox, department).into_iter().rev() {
        let id: SubmissionId = id_of(&answered.id);
        match receipt(connection, id.to_string()).await {
            Err(status) if status.code() == Code::NotFound => lost.push((answered, position)),
            Ok(told) if told.entry_hash != kept.entry_hash => {
                return Err(Unclear::Changed(Box::new((kept, told))));
            }
            Ok(_) => break,
            Err(status) => return Err(Unclear::Away(status)),
        }
    }
    lost.reverse();
    Ok(lost)
}

/// What the server gave receipts for, each submission once, in the order of the chain,
/// with the receipt that counts.
fn answered(outbox: &Outbox, department: &str) -> Vec<(Answered, Position, v1::Receipt)> {
    let mut all: Vec<(Answered, Position, v1::Receipt)> = Vec::new();
    for (position, record) in outbox.records().flatten() {
        let answered = match record.entry {
            Some(Entry::Answered(answered)) => answered,
            Some(Entry::Trusted(Trusted { receipt: Some(trusted), .. })) => {
                let of_it = all
                    .iter_mut()
                    .filter(|(.., receipt)| receipt.submission_id == trusted.submission_id);
                of_it.for_each(|(.., receipt)| receipt.clone_from(&trusted));
                continue;
            }
            _ => continue,
        };
        let Answered { id, prepared, response, .. } = answered;
        let receipt = response.and_then(|answer| answer.receipt);
        if let Some(receipt) = receipt.filter(|receipt| receipt.department == department) {
            // Only what names it is kept: there may be many.
            let receipt = v1::Receipt { siblings: Vec::new(), ..receipt };
            all.push((Answered { id, prepared, ..Answered::default() }, position, receipt));
        }
    }
    let mut seen = HashSet::new();
    all.reverse();
    all.retain(|(answered, ..)| seen.insert(answered.id.clone()));
    all.sort_by_key(|(.., receipt)| receipt.sequence);
    all
}
