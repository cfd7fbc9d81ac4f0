//! The published ratio method: observed compound growth over the growth required.
//!
//! Source: Open SDG, `docs/progress-methodology.md`, and sdg-build 2.4.0 (October 2025),
//! classes `IndicatorProgress` and `SeriesProgress`; written by Statistics Canada, modelled
//! on Eurostat's monitoring report. Notation: `p` is the progress value,
//! `CAGR(a → b, n) = (b / a)^(1/n) - 1`.
//!
//! * With a target: `p = s·d·CAGR(base → current) / |CAGR(base → target)|`, thresholds
//!   .95 / .60 / 0. Achieved is tested before the trend.
//! * Without: `p = s·d·CAGR(base → current)`, thresholds .015 / .005 / 0, made smaller near
//!   a limit.
//! * `d` is +1 where more is better, else -1; `s` is -1 for a negative base, else +1.
//! * Not assessable: base and current of different sign, less than a year between them.
//!
//! The published code reads a base or a target of 0 as 0.001. [`substitute_zero`] does that
//! for those who reproduce its figures; the engine does not, it takes the straight line.

use crate::indicator::Direction;

use super::pace::{Paces, ahead, finite, sign};

/// What the published method calls a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// `deterioration`.
    Deterioration,
    /// `limited_progress`; no change at all is in it.
    Limited,
    /// `moderate_progress`.
    Moderate,
    /// `substantial_progress`, shown as "on track".
    Substantial,
    /// `target_achieved`.
    Achieved,
}

impl Class {
    /// The published name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deterioration => "deterioration",
            Self::Limited => "limited_progress",
            Self::Moderate => "moderate_progress",
            Self::Substantial => "substantial_progress",
            Self::Achieved => "target_achieved",
        }
    }
}

/// The course of a series from its base to now, and where it should arrive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Course {
    /// Which way is better.
    pub direction: Direction,
    /// Base value.
    pub base: f64,
    /// Time of the base value, in years.
    pub base_year: f64,
    /// Latest value.
    pub current: f64,
    /// Time of the latest value, in years.
    pub current_year: f64,
    /// Value to arrive at; none if only the direction is wanted.
    pub target: Option<f64>,
    /// Time to arrive by, in years.
    pub target_year: f64,
    /// Natural limit of the values, such as 100 for percentages; only without a target.
    pub limit: Option<f64>,
}

impl Course {
    /// Observed growth a year as a fraction; none where the method does not assess.
    pub fn observed(&self) -> Option<f64> {
        let years = self.current_year - self.base_year;
        let changes_sign = (self.base > 0.0 && self.current < 0.0)
            || (self.base < 0.0 && self.current > 0.0)
            || self.base == 0.0;
        if changes_sign || years < 1.0 { None } else { growth(self.base, self.current, years) }
    }

    /// Growth a year that leads from the base to the target, as a fraction.
    pub fn required(&self) -> Option<f64> {
        growth(self.base, self.target?, self.target_year - self.base_year)
    }

    /// The progress value `p`; none where the method does not assess, or no growth
    /// was required.
    pub fn progress(&self) -> Option<f64> {
        let base_sign = if self.base < 0.0 { -1.0 } else { 1.0 };
        let towards = base_sign * sign(self.direction) * self.observed()?;
        if self.target.is_none() {
            return Some(towards);
        }
        let required = self.required()?.abs();
        finite(towards / required)
    }

    /// Whether the latest value is at the target or better.
    pub fn is_achieved(&self) -> bool {
        self.target.is_some_and(|target| match self.direction {
            Direction::Increase => self.current >= target,
            Direction::Decrease => self.current <= target,
        })
    }

    /// The thresholds `p` is compared with.
    pub fn thresholds(&self) -> Thresholds {
        match (self.target, self.limit) {
            (Some(_), _) => TO_TARGET,
            (None, None) => WITHOUT_TARGET,
            (None, Some(limit)) => WITHOUT_TARGET.reduced(self.base.abs(), limit.abs()),
        }
    }

    /// The published status; none is `not_available`.
    pub fn class(&self) -> Option<Class> {
        if self.is_achieved() {
            return Some(Class::Achieved);
        }
        self.progress().map(|progress| self.thresholds().class(progress))
    }

    /// The published score, from -5 to 5.
    pub fn score(&self) -> Option<f64> {
        if self.is_achieved() {
            return Some(ACHIEVED_SCORE);
        }
        let progress = self.progress()?;
        Some(match self.target {
            Some(_) => score_to_target(progress),
            None => score_without_target(progress, &self.thresholds()),
        })
    }
}

