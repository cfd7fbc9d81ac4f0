//! `status`: what waits and why, the last contact, returned reports and findings; `--send` sends what waits.

use jiff::Timestamp;
use serde::Serialize;
use tiendo_shared::wire;
use tiendo_shared::wire::v1;

use crate::app::{App, Failed};
use crate::catalogue;
use crate::clock;
use crate::collected::Collected;
use crate::console::{Console, Tone};
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
use crate::text::Lang;

/// Most waiting submissions, and most findings, that are listed.
const MOST_LISTED: usize = 20;

/// What is known of this computer's sending, for programs.
#[derive(Debug, Serialize)]
struct Status {
    command: &'static str,
    /// The one that answered last, or is asked first.
    server: Option<String>,
    /// All that are known.
    servers: Vec<String>,
    department: Option<String>,
    agent: String,
    role: Option<String>,
    certificate_not_after: Option<Timestamp>,
    contact: Contact,
    waiting_submissions: usize,
    waiting_measurements: u64,
    waiting: Vec<Waits>,
    answered: u64,
    failed: u64,
    last_sequence: Option<u64>,
    /// None if the server could not be asked.
    returned: Option<Vec<Returned>>,
    /// What a reviewer looks at twice in what is not approved.
    findings: Vec<Found>,
    #[serde(flatten)]
    shown: Shown,
    exit: u8,
}

/// A report that a reviewer sent back, for programs.
#[derive(Debug, Serialize)]
struct Returned {
    period: String,
    reason: String,
    reviewer: String,
    at: Option<Timestamp>,
}

/// A finding of a report, for programs.
#[derive(Debug, Serialize)]
struct Found {
    period: String,
    severity: &'static str,
    message: String,
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
    let unapproved = unapproved(app).await;
    let lang = app.lang();
    let findings = unapproved.iter().flatten().flat_map(|report| Found::of(report, lang));
    let findings = findings.collect();
    let returned = unapproved.map(|reports| {
        let returned = reports.into_iter().filter(|it| it.state() == v1::ReportState::Returned);
        returned.map(Returned::of).collect()
    });
    let view = View::open(&app.home).map_err(|error| app.ledger(&error))?;
    let waiting: Vec<&Waiting> = view.index.waiting().collect();
    let (answered, failed) = view.index.closed();
    let status = Status {
        command: "status",
        server: server(app),
        servers: app.config.servers.clone(),
        department: app.config.department.clone(),
        agent: app.config.agent.clone(),
        role: app.identity.as_ref().map(|identity| identity.bearer.role.clone()),
        certificate_not_after: app.identity.as_ref().map(|identity| identity.not_after),
        contact: Contact::load(&app.home),
        waiting_submissions: waiting.len(),
        waiting_measurements: waiting.iter().map(|waiting| u64::from(waiting.items)).sum(),
        waiting: waiting.iter().take(MOST_LISTED).map(|one| waits(&view, one)).collect(),
        answered,
        failed,
        last_sequence: view.index.last_receipt().map(|receipt| receipt.sequence),
        returned,
        findings,
        shown: Shown::of(app),
        exit: Exit::Done as u8,
    };
    tell(app, &status);
    status.shown.tell(app);
    app.console.document(&status);
    Ok(Exit::Done)
}

/// The server that answered last; the one that is asked first if none of them did.
fn server(app: &App<'_>) -> Option<String> {
    let servers = &app.config.servers;
    let last = Contact::load(&app.home).server;
    let first = || app.connection().map(|connection| connection.ways().address().to_owned()).ok();
    let known = Some(last).filter(|last| servers.contains(last)).or_else(first);
    known.or_else(|| servers.first().cloned())
}

/// The reports that are not approved; none if the server cannot be asked now.
async fn unapproved(app: &mut App<'_>) -> Option<Vec<v1::Report>> {
    let mut connection = app.connection().ok()?;
    app.meet(&mut connection).await?;
    match connection.unapproved().await {
        Ok(reports) => Some(reports),
        Err(status) => {
            tracing::info!("the reports could not be asked for: {status}");
            None
        }
    }
}

impl Returned {
    fn of(report: v1::Report) -> Self {
        let at = report.reviewed_at.as_ref().and_then(wire::instant);
        Self { period: report.period, reason: report.reason, reviewer: report.reviewer, at }
    }
}

impl Found {
    /// The findings of a report, in the officer's language.
    fn of(report: &v1::Report, lang: Lang) -> impl Iterator<Item = Self> {
        report.findings.iter().map(move |finding| Self {
            period: report.period.clone(),
            severity: match finding.severity() {
                v1::ReportFindingSeverity::Error => "error",
                _ => "warning",
            },
            message: lang.of(&finding.message.clone().unwrap_or_default().into()).to_owned(),
        })
    }
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
    if status.servers.len() > 1 {
        console.line(&lang.status_servers(&status.servers.join(", ")));
    }
    let department = status.department.as_deref().unwrap_or("–");
    match &app.identity {
        Some(identity) => {
            let until = clock::for_people(identity.not_after);
            console.line(&lang.status_identity(&identity.bearer, &until));
        }
        None => console.line(&lang.status_department(department, &status.agent)),
    }
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
    tell_reports(console, lang, status);
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

/// What came back, and what is to be looked at again.
fn tell_reports(console: &mut Console, lang: Lang, status: &Status) {
    let Some(returned) = &status.returned else {
        return console.line(lang.returned_unknown());
    };
    for one in returned {
        let at = one.at.map(clock::for_people).unwrap_or_default();
        let said = lang.status_returned(&one.period, &one.reviewer, &at, &one.reason);
        console.toned(Tone::Warn, &said);
    }
    for found in status.findings.iter().take(MOST_LISTED) {
        console.toned(Tone::Warn, &lang.status_finding(&found.period, &found.message));
    }
    if status.findings.len() > MOST_LISTED {
        console.line(&lang.more(status.findings.len() - MOST_LISTED));
    }
}

async fn send_waiting(app: &mut App<'_>) -> Result<Exit, Failed> {
    let lang = app.lang();
    let mut connection = app.connection()?;
    let mut outbox = app.free_outbox().await?;
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
