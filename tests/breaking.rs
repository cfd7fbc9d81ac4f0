//! What users of the protos rely on cannot be taken away unseen.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::setting::{root, tool};

/// One change to `measurement.proto`: what is replaced by what.
type Change = (&'static str, &'static str);

#[test]
fn a_removed_or_renamed_name_fails_the_breaking_check() {
    let changes: [Change; 5] = [
        ("  string indicator = 1;", "  string indicator_id = 1;"),
        ("  bool confirmed = 11;", ""),
        ("  optional uint32 ranked_among = 8;", "  optional uint64 ranked_among = 8;"),
        ("  OUTCOME_REVISED = 2;", "  OUTCOME_CHANGED = 2;"),
        ("  string member = 2;", "  string member = 3;"),
    ];
    for change in changes {
        let Some(output) = changed(change) else { return };
        assert!(!output.status.success(), "not seen as breaking: {change:?}");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("measurement.proto"), "{change:?}: {said}");
    }
}

#[test]
fn an_added_field_passes_the_breaking_check() {
    let added = "  bool confirmed = 11;\n  // A test.\n  string added = 12;";
    let Some(output) = changed(("  bool confirmed = 11;", added)) else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Runs the check on a copy of the protos with one change.
fn changed((from, to): Change) -> Option<Output> {
    let buf = tool("buf")?;
    let folder = tempfile::tempdir().unwrap();
    let protos = root().join("proto");
    fs::create_dir_all(folder.path().join("tiendo/v1")).unwrap();
    fs::copy(protos.join("buf.yaml"), folder.path().join("buf.yaml")).unwrap();
    for entry in fs::read_dir(protos.join("tiendo/v1")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join("tiendo/v1").join(path.file_name().unwrap())).unwrap();
    }
    edit(&folder.path().join("tiendo/v1/measurement.proto"), from, to);
    let against = protos.join("descriptor.binpb");
    let mut command = Command::new(buf);
    command.arg("breaking").arg(folder.path()).arg("--against").arg(against);
    Some(command.output().unwrap())
}

fn edit(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert_eq!(text.matches(from).count(), 1, "`{from}` stands once in {}", file.display());
    fs::write(file, text.replace(from, to)).unwrap();
}
