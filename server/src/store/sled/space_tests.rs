//! What the checkpoint takes of the disk: bounded while the engine runs, given back at a start,
//! and by an administrator who deletes it.

use super::damage_tests::{closed, open};
use super::{Opened, Options, SledStore};
use crate::store::Store as _;
use crate::store::conformance::samples::{catalogue, number, submission};

/// Bytes of keys and values of a closed checkpoint, and what sled takes for them.
fn sizes(directory: &std::path::Path) -> (u64, u64) {
    let db = ::sled::open(directory.join("state")).unwrap();
    let pairs = db.iter().map(|pair| pair.unwrap());
    let held = pairs.map(|(key, value)| (key.len() + value.len()) as u64).sum();
    (held, db.size_on_disk().unwrap())
}

#[tokio::test]
async fn however_often_it_is_saved_it_stays_small() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _) = SledStore::open(directory.path(), catalogue(), Options::default()).unwrap();
    let months = || (1800..2020).flat_map(|year| (1..=12).map(move |month| (year, month)));
    let send = async |round: u32| {
        let sent = months().map(|(year, month)| {
            number("population", &format!("{year}-{month:02}"), &format!("12345678.{round}"))
        });
        store.append(submission(round.into(), round.into(), sent.collect())).await.unwrap();
        store.checkpoint().await.unwrap();
    };
    let taken = || store.measures().state_bytes.unwrap();
    // As long as every round adds revisions, what is held grows; what is taken may not grow faster.
    for round in 1..=30 {
        send(round).await;
    }
    let early = taken();
    for round in 31..=120 {
        send(round).await;
    }
    let late = taken();
    store.close().await.unwrap();
    drop(store);
    let (held, _) = sizes(directory.path());
    assert!(held > 1 << 20, "{held} bytes are too few to tell");
    assert!(late < 6 * held + (8 << 20), "{late} bytes for {held}, {early} earlier");
}

#[tokio::test]
async fn what_it_takes_too_much_is_given_back_at_the_next_start() {
    let closed = closed().await;
    let state = closed.state();
    {
        let db = ::sled::open(&state).unwrap();
        for key in 0..70_u32 {
            db.insert([b"\xff".as_slice(), &key.to_be_bytes()].concat(), vec![7; 1 << 20]).unwrap();
            db.flush().unwrap();
        }
        for key in 0..70_u32 {
            db.remove([b"\xff".as_slice(), &key.to_be_bytes()].concat()).unwrap();
        }
        db.flush().unwrap();
    }
    let before = sizes(closed.path());
    assert!(before.1 > 64 << 20, "{before:?}");
    let (store, Opened { rebuilt, set_aside, replayed, .. }) = open(closed.path());
    let cause = rebuilt.expect("it is made anew");
    assert!(
        cause.starts_with("it took ") && cause.ends_with("MiB of the disk to hold 0"),
        "{cause}"
    );
    assert_eq!((set_aside, replayed), (None, 30));
    store.close().await.unwrap();
    drop(store);
    let (held, taken) = sizes(closed.path());
    assert!(held <= before.0 && taken < 2 << 20, "{held} bytes in {taken}, before {before:?}");
    assert_eq!(open(closed.path()).1.rebuilt, None);
}

#[tokio::test]
async fn a_deleted_checkpoint_is_rebuilt() {
    let closed = closed().await;
    std::fs::remove_dir_all(closed.state()).unwrap();
    let opened = closed.check().await;
    assert_eq!((opened.replayed, opened.rebuilt), (30, None));
    assert_eq!(closed.check().await.replayed, 0);
}
