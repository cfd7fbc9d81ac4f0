//! The chains of entries, and the end of a store.

use std::sync::Arc;

use tiendo_shared::submission::{Hash, NO_HASH, SubmissionId};
use tokio::task::JoinSet;

use super::samples::{DEPARTMENTS, number, submission, submission_of};
use super::{Shared, recorded};
use crate::store::Error;

/// Reads a whole chain, `limit` entries at a time, and checks every link of it.
async fn walk(store: &Shared, department: &str, limit: usize) -> (u64, Hash) {
    let (mut last, mut head) = (0, NO_HASH);
    loop {
        let page = store.entries(department, last + 1, limit).await.unwrap();
        assert!(page.len() <= limit);
        if page.is_empty() {
            return (last, head);
        }
        for entry in page {
            let link = &entry.recorded.link;
            assert_eq!(entry.verify(), Ok(()));
            assert_eq!((&*link.department, link.sequence), (department, last + 1));
            assert_eq!(link.previous_hash, head);
            (last, head) = (link.sequence, link.entry_hash);
        }
    }
}

pub(crate) async fn entries_chain_and_verify(store: &Shared) {
    for id in 1..=20 {
        let value = if id % 5 == 0 { "bad".to_owned() } else { (id / 2).to_string() };
        let sent = vec![number("population", "2024", &value)];
        let recorded = recorded(store.append(submission(id, 1, sent)).await.unwrap());
        let head = store.head("so-khcn").await.unwrap();
        assert_eq!(head, (recorded.link.sequence, recorded.link.entry_hash));
    }
    assert_eq!(walk(store, "so-khcn", 7).await, store.head("so-khcn").await.unwrap());
}

pub(crate) async fn entries_hold_what_was_sent(store: &Shared) {
    let sent = vec![number("population", "2024", "10"), number("nonsense", "2024", "x")];
    let sent = submission(1, 1, sent);
    let recorded = recorded(store.append(sent.clone()).await.unwrap());
    let [entry] = &store.entries("so-khcn", 1, 10).await.unwrap()[..] else { panic!() };
    assert_eq!(entry.content(), sent.content);
    assert_eq!(entry.content_hash, sent.content_hash);
    assert_eq!(entry.agent, "pc-1");
    assert_eq!(entry.recorded, recorded);
}

pub(crate) async fn entries_are_paged(store: &Shared) {
    for id in 1..=5 {
        store.append(submission(id, 1, vec![number("population", "2024", "1")])).await.unwrap();
    }
    let table: [(u64, usize, &[u64]); 6] = [
        (0, 2, &[1, 2]),
        (1, 2, &[1, 2]),
        (4, 9, &[4, 5]),
        (5, 1, &[5]),
        (6, 9, &[]),
        (u64::MAX, 9, &[]),
    ];
    for (from, limit, expect) in table {
        let entries = store.entries("so-khcn", from, limit).await.unwrap();
        let found: Vec<_> = entries.iter().map(|entry| entry.recorded.link.sequence).collect();
        assert_eq!(found, expect, "from {from}");
    }
}

pub(crate) async fn an_unknown_department_has_an_empty_chain(store: &Shared) {
    store.append(submission(1, 1, vec![number("population", "2024", "1")])).await.unwrap();
    for department in ["so-yt", "nobody", ""] {
        assert_eq!(store.head(department).await.unwrap(), (0, NO_HASH));
        assert_eq!(store.entries(department, 1, 10).await.unwrap(), []);
        let id = SubmissionId::from_bytes(1_u128.to_be_bytes());
        assert_eq!(store.recorded(department, id).await.unwrap(), None);
    }
    let id = SubmissionId::from_bytes(2_u128.to_be_bytes());
    assert_eq!(store.recorded("so-khcn", id).await.unwrap(), None);
}

pub(crate) async fn departments_in_parallel_have_chains_of_their_own(store: &Shared) {
    let mut tasks = JoinSet::new();
    for worker in 0..4 {
        for department in DEPARTMENTS {
            let store = Arc::clone(store);
            tasks.spawn(async move {
                for round in 1..=25 {
                    let sent = vec![number("population", "2024", &round.to_string())];
                    let id = worker * 1_000 + round;
                    let sent = submission_of(department, id, 1, sent);
                    let recorded = recorded(store.append(sent).await.unwrap());
                    // What has returned is read.
                    let read = store.recorded(department, recorded.id).await.unwrap();
                    assert_eq!(read, Some(recorded));
                }
            });
        }
    }
    tasks.join_all().await;
    for department in DEPARTMENTS {
        let head = walk(store, department, 33).await;
        assert_eq!(head, store.head(department).await.unwrap());
        assert_eq!(head.0, 100);
    }
}

pub(crate) async fn a_closed_store_takes_nothing(store: &Shared) {
    let first = submission(1, 1, vec![number("population", "2024", "1")]);
    let first = recorded(store.append(first).await.unwrap());
    store.close().await.unwrap();
    let late = submission(2, 2, vec![number("population", "2025", "1")]);
    let answer = store.append(late).await;
    assert!(matches!(answer, Err(Error::Unavailable(_))), "{answer:?}");
    assert_eq!(store.head("so-khcn").await.unwrap(), (1, first.link.entry_hash));
}
