//! Marks that files put beside or in place of values: `..`, `Prel.`, `(*)`, `p`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use tiendo_shared::measurement::{MissingReason, ObservationStatus};

use super::words::{Texts, folded, folded_character, tidied};

/// The marks of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Marks {
    /// Stand in place of a value: there is none. An empty text stands for empty cells,
    /// which are passed over otherwise.
    pub missing: MissingMarks,
    /// Stand in place of a value: an earlier one is taken back.
    pub withdrawn: Texts,
    /// Make a value provisional; in a heading, all of its column.
    pub provisional: Texts,
    /// Make a value estimated.
    pub estimated: Texts,
    /// Make a value the first after a break in its series.
    pub r#break: Texts,
    /// Mean nothing here, such as the asterisks of footnotes.
    pub footnotes: Texts,
    /// In the column `confirmed`: the department stands by the value. `x` if not declared.
    pub confirmed: Option<Texts>,
}

/// Marks for no value, each with the reason that it gives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MissingMarks(Vec<(String, MissingReason)>);

impl MissingMarks {
    /// The reason that `text` gives, if it is one of the marks.
    pub(super) fn reason(&self, text: &str) -> Option<MissingReason> {
        let text = folded(text);
        self.0.iter().find(|(mark, _)| folded(mark) == text).map(|(_, reason)| *reason)
    }
}

/// The reason of this name: `not_collected`, `not_yet_available`, `not_applicable`, `confidential`.
pub(super) fn missing_reason(name: &str) -> Option<MissingReason> {
    match name {
        "not_collected" => Some(MissingReason::NotCollected),
        "not_yet_available" => Some(MissingReason::NotYetAvailable),
        "not_applicable" => Some(MissingReason::NotApplicable),
        "confidential" => Some(MissingReason::Confidential),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for MissingMarks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MissingVisitor)
    }
}

struct MissingVisitor;

impl<'de> Visitor<'de> for MissingVisitor {
    type Value = MissingMarks;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of marks, or a table from marks to reasons")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<MissingMarks, A::Error> {
        let mut marks = Vec::new();
        while let Some(mark) = list.next_element()? {
            marks.push((mark, MissingReason::NotCollected));
        }
        Ok(MissingMarks(marks))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MissingMarks, A::Error> {
        const NAMES: &[&str] =
            &["not_collected", "not_yet_available", "not_applicable", "confidential"];
        let mut marks = Vec::new();
        while let Some((mark, name)) = map.next_entry::<String, String>()? {
            let reason =
                missing_reason(&name).ok_or_else(|| A::Error::unknown_variant(&name, NAMES))?;
            marks.push((mark, reason));
        }
        Ok(MissingMarks(marks))
    }
}

/// Where in a text marks may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// At its ends: in values and periods.
    Ends,
    /// Anywhere: in headings.
    All,
}

