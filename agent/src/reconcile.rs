//! Compares the two ledgers: does the server still have what it gave receipts for?
//!
//! A server that was restored from an old backup has lost what came later. This
//! computer has all of it, and sends it again under the ids it had.

use std::collections::HashSet;

use tiendo_shared::submission::SubmissionId;
use tiendo_shared::wire::v1;
use tonic::{Code, Status};

use crate::app::{App, Failed};
use crate::connection::{ANSWER, Connection, within};
use crate::outbox::record::{Answered, Entry};
use crate::outbox::{Outbox, id_of};

/// Asks for the last receipt; lets everything be sent again that the server no longer has.
pub(crate) async fn compare(
    app: &mut App<'_>,
    connection: &Connection,
    outbox: &mut Outbox,
) -> Result<(), Failed> {
    let Some(last) = outbox.index().last_receipt().cloned() else { return Ok(()) };
    // Another department's chain is not open to this one.
    if app.config.department.as_deref() != Some(&last.department) {
        return Ok(());
    }
    let lang = app.lang();
    match receipt(connection, last.submission_id.clone()).await {
        Ok(known) if known.entry_hash == last.entry_hash => {}
        Ok(_) => app.warn(&lang.server_rewrote(last.sequence)),
        Err(status) if status.code() == Code::NotFound => {
            let gone = lost(connection, outbox, &last.department).await;
            app.warn(&lang.server_lost(gone.len()));
            for answered in &gone {
                outbox.reopen(answered).map_err(|error| app.ledger(&error))?;
            }
        }
        Err(status) => tracing::info!("the last receipt could not be compared: {status}"),
    }
    Ok(())
}

async fn receipt(connection: &Connection, submission_id: String) -> Result<v1::Receipt, Status> {
    let mut client = connection.collection();
    let call = client.get_receipt(v1::GetReceiptRequest { submission_id });
    Ok(within(ANSWER, call).await?.into_inner().receipt.unwrap_or_default())
}

/// What was answered with a receipt and is unknown to the server, oldest first. It is
/// looked for from the end: what a backup has, it has from the beginning.
async fn lost(connection: &Connection, outbox: &Outbox, department: &str) -> Vec<Answered> {
    let mut lost = Vec::new();
    for answered in answered(outbox, department).into_iter().rev() {
        let id: SubmissionId = id_of(&answered.id);
        match receipt(connection, id.to_string()).await {
            Err(status) if status.code() == Code::NotFound => lost.push(answered),
            _ => break,
        }
    }
    lost.reverse();
    lost
}

/// What the server gave receipts for, each submission once, in the order of the last answers.
fn answered(outbox: &Outbox, department: &str) -> Vec<Answered> {
    let mut all = Vec::new();
    for (_, record) in outbox.records().flatten() {
        let Some(Entry::Answered(answered)) = record.entry else { continue };
        let receipt = answered.response.as_ref().and_then(|answer| answer.receipt.as_ref());
        if receipt.is_some_and(|receipt| receipt.department == department) {
            // Only what names it is kept: there may be many.
            let Answered { id, prepared, .. } = answered;
            all.push(Answered { id, prepared, ..Answered::default() });
        }
    }
    let mut seen = HashSet::new();
    all.reverse();
    all.retain(|answered| seen.insert(answered.id.clone()));
    all.reverse();
    all
}
