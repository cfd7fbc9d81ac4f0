//! One value of the file, read as what it has to be, or a problem at its place.

use std::fmt::Display;
use std::ops::RangeInclusive;

use jiff::civil::Date;
use rust_decimal::Decimal;
use toml::Spanned;
use toml::de::DeValue;

use super::problem::Findings;
use super::section::Section;
use crate::indicator::Text;
use crate::period::ReportingPeriod;

/// A value with the key it stands under. Every reader notes a problem before it
/// returns none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) findings: &'a Findings<'a>,
    /// Key it stands under; for an entry of a list, the list's.
    pub(super) name: &'a str,
    pub(super) value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Node<'a> {
    /// Byte offset in the text.
    pub(super) fn at(self) -> usize {
        self.value.span().start
    }

    /// Notes a problem with this value.
    pub(super) fn refuse<T>(self, message: impl Into<String>) -> Option<T> {
        self.findings.add(self.at(), message);
        None
    }

    fn refuse_type<T>(self, wanted: &str) -> Option<T> {
        let got = match self.value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.refuse(format!("`{}` must be {wanted}, not {got}", self.name))
    }

    /// The text as it stands, of any content.
    pub(super) fn raw_text(self) -> Option<&'a str> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(text),
            _ => self.refuse_type("a text in quotes"),
        }
    }

    /// A text that says something.
    pub(super) fn text(self) -> Option<String> {
        let text = self.raw_text()?;
        if text.trim().is_empty() {
            return self.refuse(format!("`{}` is empty", self.name));
        }
        Some(text.trim().to_owned())
    }

    /// A text in both languages.
    pub(super) fn bilingual(self) -> Option<Text> {
        let section = self.section("a table with `vi` and `en`")?;
        let vi = section.required("vi", Self::text);
        let en = section.required("en", Self::text);
        section.refuse_unknown();
        Some(Text { vi: vi?, en: en? })
    }

    /// A whole number within bounds.
    pub(super) fn integer<T>(self, bounds: RangeInclusive<T>) -> Option<T>
    where
        T: TryFrom<i64> + PartialOrd + Display,
    {
        let DeValue::Integer(number) = self.value.get_ref() else {
            return self.refuse_type("a whole number");
        };
        let read = i64::from_str_radix(number.as_str(), number.radix()).ok();
        let within = read.and_then(|number| T::try_from(number).ok());
        within.filter(|number| bounds.contains(number)).or_else(|| {
            let (from, to) = (bounds.start(), bounds.end());
            self.refuse(format!("`{}` must be from {from} to {to}, not `{number}`", self.name))
        })
    }

    /// An exact decimal: quoted, or a whole number.
    pub(super) fn decimal(self) -> Option<Decimal> {
        match self.value.get_ref() {
            DeValue::String(text) if text.is_empty() => {
                self.refuse(format!("`{}` is empty", self.name))
            }
            DeValue::String(text) => exact(text).or_else(|| {
                self.refuse(format!(
                    "`{}` is not a decimal: digits with a point, at most 28 of them, as in \"12.5\"",
                    text.chars().take(40).collect::<String>()
                ))
            }),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map(Decimal::from)
                .ok()
                .or_else(|| self.refuse(format!("`{number}` has too many digits"))),
            DeValue::Float(number) => {
                let number = number.as_str();
                self.refuse(format!(
                    "`{number}` is a float and not exact; write it in quotes: \"{number}\""
                ))
            }
            _ => self.refuse_type("a decimal in quotes"),
        }
    }

    /// A decimal above zero.
    pub(super) fn positive(self) -> Option<Decimal> {
        let number = self.decimal()?;
        if number > Decimal::ZERO {
            return Some(number);
        }
        self.refuse(format!("`{}` must be above 0, not `{number}`", self.name))
    }

    /// A decimal that is not below zero.
    pub(super) fn not_negative(self) -> Option<Decimal> {
        let number = self.decimal()?;
        if number >= Decimal::ZERO {
            return Some(number);
        }
        self.refuse(format!("`{}` must not be below 0, but is `{number}`", self.name))
    }

    /// A calendar day.
    pub(super) fn date(self) -> Option<Date> {
        let DeValue::Datetime(datetime) = self.value.get_ref() else {
            return self.refuse_type("a day as 2025-07-01, without quotes");
        };
        match (datetime.date, datetime.time) {
            (Some(date), None) => {
                let year = i16::try_from(date.year).ok()?;
                let (month, day) = (date.month.cast_signed(), date.day.cast_signed());
                Date::new(year, month, day)
                    .ok()
                    .or_else(|| self.refuse(format!("`{datetime}` is not in the calendar")))
            }
            _ => self.refuse(format!("`{datetime}` must be a day alone, as 2025-07-01")),
        }
    }

    /// True or false.
    pub(super) fn flag(self) -> Option<bool> {
        match self.value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.refuse_type("true or false"),
        }
    }

    /// A reporting period.
    pub(super) fn period(self) -> Option<ReportingPeriod> {
        match self.raw_text()?.parse() {
            Ok(period) => Some(period),
            Err(error) => self.refuse(format!("{error}")),
        }
    }

    /// One of the words given with their meanings.
    pub(super) fn choice<T: Copy>(self, words: &[(&str, T)]) -> Option<T> {
        let text = self.raw_text()?;
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*meaning);
        }
        let known: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        let hint = self.findings.hint(text, words.iter().map(|(word, _)| *word));
        let accepted = known.join(", ");
        self.refuse(format!("`{}` cannot be `{text}`; accepted: {accepted}{hint}", self.name))
    }

    /// The entries of a list.
    pub(super) fn items(self) -> Option<Vec<Self>> {
        match self.value.get_ref() {
            DeValue::Array(items) => {
                Some(items.iter().map(|value| Self { value, ..self }).collect())
            }
            _ => self.refuse_type("a list"),
        }
    }

    /// The entries of a list of exactly two.
    pub(super) fn pair<T>(self, read: impl Fn(Self) -> Option<T>) -> Option<(T, T)> {
        let [first, second] = self.items()?[..] else {
            return self.refuse(format!("`{}` must list exactly two", self.name));
        };
        let (first, second) = (read(first), read(second));
        Some((first?, second?))
    }

    /// The table this value is.
    pub(super) fn section(self, wanted: &str) -> Option<Section<'a>> {
        match self.value.get_ref() {
            DeValue::Table(table) => {
                Some(Section::new(self.findings, format!("`{}`", self.name), self.at(), table))
            }
            _ => self.refuse_type(wanted),
        }
    }
}

/// A decimal with a point and at most 28 digits; none for any other form.
pub(super) fn exact(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let count = digits.bytes().filter(u8::is_ascii_digit).count();
    let fits = count <= 28 && plain(whole) && plain(fraction);
    fits.then(|| Decimal::from_str_exact(text).ok()).flatten()
}
