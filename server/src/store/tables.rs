//! What an engine keeps as plain rows for whoever reads its database with other tools.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

use super::Error;

/// Tables of what the server makes of the figures.
#[async_trait]
pub trait Tables: Send + Sync + std::fmt::Debug {
    /// Puts these rows in the place of those before; done by another server meanwhile, it is
    /// left out.
    async fn publish(&self, rows: &Rows) -> Result<(), Error>;
}

/// Everything that is published at a time.
#[derive(Debug, Clone)]
pub struct Rows {
    /// The instant it speaks of.
    pub as_of: Timestamp,
    /// Where the targets stand.
    pub statuses: Vec<StatusRow>,
    /// Who has reported, for the periods that are open.
    pub rates: Vec<RateRow>,
}

/// Where a target stands.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the columns of the view tell what they hold")]
pub struct StatusRow {
    pub target: String,
    pub name_vi: String,
    pub name_en: String,
    pub indicator: String,
    pub horizon: u32,
    pub department: String,
    pub verdict: String,
    pub reason: String,
    pub flags: String,
    pub promise_vi: String,
    pub promise_en: String,
    pub period: Option<String>,
    pub value: Option<String>,
    pub gap: Option<String>,
    pub projected: Option<String>,
    pub progress: Option<f64>,
}

/// How a department, or the province, reports for a period.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the columns of the view tell what they hold")]
pub struct RateRow {
    pub department: String,
    pub period: String,
    pub expected: u32,
    pub received: u32,
    pub received_on_time: u32,
    pub received_late: u32,
    pub missing: u32,
    pub lag_days: Option<i32>,
    pub days_late: Option<i32>,
    pub due_at: Option<String>,
    pub phase: String,
    pub reports: u32,
    pub reports_complete: u32,
    pub reports_complete_on_time: u32,
    pub reports_silent: u32,
}
