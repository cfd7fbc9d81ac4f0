//! Patterns such as `{period} Total` that pick headings and sheets and take them apart.

use std::fmt;

use super::words::{folded_character, tidied};

/// A text with slots in braces: `{period}`, `{indicator}`, or the id of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(Vec<char>),
    Slot(Slot),
}

/// What the text in a slot tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// The reporting period.
    Period,
    /// The indicator.
    Indicator,
    /// The member of this dimension.
    Dimension(String),
}

/// The text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A brace is not closed, not opened, or empty.
    #[error("`{0}` has a brace without its counterpart; slots are written `{{period}}`")]
    Braces(String),
    /// Nothing separates two slots.
    #[error("`{0}` has two slots with nothing between them")]
    Adjacent(String),
}

impl TryFrom<String> for Pattern {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        let braces = || Error::Braces(text.clone());
        let mut parts = Vec::new();
        let tidy = tidied(&text);
        let mut rest = tidy.as_str();
        while !rest.is_empty() {
            let open = rest.find('{').unwrap_or(rest.len());
            let (literal, behind) = rest.split_at(open);
            if literal.contains('}') {
                return Err(braces());
            }
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.chars().map(folded_character).collect()));
            }
            let Some(behind) = behind.strip_prefix('{') else { break };
            let (slot, behind) = behind.split_once('}').ok_or_else(braces)?;
            if slot.trim().is_empty() || slot.contains('{') {
                return Err(braces());
            }
            if matches!(parts.last(), Some(Part::Slot(_))) {
                return Err(Error::Adjacent(text));
            }
            parts.push(Part::Slot(Slot::named(slot.trim())));
            rest = behind;
        }
        Ok(Self { text, parts })
    }
}

impl Slot {
    fn named(name: &str) -> Self {
        match name {
            "period" => Self::Period,
            "indicator" => Self::Indicator,
            dimension => Self::Dimension(dimension.to_owned()),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Pattern {
    /// The slots.
    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.parts.iter().filter_map(|part| match part {
            Part::Slot(slot) => Some(slot),
            Part::Literal(_) => None,
        })
    }

    /// Takes `text` apart so that `fits` likes the text of every slot; none if that cannot be.
    ///
    /// Of several ways it takes the one whose first slots are shortest.
    pub(super) fn take_apart(
        &self,
        text: &str,
        fits: &dyn Fn(&Slot, &str) -> bool,
    ) -> Option<Vec<(&Slot, String)>> {
        let text: Vec<char> = tidied(text).chars().collect();
        let mut found = Vec::new();
        matches(&self.parts, &text, fits, &mut found).then_some(found)
    }
}

fn matches<'p>(
    parts: &'p [Part],
    text: &[char],
    fits: &dyn Fn(&Slot, &str) -> bool,
    found: &mut Vec<(&'p Slot, String)>,
) -> bool {
    match parts.split_first() {
        None => text.is_empty(),
        Some((Part::Literal(literal), rest)) => {
            text.len() >= literal.len()
                && text.iter().zip(literal).all(|(a, b)| folded_character(*a) == *b)
                && matches(rest, &text[literal.len()..], fits, found)
        }
        Some((Part::Slot(slot), rest)) => (1..=text.len()).any(|length| {
            let taken: String = text[..length].iter().collect();
            let taken = taken.trim();
            if taken.is_empty() || !fits(slot, taken) {
                return false;
            }
            found.push((slot, taken.to_owned()));
            let fit = matches(rest, &text[length..], fits, found);
            if !fit {
                found.pop();
            }
            fit
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::try_from(text.to_owned()).unwrap()
    }

    #[track_caller]
    fn check(text: &str, heading: &str, expected: Option<&[&str]>) {
        let pattern = pattern(text);
        let fits = |slot: &Slot, text: &str| {
            *slot != Slot::Period || (text.len() == 4 && text.parse::<u16>().is_ok())
        };
        let found = pattern.take_apart(heading, &fits);
        let found = found.map(|found| found.into_iter().map(|(_, text)| text).collect::<Vec<_>>());
        let expected = expected.map(|texts| texts.iter().map(ToString::to_string).collect());
        assert_eq!(found, expected, "`{text}` on `{heading}`");
    }

    #[test]
    fn headings_are_taken_apart() {
        check("{period} Total", "2010 Total", Some(&["2010"]));
        check("{period} Total", "2010  TOTAL ", Some(&["2010"]));
        check("{period} Total", "2010 Salary & wage", None);
        check("{period} Total", "2010 Total of", None);
        check("{period}", "2010", Some(&["2010"]));
        check("{period}", "Cities, provinces", None);
        check("{sex} {period}", "Male 2013", Some(&["Male", "2013"]));
        check(
            "{period} {item}",
            "2003 Of which: Public teacher",
            Some(&["2003", "Of which: Public teacher"]),
        );
        check("{period}_PAPI", "2011_PAPI", Some(&["2011"]));
        check("{sex}, {period}", "nam, nữ, 2013", Some(&["nam, nữ", "2013"]));
        check("Tổng số", "tổng số", Some(&[]));
    }

    #[test]
    fn patterns_are_checked() {
        for (text, error) in [
            ("{period", Error::Braces("{period".into())),
            ("period}", Error::Braces("period}".into())),
            ("{}", Error::Braces("{}".into())),
            ("{a}{b}", Error::Adjacent("{a}{b}".into())),
        ] {
            assert_eq!(Pattern::try_from(text.to_owned()), Err(error));
        }
    }
}
