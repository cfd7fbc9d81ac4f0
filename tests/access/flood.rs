//! Floods, and an agent that goes on working while they last.
//!
//! `TIENDO_FLOOD_SECS` makes each flood longer than the default.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use prost::bytes::Bytes;
use tiendo_shared::wire::v1;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio_util::task::AbortOnDropHandle;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::limits::resets;
use super::raw::{call, reflect};
use super::roles::Province;
use crate::harness::{Clients, Wire, number, single};

/// Seconds of each flood.
const FLOOD_SECS: u64 = 2;

/// Connections that never finish their handshake.
const UNFINISHED: u64 = 5_000;

/// How long a flood may take to be one.
const PATIENCE: Duration = Duration::from_mins(2);

/// Questions to reflection in one stream.
const ASKED: usize = 200;

/// Time between two calls of the agent.
const PERIOD: Duration = Duration::from_millis(25);

/// What a quiet call may take: floods share the machine with the server, and with other tests
/// when they are short.
const QUIET_SHORT: Duration = Duration::from_millis(100);
const QUIET_LONG: Duration = Duration::from_millis(20);

/// Most memory of the server.
const MEMORY: u64 = 256 << 20;

/// The agent's calls at a fixed rate, until `enough`: how long each took since it was due.
async fn work(clients: &Clients, lasts: Duration, enough: impl Fn() -> bool) -> Histogram<u64> {
    let mut took = Histogram::new(3).unwrap();
    let mut due = tokio::time::interval(PERIOD);
    let start = Instant::now();
    let mut value = 0;
    while start.elapsed() < lasts || (!enough() && start.elapsed() < lasts + PATIENCE) {
        let began = due.tick().await;
        value += 1;
        let sent = single("2024", number("so-luong", &value.to_string()));
        clients.collection("").submit_measurements(sent).await.unwrap();
        took.record(u64::try_from(began.elapsed().as_micros()).unwrap()).unwrap();
    }
    took
}

