//! The engine against the conformance suite, on a real `PostgreSQL`, and what is its own:
//! several servers over one database.

use std::collections::BTreeSet;
use std::sync::Arc;

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::submission::Hash;
use tiendo_shared::wire::v1::measurement::Content;
use tokio::task::JoinSet;

use super::test_cluster::{connect, database};
use super::{PostgresStore, Target};
use crate::store::conformance::Fixture;
use crate::store::conformance::samples::{
    DEPARTMENTS, approve, catalogue, number, part, second, sent, submission, submission_of,
};
use crate::store::export::Writer;
use crate::store::fault::Fault;
use crate::store::sled::Imported;
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

/// A ledger exported from one database and imported into another, and back into a journal, is
/// the same; an export can be imported again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_moves_the_ledger_whole() {
    let (Some(from), Some(to)) = (database().await, database().await) else { return };
    let (store, _) = PostgresStore::open(&from, catalogue()).await.unwrap();
    for id in 1..=300_u32 {
        let department = DEPARTMENTS[usize::from(id.is_multiple_of(3))];
        let groups = vec![number("population", "2024", &id.to_string())];
        store.append(submission_of(department, id.into(), 1, groups)).await.unwrap();
    }
    store.act(approve(1_000, 5, "2024")).await.unwrap();
    store.close().await.unwrap();
    let exported = async |target: &Target| {
        let mut bytes = Vec::new();
        let told = super::export(target, Writer::begin(&mut bytes).unwrap()).await.unwrap();
        assert_eq!(told, (301, vec![]));
        bytes
    };
    let bytes = exported(&from).await;
    for (taken, known) in [(301, 0), (0, 301)] {
        let imported = super::import(&to, &catalogue(), &bytes[..], false).await.unwrap();
        assert_eq!(imported, Imported { taken, known });
    }
    assert_eq!(exported(&to).await, bytes);
    let report = super::verify(&to).await.unwrap();
    assert_eq!((report.entries(), report.faults.clone()), (301, vec![]));
    let (other, opened) = PostgresStore::open(&to, catalogue()).await.unwrap();
    assert_eq!(opened.departments, 2);
    let all = SeriesQuery::default();
    assert_eq!(other.series(&all).await.unwrap(), store.series(&all).await.unwrap());
    // Other entries in their places do not belong to it.
    let folder = tempfile::tempdir().unwrap();
    let imported = crate::store::sled::import(folder.path(), &bytes[..], false).unwrap();
    assert_eq!(imported.taken, 301);
    let third = database().await.unwrap();
    let (store, _) = PostgresStore::open(&third, catalogue()).await.unwrap();
    let groups = vec![number("population", "2024", "7")];
    store.append(submission(9, 1, groups)).await.unwrap();
    let refused = super::import(&third, &catalogue(), &bytes[..], false).await.unwrap_err();
    assert!(refused.to_string().contains("do not belong together"), "{refused}");
}

