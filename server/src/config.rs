//! What the server is told: flags before `TIENDO_…` variables before a TOML file.
//!
//! Keys have the same names in all three. Every error is reported at once.

mod engine;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;

use crate::limits::Limits;
pub use engine::{Database, Engine, Secret};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines, one document a line.
    Json,
}

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Folder of the ledger, its key and what is derived of it.
    pub data: PathBuf,
    /// What keeps the ledger.
    pub engine: Engine,
    /// Name of this server among several; empty for a single one.
    pub node: String,
    /// Address of the gRPC listener; loopback while `insecure_loopback`.
    pub listen: SocketAddr,
    /// Address of the listener for pages and metrics; none for no such listener.
    pub http: Option<SocketAddr>,
    /// Whether anybody may read approved figures on the board.
    pub public_board: bool,
    /// File with the token that lets a program read the metrics.
    pub metrics_token_file: Option<PathBuf>,
    /// Serve without TLS and believe what callers say of themselves.
    pub insecure_loopback: bool,
    /// How long after its end a certificate can still be renewed.
    pub renew_expired_for: SignedDuration,
    /// Folder of the backups that `AdminService.Backup` takes.
    pub backups: PathBuf,
    /// MiB of the disk that are kept free; none for the default of the engine.
    pub disk_floor_mib: Option<u64>,
    /// A catalogue instead of the one that ships with the server.
    pub catalogue: Option<PathBuf>,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// How long calls in flight may take to end when the server stops.
    pub shutdown_grace: Duration,
    /// What the server takes.
    pub limits: Limits,
    /// Journal written between two checkpoints of the derived state, in MiB.
    pub checkpoint_mib: u64,
    /// File that tells the time instead of the machine's clock; only without TLS.
    pub clock_file: Option<PathBuf>,
}

impl Config {
    /// Where a catalogue stands that replaced the shipped one while the server ran.
    pub fn replaced_catalogue(&self) -> PathBuf {
        self.data.join("catalogue.toml")
    }
}

macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)*) => {
        /// Keys as they stand in a file, in variables or in flags; all optional.
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Settings {
            $($(#[$doc])* pub $name: Option<$kind>,)*
        }

        impl Settings {
            /// Reads `TIENDO_…` variables through `lookup`.
            pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
                let mut problems = Vec::new();
                let settings = Self {
                    $($name: read(&lookup, stringify!($name), &mut problems),)*
                };
                if problems.is_empty() { Ok(settings) } else { Err(Error(problems)) }
            }

            /// These settings, and those of `other` where these say nothing.
            #[must_use]
            pub fn or(self, other: Self) -> Self {
                Self { $($name: self.$name.or(other.$name),)* }
            }
        }
    };
}

