//! The forecast: exponential smoothing of the latest values, with its interval.
//!
//! Source: Hyndman, Koehler, Ord and Snyder, *Forecasting with Exponential Smoothing* (2008).
//! Three models with additive errors are fitted by least squares: level alone, level and
//! trend, level and damped trend; the smallest corrected AIC chooses. With `e` the error of
//! the forecast one period ahead:
//!
//! ```text
//! forecast = l + φ·b      l ← l + φ·b + α·e      b ← φ·b + β·e
//! variance h periods ahead = σ² · (1 + Σ c_j²),  j = 1 … h-1,  c_j = α + β·(φ + … + φ^j)
//! ```
//!
//! It needs [`FEWEST`] values in consecutive periods. There is no season in it. It stands
//! beside the verdict and decides nothing; it is not the pace of any method. Everything is
//! deterministic: the same values give the same forecast for ever.

use crate::indicator::Kind;
use crate::period::ReportingPeriod;

use super::Question;
use super::answer::Forecast;
use super::notes::Notes;
use super::number::{to_decimal, to_float};
use super::series::Series;

/// Fewest values a forecast is made from.
pub const FEWEST: usize = 8;

/// Most values looked at: the latest.
const MOST: usize = 60;

/// Share of the values expected within the interval, in percent.
pub const LEVEL: u32 = 80;

/// Half the width of that interval in standard deviations of a normal distribution.
const HALF_WIDTH: f64 = 1.281_551_565_544_600_4;

/// Farthest period ahead.
const FARTHEST: i32 = 600;

/// Writes the forecast for the last period up to the horizon, where values are enough.
pub(super) fn write(question: &Question<'_>, series: &Series, notes: &mut Notes) {
    if question.indicator.kind != Kind::Quantity {
        return;
    }
    let places: Vec<i32> = series.points().map(|point| place(point.period())).collect();
    let [.., before, last] = places[..] else { return };
    let step = last - before;
    let regular = places.windows(2).rev().take_while(|pair| pair[1] - pair[0] == step).count() + 1;
    let length = regular.min(MOST);
    let per_year = i32::from(series.current.period().frequency().per_year());
    let end = i32::from(question.target.horizon) * per_year + per_year - 1;
    let ahead = (end - last) / step;
    if length < FEWEST || !(1..=FARTHEST).contains(&ahead) {
        return;
    }
    let values: Vec<f64> = series.points().map(|point| to_float(point.value)).collect();
    let smoothed = smooth(&values[values.len() - length..], ahead.unsigned_abs());
    let Some((smoothed, period)) = smoothed.zip(period(series, last + ahead * step)) else {
        return;
    };
    let range = question.indicator.range;
    let within = |number: f64| {
        let decimal = to_decimal(number, question.indicator.decimals)?;
        let decimal = range.maximum.map_or(decimal, |most| decimal.min(most));
        Some(range.minimum.map_or(decimal, |least| decimal.max(least)))
    };
    let numbers = [smoothed.value, smoothed.lower, smoothed.upper].map(within);
    if let [Some(value), Some(lower), Some(upper)] = numbers {
        notes.explanation.forecast = Some(Forecast { period, value, lower, upper, values: length });
    }
}

/// Periods of its frequency since the year 0.
fn place(period: ReportingPeriod) -> i32 {
    i32::from(period.year()) * i32::from(period.frequency().per_year())
        + i32::from(period.ordinal())
        - 1
}

fn period(series: &Series, place: i32) -> Option<ReportingPeriod> {
    let frequency = series.current.period().frequency();
    let per_year = i32::from(frequency.per_year());
    let year = i16::try_from(place.div_euclid(per_year)).ok()?;
    let ordinal = u8::try_from(place.rem_euclid(per_year) + 1).ok()?;
    ReportingPeriod::new(year, frequency, ordinal)
}

/// A value ahead and the interval around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Smoothed {
    /// The value expected.
    pub value: f64,
    /// Lower end of the interval.
    pub lower: f64,
    /// Upper end of the interval.
    pub upper: f64,
}

/// Smooths values of consecutive periods and looks `ahead` periods ahead; none for fewer
/// than [`FEWEST`] values or numbers beyond reach.
pub fn smooth(values: &[f64], ahead: u32) -> Option<Smoothed> {
    let count = f64::from(u32::try_from(values.len()).ok().filter(|_| values.len() >= FEWEST)?);
    let centre = values.iter().sum::<f64>() / count;
    let spread = values.iter().map(|value| (value - centre).abs()).fold(0.0, f64::max);
    if spread == 0.0 {
        return Some(Smoothed { value: centre, lower: centre, upper: centre });
    }
    // Fitted around 0 and within ±1, so that digits do not depend on the unit.
    let scaled: Vec<f64> = values.iter().map(|value| (value - centre) / spread).collect();
    let fits = Shape::ALL.map(|shape| Fit::best(shape, &scaled));
    let best = fits
        .into_iter()
        .min_by(|one, other| one.corrected_aic(count).total_cmp(&other.corrected_aic(count)))?;
    let (value, deviation) = best.look_ahead(ahead, count);
    let unscaled = |number: f64| Some(centre + spread * number).filter(|it| it.is_finite());
    Some(Smoothed {
        value: unscaled(value)?,
        lower: unscaled(value - HALF_WIDTH * deviation)?,
        upper: unscaled(value + HALF_WIDTH * deviation)?,
    })
}

