//! The score and traffic light of the SDG Index: where the value stands, not how it moves.
//!
//! Source: the SDG Index of the Sustainable Development Solutions Network. The value is
//! placed on a scale, `n = 100 · (value - lower bound) / (optimum - lower bound)`, kept
//! within 0 and 100. Green if `n ≥ n(green threshold)`; red if `n < n(red threshold)`, equal
//! being orange; between them the middle of the two thresholds parts yellow (from it on)
//! and orange. Bounds and thresholds are catalogue data, no default would be right.
//!
//! | light | here |
//! |---|---|
//! | green | on track; met only if the promise is kept |
//! | yellow | at risk |
//! | orange, red | off track |
//!
//! It is never worsening, and needs one value only. A value worse than the base is a
//! finding. The trend arrows of the index are not formed: the description at hand does not
//! reproduce the published ones.

use rust_decimal::Decimal;

use crate::target::SdsnScale;

use super::answer::Verdict;
use super::number::to_float;
use super::pace::finite;

/// What the index calls a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Light {
    /// Major challenges remain.
    Red,
    /// Significant challenges remain.
    Orange,
    /// Challenges remain.
    Yellow,
    /// Achieved.
    Green,
}

impl Light {
    /// The name used in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Orange => "orange",
            Self::Yellow => "yellow",
            Self::Green => "green",
        }
    }

    /// The verdict on a target that is not met.
    pub(super) fn verdict(self) -> Verdict {
        match self {
            Self::Green => Verdict::OnTrack,
            Self::Yellow => Verdict::AtRisk,
            Self::Orange | Self::Red => Verdict::OffTrack,
        }
    }
}

/// The score of a value, from 0 to 100; none on a scale without length.
pub fn score(scale: &SdsnScale, value: Decimal) -> Option<f64> {
    let (lower, optimum) = (to_float(scale.lower_bound), to_float(scale.optimum));
    finite(100.0 * (to_float(value) - lower) / (optimum - lower)).map(|n| n.clamp(0.0, 100.0))
}

/// The light of a value, decided on exact decimals.
pub fn light(scale: &SdsnScale, value: Decimal) -> Light {
    let rising = scale.lower_bound <= scale.optimum;
    let (from, to) = if rising {
        (scale.lower_bound, scale.optimum)
    } else {
        (scale.optimum, scale.lower_bound)
    };
    let within = |value: Decimal| value.max(from).min(to);
    let (value, green, red) = (within(value), within(scale.green), within(scale.red));
    // Halves first: the sum of the two could have more digits than a decimal holds.
    let middle = green / Decimal::TWO + red / Decimal::TWO;
    let reaches = |bound: Decimal| if rising { value >= bound } else { value <= bound };
    if reaches(green) {
        Light::Green
    } else if !reaches(red) {
        Light::Red
    } else if reaches(middle) {
        Light::Yellow
    } else {
        Light::Orange
    }
}

/// The scores at which the light changes, green first.
pub(super) fn thresholds(scale: &SdsnScale) -> Vec<f64> {
    let at = [score(scale, scale.green), score(scale, scale.red)];
    match at {
        [Some(green), Some(red)] => vec![green, f64::midpoint(green, red), red],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(lower_bound: i64, red: i64, green: i64, optimum: i64) -> SdsnScale {
        let [lower_bound, red, green, optimum] =
            [lower_bound, red, green, optimum].map(Decimal::from);
        SdsnScale { lower_bound, optimum, green, red }
    }

    #[track_caller]
    fn check(scale: &SdsnScale, value: &str, n: f64, expect: Light) {
        let value = value.parse().unwrap();
        let found = score(scale, value).unwrap();
        assert!((found - n).abs() < 1e-9, "{value}: {found}");
        assert_eq!(light(scale, value), expect, "{value}");
    }

    #[test]
    fn the_light_changes_at_its_thresholds() {
        let more = scale(0, 10, 20, 40);
        check(&more, "50", 100.0, Light::Green);
        check(&more, "20", 50.0, Light::Green);
        check(&more, "19.9999999999999999999999", 50.0, Light::Yellow);
        check(&more, "15", 37.5, Light::Yellow);
        check(&more, "14.99", 37.475, Light::Orange);
        check(&more, "10", 25.0, Light::Orange);
        check(&more, "9.99", 24.975, Light::Red);
        check(&more, "-3", 0.0, Light::Red);
    }

    #[test]
    fn less_can_be_better() {
        let less = scale(40, 30, 10, 0);
        check(&less, "10", 75.0, Light::Green);
        check(&less, "20", 50.0, Light::Yellow);
        check(&less, "20.1", 49.75, Light::Orange);
        check(&less, "30", 25.0, Light::Orange);
        check(&less, "30.1", 24.75, Light::Red);
    }

    /// Below a lower bound that is the red threshold too, the score is equal to the threshold's.
    #[test]
    fn equal_to_the_red_threshold_is_orange() {
        check(&scale(10, 10, 20, 20), "5", 0.0, Light::Orange);
    }
}
