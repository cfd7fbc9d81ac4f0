//! Why there is no page, as a page.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::{StatusCode, Uri, header};
use tonic::Code;

use super::lang::Lang;
use crate::failure::Failure;
use crate::rpc::error::code;
use crate::text::Words;

/// A failure, told in a language.
#[derive(Debug)]
pub(super) struct Refusal {
    lang: Lang,
    failure: Failure,
}

impl Refusal {
    pub(super) fn new(lang: Lang, failure: Failure) -> Self {
        Self { lang, failure }
    }
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct Shown<'a> {
    lang: Lang,
    w: &'a Words,
    status: u16,
    title: &'a str,
    hint: &'a str,
    message: String,
}

/// The page of an address that has none.
pub(super) async fn not_found(lang: Lang, uri: Uri) -> Refusal {
    Refusal::new(lang, Failure::not_found("page", uri.path()))
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (code, reason, retry_after) = code(&self.failure);
        let (status, w) = (status(code), self.lang.words());
        let (title, hint) = match status {
            StatusCode::UNAUTHORIZED => (w.who_are_you, w.how_to_get_in),
            StatusCode::FORBIDDEN => (w.not_for_you, w.how_to_get_in),
            StatusCode::NOT_FOUND => (w.not_there, ""),
            StatusCode::BAD_REQUEST => (w.not_understood, ""),
            StatusCode::TOO_MANY_REQUESTS => (w.too_much, ""),
            _ => (w.went_wrong, ""),
        };
        if status.is_server_error() {
            tracing::error!(reason, error = %self.failure, "a page could not be made");
        }
        let message = self.failure.to_string();
        let shown = Shown { lang: self.lang, w, status: status.as_u16(), title, hint, message };
        let mut response = (status, page(&shown)).into_response();
        if let Some(after) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, (after.as_secs() + 1).into());
        }
        response
    }
}

/// A template as a page.
pub(super) fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn status(code: Code) -> StatusCode {
    match code {
        Code::InvalidArgument | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::FailedPrecondition | Code::AlreadyExists => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
