//! The engine that servers of a test keep their ledger in.
//!
//! `TIENDO_TEST_ENGINE=postgres` runs every test on `PostgreSQL` that does not name an engine:
//! one node for all of them, and a database of its own for each server.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use tempfile::TempDir;

use super::cluster::{Node, USER};
use crate::setting::postgres;

/// For tests that kill no node: nothing has to survive one.
const QUICK: &str = "-c fsync=off -c full_page_writes=off -c autovacuum=off -c max_connections=400 \
                     -c shared_buffers=64MB";

/// A database that servers share.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    /// `HOST:PORT` of each node, with commas between them.
    pub(crate) hosts: String,
    name: String,
    /// Copies of the password and of the authority's certificate: nodes come and go.
    files: Arc<TempDir>,
}

impl Base {
    /// A new one on the node that all tests share; none where the test command said that this
    /// machine cannot have it.
    pub(crate) fn create() -> Option<Self> {
        static SHARED: OnceLock<Node> = OnceLock::new();
        let bin = postgres()?;
        Some(Self::create_on(SHARED.get_or_init(|| Node::start(&bin, QUICK))))
    }

    /// A new one on this node.
    pub(crate) fn create_on(node: &Node) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("tiendo_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        node.psql("postgres", &format!("CREATE DATABASE {name} OWNER {USER}"));
        let hosts = format!("127.0.0.1:{}", node.port());
        let files = tempfile::tempdir().unwrap();
        std::fs::copy(node.secret(), files.path().join("secret")).unwrap();
        std::fs::copy(node.authority(), files.path().join("ca.pem")).unwrap();
        Self { hosts, name, files: Arc::new(files) }
    }

    /// The same, at these nodes or on this way to them.
    pub(crate) fn at(self, hosts: &str) -> Self {
        Self { hosts: hosts.to_owned(), ..self }
    }

    /// Its name on every node.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What tells a server of it: variables of its environment.
    pub(crate) fn variables(&self) -> [(&'static str, String); 4] {
        let Self { hosts, name, files } = self;
        let file = |name: &str| files.path().join(name).display().to_string();
        let url = format!("postgres://{USER}@{hosts}/{name}?target_session_attrs=read-write");
        [
            ("TIENDO_ENGINE", "postgres".to_owned()),
            ("TIENDO_DATABASE", url),
            ("TIENDO_DATABASE_PASSWORD_FILE", file("secret")),
            ("TIENDO_DATABASE_CA_FILE", file("ca.pem")),
        ]
    }
}

/// The engine a server is started with.
#[derive(Debug, Clone, Default)]
pub(crate) enum Engine {
    /// The one of this run of the tests.
    #[default]
    OfRun,
    /// `PostgreSQL`, with a database that others may use too.
    Shared(Arc<Base>),
}

impl Engine {
    /// The database it needs; none for the embedded engine.
    pub(crate) fn base(&self) -> Option<Arc<Base>> {
        match self {
            Self::OfRun if is_postgres() => {
                let base = Base::create();
                Some(Arc::new(base.expect("PostgreSQL is what the tests are to run on")))
            }
            Self::OfRun => None,
            Self::Shared(base) => Some(Arc::clone(base)),
        }
    }
}

/// Whether this run of the tests is on `PostgreSQL`.
pub(crate) fn is_postgres() -> bool {
    std::env::var("TIENDO_TEST_ENGINE").is_ok_and(|engine| engine == "postgres")
}
