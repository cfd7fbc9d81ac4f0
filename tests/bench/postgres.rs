//! The engine over a database: ingest against the same rows written bare, status against the
//! embedded engine, and two servers against one.

use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;
use prost::bytes::Bytes;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_postgres::Client as Connection;

use crate::Plan;
use crate::catalogue;
use crate::cluster::Cluster;
use crate::load::{self, Client, Load, Until};
use crate::process::{Kind, STATUSES, Service};
use crate::ratios::{median, settle};
use crate::report::{Report, Target};
use crate::work::Shape;

/// Measurements in the store whose status is asked for, of those of a full one.
const STORED_PART: usize = 10;
const QUESTIONS: usize = 300;

/// As a table for them would be made without a thought of ours.
const BARE_TABLE: &str = "\
CREATE TABLE measurement (
    department text, indicator text, members text, period text, value numeric,
    received timestamptz, submission uuid,
    PRIMARY KEY (department, indicator, members, period, submission)
)";
const BARE_INSERT: &str = "\
INSERT INTO measurement SELECT $1, indicator, members, $2, value::numeric, $3, $4
FROM unnest($5::text[], $6::text[], $7::text[]) AS row (indicator, members, value)";

/// Measures everything.
pub(crate) async fn measure(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir_in(&plan.scratch)?;
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let cluster = Cluster::start(&folder.path().join("cluster")).await?;
    let bulk = Load::closed(plan, Shape::Bulk, 16);
    let reports = Load::closed(plan, Shape::Report, 64);
    let at = |name: &str| format!("Durable ingest through PostgreSQL, {name}, closed loop");
    Report::heading(&at("1,000 measurements × 16 in flight"));
    ingest(plan, report, &cluster, bulk).await?;
    Report::heading(&at("30 measurements × 64 agents"));
    ingest(plan, report, &cluster, reports).await?;
    status(plan, report, &cluster).await
}

/// The bare rows, one server, and two on one database, in every round.
async fn ingest(
    plan: &Plan,
    report: &mut Report,
    cluster: &Cluster,
    load: Load,
) -> anyhow::Result<()> {
    let mut rounds: Vec<[f64; 3]> = Vec::new();
    for round in 0..plan.rounds {
        let mut rates = [0.0; 3];
        for turn in 0..rates.len() {
            let which = (turn + round) % rates.len();
            cluster.renew("bench").await?;
            settle(&plan.scratch);
            rates[which] = match which {
                0 => bare(cluster, load).await?,
                servers => through(plan, cluster, load, servers).await?,
            };
        }
        rounds.push(rates);
    }
    for (which, name) in ["bare INSERT … unnest", "one server", "two servers"].iter().enumerate()
    {
        let rate = median(rounds.iter().map(|rates| rates[which]));
        report.add(name, rate, "measurements/s", Target::None);
    }
    let ratio = median(rounds.iter().map(|rates| rates[1] / rates[0]));
    report.add("one server against the bare rows", ratio, "", Target::AtLeast(0.7));
    let ratio = median(rounds.iter().map(|rates| rates[2] / rates[1]));
    report.add("two servers against one", ratio, "", Target::AtLeast(0.9));
    Ok(())
}

/// Rows a second of agents that write them by themselves.
async fn bare(cluster: &Cluster, load: Load) -> anyhow::Result<f64> {
    cluster.connect("bench").await?.batch_execute(BARE_TABLE).await?;
    let mut writing = JoinSet::new();
    let start = Instant::now() + load.warm_up;
    let Until::Elapsed(time) = load.until else { anyhow::bail!("for how long?") };
    for number in 0..load.agents {
        let connection = cluster.connect("bench").await?;
        writing.spawn(write(connection, load.shape, catalogue::department(number), start, time));
    }
    let mut commits = 0;
    while let Some(counted) = writing.join_next().await {
        commits += counted??;
    }
    Ok((commits * load.shape.items() as u64) as f64 / time.as_secs_f64())
}

async fn write(
    connection: Connection,
    shape: Shape,
    department: String,
    start: Instant,
    time: Duration,
) -> anyhow::Result<u64> {
    let statement = connection.prepare(BARE_INSERT).await?;
    let all: Vec<(String, String)> = (0..catalogue::INDICATORS)
        .flat_map(|at| (0..9).map(move |part| (catalogue::indicator(at), part)))
        .map(|(indicator, part)| (indicator, members(part)))
        .collect();
    let rows: Vec<&(String, String)> = match shape {
        Shape::Report => all.iter().step_by(9).take(shape.items()).collect(),
        Shape::Bulk => all.iter().take(shape.items()).collect(),
    };
    let indicators: Vec<&str> = rows.iter().map(|row| &*row.0).collect();
    let members: Vec<&str> = rows.iter().map(|row| &*row.1).collect();
    let (mut commits, mut sent) = (0, 0_u64);
    while Instant::now() < start + time {
        let values: Vec<String> =
            (0..rows.len() as u64).map(|at| format!("5{}.{:02}", sent % 10, at % 100)).collect();
        let month = sent % 1_500;
        let period = format!("{:04}-{:02}", 1_900 + month / 12, month % 12 + 1);
        let received = SystemTime::UNIX_EPOCH + Duration::from_micros(1_780_000_000_000_000 + sent);
        let id = uuid::Uuid::now_v7();
        let begun = Instant::now();
        connection
            .execute(
                &statement,
                &[&department, &period, &received, &id, &indicators, &members, &values],
            )
            .await?;
        commits += u64::from(begun >= start);
        sent += 1;
    }
    Ok(commits)
}

