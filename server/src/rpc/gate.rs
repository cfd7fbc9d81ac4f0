//! The layer every call passes: it says who calls, and refuses what the table forbids.
//!
//! Under TLS the caller is what the certificate of the connection names, looked up among
//! the members at each call. Without TLS, on the loopback address alone, it is what the
//! request says of itself.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio_util::sync::CancellationToken;
use tonic::body::Body;

use super::access::access;
use super::ending::Ending;
use super::error::status;
use super::rates::Rates;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::identity::presence::Told;
use crate::identity::{Members, Unproven, Welcome, insecure_caller};
use crate::tls::Peer;

/// How callers are known.
#[derive(Debug, Clone)]
pub enum Door {
    /// A loopback caller is believed to be who it says it is.
    Insecure,
    /// By the certificate of the connection.
    Members(Arc<Members>, Clock, Arc<Rates>),
}

/// Puts the [`Caller`](crate::identity::Caller) into each request, or refuses it.
#[derive(Debug, Clone)]
pub struct Gate<S> {
    inner: S,
    door: Door,
}

impl<S> Gate<S> {
    /// A gate before `inner`.
    pub fn new(inner: S, door: Door) -> Self {
        Self { inner, door }
    }
}

impl Door {
    /// Lets a request through, with the token that ends what it opens; or says why not.
    fn pass(
        &self,
        request: &mut http::Request<Body>,
    ) -> Result<Option<CancellationToken>, Failure> {
        // A path that is not served goes through, to be answered UNIMPLEMENTED.
        let Some(access) = access(request.uri().path()) else { return Ok(None) };
        let (caller, ended, trusted) = match self {
            Self::Insecure => (insecure_caller(request.headers()), None, true),
            Self::Members(members, clock, rates) => {
                let welcome = welcome(members, clock, request);
                rates.take(request.extensions().get(), welcome.as_ref().ok())?;
                match welcome {
                    Ok(welcome) => (welcome.caller, Some(welcome.ended), false),
                    Err(_) if access.is_open() => return Ok(None),
                    Err(unproven) => return Err(unproven.into()),
                }
            }
        };
        if !access.permits(&caller, trusted) {
            let message = format!("`{}` is not for the role {}", request.uri().path(), caller.role);
            return Err(Failure::Denied(message));
        }
        request.extensions_mut().insert(caller);
        Ok(ended)
    }
}

fn welcome(
    members: &Members,
    clock: &Clock,
    request: &http::Request<Body>,
) -> Result<Welcome, Unproven> {
    let peer = request.extensions().get::<Peer>().ok_or(Unproven::NoCertificate)?;
    let now = clock.now();
    let welcome = members.welcome(&peer.credential, now)?;
    members.called(&welcome, peer.address.ip(), Told::of(request.headers()), now);
    Ok(welcome)
}

impl<S> tower::Service<http::Request<Body>> for Gate<S>
where
    S: tower::Service<http::Request<Body>, Response = http::Response<Body>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        match self.door.pass(&mut request) {
            Ok(ended) => Answer::Let(Box::pin(self.inner.call(request)), ended),
            Err(failure) => Answer::Refused(Some(status(&failure).into_http())),
        }
    }
}

/// The answer of what is behind the gate, or the gate's own.
#[derive(Debug)]
pub enum Answer<F> {
    /// Let through; what it opens ends with the token.
    Let(Pin<Box<F>>, Option<CancellationToken>),
    /// Refused.
    Refused(Option<http::Response<Body>>),
}

impl<F, E> Future for Answer<F>
where
    F: Future<Output = Result<http::Response<Body>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        match self.get_mut() {
            Self::Let(answer, ended) => {
                let response = ready!(answer.as_mut().poll(context))?;
                let ended = ended.take();
                Poll::Ready(Ok(match ended {
                    Some(ended) => response.map(|body| Ending::wrap(body, ended)),
                    None => response,
                }))
            }
            Self::Refused(response) => Poll::Ready(Ok(response.take().unwrap_or_default())),
        }
    }
}
