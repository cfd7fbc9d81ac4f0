//! Pictures of figures as SVG: axes, units, labels at the lines, nothing else.
//!
//! Drawn by plotters without fonts; texts are those of the page. A number of a picture is
//! rounded, the exact one stands beside it in the page.

mod counts;
mod course;
mod trend;

pub(super) use counts::counts;
pub(super) use course::{Course, Line, way};
pub(super) use trend::trend;

use plotters::style::RGBColor;
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::wire::v1::{PeriodValue, Verdict};

/// Lines of what was observed.
const INK: RGBColor = RGBColor(0x1a, 0x1a, 0x1a);

/// The colour of a verdict: good is blue, bad is red, and readers who see neither see the
/// shape beside it.
pub(super) fn colour(verdict: Verdict) -> RGBColor {
    match verdict {
        Verdict::Met => RGBColor(0x1b, 0x4f, 0x8f),
        Verdict::OnTrack => RGBColor(0x4a, 0x90, 0xc2),
        Verdict::AtRisk => RGBColor(0xe3, 0xa0, 0x2c),
        Verdict::OffTrack => RGBColor(0xc4, 0x4e, 0x28),
        Verdict::Worsening => RGBColor(0x8c, 0x1c, 0x13),
        Verdict::NoData | Verdict::Unspecified => RGBColor(0xd6, 0xd6, 0xd2),
        Verdict::NotAssessable => RGBColor(0xa8, 0xa8, 0xa2),
    }
}

/// Where a period stands on the axis: at its end, so that 2024 stands at 2024 and its
/// first quarter three quarters before.
pub(super) fn place(period: ReportingPeriod) -> f64 {
    let parts = f64::from(period.frequency().per_year());
    f64::from(period.year()) - 1.0 + f64::from(period.ordinal()) / parts
}

/// The points of a series; values that are no numbers have none.
pub(super) fn points(series: &[PeriodValue]) -> Vec<(f64, f64)> {
    let point = |value: &PeriodValue| {
        let period: ReportingPeriod = value.period.parse().ok()?;
        Some((place(period), value.value.parse().ok()?))
    };
    series.iter().filter_map(point).collect()
}

/// Lowest and highest of some numbers, apart from each other.
fn range(numbers: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = numbers.fold(None, |range: Option<(f64, f64)>, number| {
        let (low, high) = range.unwrap_or((number, number));
        Some((low.min(number), high.max(number)))
    })?;
    let space = if high > low { 0.0 } else { low.abs().max(1.0) * 0.1 };
    Some((low - space, high + space))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_year_stand_before_its_end() {
        for (period, at) in
            [("2024", 2024.0), ("2024-Q1", 2023.25), ("2024-S1", 2023.5), ("2024-12", 2024.0)]
        {
            assert!((place(period.parse().unwrap()) - at).abs() < 1e-9, "{period}");
        }
    }
}
