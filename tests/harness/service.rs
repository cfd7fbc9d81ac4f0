//! `tiendo-agent run` as a child that goes on until it is told to stop.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;

use super::agent::Agent;
use super::process::until;
use super::secrets;

/// How long anything may take that a service does by itself.
pub(crate) const SOON: Duration = Duration::from_mins(1);

/// A running service.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    log: PathBuf,
}

impl Service {
    /// Starts one on an officer's computer.
    pub(crate) fn start(agent: &Agent) -> Self {
        Self::start_with(agent, &[])
    }

    /// Starts one with variables in its environment.
    pub(crate) fn start_with(agent: &Agent, variables: &[(&str, &str)]) -> Self {
        let log = agent.desk().with_file_name("run.log");
        let file = File::options().append(true).create(true).open(&log).unwrap();
        let child = agent
            .command(&["run", "-v"])
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { child, log }
    }

    /// Everything it said, through all starts.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has said this.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let said = until(SOON, async || self.log().contains(words).then_some(())).await;
            assert!(said.is_some(), "{caller}: `{words}` is not in:\n{}", self.log());
        }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        kill_process(pid.expect("the service runs"), signal).unwrap();
    }

    /// Waits for its end; its exit code.
    pub(crate) async fn ends(&mut self) -> Option<i32> {
        match tokio::time::timeout(SOON, self.child.wait()).await {
            Ok(status) => status.unwrap().code(),
            Err(late) => panic!("{late}: the service did not end; log:\n{}", self.log()),
        }
    }

    /// Stops it as an administrator does.
    pub(crate) async fn stops_well(&mut self) {
        self.signal(Signal::TERM);
        assert_eq!(self.ends().await, Some(0), "log:\n{}", self.log());
    }

    /// Kills it.
    pub(crate) async fn kill9(&mut self) {
        self.child.kill().await.unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        secrets::keep_out_of(&self.log());
    }
}
