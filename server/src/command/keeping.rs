//! The commands that keep the ledger safe: verify, backup, restore, export, import.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tiendo_shared::submission::hexadecimal;

use super::{FOUND_ERRORS, catalogue_of, complain, say};
use crate::backup::{self, Checked, Order};
use crate::cli::{Backup, Export, Import, Restore, Storage, Verify};
use crate::clock::Clock;
use crate::config::Engine;
use crate::store::export::Writer;
use crate::store::fault::Fault;
use crate::store::postgres::{self, Target};
use crate::store::sled::{self, VerifyReport};

/// A failure, as whoever typed the command reads it.
type Told<T> = Result<T, String>;

/// Proves the chains of a ledger, a backup or an export.
pub fn verify(what: &Verify) -> ExitCode {
    ended(proved(what))
}

fn proved(what: &Verify) -> Told<bool> {
    if let Some(backup) = &what.backup {
        let checked = backup::check(backup).map_err(told)?;
        tell_backup(&checked);
        return Ok(checked.is_sound());
    }
    let report = if let Some(file) = &what.export {
        let input = input(file)?;
        sled::verify_export(input, file).map_err(|error| at(file, error))?
    } else {
        match place(&what.storage, what.data.as_deref())? {
            Place::Folder(data) => sled::verify(data).map_err(|error| at(data, error))?,
            Place::Database(target) => {
                let verified = runtime()?.block_on(postgres::verify(&target));
                verified.map_err(|error| in_database(&target, error))?
            }
        }
    };
    tell(&report);
    Ok(report.is_sound())
}

/// Takes a backup.
pub fn backup(what: &Backup) -> ExitCode {
    match what.storage.engine() {
        Ok(Engine::Sled) => (),
        Ok(Engine::Postgres(_)) => return ended(Err(backup::IN_A_DATABASE.to_owned())),
        Err(error) => return ended(Err(told(error))),
    }
    let order = Order {
        data: what.data.clone(),
        to: what.to.clone(),
        catalogue: what.catalogue.clone(),
        secrets: !what.without_secrets,
        now: Clock::system().now(),
    };
    ended(backup::take(&order).map_err(told).map(|taken| {
        tell(&taken.ledger);
        say(&taken.to_string());
        if order.secrets {
            say("the server's keys are in it: keep it as safe as the server");
        }
        taken.ledger.is_sound()
    }))
}

/// Restores a backup.
pub fn restore(what: &Restore) -> ExitCode {
    let restored = backup::restore(&what.from, &what.data, what.despite_damage);
    ended(restored.map_err(told).map(|checked| {
        tell_backup(&checked);
        let data = what.data.display();
        say(&format!("restored to `{data}`; agents send again what came later, by themselves"));
        if !checked.has_secrets {
            say(&format!(
                "the keys are not in this backup: put them into `{data}` before it serves"
            ));
        }
        if checked.has_catalogue {
            let from = what.from.display();
            say(&format!(
                "start the server with `--catalogue {from}/catalogue.toml`, or a copy of it"
            ));
        }
        checked.is_sound()
    }))
}

/// Writes an export.
pub fn export(what: &Export) -> ExitCode {
    ended(exported(what))
}

fn exported(what: &Export) -> Told<bool> {
    let place = place(&what.storage, what.data.as_deref())?;
    let (entries, faults) = if is_standard(&what.file) {
        write_export(&place, io::stdout().lock(), &what.file)?
    } else {
        let failed = |error: io::Error| at(&what.file, error);
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).open(&what.file).map_err(failed)?;
        let written = write_export(&place, &file, &what.file)?;
        file.sync_all().map_err(failed)?;
        written
    };
    for fault in &faults {
        complain(fault);
    }
    complain(&format!("{entries} entries, {} faults", faults.len()));
    Ok(faults.is_empty())
}