/// A flood that lasts until it is dropped.
struct Flood {
    /// How often it succeeded.
    count: Arc<AtomicU64>,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

impl Flood {
    /// One thing done again and again, from several tasks.
    fn of<F: Future<Output = Option<()>> + Send>(
        tasks: usize,
        once: impl Fn() -> F + Clone + Send + 'static,
    ) -> Self {
        let count = Arc::new(AtomicU64::new(0));
        let again = |_| {
            let (once, count) = (once.clone(), Arc::clone(&count));
            AbortOnDropHandle::new(tokio::spawn(async move {
                loop {
                    if once().await.is_some() {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    tokio::task::yield_now().await;
                }
            }))
        };
        let tasks = (0..tasks).map(again).collect();
        Self { count, _tasks: tasks }
    }

    /// Connections that say nothing, from five addresses: what one may have is not enough.
    fn unfinished_handshakes(address: &str) -> Self {
        let silent = Arc::new(Mutex::new(VecDeque::new()));
        let (next, address) = (Arc::new(AtomicU64::new(0)), address.to_owned());
        Self::of(8, move || {
            let last = 3 + u8::try_from(next.fetch_add(1, Ordering::Relaxed) % 5).unwrap();
            let (address, silent) = (address.clone(), Arc::clone(&silent));
            async move {
                let tcp = connect_from(Ipv4Addr::new(127, 0, 7, last), &address).await.ok()?;
                let mut silent = silent.lock().unwrap();
                silent.push_back(tcp);
                if silent.len() as u64 > UNFINISHED {
                    silent.pop_front();
                }
                Some(())
            }
        })
    }

    fn handshakes(wire: &Wire) -> Self {
        let wire = wire.clone();
        Self::of(4, move || {
            let wire = wire.clone();
            async move { wire.dial(&["h2"]).await.ok().map(drop) }
        })
    }

    fn resets(wire: &Wire) -> Self {
        let wire = wire.clone();
        Self::of(4, move || {
            let wire = wire.clone();
            async move {
                let mut stream = wire.dial(&["h2"]).await.ok()?;
                // The server may end it before all is written.
                drop(stream.write_all(&resets(500)).await);
                Some(())
            }
        })
    }

    /// Calls on connections that are made anew now and then.
    fn calls<F: Future<Output = ()> + Send>(
        wire: &Wire,
        once: impl Fn(Channel) -> F + Clone + Send + Sync + 'static,
    ) -> Self {
        let wire = wire.clone();
        Self::of(8, move || {
            let (wire, once) = (wire.clone(), once.clone());
            async move {
                let channel = wire.connect().await.ok()?;
                for _ in 0..50 {
                    once(channel.clone()).await;
                }
                Some(())
            }
        })
    }

    fn reflection(wire: &Wire) -> Self {
        let wire = wire.clone();
        Self::of(4, move || {
            let wire = wire.clone();
            async move {
                let channel = wire.connect().await.ok()?;
                let answers = reflect(&channel, "tiendo.v1.CollectionService", ASKED).await.ok()?;
                assert_eq!(answers.len(), ASKED);
                Some(())
            }
        })
    }
}

async fn connect_from(from: Ipv4Addr, address: &str) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    socket.connect(address.parse().unwrap()).await
}

async fn health(channel: Channel) {
    let request = HealthCheckRequest { service: String::new() };
    drop(HealthClient::new(channel).check(request).await);
}

async fn statuses(channel: Channel) {
    drop(call(&channel, "StatusService/ListTargetStatuses", Bytes::new()).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_goes_on_working_under_floods() {
    raise_open_files();
    let (lasts, least) = match std::env::var("TIENDO_FLOOD_SECS") {
        Ok(text) => (text.parse().expect("TIENDO_FLOOD_SECS is a number"), QUIET_LONG),
        Err(_) => (FLOOD_SECS, QUIET_SHORT),
    };
    let lasts = Duration::from_secs(lasts);
    let province = Province::start().await;
    let agent = province.wire("agent").clients().await;
    work(&agent, Duration::from_millis(500), || true).await;
    let quiet = work(&agent, lasts, || true).await;
    let quiet = Duration::from_micros(quiet.value_at_quantile(0.99));
    println!("quiet: p99 {quiet:?}, {} KiB", province.server.most_memory() >> 10);
    let most = 10 * quiet.max(least);
    let check = async |name: &str, least: u64, flood: Flood| {
        let count = || flood.count.load(Ordering::Relaxed);
        let took = work(&agent, lasts, || count() >= least).await;
        let p99 = Duration::from_micros(took.value_at_quantile(0.99));
        // A new connection comes through as well.
        let clients = province.wire("agent").clients().await;
        clients.info().get_server_info(v1::GetServerInfoRequest {}).await.unwrap();
        let memory = province.server.most_memory();
        println!("{name}: {} times, p99 {p99:?}, {} KiB", count(), memory >> 10);
        assert!(count() >= least, "{name}: {} times are no flood", count());
        assert!(p99 < most, "{name}: p99 {p99:?}, quiet {quiet:?}");
        assert!(memory < MEMORY, "{name}: {} KiB", memory >> 10);
    };
    let evil = Wire::to(&province.server).from(Ipv4Addr::new(127, 0, 7, 1));
    let member = province.wire("operator").from(Ipv4Addr::new(127, 0, 7, 2));
    let address = province.server.address();
    check("unfinished handshakes", UNFINISHED, Flood::unfinished_handshakes(&address)).await;
    check("handshakes", 1, Flood::handshakes(&evil)).await;
    check("resets", 1, Flood::resets(&member)).await;
    check("health", 1, Flood::calls(&evil, health)).await;
    check("reflection", 1, Flood::reflection(&member)).await;
    check("calls of a member", 1, Flood::calls(&member, statuses)).await;
}

fn raise_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}
