//! What becomes of a submission that is sent again.

use std::sync::Arc;

use tiendo_shared::submission::Outcome;
use tokio::task::JoinSet;

use super::samples::{DEPARTMENTS, number, submission, submission_of};
use super::{Shared, recorded, repeated};
use crate::store::{Appended, Error};

pub(crate) async fn the_same_id_returns_what_was_recorded_first(store: &Shared) {
    let sent = vec![number("population", "2024", "10"), number("population", "2023", "x")];
    let sent = submission(1, 1, sent);
    let first = recorded(store.append(sent.clone()).await.unwrap());
    for id in 2..5 {
        let other = vec![number("population", "2024", &id.to_string())];
        store.append(submission(id, 2, other)).await.unwrap();
        let mut again = sent.clone();
        again.received = super::samples::second(100);
        again.agent = "pc-2".to_owned();
        again.all_or_nothing = id == 3;
        assert_eq!(repeated(store.append(again.clone()).await.unwrap()), first);
        assert_eq!(repeated(store.rehearse(again).await.unwrap()), first);
        assert_eq!(store.recorded("so-khcn", sent.id).await.unwrap().as_ref(), Some(&first));
    }
    assert_eq!(store.head("so-khcn").await.unwrap().0, 4);
}

pub(crate) async fn other_content_under_an_id_is_an_error(store: &Shared) {
    let first = submission(1, 1, vec![number("population", "2024", "10")]);
    store.append(first.clone()).await.unwrap();
    let other = submission(1, 2, vec![number("population", "2024", "11")]);
    for answer in [store.append(other.clone()).await, store.rehearse(other).await] {
        assert!(matches!(answer, Err(Error::ContentDiffers(id)) if id == first.id), "{answer:?}");
    }
    assert_eq!(store.head("so-khcn").await.unwrap().0, 1);
}

pub(crate) async fn ids_are_per_department(store: &Shared) {
    for department in DEPARTMENTS {
        let sent = vec![number("population", "2024", "10")];
        let recorded = recorded(store.append(submission_of(department, 1, 1, sent)).await.unwrap());
        assert_eq!(recorded.link.sequence, 1);
        assert_eq!(recorded.outcomes, [Outcome::Accepted]);
        assert_eq!(store.recorded(department, recorded.id).await.unwrap(), Some(recorded));
    }
}

pub(crate) async fn concurrent_repeats_are_recorded_once(store: &Shared) {
    for round in 1..=10 {
        let sent = submission(round, 1, vec![number("population", "2024", &round.to_string())]);
        let mut tasks = JoinSet::new();
        for _ in 0..32 {
            let (store, sent) = (Arc::clone(store), sent.clone());
            tasks.spawn(async move { store.append(sent).await.unwrap() });
        }
        let answers = tasks.join_all().await;
        let (firsts, repeats): (Vec<_>, Vec<_>) = answers
            .into_iter()
            .map(|answer| match answer {
                Appended::Recorded { recorded, duplicate, .. } => (recorded, duplicate),
                other @ Appended::NotRecorded { .. } => panic!("{other:?}"),
            })
            .partition(|(_, duplicate)| !duplicate);
        assert_eq!(firsts.len(), 1);
        assert!(repeats.iter().all(|(recorded, _)| *recorded == firsts[0].0));
        assert_eq!(u128::from(store.head("so-khcn").await.unwrap().0), round);
    }
}
