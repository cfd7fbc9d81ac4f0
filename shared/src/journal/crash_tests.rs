//! Random lives of a journal on a disk that dies at every point where something changes.

use std::sync::Arc;

use super::model_disk::{Faults, ModelDisk, Random};
use super::{Allocation, Error, Journal, Options, Position};

/// Random workloads per test; each is cut at every call that changes the disk.
const WORKLOADS: u64 = 400;
/// Raises [`WORKLOADS`].
const WORKLOADS_VARIABLE: &str = "TIENDO_JOURNAL_WORKLOADS";

fn workloads() -> u64 {
    std::env::var(WORKLOADS_VARIABLE).ok().and_then(|text| text.parse().ok()).unwrap_or(WORKLOADS)
}

/// What the process was told.
#[derive(Default)]
struct Told {
    /// Every record appended, in order, with its position.
    appended: Vec<(Position, Vec<u8>)>,
    /// How many of them it may rely on.
    committed: usize,
    end: Position,
}

/// Opens the journal, compares it with what the process before was told, and works on until it is
/// done or dead. An error is a broken promise.
fn live(disk: &ModelDisk, random: &mut Random, told: &mut Told) -> Result<(), String> {
    let options = Options {
        segment_bytes: 1024 + random.below(3000) as u64,
        growth_bytes: 1 + random.below(2000) as u64,
        committed: if random.one_in(2) { told.end } else { Position::START },
        allocation: if random.one_in(2) { Allocation::AheadInline } else { Allocation::InSteps },
    };
    let Ok((mut journal, recovery)) = Journal::open(Arc::new(disk.clone()), options) else {
        return Ok(());
    };
    if !recovery.damage.is_empty() {
        return Err(format!("a crash is reported as damage: {recovery:?}"));
    }
    compare(&journal, told)?;
    for _ in 0..5 + random.below(20) {
        let outcome = match random.below(8) {
            0..5 => append(&mut journal, random, told),
            5..7 => commit(&mut journal, told),
            _ => match journal.close() {
                Ok(()) => {
                    told.committed = told.appended.len();
                    return Ok(());
                }
                Err(_) => return Ok(()),
            },
        };
        if outcome.is_err() {
            return if matches!(journal.commit(), Err(Error::Poisoned)) {
                Ok(())
            } else {
                Err("not poisoned after an error".to_owned())
            };
        }
    }
    Ok(())
}

fn append(journal: &mut Journal, random: &mut Random, told: &mut Told) -> Result<(), Error> {
    let length = 1 + if random.one_in(4) { random.below(2500) } else { random.below(300) };
    // Zeros are what sectors hold that were never written.
    let payload = if random.one_in(4) { vec![0; length] } else { random.bytes(length) };
    let position = journal.append(&payload)?;
    told.appended.push((position, payload));
    Ok(())
}

fn commit(journal: &mut Journal, told: &mut Told) -> Result<(), Error> {
    told.end = journal.commit()?;
    told.committed = told.appended.len();
    Ok(())
}

/// All committed records are there, and what else is there is a beginning of what was appended.
fn compare(journal: &Journal, told: &mut Told) -> Result<(), String> {
    let reader = journal.reader();
    let mut found = 0;
    for item in reader.scan(Position::START) {
        let (position, payload) = item.map_err(|damage| format!("scan: {damage}"))?;
        if told.appended.get(found) != Some(&(position, payload)) {
            return Err(format!("record {found} at {position} is not the one appended"));
        }
        found += 1;
    }
    if found < told.committed {
        return Err(format!("{} records were committed, {found} are there", told.committed));
    }
    for (position, payload) in &told.appended[..found] {
        if reader.read(*position).ok().as_ref() != Some(payload) {
            return Err(format!("the record at {position} cannot be read"));
        }
    }
    // What was shown once is relied on, and the rest is never to come back.
    told.appended.truncate(found);
    told.committed = found;
    told.end = reader.end();
    Ok(())
}

