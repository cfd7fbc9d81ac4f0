//! The numbers of the server for Prometheus, and the counting of pages.

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header;
use http::request::Parts;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::entry::Reader;
use super::lang::Lang;
use super::refusal::Refusal;
use super::{Page, Web};

/// All numbers, for whoever has the token, and for whoever reads pages.
pub(super) async fn text(State(web): State<Arc<Web>>, request: Request) -> Page {
    let (mut parts, _) = request.into_parts();
    if !has_token(&web, &parts) {
        let reader = Reader::from_request_parts(&mut parts, &web).await?;
        reader.is_known(Lang::of(&parts))?;
    }
    let text = web.metrics.text(&web.services).await;
    let text = text.map_err(|failure| Refusal::new(Lang::of(&parts), failure))?;
    Ok(([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response())
}

/// Whether a request shows the token; hashes are compared, so that time tells nothing.
fn has_token(web: &Web, parts: &Parts) -> bool {
    let shown = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|text| text.strip_prefix("Bearer "));
    let Some((shown, token)) = shown.zip(web.metrics_token) else { return false };
    Sha256::digest(shown.trim())[..] == token
}

/// Counts requests by the route they take, which names nobody and nothing.
pub(super) async fn count(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let began = Instant::now();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    let (seconds, code) = (began.elapsed().as_secs_f64(), response.status());
    web.metrics.page(route, code.as_str(), seconds);
    tracing::debug!(route, code = code.as_u16(), seconds, "a page was asked for");
    response
}
