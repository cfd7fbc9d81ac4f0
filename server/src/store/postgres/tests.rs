//! The engine against the conformance suite, on a real `PostgreSQL`, and what is its own:
//! several servers over one database.

use std::collections::BTreeSet;
use std::sync::Arc;

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::submission::Hash;
use tokio::task::JoinSet;

use super::test_cluster::database;
use super::{PostgresStore, Target};
use crate::store::conformance::Fixture;
use crate::store::conformance::samples::{
    DEPARTMENTS, catalogue, number, second, submission, submission_of,
};
use crate::store::{Appended, SeriesQuery, Store};

async fn make(catalogue: Arc<Catalogue>) -> Option<Fixture> {
    let target = database().await?;
    let (store, _) = PostgresStore::open(&target, catalogue).await.unwrap();
    Some(Fixture::new(store, ()))
}

crate::store::conformance::store_conformance!(make);

/// As many servers as are asked for, over one database, started at the same time.
async fn servers(count: usize) -> Option<Vec<Arc<PostgresStore>>> {
    let target = database().await?;
    let mut starting = JoinSet::new();
    for _ in 0..count {
        let target: Target = target.clone();
        starting.spawn(async move { PostgresStore::open(&target, catalogue()).await.unwrap().0 });
    }
    Some(starting.join_all().await.into_iter().map(Arc::new).collect())
}

/// The chain is whole, and every server says the same of it. Its ids.
async fn assert_whole(servers: &[Arc<PostgresStore>], department: &str) -> Vec<u128> {
    let entries = servers[0].entries(department, 1, 1_000).await.unwrap();
    let mut before: Hash = [0; 32];
    for (entry, sequence) in entries.iter().zip(1..) {
        entry.verify().unwrap();
        let link = &entry.recorded.link;
        assert_eq!((link.sequence, link.previous_hash), (sequence, before));
        before = link.entry_hash;
    }
    for server in servers {
        let head = server.head(department).await.unwrap();
        assert_eq!(head, (entries.len() as u64, before));
        let all = SeriesQuery::default;
        assert_eq!(server.series(&all()).await.unwrap(), servers[0].series(&all()).await.unwrap());
    }
    let ids = entries.iter().map(|entry| u128::from_be_bytes(*entry.recorded.id.as_bytes()));
    ids.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_id_at_several_servers_at_once_has_one_receipt() {
    let Some(servers) = servers(3).await else { return };
    for id in 1..=20_u128 {
        let mut sending = JoinSet::new();
        for server in servers.iter().cycle().take(9) {
            let server = Arc::clone(server);
            let sent = submission(id, 1, vec![number("population", "2024", &id.to_string())]);
            sending.spawn(async move { server.append(sent).await.unwrap() });
        }
        let mut new = 0;
        let mut receipts = BTreeSet::new();
        for appended in sending.join_all().await {
            let Appended::Recorded { recorded, duplicate, .. } = appended else { panic!() };
            new += usize::from(!duplicate);
            receipts.insert((recorded.link.sequence, recorded.link.entry_hash));
        }
        assert_eq!((new, receipts.len()), (1, 1), "{id}");
    }
    let ids = assert_whole(&servers, DEPARTMENTS[0]).await;
    assert_eq!(ids, (1..=20).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_that_several_servers_append_to_never_forks() {
    let Some(servers) = servers(3).await else { return };
    let mut sending = JoinSet::new();
    for id in 1..=240_u128 {
        let server = Arc::clone(&servers[id as usize % servers.len()]);
        let department = DEPARTMENTS[usize::from(id % 4 == 0)];
        let groups = vec![number("population", "2024", &(id % 7).to_string())];
        let sent = submission_of(department, id, (id % 5) as i64, groups);
        sending.spawn(async move { server.append(sent).await.unwrap() });
    }
    // Who reads makes the time of later entries later, in the middle of it.
    for (at, server) in (0..20).zip(servers.iter().cycle()) {
        server.settle(None, second(at)).await.unwrap();
    }
    assert_eq!(sending.join_all().await.len(), 240);
    let mut ids = assert_whole(&servers, DEPARTMENTS[0]).await;
    ids.extend(assert_whole(&servers, DEPARTMENTS[1]).await);
    ids.sort_unstable();
    assert_eq!(ids, (1..=240).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_server_took_every_other_shows_at_once() {
    let Some(servers) = servers(2).await else { return };
    let mut changes = servers[1].changes();
    for id in 1..=20_u32 {
        let groups = vec![number("population", "2024", &id.to_string())];
        let sent = submission(id.into(), 1, groups);
        servers[0].append(sent).await.unwrap();
        let series = servers[1].series(&SeriesQuery::default()).await.unwrap();
        let value = &series[0].measurements[0];
        assert_eq!((value.revision, value.sequence), (id - 1, id.into()));
    }
    // And whoever watches learns of it without asking.
    changes.borrow_and_update();
    let sent = submission(21, 1, vec![number("population", "2024", "1")]);
    servers[0].append(sent).await.unwrap();
    changes.changed().await.unwrap();
}

/// The answer of one server holds, whatever another one records later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_recorded_into_the_past_of_another_servers_answer() {
    let Some(servers) = servers(2).await else { return };
    for round in 0..20_i64 {
        let at = round * 10;
        let sent = |id: i64, at: i64| {
            let groups = vec![number("population", "2024", &id.to_string())];
            submission(id.unsigned_abs().into(), at, groups)
        };
        servers[1].append(sent(at + 1, at)).await.unwrap();
        let told = servers[0].settle(None, second(at + 5)).await.unwrap();
        let query = SeriesQuery { as_of: Some(told), ..SeriesQuery::default() };
        let answer = servers[0].series(&query).await.unwrap();
        servers[1].append(sent(at + 2, at + 1)).await.unwrap();
        for server in &servers {
            assert_eq!(server.series(&query).await.unwrap(), answer);
        }
    }
}
