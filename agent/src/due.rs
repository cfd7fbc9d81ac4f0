//! What the department still has to send: as the server says, or as far as this computer knows.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use prost::Message as _;
use serde::Serialize;
use tiendo_shared::calendar::Phase;
use tiendo_shared::catalogue::{Catalogue, IndicatorIndex};
use tiendo_shared::check::{Checked, Checker};
use tiendo_shared::coverage::{Coverage, Duties, Item, Tally};
use tiendo_shared::department::Department;
use tiendo_shared::measurement::Value;
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::submission::{Outcome, Refusal};
use tiendo_shared::wire::{self, v1};
use tonic::Status;

use crate::app::{App, Failed};
use crate::clock;
use crate::connection::{ANSWER, Connection, within};
use crate::contact::Contact;
use crate::outbox::record::{Entry, Prepared};
use crate::outbox::{self, View};

/// A report of which something is still to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DueReport {
    /// Its period.
    pub(crate) period: ReportingPeriod,
    /// Measurements expected.
    pub(crate) expected: u32,
    /// Measurements received by the server, as far as is known.
    pub(crate) received: u32,
    /// Ids of the indicators that are still to be sent.
    pub(crate) outstanding: Vec<String>,
    /// How many of those wait in this computer's ledger.
    pub(crate) waiting: usize,
    /// Last instant at which it is on time.
    pub(crate) due: Timestamp,
    /// Whether it counts as late.
    pub(crate) late: bool,
}

/// An indicator's total for a period.
type Key = (IndicatorIndex, ReportingPeriod);

/// What the ledger of this computer holds of a department.
#[derive(Debug, Default)]
struct Held {
    /// What the server gave receipts for, oldest first.
    received: HashMap<Key, Vec<(Value, Timestamp)>>,
    /// What waits to be sent.
    waiting: HashSet<Key>,
}

/// Who says what is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    /// The server.
    Server,
    /// The ledger of this computer, with the catalogue it keeps.
    Ledger,
}

/// The reports of which something is still to be sent, earliest due first, and who says
/// so: the server if it answers.
pub(crate) async fn list(
    app: &mut App<'_>,
    connection: Option<&Connection>,
    catalogue: &Catalogue,
    department: &Department,
) -> Result<(Vec<DueReport>, Source), Failed> {
    let lang = app.lang();
    let view = View::open(&app.home).map_err(|error| app.ledger(&error))?;
    let held = |whole| Held::of(&view, catalogue, department, whole);
    if let Some(connection) = connection {
        let waiting = held(false).map_err(|error| app.ledger(&error))?;
        match by_server(connection, catalogue, &waiting).await {
            Ok(due) => return Ok((due, Source::Server)),
            Err(status) => app.console.note(&lang.server_said(&status)),
        }
    }
    let held = held(true).map_err(|error| app.ledger(&error))?;
    let now = Contact::load(&app.home).server_time(clock::now());
    Ok((by_ledger(catalogue, &department.id, &held, now), Source::Ledger))
}

async fn by_server(
    connection: &Connection,
    catalogue: &Catalogue,
    held: &Held,
) -> Result<Vec<DueReport>, Status> {
    let mut client = connection.collection();
    let mut request = v1::ListDueReportsRequest::default();
    let mut due = Vec::new();
    loop {
        let call = client.list_due_reports(request.clone());
        let page = within(ANSWER, call).await?.into_inner();
        due.extend(page.reports.iter().filter_map(|report| told(report, catalogue, held)));
        if page.next_page_token.is_empty() {
            return Ok(due);
        }
        request.page_token = page.next_page_token;
    }
}

/// A report as the server tells it; none if this program is too old for its period.
fn told(report: &v1::DueReport, catalogue: &Catalogue, held: &Held) -> Option<DueReport> {
    let period = report.period.parse().ok()?;
    let waits = |id: &&String| {
        let indicator = catalogue.indicator_index(id);
        indicator.is_some_and(|indicator| held.waiting.contains(&(indicator, period)))
    };
    Some(DueReport {
        period,
        expected: report.expected,
        received: report.received,
        waiting: report.outstanding.iter().filter(waits).count(),
        outstanding: report.outstanding.clone(),
        due: wire::instant(report.due_at.as_ref()?)?,
        late: report.phase() == v1::ReportPhase::Late,
    })
}

