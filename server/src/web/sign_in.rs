//! Opens the board with a link of an administrator: one click, one cookie, some hours.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::entry::{COOKIE, cookie};
use super::lang::Lang;
use super::refusal::{Refusal, page};
use super::{Page, Web};
use crate::failure::Failure;
use crate::sign_in::SESSION;
use crate::text::Words;

/// What the address of a link holds.
#[derive(Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    token: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Ask<'a> {
    lang: Lang,
    w: &'a Words,
    token: &'a str,
}

/// A page with one button, so that nothing that only looks at a link uses it up.
pub(super) async fn ask(lang: Lang, Query(link): Query<Link>) -> Response {
    page(&Ask { lang, w: lang.words(), token: &link.token })
}

/// Uses the link up and lets the browser in.
pub(super) async fn redeem(
    State(web): State<Arc<Web>>,
    lang: Lang,
    Query(link): Query<Link>,
) -> Page {
    let refused = |failure| Refusal::new(lang, failure);
    let used_up = || Failure::unauthenticated(lang.words().link_used_up);
    let board = web.services.board.as_ref().ok_or_else(|| refused(used_up()))?;
    let now = web.services.clock.now();
    let secret = board.sign_in.redeem(&link.token, now).map_err(refused)?;
    let secret = secret.ok_or_else(|| refused(used_up()))?;
    let age = SESSION.as_secs();
    Ok(go_home(&format!(
        "{COOKIE}={secret}; Path=/; Max-Age={age}; Secure; HttpOnly; SameSite=Strict"
    )))
}

/// Ends what the link opened.
pub(super) async fn leave(State(web): State<Arc<Web>>, headers: HeaderMap) -> Response {
    if let (Some(board), Some(secret)) = (&web.services.board, cookie(&headers, COOKIE)) {
        board.sign_in.sign_out(secret);
    }
    go_home(&format!("{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"))
}

fn go_home(cookie: &str) -> Response {
    let headers = [(header::LOCATION, "/"), (header::SET_COOKIE, cookie)];
    (StatusCode::SEE_OTHER, headers).into_response()
}
