//! The headings of a table: where they are and what stands over each column.

use super::outcome::Reason;
use super::settings::Header;
use super::words::{folded, tidied};
use crate::source::cell::Row;

/// Rows in which headings are looked for by their texts.
const SEARCHED_ROWS: u32 = 100;

/// Gathers the rows of the headings.
#[derive(Debug)]
pub(super) struct Gatherer<'a> {
    header: &'a Header,
    gathered: Vec<Row>,
    /// The row with the most of the texts looked for: how many, and its texts.
    closest: (usize, Vec<String>),
    saw_rows: bool,
}

/// What a row did to the headings.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// They are not complete.
    Incomplete,
    /// The row completes them: the text over each column.
    Complete(Vec<String>),
    /// They ended before the row, which is one of data.
    CompleteBefore(Vec<String>),
    /// They will not be found.
    Absent(Reason),
}

impl<'a> Gatherer<'a> {
    pub(super) fn new(header: &'a Header) -> Self {
        Self { header, gathered: Vec::new(), closest: (0, Vec::new()), saw_rows: false }
    }

    /// Takes the next row of the sheet.
    pub(super) fn take(&mut self, row: &Row) -> Progress {
        self.saw_rows = true;
        if let Some(find) = &self.header.find {
            return self.look_for(&find.0, row);
        }
        let [first, last] =
            self.header.rows.or(self.header.row.map(|row| [row, row])).unwrap_or_default();
        if row.number > last {
            return Progress::CompleteBefore(self.joined());
        }
        if row.number >= first {
            self.gathered.push(row.clone());
        }
        if row.number == last { Progress::Complete(self.joined()) } else { Progress::Incomplete }
    }

    /// What has come of it at the end of the sheet.
    pub(super) fn at_end(&self) -> Progress {
        if !self.saw_rows {
            return Progress::Absent(Reason::EmptySheet);
        }
        match self.header.find {
            Some(_) => Progress::Absent(self.absent()),
            None => Progress::CompleteBefore(self.joined()),
        }
    }

    fn absent(&self) -> Reason {
        let missing = self.header.find.clone().unwrap_or_default().0;
        let found = self.closest.1.clone();
        let has = |text: &String| found.iter().any(|one| folded(one) == folded(text));
        Reason::HeadingsMissing {
            missing: missing.into_iter().filter(|text| !has(text)).collect(),
            found,
        }
    }

    fn look_for(&mut self, wanted: &[String], row: &Row) -> Progress {
        if row.number > SEARCHED_ROWS {
            return Progress::Absent(self.absent());
        }
        let texts = texts(row);
        let has = |text: &&String| texts.iter().any(|one| folded(one) == folded(text));
        let count = wanted.iter().filter(has).count();
        if count == wanted.len() {
            self.gathered.push(row.clone());
            return Progress::Complete(self.joined());
        }
        if count > self.closest.0 || self.closest.1.is_empty() {
            self.closest = (count, texts.into_iter().filter(|text| !text.is_empty()).collect());
        }
        Progress::Incomplete
    }

    fn joined(&self) -> Vec<String> {
        join(self.gathered.iter().map(texts).collect(), self.header.merged)
    }
}

fn texts(row: &Row) -> Vec<String> {
    row.cells.iter().map(|cell| tidied(&cell.raw())).collect()
}

/// The texts of `rows` over each column, from the top.
fn join(mut rows: Vec<Vec<String>>, merged: bool) -> Vec<String> {
    let width = rows.iter().map(Vec::len).max().unwrap_or_default();
    for row in &mut rows {
        row.resize(width, String::new());
    }
    if merged {
        spread(&mut rows, width);
    }
    let over = |column: usize| {
        let texts = rows.iter().map(|row| row[column].as_str()).filter(|text| !text.is_empty());
        texts.collect::<Vec<_>>().join(" ")
    };
    (0..width).map(over).collect()
}

/// Writes a text into the empty cells to its right, up to where a text above begins.
fn spread(rows: &mut [Vec<String>], width: usize) {
    let mut begins = vec![false; width];
    for row in rows {
        let has_text: Vec<bool> = row.iter().map(|text| !text.is_empty()).collect();
        for column in 1..width {
            if row[column].is_empty() && !begins[column] {
                let (left, right) = row.split_at_mut(column);
                right[0].clone_from(&left[column - 1]);
            }
        }
        for (begin, text) in begins.iter_mut().zip(has_text) {
            *begin |= text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::cell::Cell;

    fn row(number: u32, texts: &[&str]) -> Row {
        Row { number, cells: texts.iter().map(|text| Cell::text((*text).to_owned())).collect() }
    }

    fn header(text: &str) -> Header {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn headings_of_several_rows_are_joined() {
        let rows = [
            row(4, &["SỐ TT", "Trong đó:", "", "", "", "Ghi chú"]),
            row(5, &["", "I. ĐẦU TƯ", "", "II. THƯỜNG XUYÊN", "", ""]),
            row(6, &["", "TỔNG", "VỐN\nTRONG NƯỚC", "", "Y TẾ", ""]),
        ];
        let joined = |text: &str| {
            let header = header(text);
            let mut gatherer = Gatherer::new(&header);
            assert_eq!(gatherer.take(&row(1, &["title"])), Progress::Incomplete);
            let mut progress = Progress::Incomplete;
            for row in &rows {
                assert_eq!(progress, Progress::Incomplete);
                progress = gatherer.take(row);
            }
            progress
        };
        let texts = |all: [&str; 6]| Progress::Complete(all.map(str::to_owned).to_vec());
        assert_eq!(
            joined("rows = [4, 6]"),
            texts([
                "SỐ TT",
                "Trong đó: I. ĐẦU TƯ TỔNG",
                "VỐN TRONG NƯỚC",
                "II. THƯỜNG XUYÊN",
                "Y TẾ",
                "Ghi chú"
            ])
        );
        assert_eq!(
            joined("rows = [4, 6]\nmerged = true"),
            texts([
                "SỐ TT",
                "Trong đó: I. ĐẦU TƯ TỔNG",
                "Trong đó: I. ĐẦU TƯ VỐN TRONG NƯỚC",
                "Trong đó: II. THƯỜNG XUYÊN",
                "Trong đó: II. THƯỜNG XUYÊN Y TẾ",
                "Ghi chú",
            ])
        );
    }

    #[test]
    fn headings_are_found_by_their_texts() {
        let header = header("find = ['Year', 'Value']");
        let mut gatherer = Gatherer::new(&header);
        assert_eq!(gatherer.take(&row(1, &["a title"])), Progress::Incomplete);
        assert_eq!(gatherer.take(&row(2, &["YEAR ", "Figure"])), Progress::Incomplete);
        let reason = Reason::HeadingsMissing {
            missing: vec!["Value".into()],
            found: vec!["YEAR".into(), "Figure".into()],
        };
        assert_eq!(gatherer.absent(), reason);
        assert_eq!(gatherer.take(&row(101, &["x"])), Progress::Absent(reason));
        let complete = Progress::Complete(vec!["Sex".into(), "value".into(), "year".into()]);
        assert_eq!(gatherer.take(&row(3, &["Sex", " value", "year"])), complete);
    }

    #[test]
    fn a_blank_header_row_has_no_headings() {
        let header = header("row = 3");
        let mut gatherer = Gatherer::new(&header);
        assert_eq!(gatherer.take(&row(1, &["a title"])), Progress::Incomplete);
        assert_eq!(gatherer.take(&row(4, &["1"])), Progress::CompleteBefore(vec![]));
    }
}
