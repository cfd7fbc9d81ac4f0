//! What a cell measures: a number, a level, nothing, or the withdrawal of an earlier value.

use tiendo_shared::measurement::ObservationStatus;

use super::marks::Within;
use super::outcome::{Content, Reason};
use super::settings::{Factor, PercentCells, Settings};
use crate::number::{self, multiply_exactly};
use crate::source::cell::{Cell, Value};

/// What a value cell holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing: it is passed over.
    Blank,
    /// Content, and the status its marks give it.
    Content(Content, Option<ObservationStatus>),
}

/// Reads a value cell.
pub(super) fn read(
    settings: &Settings,
    cell: &Cell,
    factor: Option<Factor>,
) -> Result<Found, Reason> {
    let raw = cell.raw();
    if let Some(content) = stand_in(settings, &raw) {
        return Ok(Found::Content(content, None));
    }
    let (number, status) = match &cell.value {
        Value::Empty => return Ok(Found::Blank),
        Value::Text(text) if text.trim().is_empty() => return Ok(Found::Blank),
        Value::Text(text) => {
            let (text, status) = settings.marks.strip(text, Within::Ends);
            if let Some(content) = stand_in(settings, &text) {
                return Ok(Found::Content(content, status));
            }
            (read_text(settings, &text)?, status)
        }
        Value::Number(text) => (read_number(settings, text, cell.percent)?, None),
        Value::Bool(_) => return Err(Reason::Truth),
        Value::Date(date) => return Err(Reason::Date(date.to_string())),
        Value::Duration(_) => return Err(Reason::Time),
        Value::Error(_) => return Err(Reason::CellError),
        Value::Uncalculated => return Err(Reason::Uncalculated),
    };
    let number = match factor {
        Some(Factor(factor)) => {
            multiply_exactly(number, factor).ok_or(Reason::Number(number::Error::TooManyDigits))?
        }
        None => number,
    };
    Ok(Found::Content(Content::Number(number), status))
}

/// What a text that stands in place of a number means.
fn stand_in(settings: &Settings, text: &str) -> Option<Content> {
    if let Some(reason) = settings.marks.missing.reason(text) {
        return Some(Content::Missing { mark: text.to_owned(), reason });
    }
    if settings.marks.withdrawn.contain(text) {
        return Some(Content::Withdrawn);
    }
    settings.tables.levels.get(text).map(|level| Content::Level(level.clone()))
}

fn read_text(settings: &Settings, text: &str) -> Result<rust_decimal::Decimal, Reason> {
    let number = number::parse(text, settings.number).map_err(Reason::Number)?;
    if number.percent && settings.percent_cells == PercentCells::Refuse {
        return Err(Reason::Percent { shown: text.to_owned() });
    }
    Ok(number.value)
}

fn read_number(
    settings: &Settings,
    text: &str,
    percent: bool,
) -> Result<rust_decimal::Decimal, Reason> {
    let number = number::parse_cell(text).map_err(Reason::Number)?;
    if !percent {
        return Ok(number);
    }
    let shown =
        multiply_exactly(number, 100.into()).ok_or(Reason::Number(number::Error::TooManyDigits))?;
    match settings.percent_cells {
        PercentCells::AsShown => Ok(shown),
        PercentCells::Refuse => Err(Reason::Percent { shown: format!("{shown} %") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::cell::Date;

    const SETTINGS: &str = "
        layout = 'long'
        fixed = { indicator = 'x', period = '2026' }
        number = { format = 'comma' }
        marks = { missing = ['..', '-', '#N/A'], withdrawn = ['rút'], provisional = ['p'], footnotes = ['*'] }
        tables = { levels = { 'Khá' = 'kha' } }
    ";

    #[track_caller]
    fn check(extra: &str, cell: &Cell, expected: &str) {
        let settings: Settings = toml::from_str(&format!("{SETTINGS}{extra}")).unwrap();
        let shown = match read(&settings, cell, settings.fixed.multiply) {
            Ok(Found::Blank) => "blank".to_owned(),
            Ok(Found::Content(content, status)) => {
                let content = match content {
                    Content::Number(number) => number.to_string(),
                    Content::Level(level) => format!("level {level}"),
                    Content::Missing { mark, .. } => format!("missing {mark}"),
                    Content::Withdrawn => "withdrawn".to_owned(),
                };
                status.map_or(content.clone(), |status| format!("{content} {status:?}"))
            }
            Err(reason) => reason.code().to_owned(),
        };
        assert_eq!(shown, expected, "{cell:?}");
    }

    fn text(text: &str) -> Cell {
        Cell::text(text.to_owned())
    }

    fn number(text: &str, percent: bool) -> Cell {
        Cell { value: Value::Number(text.to_owned()), percent }
    }

    #[test]
    fn every_kind_of_cell_is_taken_or_refused() {
        for (cell, expected) in [
            (text(""), "blank"),
            (text("\u{a0}"), "blank"),
            (text("1.234,5"), "1234.5"),
            (text("12,5 p"), "12.5 Provisional"),
            (text("12,5*"), "12.5"),
            (text(".."), "missing .."),
            (text(".. p"), "missing .. Provisional"),
            (text(" KHÁ "), "level kha"),
            (text("Rút"), "withdrawn"),
            (text("0"), "0"),
            (text("khoảng 5"), "NUMBER_NOT_A_NUMBER"),
            (text("12.5"), "NUMBER_GROUPING"),
            (text("81,5%"), "PERCENT_CELL"),
            (number("1234.5", false), "1234.5"),
            (number("1e-7", false), "0.0000001"),
            (number("0.815", true), "PERCENT_CELL"),
            (number("NaN", false), "NUMBER_NOT_FINITE"),
            (Cell { value: Value::Bool(true), percent: false }, "TRUTH_CELL"),
            (Cell { value: Value::Error("#REF!".into()), percent: false }, "ERROR_CELL"),
            (Cell { value: Value::Error("#N/A".into()), percent: false }, "missing #N/A"),
            (Cell { value: Value::Uncalculated, percent: false }, "FORMULA_UNCALCULATED"),
            (Cell { value: Value::Duration("0.5".into()), percent: false }, "TIME_CELL"),
            (
                Cell {
                    value: Value::Date(Date { stored: "46295".into(), day: None }),
                    percent: false,
                },
                "DATE_CELL",
            ),
        ] {
            check("", &cell, expected);
        }
    }

    #[test]
    fn percentages_are_read_as_shown_where_declared() {
        let declared = "percent_cells = 'as_shown'";
        check(declared, &number("0.815", true), "81.5");
        check(declared, &number("0.30000000000000004", true), "30.000000000000004");
        check(declared, &number("0.815", false), "0.815");
        check(declared, &text("81,5 %"), "81.5");
    }

    #[test]
    fn values_are_multiplied_exactly() {
        let with = "[fixed]\nindicator = 'x'\nperiod = '2026'\nmultiply = '1000'";
        let settings = SETTINGS.replace("fixed = { indicator = 'x', period = '2026' }", "");
        let settings: Settings = toml::from_str(&format!("{settings}{with}")).unwrap();
        let read = |cell: &Cell| read(&settings, cell, settings.fixed.multiply);
        let is = |text: &str| Ok(Found::Content(Content::Number(text.parse().unwrap()), None));
        assert_eq!(read(&number("1.5", false)), is("1500"));
        assert_eq!(read(&text("0,0015")), is("1.5"));
        let error = read(&text(&"9".repeat(28))).unwrap_err();
        assert_eq!(error.code(), "NUMBER_TOO_MANY_DIGITS");
    }
}
