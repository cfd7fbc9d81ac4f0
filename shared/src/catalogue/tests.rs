//! Tests of reading catalogues.

mod bad;
mod contradiction;
mod good;
mod method;
mod misfit;
mod shipped;
mod words;

use super::Catalogue;

/// A small catalogue that uses every key but those of [`MORE`].
const BASE: &str = include_str!("tests/base.toml");

/// Keys that came later, as edits of the base.
const MORE: [(&str, &str); 2] = [
    (
        "grace_days = 1",
        "grace_days = 1\nreports_from = 2026-01-01\nexceptions = [{ period = \"2026-Q1\", \
         due = 2026-04-20, reason = { vi = \"bão\", en = \"storm\" } }]",
    ),
    (
        "cumulative = true",
        "cumulative = true\nfirst_period = \"2026\"\nusual = { minimum = \"1\", maximum = \"9\" }\n\
         outliers = { score = \"z_score\", threshold = \"2.5\" }",
    ),
];

/// The base with texts replaced, each of which has to stand in it.
#[track_caller]
fn edited(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(BASE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "`{from}` is not in the base");
        text.replacen(from, to, 1)
    })
}

/// Makes the edits and compares all problems with `expected`.
#[track_caller]
fn check(edits: &[(&str, &str)], expected: &[&str]) {
    let problems = Catalogue::parse(&edited(edits)).expect_err("no problem was found");
    let found: Vec<_> = problems.into_iter().map(|problem| problem.to_string()).collect();
    assert_eq!(found, expected);
}
