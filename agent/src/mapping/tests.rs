//! Files through mappings written as an officer's administrator would write them.

mod abroad;
mod bad;
mod vietnam;

use std::fs;
use std::path::Path;

use super::*;
use crate::source::{Options, open};

/// What a mapping makes of a file, each outcome as one line.
///
/// `indicator period [dimension=member…] content [status…]`, or the code, place and
/// accepted forms of a refusal.
fn outcomes(path: &Path, mapping: &str) -> Vec<String> {
    let mapping = Mapping::from_toml(mapping).unwrap_or_else(|error| panic!("{error}"));
    let mut workbook = open(path, &Options::default()).unwrap();
    let mut lines = Vec::new();
    let mut sink = |outcome: Outcome| {
        lines.push(line(&outcome));
        ControlFlow::Continue(())
    };
    let summary = mapping.read(&mut workbook, &mut sink).unwrap();
    assert_eq!(summary.measurements + summary.refused, lines.len() as u64);
    lines
}

fn line(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Measurement(one) => {
            let mut parts = vec![one.indicator.clone(), one.period.to_string()];
            parts.extend(
                one.dimensions.iter().map(|(dimension, member)| format!("{dimension}={member}")),
            );
            parts.push(match &one.content {
                Content::Number(number) => number.normalize().to_string(),
                Content::Level(level) => format!("level:{level}"),
                Content::Missing { mark, .. } => format!("missing:{mark}"),
                Content::Withdrawn => "withdrawn".to_owned(),
            });
            parts.extend(one.status.map(|status| format!("{status:?}").to_lowercase()));
            parts.extend(one.ranked_among.map(|count| format!("of {count}")));
            parts.extend(one.edition.clone());
            parts.extend(one.comment.clone());
            parts.extend(one.confirmed.then(|| "confirmed".to_owned()));
            parts.join(" ")
        }
        Outcome::Refused(refusal) => {
            let place = &refusal.place;
            let cell = match place.row {
                Some(row) => format!("{}{row}", place.column.as_deref().unwrap_or_default()),
                None => "sheet".to_owned(),
            };
            format!("{} {cell} `{}` {}", refusal.reason.code(), place.raw, refusal.accepted)
                .trim_end()
                .to_owned()
        }
    }
}

/// The same for a CSV file with this text.
fn of_csv(text: &str, mapping: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.csv");
    fs::write(&path, text).unwrap();
    outcomes(&path, mapping)
}

#[track_caller]
fn check(text: &str, mapping: &str, expected: &[&str]) {
    assert_eq!(of_csv(text, mapping), expected, "{text}");
}