/// Three lives in a row; the first has `faults`, the second may die anywhere, the third is quiet.
/// Answers how many calls the first life made.
fn run(seed: u64, faults: Faults) -> Result<usize, String> {
    let mut random = Random::new(seed);
    let mut told = Told::default();
    let disk = ModelDisk::with(faults);
    live(&disk, &mut random, &mut told)?;
    let calls = disk.calls();

    let mut chance = Random::new(seed ^ calls as u64 ^ faults.dies_at.unwrap_or(0) as u64);
    let later = Faults { dies_at: None, sync_fails_at: None, write_fails_at: None, ..faults };
    let dying = Faults { dies_at: Some(1 + chance.below(15)), ..later };
    let second = match chance.below(4) {
        0 => disk.after_death(dying),
        1 => disk.after_death(later),
        2 => disk.after_power_cut(&mut chance, dying),
        _ => disk.after_power_cut(&mut chance, later),
    };
    live(&second, &mut chance, &mut told).map_err(|broken| format!("second life: {broken}"))?;
    let third = second.after_power_cut(&mut chance, later);
    live(&third, &mut chance, &mut told).map_err(|broken| format!("third life: {broken}"))?;
    Ok(calls)
}

/// The first broken promise, and how many points of failure were tried.
fn try_every_point(faults: impl Fn(usize) -> Faults) -> (Option<String>, usize) {
    let mut points = 0;
    for seed in 0..workloads() {
        let calm = Faults { dies_at: None, sync_fails_at: None, write_fails_at: None, ..faults(0) };
        let calls = match run(seed, calm) {
            Ok(calls) => calls,
            Err(broken) => return (Some(format!("seed {seed}: {broken}")), points),
        };
        for call in 1..=calls {
            points += 1;
            if let Err(broken) = run(seed, faults(call)) {
                return (Some(format!("seed {seed}, call {call}: {broken}")), points);
            }
        }
    }
    (None, points)
}

#[track_caller]
fn keeps_its_promises(faults: impl Fn(usize) -> Faults) {
    let (broken, points) = try_every_point(faults);
    assert_eq!(broken, None, "after {points} points");
    println!("{points} points of failure");
    assert!(points as u64 > 10 * workloads(), "only {points} points were tried");
}

#[test]
fn committed_records_survive_death_at_every_call() {
    keeps_its_promises(|call| Faults { dies_at: Some(call), ..Faults::default() });
}

#[test]
fn records_shown_after_a_failed_sync_survive_a_power_cut() {
    keeps_its_promises(|call| Faults { sync_fails_at: Some(call), ..Faults::default() });
}

#[test]
fn committed_records_survive_a_write_that_fails_at_every_call() {
    keeps_its_promises(|call| Faults { write_fails_at: Some(call), ..Faults::default() });
}

#[test]
fn a_disk_that_cannot_be_written_opens_no_journal_and_loses_nothing() {
    for seed in 0..20 {
        let (mut random, mut told) = (Random::new(seed), Told::default());
        let disk = ModelDisk::default();
        live(&disk, &mut random, &mut told).unwrap();
        let read_only = Faults { read_only: true, ..Faults::default() };
        let stuck = disk.after_power_cut(&mut random, read_only);
        let opened = Journal::open(Arc::new(stuck.clone()), Options::default());
        let Err(Error::Io { cause, .. }) = opened else { panic!("seed {seed}: {opened:?}") };
        assert_eq!(cause.kind(), std::io::ErrorKind::ReadOnlyFilesystem);
        let mended = stuck.after_death(Faults::default());
        live(&mended, &mut random, &mut told).unwrap();
    }
}

#[test]
fn without_syncing_files_the_check_fails() {
    let (broken, _) = try_every_point(|call| Faults {
        dies_at: Some(call),
        no_file_sync: true,
        ..Faults::default()
    });
    assert!(broken.is_some());
}

#[test]
fn without_syncing_names_the_check_fails() {
    let (broken, _) = try_every_point(|call| Faults {
        dies_at: Some(call),
        no_name_sync: true,
        ..Faults::default()
    });
    assert!(broken.is_some());
}
