//! What goes with every answer so that a browser does nothing but show it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body::Body as _;

use super::Web;
use super::lang::Lang;
use crate::rpc::gate::Door;

/// Nothing but our own files: no script or style within a page, no frame around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// For a year browsers ask this name over TLS alone.
const TLS_ALONE: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the headers, and remembers a language that was chosen.
pub(super) async fn safe(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let chosen = Lang::chosen(request.uri());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if matches!(web.door, Door::Members(..)) {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, TLS_ALONE);
    }
    // Figures are not left behind on a computer that others use.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Some(cookie) = chosen.and_then(|lang| lang.cookie().parse().ok()) {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

/// Refuses a request with a body: no page takes one.
pub(super) async fn without_body(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let close = [(header::CONNECTION, "close")];
    (StatusCode::PAYLOAD_TOO_LARGE, close, "a request has no body here\n").into_response()
}
