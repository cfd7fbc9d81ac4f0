//! The project's own commands: demo, test, ci, bench, package, portable.
#![expect(clippy::print_stdout, reason = "a command talks to the person who typed it")]

mod bench;
mod ci;
mod databases;
mod debian;
mod demo;
mod package;
mod portable;
mod proto;
mod step;
mod testing;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tiendo's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", version)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows the main job: files in, refusals explained, the board of all targets out.
    Demo(demo::Args),
    /// Runs every test on real engines; installs what is missing or says how.
    Test(testing::Args),
    /// Everything that has to hold before a change lands.
    Ci(ci::Args),
    /// Measures speed and size as ratios against peers in the same run.
    Bench(bench::Args),
    /// Makes the Debian packages of server and agent.
    Package(package::Args),
    /// Builds the agent as one file for any Linux, and for Windows.
    Portable,
}

fn main() -> ExitCode {
    let outcome = step::root().and_then(|root| match Args::parse().command {
        Command::Demo(args) => demo::run_all(&root, &args),
        Command::Test(args) => testing::run_all(&root, &args),
        Command::Ci(args) => ci::run_all(&root, &args),
        Command::Bench(args) => bench::run_all(&root, &args),
        Command::Package(args) => package::run_all(&root, &args),
        Command::Portable => portable::run_all(&root),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\nfailed: {error:#}");
            ExitCode::FAILURE
        }
    }
}
