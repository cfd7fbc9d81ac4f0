//! Connections to the database: who may connect how, and what an error of it means.

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;

use super::tls;
use crate::store::Error;

/// How long a connection may take to come about.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// How long to wait for a free connection.
const FREE_WITHIN: Duration = Duration::from_secs(5);
/// For how long a peer may be silent before it counts as gone.
const SILENT_FOR: Duration = Duration::from_secs(5);
/// Ends what takes too long at the database's side: a statement, or a transaction whose server
/// went away with its lock.
const SESSION: &str = "-c statement_timeout=30s -c idle_in_transaction_session_timeout=15s";

/// What is said of a database that may answer later.
const AWAY: &str = "the database does not answer; it is asked again";

/// Whether an error is that of a database that may answer later.
pub fn is_away(error: &Error) -> bool {
    matches!(error, Error::Unavailable(cause) if cause == AWAY)
}

/// A database, by its address.
#[derive(Debug, Clone)]
pub struct Target {
    config: tokio_postgres::Config,
    /// PEM certificates of the authorities that sign the database's; none for no TLS.
    authorities: Option<Vec<u8>>,
    /// Most connections at a time.
    connections: usize,
}

impl Target {
    /// A database at an address such as `postgres://tiendo@db1,db2/tiendo`, connected to by TLS
    /// if `authorities` are named; they may be missing only for a database on this machine, or
    /// if it `may_be_plain`. The error says what is wrong with it.
    pub fn new(
        address: &str,
        password: Option<&str>,
        authorities: Option<Vec<u8>>,
        may_be_plain: bool,
        connections: usize,
    ) -> Result<Self, String> {
        let mut config: tokio_postgres::Config = address.parse().map_err(|_| {
            "it is no address of a database; accepted: `postgres://USER@HOST/DATABASE`, or \
             `postgres://USER@HOST1,HOST2/DATABASE?target_session_attrs=read-write`"
                .to_owned()
        })?;
        if config.get_password().is_some() {
            return Err("it holds a password, which would stand in lists of processes; put it \
                        into a file and name that with `database_password_file`"
                .to_owned());
        }
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err("it names no host".to_owned());
        }
        let is_near = |host: &Host| match host {
            Host::Tcp(name) => {
                name == "localhost"
                    || name.parse().is_ok_and(|it: std::net::IpAddr| it.is_loopback())
            }
            Host::Unix(_) => true,
        };
        let is_near = config.get_hosts().iter().all(is_near)
            && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback);
        if authorities.is_none() && !is_near && !may_be_plain {
            return Err("it is on another machine and needs TLS: name the file of the authority \
                        that signed its certificate with `database_ca_file`"
                .to_owned());
        }
        if let Some(password) = password {
            config.password(password);
        }
        let mode = if authorities.is_some() { SslMode::Require } else { SslMode::Disable };
        config.ssl_mode(mode);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_WITHIN);
        }
        config.tcp_user_timeout(SILENT_FOR).keepalives_idle(SILENT_FOR);
        if config.get_application_name().is_none() {
            config.application_name("tiendo-server");
        }
        let options = config.get_options().map(str::to_owned);
        config.options(options.map_or_else(|| SESSION.to_owned(), |it| format!("{SESSION} {it}")));
        Ok(Self { config, authorities, connections })
    }

    #[cfg(test)]
    pub(super) async fn plainly(
        &self,
    ) -> Result<
        (
            tokio_postgres::Client,
            tokio_postgres::Connection<tokio_postgres::Socket, tokio_postgres::tls::NoTlsStream>,
        ),
        tokio_postgres::Error,
    > {
        self.config.connect(tokio_postgres::NoTls).await
    }

    /// The hosts and the database's name, for people.
    pub fn name(&self) -> String {
        let host = |host: &Host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        };
        let hosts: Vec<String> = self.config.get_hosts().iter().map(host).collect();
        format!("{}/{}", hosts.join(","), self.config.get_dbname().unwrap_or_default())
    }
}

/// Connections, ready to be used.
#[derive(Debug)]
pub(super) struct Database {
    pool: Pool,
}

/// A connection in use. Unless it is [`sound`](Lease::sound) it is closed at the end: what it was
/// in the middle of is undone.
#[derive(Debug)]
pub(super) struct Lease {
    object: Option<Object>,
    is_sound: bool,
}

/// Why something was not done.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The chain does not end any more where this server knows it to end.
    Moved,
    /// The database does not answer, or asks to try again: its words.
    Passing(String),
    /// It will not be different the next time.
    Lasting(Error),
}

impl Database {
    /// Connects when first used.
    pub(super) fn new(target: &Target) -> Result<Self, Error> {
        let unusable = |error: String| Error::Unavailable(format!("the database: {error}"));
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let config = target.config.clone();
        let manager = match &target.authorities {
            Some(authorities) => {
                let tls = tls::connector(authorities).map_err(unusable)?;
                Manager::from_config(config, tls, recycling)
            }
            None => Manager::from_config(config, tokio_postgres::NoTls, recycling),
        };
        let pool = Pool::builder(manager)
            .max_size(target.connections)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(FREE_WITHIN))
            .create_timeout(Some(CONNECT_WITHIN * 2))
            .recycle_timeout(Some(CONNECT_WITHIN))
            .build();
        Ok(Self { pool: pool.map_err(|error| unusable(error.to_string()))? })
    }

    /// A connection.
    pub(super) async fn lease(&self) -> Result<Lease, Trouble> {
        let object = self.pool.get().await;
        let object = object.map_err(|error| match error {
            deadpool_postgres::PoolError::Backend(error) => Trouble::from(error),
            other => Trouble::Passing(other.to_string()),
        })?;
        Ok(Lease { object: Some(object), is_sound: false })
    }
}

impl Lease {
    /// Nothing is under way on it: it can be used again.
    pub(super) fn sound(mut self) {
        self.is_sound = true;
    }
}

impl std::ops::Deref for Lease {
    type Target = deadpool_postgres::ClientWrapper;

    fn deref(&self) -> &Self::Target {
        self.object.as_deref().expect("a lease holds its connection to its end")
    }
}

impl std::ops::DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.object.as_deref_mut().expect("a lease holds its connection to its end")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.is_sound
            && let Some(object) = self.object.take()
        {
            drop(Object::take(object));
        }
    }
}

/// Classes of errors that another attempt may not meet: connections, resources, the operator,
/// the system, rollbacks.
const PASSING: [&str; 5] = ["08", "53", "57", "58", "40"];

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(code) = error.code() else {
            // Of the connection, or of what came over it.
            return Self::Passing(told(&error));
        };
        let class = code.code().get(..2).unwrap_or_default();
        if *code == SqlState::UNIQUE_VIOLATION {
            return Self::Moved;
        }
        let is_passing = PASSING.contains(&class)
            || *code == SqlState::READ_ONLY_SQL_TRANSACTION
            || *code == SqlState::LOCK_NOT_AVAILABLE;
        if is_passing {
            return Self::Passing(told(&error));
        }
        Self::Lasting(Error::Unavailable(format!("the database refuses: {}", told(&error))))
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Lasting(error)
    }
}

impl Trouble {
    /// As whoever asked is told; the log has the rest.
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Moved => Error::Unavailable("others append to the chain all the time".to_owned()),
            Self::Passing(cause) => {
                tracing::warn!(cause, "the database does not answer");
                Error::Unavailable(AWAY.to_owned())
            }
            Self::Lasting(error) => error,
        }
    }
}

/// An error with its causes, which the client's own text leaves out.
pub(super) fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
