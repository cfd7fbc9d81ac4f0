//! Damage of every kind: what was promised stays, what is wrong is told.
//!
//! `TIENDO_STATE_FLIPS` raises the number of bits that are flipped in sled's files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::indicator::Kind;
use tiendo_shared::journal::Reason;
use tiendo_shared::measurement::Value;
use tiendo_shared::wire::v1::measurement::Content;

use super::model_disk::Random;
use super::tests::copy_directory;
use super::{Opened, Options, SledStore, VerifyReport, verify};
use crate::store::conformance::recorded;
use crate::store::conformance::samples::{
    DEPARTMENTS, Sent, catalogue, indicators, number, part, sent, submission_of,
};
use crate::store::fault::Fault;
use crate::store::{Error, Series, SeriesQuery, Store};

const FLIPS: u64 = 40;

/// A store that is not open, and what it answered.
pub(super) struct Closed {
    pub(super) directory: TempDir,
    pub(super) answers: Vec<Series>,
    /// Sequence of the last entry of each department.
    pub(super) last: u64,
}

pub(super) fn open(directory: &Path) -> (SledStore, Opened) {
    SledStore::open(directory, catalogue(), Options::default()).unwrap()
}

/// Thirty entries, ten of each department in turn; the middle ones are revised.
fn say(round: u32) -> Vec<Sent> {
    let value = |year: u32| (year * round % 7).to_string();
    let years = (1990..2030).map(|year| number("population", &year.to_string(), &value(year)));
    let parts =
        (1990..2030).map(|year| part(&[("sex", "female")], &year.to_string(), &value(year)));
    if round.is_multiple_of(2) { years.collect() } else { parts.collect() }
}

pub(super) async fn append(
    store: &SledStore,
    department: &str,
    round: u32,
    sent: Vec<Sent>,
) -> u64 {
    let sent = submission_of(department, round.into(), round.into(), sent);
    recorded(store.append(sent).await.unwrap()).link.sequence
}

pub(super) async fn closed() -> Closed {
    let directory = tempfile::tempdir().unwrap();
    let (store, _) = open(directory.path());
    for round in 1..=10 {
        for department in DEPARTMENTS {
            append(&store, department, round, say(round)).await;
        }
        if round == 5 {
            store.checkpoint().await.unwrap();
        }
    }
    store.close().await.unwrap();
    let answers = all(&store).await;
    Closed { directory, answers, last: 10 }
}

async fn all(store: &SledStore) -> Vec<Series> {
    store.series(&SeriesQuery::default()).await.unwrap()
}

impl Closed {
    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    /// The one segment of the journal.
    pub(super) fn segment(&self) -> PathBuf {
        let [segment] = &files(&self.path().join("journal"), "seg")[..] else { panic!() };
        segment.clone()
    }

    pub(super) fn edit(file: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = std::fs::read(file).unwrap();
        edit(&mut bytes);
        std::fs::write(file, bytes).unwrap();
    }

    /// Opens and closes it; everything is as it was.
    #[track_caller]
    pub(super) fn check(&self) -> impl Future<Output = Opened> {
        let (store, opened) = open(self.path());
        assert_eq!(opened.faults, []);
        async move {
            assert!(all(&store).await == self.answers, "{opened:?}");
            for department in DEPARTMENTS {
                assert_eq!(store.head(department).await.unwrap().0, self.last);
            }
            store.close().await.unwrap();
            opened
        }
    }

    pub(super) fn verify(&self) -> VerifyReport {
        verify(self.path()).unwrap()
    }
}

/// The files of a directory that have an extension, if one is named.
fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = directory.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let is_wanted =
        |path: &PathBuf| extension.is_empty() || path.extension().is_some_and(|it| it == extension);
    let mut files: Vec<_> = entries.filter(|path| path.is_file() && is_wanted(path)).collect();
    files.sort();
    files
}

