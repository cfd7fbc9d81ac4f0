//! A `PostgreSQL` for the benchmark, on the disk that is measured, as durable as it ships.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio_postgres::{Client, NoTls};

use crate::process::free_address;

/// A user that has no rights; the server refuses the administrator.
const NOBODY: u32 = 65_534;
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A running database server; ended when dropped.
#[derive(Debug)]
pub(crate) struct Cluster {
    child: Child,
    /// Its port on loopback.
    pub(crate) port: u16,
}

impl Cluster {
    /// Starts one that keeps its files in `folder`, which must not be there yet.
    pub(crate) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let bin = programs().context("PostgreSQL is not installed; run `cargo xtask test`")?;
        std::fs::create_dir(folder)?;
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(folder, Some(NOBODY), Some(NOBODY))?;
        }
        let data = folder.join("data");
        let made = ordinary(&bin.join("initdb"), folder)
            .args(["--username=tiendo", "--auth=trust", "--encoding=UTF8", "--pgdata"])
            .arg(&data)
            .output()?;
        ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = free_address(0)?.port();
        let log = std::fs::File::create(folder.join("log"))?;
        let mut command = ordinary(&bin.join("postgres"), folder);
        command.arg("-D").arg(&data).arg("-k").arg(folder).args(["-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "shared_buffers=256MB",
            "max_connections=200",
            "max_wal_size=4GB",
        ] {
            command.args(["-c", setting]);
        }
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let cluster = Self { child, port };
        let begun = Instant::now();
        while cluster.connect("postgres").await.is_err() {
            if begun.elapsed() > READY_WITHIN {
                bail!("{}", std::fs::read_to_string(folder.join("log"))?);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(cluster)
    }

    /// A connection to a database.
    pub(crate) async fn connect(&self, database: &str) -> anyhow::Result<Client> {
        let (client, connection) = tokio_postgres::connect(&self.address(database), NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// The address of a database.
    pub(crate) fn address(&self, database: &str) -> String {
        format!("postgres://tiendo@127.0.0.1:{}/{database}", self.port)
    }

    /// A database that holds nothing, in place of the one of this name.
    pub(crate) async fn renew(&self, database: &str) -> anyhow::Result<()> {
        let client = self.connect("postgres").await?;
        client.batch_execute(&format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)")).await?;
        client.batch_execute(&format!("CREATE DATABASE {database}")).await?;
        Ok(client.batch_execute("CHECKPOINT").await?)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // It ends at once, and takes its children along.
        kill_process(Pid::from_child(&self.child), Signal::QUIT).ok();
        self.child.wait().ok();
    }
}

/// A program run by an ordinary user.
fn ordinary(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir(folder).env("LC_ALL", "C.UTF-8").env("HOME", folder);
    command
}

/// The folder of the newest server's programs.
fn programs() -> Option<PathBuf> {
    let versions = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten();
    let mut places: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    places.sort();
    places.reverse();
    places.extend(["/usr/local/pgsql/bin", "/usr/bin"].map(PathBuf::from));
    places.into_iter().find(|place| place.join("initdb").exists())
}
