//! A real `tiendo-server` on a free loopback port, killed when the test ends.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::clients::{Clients, Collection, Status};
use super::engine::{Base, Engine};
use super::process::{Outcome, peak_kib, program, run, until};
use super::secrets;
use super::secure::Wire;

/// How long a start may take, after a kill too.
pub(crate) const START_WITHIN: Duration = Duration::from_secs(10);

/// How long a graceful stop may take: the grace of 10 s and a little.
const STOP_WITHIN: Duration = Duration::from_secs(15);

/// What a server is started with.
#[derive(Debug, Default, Clone)]
pub(crate) struct Options {
    /// Text of a catalogue instead of the shipped one.
    pub(crate) catalogue: Option<String>,
    /// Folder of a disk to keep its data on, instead of the usual one.
    pub(crate) disk: Option<PathBuf>,
    /// Variables of its environment.
    pub(crate) variables: Vec<(&'static str, &'static str)>,
    /// The time it is for the server instead of the machine's; none for that.
    pub(crate) clock: Option<String>,
    /// Serve with TLS, after `tiendo-server init`.
    pub(crate) secure: bool,
    /// Serve the board too.
    pub(crate) board: bool,
    /// What it keeps its ledger in.
    pub(crate) engine: Engine,
}

impl Options {
    /// With this catalogue.
    pub(crate) fn with_catalogue(text: &str) -> Self {
        Self { catalogue: Some(text.to_owned()), ..Self::default() }
    }
}

/// A running server and the folder it keeps its ledger in.
#[derive(Debug)]
pub(crate) struct Server {
    folder: TempDir,
    options: Options,
    /// The database of its ledger; none with the embedded engine.
    base: Option<Arc<Base>>,
    port: u16,
    board_port: u16,
    child: Child,
    first_token: String,
}

impl Server {
    /// Starts one with the shipped catalogue.
    pub(crate) async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    /// Starts one.
    pub(crate) async fn start_with(options: Options) -> Self {
        let folder = match &options.disk {
            Some(disk) => tempfile::tempdir_in(disk),
            None => tempfile::tempdir(),
        };
        let folder = folder.unwrap();
        if let Some(text) = &options.catalogue {
            std::fs::write(folder.path().join("catalogue.toml"), text).unwrap();
        }
        if let Some(instant) = &options.clock {
            set_clock(folder.path(), instant);
        }
        let base = options.engine.base();
        let command = server_command(base.as_deref());
        let first_token =
            if options.secure { init(command, folder.path()).await } else { String::new() };
        Self::start_in(folder, options, base, first_token).await
    }

    /// Another server of the same province, over the same database, with keys of this one.
    pub(crate) async fn beside(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (self.data(), folder.path().join("data"));
        if self.options.secure {
            let mut join = server_command(self.base.as_deref());
            join.args(["join", "--host", "localhost,127.0.0.1", "--from"]).arg(&from);
            run(join.arg("--data").arg(&to)).await.expect_code(0);
        } else {
            std::fs::create_dir(&to).unwrap();
            std::fs::copy(from.join("ledger.key"), to.join("ledger.key")).unwrap();
        }
        if let Some(text) = &self.options.catalogue {
            std::fs::write(folder.path().join("catalogue.toml"), text).unwrap();
        }
        Self::start_in(folder, self.options.clone(), self.base.clone(), String::new()).await
    }

    async fn start_in(
        folder: TempDir,
        options: Options,
        base: Option<Arc<Base>>,
        first_token: String,
    ) -> Self {
        let (port, board_port) = (free_port(), free_port());
        let child = spawn(folder.path(), &options, base.as_deref(), port, board_port);
        let mut server = Self { folder, options, base, port, board_port, child, first_token };
        while let Err(log) = server.becomes_ready().await {
            // Another process may have been quicker to take the port.
            let last = log.lines().last().unwrap_or_default();
            assert!(last.contains("ddress already in use"), "the server did not start:\n{log}");
            (server.port, server.board_port) = (free_port(), free_port());
            server.spawn_again();
        }
        server
    }