#[tokio::test]
async fn a_clean_start_replays_nothing() {
    let closed = closed().await;
    let opened = closed.check().await;
    assert_eq!(opened, Opened { departments: 3, ..Opened::default() });
}

#[tokio::test]
async fn a_damaged_checkpoint_is_set_aside_and_rebuilt() {
    let closed = closed().await;
    let whole = tempfile::tempdir().unwrap();
    copy_directory(&closed.state(), whole.path());
    let mut set_aside = 0;
    for file in files(whole.path(), "") {
        let length = std::fs::read(&file).unwrap().iter().rposition(|byte| *byte != 0).unwrap();
        let damages: [fn(&mut Vec<u8>, usize); 5] = [
            |bytes, at| bytes[at] ^= 1,
            |bytes, at| bytes[at] ^= 0x80,
            Vec::truncate,
            |bytes, at| bytes.iter_mut().skip(at).take(700).for_each(|byte| *byte = 0),
            |bytes, at| bytes.iter_mut().skip(at).take(700).for_each(|byte| *byte = !*byte),
        ];
        for damage in damages {
            for at in (0..=length).step_by(length / 4) {
                std::fs::remove_dir_all(closed.state()).unwrap();
                copy_directory(whole.path(), &closed.state());
                Closed::edit(&closed.state().join(file.file_name().unwrap()), |bytes| {
                    damage(bytes, at);
                });
                let opened = closed.check().await;
                if let Some(aside) = opened.set_aside {
                    assert!(aside.is_dir() && opened.rebuilt.is_some());
                    set_aside += 1;
                }
            }
        }
    }
    assert!(set_aside > 5, "{set_aside}");
    let kept = closed.path().read_dir().unwrap().filter(|entry| {
        entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with("state.damaged-")
    });
    assert_eq!(kept.count(), 2);
}

