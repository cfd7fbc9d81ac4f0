//! The course of a target: what was observed, the way it promised, and where it goes.

use plotters::backend::SVGBackend;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea as _};
use plotters::element::{Circle, Polygon, Text};
use plotters::series::{DashedLineSeries, LineSeries};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, IntoFont as _, IntoTextStyle as _, RGBColor, TRANSPARENT};

use super::super::lang::Lang;
use super::{INK, range};

const WIDTH: u32 = 800;
const HEIGHT: u32 = 360;

/// Room for the labels at the ends of lines.
const RIGHT: u32 = 236;

/// Size of texts, as plotters counts it: a quarter more than in the picture.
const TEXT: i32 = 17;

/// Labels are at least so far from each other, and so far from their lines.
const APART: i32 = 17;
const BESIDE: i32 = 8;

/// Lines of what was promised, of what is compared with, and of the axes.
const WAY: RGBColor = RGBColor(0x57, 0x57, 0x5a);
const OTHER: RGBColor = RGBColor(0x8a, 0x6d, 0x3b);
const RULE: RGBColor = RGBColor(0xe2, 0xe2, 0xde);

type Points = Vec<(f64, f64)>;
type Area<'s> = DrawingArea<SVGBackend<'s>, Shift>;
type Chart<'a, 's> = ChartContext<'a, SVGBackend<'s>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// A line and what stands at its end.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Line {
    pub(in super::super) points: Points,
    pub(in super::super) label: String,
}

/// Everything on the picture.
#[derive(Debug)]
pub(in super::super) struct Course {
    pub(in super::super) lang: Lang,
    /// What the numbers are, above the axis.
    pub(in super::super) unit: String,
    pub(in super::super) observed: Line,
    /// From the base to what was promised.
    pub(in super::super) way: Line,
    /// From the latest value on, if the pace goes on.
    pub(in super::super) projected: Line,
    /// What it is compared with.
    pub(in super::super) reference: Line,
    /// The latest value, and lower and upper end of a forecast.
    pub(in super::super) interval: Points,
    pub(in super::super) colour: RGBColor,
}

/// Points from one to another: at a steady rate of growth, or straight.
pub(in super::super) fn way(from: (f64, f64), to: (f64, f64), compound: bool) -> Points {
    let grows = compound && from.1 > 0.0 && to.1 > 0.0 && from.0 < to.0;
    let step = |at: u32| {
        let share = f64::from(at) / 20.0;
        let value = if grows {
            from.1 * (to.1 / from.1).powf(share)
        } else {
            from.1 + (to.1 - from.1) * share
        };
        (from.0 + (to.0 - from.0) * share, value)
    };
    (0..=20).map(step).collect()
}

impl Course {
    /// The picture; empty where nothing was observed.
    pub(in super::super) fn svg(&self) -> String {
        let mut svg = String::new();
        match self.draw(&mut svg) {
            Ok(()) if !self.observed.points.is_empty() => svg,
            _ => String::new(),
        }
    }

    fn lines(&self) -> [(&Line, RGBColor); 4] {
        [
            (&self.observed, INK),
            (&self.way, WAY),
            (&self.projected, self.colour),
            (&self.reference, OTHER),
        ]
    }

    fn draw(&self, svg: &mut String) -> Drawn {
        let all =
            || self.lines().into_iter().flat_map(|(line, _)| &line.points).chain(&self.interval);
        let (Some((first, last)), Some((low, high))) =
            (range(all().map(|it| it.0)), range(all().map(|it| it.1)))
        else {
            return Ok(());
        };
        let space = (high - low) * 0.08;
        let low = if low >= 0.0 { (low - space).max(0.0) } else { low - space };
        let area = SVGBackend::with_string(svg, (WIDTH, HEIGHT)).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .margin_top(30)
            .margin_right(RIGHT)
            .margin_left(4)
            .x_label_area_size(26)
            .y_label_area_size(54)
            .build_cartesian_2d(first - 0.3..last + 0.1, low..high + space)?;
        self.axes(&mut chart, high - low)?;
        self.curves(&mut chart)?;
        self.labels(&area, &chart)?;
        let unit = ("sans-serif", TEXT).into_text_style(&area).color(&WAY);
        area.draw(&Text::new(self.unit.clone(), (4, 6), unit))?;
        area.present()
    }

