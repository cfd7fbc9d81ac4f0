//! What people are told, in Vietnamese or English: words, numbers, days and judgements.

mod judgement;
mod values;
mod words;

pub(crate) use judgement::because;
pub(crate) use words::{VERDICTS, Words, class};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use tiendo_shared::indicator::Text;
use tiendo_shared::wire::v1::LocalText;

use words::{EN, VI};

/// What the clocks of Viet Nam are ahead of UTC, all year.
const VIET_NAM: Offset = Offset::constant(7);

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lang {
    Vi,
    En,
}

impl Lang {
    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "vi" => Some(Self::Vi),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// Its name in pages and addresses.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }

    /// Its words.
    pub(crate) fn words(self) -> &'static Words {
        match self {
            Self::Vi => &VI,
            Self::En => &EN,
        }
    }

    /// Of a text in both languages, this one.
    pub(crate) fn text(self, text: &Text) -> &str {
        match self {
            Self::Vi => &text.vi,
            Self::En => &text.en,
        }
    }

    /// Of a message in both languages, this one.
    pub(crate) fn local(self, text: Option<&LocalText>) -> &str {
        text.map_or("", |text| match self {
            Self::Vi => &text.vi,
            Self::En => &text.en,
        })
    }

    /// An exact decimal as people write it here; anything else stays as it is.
    pub(crate) fn number(self, decimal: &str) -> String {
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
    pub(crate) fn float(self, number: f64, decimals: usize) -> String {
        self.number(&format!("{number:.decimals$}"))
    }

    /// A day in Viet Nam as people write it here.
    pub(crate) fn day(self, instant: Timestamp) -> String {
        self.date(VIET_NAM.to_datetime(instant).date())
    }

    /// A day as people write it here.
    pub(crate) fn date(self, day: Date) -> String {
        let form = match self {
            Self::Vi => "%d/%m/%Y",
            Self::En => "%-d %b %Y",
        };
        day.strftime(form).to_string()
    }

    /// A day and time in Viet Nam as people write them here.
    pub(crate) fn instant(self, instant: Timestamp) -> String {
        let form = match self {
            Self::Vi => "%H:%M, %d/%m/%Y",
            Self::En => "%-d %B %Y, %H:%M",
        };
        VIET_NAM.to_datetime(instant).strftime(form).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