#[tokio::test]
async fn every_flipped_bit_of_the_derived_state_is_survived() {
    let told = std::env::var("TIENDO_STATE_FLIPS").ok();
    let flips = told.map_or(FLIPS, |text| text.parse().expect("TIENDO_STATE_FLIPS is a number"));
    let closed = closed().await;
    let whole = tempfile::tempdir().unwrap();
    copy_directory(&closed.state(), whole.path());
    let sizes: Vec<_> = files(whole.path(), "")
        .into_iter()
        .map(|file| (file.metadata().unwrap().len(), file.file_name().unwrap().to_owned()))
        .filter(|(size, _)| *size > 0)
        .collect();
    let (mut rebuilt, mut slowest) = (0, std::time::Duration::ZERO);
    for seed in 0..flips {
        let mut random = Random::new(seed);
        let (size, name) = &sizes[random.below(sizes.len())];
        let bit = random.below(usize::try_from(*size).unwrap() * 8);
        std::fs::remove_dir_all(closed.state()).unwrap();
        copy_directory(whole.path(), &closed.state());
        println!("seed {seed}: bit {bit} of {}", name.display());
        Closed::edit(&closed.state().join(name), |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        let began = std::time::Instant::now();
        let opened = closed.check().await;
        slowest = slowest.max(began.elapsed());
        rebuilt += u64::from(opened.rebuilt.is_some());
    }
    println!("{flips} flips, {rebuilt} rebuilt, none took longer than {slowest:?}");
    assert!(slowest.as_secs() < 30, "{slowest:?}");
}

/// The keys and values of a checkpoint in sled.
fn values(state: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let items = ::sled::open(state).unwrap().iter().map(Result::unwrap);
    items.map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
}

#[tokio::test]
async fn missing_renamed_and_stale_values_are_found() {
    let mut closed = closed().await;
    let stale = values(&closed.state());
    let (store, _) = open(closed.path());
    for (department, round) in DEPARTMENTS.into_iter().zip([11, 12, 13]) {
        append(&store, department, round, say(round)).await;
    }
    store.close().await.unwrap();
    closed.answers = all(&store).await;
    closed.last = 11;
    drop(store);
    let whole = tempfile::tempdir().unwrap();
    copy_directory(&closed.state(), whole.path());
    let mut found = 0;
    for (key, value) in values(&closed.state()) {
        let mut renamed = key.clone();
        *renamed.last_mut().unwrap() ^= 1;
        let stale = stale.get(&key).filter(|stale| **stale != value).map(|stale| (&key, stale));
        let mut damages = vec![None, Some((&renamed, &value))];
        damages.extend(stale.map(Some));
        for damage in damages {
            std::fs::remove_dir_all(closed.state()).unwrap();
            copy_directory(whole.path(), &closed.state());
            let db = ::sled::open(closed.state()).unwrap();
            db.remove(&key).unwrap();
            if let Some((key, value)) = damage {
                db.insert(key.clone(), value.clone()).unwrap();
            }
            drop(db);
            let opened = closed.check().await;
            // A stale root says no more than that entries are applied again.
            let is_stale_root = key == [0] && damage == stale && stale.is_some();
            assert_eq!(opened.set_aside.is_some(), !is_stale_root, "{key:?} {damage:?}");
            found += 1;
        }
    }
    assert!(found > 30, "{found}");
}

#[tokio::test]
async fn a_torn_commit_is_cut_away() {
    let closed = closed().await;
    Closed::edit(&closed.segment(), |bytes| {
        let record = bytes[24..24 + 1000].to_vec();
        bytes.extend(record);
        bytes.extend([0; 3000]);
    });
    let opened = closed.check().await;
    assert!(opened.torn_bytes > 0, "{opened:?}");
    assert!(closed.verify().is_sound());
}

#[tokio::test]
async fn a_checkpoint_of_another_catalogue_is_made_anew() {
    let closed = closed().await;
    let (store, _) = open(closed.path());
    let level = vec![sent("level", "2024", Content::Level("kha".to_owned()))];
    append(&store, "so-yt", 11, level).await;
    store.close().await.unwrap();
    drop(store);

    let mut changed = indicators();
    changed.retain(|indicator| indicator.id != "users");
    let mut first = changed[0].clone();
    first.id = "a".to_owned();
    let Kind::Level(scale) = &mut changed[0].kind else { panic!() };
    scale.levels.remove(0);
    changed.push(first);
    let departments = catalogue().departments().to_vec();
    let changed = Catalogue::from_parts("2".to_owned(), changed, Vec::new(), departments);
    let open = |catalogue: Arc<Catalogue>| {
        SledStore::open(closed.path(), catalogue, Options::default()).unwrap()
    };
    let changed = Arc::new(changed);
    let (store, opened) = open(Arc::clone(&changed));
    assert_eq!(opened.rebuilt.as_deref(), Some("it was made with another catalogue"));
    assert_eq!((opened.set_aside, opened.replayed), (None, 31));
    // 36 of 40 values differ from those of the round before.
    assert!(opened.unreadable > 0);
    let level = SeriesQuery { indicator: Some("level".to_owned()), ..SeriesQuery::default() };
    let level = store.series(&level).await.unwrap();
    assert_eq!(level[0].measurements[0].observation.value, Value::Level(1));
    let population = |series: &&Series| series.key.indicator == "population";
    let kept: Vec<_> = closed.answers.iter().filter(population).cloned().collect();
    let read = all(&store).await;
    assert_eq!(read.iter().filter(population).cloned().collect::<Vec<_>>(), kept);
    assert_eq!(read.len(), kept.len() + 1);
    store.close().await.unwrap();
    drop(store);

    assert_eq!(open(changed).1.rebuilt, None);
    let (store, _) = open(catalogue());
    assert_eq!(all(&store).await.len(), closed.answers.len() + 1);
}

#[tokio::test]
async fn a_checkpoint_ahead_of_the_journal_is_not_believed() {
    let closed = closed().await;
    let old = tempfile::tempdir().unwrap();
    copy_directory(&closed.path().join("journal"), old.path());
    let (store, _) = open(closed.path());
    append(&store, "so-khcn", 11, vec![number("population", "2024", "77")]).await;
    store.close().await.unwrap();
    drop(store);
    std::fs::remove_dir_all(closed.path().join("journal")).unwrap();
    copy_directory(old.path(), &closed.path().join("journal"));

    let (store, opened) = open(closed.path());
    assert!(opened.set_aside.is_some());
    assert!(all(&store).await == closed.answers);
    let [Fault::Damage(damage)] = &opened.faults[..] else { panic!("{opened:?}") };
    assert_eq!(damage.reason, Reason::Missing);
    // Sequence 11 was promised to a measurement that is lost.
    let next = append(&store, "so-khcn", 12, vec![number("population", "2024", "78")]).await;
    assert!(next > 11, "{next}");
    let expect = store.head("so-khcn").await.unwrap();
    drop(store);
    let (store, opened) = open(closed.path());
    assert_eq!((store.head("so-khcn").await.unwrap(), opened.rebuilt), (expect, None));
}

#[tokio::test]
async fn a_damaged_entry_is_told_and_the_chain_goes_on() {
    let closed = closed().await;
    let whole = closed.verify();
    std::fs::remove_dir_all(closed.state()).unwrap();
    Closed::edit(&closed.segment(), |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    });
    let (store, opened) = open(closed.path());
    let [Fault::Damage(_), Fault::Gap { department, first, last, .. }] = &opened.faults[..] else {
        panic!("{:?}", opened.faults)
    };
    assert_eq!(first, last);
    assert_eq!(closed.verify().faults, opened.faults);
    assert_eq!(closed.verify().entries(), whole.entries() - 1);

    let before = store.entries(department, 1, 100).await.unwrap();
    assert_eq!(before.len() as u64, first - 1);
    let damaged = store.entries(department, *first, 100).await;
    assert!(
        matches!(&damaged, Err(Error::Corrupt(cause)) if cause.contains("lost")),
        "{damaged:?}"
    );
    let after = store.entries(department, first + 1, 100).await.unwrap();
    assert_eq!(after.len() as u64, 10 - first);
    for id in DEPARTMENTS {
        assert_eq!(store.head(id).await.unwrap().0, 10);
        assert_eq!(append(&store, id, 11, say(11)).await, 11);
    }
}

