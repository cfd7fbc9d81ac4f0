//! The power is cut, and calls fail, at every call that changes the disk: what was answered is there.
//!
//! `TIENDO_POWER_WORKLOADS` raises the number of random workloads; each is cut at every call.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tiendo_shared::journal::{self, Position};
use tiendo_shared::submission::{NO_HASH, Recorded, SubmissionId};

use super::model_disk::{Faults, ModelDisk, Random};
use super::{Options, SledStore, start};
use crate::store::conformance::samples::{DEPARTMENTS, catalogue, number, submission_of};
use crate::store::{Appended, Error, Store, Submission};

const WORKLOADS: u64 = 2;

/// Grows in small steps: what is tried is many disks, each in little time.
const SMALL: journal::Options = journal::Options {
    segment_bytes: 16 << 10,
    growth_bytes: 1 << 10,
    committed: Position::START,
    allocation: journal::Allocation::InSteps,
};

fn workloads() -> u64 {
    let told = std::env::var("TIENDO_POWER_WORKLOADS").ok();
    told.map_or(WORKLOADS, |text| text.parse().expect("TIENDO_POWER_WORKLOADS is a number"))
}

/// A folder whose syncs cost nothing: what is tried here is the disk in memory.
fn quick_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// What the agents were told, and what they sent without an answer.
#[derive(Default)]
struct Told {
    answered: BTreeMap<SubmissionId, (Submission, Recorded)>,
    open: Vec<Submission>,
    sent: u128,
}

/// A submission that nobody sent before.
fn next(random: &mut Random, told: &mut Told) -> Submission {
    told.sent += 1;
    let department = DEPARTMENTS[random.below(DEPARTMENTS.len())];
    let months = (0..=random.below(30)).map(|month| {
        number("population", &format!("20{:02}-{:02}", month / 12 + 10, month % 12 + 1), "12")
    });
    submission_of(department, told.sent, i64::try_from(told.sent).unwrap(), months.collect())
}

/// Opens the store, compares it with what was told, and sends until it is done or the disk fails.
async fn live(
    directory: &Path,
    disk: &ModelDisk,
    random: &mut Random,
    told: &mut Told,
) -> Result<(), String> {
    let options = Options { checkpoint_bytes: 2_000, floor_bytes: Some(0), ..Options::default() };
    let opened = start::open_on(directory, (Arc::new(disk.clone()), SMALL), catalogue(), options);
    let Ok((store, opened)) = opened else { return Ok(()) };
    if !opened.faults.is_empty() {
        return Err(format!("a crash is told as damage: {opened:?}"));
    }
    compare(&store, told).await?;
    for _ in 0..2 + random.below(6) {
        let submission = told.open.pop().unwrap_or_else(|| next(random, told));
        match store.append(submission.clone()).await {
            Ok(Appended::Recorded { recorded, .. }) => {
                told.answered.insert(submission.id, (submission, recorded));
            }
            Err(Error::Unavailable(_)) => {
                told.open.push(submission);
                return Ok(());
            }
            other => return Err(format!("{other:?}")),
        }
    }
    if random.one_in(2) {
        // A failing disk may refuse it.
        drop(store.close().await);
    }
    Ok(())
}

/// Everything answered is there as it was answered, once, in whole chains.
async fn compare(store: &SledStore, told: &Told) -> Result<(), String> {
    for (submission, first) in told.answered.values() {
        let found = store.recorded(&submission.department, submission.id).await;
        if found.as_ref().ok() != Some(&Some(first.clone())) {
            return Err(format!("{first:?} became {found:?}"));
        }
    }
    for department in DEPARTMENTS {
        let entries = store.entries(department, 1, usize::MAX).await;
        let entries = entries.map_err(|error| error.to_string())?;
        let (mut head, mut ids) = ((0, NO_HASH), Vec::new());
        for entry in &entries {
            let link = &entry.recorded.link;
            if entry.verify().is_err()
                || (link.sequence, link.previous_hash) != (head.0 + 1, head.1)
            {
                return Err(format!("entry {} of {department} is broken", link.sequence));
            }
            head = (link.sequence, link.entry_hash);
            ids.push(entry.recorded.id);
        }
        ids.sort();
        ids.dedup();
        if ids.len() != entries.len() {
            return Err(format!("a submission is twice in the chain of {department}"));
        }
    }
    Ok(())
}

/// Two lives: the first with `faults`, the second after a power cut. How many calls the first made.
async fn run(seed: u64, faults: Faults) -> Result<usize, String> {
    let (mut random, mut told) = (Random::new(seed), Told::default());
    let directory = quick_folder();
    let disk = ModelDisk::with(faults);
    live(directory.path(), &disk, &mut random, &mut told).await?;
    let calls = disk.calls();
    let mut chance = Random::new(seed ^ calls as u64);
    let later = Faults { dies_at: None, sync_fails_at: None, write_fails_at: None, ..faults };
    let second = disk.after_power_cut(&mut chance, later);
    // What is derived survives on its own disk, or does not.
    let other = quick_folder();
    let kept = if chance.one_in(2) { directory.path() } else { other.path() };
    live(kept, &second, &mut chance, &mut told).await.map_err(|it| format!("second life: {it}"))?;
    Ok(calls)
}

async fn try_every_call(faults: impl Fn(usize) -> Faults) -> (Option<String>, usize) {
    let mut points = 0;
    for seed in 0..workloads() {
        let calm = Faults { dies_at: None, sync_fails_at: None, write_fails_at: None, ..faults(0) };
        let calls = match run(seed, calm).await {
            Ok(calls) => calls,
            Err(broken) => return (Some(format!("seed {seed}: {broken}")), points),
        };
        for call in 1..=calls {
            points += 1;
            if let Err(broken) = run(seed, faults(call)).await {
                return (Some(format!("seed {seed}, call {call}: {broken}")), points);
            }
        }
    }
    println!("{points} points of failure");
    (None, points)
}

#[tokio::test]
async fn what_was_answered_survives_a_power_cut_at_every_call() {
    let cut = |call| Faults { dies_at: Some(call), ..Faults::default() };
    assert_eq!(try_every_call(cut).await.0, None);
}

#[tokio::test]
async fn what_was_answered_survives_a_write_or_sync_that_fails_at_any_call() {
    let fail = |call| Faults {
        sync_fails_at: Some(call),
        write_fails_at: Some(call),
        ..Faults::default()
    };
    assert_eq!(try_every_call(fail).await.0, None);
}

#[tokio::test]
async fn without_syncing_the_check_fails() {
    let unsynced = |call| Faults { dies_at: Some(call), no_file_sync: true, ..Faults::default() };
    assert!(try_every_call(unsynced).await.0.is_some());
}
