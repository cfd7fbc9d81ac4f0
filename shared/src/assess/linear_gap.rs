//! The linear-gap method, shown as weather: what will be missing at the horizon at today's pace.
//!
//! Source: the German sustainability strategy, used by Vanuatu too and described by it
//! (`jah-ky/nsdp-upgrade`, `www/_pages/methodology.md`). The mean annual change of the last
//! five years is extended on a straight line from the latest value `y` to the horizon;
//! `g` is the part of the remaining way `target - y` that will be missing there.
//!
//! | class | here |
//! |---|---|
//! | sun: reached, or `g < 5 %` | on track |
//! | sun and cloud: `5 % ≤ g ≤ 20 %` | at risk |
//! | cloud: `g > 20 %`, and moving the right way | off track |
//! | thunderstorm: moving away, or not at all | worsening, or off track where nothing moved |
//!
//! Five years are six yearly values; at least four, which span three years, have to be
//! there, else it is not assessable. The base is the first value of the five years, whatever
//! the target's baseline. Of a sub-annual series every period of the five years counts.

use std::cmp::Ordering;

use super::answer::Verdict;
use super::finding::Reason;
use super::pace::{finite, sign};
use super::ratio::Course;
use super::series::{Base, Point, Series};

/// Years the mean change is taken over.
const YEARS: f64 = 5.0;

/// Fewest values in them.
const FEWEST_POINTS: usize = 4;

/// Years between the first and the last of so few values, at least.
const SHORTEST: f64 = 3.0;

/// Shares of the remaining way: sun below the first, cloud above the second.
pub const THRESHOLDS: [f64; 2] = [0.05, 0.20];

/// What the method calls a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weather {
    /// Moving away, or not at all.
    Thunderstorm,
    /// More than a fifth of the way will be missing.
    Cloud,
    /// Up to a fifth of the way will be missing.
    SunAndCloud,
    /// It will be reached, or nearly.
    Sun,
}

impl Weather {
    /// The name used in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Thunderstorm => "thunderstorm",
            Self::Cloud => "cloud",
            Self::SunAndCloud => "sun_and_cloud",
            Self::Sun => "sun",
        }
    }

    /// The verdict on a target that is not met.
    pub(super) fn verdict(self, towards: Ordering) -> Verdict {
        match self {
            Self::Sun => Verdict::OnTrack,
            Self::SunAndCloud => Verdict::AtRisk,
            Self::Thunderstorm if towards.is_lt() => Verdict::Worsening,
            Self::Cloud | Self::Thunderstorm => Verdict::OffTrack,
        }
    }
}

/// The part of the way from the latest value to the target that will be missing at the
/// horizon if the change a year from the base goes on; below 0 beyond the target. None
/// where no way is left.
pub fn gap(course: &Course) -> Option<f64> {
    let remaining = course.target? - course.current;
    finite((course.target? - expected(course)?) / remaining)
}

/// The class of a course whose target is not met; arriving exactly does not do if `strict`.
pub fn weather(course: &Course, strict: bool) -> Weather {
    let sign = sign(course.direction);
    let moved = (course.current - course.base) * sign;
    let over = course
        .target
        .zip(expected(course))
        .map_or(f64::NEG_INFINITY, |(target, expected)| (expected - target) * sign);
    let [sun, cloud] = THRESHOLDS;
    let gap = gap(course).unwrap_or(f64::INFINITY);
    if moved <= 0.0 {
        Weather::Thunderstorm
    } else if over > 0.0 || (over == 0.0 && !strict) || gap < sun {
        Weather::Sun
    } else if gap <= cloud {
        Weather::SunAndCloud
    } else {
        Weather::Cloud
    }
}

/// The value at the horizon on the straight line; after the horizon, the latest one.
fn expected(course: &Course) -> Option<f64> {
    let years_left = (course.target_year - course.current_year).max(0.0);
    let change = (course.current - course.base) / (course.current_year - course.base_year);
    finite(course.current + change * years_left)
}

/// The first value of the last five years.
pub(super) fn start(series: &Series) -> Result<Base, Reason> {
    let first = window(series).next().filter(|first| first.period() != series.current.period());
    first.map(|first| Base::Measured(*first)).ok_or(series.single_point())
}

/// Whether there are values enough.
pub(super) fn is_assessable(series: &Series) -> bool {
    let first = window(series).next().unwrap_or(&series.current);
    window(series).count() >= FEWEST_POINTS
        && series.current.period().years_since(first.period()) >= SHORTEST
}

fn window(series: &Series) -> impl Iterator<Item = &Point> {
    let last = series.current.period();
    series.points().filter(move |point| last.years_since(point.period()) <= YEARS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicator::Direction;

    fn course(base: f64, current: f64, target: f64) -> Course {
        Course {
            direction: if target > base { Direction::Increase } else { Direction::Decrease },
            base,
            base_year: 2020.0,
            current,
            current_year: 2025.0,
            target: Some(target),
            target_year: 2030.0,
            limit: None,
        }
    }

    /// Five years gone, five left: what was covered will be covered once more.
    #[test]
    fn the_weather_changes_at_its_thresholds() {
        for (base, current, target, share, expect) in [
            (0.0, 50.0, 100.0, 0.0, Weather::Sun),
            (0.0, 60.0, 100.0, -0.5, Weather::Sun),
            (0.0, 49.0, 100.0, 2.0 / 51.0, Weather::Sun),
            (0.0, 400.0, 820.0, 20.0 / 420.0, Weather::Sun),
            (0.0, 95.0, 195.0, 0.05, Weather::SunAndCloud),
            (0.0, 80.0, 180.0, 0.2, Weather::SunAndCloud),
            (0.0, 79.0, 180.0, 22.0 / 101.0, Weather::Cloud),
            (0.0, 0.1, 100.0, 99.8 / 99.9, Weather::Cloud),
            (10.0, 10.0, 100.0, 1.0, Weather::Thunderstorm),
            (10.0, 9.0, 100.0, 92.0 / 91.0, Weather::Thunderstorm),
            (100.0, 50.0, 0.0, 0.0, Weather::Sun),
            (100.0, 101.0, 0.0, 102.0 / 101.0, Weather::Thunderstorm),
        ] {
            let course = course(base, current, target);
            let found = gap(&course).unwrap();
            assert!((found - share).abs() < 1e-9, "{base} {current} {target}: {found}");
            assert_eq!(weather(&course, false), expect, "{base} {current} {target}");
        }
    }

    #[test]
    fn a_strict_promise_is_not_reached_exactly() {
        let exactly = course(0.0, 50.0, 100.0);
        assert_eq!(weather(&exactly, true), Weather::Sun, "less than 5 % is missing");
        let standing = Course { base: 100.0, current: 100.0, ..exactly };
        assert_eq!(weather(&standing, true), Weather::Thunderstorm);
        let arrived = Course { current: 100.0, target_year: 2025.0, ..exactly };
        assert_eq!(weather(&arrived, true), Weather::Cloud);
        assert_eq!(weather(&arrived, false), Weather::Sun);
    }
}