#[tokio::test]
async fn a_sequence_is_not_used_again_after_the_end_of_a_chain_was_damaged() {
    let closed = closed().await;
    std::fs::remove_dir_all(closed.state()).unwrap();
    // The last entry of the second department, before the last one of the third.
    let (at, _) = records(&closed.segment())[28];
    Closed::edit(&closed.segment(), |bytes| bytes[at + 40] ^= 1);
    for _ in 0..2 {
        // What was left out is remembered by the checkpoint too.
        let (store, opened) = open(closed.path());
        assert_eq!(store.head("so-tttt").await.unwrap().0, 9);
        assert_eq!(opened.faults.len(), 1);
        store.close().await.unwrap();
    }
    let (store, _) = open(closed.path());
    let next = append(&store, "so-tttt", 11, say(11)).await;
    assert!(next > 10, "{next}");
    let unheard = submission_of("so-khcn", 1, 1, say(1));
    let unheard = crate::store::Submission { department: "so-nnmt".to_owned(), ..unheard };
    assert!(recorded(store.append(unheard).await.unwrap()).link.sequence > 1);
    assert_eq!(append(&store, "so-yt", 11, say(11)).await, 11);
    drop(store);
    assert_eq!(open(closed.path()).0.head("so-tttt").await.unwrap().0, next);
}

/// Offset and length of every record of an intact segment.
pub(super) fn records(segment: &Path) -> Vec<(usize, usize)> {
    let bytes = std::fs::read(segment).unwrap();
    let mut records = Vec::new();
    let mut at = 24;
    while at < bytes.len() {
        let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize + 16;
        records.push((at, length));
        at += length;
    }
    records
}
