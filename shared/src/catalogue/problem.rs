//! What is wrong with a catalogue, and where: collected until all is known.

use std::cell::{Cell, RefCell};
use std::fmt;

/// Something wrong at one place of a catalogue's text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, and where it helps what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// Everything wrong with a catalogue, by line; never empty when returned as an error.
///
/// Displayed as one problem a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems, by line.
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Looking up a similar word costs time; a file with more problems gets no further hints.
const MOST_HINTS: u32 = 200;

/// Longest message in characters, lest a file fill the screen with its own text.
const LONGEST_MESSAGE: usize = 600;

fn clipped(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(LONGEST_MESSAGE) {
        message.truncate(end);
        message.push('…');
    }
    message
}

/// Problems kept; a file with more is no catalogue.
const MOST_PROBLEMS: usize = 100_000;

/// Collects problems by their place in the text.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    source: &'a str,
    /// Byte offset of each line's first character.
    line_starts: Vec<usize>,
    /// Byte offsets and messages.
    found: RefCell<Vec<(usize, String)>>,
    hints_left: Cell<u32>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        let newlines = source.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self {
            source,
            line_starts: std::iter::once(0).chain(newlines.map(|(at, _)| at + 1)).collect(),
            found: RefCell::default(),
            hints_left: Cell::new(MOST_HINTS),
        }
    }

    /// Line of a byte offset, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at)
    }

    /// Notes a problem at a byte offset.
    pub(super) fn add(&self, at: usize, message: impl Into<String>) {
        let mut found = self.found.borrow_mut();
        if found.len() < MOST_PROBLEMS {
            found.push((at, clipped(message.into())));
        }
    }

    /// `; did you mean …?` if one of `known` is close to `word`, else nothing.
    pub(super) fn hint<'k>(&self, word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
        let Some(left) = self.hints_left.get().checked_sub(1) else { return String::new() };
        self.hints_left.set(left);
        super::spelling::closest(word, known)
            .map(|near| format!("; did you mean `{near}`?"))
            .unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// The problems in order; each stretch of the text is walked once, however many
    /// problems stand in a line.
    pub(super) fn into_problems(self) -> Problems {
        let mut found = self.found.take();
        found.sort_unstable();
        found.dedup();
        let (mut line, mut walked, mut column) = (0, 0, 0);
        let problems = found.into_iter().map(|(at, message)| {
            if self.line(at) != line {
                line = self.line(at);
                (walked, column) = (self.line_starts[line - 1], 1);
            }
            let stretch = self.source.get(walked..at).unwrap_or_default();
            column += stretch.trim_start_matches('\u{feff}').chars().count();
            walked = at;
            Problem { line, column, message }
        });
        Problems(problems.collect())
    }
}
