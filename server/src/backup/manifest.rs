//! `backup.toml`: what a backup holds, so that whatever is changed or gone is found.

use std::fs;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};
use tiendo_shared::submission::hexadecimal;

use super::copy::Digested;
use super::{Error, Order};
use crate::store::sled::VerifyReport;

/// Its name.
pub(super) const MANIFEST: &str = "backup.toml";
const FORMAT: u32 = 1;
/// No manifest is this long.
const MOST_BYTES: u64 = 64 << 20;

/// What a backup holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    format: u32,
    pub(super) taken_at: String,
    /// Version of the server that took it.
    version: String,
    /// Whether keys are in it.
    pub(super) secrets: bool,
    /// Things that were wrong with the ledger when it was taken.
    pub(super) faults: usize,
    #[serde(default, rename = "file")]
    pub(super) files: Vec<Listed>,
    #[serde(default, rename = "chain")]
    pub(super) chains: Vec<Chain>,
}

/// A file in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listed {
    /// Below the backup's folder.
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// Where a department's chain ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chain {
    pub(super) department: String,
    pub(super) sequence: u64,
    pub(super) entry_hash: String,
}

impl Listed {
    pub(super) fn of(path: &Path, Digested { bytes, sha256 }: Digested) -> Self {
        Self { path: path.to_string_lossy().into_owned(), bytes, sha256 }
    }

    /// Whether a file holds what was listed.
    pub(super) fn is(&self, found: Digested) -> bool {
        let Digested { bytes, sha256 } = found;
        self.bytes == bytes && self.sha256 == sha256
    }

    /// Whether it stays inside the folder it is put in.
    fn is_inside(&self) -> bool {
        !self.path.is_empty()
            && Path::new(&self.path).components().all(|part| matches!(part, Component::Normal(_)))
    }
}

impl Manifest {
    pub(super) fn of(order: &Order, files: Vec<Listed>, ledger: &VerifyReport) -> Self {
        Self {
            format: FORMAT,
            taken_at: order.now.to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            secrets: order.secrets,
            faults: ledger.faults.len(),
            files,
            chains: Self::chains_of(ledger),
        }
    }

    /// The chains of a ledger as a manifest has them.
    pub(super) fn chains_of(ledger: &VerifyReport) -> Vec<Chain> {
        let chain = |(department, verified): (&String, &crate::store::sled::VerifiedDepartment)| {
            let (sequence, entry_hash) = (verified.sequence, hexadecimal(&verified.head));
            Chain { department: department.clone(), sequence, entry_hash }
        };
        ledger.departments.iter().map(chain).collect()
    }

    pub(super) fn text(&self) -> Result<String, Error> {
        toml::to_string(self).map_err(|error| Error::because(error.to_string()))
    }

    /// Reads the manifest of a backup.
    pub(super) fn read(backup: &Path) -> Result<Self, Error> {
        let path = backup.join(MANIFEST);
        let length = fs::metadata(&path).map_err(Error::io("read", &path))?.len();
        let unusable = |why: &str| Error::because(format!("`{}` {why}", path.display()));
        if length > MOST_BYTES {
            return Err(unusable("is no list of a backup"));
        }
        let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        let read: Self =
            toml::from_str(&text).map_err(|error| unusable(&format!("is damaged: {error}")))?;
        if read.format != FORMAT {
            return Err(unusable("was written by another version of this program"));
        }
        if let Some(outside) = read.files.iter().find(|file| !file.is_inside()) {
            return Err(unusable(&format!("names `{}`, outside of the backup", outside.path)));
        }
        Ok(read)
    }
}
