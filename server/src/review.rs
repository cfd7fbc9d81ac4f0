//! Use case: reports under review, and what reviewers do with them.

mod findings;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use tiendo_shared::act::{Act, REASON_CHARACTERS};
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::catalogue::rule::Severity;
use tiendo_shared::coverage::{Duties, Tally};
use tiendo_shared::inspect::Finding;
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::review::{Move, Report, State};
use tiendo_shared::submission::SubmissionId;
use tiendo_shared::wire::{self, v1};

use crate::clock::Clock;
use crate::failure::Failure;
use crate::figures::{as_of, known_department, period};
use crate::identity::{Caller, Role};
use crate::page;
use crate::reports::Reports;
use crate::store::{Error, Performed, SeriesQuery, Store};
use findings::Known;

/// Lists and judges reports.
#[derive(Debug, Clone)]
pub struct Review {
    /// Where acts are kept.
    pub store: Arc<dyn Store>,
    /// Who reports.
    pub catalogue: Arc<Catalogue>,
    /// What is owed and what came.
    pub reports: Reports,
    /// Dates acts.
    pub clock: Clock,
}

/// How often an approval looks again at a report whose department sends meanwhile.
const TRIES: u32 = 16;

/// Period and department: the order of the list.
type Key = (ReportingPeriod, String);

impl Review {
    /// Lists reports and their states.
    pub async fn list(
        &self,
        caller: &Caller,
        request: v1::ListReportsRequest,
    ) -> Result<v1::ListReportsResponse, Failure> {
        let department = self.department(caller, &request.department)?;
        let states = states(&request.states)?;
        let instant = self.store.settle(as_of(request.as_of)?, self.clock.now()).await?;
        let wanted = match request.period.as_str() {
            "" => None,
            text => Some(period(text)?),
        };
        let mut found = self.found(department.as_deref(), wanted, instant).await?;
        found.retain(|_, moves| states.is_empty() || states.contains(&state(moves)));
        let found = found.into_iter().collect();
        let (page, next_page_token) = page::slice(found, request.page_size, &request.page_token)?;
        let mut reports = Vec::with_capacity(page.len());
        let mut by_department: BTreeMap<String, Vec<(usize, ReportingPeriod)>> = BTreeMap::new();
        for (at, ((period, department), moves)) in page.into_iter().enumerate() {
            if !moves.is_empty() {
                by_department.entry(department.clone()).or_default().push((at, period));
            }
            reports.push(self.report(&Report { department, period, moves }, instant).await?);
        }
        for (department, periods) in by_department {
            let known = Known::of(&*self.store, &self.catalogue, &department, instant).await?;
            for (at, period) in periods {
                reports[at].findings = known.findings(period).into_iter().map(Into::into).collect();
            }
        }
        let as_of = Some(wire::timestamp(instant));
        Ok(v1::ListReportsResponse { reports, next_page_token, as_of })
    }

    /// Stands by a report.
    pub async fn approve(
        &self,
        caller: &Caller,
        request: &v1::ApproveReportRequest,
    ) -> Result<v1::Report, Failure> {
        let (period, seen) = (period(&request.period)?, as_of(request.seen_as_of)?);
        let department = &request.department;
        for _ in 0..TRIES {
            let (head, _) = self.store.head(department).await?;
            let instant = self.store.settle(None, self.clock.now()).await?;
            self.refuse_unseen(department, period, seen, instant).await?;
            self.refuse_errors(department, period, instant).await?;
            let act = Act::ReportApproved { period };
            match self.judge(caller, department, period, act, Some(head)).await {
                Err(Failure::Store(Error::Overtaken(_))) => {}
                judged => return judged,
            }
        }
        Err(changed(department, period))
    }

    /// Sends a report back.
    pub async fn send_back(
        &self,
        caller: &Caller,
        request: &v1::ReturnReportRequest,
    ) -> Result<v1::Report, Failure> {
        let (period, reason) = (period(&request.period)?, reason(&request.reason)?);
        let act = Act::ReportReturned { period, reason };
        self.judge(caller, &request.department, period, act, None).await
    }

    /// Opens an approved report again.
    pub async fn reopen(
        &self,
        caller: &Caller,
        request: &v1::ReopenReportRequest,
    ) -> Result<v1::Report, Failure> {
        let (period, reason) = (period(&request.period)?, reason(&request.reason)?);
        let act = Act::ReportReopened { period, reason };
        self.judge(caller, &request.department, period, act, None).await
    }

