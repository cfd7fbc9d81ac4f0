//! The language of a page: asked for, remembered, or what the browser prefers.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, Uri, header};

use super::entry::cookie;
pub(super) use crate::text::Lang;

/// The cookie that remembers a choice.
const COOKIE: &str = "__Host-tiendo-lang";

impl Lang {
    /// The one to answer a request in.
    pub(super) fn of(parts: &Parts) -> Self {
        let remembered = || cookie(&parts.headers, COOKIE).and_then(Self::named);
        Self::chosen(&parts.uri).or_else(remembered).unwrap_or_else(|| accepted(&parts.headers))
    }

    /// The one a request chooses.
    pub(super) fn chosen(uri: &Uri) -> Option<Self> {
        let mut pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == "lang").and_then(|(_, name)| Self::named(name))
    }

    /// The cookie that remembers it for a year.
    pub(super) fn cookie(self) -> String {
        let code = self.code();
        format!("{COOKIE}={code}; Path=/; Max-Age=31536000; Secure; HttpOnly; SameSite=Strict")
    }
}

impl<S: Sync> FromRequestParts<S> for Lang {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// The language a browser prefers; Vietnamese where it does not say English first.
fn accepted(headers: &HeaderMap) -> Lang {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let mut names = accepted.unwrap_or_default().split(',').map(str::trim);
    let known = |name: &str| Lang::named(name.get(..2)?.to_ascii_lowercase().as_str());
    names.find_map(known).unwrap_or(Lang::Vi)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_comes_before_what_is_remembered_or_preferred() {
        for (uri, cookie, accept, expect) in [
            ("/", "", "", Lang::Vi),
            ("/", "", "en-GB,vi;q=0.5", Lang::En),
            ("/", "", "fr, en;q=0.8", Lang::En),
            ("/", "__Host-tiendo-lang=vi", "en", Lang::Vi),
            ("/?lang=en", "__Host-tiendo-lang=vi", "vi", Lang::En),
            ("/?a=1&lang=xx", "__Host-tiendo-lang=en", "vi", Lang::En),
        ] {
            let request = http::Request::get(uri)
                .header(header::COOKIE, cookie)
                .header(header::ACCEPT_LANGUAGE, accept);
            let (parts, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(Lang::of(&parts), expect, "{uri} {cookie} {accept}");
        }
    }
}
