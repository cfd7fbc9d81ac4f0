//! Agents and a server in one process and in their own time, on a network and disks that fail.
//!
//! Everything that happens follows from a seed: the same seed is the same run. The program of
//! both sides is the real one, from the command line to the journal; clocks, chance, disks and
//! connections are the simulation's. `TIENDO_SIMULATION_SEEDS` says how many seeds are tried,
//! `TIENDO_SIMULATION_SEED` tries one and tells all that happens in it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::format_collect,
    clippy::format_push_string,
    clippy::print_stdout,
    reason = "texts of tests are small, and what a test prints is shown where it fails"
)]

mod agent;
mod books;
mod disk;
mod fate;
mod log;
mod network;
mod run;
mod server;
mod slow;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tiendo_shared::catalogue::Catalogue;

use crate::run::{Outcome, Wrong};

/// Seeds that are tried if nobody says how many.
const SEEDS: u64 = 20;

/// Members of the dimension `commune` of the trial catalogue.
const COMMUNES: u32 = 200;

/// A folder whose syncs cost nothing: what is tried here are the disks in memory.
fn quick_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn catalogue() -> Arc<Catalogue> {
    let members: Vec<String> = (1..=COMMUNES)
        .map(|n| {
            format!("{{ id = \"xa-{n:03}\", name = {{ vi = \"Xã {n}\", en = \"Commune {n}\" }} }}")
        })
        .collect();
    let text = include_str!("../trial.toml");
    let text = text.replace("COMMUNES]", &format!("{}]", members.join(",\n  ")));
    Arc::new(Catalogue::parse(&text).unwrap())
}

/// Runs a future on this thread, in a time that passes when there is nothing to do.
fn in_its_own_time<F: Future>(run: F) -> F::Output {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(tokio::task::LocalSet::new().run_until(run))
}

/// Runs a seed on a thread of its own; what went wrong, if something did.
fn simulate(
    seed: u64,
    catalogue: &Arc<Catalogue>,
    wrong: Wrong,
    prints: bool,
) -> Result<Outcome, String> {
    std::thread::scope(|scope| {
        let run = || {
            let run = || in_its_own_time(run::run(seed, catalogue, wrong, prints));
            catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
                let text = panic.downcast_ref::<String>().cloned();
                text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()))
                    .unwrap_or_else(|| "it panicked".to_owned())
            })
        };
        scope.spawn(run).join().unwrap()
    })
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn everything_heals_whatever_fails() {
    let catalogue = catalogue();
    if let Some(seed) = number("TIENDO_SIMULATION_SEED") {
        println!("{:?}", simulate(seed, &catalogue, Wrong::default(), true).unwrap());
        return;
    }
    let seeds = number("TIENDO_SIMULATION_SEEDS").unwrap_or(SEEDS);
    let (next, began) = (AtomicU64::new(0), Instant::now());
    let (rows, seconds) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        let mut failed = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return failed;
            }
            match simulate(seed, &catalogue, Wrong::default(), false) {
                Ok(outcome) => {
                    rows.fetch_add(outcome.rows as u64, Ordering::Relaxed);
                    seconds.fetch_add(outcome.seconds, Ordering::Relaxed);
                }
                Err(cause) => {
                    println!(
                        "seed {seed} failed; TIENDO_SIMULATION_SEED={seed} repeats it: {cause}"
                    );
                    failed.push(seed);
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let failed: Vec<u64> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    println!(
        "{seeds} seeds, {} measurements, {} hours of their time in {:.1} s of ours",
        rows.into_inner(),
        seconds.into_inner() / 3_600,
        began.elapsed().as_secs_f64()
    );
    assert_eq!(failed, Vec::<u64>::new(), "seeds that failed");
}

#[test]
fn the_same_seed_is_the_same_run() {
    let catalogue = catalogue();
    let run = |seed| simulate(seed, &catalogue, Wrong::default(), false).unwrap();
    for seed in [1_000_000, 1_000_001] {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
    assert_ne!(run(1_000_000).hash, run(1_000_001).hash);
}

#[test]
fn a_server_restored_between_two_tries_gets_everything_back() {
    in_its_own_time(run::restored_between_tries(&catalogue()));
}

#[test]
fn a_disk_whose_sync_takes_five_seconds_delays_receipts_alone() {
    in_its_own_time(slow::a_disk(&catalogue()));
}

/// Some seed finds what is done wrong on purpose.
#[track_caller]
fn is_found(wrong: Wrong) {
    let catalogue = catalogue();
    let found = (0..50).find_map(|seed| simulate(seed, &catalogue, wrong, false).err());
    println!("{wrong:?}: {}", found.expect("fifty seeds find it"));
}

#[test]
fn a_server_that_answers_before_it_syncs_is_found() {
    is_found(Wrong { unsynced_server: true, ..Wrong::default() });
}

#[test]
fn an_agent_that_promises_before_it_syncs_is_found() {
    is_found(Wrong { unsynced_agent: true, ..Wrong::default() });
}

#[test]
fn figures_sent_again_under_another_id_are_found() {
    is_found(Wrong { forgets_ids: true, ..Wrong::default() });
}
