//! Floods, and an agent that goes on working while they last.
//!
//! `TIENDO_FLOOD_SECS` makes each flood longer than the default.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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
use super::raw::call;
use super::roles::Province;
use crate::harness::{Clients, Wire, number, single};

/// Seconds of each flood.
const FLOOD_SECS: u64 = 2;

/// Connections that never finish their handshake.
const UNFINISHED: usize = 5_000;

/// Time between two calls of the agent.
const PERIOD: Duration = Duration::from_millis(25);

/// What a quiet call may take before the machine is the flood: floods share it with the server.
const QUIET: Duration = Duration::from_millis(20);

/// Most memory of the server.
const MEMORY: u64 = 256 << 20;

/// The agent's calls at a fixed rate: how long each took since it was due.
async fn work(clients: &Clients, lasts: Duration) -> Histogram<u64> {
    let mut took = Histogram::new(3).unwrap();
    let mut due = tokio::time::interval(PERIOD);
    let end = Instant::now() + lasts;
    let mut value = 0;
    while Instant::now() < end {
        let began = due.tick().await;
        value += 1;
        let sent = single("2024", number("so-luong", &value.to_string()));
        clients.collection("").submit_measurements(sent).await.unwrap();
        took.record(u64::try_from(began.elapsed().as_micros()).unwrap()).unwrap();
    }
    took
}

/// Does one thing again and again, from several tasks, until it is dropped.
fn again<F: Future<Output = ()> + Send>(
    tasks: usize,
    once: impl Fn() -> F + Clone + Send + 'static,
) -> (Arc<AtomicU64>, Vec<AbortOnDropHandle<()>>) {
    let count = Arc::new(AtomicU64::new(0));
    let tasks = (0..tasks)
        .map(|_| {
            let (once, count) = (once.clone(), Arc::clone(&count));
            AbortOnDropHandle::new(tokio::spawn(async move {
                loop {
                    once().await;
                    count.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            }))
        })
        .collect();
    (count, tasks)
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_goes_on_working_under_floods() {
    raise_open_files();
    let lasts = std::env::var("TIENDO_FLOOD_SECS")
        .map_or(FLOOD_SECS, |text| text.parse().expect("TIENDO_FLOOD_SECS is a number"));
    let lasts = Duration::from_secs(lasts);
    let province = Province::start().await;
    let agent = province.wire("agent").clients().await;
    work(&agent, Duration::from_millis(500)).await;
    let quiet = work(&agent, lasts).await;
    let quiet = Duration::from_micros(quiet.value_at_quantile(0.99));
    println!("quiet: p99 {quiet:?}, {} KiB", province.server.most_memory() >> 10);
    let evil = Wire::to(&province.server).from(Ipv4Addr::new(127, 0, 7, 1));
    let member = province.wire("operator").from(Ipv4Addr::new(127, 0, 7, 2));
    let check = async |name: &str, tasks: (Arc<AtomicU64>, Vec<AbortOnDropHandle<()>>)| {
        let took = work(&agent, lasts).await;
        let count = tasks.0.load(Ordering::Relaxed);
        let p99 = Duration::from_micros(took.value_at_quantile(0.99));
        let memory = province.server.most_memory();
        println!("{name}: {count} times, p99 {p99:?}, {} KiB", memory >> 10);
        assert!(count > 0, "{name} was no flood");
        assert!(p99 < 10 * quiet.max(QUIET), "{name}: p99 {p99:?}, quiet {quiet:?}");
        assert!(memory < MEMORY, "{name}: {} KiB", memory >> 10);
    };
    // Connections that say nothing, as many as come.
    let address = province.server.address();
    let silent = Arc::new(std::sync::Mutex::new(std::collections::VecDeque::new()));
    check(
        "unfinished handshakes",
        again(8, move || {
            let (address, silent) = (address.clone(), Arc::clone(&silent));
            async move {
                let Ok(tcp) = connect_from(Ipv4Addr::new(127, 0, 7, 3), &address).await else {
                    return;
                };
                let mut silent = silent.lock().unwrap();
                silent.push_back(tcp);
                if silent.len() > UNFINISHED {
                    silent.pop_front();
                }
            }
        }),
    )
    .await;
    let wire = evil.clone();
    check(
        "handshakes",
        again(8, move || {
            let wire = wire.clone();
            async move { drop(wire.dial(&["h2"]).await) }
        }),
    )
    .await;
    let wire = member.clone();
    check(
        "resets",
        again(4, move || {
            let wire = wire.clone();
            async move {
                let Ok(mut stream) = wire.dial(&["h2"]).await else { return };
                drop(stream.write_all(&resets(500)).await);
            }
        }),
    )
    .await;
    let wire = evil.clone();
    check(
        "health",
        again(8, move || {
            let wire = wire.clone();
            async move {
                let Ok(channel) = wire.connect().await else { return };
                for _ in 0..50 {
                    health(channel.clone()).await;
                }
            }
        }),
    )
    .await;
    check(
        "calls of a member",
        again(8, move || {
            let wire = member.clone();
            async move {
                let Ok(channel) = wire.connect().await else { return };
                for _ in 0..50 {
                    drop(call(&channel, "StatusService/ListTargetStatuses", Bytes::new()).await);
                }
            }
        }),
    )
    .await;
    // A new connection comes through as well.
    let clients = province.wire("agent").clients().await;
    clients.info().get_server_info(v1::GetServerInfoRequest {}).await.unwrap();
}

fn raise_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}
