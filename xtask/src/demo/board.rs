//! The board: where every target stands, drawn from the JSON of `ListTargetStatuses`.

use std::fmt::Write as _;

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// The answer of `StatusService/ListTargetStatuses` as grpcurl prints it.
#[derive(Debug)]
pub(crate) struct Board {
    statuses: Vec<Value>,
}

/// One target of the board.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Status<'a>(&'a Value);

const HEADINGS: [&str; 8] = ["id", "target", "promise", "now", "gap", "pace", "verdict", "method"];
const WIDEST: [usize; 8] = [4, 34, 20, 18, 10, 20, 15, 20];

impl Board {
    /// Reads the answer.
    pub(crate) fn parse(json: &str) -> anyhow::Result<Self> {
        let answer: Value = serde_json::from_str(json).context("the answer is not JSON")?;
        let statuses = answer["statuses"].as_array().cloned().unwrap_or_default();
        ensure!(!statuses.is_empty(), "the answer holds no status");
        Ok(Self { statuses })
    }

    /// Every target, in the plan's order.
    pub(crate) fn statuses(&self) -> impl Iterator<Item = Status<'_>> {
        self.statuses.iter().map(Status)
    }

    /// The target of this id.
    pub(crate) fn status(&self, id: &str) -> anyhow::Result<Status<'_>> {
        let found = self.statuses().find(|status| status.text("/target") == id);
        found.with_context(|| format!("the board has no target `{id}`"))
    }

    /// The board for a terminal: a row for each target with figures, then the others.
    pub(crate) fn render(&self) -> String {
        let judged: Vec<Status<'_>> = self.statuses().filter(|s| s.has_data()).collect();
        let rows: Vec<[String; 8]> = judged.iter().map(|status| status.cells()).collect();
        let mut text = table(&rows) + "\n";
        for status in judged {
            // Writing to a string cannot fail.
            writeln!(text, "{:<4}  {}", status.text("/target"), status.notes()).ok();
        }
        let silent: Vec<String> = self
            .statuses()
            .filter(|status| !status.has_data())
            .map(|status| {
                format!("{:<4} {}", status.text("/target"), shorten(status.text("/name/en"), 50))
            })
            .collect();
        writeln!(text, "\nno data: {} targets, as nobody published a figure", silent.len()).ok();
        let half = silent.len().div_ceil(2);
        for (at, left) in silent[..half].iter().enumerate() {
            let right = silent.get(half + at).map_or("", String::as_str);
            writeln!(text, "{}", format!("  {left:<58}{right}").trim_end()).ok();
        }
        text
    }
}

impl<'a> Status<'a> {
    /// The text at a JSON pointer; empty where there is none.
    pub(crate) fn text(self, pointer: &str) -> &'a str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The number at a JSON pointer, written as a number or as a decimal text.
    pub(crate) fn number(self, pointer: &str) -> Option<f64> {
        let value = self.0.pointer(pointer)?;
        value.as_f64().or_else(|| value.as_str()?.parse().ok())
    }

    /// Whether anything was reported.
    pub(crate) fn has_data(self) -> bool {
        self.text("/verdict") != "VERDICT_NO_DATA"
    }

    /// The verdict in words.
    pub(crate) fn verdict(self) -> String {
        words(self.text("/verdict"), "VERDICT_")
    }

    fn cells(self) -> [String; 8] {
        [
            self.text("/target").to_owned(),
            self.text("/name/en").to_owned(),
            self.promise(),
            self.now(),
            self.text("/explanation/gap").to_owned(),
            self.pace(),
            self.verdict(),
            self.text("/explanation/method").to_owned(),
        ]
    }

    /// The promise; for a comparison the value compared with in place of its name.
    fn promise(self) -> String {
        let promise = self.text("/promise/en");
        match (promise.split_once(' '), self.text("/explanation/reference/value")) {
            (Some((sign, _)), value) if !value.is_empty() => format!("{sign} {value}"),
            _ => promise.to_owned(),
        }
    }

    fn now(self) -> String {
        let [value, period] =
            ["value", "period"].map(|key| self.text(&format!("/explanation/current/{key}")));
        if value.is_empty() { String::new() } else { format!("{value} ({period})") }
    }

