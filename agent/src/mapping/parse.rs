//! TOML into settings, with errors that name line, column and the likely word meant.

use std::fmt;

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue, Deserializer};

/// What is wrong in a TOML text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// The known word that is most like the unknown one.
    pub suggestion: Option<String>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; did you mean `{suggestion}`?")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

impl Error {
    /// What is wrong with a text as a whole.
    pub(super) fn of_whole(message: String) -> Self {
        Self { line: 1, column: 1, message, suggestion: None }
    }

    fn of(text: &str, error: &toml::de::Error) -> Self {
        let before = &text[..error.span().map_or(0, |span| span.start.min(text.len()))];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let message = error.message().lines().collect::<Vec<_>>().join(" ");
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            suggestion: suggest(&message),
            message,
        }
    }
}

/// Reads `text` as the settings `T`.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|error| Error::of(text, &error))
}

/// Everything that keeps `text` from being the settings `T`, in the order of the text.
///
/// What is wrong is taken out and the rest is read again, until nothing is wrong any more.
pub(super) fn problems<T: DeserializeOwned>(text: &str) -> Vec<Error> {
    let (mut table, syntax) = DeTable::parse_recoverable(text);
    if !syntax.is_empty() {
        return syntax.iter().map(|error| Error::of(text, error)).collect();
    }
    let (mut found, mut taken_out) = (Vec::new(), Vec::new());
    while let Err(error) = T::deserialize(Deserializer::from(table.clone())) {
        let missing =
            error.message().strip_prefix("missing field ").map(|key| key.replace('`', ""));
        if missing.is_none_or(|key| !taken_out.contains(&key)) {
            found.push(Error::of(text, &error));
        }
        let at = error.span().map_or(usize::MAX, |span| span.start);
        let Some(key) = take_out(table.get_mut(), at) else { break };
        taken_out.push(key);
    }
    found.sort_by_key(|error| (error.line, error.column));
    found.dedup();
    found
}

/// Takes out the key or value that begins at `at`; the name of the key.
fn take_out(table: &mut DeTable<'_>, at: usize) -> Option<String> {
    let begins = |(key, value): (&toml::Spanned<_>, &toml::Spanned<_>)| {
        key.span().start == at || value.span().start == at
    };
    let found = table.iter().find(|entry| begins(*entry)).map(|(key, _)| key.clone());
    if let Some(key) = found {
        table.remove(&key);
        return Some(key.into_inner().into_owned());
    }
    table.iter_mut().find_map(|(_, value)| take_out_of(value.get_mut(), at))
}

fn take_out_of(value: &mut DeValue<'_>, at: usize) -> Option<String> {
    match value {
        DeValue::Table(table) => take_out(table, at),
        DeValue::Array(array) => {
            if array.iter().any(|one| one.span().start == at) {
                let rest = array.iter().filter(|one| one.span().start != at);
                *array = rest.cloned().collect();
                return Some(String::new());
            }
            array.iter_mut().find_map(|one| take_out_of(one.get_mut(), at))
        }
        _ => None,
    }
}

/// The expected word most like the unknown one, in a message such as
/// "unknown field `a`, expected one of `b`, `c`".
fn suggest(message: &str) -> Option<String> {
    let (unknown, expected) = message.strip_prefix("unknown ")?.split_once(", expected ")?;
    let unknown = unknown.split('`').nth(1)?;
    let words = expected.split('`').skip(1).step_by(2);
    let scored = words.map(|word| (strsim::damerau_levenshtein(unknown, word), word));
    let (distance, word) = scored.min_by_key(|(distance, _)| *distance)?;
    (distance <= unknown.chars().count().max(3) / 3 + 1).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        header: Option<u32>,
        #[serde(default)]
        kind: Option<crate::number::Format>,
    }

    #[track_caller]
    fn check(text: &str, shown: &str) {
        assert_eq!(parse::<Settings>(text).unwrap_err().to_string(), shown);
    }

    #[test]
    fn errors_name_the_place_and_the_word_meant() {
        check(
            "header = 1\nhaeder = 2\n",
            "line 2, column 1: unknown field `haeder`, expected `header` or `kind`; did you mean `header`?",
        );
        check(
            "kind = 'coma'",
            "line 1, column 8: unknown variant `coma`, expected one of `point`, `comma`, `plain`; did you mean `comma`?",
        );
        check("sheet = 1", "line 1, column 1: unknown field `sheet`, expected `header` or `kind`");
        check("header = 'x'", "line 1, column 10: invalid type: string \"x\", expected u32");
        assert_eq!(parse::<Settings>("header = ").unwrap_err().line, 1);
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only read from the text")]
        name: String,
        #[expect(dead_code, reason = "only read from the text")]
        #[serde(default)]
        inner: Vec<Settings>,
    }

    #[test]
    fn every_error_is_found_at_once() {
        let text =
            "inner = [{ header = 'x' }, { kind = 'coma', haeder = 2 }]\nname = 7\nnaem = 1\n";
        let found: Vec<_> = problems::<Outer>(text)
            .iter()
            .map(|error| (error.line, error.column, error.message.clone()))
            .collect();
        let places: Vec<_> = found.iter().map(|(line, column, _)| (*line, *column)).collect();
        assert_eq!(places, [(1, 21), (1, 37), (1, 45), (2, 8), (3, 1)], "{found:?}");
        assert!(problems::<Outer>("name = 'a'\n[[inner]]\nheader = 1").is_empty());
        let missing = problems::<Outer>("[[inner]]\nheader = 1");
        assert_eq!(missing.len(), 1, "{missing:?}");
        assert!(!problems::<Outer>("name = \nx == 1\n").is_empty());
    }
}
