//! What goes on on a connection: its open calls, and what its peer lets us wait for.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;

/// Calls that are refused for their number, more than are let through, before the
/// connection ends.
const PATIENCE: u32 = 200;

/// What goes on on a connection.
#[derive(Debug)]
pub struct Activity {
    state: Mutex<State>,
    /// Ends the connection.
    pub(super) hang_up: CancellationToken,
}

#[derive(Debug)]
struct State {
    called: bool,
    open: usize,
    last: Instant,
    next: u64,
    /// Since when a part of each call waits for the peer; there are few at a time.
    waits: Vec<(u64, Instant)>,
    refused: u32,
}

impl Activity {
    pub(super) fn new() -> Self {
        let (last, waits) = (Instant::now(), Vec::new());
        let state = State { called: false, open: 0, last, next: 0, waits, refused: 0 };
        Self { state: Mutex::new(state), hang_up: CancellationToken::new() }
    }

    /// A call was refused because there are too many; whoever does not heed it is hung up on.
    pub fn refused(&self) {
        let mut state = self.state();
        state.refused += 1;
        if state.refused > PATIENCE {
            self.hang_up.cancel();
        }
    }

    /// A call was let through.
    pub fn heeded(&self) {
        let mut state = self.state();
        state.refused = state.refused.saturating_sub(1);
    }

    /// Since when nothing is called, and whether anything ever was; none while a call is open.
    pub(super) fn idle_since(&self) -> Option<(Instant, bool)> {
        let state = self.state();
        (state.open == 0).then_some((state.last, state.called))
    }

    /// Since when the peer lets us wait.
    pub(super) fn waits_since(&self) -> Option<Instant> {
        self.state().waits.iter().map(|(_, since)| *since).min()
    }

    /// A call begins: its request's body and what is held until its answer is over.
    pub(super) fn begin(self: &Arc<Self>, request: Body) -> (Body, Call) {
        let mut state = self.state();
        state.called = true;
        state.open += 1;
        drop(state);
        let wait = Wait::new(self);
        wait.begins();
        let done = request.is_end_stream();
        let request = Body::new(Arriving { inner: request, wait, framing: Framing::default() });
        let request = if done { Body::empty() } else { request };
        (request, Call(Arc::clone(self)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open call.
#[derive(Debug)]
pub(super) struct Call(Arc<Activity>);

impl Call {
    /// The answer, which keeps the call open until it is over.
    pub(super) fn answer(self, answer: Body) -> Body {
        let wait = Wait::new(&self.0);
        Body::new(Leaving { inner: answer, rest: Bytes::new(), wait, _call: self })
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.open -= 1;
        state.last = Instant::now();
    }
}

/// Something that may wait for the peer.
#[derive(Debug)]
struct Wait(Arc<Activity>, u64);

impl Wait {
    fn new(activity: &Arc<Activity>) -> Self {
        let mut state = activity.state();
        state.next += 1;
        Self(Arc::clone(activity), state.next)
    }

    fn begins(&self) {
        let waits = &mut self.0.state().waits;
        if waits.iter().all(|(number, _)| *number != self.1) {
            waits.push((self.1, Instant::now()));
        }
    }

    fn ends(&self) {
        self.0.state().waits.retain(|(number, _)| *number != self.1);
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.ends();
    }
}

/// How much of a message there is: five bytes that tell its length, and as many as they tell.
#[derive(Debug, Default)]
struct Framing {
    head: Vec<u8>,
    left: usize,
}

impl Framing {
    /// Takes bytes; tells whether a message is whole, and whether another has begun.
    fn take(&mut self, mut bytes: &[u8]) -> (bool, bool) {
        let mut whole = false;
        while !bytes.is_empty() {
            if self.left == 0 {
                let (head, rest) = bytes.split_at((5 - self.head.len()).min(bytes.len()));
                self.head.extend_from_slice(head);
                bytes = rest;
                let [_, a, b, c, d] = self.head[..] else { break };
                self.left = u32::from_be_bytes([a, b, c, d]) as usize;
                self.head.clear();
            }
            let part = self.left.min(bytes.len());
            self.left -= part;
            bytes = &bytes[part..];
            whole |= self.left == 0;
        }
        (whole, self.left > 0 || !self.head.is_empty())
    }
}

/// A request that arrives.
struct Arriving {
    inner: Body,
    wait: Wait,
    framing: Framing,
}

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    let (whole, begun) = self.framing.take(data);
                    if whole {
                        self.wait.ends();
                    }
                    if begun {
                        self.wait.begins();
                    }
                }
            }
            Poll::Ready(_) => self.wait.ends(),
            Poll::Pending => (),
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
}

/// A part of a short answer: what is longer by a byte, HTTP/2 hands to the system by itself,
/// and what follows once more.
const PART_BYTES: usize = 255;

/// Longest answer that leaves in such parts, together with what goes before and after it.
const SHORT_BYTES: usize = 2 << 10;

/// An answer that leaves.
struct Leaving {
    inner: Body,
    /// What is left of a short one.
    rest: Bytes,
    wait: Wait,
    _call: Call,
}

impl http_body::Body for Leaving {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        self.wait.ends();
        let frame = if self.rest.is_empty() {
            Pin::new(&mut self.inner).poll_frame(context)
        } else {
            Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.rest)))))
        };
        let Poll::Ready(Some(Ok(frame))) = frame else { return frame };
        let frame = frame.map_data(|mut data| {
            // It is asked for the next part when the peer has taken this one.
            self.wait.begins();
            if (PART_BYTES + 1..=SHORT_BYTES).contains(&data.len()) {
                self.rest = data.split_off(PART_BYTES);
            }
            data
        });
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use http_body::Body as _;

    use super::*;

    #[test]
    fn messages_are_whole_when_all_their_bytes_are_there() {
        let mut framing = Framing::default();
        for (bytes, whole, begun) in [
            (&[0, 0, 0][..], false, true),
            (&[0, 3, 7], false, true),
            (&[7, 7], true, false),
            (&[0, 0, 0, 0, 0], true, false),
            (&[0, 0, 0, 0, 1, 7, 0], true, true),
            (&[0, 0, 0, 1], false, true),
            (&[7], true, false),
        ] {
            assert_eq!(framing.take(bytes), (whole, begun), "{bytes:?}");
        }
    }

    #[tokio::test]
    async fn a_short_answer_leaves_in_parts_and_a_long_one_as_it_is() {
        for (length, parts) in [(0, 1), (255, 1), (256, 2), (511, 3), (2048, 9), (2049, 1)] {
            let sent: String = ('a'..='z').cycle().take(length).collect();
            let activity = Arc::new(Activity::new());
            let (_, call) = activity.begin(Body::empty());
            let mut answer = call.answer(Body::new(sent.clone()));
            let mut got: Vec<Bytes> = Vec::new();
            while let Some(frame) = poll_fn(|it| Pin::new(&mut answer).poll_frame(it)).await {
                got.push(frame.unwrap().into_data().unwrap());
                assert!(activity.waits_since().is_some(), "the peer has to take it");
            }
            assert_eq!(got.concat(), sent.into_bytes());
            assert_eq!(got.len().max(1), parts, "{length}");
            drop(answer);
            assert!(activity.idle_since().is_some());
        }
    }
}
