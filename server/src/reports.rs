//! Use case: which reports are owed, what came of them, and who is late.

use std::sync::Arc;

use jiff::Timestamp;
use tiendo_shared::calendar::Phase;
use tiendo_shared::catalogue::{Catalogue, IndicatorIndex};
use tiendo_shared::coverage::{Coverage, Duties, Item, Tally};
use tiendo_shared::measurement::{Measurement, SeriesKey, Value};
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::review::State;
use tiendo_shared::wire::{self, v1};

use crate::failure::Failure;
use crate::figures::{as_of, known_department, period};
use crate::identity::Caller;
use crate::page;
use crate::store::{SeriesQuery, Store};

/// Answers with reports.
#[derive(Debug, Clone)]
pub struct Reports {
    /// Where measurements are kept.
    pub store: Arc<dyn Store>,
    /// What is owed, by whom and when.
    pub catalogue: Arc<Catalogue>,
}

/// A line of the rates: whose, of which period.
type Line = (String, ReportingPeriod, Tally);

impl Reports {
    /// The report of a department for a period as known at `as_of`; none if none is owed.
    pub async fn report(
        &self,
        department: &str,
        period: ReportingPeriod,
        as_of: Timestamp,
    ) -> Result<Option<Coverage>, Failure> {
        let owed = Duties::of(&self.catalogue).owed(department, period);
        if owed.is_empty() {
            return Ok(None);
        }
        self.coverage(department, period, owed, as_of).await.map(Some)
    }

    /// What the caller's department still has to send, earliest due first.
    pub async fn due(
        &self,
        caller: &Caller,
        request: &v1::ListDueReportsRequest,
        now: Timestamp,
    ) -> Result<v1::ListDueReportsResponse, Failure> {
        let department = caller.acts_for(&self.catalogue)?;
        let calendar = self.catalogue.calendar();
        let duties = Duties::of(&self.catalogue);
        let mut due = Vec::new();
        let now = self.store.settle(None, now).await?;
        let moved = self.store.reports(Some(department), Some(now)).await?;
        let is_approved = |period| {
            moved.iter().any(|report| report.period == period && report.state() == State::Approved)
        };
        for period in duties.periods(department, now) {
            if calendar.phase(period, now) == Phase::Locked || is_approved(period) {
                continue;
            }
            let owed = duties.owed(department, period);
            let coverage = self.coverage(department, period, owed, now).await?;
            if !coverage.is_settled() {
                due.push(coverage);
            }
        }
        due.sort_by_key(|coverage| (calendar.due(coverage.period), coverage.period));
        let (page, next_page_token) = page::slice(due, request.page_size, &request.page_token)?;
        let reports = page.iter().map(|coverage| self.due_report(department, coverage, now));
        Ok(v1::ListDueReportsResponse {
            reports: reports.collect(),
            next_page_token,
            as_of: Some(wire::timestamp(now)),
        })
    }

    /// Completeness, timeliness and punctuality: of the province, then by department.
    pub async fn rates(
        &self,
        request: &v1::ListReportingRatesRequest,
        now: Timestamp,
    ) -> Result<v1::ListReportingRatesResponse, Failure> {
        let department = Some(request.department.as_str()).filter(|id| !id.is_empty());
        if let Some(id) = department {
            known_department(&self.catalogue, id)?;
        }
        let instant = self.store.settle(as_of(request.as_of)?, now).await?;
        let periods = match request.period.as_str() {
            "" => self.catalogue.calendar().current(instant),
            text => vec![period(text)?],
        };
        let mut lines = self.lines(department, &periods, instant).await?;
        if department.is_none() {
            let mut all: Vec<Line> =
                periods.iter().filter_map(|it| province(*it, &lines)).collect();
            all.append(&mut lines);
            lines = all;
        }
        let (page, next_page_token) = page::slice(lines, request.page_size, &request.page_token)?;
        Ok(v1::ListReportingRatesResponse {
            rates: page.into_iter().map(|line| self.rate(line, instant)).collect(),
            next_page_token,
            as_of: Some(wire::timestamp(instant)),
        })
    }

