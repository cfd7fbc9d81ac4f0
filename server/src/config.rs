//! What the server is told: flags before `TIENDO_…` variables before a TOML file.
//!
//! Keys have the same names in all three. Every error is reported at once.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;
use tiendo_shared::submission::MOST_ITEMS;

use crate::rpc::Limits;
use crate::tls::Handshakes;

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
    /// Address of the gRPC listener; loopback while `insecure_loopback`.
    pub listen: SocketAddr,
    /// Serve without TLS and believe what callers say of themselves.
    pub insecure_loopback: bool,
    /// How TLS handshakes are bounded.
    pub handshakes: Handshakes,
    /// How long after its end a certificate can still be renewed.
    pub renew_expired_for: SignedDuration,
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

/// Keys as they stand in a file, in variables or in flags; all optional.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Data folder.
    pub data: Option<PathBuf>,
    /// Listen address.
    pub listen: Option<String>,
    /// Storage engine.
    pub engine: Option<String>,
    /// Catalogue file.
    pub catalogue: Option<PathBuf>,
    /// Serve without TLS on a loopback address.
    pub insecure_loopback: Option<bool>,
    /// Seconds a handshake may take.
    pub handshake_secs: Option<u64>,
    /// Most handshakes at once.
    pub handshakes: Option<usize>,
    /// Days after its end in which a certificate can be renewed.
    pub renew_expired_for_days: Option<u32>,
    /// `text` or `json`.
    pub log_format: Option<String>,
    /// Seconds to drain when stopping.
    pub shutdown_grace_secs: Option<u64>,
    /// Longest message.
    pub message_bytes: Option<usize>,
    /// Most measurements in a submission.
    pub submission_items: Option<usize>,
    /// Most submissions of a stream in flight.
    pub stream_in_flight: Option<usize>,
    /// Most concurrent calls on a connection.
    pub concurrent_streams: Option<u32>,
    /// Journal between two checkpoints.
    pub checkpoint_mib: Option<u64>,
    /// File that tells the time, to try deadlines out.
    pub clock_file: Option<PathBuf>,
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

    /// Reads `TIENDO_…` variables through `lookup`.
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let mut problems = Vec::new();
        let settings = Self {
            data: lookup("TIENDO_DATA").map(PathBuf::from),
            listen: lookup("TIENDO_LISTEN"),
            engine: lookup("TIENDO_ENGINE"),
            catalogue: lookup("TIENDO_CATALOGUE").map(PathBuf::from),
            insecure_loopback: read(&lookup, "TIENDO_INSECURE_LOOPBACK", &mut problems),
            handshake_secs: read(&lookup, "TIENDO_HANDSHAKE_SECS", &mut problems),
            handshakes: read(&lookup, "TIENDO_HANDSHAKES", &mut problems),
            renew_expired_for_days: read(&lookup, "TIENDO_RENEW_EXPIRED_FOR_DAYS", &mut problems),
            log_format: lookup("TIENDO_LOG_FORMAT"),
            shutdown_grace_secs: read(&lookup, "TIENDO_SHUTDOWN_GRACE_SECS", &mut problems),
            message_bytes: read(&lookup, "TIENDO_MESSAGE_BYTES", &mut problems),
            submission_items: read(&lookup, "TIENDO_SUBMISSION_ITEMS", &mut problems),
            stream_in_flight: read(&lookup, "TIENDO_STREAM_IN_FLIGHT", &mut problems),
            concurrent_streams: read(&lookup, "TIENDO_CONCURRENT_STREAMS", &mut problems),
            checkpoint_mib: read(&lookup, "TIENDO_CHECKPOINT_MIB", &mut problems),
            clock_file: lookup("TIENDO_CLOCK_FILE").map(PathBuf::from),
        };
        if problems.is_empty() { Ok(settings) } else { Err(Error(problems)) }
    }

    /// These settings, and those of `other` where these say nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            data: self.data.or(other.data),
            listen: self.listen.or(other.listen),
            engine: self.engine.or(other.engine),
            catalogue: self.catalogue.or(other.catalogue),
            insecure_loopback: self.insecure_loopback.or(other.insecure_loopback),
            handshake_secs: self.handshake_secs.or(other.handshake_secs),
            handshakes: self.handshakes.or(other.handshakes),
            renew_expired_for_days: self.renew_expired_for_days.or(other.renew_expired_for_days),
            log_format: self.log_format.or(other.log_format),
            shutdown_grace_secs: self.shutdown_grace_secs.or(other.shutdown_grace_secs),
            message_bytes: self.message_bytes.or(other.message_bytes),
            submission_items: self.submission_items.or(other.submission_items),
            stream_in_flight: self.stream_in_flight.or(other.stream_in_flight),
            concurrent_streams: self.concurrent_streams.or(other.concurrent_streams),
            checkpoint_mib: self.checkpoint_mib.or(other.checkpoint_mib),
            clock_file: self.clock_file.or(other.clock_file),
        }
    }

    /// The configuration these settings make, or everything wrong with them.
    pub fn check(self) -> Result<Config, Error> {
        let mut problems = Vec::new();
        let listen = self.checked_listen(&mut problems);
        if self.data.is_none() {
            problems.push("`data` is missing: the folder that holds the ledger".to_owned());
        }
        if let Some(engine) = self.engine.as_deref().filter(|engine| *engine != "sled") {
            problems.push(format!("`engine` is `{engine}`; this version has `sled`"));
        }
        let log_format = match self.log_format.as_deref() {
            None | Some("text") => LogFormat::Text,
            Some("json") => LogFormat::Json,
            Some(other) => {
                problems.push(format!("`log_format` is `{other}`; accepted: text, json"));
                LogFormat::Text
            }
        };
        let limits = self.checked_limits(&mut problems);
        if self.clock_file.is_some() && self.insecure_loopback != Some(true) {
            problems.push("`clock_file` is for trying out, with `insecure_loopback`".to_owned());
        }
        let handshakes = self.checked_handshakes(&mut problems);
        let days = i64::from(self.renew_expired_for_days.unwrap_or(365));
        match (self.data, listen) {
            (Some(data), Some(listen)) if problems.is_empty() => Ok(Config {
                data,
                listen,
                insecure_loopback: self.insecure_loopback == Some(true),
                handshakes,
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

    fn checked_listen(&self, problems: &mut Vec<String>) -> Option<SocketAddr> {
        let text = self.listen.as_deref().unwrap_or("127.0.0.1:7443");
        let Ok(listen) = text.parse::<SocketAddr>() else {
            problems
                .push(format!("`listen` is `{text}`; accepted: `127.0.0.1:7443`, `[::1]:7443`"));
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

    fn checked_handshakes(&self, problems: &mut Vec<String>) -> Handshakes {
        let seconds = self.handshake_secs.unwrap_or(10);
        let at_once = self.handshakes.unwrap_or(512);
        if !(1..=300).contains(&seconds) {
            problems.push(format!("`handshake_secs` is {seconds}; accepted: 1 to 300"));
        }
        if !(1..=100_000).contains(&at_once) {
            problems.push(format!("`handshakes` is {at_once}; accepted: 1 to 100000"));
        }
        Handshakes { within: Duration::from_secs(seconds), at_once }
    }

    fn checked_limits(&self, problems: &mut Vec<String>) -> Limits {
        let limits = Limits {
            message_bytes: self.message_bytes.unwrap_or(4 << 20),
            submission_items: self.submission_items.unwrap_or(MOST_ITEMS),
            stream_in_flight: self.stream_in_flight.unwrap_or(32),
            concurrent_streams: self.concurrent_streams.unwrap_or(256),
        };
        let mut within = |name: &str, value: usize, least: usize, most: usize| {
            if !(least..=most).contains(&value) {
                problems.push(format!("`{name}` is {value}; accepted: {least} to {most}"));
            }
        };
        within("message_bytes", limits.message_bytes, 64 << 10, 32 << 20);
        within("submission_items", limits.submission_items, 1, MOST_ITEMS);
        within("stream_in_flight", limits.stream_in_flight, 1, 1_024);
        within("concurrent_streams", limits.concurrent_streams as usize, 1, 10_000);
        limits
    }
}

fn read<T: std::str::FromStr>(
    lookup: impl Fn(&str) -> Option<String>,
    name: &str,
    problems: &mut Vec<String>,
) -> Option<T> {
    let text = lookup(name)?;
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
            "listen = \"0.0.0.0:7443\"\nengine = \"postgres\"\nlog_format = \"xml\"\n\
             insecure_loopback = true\nsubmission_items = 0\n",
        )
        .unwrap();
        let Error(problems) = settings.check().unwrap_err();
        assert_eq!(problems.len(), 5, "{problems:#?}");
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
            assert_eq!(settings.check().is_ok(), served, "{listen} {insecure}");
        }
    }
}
