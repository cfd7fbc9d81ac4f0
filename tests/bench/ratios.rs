//! Ingest against the bare peers: paired runs, interleaved, medians of their ratios.

use std::path::Path;
use std::time::Duration;

use crate::Plan;
use crate::load::{self, Load, Measured, Until};
use crate::process::{Kind, Service};
use crate::report::{Report, Target};
use crate::work::Shape;

const PEERS: [Kind; 3] = [Kind::Discard, Kind::Log, Kind::Tiendo];

/// Throughput and latency of both shapes.
pub(crate) async fn measure(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    let bulk = Load::closed(plan, Shape::Bulk, 16);
    let reports = Load::closed(plan, Shape::Report, 64);
    throughput(plan, report, "1,000 measurements × 16 in flight", bulk).await?;
    let pace = throughput(plan, report, "30 measurements × 64 agents", reports).await?;
    let paced = Load { rate: Some(pace / 2.0), ..reports };
    latency(plan, report, paced).await
}

/// What was measured of a service.
struct Run {
    measured: Measured,
    /// Its processor time for a submission, in microseconds: less noisy than rates.
    micros: f64,
}

impl Load {
    pub(crate) fn closed(plan: &Plan, shape: Shape, agents: usize) -> Self {
        let warm_up = plan.seconds / 4;
        Self { shape, agents, first: 0, warm_up, until: Until::Elapsed(plan.seconds), rate: None }
    }
}

/// Runs every peer in every round; returns the slower of log and server, in
/// submissions a second.
async fn throughput(
    plan: &Plan,
    report: &mut Report,
    title: &str,
    load: Load,
) -> anyhow::Result<f64> {
    Report::heading(&format!("Durable ingest, {title}, closed loop"));
    let rounds = rounds(plan, load, &PEERS).await?;
    for (at, kind) in PEERS.into_iter().enumerate() {
        let rate = median(rounds.iter().map(|round| round[at].measured.per_second));
        report.add(kind.name(), rate, "measurements/s", Target::None);
        for (name, quantile) in [("p50", 0.5), ("p99", 0.99)] {
            let ms = median(rounds.iter().map(|round| round[at].measured.ms(quantile)));
            report.add(&format!("{} {name}", kind.name()), ms, "ms", Target::None);
        }
        let micros = median(rounds.iter().map(|round| round[at].micros));
        let name = format!("{} processor time", kind.name());
        report.add(&name, micros, "µs/submission", Target::None);
    }
    let ratio = |to: usize| {
        median(rounds.iter().map(|r| r[2].measured.per_second / r[to].measured.per_second))
    };
    report.add("ratio to the synced log", ratio(1), "", Target::AtLeast(0.75));
    report.add("ratio to throwing away", ratio(0), "", Target::AtLeast(0.4));
    let tail =
        median(rounds.iter().map(|round| round[2].measured.ms(0.99) / round[1].measured.ms(0.99)));
    report.add("p99 against the synced log's", tail, "times", Target::AtMost(1.5));
    let slower = |round: &Vec<Run>| round[1].measured.per_second.min(round[2].measured.per_second);
    Ok(median(rounds.iter().map(slower)) / load.shape.items() as f64)
}

/// Latencies at one arrival rate that both can keep.
async fn latency(plan: &Plan, report: &mut Report, load: Load) -> anyhow::Result<()> {
    let rate = load.rate.unwrap_or_default();
    Report::heading("30 measurements × 64 agents, fixed arrival rate (half of what both can keep)");
    report.add("arrival rate", rate, "submissions/s", Target::None);
    let pair = [Kind::Log, Kind::Tiendo];
    let rounds = rounds(plan, load, &pair).await?;
    for (at, kind) in pair.into_iter().enumerate() {
        for (name, quantile) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
            let ms = median(rounds.iter().map(|round| round[at].measured.ms(quantile)));
            report.add(&format!("{} {name}", kind.name()), ms, "ms", Target::None);
        }
    }
    let tail =
        median(rounds.iter().map(|round| round[1].measured.ms(0.99) / round[0].measured.ms(0.99)));
    report.add("p99 against the synced log's", tail, "times", Target::AtMost(1.5));
    Ok(())
}

/// Measured by round, in the order of `kinds`; who begins changes with each round.
async fn rounds(plan: &Plan, load: Load, kinds: &[Kind]) -> anyhow::Result<Vec<Vec<Run>>> {
    let mut rounds = Vec::new();
    for round in 0..plan.rounds {
        let mut measured: Vec<(usize, Run)> = Vec::new();
        for turn in 0..kinds.len() {
            let at = (turn + round) % kinds.len();
            measured.push((at, once(plan, load, kinds[at]).await?));
        }
        measured.sort_by_key(|(at, _)| *at);
        rounds.push(measured.into_iter().map(|(_, one)| one).collect());
    }
    Ok(rounds)
}

async fn once(plan: &Plan, load: Load, kind: Kind) -> anyhow::Result<Run> {
    let folder = tempfile::tempdir_in(&plan.scratch)?;
    let service = Service::start(kind, &plan.server, folder.path()).await?;
    let before = service.processor_time()?;
    let measured = load::run(service.address, load).await?;
    let used = service.processor_time()?.saturating_sub(before);
    service.kill()?;
    settle(folder.path());
    let micros = used.as_secs_f64() * 1e6 / measured.sent.max(1) as f64;
    Ok(Run { measured, micros })
}

/// Lets the disk finish with what a run left, so that the next one does not pay for it.
pub(crate) fn settle(folder: &Path) {
    if let Ok(file) = std::fs::File::open(folder) {
        // Best effort: the next run is measured either way.
        rustix::fs::syncfs(file).ok();
    }
    std::thread::sleep(Duration::from_millis(200));
}

/// The middle value.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}
