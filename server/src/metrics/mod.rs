//! What the server tells of itself in numbers, as Prometheus reads them; `docs/metrics.md` names them.

mod calls;
mod gauges;

use prometheus::{Encoder as _, Histogram, HistogramOpts, HistogramVec, Registry, TextEncoder};

pub use calls::{Counted, Counting};
use gauges::Gauges;

use crate::rpc::Services;

/// Where the seconds of calls and pages are counted apart.
const SECONDS: [f64; 12] =
    [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Where the seconds of commits are counted apart.
const COMMIT_SECONDS: [f64; 12] =
    [0.000_25, 0.000_5, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.25, 1.0, 4.0];

/// The numbers of one server.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    calls: HistogramVec,
    pages: HistogramVec,
    gauges: Gauges,
}

impl Metrics {
    /// All of them at nothing, with what the store counts itself.
    pub fn new(services: &Services) -> Result<Self, prometheus::Error> {
        let registry = Registry::new_custom(Some("tiendo".to_owned()), None)?;
        let calls = histograms(
            "grpc_request_seconds",
            "Seconds from the first byte of a call to the end of its answer.",
            &["method", "code"],
        )?;
        let pages = histograms(
            "http_request_seconds",
            "Seconds until the answer to a request for a page begins.",
            &["route", "code"],
        )?;
        registry.register(Box::new(calls.clone()))?;
        registry.register(Box::new(pages.clone()))?;
        if let Some(commits) = services.store.measures().commits {
            registry.register(Box::new(commits))?;
        }
        let gauges = Gauges::new(&registry)?;
        Ok(Self { registry, calls, pages, gauges })
    }

    /// Counts a call.
    fn call(&self, method: &str, code: &str, seconds: f64) {
        self.calls.with_label_values(&[method, code]).observe(seconds);
    }

    /// Counts a page.
    pub fn page(&self, route: &str, code: &str, seconds: f64) {
        self.pages.with_label_values(&[route, code]).observe(seconds);
    }

    /// All numbers as they are now, in the text format 0.0.4.
    pub async fn text(&self, services: &Services) -> Result<String, crate::failure::Failure> {
        self.gauges.look(services).await?;
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut text)
            .map_err(crate::failure::Failure::internal)?;
        String::from_utf8(text).map_err(crate::failure::Failure::internal)
    }
}

/// Counts how long groups of entries take to become durable.
pub fn commits() -> Option<Histogram> {
    let help = "Seconds until a group of ledger entries was written and synced.";
    let options = HistogramOpts::new("journal_commit_seconds", help);
    // Its name is a good one, so that there always is one.
    Histogram::with_opts(options.buckets(COMMIT_SECONDS.to_vec())).ok()
}

fn histograms(name: &str, help: &str, labels: &[&str]) -> Result<HistogramVec, prometheus::Error> {
    HistogramVec::new(HistogramOpts::new(name, help).buckets(SECONDS.to_vec()), labels)
}
