//! The commands and flags of `tiendo-server`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::{Engine, Error, Settings};
use crate::identity::Host;

/// Keeps every figure the departments report and says where each target stands.
#[derive(Debug, Parser)]
#[command(name = "tiendo-server", version, about, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 could not, 2 wrong usage or a catalogue, ledger or backup with errors, \
64 a configuration that cannot be used.

Logs go to stderr; the variable RUST_LOG filters them, as in RUST_LOG=debug.";

/// A command of the server.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve until told to stop.
    #[command(
        after_help = "Example:\n  tiendo-server serve --data ./data --listen 0.0.0.0:7443 --http 0.0.0.0:7480"
    )]
    Serve(Serve),
    /// Make the authority, the server's certificate, the keys, and a token for the first
    /// administrator, once.
    #[command(
        after_help = "Example:\n  tiendo-server init --data ./data --host tiendo.angiang.gov.vn,10.1.2.3"
    )]
    Init {
        /// The data folder to make.
        #[arg(long)]
        data: PathBuf,
        /// What clients call the server: names and addresses, as they type them.
        #[arg(long, value_name = "NAME", value_delimiter = ',', required = true, value_parser = host)]
        host: Vec<Host>,
        /// What keeps the ledger.
        #[command(flatten)]
        storage: Storage,
    },
    /// Make the data folder of a further server over the same database: the authority and
    /// the ledger key of another one, and a certificate of its own.
    #[command(
        after_help = "Example:\n  tiendo-server join --from ./copy --data ./data --host b.tiendo.angiang.gov.vn"
    )]
    Join {
        /// The data folder of another server, or a copy of its `tls` and `ledger.key`.
        #[arg(long)]
        from: PathBuf,
        /// The data folder to make.
        #[arg(long)]
        data: PathBuf,
        /// What clients call this server: names and addresses, as they type them.
        #[arg(long, value_name = "NAME", value_delimiter = ',', required = true, value_parser = host)]
        host: Vec<Host>,
    },
    /// Make a token for an administrator who lost the way in; the server must be down.
    #[command(after_help = "Example:\n  tiendo-server token --data ./data")]
    Token {
        /// The server's data folder.
        #[arg(long)]
        data: PathBuf,
        /// What keeps the ledger.
        #[command(flatten)]
        storage: Storage,
    },
    /// Prove the chains of a ledger, and find every damaged byte; beside a running server too.
    #[command(
        after_help = "Examples:\n  tiendo-server verify --data ./data\n  tiendo-server verify --backup /backups/tiendo-20261124T093000.123Z"
    )]
    Verify(Verify),
    /// Back the data folder up, beside a running server too; the backup is verified.
    #[command(after_help = "Example:\n  tiendo-server backup --data ./data --to /backups")]
    Backup(Backup),
    /// Make a data folder of a backup.
    #[command(
        after_help = "Example:\n  tiendo-server restore --from /backups/tiendo-20261124T093000.123Z --data ./data"
    )]
    Restore(Restore),
    /// Write the whole ledger as one portable stream, beside a running server too.
    #[command(after_help = "Example:\n  tiendo-server export --data ./data ledger.tiendo")]
    Export(Export),
    /// Append what an export has and this ledger has not; no server may run on it.
    #[command(after_help = "Example:\n  tiendo-server import --data ./data ledger.tiendo")]
    Import(Import),
    /// Print the script by which a shell completes commands and flags.
    #[command(after_help = "Example:\n  tiendo-server completions bash")]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Work with catalogues.
    #[command(subcommand)]
    Catalogue(Catalogue),
}

/// What is proved.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct Verify {
    /// A server's data folder.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// A backup.
    #[arg(long, value_name = "DIR")]
    pub backup: Option<PathBuf>,
    /// An export; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    /// What keeps the ledger.
    #[command(flatten)]
    pub storage: Storage,
}

/// What is backed up, and where to.
#[derive(Debug, Args)]
pub struct Backup {
    /// The server's data folder.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The folder that gets the backup, best on another disk; it is created.
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// The catalogue file the server is started with, to be kept with the figures.
    #[arg(long, value_name = "FILE")]
    pub catalogue: Option<PathBuf>,
    /// What keeps the ledger.
    #[command(flatten)]
    pub storage: Storage,
    /// Leave out the server's keys: files that only its user may read.
    #[arg(long)]
    pub without_secrets: bool,
}

/// What is restored, and where to.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup.
    #[arg(long, value_name = "DIR")]
    pub from: PathBuf,
    /// The data folder to make; it must be empty or not there.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Restore what is left of a damaged backup.
    #[arg(long)]
    pub despite_damage: bool,
}

/// What is exported, and where to.
#[derive(Debug, Args)]
pub struct Export {
    /// The server's data folder; a database needs none.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// What keeps the ledger.
    #[command(flatten)]
    pub storage: Storage,
    /// The file to write, which must not be there; `-` for standard output.
    pub file: PathBuf,
}