/// The same as far as this computer knows.
fn by_ledger(
    catalogue: &Catalogue,
    department: &str,
    held: &Held,
    now: Timestamp,
) -> Vec<DueReport> {
    let calendar = catalogue.calendar();
    let duties = Duties::of(catalogue);
    let mut due = Vec::new();
    for period in duties.periods(department, now) {
        let phase = calendar.phase(period, now);
        let items = duties.owed(department, period).into_iter().map(|indicator| {
            let said = held.received.get(&(indicator, period));
            Item::of(indicator, said.into_iter().flatten().copied())
        });
        let coverage = Coverage { period, items: items.collect() };
        if coverage.is_settled() || phase == Phase::Locked {
            continue;
        }
        let tally = Tally::of(&coverage, calendar);
        let outstanding: Vec<_> = coverage.outstanding().collect();
        let id = |place: &IndicatorIndex| catalogue.indicators()[usize::from(*place)].id.clone();
        let waits = |place: &&IndicatorIndex| held.waiting.contains(&(**place, period));
        due.push(DueReport {
            period,
            expected: tally.expected,
            received: tally.received,
            outstanding: outstanding.iter().map(id).collect(),
            waiting: outstanding.iter().filter(waits).count(),
            due: calendar.due(period),
            late: phase == Phase::Late,
        });
    }
    due.sort_by_key(|report| (report.due, report.period));
    due
}

impl Held {
    /// What the ledger holds of `department`. What was received is gathered only if
    /// `whole`: it takes reading all of the ledger.
    fn of(
        view: &View,
        catalogue: &Catalogue,
        department: &Department,
        whole: bool,
    ) -> Result<Self, outbox::Error> {
        let mut held = Self::default();
        for waiting in view.index.waiting() {
            let prepared = view.prepared_at(waiting.prepared)?;
            held.waiting.extend(totals(&prepared, catalogue, department).map(|(_, it)| key(&it)));
        }
        let records = whole.then(|| view.records().flatten()).into_iter().flatten();
        for (_, record) in records {
            let Some(Entry::Answered(answered)) = record.entry else { continue };
            let Some(response) = answered.response else { continue };
            let received = response.receipt.as_ref().and_then(|it| it.received_at.as_ref());
            let Some(received) = received.and_then(wire::instant) else { continue };
            let prepared = view.prepared_at(answered.prepared)?;
            for (index, item) in totals(&prepared, catalogue, department) {
                let outcome = response.outcomes.get(index).copied();
                if outcome != Some(Outcome::Rejected as i32) {
                    let said = held.received.entry(key(&item)).or_default();
                    said.push((item.observation.value, received));
                }
            }
        }
        Ok(held)
    }
}

fn key(item: &Checked) -> Key {
    (item.indicator, item.period)
}

/// The measurements of a submission that are totals, with their places in it.
fn totals(
    prepared: &Prepared,
    catalogue: &Catalogue,
    department: &Department,
) -> impl Iterator<Item = (usize, Checked)> + use<> {
    let mut items: Vec<Result<Checked, Refusal>> = Vec::new();
    if prepared.department == department.id {
        let request = v1::SubmitMeasurementsRequest::decode(&*prepared.request);
        let groups = request.map(|request| request.groups).unwrap_or_default();
        let checker = Checker { catalogue, department, now: Timestamp::UNIX_EPOCH };
        items = wire::read_all(&checker, &groups);
    }
    let good = items.into_iter().enumerate().filter_map(|(at, item)| Some((at, item.ok()?)));
    good.filter(|(_, item)| item.members.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::tests::catalogue;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn held(catalogue: &Catalogue, said: &[(&str, &str)]) -> Held {
        let mut held = Held::default();
        for (indicator, period) in said {
            let key = (catalogue.indicator_index(indicator).unwrap(), period.parse().unwrap());
            let value = Value::Number(1.into());
            held.received.insert(key, vec![(value, at("2026-08-20T00:00:00Z"))]);
        }
        held
    }

    fn due(catalogue: &Catalogue, held: &Held, now: &str) -> Vec<(String, u32, u32, bool)> {
        let due = by_ledger(catalogue, "vp-ubnd", held, at(now));
        let row = |it: DueReport| (it.period.to_string(), it.received, it.expected, it.late);
        due.into_iter().map(row).filter(|(period, ..)| period.starts_with("2026-0")).collect()
    }

    #[test]
    fn the_earliest_due_comes_first_and_what_is_settled_is_gone() {
        let catalogue = catalogue();
        let nothing = due(&catalogue, &Held::default(), "2026-03-20T00:00:00+07");
        let expected =
            [("2026-01", true), ("2026-02", true), ("2026-03", true), ("2026-04", false)];
        let expected = expected.map(|(period, late)| (period.to_owned(), 0, 1, late));
        assert_eq!(nothing, expected);
        let some = held(&catalogue, &[("online-public-service-use", "2026-02")]);
        let left = due(&catalogue, &some, "2026-03-17T23:59:59+07");
        let left: Vec<_> = left.iter().map(|(period, _, _, late)| (&**period, *late)).collect();
        assert_eq!(left, [("2026-01", true), ("2026-03", false), ("2026-04", false)]);
    }
}
