//! The language of a page: asked for, remembered, or what the browser prefers.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, Uri, header};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use tiendo_shared::indicator::Text;
use tiendo_shared::wire::v1::LocalText;

use super::entry::cookie;
use super::words::{EN, VI, Words};

/// The cookie that remembers a choice.
const COOKIE: &str = "__Host-tiendo-lang";

/// What the clocks of Viet Nam are ahead of UTC, all year.
const VIET_NAM: Offset = Offset::constant(7);

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lang {
    Vi,
    En,
}

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

    fn named(name: &str) -> Option<Self> {
        match name {
            "vi" => Some(Self::Vi),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// Its name in pages and addresses.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }

    /// The cookie that remembers it for a year.
    pub(super) fn cookie(self) -> String {
        let code = self.code();
        format!("{COOKIE}={code}; Path=/; Max-Age=31536000; Secure; HttpOnly; SameSite=Strict")
    }

    /// Its words.
    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::Vi => &VI,
            Self::En => &EN,
        }
    }

    /// Of a text in both languages, this one.
    pub(super) fn text(self, text: &Text) -> &str {
        match self {
            Self::Vi => &text.vi,
            Self::En => &text.en,
        }
    }

    /// Of a message in both languages, this one.
    pub(super) fn local(self, text: Option<&LocalText>) -> &str {
        text.map_or("", |text| match self {
            Self::Vi => &text.vi,
            Self::En => &text.en,
        })
    }

    /// An exact decimal as people write it here; anything else stays as it is.
    pub(super) fn number(self, decimal: &str) -> String {
        let (minus, digits) =
            decimal.strip_prefix('-').map_or(("", decimal), |digits| ("\u{2212}", digits));
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return decimal.to_owned();
        }
        let (thousands, point) = match self {
            Self::Vi => ('.', ','),
            Self::En => (',', '.'),
        };
        let mut text = String::from(minus);
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                text.push(thousands);
            }
            text.push(digit);
        }
        if !part.is_empty() {
            text.push(point);
            text.push_str(part);
        }
        text
    }

    /// A rounded number.
    pub(super) fn float(self, number: f64, decimals: usize) -> String {
        self.number(&format!("{number:.decimals$}"))
    }

    /// A day in Viet Nam as people write it here.
    pub(super) fn day(self, instant: Timestamp) -> String {
        self.date(VIET_NAM.to_datetime(instant).date())
    }

    /// A day as people write it here.
    pub(super) fn date(self, day: Date) -> String {
        let form = match self {
            Self::Vi => "%d/%m/%Y",
            Self::En => "%-d %b %Y",
        };
        day.strftime(form).to_string()
    }

    /// A day and time in Viet Nam as people write them here.
    pub(super) fn instant(self, instant: Timestamp) -> String {
        let form = match self {
            Self::Vi => "%H:%M, %d/%m/%Y",
            Self::En => "%-d %B %Y, %H:%M",
        };
        VIET_NAM.to_datetime(instant).strftime(form).to_string()
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

    #[test]
    fn numbers_are_written_as_they_are_read() {
        for (decimal, vi, en) in [
            ("5.99", "5,99", "5.99"),
            ("-14.01", "\u{2212}14,01", "\u{2212}14.01"),
            ("3049", "3.049", "3,049"),
            ("1234567.5", "1.234.567,5", "1,234,567.5"),
            ("kha", "kha", "kha"),
            ("", "", ""),
        ] {
            assert_eq!(
                (Lang::Vi.number(decimal), Lang::En.number(decimal)),
                (vi.into(), en.into())
            );
        }
    }
}
