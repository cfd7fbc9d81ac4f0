//! Tells browsers of each verdict that moves, as server-sent events of the use case that watches.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::StreamExt as _;
use http::HeaderMap;
use tiendo_shared::wire::v1;

use super::entry::Reader;
use super::lang::Lang;
use super::refusal::Refusal;
use super::{Page, Web};

/// What a browser sends of the last event it heard when it comes again.
const LAST: &str = "last-event-id";

/// The events, until the server stops or the reader may not look any more.
pub(super) async fn events(
    State(web): State<Arc<Web>>,
    lang: Lang,
    reader: Reader,
    headers: HeaderMap,
) -> Page {
    let last = headers.get(LAST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let place = web.crowd.listen(&reader).map_err(|failure| Refusal::new(lang, failure))?;
    let request = v1::WatchTargetStatusesRequest {
        horizon: 0,
        resume_token: last.to_owned(),
        basis: reader.basis as i32,
    };
    let began = web.services.watch.stream(&request).await;
    let (_, moves) = began.map_err(|failure| Refusal::new(lang, failure))?;
    let events = moves.map(move |message| {
        let _held = &place;
        Ok::<_, Infallible>(event(lang, &message))
    });
    let events = events.take_until(Box::pin(reader.over()));
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

fn event(lang: Lang, message: &v1::WatchTargetStatusesResponse) -> Event {
    let status = message.status.as_ref();
    let target = status.map_or("", |status| &status.target);
    let verdict = status.map_or("", |status| lang.verdict(status.verdict()));
    let told = format!("{} {target}: {verdict}", lang.words().moved);
    Event::default().event("verdict").id(&message.resume_token).data(told)
}
