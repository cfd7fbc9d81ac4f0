//! Tells the delimiter of a text from its first rows, if they leave no doubt.

use std::io::Cursor;

use super::Limits;
use super::csv::Rows;
use super::text::{Encoding, Text};

/// A character between cells: `;`, `,`, `|` or a tab (`tab`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Delimiter(pub(super) char);

/// The text names no delimiter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no delimiter; accepted: `;`, `,`, `|`, `tab`")]
pub struct UnknownDelimiter(pub String);

impl Delimiter {
    const ALL: [Self; 4] = [Self(';'), Self(','), Self('\t'), Self('|')];

    /// A tab.
    pub const TAB: Self = Self('\t');

    /// Its name, as it is declared.
    pub fn name(self) -> String {
        if self == Self::TAB { "tab".to_owned() } else { self.0.to_string() }
    }
}

impl TryFrom<String> for Delimiter {
    type Error = UnknownDelimiter;

    fn try_from(text: String) -> Result<Self, UnknownDelimiter> {
        let named =
            Self::ALL.into_iter().find(|one| one.name() == text || one.0.to_string() == text);
        named.ok_or(UnknownDelimiter(text))
    }
}

/// The delimiter of a text that begins with `head`, or those it may be.
///
/// One fits if all rows that it splits have the same number of cells. It is the
/// one if it splits more rows than every other that fits.
pub(super) fn tell(head: &str) -> Result<Delimiter, Vec<Delimiter>> {
    let splits: Vec<(Delimiter, Split)> =
        Delimiter::ALL.into_iter().map(|one| (one, split(head, one))).collect();
    let of_kind = |kind: fn(&Split) -> bool| {
        splits.iter().filter(move |(_, split)| kind(split)).map(|(one, split)| (*one, split.rows))
    };
    let mut candidates: Vec<_> = of_kind(|split| split.rows > 0 && split.even).collect();
    if candidates.is_empty() {
        candidates = of_kind(|split| split.rows > 0).map(|(one, _)| (one, 0)).collect();
    }
    let most = candidates.iter().map(|(_, rows)| *rows).max().unwrap_or_default();
    candidates.retain(|(_, rows)| *rows == most);
    match candidates[..] {
        // A single column: whatever separates cells does not occur.
        [] => Ok(Delimiter(',')),
        [(one, _)] => Ok(one),
        _ => Err(candidates.into_iter().map(|(one, _)| one).collect()),
    }
}

struct Split {
    /// Rows with more than one cell.
    rows: usize,
    /// Whether these have the same number of cells.
    even: bool,
}

fn split(head: &str, delimiter: Delimiter) -> Split {
    let text = Text::new(Cursor::new(head), "", Encoding::UTF_8, 0);
    let mut rows = Rows::new(text, "", delimiter.0, Limits::default());
    let mut widths = Vec::new();
    let ended = loop {
        match rows.next_row() {
            Ok(Some(row)) => widths.push(row.cells.len()),
            Ok(None) => break true,
            // Met again and told when the rows are read.
            Err(_) => break false,
        }
    };
    if !ended && widths.is_empty() {
        widths.push(rows.width_so_far());
    }
    widths.retain(|width| *width > 1);
    Split { rows: widths.len(), even: widths.windows(2).all(|pair| pair[0] == pair[1]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &str, expected: Result<&str, &[&str]>) {
        let told = tell(head);
        let told = told
            .map(Delimiter::name)
            .map_err(|all| all.into_iter().map(Delimiter::name).collect::<Vec<_>>());
        let expected = expected
            .map(str::to_owned)
            .map_err(|all| all.iter().map(ToString::to_string).collect());
        assert_eq!(told, expected, "{head:?}");
    }

    #[test]
    fn the_delimiter_is_told_only_without_doubt() {
        check("Year,Value\n2010,1\n", Ok(","));
        check("a\tb\n1\t2\n", Ok("tab"));
        check("a|b\n1|2\n", Ok("|"));
        check("alone\n1\n2\n", Ok(","));
        check(
            "\"Income, by province\"\n\n\"Cities, provinces\";\"2010\"\n\"An Giang\";1319.0\n",
            Ok(";"),
        );
        check("Tỉnh;2010;2011\nAn Giang;12,5;13,5\n", Ok(";"));
        check("Thu nhập, 2010-2016\nTỉnh;2010\nAn Giang;1319\n", Ok(";"));
        check("Year,Note\n2010,a;b\n2011,c;d\n", Ok(","));
        check("a;b\nc;d;e\n", Ok(";"));
        check("a;\"b\nc\n", Ok(";"));
        check("2010;12,5\n2011;13,5\n", Err(&[";", ","]));
        check("a;b,c\nd;e;f,g,h\n", Err(&[";", ","]));
    }
}
