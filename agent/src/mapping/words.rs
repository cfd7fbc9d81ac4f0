//! Texts of a file compared with texts of a mapping: case, blanks and ways to write accents do not count.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// `text` with accents composed, runs of blanks as one space, none at the ends.
pub(super) fn tidied(text: &str) -> String {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => without_extra_blanks(text.chars(), text.len()),
        IsNormalized::No | IsNormalized::Maybe => without_extra_blanks(text.nfc(), text.len()),
    }
}

fn without_extra_blanks(characters: impl Iterator<Item = char>, capacity: usize) -> String {
    let mut tidied = String::with_capacity(capacity);
    for character in characters {
        // Zero-width space, joiners and the byte order mark show nothing.
        if matches!(character, '\u{200b}'..='\u{200d}' | '\u{feff}') {
            continue;
        }
        if !character.is_whitespace() {
            tidied.push(character);
        } else if !tidied.is_empty() && !tidied.ends_with(' ') {
            tidied.push(' ');
        }
    }
    if tidied.ends_with(' ') {
        tidied.pop();
    }
    tidied
}

/// `text` as it is compared: tidied and in lower case.
pub(super) fn folded(text: &str) -> String {
    tidied(text).to_lowercase()
}

/// A character as it is compared.
pub(super) fn folded_character(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

/// One text, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Texts(pub Vec<String>);

impl Texts {
    /// Whether `text` is one of them.
    pub(super) fn contain(&self, text: &str) -> bool {
        let text = folded(text);
        self.0.iter().any(|one| folded(one) == text)
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMany)
    }
}

struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = Texts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
        Ok(Texts(vec![text.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element()? {
            texts.push(text);
        }
        Ok(Texts(texts))
    }
}

/// What texts of a file stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table<T> {
    /// By the text as it is compared: the text as it is declared, and its meaning.
    meanings: BTreeMap<String, (String, T)>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { meanings: BTreeMap::new() }
    }
}

impl<T> Table<T> {
    /// What `text` stands for.
    pub(super) fn get(&self, text: &str) -> Option<&T> {
        self.meanings.get(&folded(text)).map(|(_, meaning)| meaning)
    }

    /// Whether nothing is declared.
    pub(super) fn is_empty(&self) -> bool {
        self.meanings.is_empty()
    }

    /// The texts declared.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.meanings.values().map(|(text, _)| text.as_str())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TableVisitor(PhantomData))
    }
}

struct TableVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for TableVisitor<T> {
    type Value = Table<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table from texts of the file to what they stand for")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Table<T>, A::Error> {
        let mut meanings = BTreeMap::new();
        while let Some((text, meaning)) = map.next_entry::<String, T>()? {
            let double = meanings.insert(folded(&text), (text, meaning));
            if let Some((text, _)) = double {
                let message = format!("`{text}` is declared twice: case and blanks do not count");
                return Err(serde::de::Error::custom(message));
            }
        }
        Ok(Table { meanings })
    }
}

/// Texts in backticks, separated by commas.
pub(super) fn quoted<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<_> = texts.into_iter().map(|text| format!("`{text}`")).collect();
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_blanks_and_ways_to_write_accents_do_not_count() {
        for (left, right) in [
            (" WHOLE COUNTRY", "Whole  country"),
            ("Ca\u{323}nh tranh bi\u{300}nh đă\u{309}ng", "Cạnh tranh bình đẳng"),
            ("Kiên\u{a0}\nGiang ", "KIÊN GIANG"),
            ("\u{feff}Year\u{200b}", "year"),
        ] {
            assert_eq!(folded(left), folded(right));
        }
        assert_ne!(folded("Hoà"), folded("Hoa"));
    }
}