/// Which states a model has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Level,
    Trend,
    DampedTrend,
}

impl Shape {
    /// The simplest first: it wins where two fit equally.
    const ALL: [Self; 3] = [Self::Level, Self::Trend, Self::DampedTrend];

    /// How many numbers are fitted, initial states included.
    fn parameters(self) -> f64 {
        match self {
            Self::Level => 2.0,
            Self::Trend => 4.0,
            Self::DampedTrend => 5.0,
        }
    }
}

/// How strongly a new value moves the states; `share` is β ÷ α.
#[derive(Debug, Clone, Copy)]
struct Gains {
    alpha: f64,
    share: f64,
    phi: f64,
}

/// Bounds of α and of β ÷ α, and of φ.
const GAIN: (f64, f64) = (1e-4, 1.0 - 1e-4);
const DAMPING: (f64, f64) = (0.80, 0.98);

/// A model fitted to values.
#[derive(Debug, Clone, Copy)]
struct Fit {
    shape: Shape,
    gains: Gains,
    /// Level and trend after the last value.
    level: f64,
    trend: f64,
    squared_errors: f64,
}

impl Fit {
    /// The best of a grid, improved by ever smaller steps.
    fn best(shape: Shape, values: &[f64]) -> Self {
        let start = |alpha| Gains { alpha, share: 0.5, phi: 1.0 };
        let mut grid: Vec<Gains> = (1..10).map(|tenth| start(f64::from(tenth) / 10.0)).collect();
        if shape != Shape::Level {
            let shares = [0.02, 0.1, 0.3, 0.6, 0.9];
            grid = grid.iter().flat_map(|g| shares.map(|share| Gains { share, ..*g })).collect();
        }
        if shape == Shape::DampedTrend {
            let damping = [0.82, 0.90, 0.97];
            grid = grid.iter().flat_map(|g| damping.map(|phi| Gains { phi, ..*g })).collect();
        }
        let fits = grid.into_iter().map(|gains| Self::with(shape, gains, values));
        let mut best = fits.fold(None::<Self>, |best, fit| match best {
            Some(best) if best.squared_errors <= fit.squared_errors => Some(best),
            _ => Some(fit),
        });
        let mut step = 0.05;
        while step > 5e-4 {
            let Some(from) = best else { break };
            let better = from.neighbours(step).into_iter().map(|it| Self::with(shape, it, values));
            let better = better.min_by(|a, b| a.squared_errors.total_cmp(&b.squared_errors));
            match better.filter(|it| it.squared_errors < from.squared_errors * (1.0 - 1e-9)) {
                Some(better) => best = Some(better),
                None => step /= 2.0,
            }
        }
        best.unwrap_or_else(|| Self::with(shape, start(0.5), values))
    }

    /// Gains a step away in each direction the shape has, within bounds.
    fn neighbours(&self, step: f64) -> Vec<Gains> {
        let mut around = Vec::with_capacity(6);
        for step in [-step, step] {
            let gains = self.gains;
            around.push(Gains { alpha: (gains.alpha + step).clamp(GAIN.0, GAIN.1), ..gains });
            if self.shape != Shape::Level {
                around.push(Gains { share: (gains.share + step).clamp(GAIN.0, GAIN.1), ..gains });
            }
            if self.shape == Shape::DampedTrend {
                let phi = (gains.phi + step / 2.0).clamp(DAMPING.0, DAMPING.1);
                around.push(Gains { phi, ..gains });
            }
        }
        around
    }

    /// With these gains the errors are linear in the initial states, which are so found
    /// exactly: three runs, of the values from nothing and of each state from no values.
    fn with(shape: Shape, gains: Gains, values: &[f64]) -> Self {
        let has_trend = shape != Shape::Level;
        let beta = if has_trend { gains.alpha * gains.share } else { 0.0 };
        let mut states = [[0.0, 0.0], [1.0, 0.0], [0.0, f64::from(u8::from(has_trend))]];
        let mut squares = [0.0; 6];
        for value in values {
            let mut errors = [*value, 0.0, 0.0];
            for (error, [level, trend]) in errors.iter_mut().zip(&mut states) {
                let expected = *level + gains.phi * *trend;
                *error -= expected;
                *level = expected + gains.alpha * *error;
                *trend = gains.phi * *trend + beta * *error;
            }
            let [own, of_level, of_trend] = errors;
            let products = [
                own * own,
                of_level * of_level,
                of_trend * of_trend,
                own * of_level,
                own * of_trend,
                of_level * of_trend,
            ];
            squares.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
        }
        let [own, level, trend, own_level, own_trend, cross] = squares;
        // A hair on the diagonal: with strong gains both states fade before they can be told apart.
        let (level, trend) = (level * (1.0 + 1e-9) + 1e-12, trend * (1.0 + 1e-9) + 1e-12);
        let determinant = level * trend - cross * cross;
        let first_level = (own_trend * cross - own_level * trend) / determinant;
        let first_trend = (own_level * cross - own_trend * level) / determinant;
        let combined =
            |at: usize| states[0][at] + first_level * states[1][at] + first_trend * states[2][at];
        let left = own + first_level * own_level + first_trend * own_trend;
        Self { shape, gains, level: combined(0), trend: combined(1), squared_errors: left.max(0.0) }
    }

