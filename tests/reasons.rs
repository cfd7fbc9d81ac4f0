//! The page of reasons names every reason that the programs give, and no other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::rust_text::production;
use crate::setting::root;

/// What the agent says of files and cells.
const AGENT: [&str; 5] =
    ["number.rs", "refused.rs", "mapping/outcome.rs", "source/error.rs", "source/mod.rs"];

/// Words in capital letters that are something else: names of codes, of columns, of files.
const OTHER: [&str; 3] = ["metrics/calls.rs", "publish/structure.rs", "command/keeping.rs"];
const OTHER_WORDS: [&str; 15] = [
    "ACTION",
    "BEGIN",
    "CARGO_PKG_VERSION",
    "COMMIT",
    "CONCEPTS",
    "FIGURES",
    "LC_ALL",
    "OBS_VALUE",
    "OUT_DIR",
    "ROLLBACK",
    "STRUCTURE",
    "STRUCTURE_ID",
    "TIENDO",
    "TIME_PERIOD",
    "WITHDRAWN",
];

/// The texts in a file that are written as reasons are.
fn reasons(path: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let words = production(&text).split('"').skip(1).step_by(2);
    let is_reason = |word: &&str| {
        word.len() > 4
            && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
            && !word.starts_with("TIENDO_")
            && !word.ends_with('_')
            && !OTHER_WORDS.contains(word)
    };
    words.filter(is_reason).map(str::to_owned).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_reason_is_told_with_what_to_do() {
    let mut given = BTreeSet::new();
    let server = root().join("server/src");
    for file in files(&server) {
        if !OTHER.iter().any(|other| file == server.join(other)) {
            given.extend(reasons(&file));
        }
    }
    given.extend(AGENT.iter().flat_map(|file| reasons(&root().join("agent/src").join(file))));
    let proto = std::fs::read_to_string(root().join("proto/tiendo/v1/measurement.proto")).unwrap();
    let refusals = proto.lines().filter_map(|line| line.trim().strip_prefix("REJECTION_REASON_"));
    let refusals = refusals.filter_map(|line| line.split_once(" = "));
    given.extend(refusals.filter(|it| it.0 != "UNSPECIFIED").map(|it| it.0.to_owned()));

    let page = std::fs::read_to_string(root().join("docs/reasons.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let told: Vec<(&str, usize)> = rows
        .map(|row| {
            let (name, rest) = row.split_once('`').unwrap();
            (name, rest.split(" | ").filter(|cell| cell.trim().len() > 3).count())
        })
        .collect();
    for (name, cells) in &told {
        assert_eq!(*cells, 2, "{name}: what happened, and what to do");
    }
    let told: BTreeSet<String> = told.into_iter().map(|row| row.0.to_owned()).collect();
    let missing: Vec<_> = given.difference(&told).collect();
    let invented: Vec<_> = told.difference(&given).collect();
    assert!(
        missing.is_empty() && invented.is_empty(),
        "missing {missing:?}, invented {invented:?}"
    );
    assert!(told.len() > 100, "{}", told.len());
}
