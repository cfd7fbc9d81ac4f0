//! How far a value stands from those before it: z-scores and modified z-scores.
//!
//! The value itself is not among those it is compared with: it would hide itself (a
//! z-score among n values that hold it never exceeds (n − 1) ÷ √n). They are the earlier
//! ones of its frequency, edition and territory since the last break, for cumulative
//! indicators those of the same part of the year; at least [`FEWEST`]. Where all of them
//! are equal there is no score.
//!
//! * **z**: (x − mean) ÷ sample standard deviation; stands out beyond 3.
//! * **modified z**: 0.6745 × (x − median) ÷ MAD, the median absolute deviation; stands
//!   out beyond 3.5 (B. Iglewicz and D. Hoaglin, "How to Detect and Handle Outliers", ASQC
//!   Quality Press, 1993). Where MAD is 0, more than half being equal, (x − median) ÷
//!   (1.253314 × mean absolute deviation from the median) takes its place.
//!
//! Scores are floats: they point at values and are none.

use rust_decimal::Decimal;

use crate::assess::number::to_float;
use crate::indicator::{Indicator, Score};
use crate::measurement::{Measurement, ObservationStatus, Value};
use crate::period::ReportingPeriod;

/// With fewer values before it a value has no score.
pub const FEWEST: usize = 5;

/// Makes a MAD a standard deviation of normal values.
const MAD_FACTOR: f64 = 0.6745;

/// Makes a mean absolute deviation a standard deviation of normal values: √(π ÷ 2).
const MEAN_FACTOR: f64 = 1.253_314;

/// How far a value stands from others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// The score, with the sign of the distance.
    pub score: f64,
    /// What it was measured from: their mean or median.
    pub centre: f64,
}

/// The earlier numbers that `now` can be compared with, by period. `history` is by period.
pub fn comparable(
    indicator: &Indicator,
    history: &[Measurement],
    now: &Measurement,
) -> Vec<(ReportingPeriod, Decimal)> {
    let (period, said) = (now.period, now.observation);
    if said.status == ObservationStatus::Break {
        return Vec::new();
    }
    let earlier = history
        .iter()
        .filter(|it| it.period < period && it.period.frequency() == period.frequency());
    let mut found = Vec::new();
    for Measurement { period: at, observation, .. } in earlier {
        let Value::Number(number) = observation.value else { continue };
        if observation.status == ObservationStatus::Break {
            found.clear();
        }
        let same = (observation.edition, observation.territory) == (said.edition, said.territory);
        if same && (!indicator.cumulative || at.ordinal() == period.ordinal()) {
            found.push((*at, number));
        }
    }
    found
}

/// The score of a value among others; none if they are too few, or all equal.
pub fn score(score: Score, others: &[Decimal], value: Decimal) -> Option<Scored> {
    if others.len() < FEWEST {
        return None;
    }
    let others: Vec<f64> = others.iter().map(|other| to_float(*other)).collect();
    let (centre, width) = match score {
        Score::Z => {
            let mean = mean(&others);
            let squares: f64 = others.iter().map(|other| (other - mean).powi(2)).sum();
            (mean, (squares / (count(&others) - 1.0)).sqrt())
        }
        Score::ModifiedZ => {
            let centre = median(&others);
            let distances: Vec<f64> = others.iter().map(|other| (other - centre).abs()).collect();
            match median(&distances) {
                0.0 => (centre, mean(&distances) * MEAN_FACTOR),
                mad => (centre, mad / MAD_FACTOR),
            }
        }
    };
    let distance = to_float(value) - centre;
    (width > 0.0).then(|| Scored { score: distance / width, centre })
}

#[expect(clippy::cast_precision_loss, reason = "no series has 2^52 values")]
fn count(numbers: &[f64]) -> f64 {
    numbers.len() as f64
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / count(numbers)
}

fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    } else {
        sorted[middle]
    }
}