    /// Starts again where it stopped, on the same port.
    pub(crate) async fn start_again(&mut self) {
        self.spawn_again();
        if let Err(log) = self.becomes_ready().await {
            panic!("the server did not start again:\n{log}");
        }
    }

    /// Starts again and does not wait until it serves.
    pub(crate) fn spawn_again(&mut self) {
        let base = self.base.as_deref();
        self.child = spawn(self.folder.path(), &self.options, base, self.port, self.board_port);
    }

    /// Stops it as an operator does and starts it again.
    pub(crate) async fn restart(&mut self) {
        self.stops_well().await;
        self.start_again().await;
    }

    /// Sets a variable of its environment from its next start on.
    pub(crate) fn set_variable(&mut self, name: &'static str, value: &'static str) {
        self.options.variables.push((name, value));
    }

    /// Kills it: nothing it still wanted to do is done.
    pub(crate) async fn kill9(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Stops it as an operator does.
    pub(crate) async fn stops_well(&mut self) {
        let status = self.stop().await;
        assert_eq!(
            status.code(),
            Some(0),
            "{status} instead of a graceful stop; log:\n{}",
            self.log()
        );
    }

    /// Sends SIGTERM and waits for the end.
    pub(crate) async fn stop(&mut self) -> ExitStatus {
        self.tell_to_stop();
        self.ends().await
    }

    /// Sends SIGTERM.
    pub(crate) fn tell_to_stop(&self) {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        kill_process(pid.expect("the server runs"), Signal::TERM).unwrap();
    }

    /// Waits for the end.
    pub(crate) async fn ends(&mut self) -> ExitStatus {
        match tokio::time::timeout(STOP_WITHIN, self.child.wait()).await {
            Ok(status) => status.unwrap(),
            Err(late) => panic!("{late}: the server did not stop; log:\n{}", self.log()),
        }
    }

    /// Moves its clock, which has to be one of its own.
    pub(crate) fn set_clock(&self, instant: &str) {
        assert!(self.options.clock.is_some(), "the server reads the machine's clock");
        set_clock(self.folder.path(), instant);
    }

    /// The token for the first administrator; empty without TLS.
    pub(crate) fn first_token(&self) -> &str {
        &self.first_token
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// `HOST:PORT`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// `HOST:PORT` of its board.
    pub(crate) fn board(&self) -> String {
        assert!(self.options.board, "the server has no board");
        format!("127.0.0.1:{}", self.board_port)
    }

    /// Whether it serves with TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.options.secure
    }

    /// Everything it logged, through all starts.
    pub(crate) fn log(&self) -> String {
        log(self.folder.path())
    }

    /// The most memory it ever had, in bytes.
    pub(crate) fn most_memory(&self) -> u64 {
        let pid = self.child.id().expect("the server runs");
        peak_kib(pid).expect("the server runs") << 10
    }

    /// Clients over a new connection.
    pub(crate) async fn clients(&self) -> Clients {
        Clients::over(self.endpoint().connect().await.unwrap())
    }

    /// Clients over a connection that is made, and made again, when it is needed.
    pub(crate) fn lazy_clients(&self) -> Clients {
        Clients::over(self.endpoint().connect_lazy())
    }

    /// Submits for a department.
    pub(crate) async fn collection(&self, department: &str) -> Collection {
        self.clients().await.collection(department)
    }

    /// Asks where targets stand.
    pub(crate) async fn status(&self) -> Status {
        self.clients().await.status()
    }

    /// A command of `tiendo-server` that is not started yet, on the engine of this one.
    pub(crate) fn command(&self) -> Command {
        server_command(self.base.as_deref())
    }

    /// `tiendo-server verify` on its data folder or its database.
    pub(crate) async fn verify(&self) -> Outcome {
        let mut command = self.command();
        command.arg("verify");
        if self.base.is_none() {
            command.arg("--data").arg(self.data());
        }
        run(&mut command).await
    }

    /// Whether it says that it serves.
    pub(crate) async fn serves(&self) -> bool {
        let channel = match self.options.secure.then(|| Wire::to(self)) {
            Some(wire) => wire.connect().await.ok(),
            None => self.endpoint().connect().await.ok(),
        };
        match channel {
            Some(channel) => is_serving(channel).await,
            None => false,
        }
    }

    fn endpoint(&self) -> Endpoint {
        Channel::from_shared(format!("http://{}", self.address()))
            .unwrap()
            .connect_timeout(Duration::from_secs(2))
    }

    /// Waits until it says that it serves; its log if it ends instead.
    async fn becomes_ready(&mut self) -> Result<(), String> {
        let endpoint = self.endpoint();
        let wire = self.options.secure.then(|| Wire::to(self));
        let child = &mut self.child;
        let folder = self.folder.path();
        let ready = until(START_WITHIN, async || {
            if child.try_wait().unwrap().is_some() {
                return Some(Err(log(folder)));
            }
            let channel = match &wire {
                Some(wire) => wire.connect().await,
                None => endpoint.connect().await,
            };
            is_serving(channel.ok()?).await.then_some(Ok(()))
        });
        ready.await.unwrap_or_else(|| {
            Err(format!("it does not serve after {START_WITHIN:?}; log:\n{}", log(folder)))
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        secrets::keep_out_of(&self.log());
    }
}

/// A command of `tiendo-server` on this database, or on the embedded engine.
fn server_command(base: Option<&Base>) -> Command {
    let mut command = Command::new(program("tiendo-server"));
    command.envs(base.map(Base::variables).into_iter().flatten());
    command
}

/// Makes what TLS needs; the token for the first administrator.
async fn init(mut command: Command, folder: &Path) -> String {
    command.args(["init", "--host", "localhost,127.0.0.1", "--data"]).arg(folder.join("data"));
    let said = run(&mut command).await.expect_success();
    let token = said.lines().find(|line| line.starts_with("tiendo-"));
    let token = token.unwrap_or_else(|| panic!("no token in:\n{said}"));
    secrets::remember(token);
    token.to_owned()
}

async fn is_serving(channel: Channel) -> bool {
    HealthClient::new(channel)
        .check(HealthCheckRequest { service: String::new() })
        .await
        .is_ok_and(|answer| answer.get_ref().status() == ServingStatus::Serving)
}

fn spawn(
    folder: &Path,
    options: &Options,
    base: Option<&Base>,
    port: u16,
    board_port: u16,
) -> Child {
    let log = File::options().append(true).create(true).open(folder.join("log")).unwrap();
    let mut command = server_command(base);
    command
        .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
        .arg("--data")
        .arg(folder.join("data"))
        .envs(
            options.variables.iter().copied().filter(|(name, _)| base.is_none() || !of_sled(name)),
        )
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .kill_on_drop(true);
    if !options.secure {
        command.arg("--insecure-loopback");
    }
    if options.board {
        command.args(["--http", &format!("127.0.0.1:{board_port}")]);
    }
    if options.catalogue.is_some() {
        command.arg("--catalogue").arg(folder.join("catalogue.toml"));
    }
    if options.clock.is_some() {
        command.env("TIENDO_CLOCK_FILE", folder.join("clock"));
    }
    command.spawn().unwrap()
}

/// Whether a variable is about the files of the embedded engine, which no other one knows.
fn of_sled(name: &str) -> bool {
    ["TIENDO_CHECKPOINT_MIB", "TIENDO_DISK_FLOOR_MIB"].contains(&name)
}

fn set_clock(folder: &Path, instant: &str) {
    // Never half written for the server that reads it.
    std::fs::write(folder.join("clock.new"), instant).unwrap();
    std::fs::rename(folder.join("clock.new"), folder.join("clock")).unwrap();
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap_or_default()
}

/// A port nobody listens on. It is below those the system hands out by itself, so
/// that no connection takes it while the server is down.
pub(crate) fn free_port() -> u16 {
    const FIRST: u16 = 12_000;
    const LAST: u16 = 32_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 397).unwrap_or(0) * 50;
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + start.wrapping_add(step) % (LAST - FIRST);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
