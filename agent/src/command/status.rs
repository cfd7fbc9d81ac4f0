//! `status`: what waits and why, the last contact; `--send` sends it.

use jiff::Timestamp;
use serde::Serialize;

use crate::app::{App, Failed};
use crate::catalogue;
use crate::clock;
use crate::collected::Collected;
use crate::console::Tone;
use crate::contact::Contact;
use crate::exit::Exit;
use crate::outbox::record::Waiting;
use crate::outbox::{View, id_of};
use crate::reconcile;
use crate::refused::Context;
use crate::report::Report;
use crate::run::shown::Shown;
use crate::sending::Sending;
use crate::table;

/// Most waiting submissions that are listed.
const MOST_LISTED: usize = 20;

/// What is known of this computer's sending, for programs.
#[derive(Debug, Serialize)]
struct Status {
    command: &'static str,
    server: Option<String>,
    department: Option<String>,
    agent: String,
    contact: Contact,
    waiting_submissions: usize,
    waiting_measurements: u64,
    waiting: Vec<Waits>,
    answered: u64,
    failed: u64,
    last_sequence: Option<u64>,
    #[serde(flatten)]
    shown: Shown,
    exit: u8,
}

/// A submission that waits, for programs.
#[derive(Debug, Serialize)]
struct Waits {
    submission: String,
    file: String,
    measurements: u32,
    since: Option<Timestamp>,
}

pub(super) async fn run(app: &mut App<'_>, send: bool) -> Result<Exit, Failed> {
    if send {
        return send_waiting(app).await;
    }
    let view = View::open(&app.home).map_err(|error| app.ledger(&error))?;
    let waiting: Vec<&Waiting> = view.index.waiting().collect();
    let (answered, failed) = view.index.closed();
    let status = Status {
        command: "status",
        server: app.config.server.clone(),
        department: app.config.department.clone(),
        agent: app.config.agent.clone(),
        contact: Contact::load(&app.home),
        waiting_submissions: waiting.len(),
        waiting_measurements: waiting.iter().map(|waiting| u64::from(waiting.items)).sum(),
        waiting: waiting.iter().take(MOST_LISTED).map(|one| waits(&view, one)).collect(),
        answered,
        failed,
        last_sequence: view.index.last_receipt().map(|receipt| receipt.sequence),
        shown: Shown::of(app),
        exit: Exit::Done as u8,
    };
    tell(app, &status);
    status.shown.tell(app);
    app.console.document(&status);
    Ok(Exit::Done)
}

fn waits(view: &View, waiting: &Waiting) -> Waits {
    let prepared = view.prepared_at(waiting.prepared).unwrap_or_default();
    Waits {
        submission: id_of(&waiting.id).to_string(),
        file: prepared.places.map(|places| places.file).unwrap_or_default(),
        measurements: waiting.items,
        since: Timestamp::from_microsecond(prepared.at_us).ok().filter(|_| prepared.at_us > 0),
    }
}

fn tell(app: &mut App<'_>, status: &Status) {
    let lang = app.lang();
    let console = &mut *app.console;
    console.line(&lang.status_server(status.server.as_deref().unwrap_or("–")));
    let department = status.department.as_deref().unwrap_or("–");
    console.line(&lang.status_department(department, &status.agent));
    let contact = &status.contact;
    match contact.last {
        Some(last) => {
            let at = clock::for_people(last);
            let (server, catalogue) = (&contact.server_version, &contact.catalogue_version);
            console.line(&lang.status_contact(&at, server, catalogue));
            console.line(&lang.clock_skew(contact.clock_ahead_ms / 1_000));
        }
        None => console.line(lang.never_in_contact()),
    }
    let failure = contact.failure.as_ref();
    // A failure before the last contact is over.
    if let Some(failure) = failure.filter(|failure| contact.last.is_none_or(|l| l < failure.at)) {
        console.line(&lang.status_failure(&clock::for_people(failure.at), &failure.why));
    }
    console.line(&lang.status_answered(status.answered, status.failed));
    if status.waiting_submissions == 0 {
        console.toned(Tone::Good, lang.nothing_waits());
        return;
    }
    let (submissions, items) = (status.waiting_submissions, status.waiting_measurements);
    console.toned(Tone::Warn, &lang.status_waiting(submissions, items));
    let headings =
        [lang.column_submission(), lang.column_file(), lang.column_items(), lang.column_since()];
    let row = |one: &Waits| {
        let since = one.since.map(clock::for_people).unwrap_or_default();
        vec![one.submission.clone(), one.file.clone(), one.measurements.to_string(), since]
    };
    let rows: Vec<_> = status.waiting.iter().map(row).collect();
    table::write(console, &headings, &rows);
    if submissions > rows.len() {
        console.line(&lang.more(submissions - rows.len()));
    }
}

async fn send_waiting(app: &mut App<'_>) -> Result<Exit, Failed> {
    let lang = app.lang();
    let mut connection = app.connection()?;
    let mut outbox = app.outbox()?;
    if app.meet(&mut connection).await.is_some() {
        reconcile::compare(app, &connection, &mut outbox).await?;
    }
    let waiting = outbox.index().waiting().count();
    if waiting == 0 {
        app.console.line(lang.nothing_waits());
    }
    let known = catalogue::kept(&app.home);
    let department = app.config.department.clone().unwrap_or_default();
    let rejects = app.home.path().join(format!("status{}.xlsx", lang.rejects_suffix()));
    let shown = rejects.display().to_string();
    let mut sending = Sending {
        connection,
        outbox,
        report: Report { command: "status", department: department.clone(), ..Report::default() },
        collected: Collected::new(rejects, lang, app.console.json),
        doubts: Vec::new(),
        context: Context { catalogue: known.as_ref(), department: &department, lang },
        act: None,
    };
    sending.send_all(app).await?;
    sending.end(app, &shown)
}
