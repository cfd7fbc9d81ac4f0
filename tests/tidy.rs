//! The tree keeps its promises: layers, budgets, comments, and a README that matches it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::rust_text::{functions, production, test_modules};
use crate::setting::root;

const PRODUCTION: [&str; 4] = ["shared", "server", "agent", "xtask"];
const LONGEST_FILE: usize = 400;
const LONGEST_FUNCTION: usize = 60;
const LONGEST_MAIN: usize = 60;

#[test]
fn every_file_states_its_purpose_first() {
    let silent = files("rs")
        .filter(|path| !read(path).starts_with("//! ") || read(path).starts_with("//! \n"))
        .map(|path| shown(&path));
    none(silent, "a Rust file begins with `//! ` and its one purpose");
}

#[test]
fn files_and_functions_stay_within_their_budgets() {
    let mut over = Vec::new();
    for path in production_files() {
        let text = read(&path);
        let code = production(&text);
        let limit = if path.ends_with("src/main.rs") { LONGEST_MAIN } else { LONGEST_FILE };
        let lines = code.lines().count();
        if lines > limit {
            over.push(format!("{}: {lines} lines, at most {limit}", shown(&path)));
        }
        over.extend(
            functions(code)
                .into_iter()
                .filter(|f| f.lines > LONGEST_FUNCTION)
                .map(|f| format!("{}:{} fn {}: {} lines", shown(&path), f.at, f.name, f.lines)),
        );
    }
    none(over.into_iter(), "files and functions are short");
}

#[test]
fn dependencies_point_one_way() {
    let transport =
        ["tonic", "tokio", "sled", "clap", "sqlx", "postgres", "tower", "hyper", "axum"];
    let forbidden: [(&str, &[&str]); 4] = [
        ("shared", &transport),
        ("server", &["tiendo-agent"]),
        ("agent", &["tiendo-server"]),
        ("xtask", &["tiendo-"]),
    ];
    let mut wrong = Vec::new();
    for (member, names) in forbidden {
        for dependency in dependencies(member) {
            if names.iter().any(|name| dependency.starts_with(name)) {
                wrong.push(format!("{member} depends on {dependency}"));
            }
        }
    }
    assert!(dependencies("server").contains("tiendo-shared"), "the manifests are understood");
    none(wrong.into_iter(), "proto → shared → {server, agent} → tests");
}

#[test]
fn every_name_of_the_protos_is_commented() {
    let mut bare = Vec::new();
    let mut seen = 0;
    for path in files("proto") {
        let text = read(&path);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| declares(line)) {
            seen += 1;
            if at == 0 || !lines[at - 1].starts_with("//") {
                bare.push(format!("{}:{} {line}", shown(&path), at + 1));
            }
        }
    }
    assert!(seen > 300, "the protos are understood: {seen} names");
    none(bare.into_iter(), "every message, field, rpc and enum value has a comment above it");
}

#[test]
fn the_code_map_of_the_readme_is_the_tree() {
    let readme = read(&root().join("README.md"));
    let (_, map) = readme.split_once("\n## Code map\n").expect("README has a code map");
    let map = map.split("\n## ").next().unwrap_or_default();
    let named: BTreeSet<String> = map
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split_once('`'))
        .map(|(path, _)| path.to_owned())
        .collect();
    let there = mapped_entries();
    let missing = there.difference(&named).map(|path| format!("add: {}", map_row(path)));
    let gone = named
        .difference(&there)
        .filter(|path| !root().join(path).exists())
        .map(|path| format!("not in the tree: {path}"));
    none(missing.chain(gone), "the code map names every module, and nothing else");
}

#[test]
fn nothing_names_a_machine_or_a_package_host() {
    // Put together here, so that this file does not name them either.
    let words = [
        ["/wo", "rk/"].concat(),
        ["/tmp", "/wt"].concat(),
        ["/ro", "ot/"].concat(),
        ["crates", ".io"].concat(),
        ["pypi", ".org"].concat(),
        ["npmjs", ".org"].concat(),
        ["deb.deb", "ian.org"].concat(),
        ["pythonhosted", ".org"].concat(),
    ];
    let mut found = Vec::new();
    for path in walk(root()).into_iter().filter(|path| !path.ends_with("Cargo.lock")) {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned();
        let named = words.iter().filter(|word| text.contains(word.as_str()));
        found.extend(named.map(|word| format!("{}: {word}", shown(&path))));
    }
    none(found.into_iter(), "the tree works on any machine");
}

