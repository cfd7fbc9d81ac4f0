//! The engine against the conformance suite, and what is its own: durability,
//! grouping, and what happens when the disk fails.

use std::future::{Ready, ready};
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::journal;
use tiendo_shared::submission::Recorded;
use tokio::task::JoinSet;

use super::held_disk::{HeldDisk, Holder, Mode};
use super::{Opened, Options, SledStore, start};
use crate::store::conformance::samples::{
    DEPARTMENTS, catalogue, key, number, period, submission, submission_of,
};
use crate::store::conformance::{Fixture, not_recorded, recorded, repeated};
use crate::store::memory::MemoryStore;
use crate::store::{Appended, Error, SeriesQuery, Store};

fn make(catalogue: Arc<Catalogue>) -> Ready<Fixture> {
    let directory = tempfile::tempdir().unwrap();
    let (store, _) = SledStore::open(directory.path(), catalogue, Options::default()).unwrap();
    ready(Fixture::new(store, directory))
}

crate::store::conformance::store_conformance!(make);

/// A copy of a directory that may be in use.
pub(super) fn copy_directory(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let entry = entry.unwrap();
        let copy = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_directory(&entry.path(), &copy);
        } else {
            // sled removes its snapshots when it has newer ones.
            match std::fs::copy(entry.path(), copy) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                copied => drop(copied.unwrap()),
            }
        }
    }
}

/// A store on a disk that can be held.
fn held() -> (Arc<SledStore>, Holder, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let (disk, holder) = HeldDisk::new(directory.path().join("journal"));
    let (store, _) = start::open_on(
        directory.path(),
        (disk, journal::Options::default()),
        catalogue(),
        Options::default(),
    )
    .unwrap();
    (Arc::new(store), holder, directory)
}

fn append(
    store: &Arc<SledStore>,
    tasks: &mut JoinSet<Result<Appended, Error>>,
    id: u128,
    value: &str,
) {
    let store = Arc::clone(store);
    let sent = submission(id, 1, vec![number("population", "2024", value)]);
    tasks.spawn(async move { store.append(sent).await });
}