/// The members of one of the nine parts of an indicator.
fn members(part: usize) -> String {
    let sex = ["", "sex=female", "sex=male"][part / 3];
    let area = ["", "area=urban", "area=rural"][part % 3];
    let comma = if sex.is_empty() || area.is_empty() { "" } else { "," };
    format!("{sex}{comma}{area}")
}

/// Measurements a second through this many servers, with half of the agents each.
async fn through(
    plan: &Plan,
    cluster: &Cluster,
    load: Load,
    servers: usize,
) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir_in(&plan.scratch)?;
    let mut running = Vec::new();
    for number in 0..servers {
        let place = folder.path().join(number.to_string());
        let database = cluster.address("bench");
        running.push(Service::start_over(&database, &plan.server, &place).await?);
    }
    let share = load.agents / servers;
    let mut loads = JoinSet::new();
    for (number, service) in running.iter().enumerate() {
        let load = Load { agents: share, first: number * share, ..load };
        loads.spawn(load::run(service.address, load));
    }
    let mut rate = 0.0;
    while let Some(measured) = loads.join_next().await {
        rate += measured??.per_second;
    }
    for service in running {
        service.stop()?;
    }
    Ok(rate)
}

/// The status of every target, asked of either engine with the same figures.
async fn status(plan: &Plan, report: &mut Report, cluster: &Cluster) -> anyhow::Result<()> {
    let per_agent = plan.stored / STORED_PART / (catalogue::DEPARTMENTS * Shape::Bulk.items());
    let load = Load {
        warm_up: Duration::ZERO,
        until: Until::Sent(per_agent.max(1) as u64),
        ..Load::closed(plan, Shape::Bulk, catalogue::DEPARTMENTS)
    };
    let stored = per_agent.max(1) * catalogue::DEPARTMENTS * Shape::Bulk.items();
    Report::heading(&format!(
        "Status of all targets, {:.1} million measurements",
        stored as f64 / 1e6
    ));
    let folder = tempfile::tempdir_in(&plan.scratch)?;
    let embedded = Service::start(Kind::Tiendo, &plan.server, &folder.path().join("sled")).await?;
    cluster.renew("bench").await?;
    let place = folder.path().join("postgres");
    let database = cluster.address("bench");
    let over = Service::start_over(&database, &plan.server, &place).await?;
    load::run(embedded.address, load).await?;
    load::run(over.address, load).await?;
    let mut medians: Vec<[f64; 2]> = Vec::new();
    for _ in 0..plan.rounds {
        medians.push([ask(&embedded).await?, ask(&over).await?]);
    }
    let of = |which: usize| median(medians.iter().map(|both| both[which]));
    report.add("embedded engine p50", of(0), "ms", Target::None);
    report.add("PostgreSQL p50", of(1), "ms", Target::None);
    let ratio = median(medians.iter().map(|both| both[1] / both[0]));
    report.add("PostgreSQL against the embedded engine", ratio, "times", Target::AtMost(2.0));
    let stopped = over.stop()?;
    report.add("clean stop", stopped.as_secs_f64(), "s", Target::None);
    let over = Service::start_over(&database, &plan.server, &place).await?;
    report.add("start over these figures", over.ready_after.as_secs_f64(), "s", Target::None);
    let memory = [embedded.memory()?.0, over.memory()?.0].map(|bytes| bytes as f64 / 1_048_576.0);
    report.add("memory, embedded engine", memory[0], "MiB", Target::None);
    report.add("memory, PostgreSQL", memory[1], "MiB", Target::None);
    Ok(())
}

/// Milliseconds of the median question.
async fn ask(service: &Service) -> anyhow::Result<f64> {
    let mut client = Client::connect(service.address, &catalogue::department(0)).await?;
    let mut latencies = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3)?;
    for _ in 0..QUESTIONS {
        let start = Instant::now();
        client.call(STATUSES, Bytes::new()).await?;
        latencies.record(start.elapsed().as_micros().max(1) as u64)?;
    }
    Ok(latencies.value_at_quantile(0.5) as f64 / 1000.0)
}
