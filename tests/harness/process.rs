//! Child processes: where their programs are, how they are run, how they are waited for.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::setting::root;

/// How long a child may take before it is taken to hang.
const LONGEST_RUN: Duration = Duration::from_mins(10);

/// Time between two looks at something that is awaited.
const TICK: Duration = Duration::from_millis(5);

/// A program of this workspace, as it was built.
pub(crate) fn program(name: &str) -> PathBuf {
    let folder =
        std::env::var_os("TIENDO_BIN").map_or_else(|| root().join("target/debug"), PathBuf::from);
    let path = folder.join(name);
    assert!(path.exists(), "{} is not built; run `cargo xtask test`", path.display());
    path
}

/// How a child ended and what it said.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Exit code; none if a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it wrote to standard output.
    pub(crate) stdout: String,
    /// What it wrote to standard error.
    pub(crate) stderr: String,
}

impl Outcome {
    /// Itself, if the exit code is this one.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "exit code; stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Standard output, if it ended well.
    #[track_caller]
    pub(crate) fn expect_success(self) -> String {
        self.expect_code(0).stdout
    }

    /// Both outputs.
    pub(crate) fn all(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// Itself, if each of these words stands in one of the outputs.
    #[track_caller]
    pub(crate) fn expect_words(self, words: &[&str]) -> Self {
        let all = self.all();
        for word in words {
            assert!(all.contains(word), "`{word}` is not in:\n{all}");
        }
        self
    }
}

/// Runs a child to its end.
pub(crate) async fn run(command: &mut Command) -> Outcome {
    run_with(command, "").await
}

/// Runs a child that reads `input`, to its end.
pub(crate) async fn run_with(command: &mut Command, input: &str) -> Outcome {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let shown = format!("{:?}", command.as_std());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{shown}: {error}"));
    let mut stdin = child.stdin.take().expect("it is piped");
    // A child that reads nothing may have ended already.
    stdin.write_all(input.as_bytes()).await.ok();
    drop(stdin);
    let output = tokio::time::timeout(LONGEST_RUN, child.wait_with_output())
        .await
        .unwrap_or_else(|_| panic!("{shown}: still runs after {LONGEST_RUN:?}"))
        .unwrap_or_else(|error| panic!("{shown}: {error}"));
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Tries until an attempt yields something; none when `within` is over.
pub(crate) async fn until<T>(
    within: Duration,
    mut attempt: impl AsyncFnMut() -> Option<T>,
) -> Option<T> {
    let trying = async {
        let mut ticks = tokio::time::interval(TICK);
        loop {
            ticks.tick().await;
            if let Some(found) = attempt().await {
                return found;
            }
        }
    };
    tokio::time::timeout(within, trying).await.ok()
}

/// The most memory a process ever had resident; none once it has ended.
pub(crate) fn peak_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
