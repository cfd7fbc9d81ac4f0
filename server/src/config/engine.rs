//! Which engine keeps the ledger, and where.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;

use super::{Error, Settings};
use crate::store::postgres::Target;

/// Connections of a server unless they are set.
const CONNECTIONS: u32 = 16;

/// The engine that keeps the ledger.
#[derive(Debug, Clone)]
pub enum Engine {
    /// The embedded one, in the data folder.
    Sled,
    /// A database.
    Postgres(Database),
}

impl Engine {
    /// What a server is called that nobody named: nothing where it is the only one, else as
    /// its machine.
    pub(super) fn usual_node(&self) -> String {
        match self {
            Self::Sled => String::new(),
            Self::Postgres(_) => rustix::system::uname().nodename().to_string_lossy().into_owned(),
        }
    }
}

/// A database, and how to connect to it.
#[derive(Debug, Clone)]
pub struct Database {
    /// Its address, without a password.
    pub address: String,
    /// The password.
    pub password: Option<Secret>,
    /// File that holds the password.
    pub password_file: Option<PathBuf>,
    /// File of the authority that signs its certificate.
    pub ca_file: Option<PathBuf>,
    /// Whether to connect to another machine without TLS.
    pub plain: bool,
    /// Most connections at a time.
    pub connections: u32,
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(not shown)")
    }
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl Database {
    /// The database, with what the files hold.
    pub fn target(&self) -> Result<Target, String> {
        let read = |key: &str, path: &PathBuf| {
            std::fs::read(path).map_err(|error| format!("`{key}` `{}`: {error}", path.display()))
        };
        let password = match (&self.password, &self.password_file) {
            (Some(Secret(password)), _) => Some(password.clone()),
            (None, Some(path)) => {
                let bytes = read("database_password_file", path)?;
                let text = String::from_utf8(bytes)
                    .map_err(|_| "`database_password_file` is not text".to_owned())?;
                Some(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            (None, None) => None,
        };
        let authorities = self.ca_file.as_ref().map(|path| read("database_ca_file", path));
        self.with(password.as_deref(), authorities.transpose()?)
    }

    fn with(&self, password: Option<&str>, ca: Option<Vec<u8>>) -> Result<Target, String> {
        let connections = self.connections as usize;
        Target::new(&self.address, password, ca, self.plain, connections)
            .map_err(|problem| format!("`database`: {problem}"))
    }
}

impl Settings {
    /// The engine alone, as commands need it that do not serve.
    pub fn engine(self) -> Result<Engine, Error> {
        let mut problems = Vec::new();
        let engine = self.check_engine(&mut problems);
        engine.filter(|_| problems.is_empty()).ok_or(Error(problems))
    }

    /// The engine; none after a problem.
    pub(super) fn check_engine(&self, problems: &mut Vec<String>) -> Option<Engine> {
        let of_database = [
            ("database", self.database.is_some()),
            ("database_password", self.database_password.is_some()),
            ("database_password_file", self.database_password_file.is_some()),
            ("database_ca_file", self.database_ca_file.is_some()),
            ("database_plain", self.database_plain == Some(true)),
            ("database_connections", self.database_connections.is_some()),
        ];
        let of_sled = [
            ("disk_floor_mib", self.disk_floor_mib.is_some()),
            ("checkpoint_mib", self.checkpoint_mib.is_some()),
            ("backups", self.backups.is_some()),
        ];
        let (foreign, needed) = match self.engine.as_deref() {
            None | Some("sled") => (&of_database[..], "postgres"),
            Some("postgres") => (&of_sled[..], "sled"),
            Some(other) => {
                problems.push(format!("`engine` is `{other}`; accepted: sled, postgres"));
                return None;
            }
        };
        let foreign = foreign.iter().filter(|(_, is_set)| *is_set);
        problems.extend(foreign.map(|(key, _)| format!("`{key}` is of `engine = \"{needed}\"`")));
        if needed == "postgres" {
            return Some(Engine::Sled);
        }
        let Some(address) = self.database.clone() else {
            problems.push(
                "`database` is missing: its address, such as `postgres://tiendo@db1,db2/tiendo`"
                    .to_owned(),
            );
            return None;
        };
        let database = Database {
            address,
            password: self.database_password.clone(),
            password_file: self.database_password_file.clone(),
            ca_file: self.database_ca_file.clone(),
            plain: self.database_plain == Some(true),
            connections: self.database_connections.unwrap_or(CONNECTIONS),
        };
        if !(2..=1_000).contains(&database.connections) {
            problems.push("`database_connections` is from 2 to 1000".to_owned());
        }
        if database.password.is_some() && database.password_file.is_some() {
            problems.push(
                "`database_password` and `database_password_file` are both set; one is enough"
                    .to_owned(),
            );
        }
        problems.extend(database.with(None, database.ca_file.as_ref().map(|_| Vec::new())).err());
        Some(Engine::Postgres(database))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, problem: Option<&str>) {
        let text = format!("engine = \"postgres\"\n{text}");
        let checked = Settings::parse(&text).unwrap().engine();
        match (checked, problem) {
            (Ok(_), None) => {}
            (Err(Error(problems)), Some(problem)) => {
                assert!(problems.iter().any(|it| it.contains(problem)), "{problems:?}");
            }
            (other, _) => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_database_elsewhere_needs_tls() {
        check("", Some("`database` is missing"));
        check("database = \"postgres://tiendo@127.0.0.1/tiendo\"", None);
        check("database = \"postgres://tiendo@localhost:5433,[::1]/tiendo\"", None);
        check("database = \"postgres://tiendo@%2Frun%2Fpostgresql/tiendo\"", None);
        let elsewhere = "database = \"postgres://tiendo@localhost,db2/tiendo\"\n";
        check(elsewhere, Some("needs TLS"));
        check(&format!("{elsewhere}database_ca_file = \"ca.pem\""), None);
        check(&format!("{elsewhere}database_plain = true"), None);
        check("database = \"postgres://tiendo:secret@localhost/tiendo\"", Some("a password"));
        check("database = \"nonsense\"", Some("no address of a database"));
        check(
            "database = \"postgres://tiendo@localhost/tiendo\"\ndisk_floor_mib = 5",
            Some("`disk_floor_mib` is of `engine = \"sled\"`"),
        );
    }

    #[test]
    fn the_password_is_not_shown() {
        let settings = Settings::from_env(|name| match name {
            "TIENDO_ENGINE" => Some("postgres".to_owned()),
            "TIENDO_DATABASE" => Some("postgres://tiendo@localhost/tiendo".to_owned()),
            "TIENDO_DATABASE_PASSWORD" => Some("bi-mat".to_owned()),
            _ => None,
        });
        let settings = settings.unwrap();
        assert!(!format!("{settings:?}").contains("bi-mat"));
        let engine = settings.engine().unwrap();
        assert!(!format!("{engine:#?}").contains("bi-mat"));
        let Engine::Postgres(database) = engine else { panic!("{engine:?}") };
        let target = database.target().unwrap();
        assert!(!format!("{target:?}").contains("bi-mat"));
    }
}