settings! {
    /// Data folder.
    data: PathBuf,
    /// Listen address.
    listen: String,
    /// Listen address of the board and the metrics.
    http: String,
    /// Let anybody read approved figures on the board.
    public_board: bool,
    /// File with the token that reads the metrics.
    metrics_token_file: PathBuf,
    /// Storage engine.
    engine: String,
    /// Name of this server among several.
    node: String,
    /// Address of the database.
    database: String,
    /// The database's password.
    database_password: Secret,
    /// File with the database's password.
    database_password_file: PathBuf,
    /// File of the authority that signs the database's certificate.
    database_ca_file: PathBuf,
    /// Connect to a database on another machine without TLS.
    database_plain: bool,
    /// Most connections to the database.
    database_connections: u32,
    /// Folder of backups.
    backups: PathBuf,
    /// MiB kept free.
    disk_floor_mib: u64,
    /// Catalogue file.
    catalogue: PathBuf,
    /// Serve without TLS on a loopback address.
    insecure_loopback: bool,
    /// Days after its end in which a certificate can be renewed.
    renew_expired_for_days: u32,
    /// `text` or `json`.
    log_format: String,
    /// Seconds to drain when stopping.
    shutdown_grace_secs: u64,
    /// Journal between two checkpoints.
    checkpoint_mib: u64,
    /// File that tells the time, to try deadlines out.
    clock_file: PathBuf,
    /// Longest message, in bytes.
    message_bytes: u32,
    /// Most measurements in a submission.
    submission_items: u32,
    /// Most submissions of one stream in flight.
    stream_in_flight: u32,
    /// Most concurrent calls on one connection.
    concurrent_streams: u32,
    /// Longest headers of a call, in bytes.
    header_bytes: u32,
    /// Most calls taken back before they are looked at, after which a connection ends.
    reset_streams: u32,
    /// Seconds a handshake may take.
    handshake_secs: u32,
    /// Most handshakes under way; the oldest of the address with the most gives way.
    handshakes: u32,
    /// Most connections.
    connections: u32,
    /// Most connections of one address.
    connections_per_address: u32,
    /// New connections of one address in a second, after as many at once as it may have.
    connection_rate: u32,
    /// Most connections that showed no certificate of ours.
    stranger_connections: u32,
    /// Seconds until the first call of a connection has to begin.
    first_call_secs: u32,
    /// Seconds a connection may be without a call.
    idle_secs: u32,
    /// Seconds after which a connection takes no new calls, up to a tenth more or less.
    connection_age_secs: u32,
    /// Seconds the calls of an aged connection have to end.
    connection_grace_secs: u32,
    /// Seconds a peer may take to send a message, or to take a part of an answer.
    message_secs: u32,
    /// Calls of one identity in a second.
    calls_per_identity: u32,
    /// Calls of one address in a second, of everybody there who proves an identity.
    calls_per_address: u32,
    /// Calls of one address in a second without an identity: enrolment, health.
    calls_per_stranger: u32,
}

/// Everything that is wrong with a configuration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub struct Error(pub Vec<String>);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used:")?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl Settings {
    /// Reads a TOML file's text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        toml::from_str(text).map_err(|error| Error(vec![error.to_string()]))
    }

    /// The configuration these settings make, or everything wrong with them.
    pub fn check(self) -> Result<Config, Error> {
        let mut problems = Vec::new();
        let listen = self.address("listen", Some("127.0.0.1:7443"), &mut problems);
        let http = self.address("http", None, &mut problems);
        if self.http.is_none() {
            let needs = [
                ("public_board", self.public_board == Some(true)),
                ("metrics_token_file", self.metrics_token_file.is_some()),
            ];
            let needs = needs.into_iter().filter(|(_, is_set)| *is_set);
            problems.extend(needs.map(|(key, _)| {
                format!("`{key}` needs `http`, the address of the board: `http = \"0.0.0.0:7480\"`")
            }));
        }
        if self.data.is_none() {
            problems.push("`data` is missing: the folder that holds the ledger".to_owned());
        }
        let engine = self.check_engine(&mut problems);
        let log_format = match self.log_format.as_deref() {
            None | Some("text") => LogFormat::Text,
            Some("json") => LogFormat::Json,
            Some(other) => {
                problems.push(format!("`log_format` is `{other}`; accepted: text, json"));
                LogFormat::Text
            }
        };
        if self.node.as_ref().is_some_and(|node| !crate::identity::is_name(node)) {
            problems.push("`node` has 1 to 63 letters, digits, `.`, `_` and `-`".to_owned());
        }
        let limits = Limits::check(&self, &mut problems);
        if self.clock_file.is_some() && self.insecure_loopback != Some(true) {
            problems.push("`clock_file` is for trying out, with `insecure_loopback`".to_owned());
        }
        let days = i64::from(self.renew_expired_for_days.unwrap_or(365));
        match (self.data, listen, engine) {
            (Some(data), Some(listen), Some(engine)) if problems.is_empty() => Ok(Config {
                node: self.node.unwrap_or_else(|| engine.usual_node()),
                engine,
                backups: self.backups.unwrap_or_else(|| data.join(crate::backup::FOLDER)),
                disk_floor_mib: self.disk_floor_mib,
                data,
                listen,
                http,
                public_board: self.public_board == Some(true),
                metrics_token_file: self.metrics_token_file,
                insecure_loopback: self.insecure_loopback == Some(true),
                renew_expired_for: SignedDuration::from_hours(24 * days),
                catalogue: self.catalogue,
                log_format,
                shutdown_grace: Duration::from_secs(self.shutdown_grace_secs.unwrap_or(10)),
                limits,
                checkpoint_mib: self.checkpoint_mib.unwrap_or(128),
                clock_file: self.clock_file,
            }),
            _ => Err(Error(problems)),
        }
    }

    /// The address of a listener, by its key; none if there is none.
    fn address(
        &self,
        key: &str,
        usual: Option<&str>,
        problems: &mut Vec<String>,
    ) -> Option<SocketAddr> {
        let text = if key == "http" { &self.http } else { &self.listen };
        let text = text.as_deref().or(usual)?;
        let Ok(listen) = text.parse::<SocketAddr>() else {
            problems.push(format!("`{key}` is `{text}`; accepted: `127.0.0.1:7443`, `[::1]:7443`"));
            return None;
        };
        if self.insecure_loopback == Some(true) && !listen.ip().is_loopback() {
            problems.push(format!(
                "`insecure_loopback` serves without TLS and refuses `{listen}`, which is not a \
                 loopback address; use `127.0.0.1:{}`",
                listen.port()
            ));
        }
        Some(listen)
    }
}

