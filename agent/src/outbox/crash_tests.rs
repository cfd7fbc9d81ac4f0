//! Random lives of a ledger whose power is cut, whose writes fail and whose bits flip, at every point.
//!
//! `TIENDO_OUTBOX_WORKLOADS` and `TIENDO_OUTBOX_FLIPS` raise the numbers.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use tiendo_shared::journal::Allocation;
use tiendo_shared::submission::SubmissionId;
use tiendo_shared::wire::v1;

use super::Disk as _;
use super::model_disk::{Faults, ModelDisk, Random};
use super::record::{Entry, Prepared};
use super::{Options, Outbox, Position, examine};

const WORKLOADS: u64 = 40;
const FLIPS: u64 = 500;

/// Grows in small steps: what is tried is many disks, each in little time.
const SMALL: Options = Options {
    segment_bytes: 16 << 10,
    growth_bytes: 1 << 10,
    committed: Position::START,
    allocation: Allocation::InSteps,
};

fn number(name: &str, usual: u64) -> u64 {
    let told = std::env::var(name).ok();
    told.map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// A folder whose syncs cost nothing: what is tried here is the disk in memory.
fn quick_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

/// What became of a submission, as far as the process was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Waits,
    Answered,
    /// The call that was to record something failed: either is right.
    Either,
}

#[derive(Default)]
struct Told {
    /// What waits or was answered, by id, with what was sent.
    submissions: BTreeMap<u8, (Fate, Vec<u8>)>,
    next: u8,
}

fn prepared(id: u8, act: u8, request: &[u8]) -> Prepared {
    Prepared {
        id: vec![id; 16],
        act: vec![act; 16],
        department: "so-khcn".to_owned(),
        request: request.to_vec(),
        items: 3,
        at_us: now().as_microsecond(),
        ..Prepared::default()
    }
}

/// Opens the ledger, compares it with what was told, and works on until it is done or dead.
fn live(
    disk: &ModelDisk,
    checkpoint: &Path,
    random: &mut Random,
    told: &mut Told,
) -> Result<(), String> {
    let opened = Outbox::open_on(Arc::new(disk.clone()), checkpoint.to_path_buf(), SMALL);
    let Ok((mut outbox, findings)) = opened else { return Ok(()) };
    if !findings.damage.is_empty() {
        return Err(format!("a crash is told as damage: {findings:?}"));
    }
    compare(&outbox, told)?;
    for _ in 0..2 + random.below(6) {
        let worked = if random.one_in(2) {
            submit(&mut outbox, random, told)
        } else {
            answer(&mut outbox, random, told)
        };
        if worked.is_err() {
            return Ok(());
        }
    }
    if random.one_in(3) {
        // What it wrote is durable, whatever becomes of this.
        drop(outbox.close());
    }
    Ok(())
}

/// Prepares some submissions of one act and releases them.
fn submit(outbox: &mut Outbox, random: &mut Random, told: &mut Told) -> Result<(), super::Error> {
    let act = told.next + 1;
    let mut ids = Vec::new();
    for _ in 0..=random.below(3) {
        told.next += 1;
        let length = 1 + random.below(900);
        let request = random.bytes(length);
        outbox.prepare(prepared(told.next, act, &request))?;
        ids.push((told.next, request));
    }
    let released = outbox.release(SubmissionId::from_bytes([act; 16]));
    let fate = if released.is_ok() { Fate::Waits } else { Fate::Either };
    told.submissions.extend(ids.into_iter().map(|(id, request)| (id, (fate, request))));
    released
}

/// Answers what waits first.
fn answer(outbox: &mut Outbox, random: &mut Random, told: &mut Told) -> Result<(), super::Error> {
    let Some(waiting) = outbox.index().waiting().next().cloned() else { return Ok(()) };
    let receipt = v1::Receipt { sequence: u64::from(waiting.id[0]), ..Default::default() };
    let response = v1::SubmitMeasurementsResponse { receipt: Some(receipt), ..Default::default() };
    let answered = if random.one_in(5) {
        outbox.fail(&waiting, 3, "no".to_owned(), now())
    } else {
        outbox.answer(&waiting, response, "pc", now())
    };
    let fate = if answered.is_ok() { Fate::Answered } else { Fate::Either };
    told.submissions.get_mut(&waiting.id[0]).expect("it was submitted").0 = fate;
    answered
}

/// What was released waits until it is answered, as it was prepared; nothing else waits.
fn compare(outbox: &Outbox, told: &mut Told) -> Result<(), String> {
    let waiting: BTreeMap<u8, _> =
        outbox.index().waiting().map(|waiting| (waiting.id[0], waiting.clone())).collect();
    if let Some(id) = waiting.keys().find(|id| !told.submissions.contains_key(*id)) {
        return Err(format!("{id} waits and was never released"));
    }
    for (id, (fate, request)) in &mut told.submissions {
        let waits = waiting.get(id);
        let is_right = match fate {
            Fate::Waits => waits.is_some(),
            Fate::Answered => waits.is_none(),
            Fate::Either => true,
        };
        if !is_right {
            return Err(format!("{id} is {fate:?}, and waits: {}", waits.is_some()));
        }
        if let Some(waiting) = waits {
            let loaded = outbox.load(waiting).map_err(|error| format!("{id}: {error}"))?;
            if loaded.request != *request {
                return Err(format!("{id} was altered"));
            }
        }
        // What was shown once is relied on.
        *fate = if waits.is_some() { Fate::Waits } else { Fate::Answered };
    }
    Ok(())
}