    fn pace(self) -> String {
        let [seen, needed] = ["/explanation/observedPace", "/explanation/requiredPace"]
            .map(|pointer| self.number(pointer).map(|pace| format!("{pace:.2}")));
        match (seen, needed) {
            (Some(seen), Some(needed)) => format!("{seen} of {needed}"),
            (seen, needed) => seen.or(needed).unwrap_or_default(),
        }
    }

    /// What the cells have no room for.
    fn notes(self) -> String {
        let mut notes = vec![self.text("/reason").to_owned()];
        if !self.text("/explanation/reference/value").is_empty() {
            notes.push(self.text("/promise/en").to_owned());
        }
        if !self.pace().is_empty() {
            notes.push(format!("pace in {}", self.text("/explanation/paceUnit")));
        }
        let projected = self.text("/explanation/projected");
        if let (false, Some(horizon)) = (projected.is_empty(), self.number("/horizon")) {
            notes.push(format!("{projected} in {horizon} if it goes on"));
        }
        let flags = self.0["flags"].as_array().map(Vec::as_slice).unwrap_or_default();
        let words = |flag: &Value| words(flag.as_str().unwrap_or_default(), "STATUS_FLAG_");
        notes.extend(flags.iter().map(words));
        notes.retain(|note| !note.is_empty());
        notes.join("; ")
    }
}

/// An enum value in words.
fn words(value: &str, prefix: &str) -> String {
    value.trim_start_matches(prefix).to_lowercase().replace('_', " ")
}

fn table(rows: &[[String; 8]]) -> String {
    let headings = HEADINGS.map(str::to_owned);
    let lines: Vec<[String; 8]> = std::iter::once(&headings)
        .chain(rows)
        .map(|row| std::array::from_fn(|at| shorten(&row[at], WIDEST[at])))
        .collect();
    let widths: [usize; 8] = std::array::from_fn(|at| {
        lines.iter().map(|row| row[at].chars().count()).max().unwrap_or_default()
    });
    let pad = |(cell, width): (&String, usize)| format!("{cell:<width$}");
    let line = |row: &[String; 8]| row.iter().zip(widths).map(pad).collect::<Vec<_>>().join("  ");
    lines.iter().map(|row| line(row).trim_end().to_owned() + "\n").collect()
}

fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"statuses": [
        {"target": "A07", "name": {"en": "Digital economy"}, "promise": {"en": "≥ 20 %"},
         "horizon": 2030, "verdict": "VERDICT_AT_RISK", "explanation": {"method": "ratio",
         "current": {"period": "2024", "value": "5.99"}, "gap": "-14.01", "projected": "12.77",
         "observedPace": 13.447, "requiredPace": 20.956, "paceUnit": "% a year"}},
        {"target": "B01", "name": {"en": "Income"}, "promise": {"en": "> the country"},
         "verdict": "VERDICT_NOT_ASSESSABLE", "reason": "one value",
         "flags": ["STATUS_FLAG_STALE"], "explanation": {"reference": {"value": "3049"}}},
        {"target": "A01", "name": {"en": "Level"}, "verdict": "VERDICT_NO_DATA"}]}"#;

    #[test]
    fn targets_with_figures_have_a_row_and_the_others_a_place_in_the_list() {
        let text = Board::parse(ANSWER).unwrap().render();
        let expected = "\
id   target           promise  now          gap     pace            verdict         method
A07  Digital economy  ≥ 20 %   5.99 (2024)  -14.01  13.45 of 20.96  at risk         ratio
B01  Income           > 3049                                        not assessable

A07   pace in % a year; 12.77 in 2030 if it goes on
B01   one value; > the country; stale

no data: 1 targets, as nobody published a figure
  A01  Level
";
        assert_eq!(text, expected);
    }

    #[test]
    fn an_answer_without_statuses_is_no_board() {
        assert!(Board::parse("{}").is_err());
        assert!(Board::parse("connection refused").is_err());
        assert!(Board::parse(ANSWER).unwrap().status("Z9").is_err());
    }
}