/// Nothing that is read shows an entry after the first.
async fn assert_shows_one(store: &SledStore, first: &Recorded) {
    assert_eq!(store.head("so-khcn").await.unwrap(), (1, first.link.entry_hash));
    assert_eq!(store.entries("so-khcn", 1, 9).await.unwrap().len(), 1);
    let id = submission(2, 1, vec![]).id;
    assert_eq!(store.recorded("so-khcn", id).await.unwrap(), None);
    let series = store.series(&SeriesQuery::default()).await.unwrap();
    assert_eq!((series.len(), series[0].measurements[0].revision), (1, 0));
    let key = key("population", "");
    assert_eq!(store.revisions(&key, period("2024"), None).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_shown_or_answered_before_it_is_durable() {
    let (store, disk, _directory) = held();
    let mut tasks = JoinSet::new();
    append(&store, &mut tasks, 1, "10");
    let first = recorded(tasks.join_next().await.unwrap().unwrap().unwrap());

    disk.set(Mode::Hold);
    append(&store, &mut tasks, 2, "20");
    disk.wait_until_held().await;
    append(&store, &mut tasks, 2, "20");
    let same = submission(3, 1, vec![number("population", "2024", "20")]);
    let rehearsed = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.rehearse(same).await.unwrap() })
    };
    for _ in 0..100 {
        tokio::task::yield_now().await;
        assert_shows_one(&store, &first).await;
        assert!(tasks.try_join_next().is_none() && !rehearsed.is_finished());
    }
    disk.set(Mode::Run);
    let mut answers = tasks.join_all().await.into_iter().map(Result::unwrap).collect::<Vec<_>>();
    answers.sort_by_key(|answer| matches!(answer, Appended::Recorded { duplicate: true, .. }));
    let [newly, again] = &answers[..] else { panic!() };
    assert_eq!(recorded(newly.clone()), repeated(again.clone()));
    not_recorded(rehearsed.await.unwrap());
    assert_eq!(store.head("so-khcn").await.unwrap().0, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_shares_a_sync() {
    let (store, disk, _directory) = held();
    disk.set(Mode::Hold);
    let mut tasks = JoinSet::new();
    append(&store, &mut tasks, 1, "1");
    disk.wait_until_held().await;
    let before = disk.syncs();
    for id in 2..=50 {
        append(&store, &mut tasks, id, "1");
    }
    // Applied before it is queued, under one lock: what a rehearsal sees is in the queue.
    while store.inner.core.books.departments_from("")[0].read().unwrap().last < 50 {
        tokio::task::yield_now().await;
    }
    disk.set(Mode::Run);
    assert!(tasks.join_all().await.into_iter().all(|answer| answer.is_ok()));
    // The one that was held, and one for all the others.
    assert_eq!(disk.syncs() - before, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_sync_ends_everything() {
    let (store, disk, directory) = held();
    let mut tasks = JoinSet::new();
    append(&store, &mut tasks, 1, "10");
    let first = recorded(tasks.join_next().await.unwrap().unwrap().unwrap());
    disk.set(Mode::Fail);
    append(&store, &mut tasks, 2, "20");
    append(&store, &mut tasks, 3, "30");
    let answers = tasks.join_all().await;
    let failed = |answer: &Result<Appended, Error>| matches!(answer, Err(Error::Unavailable(_)));
    assert!(answers.iter().all(failed), "{answers:?}");
    assert!(store.failure().await.contains("the disk is broken"));

    disk.set(Mode::Run);
    let mut tasks = JoinSet::new();
    append(&store, &mut tasks, 4, "40");
    let late = tasks.join_next().await.unwrap().unwrap();
    assert!(failed(&late), "{late:?}");
    assert_shows_one(&store, &first).await;
    assert!(store.checkpoint().await.is_err());
    assert!(store.close().await.is_err());
    drop(store);

    let (store, opened) =
        SledStore::open(directory.path(), catalogue(), Options::default()).unwrap();
    assert_eq!(opened.faults, []);
    let head = store.head("so-khcn").await.unwrap().0;
    assert!((1..=3).contains(&head), "{head}");
    let next = submission(5, 1, vec![number("population", "2024", "50")]);
    assert_eq!(recorded(store.append(next).await.unwrap()).link.sequence, head + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_queue_holds_nobody_up_for_good() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options { waiting_bytes: 1, ..Options::default() };
    let (store, _) = SledStore::open(directory.path(), catalogue(), options).unwrap();
    let store = Arc::new(store);
    let mut tasks = JoinSet::new();
    for id in 1..=100 {
        append(&store, &mut tasks, id, "1");
    }
    assert!(tasks.join_all().await.into_iter().all(|answer| answer.is_ok()));
}

#[tokio::test]
async fn a_store_has_one_owner() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _) = SledStore::open(directory.path(), catalogue(), Options::default()).unwrap();
    let second = SledStore::open(directory.path(), catalogue(), Options::default());
    let error = second.map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("is held by another process"), "{error}");
    store.close().await.unwrap();
    drop(store);
    SledStore::open(directory.path(), catalogue(), Options::default()).unwrap();
}

#[tokio::test]
async fn a_start_waits_for_sled_to_let_go_of_its_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let (store, _) = SledStore::open(path, catalogue(), Options::default()).unwrap();
    store.close().await.unwrap();
    drop(store);
    let file = std::fs::File::open(path.join("state").join("db")).unwrap();
    file.lock().unwrap();
    std::thread::scope(|scope| {
        let open = || SledStore::open(path, catalogue(), Options::default()).unwrap().1;
        let opening = scope.spawn(open);
        (0..1000).for_each(|_| std::thread::yield_now());
        drop(file);
        assert_eq!(opening.join().unwrap(), Opened::default());
    });
}