fn read<T: std::str::FromStr>(
    lookup: impl Fn(&str) -> Option<String>,
    key: &str,
    problems: &mut Vec<String>,
) -> Option<T> {
    let name = format!("TIENDO_{}", key.to_uppercase());
    let text = lookup(&name)?;
    let value = text.parse().ok();
    if value.is_none() {
        problems.push(format!("`{name}` is `{text}`, which is not of its form"));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_reported_at_once() {
        let settings = Settings::parse(
            "listen = \"0.0.0.0:7443\"\nengine = \"oracle\"\nlog_format = \"xml\"\n\
             insecure_loopback = true\nsubmission_items = 0\npublic_board = true\n",
        )
        .unwrap();
        let Error(problems) = settings.check().unwrap_err();
        assert_eq!(problems.len(), 6, "{problems:#?}");
        assert!(problems[0].contains("not a loopback address"), "{problems:#?}");
    }

    #[test]
    fn a_key_nobody_knows_is_an_error() {
        let Error(problems) = Settings::parse("lisen = \"127.0.0.1:1\"").unwrap_err();
        assert!(problems[0].contains("lisen") && problems[0].contains("listen"), "{problems:?}");
    }

    #[test]
    fn flags_come_before_variables_and_variables_before_the_file() {
        let file = Settings::parse(
            "data = \"f\"\nlisten = \"127.0.0.1:3\"\ninsecure_loopback = true\nmessage_bytes = 70000",
        )
        .unwrap();
        let env = Settings::from_env(|name| match name {
            "TIENDO_LISTEN" => Some("127.0.0.1:2".to_owned()),
            "TIENDO_DATA" => Some("e".to_owned()),
            _ => None,
        })
        .unwrap();
        let flags = Settings { listen: Some("127.0.0.1:1".to_owned()), ..Settings::default() };
        let config = flags.or(env).or(file).check().unwrap();
        assert_eq!(config.listen.port(), 1);
        assert_eq!(config.data, PathBuf::from("e"));
        assert_eq!(config.limits.message_bytes, 70_000);
    }

    #[test]
    fn without_tls_nothing_but_loopback_is_served() {
        for (listen, insecure, served) in [
            ("127.0.0.1:7443", true, true),
            ("[::1]:7443", true, true),
            ("127.0.0.1:7443", false, true),
            ("0.0.0.0:7443", false, true),
            ("0.0.0.0:7443", true, false),
            ("192.168.1.1:7443", true, false),
            ("[::]:7443", true, false),
        ] {
            let settings = Settings {
                data: Some("d".into()),
                listen: Some(listen.to_owned()),
                insecure_loopback: Some(insecure),
                ..Settings::default()
            };
            assert_eq!(settings.clone().check().is_ok(), served, "{listen} {insecure}");
            let http = settings.listen.clone();
            let settings = Settings { listen: None, http, ..settings };
            assert_eq!(settings.check().is_ok(), served, "http {listen} {insecure}");
        }
    }
}
