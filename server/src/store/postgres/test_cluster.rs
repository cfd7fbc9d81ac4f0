//! A real `PostgreSQL` for the tests of this process, run by an ordinary user in a folder of its own.
//!
//! A shell beside it waits for the end of the process, however it comes, and cleans up.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::database::Target;

/// A user that has no rights; the server refuses the administrator.
const NOBODY: u32 = 65_534;

/// Runs the server until standard input ends.
const KEEPER: &str = "\
\"$1/postgres\" -D \"$2/data\" -k \"$2\" -c listen_addresses= -c fsync=off -c max_connections=400 \
    -c shared_buffers=32MB >\"$2/log\" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf \"$2\"";

struct Cluster {
    folder: PathBuf,
    _keeper: Child,
}

/// A database that holds nothing. None where the test command said that this machine has no
/// `PostgreSQL`.
pub(super) async fn database() -> Option<Target> {
    static NAMES: AtomicU32 = AtomicU32::new(1);
    let cluster = cluster()?;
    let name = format!("t{}", NAMES.fetch_add(1, Ordering::Relaxed));
    let (client, connection) =
        tokio_postgres::connect(&cluster.address("postgres"), tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
    Some(Target::new(&cluster.address(&name), None, None, false, 8).unwrap())
}

/// A connection of its own.
pub(super) async fn connect(target: &Target) -> tokio_postgres::Client {
    let (client, connection) = target.plainly().await.unwrap();
    tokio::spawn(connection);
    client
}

fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    CLUSTER.get_or_init(Cluster::start).as_ref()
}

impl Cluster {
    fn start() -> Option<Self> {
        let without = std::env::var("TIENDO_WITHOUT").unwrap_or_default();
        if without.split(',').any(|name| name == "postgres") {
            return None;
        }
        let bin = programs().expect("PostgreSQL is not installed; run `cargo xtask test`");
        let folder = tempfile::tempdir().unwrap().keep();
        if is_root() {
            std::os::unix::fs::chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let mut initdb = ordinary(&bin.join("initdb"), &folder);
        initdb.args(["--username=tiendo", "--auth=trust", "--no-sync", "--encoding=UTF8"]);
        let made = initdb.arg("--pgdata").arg(folder.join("data")).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut keeper = ordinary(Path::new("sh"), &folder);
        keeper.args(["-c", KEEPER, "sh"]).arg(&bin).arg(&folder).stdin(Stdio::piped());
        let keeper = keeper.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let cluster = Self { folder, _keeper: keeper };
        cluster.wait(&bin);
        Some(cluster)
    }

    /// Waits until it takes connections.
    fn wait(&self, bin: &Path) {
        let mut ready = Command::new(bin.join("pg_isready"));
        ready.arg("--host").arg(&self.folder).stdout(Stdio::null());
        let ends = std::time::Instant::now() + std::time::Duration::from_mins(1);
        while !ready.status().unwrap().success() {
            let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(std::time::Instant::now() < ends, "{log}");
        }
    }

    fn address(&self, database: &str) -> String {
        format!("host={} user=tiendo dbname={database}", self.folder.display())
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A program run by an ordinary user.
fn ordinary(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    if is_root() {
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
