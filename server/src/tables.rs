//! Keeps the tables of an engine that has some: after something was recorded, and as time passes.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tiendo_shared::wire::{instant, v1};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::failure::Failure;
use crate::page;
use crate::reports::Reports;
use crate::standing::Standing;
use crate::store::tables::{RateRow, Rows, StatusRow, Tables};

/// How long further changes are waited for.
const GATHER_FOR: Duration = Duration::from_secs(2);
/// Deadlines pass without anybody recording anything.
const AT_LEAST_EVERY: Duration = Duration::from_mins(10);

/// Whoever keeps the tables.
#[derive(Debug)]
struct Keeper {
    standing: Standing,
    reports: Reports,
    clock: Clock,
    tables: Arc<dyn Tables>,
    changes: watch::Receiver<u64>,
}

/// Starts the task, which ends with `stopping`, if the engine has tables; needs to be called
/// within a runtime.
pub fn start(standing: &Standing, reports: &Reports, clock: &Clock, stopping: &CancellationToken) {
    let store = &reports.store;
    let Some(tables) = store.tables() else { return };
    let keeper = Keeper {
        standing: standing.clone(),
        reports: reports.clone(),
        clock: clock.clone(),
        tables,
        changes: store.changes(),
    };
    let stopping = stopping.clone();
    tokio::spawn(async move { stopping.run_until_cancelled(keeper.run()).await });
}

impl Keeper {
    async fn run(mut self) {
        loop {
            self.changes.borrow_and_update();
            if let Err(failure) = self.publish().await {
                tracing::debug!(%failure, "the tables are as they were");
            }
            tokio::time::sleep(GATHER_FOR).await;
            let changed = tokio::time::timeout(AT_LEAST_EVERY, self.changes.changed()).await;
            if matches!(changed, Ok(Err(_))) {
                return;
            }
        }
    }

    async fn publish(&self) -> Result<(), Failure> {
        let now = self.clock.now();
        let request = v1::ListTargetStatusesRequest::default();
        let statuses = self.standing.all(request, now).await?;
        let (rates, as_of) = self.rates(now).await?;
        let rows = Rows {
            as_of,
            statuses: statuses.into_iter().map(status_row).collect(),
            rates: rates.into_iter().map(rate_row).collect(),
        };
        Ok(self.tables.publish(&rows).await?)
    }

    /// Of the periods that are open now, page after page.
    async fn rates(&self, now: Timestamp) -> Result<(Vec<v1::ReportingRate>, Timestamp), Failure> {
        let mut request =
            v1::ListReportingRatesRequest { page_size: page::MOST, ..Default::default() };
        let mut all = Vec::new();
        loop {
            let page = self.reports.rates(&request, now).await?;
            all.extend(page.rates);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                let as_of = page.as_of.as_ref().and_then(instant).unwrap_or(now);
                return Ok((all, as_of));
            }
        }
    }
}

fn status_row(status: v1::TargetStatus) -> StatusRow {
    let flags: Vec<String> =
        status.flags().map(|flag| plain(flag.as_str_name(), "STATUS_FLAG_")).collect();
    let verdict = plain(status.verdict().as_str_name(), "VERDICT_");
    let (name, promise) = (status.name.unwrap_or_default(), status.promise.unwrap_or_default());
    let explanation = status.explanation.unwrap_or_default();
    let current = explanation.current.unwrap_or_default();
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    StatusRow {
        target: status.target,
        name_vi: name.vi,
        name_en: name.en,
        indicator: status.indicator,
        horizon: status.horizon,
        department: status.department,
        verdict,
        reason: status.reason,
        flags: flags.join(","),
        promise_vi: promise.vi,
        promise_en: promise.en,
        period: some(current.period),
        value: some(current.value),
        gap: some(explanation.gap),
        projected: some(explanation.projected),
        progress: explanation.progress,
    }
}

fn rate_row(rate: v1::ReportingRate) -> RateRow {
    let phase = plain(rate.phase().as_str_name(), "REPORT_PHASE_");
    RateRow {
        department: rate.department,
        period: rate.period,
        expected: rate.expected,
        received: rate.received,
        received_on_time: rate.received_on_time,
        received_late: rate.received_late,
        missing: rate.missing,
        lag_days: rate.lag_days,
        days_late: rate.days_late,
        due_at: rate.due_at.as_ref().and_then(instant).map(|at| at.to_string()),
        phase,
        reports: rate.reports,
        reports_complete: rate.reports_complete,
        reports_complete_on_time: rate.reports_complete_on_time,
        reports_silent: rate.reports_silent,
    }
}

/// `VERDICT_ON_TRACK` as `on track`.
fn plain(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_lowercase().replace('_', " ")
}