/// While submissions come in, checkpoints are made and the process dies: what is
/// loaded is what the journal says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints_under_load_agree_with_the_journal() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options { checkpoint_bytes: 4096, ..Options::default() };
    let (store, _) = SledStore::open(directory.path(), catalogue(), options).unwrap();
    let store = Arc::new(store);
    let mut tasks = JoinSet::new();
    for (worker, department) in (1..).zip(DEPARTMENTS.into_iter().cycle().take(6)) {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for round in 0..200_u32 {
                let years = 1990 + round % 7..2029 - round % 5;
                let value = (round * worker % 11).to_string();
                let sent = years.map(|year| number("population", &year.to_string(), &value));
                let id = (worker * 1000 + round).into();
                store.append(submission_of(department, id, 1, sent.collect())).await.unwrap();
            }
        });
    }
    let mut loaded = 0;
    while !tasks.is_empty() {
        let copy = tempfile::tempdir().unwrap();
        for part in ["state", "journal"] {
            copy_directory(&directory.path().join(part), &copy.path().join(part));
        }
        let answers = || async {
            let (store, opened) =
                SledStore::open(copy.path(), catalogue(), Options::default()).unwrap();
            assert_eq!(opened.faults, []);
            (store.series(&SeriesQuery::default()).await.unwrap(), opened)
        };
        let (from_checkpoint, opened) = answers().await;
        std::fs::remove_dir_all(copy.path().join("state")).unwrap();
        let (from_journal, whole) = answers().await;
        assert!(from_checkpoint == from_journal, "{opened:?}");
        loaded += u32::from(opened.replayed < whole.replayed);
        while tasks.try_join_next().is_some() {}
    }
    assert!(loaded > 0);
}

/// Every month of a century, revised, in more submissions than a page has rows.
#[tokio::test]
async fn long_series_and_chains_survive_in_pages_without_blobs() {
    let directory = tempfile::tempdir().unwrap();
    let model = MemoryStore::new(catalogue());
    let (mut store, _) =
        SledStore::open(directory.path(), catalogue(), Options::default()).unwrap();
    for round in 1..=250_u32 {
        let years = 1900 + round % 5 * 20..1920 + round % 5 * 20;
        let months = years.flat_map(|year| (1..=12).map(move |month| (year, month)));
        let sent = months.map(|(year, month)| {
            let value = format!("{}.{round}", "1234567890123456789012");
            number("population", &format!("{year}-{month:02}"), &value)
        });
        let sent = submission(round.into(), round.into(), sent.collect());
        let expect = model.append(sent.clone()).await.unwrap();
        assert_eq!(store.append(sent).await.unwrap(), expect);
        if round % 100 == 0 {
            store.checkpoint().await.unwrap();
        }
        if round % 120 == 0 {
            store.close().await.unwrap();
            drop(store);
            let opened =
                SledStore::open(directory.path(), catalogue(), Options::default()).unwrap();
            assert_eq!((opened.1.replayed, opened.1.rebuilt), (0, None));
            store = opened.0;
        }
    }
    store.close().await.unwrap();
    drop(store);
    let (store, opened) =
        SledStore::open(directory.path(), catalogue(), Options::default()).unwrap();
    assert_eq!((opened.replayed, opened.rebuilt), (0, None));
    let query = SeriesQuery::default();
    assert!(store.series(&query).await.unwrap() == model.series(&query).await.unwrap());
    let key = key("population", "");
    for text in ["1900-01", "1950-06", "1999-12"] {
        let expect = model.revisions(&key, period(text), None).await.unwrap();
        assert_eq!(expect.len(), 50);
        assert_eq!(store.revisions(&key, period(text), None).await.unwrap(), expect);
    }
    let blobs = directory.path().join("state").join("blobs");
    assert_eq!(blobs.read_dir().unwrap().count(), 0);
}