fn write_export(place: &Place<'_>, out: impl Write, file: &Path) -> Told<(u64, Vec<Fault>)> {
    let writer = |out| Writer::begin(BufWriter::new(out)).map_err(|error| at(file, error));
    match place {
        Place::Folder(data) => {
            let reader = backup::durable(&data.join("journal")).map_err(told)?;
            sled::export(&reader, writer(out)?).map_err(|error| at(file, error))
        }
        Place::Database(target) => {
            let exported = runtime()?.block_on(postgres::export(target, writer(out)?));
            exported.map_err(|error| in_database(target, error))
        }
    }
}

/// Reads an export into a ledger.
pub fn import(what: &Import) -> ExitCode {
    ended(imported(what).map(|imported| {
        let sled::Imported { taken, known } = imported;
        say(&format!("{taken} entries taken, {known} were there before"));
        true
    }))
}

fn imported(what: &Import) -> Told<sled::Imported> {
    let place = place(&what.storage, what.data.as_deref())?;
    let input = input(&what.file)?;
    match place {
        Place::Folder(data) => sled::import(data, input, what.despite_gaps).map_err(told),
        Place::Database(target) => {
            let catalogue = Arc::new(
                catalogue_of(what.catalogue.as_deref()).map_err(|error| format!("{error:#}"))?,
            );
            let import = postgres::import(&target, &catalogue, input, what.despite_gaps);
            runtime()?.block_on(import).map_err(|error| in_database(&target, error))
        }
    }
}

/// Where a ledger is.
enum Place<'a> {
    Folder(&'a Path),
    Database(Box<Target>),
}

fn place<'a>(storage: &Storage, data: Option<&'a Path>) -> Told<Place<'a>> {
    match (storage.engine().map_err(told)?, data) {
        (Engine::Postgres(database), _) => {
            database.target().map(|it| Place::Database(Box::new(it)))
        }
        (Engine::Sled, Some(data)) => Ok(Place::Folder(data)),
        (Engine::Sled, None) => Err("where is the ledger? Name its folder with `--data`, or \
                                     `--engine postgres` and `--database`"
            .to_owned()),
    }
}

fn runtime() -> Told<tokio::runtime::Runtime> {
    super::quiet_runtime().map_err(|error| format!("{error:#}"))
}

fn in_database(target: &Target, error: impl std::fmt::Display) -> String {
    format!("`{}`: {error}", target.name())
}

fn input(file: &Path) -> Told<Box<dyn Read>> {
    if is_standard(file) {
        return Ok(Box::new(io::stdin().lock()));
    }
    let opened = File::open(file).map_err(|error| at(file, error))?;
    Ok(Box::new(BufReader::new(opened)))
}

fn is_standard(file: &Path) -> bool {
    file == Path::new("-")
}

fn tell_backup(checked: &Checked) {
    tell(&checked.ledger);
    for problem in &checked.problems {
        say(problem);
    }
    let state = if checked.is_sound() { "sound" } else { "DAMAGED" };
    say(&format!("backup of {}: {state}", checked.taken_at));
}

fn tell(report: &VerifyReport) {
    for (id, department) in &report.departments {
        let head = hexadecimal(&department.head);
        say(&format!(
            "{id}: {} entries, {} of them acts, {} measurements, head {} {head}",
            department.entries, department.acts, department.measurements, department.sequence
        ));
    }
    for fault in &report.faults {
        say(&fault.to_string());
    }
    say(&format!(
        "{} entries, {} measurements, {} unfinished bytes: {}",
        report.entries(),
        report.measurements(),
        report.unfinished_bytes,
        if report.is_sound() { "sound" } else { "DAMAGED" }
    ));
}

fn at(file: &Path, error: impl std::fmt::Display) -> String {
    format!("`{}`: {error}", file.display())
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// How a command ends: whether what it met was sound, or why it could not.
fn ended(done: Told<bool>) -> ExitCode {
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(FOUND_ERRORS),
        Err(cause) => {
            complain(&cause);
            ExitCode::FAILURE
        }
    }
}
