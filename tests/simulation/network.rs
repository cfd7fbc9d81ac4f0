//! A network in memory: streams with delays that are cut, fall silent, or cannot be had.
//!
//! What TCP hides stays hidden: a lost packet is a delay, a doubled one is nothing. What it does
//! not hide is here: connections that end with bytes on their way, and those of which one side
//! knows nothing any more. Who calls again then is what makes duplicates.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tiendo_server::tls::Arrival;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, Sleep};

use crate::log::{Log, pass};

/// Bytes on their way after which a sender waits.
const WINDOW: usize = 64 << 10;

/// The network between the agents and one server.
#[derive(Clone)]
pub(crate) struct Network(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    log: Arc<Log>,
}

struct State {
    chance: fastrand::Rng,
    /// Where the server listens; none while it does not.
    server: Option<UnboundedSender<io::Result<Arrival>>>,
    routes: Vec<Route>,
    lines: Vec<(usize, Arc<Mutex<Line>>)>,
    dialled: u16,
}

/// The way of one agent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Route {
    /// Nothing gets through; what is on its way waits.
    pub(crate) parted: bool,
    /// Longest delay beside the usual one.
    pub(crate) slow: Duration,
    /// Percent of new connections that end badly.
    pub(crate) bad: u32,
}

/// A connection.
struct Line {
    name: String,
    route: Route,
    ways: [Way; 2],
    /// Both sides know that it is over.
    reset: bool,
    /// Sides that are no more: all they do fails.
    gone: [bool; 2],
    /// What the sides do is heard by nobody.
    silent: bool,
    /// Bytes after which it is reset, or falls silent.
    ends: Option<(usize, bool)>,
    carried: usize,
}

/// One direction of it.
#[derive(Default)]
struct Way {
    /// Pieces with when they arrive; an empty one is the end.
    pieces: VecDeque<(Instant, Vec<u8>)>,
    waiting: usize,
    last: Option<Instant>,
    ended: bool,
    unread: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// A side of a connection.
pub(crate) struct End {
    line: Arc<Mutex<Line>>,
    shared: Arc<Shared>,
    side: usize,
    arrival: Option<Pin<Box<Sleep>>>,
}

impl Network {
    /// With so many agents and no server.
    pub(crate) fn new(seed: u64, agents: usize, log: Arc<Log>) -> Self {
        let state = State {
            chance: fastrand::Rng::with_seed(seed),
            server: None,
            routes: vec![Route::default(); agents],
            lines: Vec::new(),
            dialled: 0,
        };
        Self(Arc::new(Shared { state: Mutex::new(state), log }))
    }

    /// A server listens from now on.
    pub(crate) fn listen(&self, server: UnboundedSender<io::Result<Arrival>>) {
        self.0.state().server = Some(server);
    }

    /// The server is gone; `heard` is whether the agents learn of it.
    pub(crate) fn lose_server(&self, heard: bool) {
        self.0.state().server = None;
        self.end(|_| true, 1, heard);
    }

    /// The server takes no new connections.
    pub(crate) fn stop_listening(&self) {
        self.0.state().server = None;
    }

    /// An agent is gone; `heard` is whether the server learns of it.
    pub(crate) fn lose_agent(&self, agent: usize, heard: bool) {
        self.end(|at| at == agent, 0, heard);
    }

    /// The connections of an agent end, both sides hear of it, or neither does.
    pub(crate) fn cut(&self, agent: usize, heard: bool) {
        let lines = self.0.lines_of(|at| at == agent);
        for line in lines {
            let mut line = lock(&line);
            (line.reset, line.silent) = (line.reset || heard, line.silent || !heard);
            line.wake();
        }
    }

    /// Changes the way of an agent.
    pub(crate) fn route(&self, agent: usize, change: impl FnOnce(&mut Route)) {
        let mut state = self.0.state();
        change(&mut state.routes[agent]);
        let route = state.routes[agent];
        drop(state);
        for line in self.0.lines_of(|at| at == agent) {
            let mut line = lock(&line);
            line.route = route;
            line.wake();
        }
    }

    /// Lines of which the side `gone` is no more: it hears an error, the other one only if `heard`.
    fn end(&self, which: impl Fn(usize) -> bool, gone: usize, heard: bool) {
        for line in self.0.lines_of(which) {
            let mut line = lock(&line);
            if heard {
                line.reset = true;
            } else {
                line.silent = true;
                line.gone[gone] = true;
            }
            line.wake();
        }
        self.0.state().lines.retain(|(_, line)| Arc::strong_count(line) > 1);
    }

