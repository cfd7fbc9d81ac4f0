//! The straight line: distance covered over distance due.
//!
//! Distance due at a time is the share of the whole way that has to lie behind by then,
//! so covered over due equals the observed over the required pace. It judges values that
//! start at zero or pass through it, where compound growth has no meaning, and ranks.
//! Thresholds are those of the ratio method; there is no published score.

use super::pace::{Paces, ahead, finite, sign};
use super::ratio::Course;

/// The paces of the way to a target, in units a year.
pub(super) fn paces(course: &Course) -> Paces {
    let elapsed = course.current_year - course.base_year;
    let years_left = course.target_year - course.current_year;
    let observed = pace(course.base, course.current, elapsed);
    let required = course
        .target
        .and_then(|target| pace(course.base, target, course.target_year - course.base_year));
    let progress = observed.zip(required).and_then(|(observed, required)| {
        finite(sign(course.direction) * observed / required.abs())
    });
    Paces {
        observed,
        required,
        from_here: course.target.and_then(|target| pace(course.current, target, years_left)),
        progress,
        projected: observed
            .filter(|_| years_left > 0.0)
            .and_then(|observed| finite(course.current + observed * years_left)),
        years_to_target: course
            .target
            .zip(observed)
            .and_then(|(target, observed)| ahead((target - course.current) / observed)),
    }
}

fn pace(from: f64, to: f64, years: f64) -> Option<f64> {
    if years > 0.0 { finite((to - from) / years) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicator::Direction;

    fn course(base: f64, current: f64, target: f64, direction: Direction) -> Course {
        Course {
            direction,
            base,
            base_year: 2020.0,
            current,
            current_year: 2024.0,
            target: Some(target),
            target_year: 2030.0,
            limit: None,
        }
    }

    #[test]
    fn progress_is_distance_covered_over_distance_due() {
        for (base, current, target, direction, progress) in [
            (0.0, 40.0, 100.0, Direction::Increase, Some(1.0)),
            (0.0, 24.0, 100.0, Direction::Increase, Some(0.6)),
            (0.0, -10.0, 100.0, Direction::Increase, Some(-0.25)),
            (50.0, 42.0, 30.0, Direction::Decrease, Some(1.0)),
            (-10.0, -6.0, 0.0, Direction::Increase, Some(1.0)),
            (100.0, 90.0, 100.0, Direction::Increase, None),
        ] {
            let paces = paces(&course(base, current, target, direction));
            assert_eq!(paces.progress, progress, "{base} {current} {target}");
        }
    }

    #[test]
    fn the_line_goes_on_to_the_horizon() {
        let paces = paces(&course(0.0, 20.0, 100.0, Direction::Increase));
        assert_eq!(paces.observed, Some(5.0));
        assert_eq!(paces.required, Some(10.0));
        assert_eq!(paces.projected, Some(50.0));
        assert!((paces.from_here.unwrap() - 80.0 / 6.0).abs() < 1e-12);
        assert_eq!(paces.years_to_target, Some(16.0));
    }

    #[test]
    fn a_line_that_leads_away_never_arrives() {
        for current in [50.0, 49.0] {
            let paces = paces(&course(50.0, current, 80.0, Direction::Increase));
            assert_eq!(paces.years_to_target, None, "{current}");
        }
    }
}
