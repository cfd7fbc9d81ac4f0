//! `cargo xtask ci`: everything that has to hold before a change lands.

use std::path::Path;

use anyhow::{Context as _, bail};

use crate::proto;
use crate::step::{Steps, cargo, output, run};
use crate::testing::{self, Setting};

/// What to check.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Record additions to the protos in proto/descriptor.binpb and end.
    #[arg(long)]
    accept_proto: bool,
}

/// How much is tried of what is left to chance, unless the environment asks for more.
const NUMBERS: [(&str, &str); 9] = [
    ("TIENDO_SIMULATION_SEEDS", "300"),
    ("TIENDO_CRASH_ROUNDS", "200"),
    ("TIENDO_FAILOVER_ROUNDS", "20"),
    // A hundred thousand points of failure of a journal, and of the agent's ledger on it.
    ("TIENDO_JOURNAL_WORKLOADS", "6000"),
    ("TIENDO_OUTBOX_WORKLOADS", "4400"),
    ("TIENDO_POWER_WORKLOADS", "200"),
    ("TIENDO_OUTBOX_FLIPS", "2000"),
    ("TIENDO_FLIPS", "2000"),
    ("TIENDO_STATE_FLIPS", "2000"),
];

/// Checks everything, cheapest first.
pub(crate) fn run_all(root: &Path, args: &Args) -> anyhow::Result<()> {
    if args.accept_proto {
        let setting = Setting::prepare(root)?;
        return proto::accept(root, buf(&setting)?.as_path());
    }
    let mut steps = Steps::new(11);
    steps.step("fmt", || run(&mut cargo(root, ["fmt", "--all", "--check"])))?;
    let setting = steps.step("tools", || Setting::prepare(root))?;
    steps.step("proto", || check_protos(root, &setting))?;
    steps.step("clippy", || {
        let args = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        run(&mut cargo(root, args))
    })?;
    steps.step("doc", || {
        let mut command = cargo(root, ["doc", "--workspace", "--no-deps"]);
        run(command.env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    testing::run_steps(root, &testing::Args::default(), &NUMBERS, &mut steps)?;
    steps.step("published data", || published(root))?;
    println!("\nall checks passed: {}", steps.summary());
    Ok(())
}

fn buf(setting: &Setting) -> anyhow::Result<std::path::PathBuf> {
    let reason = &setting.tools().reason;
    setting.tools().find("buf").with_context(|| format!("buf is not here: {reason}"))
}

fn check_protos(root: &Path, setting: &Setting) -> anyhow::Result<()> {
    let buf = buf(setting)?;
    proto::lint(root, &buf)?;
    proto::breaking(root, &buf)
}

/// Runs the tests on published figures once more, by name: here they must not
/// only pass but exist.
fn published(root: &Path) -> anyhow::Result<()> {
    let args = ["test", "--quiet", "--package", "tiendo-shared", "--lib", PUBLISHED];
    let said = output(&mut cargo(root, args))?;
    print!("{said}");
    if passed(&said) == 0 {
        bail!("no test of `tiendo-shared` is named `{PUBLISHED}`");
    }
    Ok(())
}

/// Part of the name of every test that compares with published figures.
const PUBLISHED: &str = "published";

/// Tests passed, by the closing line of `cargo test`.
fn passed(said: &str) -> u32 {
    said.lines()
        .filter_map(|line| line.strip_prefix("test result: ok. "))
        .filter_map(|rest| rest.split(' ').next()?.parse::<u32>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passed_tests_are_counted_from_the_closing_lines() {
        let said = "running 2 tests\n..\ntest result: ok. 2 passed; 0 failed; 0 ignored\n";
        assert_eq!(passed(said), 2);
        assert_eq!(passed("running 0 tests\n\ntest result: ok. 0 passed; 0 failed\n"), 0);
        assert_eq!(passed(""), 0);
    }
}