/// Whatever is changed in a row is found, and does not stop what is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_changed_in_the_database_is_found() {
    let Some(target) = database().await else { return };
    let (store, _) = PostgresStore::open(&target, catalogue()).await.unwrap();
    for id in 1..=6_u32 {
        let groups = vec![number("population", &format!("202{id}"), &id.to_string())];
        store.append(submission(id.into(), 1, groups)).await.unwrap();
    }
    let client = connect(&target).await;
    for change in [
        "SET entry = set_byte(entry, 70, get_byte(entry, 70) # 1)",
        "SET agent = agent || 'x'",
        "SET received = received + interval '1 second'",
        "SET kind = 1",
        "SET id = gen_random_uuid()",
    ] {
        client.batch_execute("BEGIN; CREATE TABLE kept AS TABLE tiendo_entry").await.unwrap();
        let changed = format!("UPDATE tiendo_entry {change} WHERE sequence = 3; COMMIT");
        client.batch_execute(&changed).await.unwrap();
        let report = super::verify(&target).await.unwrap();
        assert!(!report.is_sound(), "{change}");
        let back = "DELETE FROM tiendo_entry; INSERT INTO tiendo_entry TABLE kept; DROP TABLE kept";
        client.batch_execute(back).await.unwrap();
        assert!(super::verify(&target).await.unwrap().is_sound());
    }
    client.batch_execute("DELETE FROM tiendo_entry WHERE sequence = 6").await.unwrap();
    let report = super::verify(&target).await.unwrap();
    assert!(matches!(report.faults[..], [Fault::Head { sequence: 6, .. }]), "{report:?}");
    let change = "UPDATE tiendo_entry SET entry = set_byte(entry, 70, 255) WHERE sequence = 3";
    client.batch_execute(change).await.unwrap();
    // A server starts all the same, shows what is left, and takes what comes.
    let (store, _) = PostgresStore::open(&target, catalogue()).await.unwrap();
    let shown = store.series(&SeriesQuery::default()).await.unwrap();
    assert_eq!(shown[0].measurements.len(), 4);
    let next = submission(7, 1, vec![number("population", "2028", "1")]);
    let Appended::Recorded { recorded, .. } = store.append(next).await.unwrap() else { panic!() };
    assert_eq!(recorded.link.sequence, 7);
}

/// The row of a view for each measurement that was taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measurements_are_rows_for_whoever_may_only_read() {
    let Some(target) = database().await else { return };
    let (store, _) = PostgresStore::open(&target, catalogue()).await.unwrap();
    let groups = vec![
        number("population", "2024", "12.50"),
        sent("level", "2024", Content::Level("kha".to_owned())),
        sent("milestone", "2025", Content::Missing(1)),
        part(&[("sex", "female")], "2024", "3"),
        number("nonsense", "2024", "3"),
    ];
    store.append(submission(1, 1, groups)).await.unwrap();
    store
        .append(submission(2, 2, vec![sent("population", "2024", Content::Withdrawn(true))]))
        .await
        .unwrap();
    let client = connect(&target).await;
    let rows = "SELECT concat_ws('|', department, indicator, members, period, value, level, missing, \
                withdrawn, status, sequence, agent) FROM tiendo_measurement ORDER BY 1";
    let rows: Vec<String> =
        client.query(rows, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(
        rows,
        [
            "so-khcn|level||2024|kha|f|final|1|pc-1",
            "so-khcn|milestone||2025|not collected|f|final|1|pc-1",
            "so-khcn|population||2024|12.5|f|final|1|pc-1",
            "so-khcn|population||2024|t|final|2|pc-1",
            "so-khcn|users|sex=female|2024|3|f|final|1|pc-1",
        ]
    );
    client.batch_execute("SET ROLE tiendo_reader").await.unwrap();
    for view in ["tiendo_measurement", "tiendo_target_status", "tiendo_reporting_rate"] {
        client.query(&format!("SELECT * FROM {view}"), &[]).await.unwrap();
        client.batch_execute(&format!("DELETE FROM {view}")).await.unwrap_err();
    }
    for table in ["tiendo_entry", "tiendo_head", "tiendo_snapshot"] {
        client.batch_execute(&format!("DELETE FROM {table}")).await.unwrap_err();
        client.query(&format!("SELECT * FROM {table}"), &[]).await.unwrap_err();
    }
}

/// After the clock was set back, whatever comes is taken, as late as what was there before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_stops_nothing() {
    let Some(servers) = servers(2).await else { return };
    let sent = |id: u32, at: i64| {
        submission(id.into(), at, vec![number("population", "2024", &id.to_string())])
    };
    servers[0].append(sent(1, 200_000)).await.unwrap();
    // An answer speaks of a little later than the last entry.
    servers[0].settle(None, second(200_010)).await.unwrap();
    for (id, server) in (2..6).zip(servers.iter().cycle()) {
        let appended = server.append(sent(id, 10)).await.unwrap();
        let Appended::Recorded { recorded, .. } = appended else { panic!() };
        assert!(recorded.received > second(200_010), "{}", recorded.received);
    }
}
