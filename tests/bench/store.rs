//! A full store: what questions, memory, disk and starts cost with millions of measurements.

use std::time::{Duration, Instant};

use anyhow::ensure;
use hdrhistogram::Histogram;
use prost::Message as _;
use prost::bytes::Bytes;
use tiendo_shared::wire::v1;

use crate::Plan;
use crate::board;
use crate::catalogue;
use crate::load::{self, Client, Load, Until};
use crate::process::{Kind, STATUSES, Service, disk};
use crate::report::{Report, Target};
use crate::work::Shape;

/// Questions asked, or as many as fit into the time.
const QUESTIONS: usize = 300;
const QUESTION_TIME: Duration = Duration::from_secs(10);
const MIB: f64 = 1024.0 * 1024.0;

/// Fills a store through the server and measures it.
pub(crate) async fn measure(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    let per_agent = plan.stored.div_ceil(catalogue::DEPARTMENTS * Shape::Bulk.items());
    let stored = (per_agent * catalogue::DEPARTMENTS * Shape::Bulk.items()) as f64;
    Report::heading(&format!("A store of {:.1} million measurements", stored / 1e6));
    let folder = tempfile::tempdir_in(&plan.scratch)?;
    let start = |kind| Service::start(kind, &plan.server, folder.path());

    let service = start(Kind::Tiendo).await?;
    let load = Load {
        shape: Shape::Bulk,
        agents: catalogue::DEPARTMENTS,
        first: 0,
        warm_up: Duration::ZERO,
        until: Until::Sent(per_agent as u64),
        rate: None,
    };
    let filled = load::run(service.address, load).await?;
    report.add("filled at", filled.per_second, "measurements/s", Target::None);
    questions(&service, report).await?;
    board::pages(&service, "of 54 targets", report).await?;
    let (now, highest) = service.memory()?;
    report.add("server memory", now as f64 / MIB, "MiB", Target::AtMost(512.0));
    report.add("server memory at its highest", highest as f64 / MIB, "MiB", Target::AtMost(512.0));
    let bytes = disk(&folder.path().join("data"))? as f64 / stored;
    report.add("on disk, while it runs", bytes, "B/measurement", Target::AtMost(80.0));

    let stopped = service.stop()?;
    report.add("clean stop", stopped.as_secs_f64(), "s", Target::None);
    let bytes = disk(&folder.path().join("data"))? as f64 / stored;
    report.add("on disk, after a clean stop", bytes, "B/measurement", Target::AtMost(80.0));
    let service = start(Kind::Tiendo).await?;
    let ready = service.ready_after.as_secs_f64();
    report.add("start after a clean stop", ready, "s", Target::AtMost(2.0));
    questions(&service, report).await?;
    let memory = service.memory()?.1 as f64 / MIB;
    report.add("server memory after that start", memory, "MiB", Target::AtMost(512.0));

    let more = Load { until: Until::Elapsed(plan.seconds), shape: Shape::Report, ..load };
    load::run(service.address, more).await?;
    service.kill()?;
    let service = start(Kind::Tiendo).await?;
    let ready = service.ready_after.as_secs_f64();
    report.add("start after kill -9", ready, "s", Target::AtMost(10.0));
    let memory = service.memory()?.1 as f64 / MIB;
    report.add("server memory after that start", memory, "MiB", Target::AtMost(512.0));
    service.kill()
}

/// Asks for the status of every target, one question after the other.
async fn questions(service: &Service, report: &mut Report) -> anyhow::Result<()> {
    let mut client = Client::connect(service.address, &catalogue::department(0)).await?;
    let answer =
        v1::ListTargetStatusesResponse::decode(client.call(STATUSES, Bytes::new()).await?)?;
    let judged =
        answer.statuses.iter().filter(|status| status.verdict() != v1::Verdict::NoData).count();
    ensure!(judged == catalogue::TARGETS, "{judged} of {} targets judged", catalogue::TARGETS);
    let mut latencies = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3)?;
    let begun = Instant::now();
    for _ in (0..QUESTIONS).take_while(|_| begun.elapsed() < QUESTION_TIME) {
        let start = Instant::now();
        client.call(STATUSES, Bytes::new()).await?;
        latencies.record(start.elapsed().as_micros().max(1) as u64)?;
    }
    for (name, quantile, target) in
        [("p50", 0.5, Target::AtMost(5.0)), ("p99", 0.99, Target::AtMost(5.0))]
    {
        let ms = latencies.value_at_quantile(quantile) as f64 / 1000.0;
        report.add(
            &format!("status of all targets, as a client sees it, {name}"),
            ms,
            "ms",
            target,
        );
    }
    Ok(())
}
