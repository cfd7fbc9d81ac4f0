//! The progress chart of the UN: how much of the way is expected to be covered at the horizon.
//!
//! Source: the progress chart of the United Nations Statistics Division as Eustat, the Basque
//! statistics office, uses and describes it (`EUSTAT-DES/site`, `_pages/en/metodologia.md`).
//! With `CAGR` the compound growth from base `y0` to the latest value `y`:
//!
//! * expected at the horizon `v = y · (1 + CAGR)^(years left)`,
//! * `q = (v - y0) / (target - y0)`, the share of the way expected to be covered,
//! * `q ≥ .95` is 3 "met or on track"; `.10 ≤ q < .95` is 2 "progress, to be accelerated";
//!   `q < .10` is 1 "stagnation or regression". The catalogue may state other bands.
//! * Within 1 of 0 % or 100 %, when that is the target, counts as 3.
//!
//! | class | here |
//! |---|---|
//! | 3 | on track; met only if the promise is kept to the last digit |
//! | 2 | at risk |
//! | 1 | off track, or worsening if the value is worse than at the base |
//!
//! Left to the engine: the base (the next later value where that of the base year is
//! missing), and the straight line where growth has no meaning. No share is formed where
//! the base was at the target already: the way the value moved decides then.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use crate::indicator::{Direction, Range};
use crate::target::UnChartBands;

use super::answer::Verdict;
use super::number::to_float;
use super::pace::{finite, sign};
use super::ratio::Course;

/// What the chart calls a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// 1: stagnation or regression.
    Stagnation,
    /// 2: progress, to be accelerated.
    Progress,
    /// 3: met or on track.
    OnTrack,
}

impl Class {
    /// The published figure.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Stagnation => "1",
            Self::Progress => "2",
            Self::OnTrack => "3",
        }
    }

    /// The verdict on a target that is not met.
    pub(super) fn verdict(self, towards: Ordering) -> Verdict {
        match self {
            Self::OnTrack => Verdict::OnTrack,
            Self::Progress => Verdict::AtRisk,
            Self::Stagnation if towards.is_lt() => Verdict::Worsening,
            Self::Stagnation => Verdict::OffTrack,
        }
    }
}

/// Where the classes begin; each bound is inclusive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bands {
    /// Class 3 from here.
    pub on_track: f64,
    /// Class 2 from here.
    pub progress: f64,
}

impl Bands {
    /// Those a target states.
    pub fn of(bands: &UnChartBands) -> Self {
        Self { on_track: to_float(bands.on_track), progress: to_float(bands.progress) }
    }

    /// The class of a share of the way.
    pub fn class(&self, progress: f64) -> Class {
        if progress >= self.on_track {
            Class::OnTrack
        } else if progress >= self.progress {
            Class::Progress
        } else {
            Class::Stagnation
        }
    }
}

/// The value expected at the horizon; after the horizon, the latest one.
pub fn expected(course: &Course) -> Option<f64> {
    let years_left = (course.target_year - course.current_year).max(0.0);
    finite(course.current * (1.0 + course.observed()?).powf(years_left))
}

/// The share of the way from base to target expected to be covered at the horizon; none
/// where the base was at the target or beyond.
pub fn progress(course: &Course) -> Option<f64> {
    let way = course.target? - course.base;
    if way * sign(course.direction) <= 0.0 {
        return None;
    }
    finite((expected(course)? - course.base) / way)
}

/// The limit, 0 or 100 of a percentage, the latest value is within 1 of, if that is the target.
pub(super) fn near_limit(course: &Course, range: Range) -> Option<Decimal> {
    let percentage =
        range.minimum == Some(Decimal::ZERO) && range.maximum == Some(Decimal::ONE_HUNDRED);
    let limit = match course.direction {
        Direction::Increase => Decimal::ONE_HUNDRED,
        Direction::Decrease => Decimal::ZERO,
    };
    let at = to_float(limit);
    let near = percentage && course.target == Some(at) && (course.current - at).abs() <= 1.0;
    near.then_some(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(base: f64, current: f64, target: f64) -> Course {
        Course {
            direction: if target > base { Direction::Increase } else { Direction::Decrease },
            base,
            base_year: 2023.0,
            current,
            current_year: 2024.0,
            target: Some(target),
            target_year: 2030.0,
            limit: None,
        }
    }

    #[test]
    fn the_share_expected_decides() {
        let published = Bands::of(&UnChartBands::default());
        for (base, current, target, share, class) in [
            (5.28, 5.99, 20.0, 0.509, Class::Progress),
            (10.0, 11.0, 19.0, 1.054, Class::OnTrack),
            (10.0, 10.1, 20.0, 0.072, Class::Stagnation),
            (10.0, 10.0, 20.0, 0.0, Class::Stagnation),
            (10.0, 9.0, 20.0, -0.522, Class::Stagnation),
            (10.0, 9.0, 5.0, 1.043, Class::OnTrack),
        ] {
            let found = progress(&course(base, current, target)).unwrap();
            assert!((found - share).abs() < 5e-4, "{base} {current} {target}: {found}");
            assert_eq!(published.class(found), class, "{base} {current} {target}");
        }
    }

    #[test]
    fn classes_begin_at_their_bounds() {
        let published = Bands::of(&UnChartBands::default());
        for (share, class) in [
            (0.95, Class::OnTrack),
            (0.949_999, Class::Progress),
            (0.10, Class::Progress),
            (0.099_999, Class::Stagnation),
        ] {
            assert_eq!(published.class(share), class, "{share}");
        }
    }

    #[test]
    fn from_beyond_the_target_there_is_no_share() {
        let lost = Course { direction: Direction::Increase, ..course(21.0, 19.0, 20.0) };
        assert_eq!(progress(&lost), None);
        assert_eq!(progress(&Course { target: Some(21.0), ..lost }), None);
    }

    #[test]
    fn only_a_percentage_has_limits() {
        let percent = Range { minimum: Some(Decimal::ZERO), maximum: Some(Decimal::ONE_HUNDRED) };
        let near = |current, target, range| near_limit(&course(50.0, current, target), range);
        assert_eq!(near(99.0, 100.0, percent), Some(Decimal::ONE_HUNDRED));
        assert_eq!(near(1.0, 0.0, percent), Some(Decimal::ZERO));
        assert_eq!(near(98.99, 100.0, percent), None);
        assert_eq!(near(79.5, 80.0, percent), None);
        assert_eq!(near(99.5, 100.0, Range::default()), None);
    }
}
