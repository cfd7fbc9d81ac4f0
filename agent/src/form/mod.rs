//! The Excel form: the rows a department owes for a period, to be filled in and read back.
//!
//! A form carries a hidden sheet that says what it is, and a hidden row of keys
//! over its columns. It is read by those, so that it survives other spreadsheet
//! programs, wider columns and rows put in above.
//!
//! ```text
//! sheet "tiendo" (hidden)          sheet "Số liệu" (protected without a password)
//!   A1 tiendo-form  B1 1             1  title
//!   A2 department   B2 so-khcn       2  how to fill it in
//!   A3 period       B3 2025          3  keys (hidden): tiendo:indicator, tiendo:value, …
//!   A4 catalogue    B4 2026.1        4  headings
//!   D… lists of words to choose from 5… one row for each measurement
//! ```

#[cfg(test)]
mod filled_tests;
pub(crate) mod read;
mod words;
pub(crate) mod write;

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::indicator::Indicator;
use tiendo_shared::period::{Frequency, ReportingPeriod};

/// Name of the sheet that says what a form is.
const ABOUT_SHEET: &str = "tiendo";

/// First cell of that sheet.
const MARK: &str = "tiendo-form";

/// The form of forms; another number is another layout.
const VERSION: &str = "1";

/// Stands before each key of a column.
const KEY: &str = "tiendo:";

/// A column of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Indicator,
    Name,
    Dimensions,
    Unit,
    Period,
    Value,
    RankedAmong,
    Status,
    Missing,
    Comment,
    Evidence,
    Confirmed,
    Edition,
    Territory,
    Hint,
}

impl Column {
    /// The columns, from A on.
    const ALL: [Self; 15] = [
        Self::Indicator,
        Self::Name,
        Self::Dimensions,
        Self::Unit,
        Self::Period,
        Self::Value,
        Self::RankedAmong,
        Self::Status,
        Self::Missing,
        Self::Comment,
        Self::Evidence,
        Self::Confirmed,
        Self::Edition,
        Self::Territory,
        Self::Hint,
    ];

    /// What its key says behind [`KEY`]; part of the form's version.
    fn key(self) -> &'static str {
        match self {
            Self::Indicator => "indicator",
            Self::Name => "name",
            Self::Dimensions => "dimensions",
            Self::Unit => "unit",
            Self::Period => "period",
            Self::Value => "value",
            Self::RankedAmong => "ranked_among",
            Self::Status => "status",
            Self::Missing => "missing",
            Self::Comment => "comment",
            Self::Evidence => "evidence",
            Self::Confirmed => "confirmed",
            Self::Edition => "edition",
            Self::Territory => "territory",
            Self::Hint => "hint",
        }
    }

    /// Width in characters.
    fn width(self) -> f64 {
        match self {
            Self::Name => 48.0,
            Self::Hint => 44.0,
            Self::Comment | Self::Evidence => 28.0,
            Self::Indicator | Self::Missing | Self::Confirmed => 22.0,
            Self::Dimensions
            | Self::Unit
            | Self::Value
            | Self::Status
            | Self::Edition
            | Self::Territory => 16.0,
            Self::Period | Self::RankedAmong => 12.0,
        }
    }
}

/// The indicators a department can report for a period, in the catalogue's order.
pub(crate) fn owed<'c>(
    catalogue: &'c Catalogue,
    department: &str,
    period: ReportingPeriod,
) -> Vec<&'c Indicator> {
    let (remit, day) = (catalogue.remit(department), period.last_day());
    let reported = (0..).zip(catalogue.indicators()).filter(|(at, indicator)| {
        indicator.formula.is_none()
            && remit.contains(*at, day)
            && indicator.accepts(period.frequency())
    });
    reported.map(|(_, indicator)| indicator).collect()
}

/// The period a form is made for when nobody says which: the last that ended
/// before `today`, of the longest frequency the department owes anything at.
pub(crate) fn usual_period(
    catalogue: &Catalogue,
    department: &str,
    today: jiff::civil::Date,
) -> Option<ReportingPeriod> {
    let reported = catalogue.reported_by(department);
    let frequency: Frequency = reported.map(|indicator| indicator.frequency).min()?;
    let mut period = ReportingPeriod::new(today.year() + 1, frequency, 1)?;
    while period.last_day() >= today {
        period = period.previous()?;
    }
    Some(period)
}

/// The breakdowns of an indicator that a form has rows for: the total, then each
/// member of each dimension. Dimensions and members by their ids.
fn breakdowns(indicator: &Indicator) -> Vec<Option<(&str, &str)>> {
    let members = indicator.dimensions.iter().flat_map(|dimension| {
        dimension.members.iter().map(|member| Some((dimension.id.as_str(), member.as_str())))
    });
    std::iter::once(None).chain(members).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The plan's own catalogue.
    pub(crate) fn catalogue() -> Catalogue {
        let text = include_str!("../../../server/catalogue/an-giang.toml");
        Catalogue::parse(text).unwrap()
    }

    #[test]
    fn the_usual_period_has_ended() {
        let catalogue = catalogue();
        let usual = |today: &str| {
            let today = today.parse().unwrap();
            usual_period(&catalogue, "so-khcn", today).map(|period| period.to_string())
        };
        assert_eq!(usual("2026-11-24").as_deref(), Some("2025"));
        assert_eq!(usual("2026-01-01").as_deref(), Some("2025"));
        assert_eq!(usual("2025-12-31").as_deref(), Some("2024"));
        assert_eq!(usual_period(&catalogue, "none", "2026-01-01".parse().unwrap()), None);
    }

    #[test]
    fn forms_hold_what_a_department_can_report_for_the_period() {
        let catalogue = catalogue();
        for period in ["2025", "2026-Q3", "2026-09"] {
            let period: ReportingPeriod = period.parse().unwrap();
            for department in catalogue.departments() {
                for indicator in owed(&catalogue, &department.id, period) {
                    assert!(indicator.formula.is_none());
                    assert!(indicator.accepts(period.frequency()));
                    assert!(indicator.is_reported_by(&department.id));
                }
            }
        }
        assert!(!owed(&catalogue, "so-khcn", "2025".parse().unwrap()).is_empty());
    }
}
