//! `PostgreSQL` as a province runs it: TLS, passwords, a synchronous standby that takes over.
//!
//! Each node has a keeper, a shell that waits for the end of this process and then stops the
//! node and removes its folder: nothing stays behind, however a test ends.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustix::process::{Pid, Signal, kill_process};

use super::database::{PASSWORD, give, ordinary_program};
use super::process::until;
use super::server::free_port;
use super::service::SOON;

/// The user that servers of the province connect as; it owns their databases and no more.
pub(crate) const USER: &str = "tiendo_server";

/// How long a node may take to follow another one.
const FOLLOWS_WITHIN: Duration = Duration::from_secs(30);

/// Who may come in: programs of this computer by the socket, all others with TLS and a password.
const ACCESS: &str = "local all all trust\nlocal replication all trust\n\
                      hostssl all all 127.0.0.1/32 scram-sha-256\n";

const KEEPER: &str = r#"
"$1/pg_ctl" -D "$2/data" -l "$2/log" -o "$3" -w -t 60 start >"$2/start" 2>&1 || { cat "$2/log"; exit 1; }
echo ready
read -r _
"$1/pg_ctl" -D "$2/data" -m immediate -w stop
rm -rf "$2"
"#;

/// A running `PostgreSQL`.
#[derive(Debug)]
pub(crate) struct Node {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    keeper: Child,
    /// Its end is what the keeper waits for.
    held: Option<ChildStdin>,
}

impl Node {
    /// A new primary; `settings` as on the command line of `postgres`.
    pub(crate) fn start(bin: &Path, settings: &str) -> Self {
        let folder = folder();
        let secret = folder.join("secret");
        std::fs::write(&secret, PASSWORD).unwrap();
        certify(&folder);
        for name in ["secret", "ca.pem", "server.pem", "server.key"] {
            give(&folder.join(name));
        }
        let data = folder.join("data");
        let mut initdb = ordinary_program(&bin.join("initdb"), &folder);
        initdb.args(["--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8"]);
        done(initdb.arg("--pgdata").arg(&data));
        std::fs::write(data.join("pg_hba.conf"), ACCESS).unwrap();
        let node = Self::run(bin, folder, free_port(), settings);
        node.psql("postgres", &format!("CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'"));
        node
    }

    /// A standby that follows this primary, which from then on acknowledges only what both
    /// have; on the port of one that is gone, or a free one.
    pub(crate) async fn standby(&self, port: Option<u16>, settings: &str) -> Self {
        let folder = folder();
        for name in ["secret", "ca.pem", "server.pem", "server.key"] {
            std::fs::copy(self.folder.join(name), folder.join(name)).unwrap();
            give(&folder.join(name));
        }
        let mut copy = ordinary_program(&self.bin.join("pg_basebackup"), &folder);
        copy.args([
            "--write-recovery-conf",
            "--checkpoint=fast",
            "--no-sync",
            "--username=postgres",
        ]);
        copy.arg("--host").arg(&self.folder).args(["--port", &self.port.to_string()]);
        done(copy.arg("--pgdata").arg(folder.join("data")));
        let standby = Self::run(&self.bin, folder, port.unwrap_or_else(free_port), settings);
        self.set_synchronous(true);
        let sync = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        let follows = async || (self.psql("postgres", sync) == "1").then_some(());
        until(FOLLOWS_WITHIN, follows).await.expect("the standby follows");
        standby
    }

    /// Takes over from a primary that is gone, and acknowledges alone until it is followed.
    pub(crate) fn promote(&self) {
        done(self.pg_ctl().args(["-w", "promote"]));
        self.set_synchronous(false);
    }

    /// Whether it acknowledges only what a standby has too.
    fn set_synchronous(&self, yes: bool) {
        let names = if yes { "*" } else { "" };
        let setting = format!("ALTER SYSTEM SET synchronous_standby_names = '{names}'");
        self.psql("postgres", &setting);
        self.psql("postgres", "SELECT pg_reload_conf()");
    }