    /// The tally of every report owed for these periods, by department and period.
    async fn lines(
        &self,
        department: Option<&str>,
        periods: &[ReportingPeriod],
        as_of: Timestamp,
    ) -> Result<Vec<Line>, Failure> {
        let duties = Duties::of(&self.catalogue);
        let mut lines = Vec::new();
        let wanted = duties.departments().filter(|id| department.is_none_or(|one| one == *id));
        for id in wanted {
            for period in periods {
                let owed = duties.owed(id, *period);
                if !owed.is_empty() {
                    let coverage = self.coverage(id, *period, owed, as_of).await?;
                    let tally = Tally::of(&coverage, self.catalogue.calendar());
                    lines.push((id.to_owned(), *period, tally));
                }
            }
        }
        Ok(lines)
    }

    /// What came of the indicators `owed`, which are in the catalogue's order.
    async fn coverage(
        &self,
        department: &str,
        period: ReportingPeriod,
        owed: Vec<IndicatorIndex>,
        as_of: Timestamp,
    ) -> Result<Coverage, Failure> {
        let query = SeriesQuery {
            department: Some(department.to_owned()),
            members: Some(String::new()),
            period: Some(period),
            as_of: Some(as_of),
            ..SeriesQuery::default()
        };
        // Series come by indicator id, and so do the catalogue's indicators.
        let mut series = self.store.series(&query).await?.into_iter().peekable();
        let mut items = Vec::with_capacity(owed.len());
        for indicator in owed {
            let id = &self.catalogue.indicators()[usize::from(indicator)].id;
            while series.next_if(|one| one.key.indicator < *id).is_some() {}
            let found = series.next_if(|one| one.key.indicator == *id);
            let known = found.and_then(|one| Some((one.key, *one.measurements.first()?)));
            items.push(match known {
                None => Item::of(indicator, []),
                Some((_, one)) if one.revision == 0 => Item::of(indicator, [said(&one)]),
                Some((key, _)) => Item::of(indicator, self.history(&key, period, as_of).await?),
            });
        }
        Ok(Coverage { period, items })
    }

    async fn history(
        &self,
        key: &SeriesKey,
        period: ReportingPeriod,
        as_of: Timestamp,
    ) -> Result<Vec<(Value, Timestamp)>, Failure> {
        let revisions = self.store.revisions(key, period, Some(as_of)).await?;
        Ok(revisions.iter().map(said).collect())
    }

    fn due_report(&self, department: &str, coverage: &Coverage, now: Timestamp) -> v1::DueReport {
        let calendar = self.catalogue.calendar();
        let id = |place: IndicatorIndex| self.catalogue.indicators()[usize::from(place)].id.clone();
        let tally = Tally::of(coverage, calendar);
        let period = coverage.period;
        v1::DueReport {
            department: department.to_owned(),
            period: period.to_string(),
            indicators: coverage.items.iter().map(|item| id(item.indicator)).collect(),
            outstanding: coverage.outstanding().map(id).collect(),
            due_at: Some(wire::timestamp(calendar.due(period))),
            expected: tally.expected,
            received: tally.received,
            phase: v1::ReportPhase::from(calendar.phase(period, now)) as i32,
            locks_at: calendar.locks(period).map(wire::timestamp),
        }
    }

    fn rate(&self, (department, period, tally): Line, instant: Timestamp) -> v1::ReportingRate {
        let calendar = self.catalogue.calendar();
        v1::ReportingRate {
            department,
            period: period.to_string(),
            expected: tally.expected,
            received: tally.received,
            received_on_time: tally.on_time,
            lag_days: tally.lag_days(calendar, period),
            due_at: Some(wire::timestamp(calendar.due(period))),
            received_late: tally.late,
            missing: tally.excused,
            days_late: tally.days_late(calendar, period),
            phase: v1::ReportPhase::from(calendar.phase(period, instant)) as i32,
            reports: tally.reports,
            reports_complete: tally.complete,
            reports_complete_on_time: tally.complete_on_time,
            reports_silent: tally.silent,
        }
    }
}

fn said(measurement: &Measurement) -> (Value, Timestamp) {
    (measurement.observation.value, measurement.received)
}

/// All reports of a period together, under an empty department; none if none is owed.
fn province(period: ReportingPeriod, lines: &[Line]) -> Option<Line> {
    let of_period = lines.iter().filter(|(_, one, _)| *one == period);
    let sum = of_period.map(|(.., tally)| *tally).reduce(|sum, tally| sum.with(&tally))?;
    Some((String::new(), period, sum))
}