    /// Connects an agent to the server.
    pub(crate) async fn dial(&self, agent: usize) -> io::Result<End> {
        let (latency, route) = {
            let mut state = self.0.state();
            let latency = Duration::from_millis(state.chance.u64(1..40));
            (latency + state.late(agent), state.routes[agent])
        };
        pass(latency).await;
        if route.parted {
            self.0.log.note(format_args!("agent {agent} dials in vain"));
            std::future::pending::<()>().await;
        }
        let mut state = self.0.state();
        let Some(server) = state.server.clone() else {
            self.0.log.note(format_args!("agent {agent} is refused"));
            return Err(io::ErrorKind::ConnectionRefused.into());
        };
        state.dialled = state.dialled.wrapping_add(1);
        let bad = state.chance.u32(..100) < route.bad;
        let ends = bad.then(|| (state.chance.usize(..20_000), state.chance.bool()));
        let address =
            SocketAddr::from(([10, 0, 0, 1 + u8::try_from(agent).unwrap()], state.dialled));
        let line = Line {
            name: format!("{agent}:{}", state.dialled),
            route: state.routes[agent],
            ways: [Way::default(), Way::default()],
            reset: false,
            gone: [false; 2],
            silent: false,
            ends,
            carried: 0,
        };
        self.0.log.note(format_args!("line {} is made, ends {ends:?}", line.name));
        let line = Arc::new(Mutex::new(line));
        state.lines.retain(|(_, line)| Arc::strong_count(line) > 1);
        state.lines.push((agent, Arc::clone(&line)));
        drop(state);
        let end = |side| End {
            line: Arc::clone(&line),
            shared: Arc::clone(&self.0),
            side,
            arrival: None,
        };
        if server.send(Ok(Arrival::Simulated(Box::new(end(1)), address))).is_err() {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        Ok(end(0))
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lines_of(&self, which: impl Fn(usize) -> bool) -> Vec<Arc<Mutex<Line>>> {
        let state = self.state();
        let lines = state.lines.iter().filter(|(agent, _)| which(*agent));
        lines.map(|(_, line)| Arc::clone(line)).collect()
    }

    /// When a piece arrives that is sent now.
    fn arrival(&self, route: Route) -> Instant {
        let mut state = self.state();
        let mut late = Duration::from_millis(state.chance.u64(1..20));
        if !route.slow.is_zero() && state.chance.u8(..4) == 0 {
            late += route.slow.mul_f64(state.chance.f64());
        }
        Instant::now() + late
    }
}

impl State {
    fn late(&mut self, agent: usize) -> Duration {
        let slow = self.routes[agent].slow;
        slow.mul_f64(self.chance.f64())
    }
}

impl Line {
    fn wake(&mut self) {
        for way in &mut self.ways {
            way.reader.take().into_iter().chain(way.writer.take()).for_each(Waker::wake);
        }
    }
}

fn lock(line: &Mutex<Line>) -> MutexGuard<'_, Line> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reset<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let mut guard = lock(&this.line);
        let line = &mut *guard;
        if line.reset || line.gone[this.side] {
            return reset();
        }
        let parted = line.route.parted;
        let way = &mut line.ways[1 - this.side];
        let next = way.pieces.front_mut().filter(|_| !parted);
        let Some((at, piece)) = next else {
            way.reader = Some(context.waker().clone());
            return Poll::Pending;
        };
        if *at > Instant::now() {
            let arrival =
                this.arrival.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(*at)));
            arrival.as_mut().reset(*at);
            if arrival.as_mut().poll(context).is_pending() {
                way.reader = Some(context.waker().clone());
                return Poll::Pending;
            }
        }
        let count = piece.len().min(buffer.remaining());
        if count == 0 {
            return Poll::Ready(Ok(()));
        }
        buffer.put_slice(&piece[..count]);
        this.shared.log.note(format_args!("{}>{} {count}", line.name, this.side));
        piece.drain(..count);
        if piece.is_empty() {
            way.pieces.pop_front();
        }
        way.waiting -= count;
        if let Some(writer) = way.writer.take() {
            writer.wake();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut guard = lock(&self.line);
        let line = &mut *guard;
        let way = &line.ways[self.side];
        if line.reset || line.gone[self.side] || way.ended || way.unread {
            return reset();
        }
        let room = WINDOW.saturating_sub(line.ways[self.side].waiting);
        if room == 0 {
            line.ways[self.side].writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        let mut count = bytes.len().min(room);
        if let Some((at, silent)) = line.ends
            && line.carried + count > at
        {
            count = count.min(at.saturating_sub(line.carried)).max(1);
            self.shared.log.note(format_args!("line {} ends, silent: {silent}", line.name));
            (line.reset, line.silent) = (!silent, silent);
            line.ends = None;
            line.wake();
        }
        line.carried += count;
        let silent = line.silent;
        let way = &mut line.ways[self.side];
        way.waiting += count;
        if !silent {
            let at = self.shared.arrival(line.route).max(way.last.unwrap_or_else(Instant::now));
            way.last = Some(at);
            way.pieces.push_back((at, bytes[..count].to_vec()));
            if let Some(reader) = way.reader.take() {
                reader.wake();
            }
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.finish();
        Poll::Ready(Ok(()))
    }
}

impl End {
    /// The other side reads the end once it has read everything.
    fn finish(&self) {
        let mut line = lock(&self.line);
        let (route, silent) = (line.route, line.silent);
        let way = &mut line.ways[self.side];
        if !way.ended {
            way.ended = true;
            if !silent {
                let at = self.shared.arrival(route).max(way.last.unwrap_or_else(Instant::now));
                way.pieces.push_back((at, Vec::new()));
            }
            line.wake();
        }
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.finish();
        let mut line = lock(&self.line);
        if !line.silent {
            // Nobody reads what comes; whoever sends it is told.
            let way = &mut line.ways[1 - self.side];
            way.unread = true;
            line.wake();
        }
    }
}