/// The score of an achieved target, whatever the trend.
pub const ACHIEVED_SCORE: f64 = 5.0;

/// Thresholds on the way to a target.
pub const TO_TARGET: Thresholds =
    Thresholds { high: 0.95, medium: 0.60, low: 0.0, coefficient: 1.0 };

/// Thresholds where only the direction is wanted.
pub const WITHOUT_TARGET: Thresholds =
    Thresholds { high: 0.015, medium: 0.005, low: 0.0, coefficient: 1.0 };

/// Where one class of progress ends and the next begins; each bound is inclusive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Substantial from here.
    pub high: f64,
    /// Moderate from here.
    pub medium: f64,
    /// Limited from here.
    pub low: f64,
    /// What the others were multiplied by, from 0 to 1.
    pub coefficient: f64,
}

impl Thresholds {
    /// The class of a progress value.
    pub fn class(&self, progress: f64) -> Class {
        if progress >= self.high {
            Class::Substantial
        } else if progress >= self.medium {
            Class::Moderate
        } else if progress >= self.low {
            Class::Limited
        } else {
            Class::Deterioration
        }
    }

    /// Made smaller near a limit, where little room is left to move.
    fn reduced(self, base: f64, limit: f64) -> Self {
        const EXPONENT: f64 = 4.44;
        let coefficient = if base >= 2.0 * limit {
            1.0
        } else if base <= limit {
            1.0 - (base / limit).powf(EXPONENT)
        } else {
            1.0 - ((2.0 * limit - base) / limit).powf(EXPONENT)
        };
        Self {
            high: self.high * coefficient,
            medium: self.medium * coefficient,
            low: self.low * coefficient,
            coefficient,
        }
    }
}

/// The published score of a progress value on the way to a target.
pub fn score_to_target(progress: f64) -> f64 {
    if progress >= TO_TARGET.medium {
        (7.1429 * progress - 4.2857).min(5.0)
    } else {
        (4.1667 * progress - 2.5).max(-5.0)
    }
}

/// The published score of a progress value where only the direction is wanted.
pub fn score_without_target(progress: f64, thresholds: &Thresholds) -> f64 {
    let coefficient = thresholds.coefficient;
    if progress < thresholds.low {
        (125.0 * progress - 2.5).max(-5.0)
    } else if coefficient == 0.0 {
        5.0
    } else if progress >= thresholds.high {
        (500.0 * progress / coefficient - 5.0).min(5.0)
    } else if progress >= thresholds.medium {
        250.0 * progress / coefficient - 1.25
    } else {
        500.0 * progress / coefficient - 2.5
    }
}

/// Score and class of an indicator of several series: the mean of the scores there are.
/// Achieved only if every series with a score has achieved its target.
pub fn of_indicator(series: &[Course]) -> Option<(f64, Class)> {
    let scored: Vec<_> =
        series.iter().filter_map(|course| Some((course.score()?, course.is_achieved()))).collect();
    let count = u32::try_from(scored.len()).ok().filter(|count| *count > 0)?;
    let mean = scored.iter().map(|(score, _)| score).sum::<f64>() / f64::from(count);
    let class = match mean {
        _ if scored.iter().all(|(_, achieved)| *achieved) => Class::Achieved,
        2.5.. => Class::Substantial,
        0.0.. => Class::Moderate,
        -2.5.. => Class::Limited,
        _ => Class::Deterioration,
    };
    Some((mean, class))
}

/// 0 read as 0.001, as the published code does for bases and targets.
pub fn substitute_zero(value: f64) -> f64 {
    if value == 0.0 { 0.001 } else { value }
}

/// The paces of the way to a target, as fractions a year.
pub(super) fn paces(course: &Course) -> Paces {
    let observed = course.observed();
    let years_left = course.target_year - course.current_year;
    Paces {
        observed,
        required: course.required(),
        from_here: course.target.and_then(|target| growth(course.current, target, years_left)),
        progress: course.progress(),
        projected: observed
            .filter(|_| years_left > 0.0)
            .and_then(|observed| finite(course.current * (1.0 + observed).powf(years_left))),
        years_to_target: course.target.zip(observed).and_then(|(target, observed)| {
            ahead((target / course.current).ln() / observed.ln_1p())
        }),
    }
}

