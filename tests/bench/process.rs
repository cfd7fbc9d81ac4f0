//! The processes measured: started in a fresh folder, asked until they answer, stopped or killed.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use prost::bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process};

use crate::catalogue;
use crate::load::Client;

const READY_WITHIN: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(2);
/// The question asked of the server; its first answer ends the start.
pub(crate) const STATUSES: &str = "/tiendo.v1.StatusService/ListTargetStatuses";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A bare service that decodes and throws away.
    Discard,
    /// A bare service that appends to a synced log.
    Log,
    /// The server, all checks on.
    Tiendo,
}

impl Kind {
    /// Its name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Discard => "bare, throws away",
            Self::Log => "bare, synced log",
            Self::Tiendo => "tiendo-server",
        }
    }
}

/// A running service; killed when dropped.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Where its board is, if it has one.
    pub(crate) board: SocketAddr,
    /// From the start of the process to its first answer.
    pub(crate) ready_after: Duration,
}

impl Service {
    /// Starts a service that keeps its files in `folder` and waits until it answers.
    pub(crate) async fn start(kind: Kind, server: &Path, folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        let address = free_address(0)?;
        let board = free_address(1)?;
        let command = match kind {
            Kind::Tiendo => server_command(server, folder, address, board)?,
            Kind::Discard | Kind::Log => peer_command(kind, folder, address)?,
        };
        Self::begin(kind, command, folder, (address, board)).await
    }

    /// Starts the server over a database and waits until it answers.
    pub(crate) async fn start_over(
        database: &str,
        server: &Path,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        let (address, board) = (free_address(0)?, free_address(1)?);
        let mut command = server_command(server, folder, address, board)?;
        command.args(["--engine", "postgres", "--database", database]);
        Self::begin(Kind::Tiendo, command, folder, (address, board)).await
    }

    async fn begin(
        kind: Kind,
        mut command: Command,
        folder: &Path,
        (address, board): (SocketAddr, SocketAddr),
    ) -> anyhow::Result<Self> {
        let output = File::options().create(true).append(true).open(folder.join("output.txt"))?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let start = Instant::now();
        let child = command.spawn().with_context(|| format!("{command:?}"))?;
        let mut service = Self { child, address, board, ready_after: Duration::ZERO };
        while !service.answers(kind).await {
            if service.child.try_wait()?.is_some() || start.elapsed() > READY_WITHIN {
                let said = fs::read_to_string(folder.join("output.txt"))?;
                bail!("{} does not answer; it said:\n{said}", kind.name());
            }
            tokio::time::sleep(POLL).await;
        }
        service.ready_after = start.elapsed();
        Ok(service)
    }

    async fn answers(&self, kind: Kind) -> bool {
        let Ok(mut client) = Client::connect(self.address, &catalogue::department(0)).await else {
            return false;
        };
        kind != Kind::Tiendo || client.call(STATUSES, Bytes::new()).await.is_ok()
    }

    /// Its resident memory in bytes: now, and at its highest.
    pub(crate) fn memory(&self) -> anyhow::Result<(u64, u64)> {
        memory(self.child.id())
    }

    /// Processor time it has used.
    pub(crate) fn processor_time(&self) -> anyhow::Result<Duration> {
        let text = fs::read_to_string(format!("/proc/{}/schedstat", self.child.id()))?;
        let mut total = Duration::from_nanos(first_number(&text)?);
        // That was the first thread; the file of the process itself counts ticks of 10 ms only.
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let task = task?;
            if task.file_name() != *self.child.id().to_string() {
                let text = fs::read_to_string(task.path().join("schedstat"))?;
                total += Duration::from_nanos(first_number(&text)?);
            }
        }
        Ok(total)
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) -> anyhow::Result<Duration> {
        let start = Instant::now();
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let status = self.child.wait()?;
        ensure!(status.success(), "the server ended with {status} when asked to stop");
        Ok(start.elapsed())
    }

    /// Kills it.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to do.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn first_number(text: &str) -> anyhow::Result<u64> {
    let number = text.split_whitespace().next().context("no number")?;
    Ok(number.parse()?)
}

fn server_command(
    server: &Path,
    folder: &Path,
    address: SocketAddr,
    board: SocketAddr,
) -> anyhow::Result<Command> {
    let file = folder.join("catalogue.toml");
    if !file.exists() {
        fs::write(&file, catalogue::toml(catalogue::TARGETS))?;
    }
    let mut command = Command::new(server);
    command.arg("serve").arg("--insecure-loopback").arg("--data").arg(folder.join("data"));
    command.arg("--catalogue").arg(file).args(["--listen", &address.to_string()]);
    command.args(["--http", &board.to_string()]);
    Ok(command)
}

fn peer_command(kind: Kind, folder: &Path, address: SocketAddr) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["peer", "--listen", &address.to_string()]);
    if kind == Kind::Log {
        command.arg("--log").arg(folder.join("log"));
    }
    Ok(command)
}

/// A loopback address nobody listens on, below the ports of outgoing connections; the one
/// after so many others.
pub(crate) fn free_address(others: usize) -> anyhow::Result<SocketAddr> {
    let first = 20_000 + u16::try_from(std::process::id() % 10_000)?;
    (first..32_768)
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .filter(|address| TcpListener::bind(address).is_ok())
        .nth(others)
        .context("no free port below 32768")
}

/// Resident memory of a process in bytes: now, and at its highest.
pub(crate) fn memory(process: u32) -> anyhow::Result<(u64, u64)> {
    let text = fs::read_to_string(format!("/proc/{process}/status"))?;
    let field = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    field("VmRSS:").zip(field("VmHWM:")).context("the process has no memory")
}

/// Bytes that the files of a folder take on the disk.
pub(crate) fn disk(folder: &Path) -> anyhow::Result<u64> {
    let mut total = 0;
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                total += metadata.blocks() * 512;
            }
        }
    }
    Ok(total)
}
