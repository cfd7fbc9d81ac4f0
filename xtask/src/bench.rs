//! `cargo xtask bench`: builds for release and starts the benchmark of `tests/bench`.

use std::path::Path;

use crate::step::{Steps, cargo, run};

/// How thoroughly to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// About a minute: fewer rounds, a smaller store.
    #[arg(long)]
    quick: bool,
    /// One part alone: `ingest`, `store`, `agent` or `postgres`.
    #[arg(long)]
    only: Option<String>,
}

/// Builds what is measured, measures, and leaves the figures in `target/bench.json`.
pub(crate) fn run_all(root: &Path, args: &Args) -> anyhow::Result<()> {
    let mut steps = Steps::new(3);
    steps.step("build the server", || {
        run(&mut cargo(root, ["build", "--release", "--package", "tiendo-server", "--bins"]))
    })?;
    steps.step("build the agent", || {
        run(&mut cargo(
            root,
            ["build", "--profile", "agent", "--package", "tiendo-agent", "--bins"],
        ))
    })?;
    steps.step("measure", || {
        let target = root.join("target");
        let mut command = cargo(root, ["bench", "--quiet", "--package", "tiendo-tests"]);
        command.args(["--bench", "ratios", "--", "run"]);
        command.arg("--server").arg(target.join("release/tiendo-server"));
        command.arg("--agent").arg(target.join("agent/tiendo-agent"));
        command.arg("--out").arg(target.join("bench.json"));
        if let Some(only) = &args.only {
            command.args(["--only", only]);
        }
        run(command.args(args.quick.then_some("--quick")))
    })
}
