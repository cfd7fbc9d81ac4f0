//! Departments: who owes what for which period, who is late, and when agents were last heard of.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use tiendo_shared::wire::{self, v1};
use v1::{Basis, ReportPhase};

use super::entry::Reader;
use super::lang::Lang;
use super::refusal::{Refusal, page as written};
use super::shell::{Asked, Shell};
use super::{Page, Web};
use crate::failure::Failure;
use crate::page;

#[derive(Template)]
#[template(path = "departments.html")]
struct Departments<'a> {
    shell: Shell<'a>,
    periods: Vec<Head>,
    late: Vec<Late<'a>>,
    rows: Vec<Row<'a>>,
    agents: Vec<Agent<'a>>,
}

/// A period, and until when its report is on time.
struct Head {
    period: String,
    due: String,
    phase: &'static str,
}

/// A department with reports that are overdue.
struct Late<'a> {
    name: &'a str,
    reports: Vec<String>,
}

/// A department with a cell for each period; none where it owes nothing.
struct Row<'a> {
    name: &'a str,
    is_province: bool,
    cells: Vec<Option<Cell>>,
}

/// What came of a report.
struct Cell {
    class: &'static str,
    received: u32,
    expected: u32,
    remark: String,
}

/// An agent.
struct Agent<'a> {
    department: &'a str,
    name: String,
    last_contact: String,
    certificate_ends: String,
}

/// The page.
pub(super) async fn page(
    State(web): State<Arc<Web>>,
    lang: Lang,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Page {
    reader.is_known(lang)?;
    let made = web.departments(lang, reader, &asked).await;
    Ok(written(&made.map_err(|failure| Refusal::new(lang, failure))?))
}

impl Web {
    async fn departments(
        &self,
        lang: Lang,
        reader: Reader,
        asked: &Asked,
    ) -> Result<Departments<'_>, Failure> {
        let when = self.when(asked)?;
        let mut request = v1::ListReportingRatesRequest {
            as_of: when.asked(),
            page_size: page::MOST,
            ..Default::default()
        };
        let mut rates = Vec::new();
        loop {
            let told = self.services.reports.rates(&request, when.now).await?;
            rates.extend(told.rates);
            // All pages of one instant.
            request.as_of = told.as_of;
            if told.next_page_token.is_empty() {
                break;
            }
            request.page_token = told.next_page_token;
        }
        let heads = rates.iter().filter(|rate| rate.department.is_empty());
        let periods: Vec<Head> = heads.map(|rate| head(lang, rate)).collect();
        let mut by_department: BTreeMap<&str, BTreeMap<&str, &v1::ReportingRate>> = BTreeMap::new();
        for rate in &rates {
            by_department.entry(&rate.department).or_default().insert(&rate.period, rate);
        }
        let late = by_department.iter().filter(|(id, _)| !id.is_empty());
        let late = late.map(|(id, of_periods)| {
            let overdue = of_periods.values().filter(|rate| is_overdue(rate));
            let reports = overdue.map(|rate| overdue_report(lang, rate)).collect();
            Late { name: self.department_name(lang, id), reports }
        });
        let late = late.filter(|late| !late.reports.is_empty()).collect();
        let rows = by_department.iter().map(|(id, of_periods)| {
            let cell = |head: &Head| of_periods.get(head.period.as_str()).map(|it| cell(lang, it));
            Row {
                name: self.department_name(lang, id),
                is_province: id.is_empty(),
                cells: periods.iter().map(cell).collect(),
            }
        });
        let rows = rows.collect();
        let agents = self.agents(lang).await?;
        let shell = self.shell(lang, reader, asked, &when, "departments");
        Ok(Departments { shell, periods, late, rows, agents })
    }

    fn department_name(&self, lang: Lang, id: &str) -> &str {
        if id.is_empty() {
            return lang.words().province;
        }
        self.services.catalogue.department(id).map_or("", |found| lang.text(&found.name))
    }

    async fn agents(&self, lang: Lang) -> Result<Vec<Agent<'_>>, Failure> {
        let mut request =
            v1::ListAgentsRequest { page_size: page::MOST, ..v1::ListAgentsRequest::default() };
        let mut agents = Vec::new();
        loop {
            let told = self.services.administration.agents(&request).await?;
            let current = told.agents.into_iter().filter(|it| !it.revoked && it.role == "agent");
            agents.extend(current.map(|agent| {
                let said = |at: Option<prost_types::Timestamp>| {
                    let instant = at.as_ref().and_then(wire::instant);
                    instant.map(|instant| lang.instant(instant))
                };
                let never = || lang.words().not_since_start.to_owned();
                Agent {
                    department: self.department_name(lang, &agent.department),
                    last_contact: said(agent.last_contact).unwrap_or_else(never),
                    certificate_ends: said(agent.certificate_not_after).unwrap_or_default(),
                    name: agent.name,
                }
            }));
            if told.next_page_token.is_empty() {
                return Ok(agents);
            }
            request.page_token = told.next_page_token;
        }
    }
}

fn head(lang: Lang, rate: &v1::ReportingRate) -> Head {
    let due = rate.due_at.as_ref().and_then(wire::instant);
    Head {
        period: rate.period.clone(),
        due: due.map(|due| lang.day(due)).unwrap_or_default(),
        phase: lang.phase(rate.phase()),
    }
}

/// Whether a report is not complete though its day has passed.
fn is_overdue(rate: &v1::ReportingRate) -> bool {
    let is_over = matches!(rate.phase(), ReportPhase::Late | ReportPhase::Locked);
    is_over && rate.received < rate.expected
}

/// Which report it is, how much of it is there, and since when it is overdue.
fn overdue_report(lang: Lang, rate: &v1::ReportingRate) -> String {
    let v1::ReportingRate { period, received, expected, .. } = rate;
    let due = rate.due_at.as_ref().and_then(wire::instant);
    let due = due.map(|due| lang.day(due)).unwrap_or_default();
    format!("{period}: {received}/{expected}, {} {due}", lang.words().due)
}

fn cell(lang: Lang, rate: &v1::ReportingRate) -> Cell {
    let w = lang.words();
    let is_complete = rate.received >= rate.expected;
    let class = match (is_complete, is_overdue(rate)) {
        (true, _) => "full",
        (false, true) => "overdue",
        (false, false) => "open",
    };
    let remark = match rate.days_late.filter(|days| *days > 0) {
        Some(days) => format!("{} {days} {}", w.late_by, w.days),
        None if is_complete => w.on_time.to_owned(),
        None if rate.received == 0 && rate.missing == 0 => w.nothing_yet.to_owned(),
        None => String::new(),
    };
    Cell { class, received: rate.received, expected: rate.expected, remark }
}
