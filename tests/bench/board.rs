//! The overview of the board: how long it takes as the server counts it, and what it weighs.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Plan;
use crate::catalogue;
use crate::load::{self, Load, Until};
use crate::process::{Kind, Service};
use crate::report::{Report, Target};
use crate::work::Shape;

/// Targets of a large plan.
const MANY: usize = 5_000;

/// Times the page is asked for, or as many as fit into the time.
const PAGES: u32 = 200;
const TIME: Duration = Duration::from_secs(10);

/// A plan of many targets with some figures for each.
pub(crate) async fn measure(plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    Report::heading(&format!("The board of a plan of {MANY} targets"));
    let folder = tempfile::tempdir_in(&plan.scratch)?;
    std::fs::write(folder.path().join("catalogue.toml"), catalogue::toml(MANY))?;
    let service = Service::start(Kind::Tiendo, &plan.server, folder.path()).await?;
    let load = Load {
        shape: Shape::Bulk,
        agents: catalogue::DEPARTMENTS,
        first: 0,
        warm_up: Duration::ZERO,
        until: Until::Sent(3),
        rate: None,
    };
    load::run(service.address, load).await?;
    pages(&service, &format!("of {MANY} targets"), report).await?;
    service.kill()
}

/// Asks for the overview again and again: the mean of what the server counts, and the weight.
pub(crate) async fn pages(service: &Service, of: &str, report: &mut Report) -> anyhow::Result<()> {
    // The first one is made anew, later ones of what is known of each target.
    let page = get(service, "/").await?;
    ensure!(page.matches("<tr id=").count() >= 50, "the overview has no targets:\n{page}");
    let (seconds, count) = counted(service).await?;
    report.add(&format!("first overview {of}, at the server"), seconds * 1e3, "ms", Target::None);
    let begun = Instant::now();
    for _ in (0..PAGES).take_while(|_| begun.elapsed() < TIME) {
        get(service, "/").await?;
    }
    let (all, pages) = counted(service).await?;
    let mean = (all - seconds) / (pages - count) * 1e3;
    report.add(&format!("overview {of}, at the server"), mean, "ms", Target::AtMost(20.0));
    let weight = page.len() as f64 / 1024.0;
    report.add(&format!("overview {of}, weight"), weight, "KiB", Target::AtMost(200.0));
    Ok(())
}

/// Seconds and number of overviews, as the server counts them.
async fn counted(service: &Service) -> anyhow::Result<(f64, f64)> {
    let text = get(service, "/metrics").await?;
    let field = |name: &str| {
        let name = format!("tiendo_http_request_seconds_{name}{{code=\"200\",route=\"/\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        line.and_then(|value| value.trim().parse().ok()).with_context(|| name.clone())
    };
    Ok((field("sum")?, field("count")?))
}

async fn get(service: &Service, path: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(service.board).await?;
    let asked = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n",
        service.board.port()
    );
    stream.write_all(asked.as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    let (head, body) = text.split_once("\r\n\r\n").context("an answer")?;
    ensure!(head.contains(" 200 "), "{head}");
    Ok(body.to_owned())
}