impl Marks {
    /// `text` without its marks, and the status that they give it.
    pub(super) fn strip(&self, text: &str, within: Within) -> (String, Option<ObservationStatus>) {
        let mut marks: Vec<(Vec<char>, Option<ObservationStatus>)> = [
            (&self.provisional, Some(ObservationStatus::Provisional)),
            (&self.estimated, Some(ObservationStatus::Estimated)),
            (&self.r#break, Some(ObservationStatus::Break)),
            (&self.footnotes, None),
        ]
        .into_iter()
        .flat_map(|(texts, status)| texts.0.iter().map(move |text| (mark_of(text), status)))
        .filter(|(mark, _)| !mark.is_empty())
        .collect();
        if marks.is_empty() {
            return (tidied(text), None);
        }
        // Longer marks first: `**` before `*`.
        marks.sort_by_key(|(mark, _)| std::cmp::Reverse(mark.len()));
        let mut text: Vec<char> = tidied(text).chars().collect();
        let mut status = None;
        while let Some((start, end, given)) = find(&text, &marks, within) {
            text.splice(start..end, [' ']);
            status = status.or(given);
            text = tidied(&text.iter().collect::<String>()).chars().collect();
        }
        (text.into_iter().collect(), status)
    }

    /// Whether `text` in the column `confirmed` says that the department stands by a value.
    pub(super) fn confirm(&self, text: &str) -> bool {
        match &self.confirmed {
            Some(texts) => texts.contain(text),
            None => folded(text) == "x",
        }
    }
}

fn mark_of(text: &str) -> Vec<char> {
    tidied(text).chars().map(folded_character).collect()
}

/// The first mark in `text`: where it starts and ends, and its status.
fn find(
    text: &[char],
    marks: &[(Vec<char>, Option<ObservationStatus>)],
    within: Within,
) -> Option<(usize, usize, Option<ObservationStatus>)> {
    marks.iter().find_map(|(mark, status)| {
        let starts = 0..(text.len() + 1).saturating_sub(mark.len());
        let mut starts = starts.filter(|start| {
            within == Within::All || *start == 0 || start + mark.len() == text.len()
        });
        let start = starts.find(|start| stands_at(text, mark, *start))?;
        Some((start, start + mark.len(), *status))
    })
}

/// Whether `mark` stands at `start`, and is not part of a longer word.
fn stands_at(text: &[char], mark: &[char], start: usize) -> bool {
    let end = start + mark.len();
    let is_letter = |character: Option<&char>| character.is_some_and(|c| c.is_alphabetic());
    let joined = |inner: Option<&char>, outer: Option<&char>| is_letter(inner) && is_letter(outer);
    let before = start.checked_sub(1).and_then(|place| text.get(place));
    text[start..end].iter().zip(mark).all(|(a, b)| folded_character(*a) == *b)
        && !joined(mark.first(), before)
        && !joined(mark.last(), text.get(end))
        // The whole text is a value, not a mark beside one.
        && mark.len() < text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks() -> Marks {
        let texts = |all: &[&str]| Texts(all.iter().map(ToString::to_string).collect());
        Marks {
            provisional: texts(&["Prel.", "Pre.", "p", "(p)"]),
            estimated: texts(&["e"]),
            footnotes: texts(&["(*)", "(**)", "*"]),
            ..Marks::default()
        }
    }

    #[test]
    fn marks_are_stripped_and_give_a_status() {
        use ObservationStatus::{Estimated, Provisional};

        for (text, within, rest, status) in [
            ("Prel. 2016", Within::All, "2016", Some(Provisional)),
            ("Pre. 2016 Total", Within::All, "2016 Total", Some(Provisional)),
            ("Total Prel. 2016", Within::All, "Total 2016", Some(Provisional)),
            ("2001 (*) Teacher", Within::All, "2001 Teacher", None),
            (
                "2005(**) Of which: Public teacher",
                Within::All,
                "2005 Of which: Public teacher",
                None,
            ),
            ("Proportion of people 2010", Within::All, "Proportion of people 2010", None),
            ("12,5p", Within::Ends, "12,5", Some(Provisional)),
            ("12,5 (p)", Within::Ends, "12,5", Some(Provisional)),
            ("1 234*", Within::Ends, "1 234", None),
            ("* 12e", Within::Ends, "12", Some(Estimated)),
            ("1e5", Within::Ends, "1e5", None),
            ("p", Within::Ends, "p", None),
        ] {
            assert_eq!(marks().strip(text, within), (rest.to_owned(), status), "{text}");
        }
    }

    #[test]
    fn missing_marks_give_a_reason() {
        let parse = |text| toml::from_str::<Marks>(text).unwrap().missing;
        let list = parse("missing = ['..', '']");
        assert_eq!(list.reason(" .. "), Some(MissingReason::NotCollected));
        assert_eq!(list.reason(""), Some(MissingReason::NotCollected));
        assert_eq!(list.reason("-"), None);
        let table = parse("missing = { '..' = 'not_yet_available', 'N/A' = 'not_applicable' }");
        assert_eq!(table.reason("n/a"), Some(MissingReason::NotApplicable));
        let error = toml::from_str::<Marks>("missing = { '..' = 'never' }").unwrap_err();
        assert!(error.message().contains("unknown variant `never`"), "{error}");
    }
}
