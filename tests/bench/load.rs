//! Drives a service: agents that each keep one submission in flight on their own connection.
//!
//! Every agent has a connection of its own, as departments do, and sends the next
//! submission when the last was acknowledged (closed loop, for throughput) or when
//! it is due (fixed arrival rate, for latency: a late answer makes the next one
//! late too, and that waiting is counted).

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use hdrhistogram::Histogram;
use prost::Message as _;
use prost::bytes::Bytes;
use tiendo_shared::wire::v1;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};

use crate::catalogue;
use crate::codec::AsBytes;
use crate::work::{Shape, Work};

const SUBMIT: &str = "/tiendo.v1.CollectionService/SubmitMeasurements";
/// One answer in so many is decoded and looked at.
const LOOK_AT: u64 = 16;

/// How agents send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// What a submission is like.
    pub(crate) shape: Shape,
    /// How many agents send at once, one department each.
    pub(crate) agents: usize,
    /// The first one's department.
    pub(crate) first: usize,
    /// Sent before anything is counted.
    pub(crate) warm_up: Duration,
    /// When to stop.
    pub(crate) until: Until,
    /// Submissions a second over all agents; none sends as fast as answers come.
    pub(crate) rate: Option<f64>,
}

/// When an agent stops.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    /// After this time.
    Elapsed(Duration),
    /// After this many submissions of each agent.
    Sent(u64),
}

/// What was measured.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Acknowledged measurements per second.
    pub(crate) per_second: f64,
    /// Latencies in microseconds.
    pub(crate) latencies: Histogram<u64>,
    /// Submissions acknowledged, those before anything was counted too.
    pub(crate) sent: u64,
}

impl Measured {
    /// A quantile of the latencies in milliseconds.
    pub(crate) fn ms(&self, quantile: f64) -> f64 {
        self.latencies.value_at_quantile(quantile) as f64 / 1000.0
    }
}

/// A client that sends and receives bytes.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    grpc: Grpc<Channel>,
    department: MetadataValue<Ascii>,
}

impl Client {
    /// Connects on behalf of a department.
    pub(crate) async fn connect(address: SocketAddr, department: &str) -> anyhow::Result<Self> {
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
        let grpc = Grpc::new(endpoint.connect().await?).max_decoding_message_size(64 << 20);
        Ok(Self { grpc, department: department.parse()? })
    }

    /// Calls a method with an encoded request.
    pub(crate) async fn call(&mut self, path: &'static str, body: Bytes) -> anyhow::Result<Bytes> {
        self.grpc.ready().await?;
        let mut request = tonic::Request::new(body);
        request.metadata_mut().insert("tiendo-department", self.department.clone());
        let path = PathAndQuery::from_static(path);
        Ok(self.grpc.unary(request, path, AsBytes).await?.into_inner())
    }
}

/// Runs a load against a service.
pub(crate) async fn run(address: SocketAddr, load: Load) -> anyhow::Result<Measured> {
    let mut connections = Vec::new();
    for number in (load.first..).take(load.agents) {
        connections.push(Client::connect(address, &catalogue::department(number)).await?);
    }
    let start = Instant::now() + load.warm_up;
    let mut agents = JoinSet::new();
    for (number, client) in connections.into_iter().enumerate() {
        agents.spawn(Agent::new(client, load, number, start).work());
    }
    let mut all = Counted::new()?;
    while let Some(counted) = agents.join_next().await {
        all.add(&counted.context("an agent of the load failed")??)?;
    }
    let seconds = (all.end - start).as_secs_f64();
    let items = all.latencies.len() * load.shape.items() as u64;
    let per_second = items as f64 / seconds;
    Ok(Measured { per_second, latencies: all.latencies, sent: all.sent })
}

struct Counted {
    latencies: Histogram<u64>,
    end: Instant,
    sent: u64,
}

impl Counted {
    fn new() -> anyhow::Result<Self> {
        let latencies = Histogram::new_with_bounds(1, 600_000_000, 3)?;
        Ok(Self { latencies, end: Instant::now(), sent: 0 })
    }

    fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        self.latencies.add(&other.latencies)?;
        self.end = self.end.max(other.end);
        self.sent += other.sent;
        Ok(())
    }
}

struct Agent {
    client: Client,
    load: Load,
    work: Work,
    start: Instant,
    interval: Duration,
    due: Instant,
}

impl Agent {
    fn new(client: Client, load: Load, number: usize, start: Instant) -> Self {
        let interval = load
            .rate
            .map_or(Duration::ZERO, |rate| Duration::from_secs_f64(load.agents as f64 / rate));
        // Agents begin evenly spread over the first interval.
        let offset = interval.mul_f64(number as f64 / load.agents as f64);
        let work = Work::new(load.shape, number as u64 + 1);
        Self { client, load, work, start, interval, due: Instant::now() + offset }
    }

    async fn work(mut self) -> anyhow::Result<Counted> {
        let mut counted = Counted::new()?;
        let mut sent = 0;
        while !self.is_over(sent) {
            let begun = self.turn().await;
            let answer = self.client.call(SUBMIT, self.work.next()).await?;
            let end = Instant::now();
            if begun >= self.start {
                counted.latencies.record((end - begun).as_micros().max(1) as u64)?;
                counted.end = end;
            }
            if sent.is_multiple_of(LOOK_AT) {
                self.look_at(answer)?;
            }
            sent += 1;
        }
        counted.sent = sent;
        Ok(counted)
    }

    fn is_over(&self, sent: u64) -> bool {
        match self.load.until {
            Until::Elapsed(time) => Instant::now() >= self.start + time,
            Until::Sent(most) => sent >= most,
        }
    }

    /// Waits until the next submission is due and returns when it counts from:
    /// a submission that is late because of the one before counts from its due time,
    /// one that is late because the timer rang late counts from now.
    async fn turn(&mut self) -> Instant {
        let now = Instant::now();
        if self.interval.is_zero() {
            return now;
        }
        let due = self.due;
        self.due += self.interval;
        if now >= due {
            return due;
        }
        sleep_until(due).await;
        Instant::now()
    }

    /// A run in which the service refused something measures nothing.
    fn look_at(&self, answer: Bytes) -> anyhow::Result<()> {
        let answer = v1::SubmitMeasurementsResponse::decode(answer)?;
        let counts = answer.counts.unwrap_or_default();
        let taken = u64::from(counts.accepted + counts.revised + counts.unchanged);
        let refusal = answer.rejections.first().map(|rejection| &rejection.message);
        ensure!(
            taken == self.load.shape.items() as u64,
            "{taken} of {} taken; {refusal:?}",
            self.load.shape.items()
        );
        Ok(())
    }
}
