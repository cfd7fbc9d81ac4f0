//! Who looks at a page: by certificate, by the cookie of a sign-in link, or anybody.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderMap, header};
use tiendo_shared::wire::v1::Basis;
use tokio_util::sync::CancellationToken;

use super::Web;
use super::lang::Lang;
use super::refusal::Refusal;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::identity::{Caller, Members, Role, Unproven, Welcome};
use crate::rpc::access::access;
use crate::rpc::gate::Door;
use crate::tls::Peer;

/// The cookie of a browser that opened a sign-in link; only TLS carries it.
pub(super) const COOKIE: &str = "__Host-tiendo";

/// The rpc whose rule says who reads pages.
const READS: &str = "/tiendo.v1.StatusService/ListTargetStatuses";

/// Somebody who may look.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    /// Who it is; empty for anybody.
    pub(super) name: String,
    /// Which figures it may see.
    pub(super) basis: Basis,
    /// Ends when it may not look any more.
    ended: CancellationToken,
    /// What a link opened; none for readers with a certificate, and for anybody.
    session: Option<Session>,
}

/// What a link opened.
#[derive(Debug, Clone)]
struct Session {
    /// How long it still lets look.
    left: Duration,
    /// Ends when the reader leaves.
    left_by: CancellationToken,
}

impl Reader {
    /// Somebody nobody knows, who sees what was approved.
    pub(super) fn anybody() -> Self {
        let (name, ended) = (String::new(), CancellationToken::new());
        Self { name, basis: Basis::Approved, ended, session: None }
    }

    /// Whether a link opened the board, which can be left.
    pub(super) fn by_link(&self) -> bool {
        self.session.is_some()
    }

    /// Ends when it may not look any more, for what goes on and on.
    pub(super) fn over(&self) -> impl Future<Output = ()> + Send + use<> {
        let (ended, session) = (self.ended.clone(), self.session.clone());
        async move {
            match session {
                None => ended.cancelled().await,
                Some(Session { left, left_by }) => tokio::select! {
                    () = ended.cancelled() => {}
                    () = left_by.cancelled() => {}
                    () = tokio::time::sleep(left) => {}
                },
            }
        }
    }

    /// Refuses whoever nobody knows.
    pub(super) fn is_known(&self, lang: Lang) -> Result<(), Refusal> {
        if self.basis == Basis::All {
            return Ok(());
        }
        let message = "this page is for readers who prove who they are";
        Err(Refusal::new(lang, Failure::unauthenticated(message)))
    }
}

impl FromRequestParts<Arc<Web>> for Reader {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Refusal> {
        web.let_in(parts).map_err(|failure| Refusal::new(Lang::of(parts), failure))
    }
}

impl Web {
    /// Who looks, or why nobody does.
    fn let_in(&self, parts: &Parts) -> Result<Reader, Failure> {
        let (members, clock) = match &self.door {
            Door::Insecure => return trying_out(parts),
            Door::Members(acts, _) => (acts.members(), acts.clock()),
        };
        let peer = parts.extensions.get::<Peer>();
        let (welcome, session) = self.welcome(members, clock, peer, &parts.headers);
        let welcome = match welcome {
            Err(_) if self.public_board => return Ok(Reader::anybody()),
            welcome => welcome?,
        };
        if !access(READS).is_some_and(|rule| rule.permits(&welcome.caller, false)) {
            let role = welcome.caller.role;
            return Err(Failure::Denied(format!("the board is not for the role {role}")));
        }
        let Welcome { caller, ended, .. } = welcome;
        Ok(Reader { name: caller.name, basis: Basis::All, ended, session })
    }

    /// The bearer of the certificate, or else of the cookie and how long that is good.
    fn welcome(
        &self,
        members: &Members,
        clock: &Clock,
        peer: Option<&Peer>,
        headers: &HeaderMap,
    ) -> (Result<Welcome, Unproven>, Option<Session>) {
        let proven = match peer {
            Some(peer) => members.welcome(&peer.credential, clock.now()),
            None => Err(Unproven::NoCertificate),
        };
        let by_link = proven.is_err().then(|| self.signed_in(members, clock, headers)).flatten();
        match by_link {
            Some((welcome, session)) => (Ok(welcome), Some(session)),
            None => (proven, None),
        }
    }

    /// The reader of a session, as long as the administrator who allowed it is one.
    fn signed_in(
        &self,
        members: &Members,
        clock: &Clock,
        headers: &HeaderMap,
    ) -> Option<(Welcome, Session)> {
        let (board, now) = (self.services.board.as_ref()?, clock.now());
        let (key, grant) = board.sign_in.reader(cookie(headers, COOKIE)?, now)?;
        let left = grant.ends.duration_since(now).unsigned_abs();
        let registry = members.registry();
        let by = registry.at(&(String::new(), grant.by))?;
        let is_other = by.key != grant.by_key;
        if is_other || by.revoked.is_some() || by.caller.role != Role::Administrator {
            return None;
        }
        let caller = Caller { role: Role::Operator, department: None, name: grant.reader };
        let session = Session { left, left_by: grant.left };
        Some((Welcome { caller, key, ended: by.ended.clone() }, session))
    }
}

/// Lets requests through as often as calls, whatever they ask for.
pub(super) async fn paced(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if let Door::Members(acts, rates) = &web.door {
        let peer = parts.extensions.get::<Peer>();
        let (welcome, _) = web.welcome(acts.members(), acts.clock(), peer, &parts.headers);
        if let Err(failure) = rates.take(peer, welcome.as_ref().ok()) {
            return Refusal::new(Lang::of(&parts), failure).into_response();
        }
    }
    next.run(Request::from_parts(parts, body)).await
}

/// Without TLS whoever reaches the loopback address is believed, but no page of another
/// site that a browser was led here from.
fn trying_out(parts: &Parts) -> Result<Reader, Failure> {
    let named = parts.uri.host().or_else(|| {
        let host = parts.headers.get(header::HOST)?.to_str().ok()?;
        Some(host.rsplit_once(':').map_or(host, |(name, _)| name))
    });
    if !matches!(named, Some("localhost" | "127.0.0.1" | "[::1]")) {
        let message = "without TLS the board answers to `localhost` and `127.0.0.1` alone";
        return Err(Failure::Denied(message.to_owned()));
    }
    Ok(Reader { basis: Basis::All, ..Reader::anybody() })
}

/// The value of a cookie.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|text| text.split(';')).find_map(|one| {
        let (found, value) = one.trim().split_once('=')?;
        (found == name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=1; __Host-tiendo=x=y".parse().unwrap());
        headers.append(header::COOKIE, "b=2".parse().unwrap());
        assert_eq!(cookie(&headers, COOKIE), Some("x=y"));
        assert_eq!(cookie(&headers, "b"), Some("2"));
        assert_eq!(cookie(&headers, "Host-tiendo"), None);
    }

    #[test]
    fn trying_out_is_for_the_loopback_names_alone() {
        for (host, let_in) in [
            ("localhost:7480", true),
            ("127.0.0.1:7480", true),
            ("[::1]:7480", true),
            ("localhost", true),
            ("evil.example:7480", false),
            ("localhost.evil.example:7480", false),
        ] {
            let request = http::Request::get("/").header(header::HOST, host).body(()).unwrap();
            assert_eq!(trying_out(&request.into_parts().0).is_ok(), let_in, "{host}");
        }
    }
}
