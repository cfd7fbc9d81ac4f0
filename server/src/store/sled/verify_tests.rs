//! What is found when a ledger was changed behind the engine's back.

use super::damage_tests::{Closed, append, closed, open, records};
use crate::store::Store as _;
use crate::store::conformance::samples::{DEPARTMENTS, number};
use crate::store::fault::Fault;

#[tokio::test]
async fn an_entry_that_was_written_anew_is_found() {
    let closed = closed().await;
    let whole = closed.verify();
    assert!(whole.is_sound());
    assert_eq!((whole.entries(), whole.measurements()), (30, 1200));
    let (store, _) = open(closed.path());
    for department in DEPARTMENTS {
        let (sequence, head) = store.head(department).await.unwrap();
        let verified = &whole.departments[department];
        assert_eq!((verified.sequence, verified.head, verified.entries), (sequence, head, 10));
    }
    drop(store);
    // A forger who knows the journal's checksums changes the hash an entry rests on.
    let (at, length) = records(&closed.segment())[20];
    Closed::edit(&closed.segment(), |bytes| {
        bytes[at + 16] ^= 1;
        let payload = crc32fast::hash(&bytes[at + 16..at + length]);
        bytes[at + 8..at + 12].copy_from_slice(&payload.to_le_bytes());
        let mut header = crc32fast::Hasher::new();
        header.update(&(at as u64).to_le_bytes());
        header.update(&bytes[at..at + 12]);
        bytes[at + 12..at + 16].copy_from_slice(&header.finalize().to_le_bytes());
    });
    let found = closed.verify();
    assert!(matches!(found.faults[0], Fault::Entry { .. }), "{:?}", found.faults);
    assert!(matches!(found.faults[1], Fault::Gap { .. }), "{:?}", found.faults);
}

#[tokio::test]
async fn every_flipped_byte_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _) = open(directory.path());
    for round in 1..=3 {
        for department in DEPARTMENTS {
            let value = round.to_string();
            append(&store, department, round, vec![number("population", "2024", &value)]).await;
        }
    }
    store.close().await.unwrap();
    let answers = Vec::new();
    let closed = Closed { directory, answers, last: 3 };
    let whole = std::fs::read(closed.segment()).unwrap();
    for at in 0..whole.len() {
        for flip in [1, 0x80, 0xFF] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            std::fs::write(closed.segment(), bytes).unwrap();
            let report = closed.verify();
            assert!(!report.is_sound() || report.unfinished_bytes > 0, "byte {at} of the journal");
        }
    }
    std::fs::write(closed.segment(), whole).unwrap();
    assert!(closed.verify().is_sound());
}