    fn axes(&self, chart: &mut Chart<'_, '_>, span: f64) -> Drawn {
        let decimals = if span < 2.0 { 2 } else { usize::from(span < 12.0) };
        let lang = self.lang;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(RULE)
            .axis_style(WAY)
            .x_labels(9)
            .y_labels(6)
            .x_label_formatter(&|year| {
                let is_whole = (year - year.round()).abs() < 1e-6;
                if is_whole { format!("{year:.0}") } else { String::new() }
            })
            .y_label_formatter(&|value| lang.float(*value, decimals))
            .label_style(("sans-serif", TEXT).into_font().color(&WAY))
            .draw()
    }

    fn curves(&self, chart: &mut Chart<'_, '_>) -> Drawn {
        if self.interval.len() == 3 {
            let area = self.colour.mix(0.18).filled();
            chart.draw_series([Polygon::new(self.interval.clone(), area)])?;
        }
        let points = |line: &Line| line.points.clone().into_iter();
        chart.draw_series(LineSeries::new(points(&self.reference), OTHER.stroke_width(2)))?;
        chart.draw_series(DashedLineSeries::new(points(&self.way), 6, 5, WAY.stroke_width(2)))?;
        let projected = points(&self.projected);
        chart.draw_series(DashedLineSeries::new(projected, 2, 4, self.colour.stroke_width(3)))?;
        chart.draw_series(LineSeries::new(points(&self.observed), INK.stroke_width(3)))?;
        chart.draw_series(points(&self.observed).map(|at| Circle::new(at, 4, INK.filled())))?;
        let promised = self.way.points.last().into_iter();
        chart.draw_series(promised.map(|at| Circle::new(*at, 5, WAY.stroke_width(2))))?;
        Ok(())
    }

    /// Labels beside the ends of lines, moved apart where they would cover each other.
    fn labels(&self, area: &Area<'_>, chart: &Chart<'_, '_>) -> Drawn {
        let mut labels: Vec<_> = self
            .lines()
            .into_iter()
            .enumerate()
            .filter_map(|(at, (line, colour))| {
                let (x, y) = chart.backend_coord(line.points.last()?);
                // The colour of a verdict may be too light for text; what goes on from the
                // latest value would cross a label beside it.
                let colour = if colour == self.colour { INK } else { colour };
                let is_amid = at == 0 && !self.projected.points.is_empty();
                Some(((x, if is_amid { y + APART } else { y }), line.label.clone(), colour))
            })
            .collect();
        if let [_, _, upper] = self.interval[..] {
            // Below the line of the pace, where the area has room.
            let (x, y) = chart.backend_coord(&upper);
            labels.push(((x, y + APART), self.lang.words().interval.to_owned(), WAY));
        }
        labels.sort_by_key(|((_, y), ..)| *y);
        let mut free = 12;
        for ((x, y), label, colour) in labels {
            let at = (x + BESIDE, y.max(free));
            free = at.1 + APART;
            let style = ("sans-serif", TEXT)
                .into_text_style(area)
                .color(&colour)
                .pos(Pos::new(HPos::Left, VPos::Center));
            area.draw(&Text::new(label, at, style))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_a_course_are_text_and_stand_apart() {
        let line = |value: f64, label: &str| Line {
            points: way((2022.0, 5.0), (2030.0, value), true),
            label: label.to_owned(),
        };
        let course = Course {
            lang: Lang::Vi,
            unit: "<%>".to_owned(),
            observed: line(20.0, "<b>"),
            way: line(20.0, "way"),
            projected: line(20.1, "goes on"),
            reference: Line::default(),
            interval: vec![(2022.0, 5.0), (2030.0, 10.0), (2030.0, 22.0)],
            colour: INK,
        };
        let svg = course.svg();
        assert!(svg.contains("&lt;b&gt;") && !svg.contains("<b>"), "{svg}");
        assert!(!svg.contains("style="), "{svg}");
        let nothing = Course { observed: Line::default(), ..course };
        assert_eq!(nothing.svg(), "");
    }

    #[test]
    fn a_way_begins_and_ends_where_it_should() {
        for compound in [true, false] {
            let points = way((2020.0, 2.0), (2030.0, 8.0), compound);
            assert_eq!(points[0], (2020.0, 2.0));
            let (year, value) = points[20];
            assert!((year - 2030.0).abs() < 1e-9 && (value - 8.0).abs() < 1e-9);
            let middle = if compound { 4.0 } else { 5.0 };
            assert!((points[10].1 - middle).abs() < 1e-9);
        }
    }
}
