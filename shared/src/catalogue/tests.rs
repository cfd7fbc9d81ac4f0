//! Tests of reading catalogues.

mod bad;
mod contradiction;
mod good;
mod method;
mod misfit;
mod shipped;
mod words;

use super::Catalogue;

/// A small catalogue that uses every key.
const BASE: &str = include_str!("tests/base.toml");

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
