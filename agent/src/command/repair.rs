//! `repair`: what is damaged in the ledger is set aside and named, and had again from the server where it can be.

use jiff::Timestamp;
use prost::Message as _;
use serde::Serialize;
use tiendo_shared::submission::SubmissionId;
use tiendo_shared::wire::v1;
use tonic::Status;

use crate::app::{App, Failed};
use crate::asking::ask;
use crate::clock;
use crate::connection::Connection;
use crate::console::Tone;
use crate::exit::Exit;
use crate::outbox::record::{Answered, Prepared};
use crate::outbox::{Doubtful, Examined, Lost, Outbox, examine, id_of};
use crate::proof;

/// What was done, for programs.
#[derive(Debug, Default, Serialize)]
struct Repaired {
    command: &'static str,
    damage: Vec<Damaged>,
    /// Submissions with a receipt whose figures came back from the server.
    fetched: Vec<String>,
    /// Submissions with a receipt whose figures only the server has.
    missing: Vec<String>,
    /// Submissions that may have been meant to be sent.
    doubtful: Vec<Doubted>,
    released: usize,
    waiting: usize,
    exit: u8,
}

/// A damaged range, for programs.
#[derive(Debug, Serialize)]
struct Damaged {
    detail: String,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
}

/// A submission that was prepared and not sent, for programs.
#[derive(Debug, Serialize)]
struct Doubted {
    submission: String,
    file: String,
    measurements: u32,
    prepared: Option<Timestamp>,
}

pub(super) async fn run(app: &mut App<'_>, release: bool) -> Result<Exit, Failed> {
    let mut outbox = app.free_outbox().await?;
    let Examined { damage, gone, doubtful } = examine(outbox.records());
    let mut repaired = Repaired { command: "repair", ..Repaired::default() };
    fetch_again(app, &mut outbox, gone, &mut repaired).await?;
    for Lost { damage, after, before } in damage {
        outbox.set_aside(&damage, clock::now()).map_err(|error| app.ledger(&error))?;
        repaired.damage.push(Damaged { detail: damage.to_string(), after, before });
    }
    if release {
        repaired.released = doubtful.len();
        let mut acts: Vec<_> = doubtful.iter().map(|doubtful| id_of(&doubtful.act)).collect();
        acts.dedup();
        for act in acts {
            outbox.release_again(act).map_err(|error| app.ledger(&error))?;
        }
    }
    repaired.doubtful = doubtful.into_iter().map(Doubted::from).collect();
    repaired.waiting = outbox.index().waiting().count();
    outbox.close().map_err(|error| app.ledger(&error))?;
    let is_whole = repaired.missing.is_empty() && (release || repaired.doubtful.is_empty());
    let exit = if is_whole { Exit::Done } else { Exit::LedgerBroken };
    repaired.exit = exit as u8;
    tell(app, &repaired, release);
    app.console.document(&repaired);
    Ok(exit)
}

/// Asks the server for figures that it gave a receipt for and this computer cannot read any more.
async fn fetch_again(
    app: &mut App<'_>,
    outbox: &mut Outbox,
    gone: Vec<Answered>,
    repaired: &mut Repaired,
) -> Result<(), Failed> {
    if gone.is_empty() {
        return Ok(());
    }
    let connection = app.connection()?;
    for answered in gone {
        let name = id_of(&answered.id).to_string();
        match fetch(&connection, &answered).await {
            Ok(Some(prepared)) => {
                outbox.prepare(prepared).map_err(|error| app.ledger(&error))?;
                repaired.fetched.push(name);
            }
            Ok(None) => repaired.missing.push(name),
            Err(status) => {
                tracing::info!("the server could not be asked for `{name}`: {status}");
                repaired.missing.push(name);
            }
        }
    }
    Ok(())
}

/// The submission as the server recorded it; none unless it is the one the receipt is for.
async fn fetch(connection: &Connection, answered: &Answered) -> Result<Option<Prepared>, Status> {
    let Some(receipt) = answered.response.as_ref().and_then(|answer| answer.receipt.as_ref())
    else {
        return Ok(None);
    };
    let request = v1::ListEntriesRequest {
        department: receipt.department.clone(),
        from_sequence: receipt.sequence,
        page_size: 1,
        ..v1::ListEntriesRequest::default()
    };
    let page = ask(|| {
        let (mut client, request) = (connection.ledger(), request.clone());
        async move { client.list_entries(request).await }
    });
    let page = page.await?;
    let Some(entry) = page.entries.into_iter().next() else { return Ok(None) };
    let Ok(content) = v1::SubmissionContent::decode(&*entry.content) else { return Ok(None) };
    let id: SubmissionId = id_of(&answered.id);
    let request = v1::SubmitMeasurementsRequest {
        submission_id: id.to_string(),
        groups: content.groups,
        ..v1::SubmitMeasurementsRequest::default()
    };
    let items = request.groups.iter().map(|group| group.measurements.len()).sum::<usize>();
    let prepared = Prepared {
        id: answered.id.clone(),
        act: answered.id.clone(),
        department: receipt.department.clone(),
        request: request.encode_to_vec(),
        items: u32::try_from(items).unwrap_or(u32::MAX),
        at_us: answered.at_us,
        ..Prepared::default()
    };
    Ok(proof::is_of(receipt, &prepared, answered).then_some(prepared))
}

impl From<Doubtful> for Doubted {
    fn from(doubtful: Doubtful) -> Self {
        Self {
            submission: id_of(&doubtful.id).to_string(),
            file: doubtful.file,
            measurements: doubtful.items,
            prepared: Timestamp::from_microsecond(doubtful.at_us).ok(),
        }
    }
}

fn tell(app: &mut App<'_>, repaired: &Repaired, release: bool) {
    let lang = app.lang();
    let console = &mut *app.console;
    let at = |at: Option<Timestamp>| at.map_or_else(|| "–".to_owned(), clock::for_people);
    for damaged in &repaired.damage {
        let (after, before) = (at(damaged.after), at(damaged.before));
        console.toned(Tone::Warn, &lang.repair_damage(&damaged.detail, &after, &before));
    }
    if !repaired.fetched.is_empty() {
        console.toned(Tone::Good, &lang.repair_fetched(repaired.fetched.len()));
    }
    for submission in &repaired.missing {
        console.toned(Tone::Bad, &lang.repair_missing(submission));
    }
    for doubted in &repaired.doubtful {
        let Doubted { submission, file, measurements, prepared } = doubted;
        console.line(&lang.repair_doubtful(submission, file, *measurements, &at(*prepared)));
    }
    if release && repaired.released > 0 {
        console.line(&lang.repair_released(repaired.released));
    } else if !repaired.doubtful.is_empty() {
        console.toned(Tone::Warn, lang.repair_ask());
    }
    if repaired.damage.is_empty() && repaired.fetched.is_empty() && repaired.missing.is_empty() {
        console.toned(Tone::Good, lang.repair_nothing());
    } else {
        console.line(&lang.repair_done(repaired.damage.len()));
    }
    if repaired.waiting > 0 {
        console.line(&lang.repair_waiting(repaired.waiting));
    }
}
