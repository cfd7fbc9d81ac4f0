//! TOML into settings, with errors that name line, column and the likely word meant.

use std::fmt;

use serde::de::DeserializeOwned;

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

/// Reads `text` as the settings `T`.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|error| {
        let before = &text[..error.span().map_or(0, |span| span.start.min(text.len()))];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let message = error.message().lines().collect::<Vec<_>>().join(" ");
        Error {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            suggestion: suggest(&message),
            message,
        }
    })
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
}
