//! The Debian packages in a fresh Debian: installed, set up, used, upgraded, removed, purged.

mod systemd;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::harness::{Outcome, run};
use crate::setting::debian;

/// A copy of a fresh Debian.
struct Machine {
    root: tempfile::TempDir,
    packages: PathBuf,
}

impl Machine {
    async fn fresh() -> Option<Self> {
        let (fresh, packages) = debian()?;
        let root = tempfile::tempdir().unwrap();
        let copy = Command::new("cp").arg("-aT").arg(&fresh).arg(root.path()).status().await;
        assert!(copy.unwrap().success());
        std::fs::write(root.path().join("etc/hosts"), "127.0.0.1 localhost\n").unwrap();
        Some(Self { root, packages })
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.root.path().join(inside.trim_start_matches('/'))
    }

    fn command(&self, line: &[&str]) -> Command {
        let mut command = Command::new("chroot");
        command.arg(self.root.path()).args(line).env("DEBIAN_FRONTEND", "noninteractive");
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    }

    async fn run(&self, line: &[&str]) -> Outcome {
        run(&mut self.command(line)).await
    }

    async fn install(&self, name: &str, version: &str) -> Outcome {
        let prefix = format!("{name}_{version}_");
        let listed = std::fs::read_dir(&self.packages).unwrap();
        let file = listed.map(|entry| entry.unwrap().path()).find(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix))
        });
        let file = file.unwrap_or_else(|| panic!("no package {prefix}"));
        std::fs::copy(file, self.path("tmp/package.deb")).unwrap();
        self.run(&["dpkg", "--install", "/tmp/package.deb"]).await.expect_code(0)
    }

    async fn is_user(&self, name: &str, folder: &str) {
        let owner = self.run(&["stat", "-c", "%U %a", folder]).await.expect_success();
        assert_eq!(owner.trim(), format!("{name} 700"));
    }
}

/// The server of a package on a port of its own, until it is told to stop.
struct Serving {
    child: Child,
    port: String,
}

impl Serving {
    async fn start(machine: &Machine) -> Self {
        let line = ["tiendo-server", "serve", "--config", "/etc/tiendo/server.toml"];
        let line = [&line[..], &["--listen", "127.0.0.1:0"]].concat();
        // What is started is the server itself, so that it ends with the test.
        let mut command = machine.command(&line);
        let mut as_user = Command::new("chroot");
        as_user.arg("--userspec=tiendo:tiendo").args(command.as_std_mut().get_args());
        as_user.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").stderr(Stdio::piped());
        let mut child = as_user.stdin(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        let port = loop {
            let Some(line) = lines.next_line().await.unwrap() else { panic!("{said}") };
            if let Some((_, port)) = line.split_once("with TLS on 127.0.0.1:") {
                break port.chars().take_while(char::is_ascii_digit).collect();
            }
            said = format!("{said}{line}\n");
        };
        // Whoever logs must not wait for a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, port }
    }

    async fn stop(mut self) {
        let pid = self.child.id().unwrap();
        run(Command::new("kill").args(["-TERM", &pid.to_string()])).await.expect_code(0);
        assert!(self.child.wait().await.unwrap().success(), "it ends well");
    }
}

fn set_up(machine: &Machine) -> impl Future<Output = Outcome> {
    let line = ["runuser", "-u", "tiendo", "--", "tiendo-server", "init"];
    let line = [&line[..], &["--data", "/var/lib/tiendo", "--host", "localhost"]].concat();
    let mut command = machine.command(&line);
    async move { run(&mut command).await }
}

/// As the agent's user, in the agent's home.
async fn agent(machine: &Machine, line: &[&str]) -> Outcome {
    let begin = ["runuser", "-u", "tiendo-agent", "--", "tiendo-agent"];
    let home = ["--home", "/var/lib/tiendo-agent", "--lang", "en"];
    machine.run(&[&begin[..], &home, line].concat()).await
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn packages_install_run_upgrade_and_go_without_losing_anything() {
    let version = env!("CARGO_PKG_VERSION");
    let next = format!("{version}+1");
    let Some(machine) = Machine::fresh().await else { return };
    let said = machine.install("tiendo-server", version).await;
    said.expect_words(&["tiendo-server init --data /var/lib/tiendo", "systemctl start"]);
    machine.install("tiendo-agent", version).await.expect_words(&["tiendo-agent enrol"]);
    machine.is_user("tiendo", "/var/lib/tiendo").await;
    machine.is_user("tiendo-agent", "/var/lib/tiendo-agent").await;
    for unit in ["tiendo-server", "tiendo-agent"] {
        let place = format!("/usr/lib/systemd/system/{unit}.service");
        let wanted = format!("etc/systemd/system/multi-user.target.wants/{unit}.service");
        assert!(machine.path(&wanted).is_symlink(), "{unit} is enabled");
        machine.run(&["systemd-analyze", "verify", &place]).await.expect_code(0);
        // Ends badly where more is open to it than 2.5 of 10.
        let security = ["systemd-analyze", "security", "--offline=yes", "--threshold=25", &place];
        machine.run(&security).await.expect_code(0);
    }

    let said = set_up(&machine).await.expect_code(0).expect_success();
    let token = said.split_whitespace().find(|word| word.starts_with("tiendo-") && word.len() > 60);
    std::fs::write(machine.path("tmp/token"), token.unwrap()).unwrap();
    let serving = Serving::start(&machine).await;
    let server = format!("localhost:{}", serving.port);
    let enrol = ["enrol", "--server", &server, "--token-file", "/tmp/token"];
    agent(&machine, &enrol).await.expect_code(0);
    agent(&machine, &["status"]).await.expect_code(0).expect_words(&[&server]);
    serving.stop().await;

    // What the administrator changed stays through an upgrade, and so does everything kept.
    let configuration = machine.path("etc/tiendo/server.toml");
    let changed = std::fs::read_to_string(&configuration).unwrap() + "\ndisk_floor_mib = 64\n";
    std::fs::write(&configuration, &changed).unwrap();
    let said = machine.install("tiendo-server", &next).await;
    assert!(!said.all().contains("not set up yet"), "{said:?}");
    machine.install("tiendo-agent", &next).await;
    assert_eq!(std::fs::read_to_string(&configuration).unwrap(), changed);
    assert_eq!(mode(&configuration), 0o640);
    let serving = Serving::start(&machine).await;
    agent(&machine, &["--server", &format!("localhost:{}", serving.port), "status"])
        .await
        .expect_code(0)
        .expect_words(&["Nothing waits"]);
    serving.stop().await;

    machine.run(&["dpkg", "--remove", "tiendo-server", "tiendo-agent"]).await.expect_code(0);
    assert!(!machine.path("usr/bin/tiendo-server").exists() && configuration.exists());
    let purged = machine.run(&["dpkg", "--purge", "tiendo-server", "tiendo-agent"]).await;
    purged.expect_code(0).expect_words(&["kept in /var/lib/tiendo;", "/var/lib/tiendo-agent;"]);
    assert!(!configuration.exists());
    for kept in
        ["var/lib/tiendo/tls/ca.pem", "var/lib/tiendo/journal", "var/lib/tiendo-agent/agent.pem"]
    {
        assert!(machine.path(kept).exists(), "{kept} is kept");
    }
}
