//! A backup is checked, and becomes a data folder again.

use std::fs;
use std::io;
use std::path::Path;

use tiendo_shared::journal::{Directory, Disk as _};

use super::copy::{copy, digest, sync_folder};
use super::manifest::Manifest;
use super::{CATALOGUE, DATA, Error, JOURNAL, make_folder, sync_tree};
use crate::store::sled::{VerifyReport, verify};

/// What is in a backup, and what is wrong with it.
#[derive(Debug, Clone)]
pub struct Checked {
    /// When it was taken.
    pub taken_at: String,
    /// Whether the server's keys are in it.
    pub has_secrets: bool,
    /// Whether a catalogue file is in it.
    pub has_catalogue: bool,
    /// Its ledger.
    pub ledger: VerifyReport,
    /// Files that are gone or changed, chains that end elsewhere.
    pub problems: Vec<String>,
}

impl Checked {
    /// Whether it holds everything that was put into it, and that was sound.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty() && self.ledger.is_sound()
    }
}

/// Reads a whole backup: every file against its SHA-256, every chain entry by entry.
pub fn check(backup: &Path) -> Result<Checked, Error> {
    check_listed(backup, &Manifest::read(backup)?)
}

fn check_listed(backup: &Path, manifest: &Manifest) -> Result<Checked, Error> {
    let mut problems = Vec::new();
    for listed in &manifest.files {
        match digest(&backup.join(&listed.path)) {
            Ok(found) if listed.is(found.clone()) => {}
            Ok(_) => problems.push(format!("`{}` was changed", listed.path)),
            Err(error) => problems.push(error.to_string()),
        }
    }
    let ledger = verify(&backup.join(DATA))?;
    let found = Manifest::chains_of(&ledger);
    for chain in manifest.chains.iter().filter(|chain| !found.contains(chain)) {
        problems.push(format!(
            "the chain of `{}` does not end at entry {} any more",
            chain.department, chain.sequence
        ));
    }
    Ok(Checked {
        taken_at: manifest.taken_at.clone(),
        has_secrets: manifest.secrets,
        has_catalogue: manifest.files.iter().any(|file| file.path == CATALOGUE),
        ledger,
        problems,
    })
}

/// Makes a data folder of a backup, which is checked first. The folder must be empty or not there.
///
/// A damaged backup is refused unless `despite_damage`; then what can be read of it is restored.
/// Blocks.
pub fn restore(backup: &Path, data: &Path, despite_damage: bool) -> Result<Checked, Error> {
    let manifest = Manifest::read(backup)?;
    let checked = check_listed(backup, &manifest)?;
    if !checked.is_sound() && !despite_damage {
        let faults = checked.ledger.faults.iter().map(ToString::to_string);
        let lines: Vec<String> = checked.problems.iter().cloned().chain(faults).collect();
        return Err(Error::because(format!(
            "`{}` is damaged, and nothing was restored; take an older backup, or restore what is \
             left of it with `--despite-damage`:\n  {}",
            backup.display(),
            lines.join("\n  ")
        )));
    }
    make_folder(data)?;
    if fs::read_dir(data).map_err(Error::io("list", data))?.next().is_some() {
        return Err(Error::because(format!(
            "`{}` is not empty, and nothing was restored; name a folder that is not there yet",
            data.display()
        )));
    }
    let lock = Directory::new(data).lock();
    let _lock = lock.map_err(Error::io("lock", data))?;
    // The journal is named last: no server begins on half of it.
    let partial = data.join("journal.partial");
    make_folder(&partial)?;
    for listed in &manifest.files {
        let Ok(below) = Path::new(&listed.path).strip_prefix(DATA) else { continue };
        let target = match below.strip_prefix(JOURNAL) {
            Ok(segment) => partial.join(segment),
            Err(_) => data.join(below),
        };
        if let Some(folder) = target.parent() {
            make_folder(folder)?;
        }
        let copied = copy(&backup.join(&listed.path), &target, u64::MAX);
        if let Err(error) = copied
            && !despite_damage
        {
            return Err(error);
        }
    }
    sync_tree(data)?;
    name_journal(&partial, &data.join(JOURNAL))?;
    sync_folder(data)?;
    let restored = verify(data)?;
    if restored.departments != checked.ledger.departments {
        return Err(Error::because(format!(
            "`{}` does not read back as it was written; that disk cannot hold the ledger",
            data.display()
        )));
    }
    Ok(checked)
}

fn name_journal(partial: &Path, journal: &Path) -> Result<(), Error> {
    let named = if journal.exists() {
        Err(io::Error::from(io::ErrorKind::AlreadyExists))
    } else {
        fs::rename(partial, journal)
    };
    named.map_err(Error::io("name", journal))
}
