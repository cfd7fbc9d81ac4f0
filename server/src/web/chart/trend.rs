//! A line the size of a word: how the figures of a target moved, ending in a dot.

use plotters::backend::SVGBackend;
use plotters::chart::ChartBuilder;
use plotters::drawing::{DrawingAreaErrorKind, IntoDrawingArea as _};
use plotters::element::Circle;
use plotters::series::LineSeries;
use plotters::style::Color as _;
use tiendo_shared::wire::v1::Verdict;

use super::{INK, colour, range};

const WIDTH: u32 = 110;
const HEIGHT: u32 = 26;

/// The line of these points, none without a point; the dot has the colour of the verdict.
pub(in super::super) fn trend(points: &[(f64, f64)], verdict: Verdict) -> String {
    let mut svg = String::new();
    match draw(&mut svg, points, verdict) {
        Some(Ok(())) => svg,
        Some(Err(_)) | None => String::new(),
    }
}

fn draw(
    svg: &mut String,
    points: &[(f64, f64)],
    verdict: Verdict,
) -> Option<Result<(), DrawingAreaErrorKind<std::io::Error>>> {
    let (first, last) = range(points.iter().map(|(at, _)| *at))?;
    let (low, high) = range(points.iter().map(|(_, value)| *value))?;
    let end = points.last().copied()?;
    let mut drawn = || {
        let area = SVGBackend::with_string(svg, (WIDTH, HEIGHT)).into_drawing_area();
        let mut chart =
            ChartBuilder::on(&area).margin(4).build_cartesian_2d(first..last, low..high)?;
        let line = INK.stroke_width(1);
        chart.draw_series(LineSeries::new(points.iter().copied(), line))?;
        chart.draw_series([Circle::new(end, 3, colour(verdict).filled())])?;
        area.present()
    };
    Some(drawn())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_is_small_and_has_no_style_of_its_own() {
        let svg = trend(&[(2020.0, 1.0), (2021.0, 2.0), (2022.0, 1.5)], Verdict::AtRisk);
        assert!(svg.starts_with("<svg") && svg.len() < 900, "{}", svg.len());
        assert!(!svg.contains("style="), "{svg}");
        assert!(trend(&[(2020.0, 1.0)], Verdict::Met).contains("circle"));
        assert_eq!(trend(&[], Verdict::NoData), "");
    }
}
