//! The primary of `PostgreSQL` is killed under load, and its synchronous standby takes over: what
//! was acknowledged is there, once, as it was sent, and everybody goes on by themselves.
//!
//! `TIENDO_FAILOVER_ROUNDS` raises the number of kills; `TIENDO_SEED` repeats a choice.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::agents::{Book, work};
use super::{AGENTS, at_rest, known_as_sent, receipts_repeat};
use crate::harness::{Base, Engine, Node, Options, Random, Server, random, trial, until};
use crate::setting::postgres;

/// Kills when nobody asks for more.
const ROUNDS: u32 = 3;

/// A kill of the process is survived by what the system was given to write.
const SETTINGS: &str = "-c fsync=off -c full_page_writes=off -c shared_buffers=32MB";

/// How long agents may wait for their answers after a kill.
const RECOVERS_WITHIN: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_primary_loses_nothing_and_doubles_nothing() {
    let Some(bin) = postgres() else { return };
    let rounds = std::env::var("TIENDO_FAILOVER_ROUNDS")
        .map_or(ROUNDS, |text| text.parse().expect("TIENDO_FAILOVER_ROUNDS is a number"));
    let mut random = random("a_killed_primary_loses_nothing_and_doubles_nothing");
    let mut primary = Node::start(&bin, SETTINGS);
    let base = Base::create_on(&primary);
    let mut standby = primary.standby(None, SETTINGS).await;
    let both = format!("{},127.0.0.1:{}", base.hosts, standby.port());
    let base = base.at(&both);
    let engine = Engine::Shared(Arc::new(base));
    let mut a = Server::start_with(Options { engine, ..trial::options() }).await;
    let mut b = a.beside().await;
    let book = Arc::new(Book::default());
    let mut agents = JoinSet::new();
    for number in 0..AGENTS {
        let clients = if number % 2 == 0 { a.lazy_clients() } else { b.lazy_clients() };
        let seed = Random::with_seed(random.u64(..));
        agents.spawn(work(number, seed, clients, Arc::clone(&book)));
    }
    let mut checked = 0;
    for round in 1..=rounds {
        acknowledges(&book, random.u64(1..100)).await;
        primary.kill9().await;
        let began = Instant::now();
        if random.u8(..4) == 0 {
            // The machine of a server goes with it.
            b.kill9().await;
            b.spawn_again();
        }
        standby.promote();
        acknowledges(&book, 1).await;
        let recovered = began.elapsed();
        book.set_working(false);
        known_as_sent(&a, &book).await;
        until(RECOVERS_WITHIN, async || b.serves().await.then_some(())).await.expect("b serves");
        known_as_sent(&b, &book).await;
        checked = receipts_repeat(&b, &book, checked, &mut random).await;
        let next = standby.standby(Some(primary.port()), SETTINGS).await;
        primary = std::mem::replace(&mut standby, next);
        println!("round {round}: {} acknowledged, {recovered:?} without", book.acknowledged());
    }
    book.stop.store(true, Ordering::Relaxed);
    book.set_working(true);
    agents.join_all().await;
    b.stops_well().await;
    at_rest(&mut a, &book).await;
}

/// Waits until so many more are acknowledged.
async fn acknowledges(book: &Book, more: u64) {
    let enough = book.acknowledged() + more;
    book.set_working(true);
    until(RECOVERS_WITHIN, async || (book.acknowledged() >= enough).then_some(()))
        .await
        .expect("agents get answers");
}
