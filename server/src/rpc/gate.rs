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
use crate::acts::Acts;
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
    Members(Acts, Arc<Rates>),
}

/// Why a request is not let through.
enum Refused {
    /// By what this server knows now.
    Now(Failure),
    /// Nobody is known with the certificate, which is of the authority: another server may
    /// have let its bearer in a moment ago.
    Unknown(Acts),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Now(failure)
    }
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
        is_last: bool,
    ) -> Result<Option<CancellationToken>, Refused> {
        // A path that is not served goes through, to be answered UNIMPLEMENTED.
        let Some(access) = access(request.uri().path()) else { return Ok(None) };
        let (caller, ended, trusted) = match self {
            Self::Insecure => (insecure_caller(request.headers()), None, true),
            Self::Members(acts, rates) => {
                let welcome = welcome(acts.members(), acts.clock(), request);
                rates.take(request.extensions().get(), welcome.as_ref().ok())?;
                match welcome {
                    Ok(welcome) => (welcome.caller, Some(welcome.ended), false),
                    Err(_) if access.is_open() => return Ok(None),
                    Err(Unproven::Unknown) if !is_last => {
                        return Err(Refused::Unknown(acts.clone()));
                    }
                    Err(unproven) => return Err(Failure::from(unproven).into()),
                }
            }
        };
        if !access.permits(&caller, trusted) {
            let message = format!("`{}` is not for the role {}", request.uri().path(), caller.role);
            return Err(Failure::Denied(message).into());
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
    S: Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Answer<S::Future, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        match self.door.pass(&mut request, false) {
            Ok(ended) => Answer::Let(Box::pin(self.inner.call(request)), ended),
            Err(Refused::Now(failure)) => Answer::Refused(Some(status(&failure).into_http())),
            Err(Refused::Unknown(acts)) => {
                Answer::Later(Box::pin(self.clone().call_later(acts, request)))
            }
        }
    }
}

impl<S> Gate<S>
where
    S: tower::Service<http::Request<Body>, Response = http::Response<Body>>,
{
    /// Lets a request through by what other servers recorded too.
    async fn call_later(
        mut self,
        acts: Acts,
        mut request: http::Request<Body>,
    ) -> Result<S::Response, S::Error> {
        let caught_up = acts.catch_up().await.map_err(Failure::from);
        let passed = match caught_up {
            Ok(()) => self.door.pass(&mut request, true),
            Err(failure) => Err(failure.into()),
        };
        match passed {
            Ok(ended) => {
                std::future::poll_fn(|context| self.inner.poll_ready(context)).await?;
                Answer::Let(Box::pin(self.inner.call(request)), ended).await
            }
            Err(Refused::Now(failure)) => Ok(status(&failure).into_http()),
            Err(Refused::Unknown(_)) => Ok(status(&Unproven::Unknown.into()).into_http()),
        }
    }
}

/// The answer of what is behind the gate, or the gate's own.
pub enum Answer<F, E> {
    /// Let through; what it opens ends with the token.
    Let(Pin<Box<F>>, Option<CancellationToken>),
    /// Refused.
    Refused(Option<http::Response<Body>>),
    /// Let through or refused once this server knows what others do.
    Later(Pin<Box<dyn Future<Output = Result<http::Response<Body>, E>> + Send>>),
}

impl<F, E> std::fmt::Debug for Answer<F, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer")
    }
}

impl<F, E> Future for Answer<F, E>
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
            Self::Later(answer) => answer.as_mut().poll(context),
            Self::Refused(response) => Poll::Ready(Ok(response.take().unwrap_or_default())),
        }
    }
}
