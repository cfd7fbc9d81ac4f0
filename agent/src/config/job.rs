//! The jobs of the configuration: a source, how it is read, and when.

mod read;

use std::path::PathBuf;
use std::time::Duration;

use crate::schedule::Schedule;

/// Figures that come again and again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Job {
    /// Its name.
    pub(crate) name: String,
    /// Where the figures come from; none if the file is named when it is sent.
    pub(crate) source: Option<Source>,
    /// How they are read; none for forms.
    pub(crate) mapping: Option<Mapping>,
    /// When they are fetched; none for never by itself, but a folder is always watched.
    pub(crate) when: Option<When>,
}

/// Where the figures of a job come from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    /// A file that is written anew from time to time.
    File(PathBuf),
    /// A folder that files are dropped in.
    Folder(Folder),
    /// A query of a database.
    Database(Database),
    /// What a command prints.
    Command(Command),
}

/// A folder that files are dropped in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Folder {
    /// The folder.
    pub(crate) path: PathBuf,
    /// How long a file has to stay as it is to be taken for whole.
    pub(crate) settle: Duration,
}

/// A query of a database.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Database {
    /// Kind, place and user, never the password.
    pub(crate) url: String,
    /// Where the password is; none if none is needed.
    pub(crate) password: Option<Secret>,
    /// What is asked.
    pub(crate) query: Query,
    /// How long it may take, connecting included.
    pub(crate) timeout: Duration,
    /// Rows beyond which the answer is refused.
    pub(crate) max_rows: u64,
}

/// Where a password is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Secret {
    /// In an environment variable.
    Variable(String),
    /// In a file, without the line end.
    File(PathBuf),
}

/// What is asked of a database.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Query {
    /// This.
    Text(String),
    /// What stands in a file.
    File(PathBuf),
}

/// A command that prints CSV.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Command {
    /// The program and its arguments; no shell reads them.
    pub(crate) run: Vec<String>,
    /// How long it may take.
    pub(crate) timeout: Duration,
    /// Bytes of output beyond which it is refused.
    pub(crate) max_bytes: u64,
}

/// When a job runs, before the place of this computer among all is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct When {
    /// The plan.
    pub(crate) schedule: Schedule,
    /// Time over which computers spread.
    pub(crate) spread: Duration,
}

/// Where a job's mapping stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mapping {
    /// In a TOML file of its own.
    File(PathBuf),
    /// In the table itself, as TOML.
    Inline(String),
}
