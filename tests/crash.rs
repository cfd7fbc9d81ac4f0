//! Kill -9 of server and agents under load: what was acknowledged is there, once, as it was sent.
//!
//! `TIENDO_CRASH_ROUNDS` raises the number of kills; `TIENDO_SEED` repeats a choice.

mod agents;
mod both;
mod failover;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use agents::{Book, work};
use futures_util::StreamExt as _;
use tiendo_shared::wire::v1;
use tokio::task::JoinSet;

use crate::harness::{Options, Random, Server, random, trial, until};
use crate::ledger::{Chain, chain};

/// Kills when nobody asks for more.
const ROUNDS: u32 = 20;

/// Agents that send at the same time.
const AGENTS: u32 = 6;

/// Departments they act for, in turn.
const DEPARTMENTS: [&str; 2] = ["so-mot", "so-hai"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_under_load_loses_nothing_and_doubles_nothing() {
    let rounds = std::env::var("TIENDO_CRASH_ROUNDS")
        .map_or(ROUNDS, |text| text.parse().expect("TIENDO_CRASH_ROUNDS is a number"));
    let mut random = random("kill_9_under_load_loses_nothing_and_doubles_nothing");
    let options = Options {
        // Often enough for kills to fall into checkpoints too.
        variables: vec![("TIENDO_CHECKPOINT_MIB", "1")],
        ..trial::options()
    };
    let mut server = Server::start_with(options).await;
    let book = Arc::new(Book::default());
    let mut agents = JoinSet::new();
    for number in 0..AGENTS {
        let seed = Random::with_seed(random.u64(..));
        let clients = server.lazy_clients();
        agents.spawn(work(number, seed, clients, Arc::clone(&book)));
    }
    let mut checked = 0;
    for round in 0..rounds {
        let enough = book.acknowledged() + random.u64(1..150);
        book.set_working(true);
        until(Duration::from_mins(1), async || (book.acknowledged() >= enough).then_some(()))
            .await
            .expect("agents get answers");
        server.kill9().await;
        // What is in flight is still repeated; nothing new is begun while it is looked at.
        book.set_working(false);
        if random.u8(..8) == 0 {
            // Killed again while it starts.
            server.spawn_again();
            server.kill9().await;
        }
        let began = Instant::now();
        server.start_again().await;
        let started = began.elapsed();
        known_as_sent(&server, &book).await;
        checked = receipts_repeat(&server, &book, checked, &mut random).await;
        println!("round {}: {} acknowledged, up in {started:?}", round + 1, book.acknowledged());
    }
    book.stop.store(true, Ordering::Relaxed);
    book.set_working(true);
    agents.join_all().await;
    at_rest(&mut server, &book).await;
}

/// Every measurement known is the one that was sent, and none acknowledged is missing.
async fn known_as_sent(server: &Server, book: &Book) {
    // Taken before the server is asked: what is acknowledged by now has to be there.
    let acknowledged = book.writes();
    let mut found = 0;
    for department in DEPARTMENTS {
        for known in measurements(server, department).await {
            let key = agents::key_of(&known);
            let (sent, _) = book.writes_of(&key);
            assert!(known.revision < sent, "never sent: {known:?}");
            assert_eq!(
                crate::harness::value(&known),
                agents::value_of(&key, known.revision + 1),
                "revision {} of {key:?}",
                known.revision
            );
            if let Some((_, at_least)) = acknowledged.get(&key) {
                assert!(
                    known.revision + 1 >= *at_least,
                    "lost: {key:?} as written {at_least} times"
                );
                found += usize::from(*at_least > 0);
            }
        }
    }
    let expected = acknowledged.values().filter(|(_, at_least)| *at_least > 0).count();
    assert_eq!(found, expected, "acknowledged measurements are missing");
}

/// What a receipt says, apart from the mark of a repetition and from its signature.
fn facts(receipt: v1::Receipt) -> v1::Receipt {
    let (signature, siblings) = (Vec::new(), Vec::new());
    v1::Receipt { duplicate: false, signature, siblings, place: 0, ..receipt }
}

/// New and some old submissions, sent again, get the receipt they got.
async fn receipts_repeat(
    server: &Server,
    book: &Book,
    checked: usize,
    random: &mut Random,
) -> usize {
    let clients = server.clients().await;
    let (recent, all) = book.receipts_since(checked);
    let old = (0..20).filter(|_| all > 0).map(|_| book.receipt(random.usize(..all)));
    let repeats = recent.into_iter().chain(old).map(async |(department, sent, first)| {
        let mut collection = clients.collection(&department);
        let again = collection.submit_measurements(sent).await.unwrap().into_inner();
        let receipt = again.receipt.expect("a receipt");
        assert!(receipt.duplicate, "forgotten: {first:?}");
        assert_eq!(facts(receipt), facts(first.clone()));
    });
    futures_util::stream::iter(repeats).for_each_concurrent(16, |repeat| repeat).await;
    all
}

/// When all is quiet: the chains are whole, hold each submission once, and verify.
async fn at_rest(server: &mut Server, book: &Book) {
    known_as_sent(server, book).await;
    for (key, (sent, acknowledged)) in book.writes() {
        assert_eq!(sent, acknowledged, "agents send until they are answered: {key:?}");
    }
    let mut ids = Vec::new();
    for department in DEPARTMENTS {
        let Chain { entries, .. } = chain(&server.clients().await, department).await;
        ids.extend(entries.into_iter().map(|entry| entry.submission_id));
    }
    ids.sort();
    let mut sent: Vec<_> =
        book.receipts_since(0).0.into_iter().map(|(_, sent, _)| sent.submission_id).collect();
    sent.sort();
    assert_eq!(ids, sent, "the chains hold each acknowledged submission once and nothing else");
    server.stops_well().await;
    server.verify().await.expect_code(0);
}

pub(crate) async fn measurements(server: &Server, department: &str) -> Vec<v1::StoredMeasurement> {
    let mut status = server.status().await;
    let mut all = Vec::new();
    let mut request = v1::ListMeasurementsRequest {
        department: department.to_owned(),
        page_size: 1_000,
        ..v1::ListMeasurementsRequest::default()
    };
    loop {
        let page = status.list_measurements(request.clone()).await.unwrap().into_inner();
        all.extend(page.measurements);
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}