    /// The smaller the better the model explains for its number of parameters.
    fn corrected_aic(&self, count: f64) -> f64 {
        /// Errors of a perfect fit, in which only float noise is left.
        const NOISE: f64 = 1e-16;
        let parameters = self.shape.parameters() + 1.0;
        let correction = 2.0 * parameters * (parameters + 1.0) / (count - parameters - 1.0);
        count * (self.squared_errors / count).max(NOISE).ln() + 2.0 * parameters + correction
    }

    /// The value so many periods ahead, and its standard deviation.
    fn look_ahead(&self, ahead: u32, count: f64) -> (f64, f64) {
        let Gains { alpha, share, phi } = self.gains;
        let (mut damped, mut weights, mut power) = (0.0, 1.0, 1.0);
        for period in 1..=ahead {
            power *= phi;
            damped += power;
            if period < ahead {
                let beta = if self.shape == Shape::Level { 0.0 } else { alpha * share };
                weights += (alpha + beta * damped).powi(2);
            }
        }
        let variance = self.squared_errors / (count - self.shape.parameters()) * weights;
        (self.level + damped * self.trend, variance.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What statsmodels 0.14 (`ETSModel`, the same three models, the smallest `AICc`) finds for
    /// five periods ahead. Its variance is of all values; ours leaves out the numbers
    /// fitted, as R's `forecast` does, which is the factor on the half-width.
    #[test]
    fn forecasts_agree_with_an_independent_implementation() {
        #[rustfmt::skip]
        let rows: [(&[f64], f64, f64, f64); 4] = [
            (&[10., 11.2, 11.9, 13.4, 13.8, 15.1, 16.2, 16.9, 18.3], 23.1789, 0.242_75, 9. / 5.),
            (&[2.1, 2.3, 2.2, 2.6, 2.8, 3.1, 3.0, 3.4, 3.7, 3.9, 4.2, 4.1], 5.2534, 0.154_74, 12. / 8.),
            (&[50.2, 49.8, 50.9, 50.1, 49.5, 50.4, 50.0, 49.7, 50.6, 50.3], 50.15, 0.516_63, 10. / 8.),
            (&[10., 14., 17.5, 20.2, 22.6, 24.4, 25.9, 27.3, 28.2, 29.1, 29.8, 30.2, 30.7, 31.0], 32.1395, 0.086_42, 14. / 9.),
        ];
        for (values, value, half_width, factor) in rows {
            let found = smooth(values, 5).unwrap();
            assert!((found.value - value).abs() < 0.01, "{found:?}, not {value}");
            let (half, expect) = ((found.upper - found.lower) / 2.0, half_width * factor.sqrt());
            assert!((half / expect - 1.0).abs() < 0.02, "{found:?}: {half}, not {expect}");
        }
    }

    #[test]
    fn what_does_not_vary_has_no_width() {
        let line: Vec<f64> = (0..10).map(f64::from).collect();
        let found = smooth(&line, 6).unwrap();
        assert!((found.value - 15.0).abs() < 1e-4 && found.upper - found.lower < 1e-3, "{found:?}");
        let same = smooth(&[5.0; 8], 6).unwrap();
        assert_eq!(same, Smoothed { value: 5.0, lower: 5.0, upper: 5.0 });
    }

    #[test]
    fn the_unit_does_not_matter() {
        let values = [2.1, 2.3, 2.2, 2.6, 2.8, 3.1, 3.0, 3.4];
        let found = smooth(&values, 4).unwrap();
        for unit in [1e-20, 1e3, 1e27] {
            let other = smooth(&values.map(|value| value * unit), 4).unwrap();
            for (one, other) in [(found.value, other.value), (found.upper, other.upper)] {
                assert!((other / unit / one - 1.0).abs() < 1e-6, "{unit}: {other}, {one}");
            }
        }
    }

    #[test]
    fn few_values_and_no_numbers_have_no_forecast() {
        assert_eq!(smooth(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 1), None);
        assert_eq!(smooth(&[f64::MAX; 9], 1), None);
    }
}
