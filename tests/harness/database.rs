//! Real database servers in a folder of their own, stopped when the test ends.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::process::{run, until};
use super::server::free_port;
use super::service::SOON;
use crate::setting::{mariadb, postgres};

/// The password of the user `tiendo`.
pub(crate) const PASSWORD: &str = "mat-khau-bi-mat";

/// A user that has no rights; database servers refuse the administrator.
const NOBODY: u32 = 65_534;

/// A running database server.
#[derive(Debug)]
pub(crate) struct Database {
    /// Its port on loopback.
    pub(crate) port: u16,
    _folder: TempDir,
    _child: Child,
}

impl Database {
    /// `PostgreSQL` with these statements, one a line, in the database `postgres`; none
    /// where the test command said that this machine cannot have it.
    pub(crate) async fn postgres(statements: &str) -> Option<Self> {
        let bin = postgres()?;
        let folder = folder();
        let data = folder.path().join("data");
        let secret = folder.path().join("secret");
        std::fs::write(&secret, PASSWORD).unwrap();
        give(&secret);
        let mut command = ordinary(&bin.join("initdb"), folder.path());
        command.args(["--username=tiendo", "--auth=scram-sha-256", "--no-sync", "--encoding=UTF8"]);
        command.arg("--pwfile").arg(&secret).arg("--pgdata").arg(&data);
        run(&mut command).await.expect_code(0);
        feed(
            ordinary(&bin.join("postgres"), folder.path())
                .arg("--single")
                .arg("-D")
                .arg(&data)
                .arg("postgres"),
            statements,
        )
        .await;
        let port = free_port();
        let mut command = ordinary(&bin.join("postgres"), folder.path());
        command.arg("-D").arg(&data).arg("-k").arg(folder.path());
        command.args([
            "-p",
            &port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "fsync=off",
        ]);
        Some(Self::begin(command, port, folder).await)
    }

    /// `MariaDB` with these statements, each ended by a semicolon and a line; none where
    /// the test command said that this machine cannot have it.
    pub(crate) async fn mariadb(statements: &str) -> Option<Self> {
        let program = mariadb()?;
        let folder = folder();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        give(&data);
        let base = "--no-defaults --skip-networking --innodb-buffer-pool-size=16M";
        let mut command = ordinary(&program, folder.path());
        command.args(base.split(' ')).arg("--bootstrap").arg("--datadir").arg(&data);
        feed(&mut command, &format!("CREATE DATABASE dti;\nUSE dti;\n{statements}")).await;
        let start = folder.path().join("start.sql");
        std::fs::write(&start, "").unwrap();
        let port = free_port();
        let mut command = ordinary(&program, folder.path());
        command.args(["--no-defaults", "--bind-address=127.0.0.1", "--skip-grant-tables"]);
        command.args(["--skip-networking=0", "--innodb-buffer-pool-size=16M"]);
        command.arg(format!("--port={port}")).arg("--datadir").arg(&data);
        command.arg("--socket").arg(folder.path().join("s"));
        Some(Self::begin(command, port, folder).await)
    }

    async fn begin(mut command: Command, port: u16, folder: TempDir) -> Self {
        let log = folder.path().join("log");
        let file = std::fs::File::create(&log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let up = until(SOON, async || TcpStream::connect(("127.0.0.1", port)).ok()).await;
        assert!(up.is_some(), "{}", std::fs::read_to_string(log).unwrap());
        Self { port, _folder: folder, _child: child }
    }
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    give(folder.path());
    folder
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Gives a file to the user that database servers run as.
pub(super) fn give(path: &Path) {
    if is_root() {
        std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
}

/// A program run by an ordinary user.
fn ordinary(program: &Path, folder: &Path) -> Command {
    ordinary_program(program, folder).into()
}

/// The same, for whoever waits for it without a runtime.
pub(super) fn ordinary_program(program: &Path, folder: &Path) -> std::process::Command {
    use std::os::unix::process::CommandExt as _;

    let mut command = std::process::Command::new(program);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir(folder).env("LC_ALL", "C.UTF-8").env("HOME", folder);
    command
}

async fn feed(command: &mut Command, text: &str) {
    use tokio::io::AsyncWriteExt as _;

    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.kill_on_drop(true).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("ERROR"), "{said}");
}

/// The programs of a database server: where to look for them.
pub(crate) fn found(places: &[&str], name: &str) -> Option<PathBuf> {
    let folders = places.iter().flat_map(|place| match place.split_once("/*/") {
        None => vec![PathBuf::from(place)],
        Some((before, behind)) => {
            let listed = std::fs::read_dir(before).into_iter().flatten().flatten();
            listed.map(|entry| entry.path().join(behind)).collect()
        }
    });
    folders.into_iter().map(|folder| folder.join(name)).find(|program| program.exists())
}
