//! `cargo xtask demo`: the main job on published figures of An Giang.
//!
//! An administrator lets the statistics office and an operator in. Files go in through
//! the agent (the office's own, a CSV with a slip, an Excel form), the board of all
//! targets comes out, all of it over TLS. It fails if anything differs from what it
//! promises.

mod board;
mod desk;
mod entry;
mod promise;
mod server;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;

use self::board::Board;
use self::desk::{DEPARTMENT, Desk};
use self::entry::{Client, Entry};
use self::server::Server;
use crate::step::{Steps, cargo, output, run, shown};
use crate::tools::{self, Tools};

/// How to show it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Serve on when the board was shown, with lines to try.
    #[arg(long)]
    keep: bool,
}

/// Shows the main job from beginning to end.
pub(crate) fn run_all(root: &Path, args: &Args) -> anyhow::Result<()> {
    let mut steps = Steps::new(8);
    let tools = steps.step("tools", || prepare(root))?;
    steps.step("build", || build(root, &tools))?;
    let folder = tempfile::Builder::new().prefix("tiendo-demo-").tempdir()?;
    let bin = root.join("target/debug");
    let (server, token) =
        steps.step("server", || Server::start(&bin.join("tiendo-server"), folder.path()))?;
    let agent = bin.join("tiendo-agent");
    let client = client(root, &tools);
    let entry = Entry::new(agent.clone(), client, folder.path(), server.address);
    steps.step("who gets in", || let_in(&entry, &token))?;
    let desk = Desk::new(agent, folder.path())?;
    steps.step("the statistics office's own file", || desk.office_file())?;
    steps.step("a CSV with a slip", || desk.slip())?;
    steps.step("an Excel form", || desk.form(&Filler::of(&tools, root)))?;
    steps.step("the board", || show_board(&entry))?;
    println!("\nas promised: {}", steps.summary());
    if args.keep {
        let kept = folder.keep();
        println!("\nserving on until Ctrl-C; everything is in {}", kept.display());
        lines_to_try(&entry, &kept, &server);
        return server.keep();
    }
    Ok(())
}

fn prepare(root: &Path) -> anyhow::Result<Tools> {
    let tools = tools::prepare(root)?;
    if tools.without.is_empty() {
        println!("   grpcurl, buf and openpyxl are in target/tools");
    } else {
        println!("   not here: {}", tools.without.join(", "));
        println!("   because: {}", tools.reason);
        println!("   a program of this workspace stands in for them");
    }
    Ok(tools)
}

fn build(root: &Path, tools: &Tools) -> anyhow::Result<()> {
    println!("   compiling server and agent; the first time this takes some minutes");
    let packages = ["build", "--package", "tiendo-server", "--package", "tiendo-agent", "--bins"];
    run(&mut cargo(root, packages))?;
    if tools.without.is_empty() {
        return Ok(());
    }
    run(&mut cargo(root, ["build", "--package", "tiendo-tests", "--example", "stand_in"]))
}

/// What fills the form in, as an officer would with a spreadsheet.
#[derive(Debug)]
pub(crate) struct Filler {
    program: PathBuf,
    script: Option<PathBuf>,
}

impl Filler {
    fn of(tools: &Tools, root: &Path) -> Self {
        match tools.find("openpyxl") {
            Some(python) => {
                Self { program: python, script: Some(root.join("xtask/demo/fill_form.py")) }
            }
            None => Self { program: stand_in(root), script: None },
        }
    }

    /// The command that fills in the form's row of `indicator`.
    pub(crate) fn command(&self, form: &str, indicator: &str, entries: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        match &self.script {
            Some(script) => command.arg(script),
            None => command.arg("fill"),
        };
        command.args([form, indicator]).args(entries);
        command
    }
}

fn stand_in(root: &Path) -> PathBuf {
    root.join("target/debug/examples/stand_in")
}

fn client(root: &Path, tools: &Tools) -> Client {
    match tools.find("grpcurl") {
        Some(program) => Client { program, before: Vec::new() },
        None => Client { program: stand_in(root), before: vec!["call"] },
    }
}

/// The first administrator has the server's own token, and makes the others.
fn let_in(entry: &Entry, token: &str) -> anyhow::Result<()> {
    entry.enrol("administrator", "administrator", token)?;
    let office = entry.token("agent", DEPARTMENT, "office")?;
    entry.enrol("office", "agent", &office)?;
    let operator = entry.token("operator", "", "operator")?;
    entry.enrol("operator", "operator", &operator)
}

fn show_board(entry: &Entry) -> anyhow::Result<()> {
    let mut command = entry.call("operator", "{}", "StatusService/ListTargetStatuses");
    println!("   $ {}\n", shown(&command));
    let board = Board::parse(&output(&mut command)?)?;
    println!("{}", board.render());
    let broken = promise::broken(&board);
    ensure!(broken.is_empty(), "the board is not as promised:\n{}", broken.join("\n"));
    Ok(())
}

fn lines_to_try(entry: &Entry, folder: &Path, server: &Server) {
    println!("   $ cd {}", folder.display());
    println!("   $ grpcurl {} {} list", entry::flags("operator").join(" "), server.address);
    let lines = [
        ("{\"horizon\": 2030}", "StatusService/ListTargetStatuses"),
        ("{\"target\": \"A07\"}", "StatusService/GetTargetStatus"),
        ("{\"indicator\": \"income-per-head\"}", "StatusService/ListMeasurements"),
        ("{\"department\": \"thong-ke-tinh\"}", "LedgerService/ListEntries"),
    ];
    for (request, method) in lines {
        println!("   $ {}", shown(&entry.call("operator", request, method)));
    }
}
