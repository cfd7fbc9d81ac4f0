//! Just enough reading of Rust source to count its functions.

use std::path::{Path, PathBuf};

/// A function of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: String,
    /// Line it begins on, from 1.
    pub(crate) at: usize,
    /// Lines from `fn` to its closing brace.
    pub(crate) lines: usize,
}

/// The part of a file before its inline tests.
pub(crate) fn production(text: &str) -> &str {
    let marker = "#[cfg(test)]\n";
    let mut from = 0;
    while let Some(at) = text[from..].find(marker).map(|at| from + at) {
        let after = at + marker.len();
        let line = text[after..].lines().next().unwrap_or_default();
        if line.contains("mod ") && line.ends_with('{') {
            return &text[..at];
        }
        from = after;
    }
    text
}

/// Files that a file declares as modules of tests.
pub(crate) fn test_modules(path: &Path, text: &str) -> Vec<PathBuf> {
    let folder = match path.file_stem().and_then(|stem| stem.to_str()) {
        Some("mod" | "lib" | "main") | None => path.parent().unwrap_or(path).to_path_buf(),
        Some(_) => path.with_extension(""),
    };
    text.split("#[cfg(test)]\n")
        .skip(1)
        .filter_map(|after| after.lines().next()?.split_once("mod ")?.1.strip_suffix(';'))
        .map(|name| folder.join(format!("{name}.rs")))
        .collect()
}

/// Every function with a body, those inside others too.
pub(crate) fn functions(text: &str) -> Vec<Function> {
    let code = without_literals(text);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let name: String =
            code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if let (false, Some(end)) = (name.is_empty(), end_of_body(&code[at..])) {
            found.push(Function {
                name,
                at: code[..at].matches('\n').count() + 1,
                lines: code[at..at + end].matches('\n').count() + 1,
            });
        }
    }
    found
}

/// Bytes from a `fn` to its closing brace; none for one without a body.
fn end_of_body(code: &str) -> Option<usize> {
    let (mut inside, mut depth) = (0_i32, 0_i32);
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' => inside += 1,
            ')' | ']' => inside -= 1,
            ';' if depth == 0 && inside == 0 => return None,
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// The code with the insides of comments, strings and characters left out; lines stay.
fn without_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = literal(rest);
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.extend(rest[..length].chars().filter(|c| *c == '\n'));
            code.push(' ');
            rest = &rest[length..];
        }
    }
    code
}

/// Length of the comment or literal that `rest` begins with; 0 for neither.
fn literal(rest: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with('"') {
        return quoted(rest, 1);
    }
    let hashes = rest.strip_prefix('r').map_or(0, |r| r.len() - r.trim_start_matches('#').len());
    if rest.starts_with('r') && rest[1 + hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let open = hashes + 2;
        return rest[open..].find(&end).map_or(rest.len(), |at| open + at + end.len());
    }
    if let Some(after) = rest.strip_prefix('\'') {
        if after.starts_with('\\') {
            return after[2..].find('\'').map_or(rest.len(), |at| at + 4);
        }
        let width = after.chars().next().map_or(0, char::len_utf8);
        return if after[width..].starts_with('\'') { width + 2 } else { 0 };
    }
    0
}

fn quoted(rest: &str, open: usize) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(open) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[test]
fn functions_are_counted_whatever_stands_in_their_strings() {
    let text = "fn one() { 1 }\n\
                trait T { fn none(&self) -> [u8; 3]; }\n\
                pub fn two<'a>(text: &'a str) -> char {\n\
                    // a brace }\n\
                    let _ = (\"}\\\"}\", r#\"\"}\"#, '}', '\\'', text);\n\
                    '{'\n\
                }\n";
    let found: Vec<(String, usize, usize)> =
        functions(text).into_iter().map(|f| (f.name, f.at, f.lines)).collect();
    assert_eq!(found, [("one".to_owned(), 1, 1), ("two".to_owned(), 3, 5)]);
}

#[test]
fn inline_tests_are_no_production_code() {
    let text = "#[cfg(test)]\nmod crash_tests;\nfn a() {}\n#[cfg(test)]\nmod tests {\n}\n";
    assert!(production(text).ends_with("fn a() {}\n"));
    let declared = test_modules(Path::new("src/journal/mod.rs"), text);
    assert_eq!(declared, [PathBuf::from("src/journal/crash_tests.rs")]);
}
