//! What was measured, beside what was promised.

use std::path::Path;

use serde_json::json;

/// A bound that a figure is held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
    /// Shown for what it is.
    None,
}

impl Target {
    fn is_kept(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::None => true,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(least) => format!("≥ {}", number(least)),
            Self::AtMost(most) => format!("≤ {}", number(most)),
            Self::None => String::new(),
        }
    }
}

#[derive(Debug)]
struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    target: Target,
}

/// Figures in the order measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: Vec<Figure>,
}

impl Report {
    /// Adds a figure and shows it at once.
    pub(crate) fn add(&mut self, name: &str, value: f64, unit: &'static str, target: Target) {
        let figure = Figure { name: name.to_owned(), value, unit, target };
        println!("{}", line(&figure));
        self.figures.push(figure);
    }

    /// Shows a heading.
    pub(crate) fn heading(text: &str) {
        println!("\n{text}");
    }

    /// Shows what missed its target and writes everything as JSON.
    pub(crate) fn finish(&self, file: &Path, quick: bool) -> anyhow::Result<()> {
        let missed: Vec<&Figure> =
            self.figures.iter().filter(|f| !f.target.is_kept(f.value)).collect();
        let held = self.figures.iter().filter(|f| f.target != Target::None).count();
        println!("\n{} of {held} targets kept", held - missed.len());
        for figure in missed {
            println!("{}", line(figure));
        }
        let figures: Vec<_> = self.figures.iter().map(as_json).collect();
        let text = serde_json::to_string_pretty(&json!({ "quick": quick, "figures": figures }))?;
        std::fs::write(file, text)?;
        println!("written to {}", file.display());
        Ok(())
    }
}

fn as_json(figure: &Figure) -> serde_json::Value {
    json!({
        "name": figure.name,
        "value": figure.value,
        "unit": figure.unit,
        "target": figure.target.text(),
        "kept": figure.target.is_kept(figure.value),
    })
}

fn line(figure: &Figure) -> String {
    let mark = match figure.target {
        Target::None => " ",
        target if target.is_kept(figure.value) => "✓",
        _ => "✗",
    };
    let value = number(figure.value);
    format!("{mark} {:<58} {value:>10} {:<14} {}", figure.name, figure.unit, figure.target.text())
}

/// Three digits that count, thousands grouped.
fn number(value: f64) -> String {
    let digits = if value.abs() >= 100.0 {
        0
    } else if value.abs() >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{value:.digits$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) && whole.as_bytes()[at - 1] != b'-' {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}