    /// Refuses to approve a report that could be, but for findings of severity error.
    async fn refuse_errors(
        &self,
        department: &str,
        period: ReportingPeriod,
        instant: Timestamp,
    ) -> Result<(), Failure> {
        let reports = self.store.reports(Some(department), Some(instant)).await?;
        let report = reports.into_iter().find(|report| report.period == period);
        if !report.is_some_and(|report| report.state().permits(State::Approved)) {
            // The store says why.
            return Ok(());
        }
        let findings = self.findings(department, period, instant).await?;
        let errors = findings.into_iter().filter(|finding| finding.severity == Severity::Error);
        let errors: Vec<String> = errors.map(|finding| finding.message.en).collect();
        if errors.is_empty() {
            return Ok(());
        }
        let errors = errors.join(" ");
        let message = format!(
            "the report of `{department}` for `{period}` has errors and cannot be approved; \
             return it for correction: {errors}"
        );
        Err(Failure::Precondition { reason: "REPORT_FINDINGS", message })
    }

    /// Refuses to approve figures that came after the reviewer looked.
    async fn refuse_unseen(
        &self,
        department: &str,
        period: ReportingPeriod,
        seen: Option<Timestamp>,
        instant: Timestamp,
    ) -> Result<(), Failure> {
        let Some(seen) = seen else { return Ok(()) };
        let query = SeriesQuery {
            department: Some(department.to_owned()),
            period: Some(period),
            as_of: Some(instant),
            ..SeriesQuery::default()
        };
        let series = self.store.series(&query).await?;
        let known = series.iter().flat_map(|one| &one.measurements);
        let sequences: BTreeSet<u64> = known.map(|measurement| measurement.sequence).collect();
        for sequence in sequences {
            // Its own receipt: what was lost and came back is dated with the first one.
            let entries = self.store.entries(department, sequence, 1).await?;
            if entries.first().is_none_or(|entry| seen < entry.recorded.received) {
                return Err(changed(department, period));
            }
        }
        Ok(())
    }

    async fn findings(
        &self,
        department: &str,
        period: ReportingPeriod,
        instant: Timestamp,
    ) -> Result<Vec<Finding>, Failure> {
        let known = Known::of(&*self.store, &self.catalogue, department, instant).await?;
        Ok(known.findings(period))
    }

    async fn judge(
        &self,
        caller: &Caller,
        department: &str,
        period: ReportingPeriod,
        act: Act,
        only_after: Option<u64>,
    ) -> Result<v1::Report, Failure> {
        if self.catalogue.department(department).is_none() {
            return Err(Failure::not_found("department", department));
        }
        let performed = Performed {
            id: SubmissionId::from_bytes(uuid::Uuid::now_v7().into_bytes()),
            department: department.to_owned(),
            by: caller.name.clone(),
            at: self.clock.now(),
            act,
            only_after,
        };
        self.store.act(performed).await?;
        let instant = self.store.settle(None, self.clock.now()).await?;
        let reports = self.store.reports(Some(department), Some(instant)).await?;
        let report = reports.into_iter().find(|report| report.period == period);
        let report = report.ok_or_else(|| Failure::not_found("report", department))?;
        let findings = self.findings(department, period, instant).await?;
        let findings = findings.into_iter().map(Into::into).collect();
        Ok(v1::Report { findings, ..self.report(&report, instant).await? })
    }

    /// The department asked for; agents may ask for their own alone.
    fn department(&self, caller: &Caller, asked: &str) -> Result<Option<String>, Failure> {
        if caller.role == Role::Agent {
            let own = caller.acts_for(&self.catalogue)?;
            if !asked.is_empty() && asked != own {
                let message = "reports of another department are not for agents".to_owned();
                return Err(Failure::Denied(message));
            }
            return Ok(Some(own.to_owned()));
        }
        if asked.is_empty() {
            return Ok(None);
        }
        known_department(&self.catalogue, asked)?;
        Ok(Some(asked.to_owned()))
    }

