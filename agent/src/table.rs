//! Tables: with borders and wrapped on a terminal, one line a row elsewhere.

use comfy_table::{ContentArrangement, Table, presets};

use crate::console::Console;

/// Longest text of a cell; what is longer is cut.
const LONGEST: usize = 300;

/// Writes `rows` under `headings`; columns that are empty throughout are left out.
pub(crate) fn write(console: &mut Console, headings: &[&str], rows: &[Vec<String>]) {
    if console.json || rows.is_empty() {
        return;
    }
    let text = render(headings, rows, console.terminal.then_some(console.width));
    console.line(&text);
}

/// The table as text; `width` in columns for a terminal, none for plain text.
fn render(headings: &[&str], rows: &[Vec<String>], width: Option<u16>) -> String {
    let filled: Vec<bool> = (0..headings.len())
        .map(|at| rows.iter().any(|row| row.get(at).is_some_and(|cell| !cell.is_empty())))
        .collect();
    let kept = |cells: Vec<String>| -> Vec<String> {
        cells
            .into_iter()
            .zip(&filled)
            .filter(|(_, filled)| **filled)
            .map(|(cell, _)| cell)
            .collect()
    };
    let mut table = Table::new();
    match width {
        Some(width) => table
            .load_style(presets::UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width),
        None => {
            table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled)
        }
    };
    table.set_header(kept(headings.iter().map(ToString::to_string).collect()));
    for row in rows {
        table.add_row(kept(row.iter().map(|cell| tidy(cell)).collect()));
    }
    let text = table.to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// A cell on one line, without characters that move the cursor.
fn tidy(cell: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut text: String = cell.chars().take(LONGEST).map(plain).collect();
    if cell.chars().nth(LONGEST).is_some() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        vec![row(["2", "", "dài dài dài dài dài dài dài"]), row(["10", "", "a\nb\u{1b}[31m"])]
    }

    #[test]
    fn plain_text_has_a_line_a_row_and_no_control_characters() {
        let text = render(&["Dòng", "Trang", "Nội dung"], &rows(), None);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(!text.contains("Trang"), "{text}");
        assert_eq!(lines[2].split_whitespace().collect::<Vec<_>>(), ["10", "a", "b", "[31m"]);
    }

    #[test]
    fn a_terminal_is_never_wider_than_it_is() {
        let text = render(&["Dòng", "Trang", "Nội dung"], &rows(), Some(24));
        assert!(text.lines().all(|line| line.chars().count() <= 24), "{text}");
        assert!(text.lines().count() > 5, "{text}");
    }
}
