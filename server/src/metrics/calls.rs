//! The layer that counts calls: which method, how it ended, how long it took.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use tokio::time::Instant;
use tonic::Code;
use tonic::body::Body;

use super::Metrics;
use crate::rpc::access;

/// Puts a [`Counted`] around a service.
#[derive(Debug, Clone)]
pub struct Counting(pub Option<Metrics>);

impl<S> tower::Layer<S> for Counting {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted { inner, metrics: self.0.clone() }
    }
}

/// Counts the calls of what is behind it.
#[derive(Debug, Clone)]
pub struct Counted<S> {
    inner: S,
    metrics: Option<Metrics>,
}

impl<S> tower::Service<http::Request<Body>> for Counted<S>
where
    S: tower::Service<http::Request<Body>, Response = http::Response<Body>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Counts<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let counted = self.metrics.clone().map(|metrics| Call {
            metrics,
            method: access::name(request.uri().path()),
            began: Instant::now(),
            code: Code::Cancelled,
        });
        Counts { answer: Box::pin(self.inner.call(request)), counted }
    }
}

/// A call that is counted when it is over.
struct Call {
    metrics: Metrics,
    method: &'static str,
    began: Instant,
    code: Code,
}

impl Call {
    fn hear(&mut self, headers: &HeaderMap) {
        if let Some(code) = headers.get("grpc-status") {
            self.code = Code::from_bytes(code.as_bytes());
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let seconds = self.began.elapsed().as_secs_f64();
        self.metrics.call(self.method, name(self.code), seconds);
    }
}

/// An answer that is counted.
pub struct Counts<F> {
    answer: Pin<Box<F>>,
    counted: Option<Call>,
}

impl<F> std::fmt::Debug for Counts<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Counts")
    }
}

impl<F, E> Future for Counts<F>
where
    F: Future<Output = Result<http::Response<Body>, E>>,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let response = ready!(self.answer.as_mut().poll(context))?;
        Poll::Ready(Ok(match self.counted.take() {
            None => response,
            Some(mut call) => {
                call.hear(response.headers());
                response.map(|inner| Body::new(Leaving { inner, call }))
            }
        }))
    }
}

/// The body of an answer that is counted at its end.
struct Leaving {
    inner: Body,
    call: Call,
}

impl http_body::Body for Leaving {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(trailers) = frame.trailers_ref()
        {
            self.call.hear(trailers);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.inner.size_hint()
    }
}

/// The name that gRPC gives a code.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