    /// The reports of a period, or the current ones and all that moved, with their moves.
    async fn found(
        &self,
        department: Option<&str>,
        wanted: Option<ReportingPeriod>,
        instant: Timestamp,
    ) -> Result<BTreeMap<Key, Vec<Move>>, Failure> {
        let periods = match wanted {
            Some(period) => vec![period],
            None => self.catalogue.calendar().current(instant),
        };
        let mut found: BTreeMap<Key, Vec<Move>> = BTreeMap::new();
        let duties = Duties::of(&self.catalogue);
        for id in duties.departments().filter(|id| department.is_none_or(|it| it == *id)) {
            let owed = periods.iter().filter(|period| !duties.owed(id, **period).is_empty());
            found.extend(owed.map(|period| ((*period, id.to_owned()), Vec::new())));
        }
        for report in self.store.reports(department, Some(instant)).await? {
            if wanted.is_none_or(|wanted| wanted == report.period) {
                found.insert((report.period, report.department), report.moves);
            }
        }
        Ok(found)
    }

    async fn report(&self, report: &Report, as_of: Timestamp) -> Result<v1::Report, Failure> {
        let Report { department, period, moves } = report;
        let (expected, received) = self.counts(department, *period, as_of).await?;
        let latest =
            |wanted: &dyn Fn(State) -> bool| moves.iter().rev().find(|moved| wanted(moved.state));
        let judged = latest(&|state| state != State::Received);
        let arrived = latest(&|state| state == State::Received);
        let (reviewer, reason) = match judged {
            Some(judged) => self.judgement(department, judged.sequence).await?,
            None => (String::new(), String::new()),
        };
        Ok(v1::Report {
            department: department.clone(),
            period: period.to_string(),
            state: v1::ReportState::from(report.state()) as i32,
            expected,
            received,
            due_at: Some(wire::timestamp(self.catalogue.calendar().due(*period))),
            reviewer,
            reviewed_at: judged.map(|judged| wire::timestamp(judged.at)),
            reason,
            received_at: arrived.map(|arrived| wire::timestamp(arrived.at)),
            findings: Vec::new(),
        })
    }

    /// Measurements expected and received of a report; none if none is owed.
    async fn counts(
        &self,
        department: &str,
        period: ReportingPeriod,
        as_of: Timestamp,
    ) -> Result<(u32, u32), Failure> {
        let coverage = self.reports.report(department, period, as_of).await?;
        let tally = coverage.map(|coverage| Tally::of(&coverage, self.catalogue.calendar()));
        Ok(tally.map_or((0, 0), |tally| (tally.expected, tally.received)))
    }

    /// Who did an act, and why.
    async fn judgement(
        &self,
        department: &str,
        sequence: u64,
    ) -> Result<(String, String), Failure> {
        let acts = self.store.acts(department, sequence, 1).await?;
        let Some(entry) = acts.into_iter().next() else { return Ok(Default::default()) };
        let reason = match entry.act() {
            Ok(Some(Act::ReportReturned { reason, .. } | Act::ReportReopened { reason, .. })) => {
                reason
            }
            _ => String::new(),
        };
        Ok((entry.agent, reason))
    }
}

fn changed(department: &str, period: ReportingPeriod) -> Failure {
    let message = format!(
        "figures of `{department}` for `{period}` came meanwhile; look at the report again"
    );
    Failure::Precondition { reason: "REPORT_CHANGED", message }
}

fn state(moves: &[Move]) -> State {
    moves.last().map_or(State::Missing, |last| last.state)
}

fn states(numbers: &[i32]) -> Result<Vec<State>, Failure> {
    let known = |number: i32| {
        let known = u8::try_from(number).ok()?.checked_sub(1).and_then(State::from_number);
        known.filter(|state| v1::ReportState::from(*state) as i32 == number)
    };
    let state = |number: &i32| {
        known(*number).ok_or_else(|| {
            let message = format!("no state of a report has the number {number}");
            Failure::invalid("states", "UNKNOWN_STATE", message)
        })
    };
    numbers.iter().map(state).collect()
}

/// What people can read: not empty, not endless, and nothing that moves a terminal's cursor.
fn reason(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    if text.is_empty() {
        let message = "say why; the department reads it";
        return Err(Failure::invalid("reason", "REASON_MISSING", message));
    }
    if text.chars().count() > REASON_CHARACTERS {
        let message = format!("longer than {REASON_CHARACTERS} characters");
        return Err(Failure::invalid("reason", "REASON_TOO_LONG", message));
    }
    if text.chars().any(|letter| letter.is_control() && letter != '\n') {
        let message = "control characters other than line breaks cannot be shown";
        return Err(Failure::invalid("reason", "REASON_FORM", message));
    }
    Ok(text.to_owned())
}
