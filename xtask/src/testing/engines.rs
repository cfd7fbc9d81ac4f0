//! The behaviour tests once more, on servers that keep their ledger in `PostgreSQL`.

use std::path::Path;

use anyhow::bail;

use crate::step::{cargo, output, run};

/// Kills are tried less often here: what they are about is the same on every engine.
const ROUNDS: (&str, &str) = ("TIENDO_CRASH_ROUNDS", "20");

/// Tests that are not run on `PostgreSQL`, by the beginning of their names, and why.
const EMBEDDED: [(&str, &str); 12] = [
    ("tidy::", "starts no server"),
    ("breaking::", "starts no server"),
    ("packages::", "packages are those of the embedded engine"),
    ("servers::", "names its engine itself"),
    ("crash::failover", "names its engine itself"),
    ("keeping::", "backup, restore, free disk and export of the data folder"),
    ("ledger::damage", "damages the journal of the data folder"),
    ("enrol::keys", "changes the ledger key, which servers over one database agree on"),
    ("serving::commands::a_second_server", "another server over a database is welcome"),
    ("enrol::year", "runs a server in the test's own process on the embedded engine"),
    ("reconcile::", "puts an older copy of the data folder in the place of the newer one"),
    ("access::secrets", "reads every file of the data folder, the journal too"),
];

/// Runs the tests that are not of the embedded engine alone.
pub(super) fn run_steps(root: &Path, environment: &[(&str, String)]) -> anyhow::Result<()> {
    let command = || {
        let mut command = cargo(root, ["test", "--package", "tiendo-tests", "--test", "it", "--"]);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command.env("TIENDO_TEST_ENGINE", "postgres");
        if std::env::var_os(ROUNDS.0).is_none() {
            command.env(ROUNDS.0, ROUNDS.1);
        }
        command
    };
    every_exception_is_one(&output(command().args(["--list"]))?)?;
    println!("   on PostgreSQL, but for these:");
    for (name, why) in EMBEDDED {
        println!("   {name:<18} {why}");
    }
    let skips = EMBEDDED.iter().flat_map(|(name, _)| ["--skip", name]);
    run(command().args(skips))
}

/// Fails if an exception names no test: it would be forgotten here for ever.
fn every_exception_is_one(listed: &str) -> anyhow::Result<()> {
    for (name, _) in EMBEDDED {
        if !listed.lines().any(|line| line.starts_with(name)) {
            bail!("no test is named `{name}…`; take it out of `xtask/src/testing/engines.rs`");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_that_names_no_test_is_told() {
        let all = EMBEDDED.map(|(name, _)| format!("{name}x: test")).join("\n");
        every_exception_is_one(&all).unwrap();
        let error = every_exception_is_one(&all.replace("keeping::", "kept::")).unwrap_err();
        assert!(error.to_string().contains("`keeping::…`"), "{error}");
    }
}