/// Compound growth a year from `from` to `to`; none where it is not a number.
fn growth(from: f64, to: f64, years: f64) -> Option<f64> {
    if years <= 0.0 {
        return None;
    }
    finite((to / from).powf(1.0 / years) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked examples published in `indicator_calculation_components.yml` of the Canadian
    /// indicator framework (7-1-1: of its global counterpart).
    #[test]
    fn the_published_worked_examples_come_out() {
        let up = Direction::Increase;
        let down = Direction::Decrease;
        #[rustfmt::skip]
        let rows = [
            ("1-1-1",  14.5, 2015., 10.4, 2023., down, Some(7.25), None,       Some(0.901_089_954_697_620_8),    2.150_695_437_409_635_4, Class::Moderate),
            ("12-1-1", 0.37, 2015., 9.53, 2025., up,   Some(60.),  None,       Some(0.950_406_988_301_424_9),    2.502_962_076_738_248,   Class::Substantial),
            ("11-5-1", 19.3, 2016., 13.9, 2021., up,   Some(22.),  None,       Some(-6.761_542_439_638_71),      -5.,                     Class::Deterioration),
            ("1-2-1",  66.6, 2016., 71.4, 2023., up,   None,       Some(100.), Some(0.009_991_483_690_946_268),  1.739_752_850_099_936,   Class::Moderate),
            ("12-4-1", 1.43, 2015., 1.43, 2022., down, None,       None,       Some(-0.),                        -2.5,                    Class::Limited),
            ("10-2-1", 3.8,  2015., 11.9, 2024., down, None,       None,       Some(-0.135_232_506_490_048_6),   -5.,                     Class::Deterioration),
            ("7-1-1",  100., 2015., 100., 2023., up,   Some(100.), None,       None,                             5.,                      Class::Achieved),
        ];
        for (
            name,
            base,
            base_year,
            current,
            current_year,
            direction,
            target,
            limit,
            p,
            score,
            class,
        ) in rows
        {
            let course = Course {
                direction,
                base,
                base_year,
                current,
                current_year,
                target,
                target_year: 2030.0,
                limit,
            };
            assert_eq!(course.progress().is_some(), p.is_some(), "{name}");
            let off = course.progress().unwrap_or_default() - p.unwrap_or_default();
            assert!(off.abs() < 1e-12, "{name}: {:?}", course.progress());
            assert!((course.score().unwrap() - score).abs() < 1e-9, "{name}: {:?}", course.score());
            assert_eq!(course.class(), Some(class), "{name}");
        }
    }

    #[test]
    fn classes_begin_at_their_thresholds() {
        for (progress, class) in [
            (0.95, Class::Substantial),
            (0.949_999, Class::Moderate),
            (0.60, Class::Moderate),
            (0.599_999, Class::Limited),
            (0.0, Class::Limited),
            (-0.0, Class::Limited),
            (-1e-9, Class::Deterioration),
        ] {
            assert_eq!(TO_TARGET.class(progress), class, "{progress}");
        }
    }

    #[test]
    fn what_the_method_does_not_assess_has_no_progress() {
        let course = |base, current, years, target| Course {
            direction: Direction::Increase,
            base,
            base_year: 2020.0,
            current,
            current_year: 2020.0 + years,
            target,
            target_year: 2030.0,
            limit: None,
        };
        assert_eq!(course(1.0, 2.0, 0.5, Some(4.0)).progress(), None, "less than a year");
        assert_eq!(course(-1.0, 2.0, 2.0, Some(4.0)).progress(), None, "sign change");
        assert_eq!(course(0.0, 2.0, 2.0, Some(4.0)).progress(), None, "zero base");
        assert_eq!(course(4.0, 3.0, 2.0, Some(4.0)).progress(), None, "nothing required");
        assert_eq!(course(4.0, 3.0, 2.0, Some(-4.0)).progress(), None, "target of other sign");
        assert!(course(-4.0, -3.0, 2.0, Some(-1.0)).progress().unwrap() > 0.0, "all negative");
        let zero = substitute_zero(0.0);
        assert!(course(zero, 2.0, 2.0, Some(4.0)).progress().unwrap() > 0.0, "as published");
    }

    #[test]
    fn at_the_limit_holding_it_is_enough() {
        let at_limit = |current| Course {
            direction: Direction::Increase,
            base: 100.0,
            base_year: 2015.0,
            current,
            current_year: 2020.0,
            target: None,
            target_year: 2030.0,
            limit: Some(100.0),
        };
        assert_eq!(at_limit(100.0).score(), Some(5.0));
        assert_eq!(at_limit(100.0).class(), Some(Class::Substantial));
        assert_eq!(at_limit(99.0).class(), Some(Class::Deterioration));
    }
}
