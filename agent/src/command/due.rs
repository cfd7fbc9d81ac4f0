//! `due`: what the department owes and by when, late reports first.

use jiff::Timestamp;
use serde::Serialize;

use crate::app::{App, Failed};
use crate::clock;
use crate::console::Tone;
use crate::contact::Contact;
use crate::due::{self, DueReport, Source};
use crate::exit::Exit;
use crate::table;
use crate::text::Lang;

/// What is owed, for programs.
#[derive(Debug, Serialize)]
struct Owed<'a> {
    command: &'static str,
    department: &'a str,
    source: Source,
    as_of: Timestamp,
    late: usize,
    reports: Vec<Report<'a>>,
    exit: u8,
}

/// A report that is owed, for programs.
#[derive(Debug, Serialize)]
struct Report<'a> {
    period: String,
    due_at: Timestamp,
    days_left: i32,
    late: bool,
    expected: u32,
    received: u32,
    outstanding: &'a [String],
    waiting: usize,
}

pub(super) async fn run(app: &mut App<'_>) -> Result<Exit, Failed> {
    let mut connection = app.connection().ok();
    if let Some(way) = &mut connection
        && app.meet(way).await.is_none()
    {
        connection = None;
    }
    let catalogue = app.catalogue(connection.as_ref()).await?;
    let department = app.department(&catalogue)?;
    let (due, source) = due::list(app, connection.as_ref(), &catalogue, &department).await?;
    let now = Contact::load(&app.home).server_time(clock::now());
    let today = catalogue.calendar().today(now);
    let days_left =
        |report: &DueReport| -catalogue.calendar().days_since(clock::day(report.due), now);
    let late = due.iter().filter(|report| report.late).count();
    let exit = if late > 0 { Exit::Late } else { Exit::Done };
    let lang = app.lang();
    if source == Source::Ledger {
        app.warn(lang.due_by_ledger());
    }
    app.console.line(&lang.due_heading(lang.of(&department.name), &lang.day(today)));
    if due.is_empty() {
        app.console.toned(Tone::Good, lang.due_nothing());
    } else if late > 0 {
        app.console.toned(Tone::Bad, &lang.due_late(late));
    }
    let headings = [
        lang.column_period(),
        lang.column_due(),
        lang.column_state(),
        lang.column_received_of(),
        lang.column_waiting(),
    ];
    let rows: Vec<_> = due.iter().map(|report| row(report, days_left(report), lang)).collect();
    table::write(app.console, &headings, &rows);
    if let Some(first) = due.first() {
        app.console.line(&lang.due_next(&first.period.to_string()));
    }
    app.console.document(&Owed {
        command: "due",
        department: &department.id,
        source,
        as_of: now,
        late,
        reports: due.iter().map(|report| for_programs(report, days_left(report))).collect(),
        exit: exit as u8,
    });
    Ok(exit)
}

fn row(report: &DueReport, days_left: i32, lang: Lang) -> Vec<String> {
    let waiting = match report.waiting {
        0 => String::new(),
        count => count.to_string(),
    };
    vec![
        report.period.to_string(),
        lang.day(clock::day(report.due)),
        lang.days_left(days_left, report.late),
        lang.received_of(report.received, report.expected),
        waiting,
    ]
}

fn for_programs(report: &DueReport, days_left: i32) -> Report<'_> {
    Report {
        period: report.period.to_string(),
        due_at: report.due,
        days_left,
        late: report.late,
        expected: report.expected,
        received: report.received,
        outstanding: &report.outstanding,
        waiting: report.waiting,
    }
}
