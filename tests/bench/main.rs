//! Speed and size as ratios against bare peers in the same run; `cargo xtask bench` starts it.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "figures are shown with three digits"
)]
#![allow(clippy::print_stdout, reason = "it reports to the person who started it")]

mod agent;
mod board;
mod catalogue;
mod cluster;
mod codec;
mod load;
mod peer;
mod postgres;
mod process;
mod ratios;
mod report;
mod store;
mod work;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::report::Report;

#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measures.
    Run {
        /// The server, built for release.
        #[arg(long)]
        server: PathBuf,
        /// The agent, built as departments get it.
        #[arg(long)]
        agent: PathBuf,
        /// Where figures are written as JSON.
        #[arg(long)]
        out: PathBuf,
        /// About a minute: fewer rounds, a smaller store.
        #[arg(long)]
        quick: bool,
        /// Measure this part alone.
        #[arg(long)]
        only: Option<Part>,
        /// Added by `cargo bench`.
        #[arg(long, hide = true)]
        bench: bool,
    },
    /// Serves as one of the bare peers.
    Peer {
        /// Where to listen.
        #[arg(long)]
        listen: SocketAddr,
        /// Append to this file and sync it before answering.
        #[arg(long)]
        log: Option<PathBuf>,
    },
}

/// A part of the benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Durable ingest against the bare peers.
    Ingest,
    /// A full store.
    Store,
    /// The agent.
    Agent,
    /// The engine over a database.
    Postgres,
}

/// What is measured, and how thoroughly.
#[derive(Debug)]
pub(crate) struct Plan {
    server: PathBuf,
    agent: PathBuf,
    /// Folder on the disk that is measured.
    scratch: PathBuf,
    rounds: usize,
    seconds: Duration,
    /// Measurements in the full store.
    stored: usize,
    /// Rows of the file that the agent sends.
    rows: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Args::parse().command {
        Command::Peer { listen, log } => peer::serve(listen, log.as_deref()).await,
        Command::Run { server, agent, out, quick, only, bench: _ } => {
            let scratch = out.parent().map(PathBuf::from).unwrap_or_default();
            let plan = if quick {
                let seconds = Duration::from_secs(1);
                Plan {
                    server,
                    agent,
                    scratch,
                    rounds: 3,
                    seconds,
                    stored: 1_000_000,
                    rows: 100_000,
                }
            } else {
                let seconds = Duration::from_secs(3);
                Plan {
                    server,
                    agent,
                    scratch,
                    rounds: 7,
                    seconds,
                    stored: 10_000_000,
                    rows: 1_000_000,
                }
            };
            let load = std::fs::read_to_string("/proc/loadavg")?;
            let cores = std::thread::available_parallelism()?;
            println!(
                "{cores} cores, load {}: ratios carry over to other machines, figures do not",
                load.trim()
            );
            let mut report = Report::default();
            let wanted = |part| only.is_none_or(|only| only == part);
            if wanted(Part::Ingest) {
                ratios::measure(&plan, &mut report).await?;
            }
            if wanted(Part::Store) {
                store::measure(&plan, &mut report).await?;
                board::measure(&plan, &mut report).await?;
            }
            if wanted(Part::Agent) {
                agent::measure(&plan, &mut report).await?;
            }
            if wanted(Part::Postgres) {
                postgres::measure(&plan, &mut report).await?;
            }
            report.finish(&out, quick)
        }
    }
}