    /// Kills it and every process of it, as a machine does that loses its power.
    pub(crate) async fn kill9(&self) {
        let pid_file = self.folder.join("data/postmaster.pid");
        let pid = std::fs::read_to_string(&pid_file).unwrap();
        let pid = pid.lines().next().unwrap().trim();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        let all: Vec<&str> = std::iter::once(pid).chain(children.split_whitespace()).collect();
        for pid in &all {
            // A child may have ended by itself.
            kill_process(pid.parse().ok().and_then(Pid::from_raw).unwrap(), Signal::KILL).ok();
        }
        let gone = until(SOON, async || all.iter().all(|pid| is_gone(pid)).then_some(())).await;
        gone.expect("a killed process ends");
        // Whoever has the number of the process next would be taken for it.
        for file in [pid_file, self.folder.join(format!(".s.PGSQL.{}.lock", self.port))] {
            std::fs::remove_file(file).ok();
        }
    }

    /// Starts it again after a kill.
    pub(crate) fn start_again(&self) {
        let options = std::fs::read_to_string(self.folder.join("options")).unwrap();
        done(self.pg_ctl().arg("-o").arg(options).args(["-w", "start"]));
    }

    /// Stops it as an administrator does.
    pub(crate) fn stop(&self) {
        done(self.pg_ctl().args(["-m", "fast", "-w", "stop"]));
    }

    /// Runs a statement as its administrator; what it answers.
    pub(crate) fn psql(&self, database: &str, statement: &str) -> String {
        let mut psql = ordinary_program(&self.bin.join("psql"), &self.folder);
        psql.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres"]);
        psql.arg("-h").arg(&self.folder).args(["-p", &self.port.to_string()]);
        done(psql.args(["-d", database, "-c", statement])).trim().to_owned()
    }

    /// Its port on loopback.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of the authority that certified it.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The file with the password of [`USER`].
    pub(crate) fn secret(&self) -> PathBuf {
        self.folder.join("secret")
    }

    fn run(bin: &Path, folder: PathBuf, port: u16, settings: &str) -> Self {
        let shown = folder.display();
        let options = format!(
            "-p {port} -k {shown} -c listen_addresses=127.0.0.1 -c ssl=on \
             -c ssl_cert_file={shown}/server.pem -c ssl_key_file={shown}/server.key {settings}"
        );
        std::fs::write(folder.join("options"), &options).unwrap();
        let mut keeper = ordinary_program(Path::new("/bin/sh"), &folder);
        keeper.args(["-c", KEEPER, "keeper"]).arg(bin).arg(&folder).arg(options);
        keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut keeper = keeper.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        assert_eq!(said, "ready\n", "PostgreSQL does not start:\n{}", log());
        let held = keeper.stdin.take();
        Self { bin: bin.to_owned(), folder, port, keeper, held }
    }

    fn pg_ctl(&self) -> Command {
        let mut command = ordinary_program(&self.bin.join("pg_ctl"), &self.folder);
        command.arg("-D").arg(self.folder.join("data")).arg("-l").arg(self.folder.join("log"));
        command
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.held.take());
        self.keeper.wait().ok();
    }
}

/// A folder that the keeper removes.
fn folder() -> PathBuf {
    let folder = tempfile::tempdir().unwrap().keep();
    give(&folder);
    folder
}

/// Whether a process has ended, even if nobody has asked how.
fn is_gone(pid: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    state.is_ok_and(|state| state.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
        || !Path::new(&format!("/proc/{pid}")).exists()
}

/// Runs a program to its end; what it wrote.
fn done(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// An authority, and a certificate of it for this computer.
fn certify(folder: &Path) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let names = ["localhost", "127.0.0.1"].map(str::to_owned);
    let server = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    std::fs::write(folder.join("server.pem"), server.pem()).unwrap();
    write_secret(&folder.join("server.key"), &key.serialize_pem());
}

fn write_secret(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
