//! Two figures of UN ESCAP that stand beside any method: how far it is, what will be missing.
//!
//! Source: the progress assessment of the Economic and Social Commission for Asia and the
//! Pacific, as implemented by UNICEF MENARO and noted by UNECE
//! (`w3.unece.org/sdg2022/technical-notes.html`). With base `I0`, latest value `I`, target
//! `T` and `d` +1 where more is better, else -1:
//!
//! * current status index `10 · d · (I - I0) / |T - I0|`: 0 at the base, 10 at the target,
//!   below 0 farther away;
//! * anticipated gap `100 · |T - Î| / |T - I0|` in percent, where `Î` is the value projected
//!   to the horizon; 0 if the target will be reached.
//!
//! ESCAP projects by a time-weighted regression whose weights we have not read; here it is
//! the straight line through base and latest value. No class is formed of either figure,
//! because the published limits were not at hand.

use super::linear;
use super::pace::{finite, sign};
use super::ratio::Course;

/// How much of the way is covered, in tenths; none where there was no way.
pub fn current_status_index(course: &Course) -> Option<f64> {
    let way = (course.target? - course.base).abs();
    finite(10.0 * sign(course.direction) * (course.current - course.base) / way)
}

/// Percent of the way that will be left at the horizon; none where there was no way, or
/// the horizon has passed.
pub fn anticipated_gap(course: &Course) -> Option<f64> {
    let target = course.target?;
    let missed = (target - linear::paces(course).projected?) * sign(course.direction);
    finite(100.0 * missed.max(0.0) / (target - course.base).abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicator::Direction;

    #[test]
    fn both_figures_count_from_the_base() {
        let up = Direction::Increase;
        let down = Direction::Decrease;
        for (direction, base, current, target, index, gap) in [
            (up, 0.0, 20.0, 100.0, Some(2.0), Some(50.0)),
            (up, 0.0, 50.0, 100.0, Some(5.0), Some(0.0)),
            (up, 50.0, 45.0, 100.0, Some(-1.0), Some(125.0)),
            (down, 50.0, 40.0, 30.0, Some(5.0), Some(0.0)),
            (up, 100.0, 90.0, 100.0, None, None),
        ] {
            let course = Course {
                direction,
                base,
                base_year: 2020.0,
                current,
                current_year: 2024.0,
                target: Some(target),
                target_year: 2030.0,
                limit: None,
            };
            assert_eq!(current_status_index(&course), index, "{base} {current} {target}");
            assert_eq!(anticipated_gap(&course), gap, "{base} {current} {target}");
        }
    }
}