/// Three lives: the first with `faults`, then one after a power cut that may die anywhere, then a
/// quiet one. How many calls the first made.
fn run(seed: u64, faults: Faults) -> Result<usize, String> {
    let folder = quick_folder();
    let checkpoint = folder.path().join("checkpoint");
    let (mut random, mut told) = (Random::new(seed), Told::default());
    let disk = ModelDisk::with(faults);
    live(&disk, &checkpoint, &mut random, &mut told)?;
    let calls = disk.calls();
    let at = faults.dies_at.or(faults.sync_fails_at).unwrap_or(0);
    let mut chance = Random::new(seed ^ calls as u64 ^ ((at as u64) << 20));
    let later = Faults { dies_at: None, sync_fails_at: None, write_fails_at: None, ..faults };
    let dying = Faults { dies_at: Some(1 + chance.below(20)), ..later };
    let second = disk.after_power_cut(&mut chance, dying);
    live(&second, &checkpoint, &mut chance, &mut told)
        .map_err(|it| format!("second life: {it}"))?;
    let third = second.after_power_cut(&mut chance, later);
    live(&third, &checkpoint, &mut chance, &mut told).map_err(|it| format!("third life: {it}"))?;
    Ok(calls)
}

fn try_every_call(faults: impl Fn(usize) -> Faults) -> (Option<String>, u64) {
    let mut points = 0;
    for seed in 0..number("TIENDO_OUTBOX_WORKLOADS", WORKLOADS) {
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
    println!("{points} points of failure");
    (None, points)
}

#[test]
fn what_was_released_survives_a_power_cut_at_every_call() {
    let (broken, points) =
        try_every_call(|call| Faults { dies_at: Some(call), ..Faults::default() });
    assert_eq!(broken, None);
    assert!(points > 10, "{points}");
}

#[test]
fn what_was_released_survives_a_write_or_sync_that_fails_at_any_call() {
    let (broken, _) = try_every_call(|call| Faults {
        sync_fails_at: Some(call),
        write_fails_at: Some(call),
        ..Faults::default()
    });
    assert_eq!(broken, None);
}

#[test]
fn without_syncing_the_check_fails() {
    let (broken, _) = try_every_call(|call| Faults {
        dies_at: Some(call),
        no_file_sync: true,
        ..Faults::default()
    });
    assert!(broken.is_some());
}

#[test]
fn every_flipped_bit_is_named_once_set_aside_and_costs_one_record() {
    let folder = quick_folder();
    let checkpoint = folder.path().join("checkpoint");
    let disk = ModelDisk::default();
    let (mut outbox, _) =
        Outbox::open_on(Arc::new(disk.clone()), checkpoint.clone(), SMALL).unwrap();
    let (mut random, mut told) = (Random::new(7), Told::default());
    for _ in 0..30 {
        submit(&mut outbox, &mut random, &mut told).unwrap();
        answer(&mut outbox, &mut random, &mut told).unwrap();
    }
    let records = outbox.records().count();
    outbox.close().unwrap();
    std::fs::remove_file(&checkpoint).unwrap();
    let names: Vec<_> =
        disk.names().unwrap().into_iter().filter(|name| name.ends_with("seg")).collect();
    assert!(names.len() > 1, "{names:?}");
    let flips = number("TIENDO_OUTBOX_FLIPS", FLIPS);
    for flip in 0..flips {
        let disk = disk.after_death(Faults::default());
        let name = &names[random.below(names.len())];
        let bit = random.below(disk.content(name).len() * 8);
        disk.edit(name, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        let opened = Outbox::open_on(Arc::new(disk.clone()), checkpoint.clone(), SMALL).unwrap();
        let (mut outbox, findings) = opened;
        assert_eq!(findings.damage.len(), 1, "flip {flip}, bit {bit}");
        let found: Vec<_> = outbox.records().flatten().collect();
        assert!(found.len() + 1 >= records, "flip {flip}, bit {bit}: {} are left", found.len());
        for (_, record) in &found {
            if let Some(Entry::Prepared(one)) = &record.entry {
                assert_eq!(told.submissions[&one.id[0]].1, one.request, "bit {bit}");
            }
        }
        // Whatever waits can be sent, and what was answered is at worst sent again.
        for waiting in outbox.index().waiting() {
            assert!(outbox.load(waiting).is_ok(), "bit {bit}");
        }
        let examined = examine(outbox.records());
        // The header of the last segment is known, and was mended when it was opened.
        assert!(examined.damage.len() == 1 || bit < 24 * 8, "bit {bit}");
        for lost in examined.damage {
            outbox.set_aside(&lost.damage, now()).unwrap();
        }
        outbox.close().unwrap();
        let (again, findings) = Outbox::open_on(Arc::new(disk), checkpoint.clone(), SMALL).unwrap();
        assert_eq!(findings.damage, [], "bit {bit}: it is known now");
        assert_eq!(examine(again.records()).damage.len(), 0, "bit {bit}");
        std::fs::remove_file(&checkpoint).unwrap();
    }
    println!("{flips} flips");
}
