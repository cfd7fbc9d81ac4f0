//! What a pace says: the verdict that stands between not met and met.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use crate::indicator::Direction;

use super::answer::Verdict;
use super::ratio::{Class, TO_TARGET};

/// How fast a value moves and how fast it would have to; per year.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Paces {
    /// From base to current.
    pub(super) observed: Option<f64>,
    /// From base to target.
    pub(super) required: Option<f64>,
    /// From current to target.
    pub(super) from_here: Option<f64>,
    /// Observed over required, positive towards the target; or what else the method
    /// compares with its thresholds.
    pub(super) progress: Option<f64>,
    /// Value at the horizon if the observed pace goes on.
    pub(super) projected: Option<f64>,
    /// Years from the current value to the target if the observed pace goes on; none if
    /// it never gets there.
    pub(super) years_to_target: Option<f64>,
}

/// How a value moved on a way it has not finished.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Movement {
    /// What the method says of the way; none where no movement was required.
    pub(super) judged: Option<Verdict>,
    /// Greater if the current value is better than the base.
    pub(super) towards: Ordering,
}

impl Movement {
    /// By observed over required pace and the published thresholds .95 / .60 / 0.
    pub(super) fn by_ratio(progress: Option<f64>, towards: Ordering) -> Self {
        let judged = progress.map(|progress| verdict_of(TO_TARGET.class(progress)));
        Self { judged, towards }
    }

    /// The verdict on a target that is not met. Once the horizon has passed nothing is on
    /// track or at risk any more.
    pub(super) fn verdict(self, horizon_has_passed: bool) -> Verdict {
        let verdict = self.judged.unwrap_or(match self.towards {
            Ordering::Less => Verdict::Worsening,
            _ => Verdict::OffTrack,
        });
        if horizon_has_passed { verdict.max(Verdict::OffTrack) } else { verdict }
    }
}

/// What the published classes are called here.
pub(super) fn verdict_of(class: Class) -> Verdict {
    match class {
        Class::Achieved => Verdict::Met,
        Class::Substantial => Verdict::OnTrack,
        Class::Moderate => Verdict::AtRisk,
        Class::Limited => Verdict::OffTrack,
        Class::Deterioration => Verdict::Worsening,
    }
}

/// How `current` compares with `base`, greater being better.
pub(super) fn towards(direction: Direction, base: Decimal, current: Decimal) -> Ordering {
    match direction {
        Direction::Increase => current.cmp(&base),
        Direction::Decrease => base.cmp(&current),
    }
}

/// +1 where more is better, else -1.
pub(super) fn sign(direction: Direction) -> f64 {
    match direction {
        Direction::Increase => 1.0,
        Direction::Decrease => -1.0,
    }
}

/// How long a way takes, in years; none for one that leads nowhere or away.
pub(super) fn ahead(years: f64) -> Option<f64> {
    finite(years).filter(|years| *years > 0.0)
}

/// The number, if it is one.
pub(super) fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}