/// What is imported, and where to.
#[derive(Debug, Args)]
pub struct Import {
    /// The data folder; it is created. A database needs none.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// What keeps the ledger.
    #[command(flatten)]
    pub storage: Storage,
    /// The catalogue that the servers of a database are started with, if it is not the shipped one.
    #[arg(long, value_name = "FILE")]
    pub catalogue: Option<PathBuf>,
    /// The export; `-` for standard input.
    pub file: PathBuf,
    /// Take what follows entries that the export does not have.
    #[arg(long)]
    pub despite_gaps: bool,
}

fn host(text: &str) -> Result<Host, String> {
    let form = "a host is a DNS name or an IP address, without port";
    Host::parse(text).ok_or_else(|| form.to_owned())
}

/// A command on catalogues.
#[derive(Debug, Subcommand)]
pub enum Catalogue {
    /// Report every error of a catalogue, each with its line.
    #[command(after_help = "Example:\n  tiendo-server catalogue check an-giang.toml")]
    Check {
        /// The catalogue, TOML.
        file: PathBuf,
    },
    /// Print the catalogue that ships with the server.
    #[command(after_help = "Example:\n  tiendo-server catalogue show")]
    Show,
}

/// What keeps the ledger: flags of every command that opens it, each also as a `TIENDO_…` variable.
#[derive(Debug, Clone, Args)]
pub struct Storage {
    /// Storage engine: sled, in the data folder, or postgres [default: sled].
    #[arg(long)]
    engine: Option<String>,
    /// Address of the database, such as `postgres://tiendo@db1,db2/tiendo`.
    #[arg(long, visible_alias = "postgres", value_name = "URL")]
    database: Option<String>,
    /// File with the password of the database.
    #[arg(long, value_name = "FILE")]
    database_password_file: Option<PathBuf>,
    /// File of the authority that signed the certificate of the database.
    #[arg(long, value_name = "FILE")]
    database_ca_file: Option<PathBuf>,
}

impl Storage {
    fn settings(&self) -> Settings {
        Settings {
            engine: self.engine.clone(),
            database: self.database.clone(),
            database_password_file: self.database_password_file.clone(),
            database_ca_file: self.database_ca_file.clone(),
            ..Settings::default()
        }
    }

    /// The engine, by flags before variables.
    pub fn engine(&self) -> Result<Engine, Error> {
        if self.engine.as_deref() == Some("sled") {
            return self.settings().engine();
        }
        let variables = Settings::from_env(|name| std::env::var(name).ok())?;
        let ours = Settings {
            engine: variables.engine,
            database: variables.database,
            database_password: variables.database_password,
            database_password_file: variables.database_password_file,
            database_ca_file: variables.database_ca_file,
            database_plain: variables.database_plain,
            database_connections: variables.database_connections,
            ..Settings::default()
        };
        self.settings().or(ours).engine()
    }
}

/// Flags of `serve`; each also as a key of the file and as a `TIENDO_…` variable.
#[derive(Debug, Args)]
pub struct Serve {
    /// Configuration file, TOML.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Folder that holds the ledger.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Address to serve gRPC on [default: 127.0.0.1:7443].
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Address to serve the board and the metrics on [default: nowhere].
    #[arg(long, value_name = "ADDR")]
    http: Option<String>,
    #[command(flatten)]
    storage: Storage,
    /// Name of this server among several [default: its machine's with `postgres`, else none].
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// A catalogue instead of the one that ships with the server.
    #[arg(long, value_name = "FILE")]
    catalogue: Option<PathBuf>,
    /// Serve without TLS, on a loopback address only; the caller is taken for an administrator.
    #[arg(long)]
    insecure_loopback: bool,
    /// How log lines are written: text or json [default: text].
    #[arg(long)]
    log_format: Option<String>,
    /// Print the configuration that results, and stop.
    #[arg(long)]
    pub print_config: bool,
}

impl Serve {
    /// Flags before variables before the file.
    pub fn settings(&self) -> Result<Settings, Error> {
        let flags = Settings {
            data: self.data.clone(),
            listen: self.listen.clone(),
            http: self.http.clone(),
            node: self.node.clone(),
            catalogue: self.catalogue.clone(),
            insecure_loopback: self.insecure_loopback.then_some(true),
            log_format: self.log_format.clone(),
            ..self.storage.settings()
        };
        let variables = Settings::from_env(|name| std::env::var(name).ok());
        let file = match &self.config {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| Error(vec![format!("`{}`: {error}", path.display())]))
                .and_then(|text| Settings::parse(&text)),
            None => Ok(Settings::default()),
        };
        match (variables, file) {
            (Ok(variables), Ok(file)) => Ok(flags.or(variables).or(file)),
            (variables, file) => Err(Error(
                [variables.err(), file.err()].into_iter().flatten().flat_map(|e| e.0).collect(),
            )),
        }
    }
}
