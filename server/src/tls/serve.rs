//! Serves connections: HTTP with its limits, and an end for those that are idle, old or slow.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use hyper::body::Incoming;
use hyper::server::conn::http2::Builder;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tower::{Service, ServiceExt as _};

use super::{Connection, Peer, Speech};
use crate::limits::{Limits, seconds};

/// How often an idle connection is pinged.
const KEEPALIVE: Duration = Duration::from_mins(1);

/// How much of a stream or connection of a member may be on its way.
const WINDOW_BYTES: u32 = 4 << 20;

/// How much of a stream or connection of anybody else.
const STRANGERS_WINDOW: u32 = 64 << 10;

/// Concurrent calls of anybody else.
const STRANGERS_STREAMS: u32 = 8;

/// Most requests of a browser at a time.
const PAGES_STREAMS: u32 = 32;

/// How much of an answer is kept for a peer that does not take it.
const SEND_BYTES: usize = 128 << 10;

/// Least buffer for the headers of a request of HTTP/1.1; hyper takes no smaller one.
const LEAST_BUFFER: usize = 8 << 10;

/// How long an idle peer has to hear that the connection ends.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Serves what comes until `stopping`, and ends when what was begun then is done.
pub async fn serve<S, B>(
    connections: impl Stream<Item = Connection>,
    speech: Speech,
    service: S,
    limits: Limits,
    stopping: CancellationToken,
) where
    S: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: std::fmt::Debug,
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<tower::BoxError>,
{
    let mut connections = pin!(connections);
    let lines = TaskTracker::new();
    while let Some(Some(connection)) = stopping.run_until_cancelled(connections.next()).await {
        let peer = connection.peer();
        let builder = builder(connection.is_strange(), limits);
        let line = Line { peer: peer.clone(), limits, stopping: stopping.clone() };
        let service = service.clone();
        let call = hyper::service::service_fn(move |request: http::Request<Incoming>| {
            answer(service.clone(), request, peer.clone())
        });
        let connection = TokioIo::new(connection);
        match speech {
            Speech::Calls => lines.spawn(async move {
                let serving = builder.serve_connection(connection, call);
                line.keep(serving, hyper::server::conn::http2::Connection::graceful_shutdown).await;
            }),
            Speech::Pages => lines.spawn(async move {
                let builder = pages(limits);
                let serving = builder.serve_connection(connection, call);
                line.keep(serving, auto::Connection::graceful_shutdown).await;
            }),
        };
    }
    lines.close();
    lines.wait().await;
}

fn builder(strange: bool, limits: Limits) -> Builder<TokioExecutor> {
    let (window, streams) = if strange {
        (STRANGERS_WINDOW, limits.concurrent_streams.min(STRANGERS_STREAMS))
    } else {
        (WINDOW_BYTES, limits.concurrent_streams)
    };
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        // Answers tell the server's time where it counts.
        .auto_date_header(false)
        .max_concurrent_streams(streams)
        .initial_stream_window_size(window)
        .initial_connection_window_size(window)
        .max_header_list_size(limits.header_bytes)
        .max_pending_accept_reset_streams(limits.reset_streams as usize)
        .max_local_error_reset_streams(limits.reset_streams as usize)
        .max_send_buf_size(SEND_BYTES)
        .keep_alive_interval(KEEPALIVE);
    builder
}

/// For browsers, whose windows are those of strangers.
fn pages(limits: Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(seconds(limits.first_call_secs))
        .max_buf_size((limits.header_bytes as usize).max(LEAST_BUFFER));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.concurrent_streams.min(PAGES_STREAMS))
        .initial_stream_window_size(STRANGERS_WINDOW)
        .initial_connection_window_size(STRANGERS_WINDOW)
        .max_header_list_size(limits.header_bytes)
        .max_pending_accept_reset_streams(limits.reset_streams as usize)
        .max_local_error_reset_streams(limits.reset_streams as usize)
        .max_send_buf_size(SEND_BYTES)
        .keep_alive_interval(KEEPALIVE);
    builder
}

async fn answer<S, B>(
    service: S,
    request: http::Request<Incoming>,
    peer: Peer,
) -> Result<http::Response<Body>, Infallible>
where
    S: Service<http::Request<Body>, Response = http::Response<B>>,
    S::Error: std::fmt::Debug,
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<tower::BoxError>,
{
    let (parts, body) = request.into_parts();
    let (body, call) = peer.activity.begin(Body::new(body));
    let mut request = http::Request::from_parts(parts, body);
    request.extensions_mut().insert(peer);
    match service.oneshot(request).await {
        Ok(response) => Ok(response.map(|body| call.answer(Body::new(body)))),
        Err(error) => {
            tracing::error!(?error, "a call was not answered");
            let mut response = http::Response::new(Body::empty());
            *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            Ok(response)
        }
    }
}

/// A connection that is served.
struct Line {
    peer: Peer,
    limits: Limits,
    stopping: CancellationToken,
}

impl Line {
    /// Serves until the connection ends, or has to.
    async fn keep<F: Future>(self, serving: F, end_well: impl Fn(Pin<&mut F>)) {
        let activity = Arc::clone(&self.peer.activity);
        let mut serving = pin!(serving);
        let mut aged = pin!(tokio::time::sleep(self.age()));
        let mut looks = tokio::time::interval(self.look());
        let mut ending = false;
        loop {
            tokio::select! {
                biased;
                _ = &mut serving => return,
                () = activity.hang_up.cancelled() => {
                    tracing::warn!(address = %self.peer.address, "a peer that calls on and on was hung up on");
                    return;
                }
                // What is open then ends with the grace of stopping.
                () = self.stopping.cancelled(), if !ending => {
                    ending = true;
                    end_well(serving.as_mut());
                }
                () = &mut aged => {
                    if ending {
                        return;
                    }
                    ending = true;
                    end_well(serving.as_mut());
                    aged.as_mut().reset(Instant::now() + seconds(self.limits.connection_grace_secs));
                }
                now = looks.tick() => {
                    if activity.waits_since().is_some_and(|since| now.saturating_duration_since(since) > seconds(self.limits.message_secs)) {
                        tracing::warn!(address = %self.peer.address, "a peer that is too slow was hung up on");
                        return;
                    }
                    if !ending && let Some(called) = self.is_idle(now) {
                        ending = true;
                        end_well(serving.as_mut());
                        // Whoever has not said a word of HTTP/2 does not hear this one.
                        let within = if called { LAST_WORDS } else { LAST_WORDS / 5 };
                        aged.as_mut().reset(now + within);
                    }
                }
            }
        }
    }

    /// Whether nothing was called for too long, and then whether anything ever was.
    fn is_idle(&self, now: Instant) -> Option<bool> {
        let (since, called) = self.peer.activity.idle_since()?;
        let limits = &self.limits;
        let within = if called { limits.idle_secs } else { limits.first_call_secs };
        (now.saturating_duration_since(since) > seconds(within)).then_some(called)
    }

    /// Until when it takes new calls: those that came together do not end together,
    /// because their ports differ.
    fn age(&self) -> Duration {
        let port = crc32fast::hash(self.peer.address.to_string().as_bytes());
        let share = f64::from(port) / (f64::from(u32::MAX) + 1.0);
        seconds(self.limits.connection_age_secs).mul_f64(0.9 + 0.2 * share)
    }

    /// How often it is looked after: often enough for its shortest limit.
    fn look(&self) -> Duration {
        let limits = &self.limits;
        let least = limits.first_call_secs.min(limits.idle_secs).min(limits.message_secs);
        (seconds(least) / 4).max(Duration::from_millis(250))
    }
}
