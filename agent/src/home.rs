//! The folder of the agent: what is kept in it, and how files in it are replaced.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::system;

/// The folder that holds configuration, ledger and what was learnt of the server.
#[derive(Debug, Clone)]
pub(crate) struct Home(PathBuf);

impl Home {
    /// The folder named, else the one of `TIENDO_HOME`, else the usual one of the system.
    pub(crate) fn find(named: Option<PathBuf>, env: &dyn Fn(&str) -> Option<String>) -> Self {
        let of_env = |name: &str| env(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        let home = named.or_else(|| of_env("TIENDO_HOME"));
        let home = home.or_else(|| system::usual_home(&of_env));
        Self(home.unwrap_or_else(|| PathBuf::from(".tiendo-agent")))
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.0.join("agent.toml")
    }

    /// The folder of the ledger.
    pub(crate) fn ledger(&self) -> PathBuf {
        self.0.join("ledger")
    }

    /// How far the ledger is accounted for.
    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.0.join("ledger.checkpoint")
    }

    /// The catalogue as the server last listed it.
    pub(crate) fn catalogue(&self) -> PathBuf {
        self.0.join("catalogue.cache")
    }

    /// What the last contact with the server told.
    pub(crate) fn contact(&self) -> PathBuf {
        self.0.join("contact.json")
    }

    /// The keys that sign receipts, as contacts told them.
    pub(crate) fn server_keys(&self) -> PathBuf {
        self.0.join("server-keys.json")
    }

    /// The one key that was kept until version 0.1.
    pub(crate) fn server_key(&self) -> PathBuf {
        self.0.join("server.key")
    }

    /// What is known of the jobs.
    pub(crate) fn jobs(&self) -> PathBuf {
        self.0.join("jobs.json")
    }

    /// Locked while `run` runs.
    pub(crate) fn run_lock(&self) -> PathBuf {
        self.0.join("run.lock")
    }

    /// What the queries and commands of jobs brought last.
    pub(crate) fn fetched(&self) -> PathBuf {
        self.0.join("fetched")
    }

    /// Reports of refused rows of jobs that watch no folder.
    pub(crate) fn reports(&self) -> PathBuf {
        self.0.join("reports")
    }

    /// Makes the folder if there is none.
    pub(crate) fn create(&self) -> io::Result<()> {
        if !self.0.exists() {
            std::fs::create_dir_all(&self.0)?;
            system::keep_private(&self.0)?;
        }
        std::fs::create_dir_all(self.ledger())
    }
}

/// The name of this computer, as far as it tells; for when nobody gave it another one.
pub(crate) fn host(env: &dyn Fn(&str) -> Option<String>) -> String {
    let told = || std::fs::read_to_string("/etc/hostname").ok();
    let name = env("COMPUTERNAME").or_else(|| env("HOSTNAME")).or_else(told);
    let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| "agent".to_owned())
}

/// The text of a file; empty if there is no such file.
pub(crate) fn read_if_present(path: &Path) -> io::Result<Vec<u8>> {
    match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

/// Replaces a file so that a crash leaves the old one or the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let mut file = std::fs::File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_named_wins() {
        let env = |name: &str| match name {
            "TIENDO_HOME" => Some("/t".to_owned()),
            "HOME" => Some("/h".to_owned()),
            _ => None,
        };
        assert_eq!(Home::find(Some("/n".into()), &env).path(), Path::new("/n"));
        assert_eq!(Home::find(None, &env).path(), Path::new("/t"));
        if !system::IS_WINDOWS {
            let env = |name: &str| (name == "HOME").then(|| "/h".to_owned());
            assert_eq!(Home::find(None, &env).path(), Path::new("/h/.tiendo-agent"));
        }
    }

    #[test]
    fn files_are_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        assert!(read_if_present(&path).unwrap().is_empty());
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(read_if_present(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
