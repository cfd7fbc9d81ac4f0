//! Finds the word that was probably meant.

/// Longer words than this are not compared.
const LONGEST: usize = 80;

/// The one of `known` closest to `word`, if it is close: at most a third of the
/// letters differ, and at most three.
pub(super) fn closest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let length = word.chars().count();
    let most = (length.div_ceil(3)).min(3);
    if length > LONGEST {
        return None;
    }
    known
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= most)
        .map(|candidate| (edits(word, candidate), candidate))
        .filter(|(edits, _)| *edits <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours between two words
/// (the distance of optimal string alignment).
fn edits(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<_>>()];
    for (i, letter) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in to.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(letter != other);
            let mut least = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == to[j - 1] && from[i - 1] == *other {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_found_and_a_far_one_is_not() {
        let known = ["frequency", "formula", "direction", "unit"];
        for (word, expected) in [
            ("frequenzy", Some("frequency")),
            ("freqency", Some("frequency")),
            ("Unit", Some("unit")),
            ("untis", Some("unit")),
            ("units", Some("unit")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(closest(word, known), expected, "{word}");
        }
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("tow", "two"), 1);
    }

    #[test]
    fn very_long_words_are_not_compared() {
        assert_eq!(closest(&"x".repeat(81), ["x"]), None);
    }
}
