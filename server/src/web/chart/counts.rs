//! One bar of all targets, divided by verdict, with the numbers in it.

use plotters::backend::SVGBackend;
use plotters::drawing::{DrawingAreaErrorKind, IntoDrawingArea as _};
use plotters::element::{Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{BLACK, Color as _, IntoTextStyle as _, RGBColor, WHITE};
use tiendo_shared::wire::v1::Verdict;

use super::colour;

const WIDTH: u32 = 960;
const HEIGHT: u32 = 34;

/// Narrower parts have no number in them.
const LEAST: i32 = 22;

/// The bar of these counts, empty without any.
pub(in super::super) fn counts(counts: &[(Verdict, u32)]) -> String {
    let mut svg = String::new();
    match draw(&mut svg, counts) {
        Ok(()) if counts.iter().any(|(_, count)| *count > 0) => svg,
        _ => String::new(),
    }
}

fn draw(
    svg: &mut String,
    counts: &[(Verdict, u32)],
) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
    let total: u32 = counts.iter().map(|(_, count)| *count).sum();
    let place = |count: u32| i32::try_from(count * WIDTH / total.max(1)).unwrap_or(0);
    let area = SVGBackend::with_string(svg, (WIDTH, HEIGHT)).into_drawing_area();
    let bottom = HEIGHT.cast_signed();
    let mut before = 0;
    for (verdict, count) in counts.iter().filter(|(_, count)| *count > 0) {
        let (left, right) = (place(before), place(before + count));
        before += count;
        // A hair between parts keeps them apart in grey print too.
        let part = [(left, 0), (right - 2, bottom)];
        area.draw(&Rectangle::new(part, colour(*verdict).filled()))?;
        if right - left >= LEAST {
            let ink = ink(*verdict);
            let style = ("sans-serif", 17)
                .into_text_style(&area)
                .color(&ink)
                .pos(Pos::new(HPos::Center, VPos::Center));
            let middle = (i32::midpoint(left, right) - 1, bottom / 2);
            area.draw(&Text::new(count.to_string(), middle, style))?;
        }
    }
    area.present()
}

/// What can be read on the colour of a verdict.
fn ink(verdict: Verdict) -> RGBColor {
    match verdict {
        Verdict::Met | Verdict::OffTrack | Verdict::Worsening => WHITE,
        _ => BLACK,
    }
}