#[test]
fn only_the_translator_of_errors_builds_a_status() {
    let builders = "new with_details with_error_details with_error_details_vec cancelled unknown \
                    invalid_argument deadline_exceeded not_found already_exists permission_denied \
                    resource_exhausted failed_precondition aborted out_of_range unimplemented \
                    internal unavailable data_loss unauthenticated";
    let calls: Vec<String> = builders.split_whitespace().map(|b| format!("Status::{b}(")).collect();
    let mut found = Vec::new();
    for path in files("rs").filter(|path| path.starts_with(root().join("server/src"))) {
        let text = read(&path);
        if !path.ends_with("rpc/error.rs") && calls.iter().any(|call| text.contains(call.as_str()))
        {
            found.push(shown(&path));
        }
    }
    none(found.into_iter(), "clients get every error from `server/src/rpc/error.rs`");
}

#[test]
fn tests_always_run_and_never_wait_for_a_time() {
    let words = [
        ["#[ign", "ore"].concat(),
        ["#[should", "_panic"].concat(),
        ["thread::sle", "ep("].concat(),
        ["time::sle", "ep("].concat(),
    ];
    let mut found = Vec::new();
    for path in files("rs").filter(|path| !path.starts_with(root().join("tests/bench"))) {
        let text = read(&path);
        let in_tests = path.starts_with(root().join("tests"));
        let code = if in_tests { text.as_str() } else { &text[production(&text).len()..] };
        let used = words.iter().filter(|word| code.contains(word.as_str()));
        found.extend(used.map(|word| format!("{}: {word}", shown(&path))));
    }
    none(found.into_iter(), "a test waits for the thing itself");
}

fn none(found: impl Iterator<Item = String>, rule: &str) {
    let found: Vec<String> = found.collect();
    assert!(found.is_empty(), "{rule}; but:\n{}", found.join("\n"));
}

/// Files of the tree with this extension.
fn files(extension: &'static str) -> impl Iterator<Item = PathBuf> {
    walk(root()).into_iter().filter(move |path| path.extension().is_some_and(|e| e == extension))
}

fn production_files() -> Vec<PathBuf> {
    let all: Vec<PathBuf> = files("rs")
        .filter(|path| PRODUCTION.iter().any(|member| path.starts_with(root().join(member))))
        .collect();
    let tests: BTreeSet<PathBuf> =
        all.iter().flat_map(|path| test_modules(path, &read(path))).collect();
    let is_test = |path: &PathBuf| {
        tests.iter().any(|test| path == test || path.starts_with(test.with_extension("")))
    };
    all.into_iter().filter(|path| !is_test(path)).collect()
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            if name != "target" && name != ".git" {
                found.extend(walk(&path));
            }
        } else if name != ".git" {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn dependencies(member: &str) -> BTreeSet<String> {
    let text = read(&root().join(member).join("Cargo.toml"));
    let manifest: toml::Table = text.parse().unwrap();
    ["dependencies", "dev-dependencies"]
        .into_iter()
        .filter_map(|section| manifest.get(section)?.as_table())
        .flat_map(|table| table.keys().cloned())
        .collect()
}

/// Whether a line of a proto declares something that needs a comment.
fn declares(line: &str) -> bool {
    let words = ["message ", "enum ", "service ", "rpc ", "oneof "];
    let numbered = line.split_once(" = ").is_some_and(|(_, number)| {
        number.trim_end_matches(';').split(' ').next().is_some_and(|n| n.parse::<u32>().is_ok())
    });
    !line.starts_with("//") && (numbered || words.iter().any(|word| line.starts_with(word)))
}

/// The line of the code map for a path: its file's own first line.
fn map_row(path: &str) -> String {
    let file = root().join(path);
    let file = if file.is_dir() { file.join("mod.rs") } else { file };
    let text = fs::read_to_string(file).unwrap_or_default();
    let first = text.lines().next().unwrap_or_default();
    format!("| `{path}` | {} |", first.trim_start_matches(['/', '!', ' ']).trim_end_matches('.'))
}

/// What the code map has to name: what stands directly in a `src`, and the protos.
fn mapped_entries() -> BTreeSet<String> {
    let mut entries = BTreeSet::new();
    for folder in ["shared/src", "server/src", "agent/src", "xtask/src", "proto/tiendo/v1"] {
        let listed = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        for path in listed {
            let doubled = path.is_dir() && path.with_extension("rs").exists();
            if !doubled {
                let slash = if path.is_dir() { "/" } else { "" };
                entries.insert(format!("{}{slash}", shown(&path)));
            }
        }
    }
    entries
}
