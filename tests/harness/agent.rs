//! The officer's program, run as a child with a home and a desk of its own.

use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use super::process::{Outcome, program, run, run_with};
use super::server::Server;

/// An officer's computer: the agent's home, and a folder of files beside it.
#[derive(Debug)]
pub(crate) struct Agent {
    folder: TempDir,
    /// Flags of every command.
    flags: Vec<String>,
}

impl Agent {
    /// One that reports to this server for a department.
    pub(crate) fn of(server: &Server, department: &str) -> Self {
        Self::at(&server.address(), department)
    }

    /// One that reports to whatever is or will be at this address.
    pub(crate) fn at(address: &str, department: &str) -> Self {
        let flags = ["--server", address, "--insecure-loopback", "--department", department];
        Self::with_flags([&flags[..], &["--agent", "may-thu"]].concat())
    }

    /// One that knows no server yet.
    pub(crate) fn unknown() -> Self {
        Self::with_flags(Vec::new())
    }

    fn with_flags(flags: Vec<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("desk")).unwrap();
        Self { folder, flags: flags.into_iter().map(str::to_owned).collect() }
    }

    /// The folder of the officer's files, in which the agent runs.
    pub(crate) fn desk(&self) -> PathBuf {
        self.folder.path().join("desk")
    }

    /// The agent's home.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Puts a file on the desk.
    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.desk().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A command of the agent that is not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("tiendo-agent"));
        command
            .current_dir(self.desk())
            .arg("--home")
            .arg(self.home())
            .args(&self.flags)
            .args(arguments)
            .env_remove("RUST_LOG");
        command
    }

    /// Runs a command.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Outcome {
        run(&mut self.command(arguments)).await
    }

    /// Runs `enrol` with a token on its standard input.
    pub(crate) async fn enrol(&self, address: &str, token: &str, flags: &[&str]) -> Outcome {
        let mut command = self.command(&[&["enrol", "--server", address], flags].concat());
        run_with(&mut command, token).await
    }

    /// Runs `enrol` for another home, a folder on the desk.
    pub(crate) async fn enrol_in(&self, home: &str, address: &str, token: &str) -> Outcome {
        let mut command = Command::new(program("tiendo-agent"));
        command.current_dir(self.desk()).args(["--home", home, "enrol", "--server", address]);
        run_with(&mut command, token).await
    }

    /// Runs a command on a computer whose clock runs ahead by so many seconds.
    pub(crate) async fn run_ahead(&self, seconds: i64, arguments: &[&str]) -> Outcome {
        run(self.command(arguments).env("TIENDO_CLOCK_AHEAD", seconds.to_string())).await
    }

    /// Runs a command for programs: its exit code and its document.
    pub(crate) async fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let outcome = self.run(&[&["--json"], arguments].concat()).await;
        let document = serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| {
            panic!("{error}; stdout:\n{}\nstderr:\n{}", outcome.stdout, outcome.stderr)
        });
        (outcome.code.expect("an exit code"), document)
    }
}
