//! Indicators computed from others: exact decimal arithmetic over values of the same period.
//!
//! # Precision
//! Sums and differences are exact: what has more than 28 digits is not computed, and says so.
//! The one thing that is rounded is a quotient that does not come out even, after at least 28
//! digits; what stands above the line is multiplied by the scale first.
//!
//! # Missing inputs
//! A period that lacks an input has no value, and says which. Only a sum can do otherwise:
//! with `missing = "skip"` it leaves out the parts that have no value, as long as one has.
//!
//! # What a result inherits
//! The weakest status of its inputs, and `Break` if one of them is a break or changed its
//! edition or territory since the period computed before; the latest territory of its inputs, and no
//! edition (editions are places in the lists of other indicators); revision, sequence and
//! time of receipt of the input that came last.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::indicator::Formula;
use crate::measurement::{Measurement, Observation, ObservationStatus, Value};
use crate::period::ReportingPeriod;
use crate::province::Coverage;

pub mod exact;

/// What a formula gives over the periods of its inputs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evaluation {
    /// The computed values, by period.
    pub measurements: Vec<Measurement>,
    /// The periods in which there is something and no value can be computed, by period.
    pub uncomputed: Vec<Uncomputed>,
}

/// A period in which no value can be computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncomputed {
    /// The period.
    pub period: ReportingPeriod,
    /// Why.
    pub reason: Uncomputable,
}

/// Why a formula has no value. Its `Display` is a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Uncomputable {
    /// An input has no value.
    #[error("`{indicator}` has no value for `{period}`")]
    MissingInput {
        /// The input.
        indicator: String,
        /// The period it is needed for.
        period: ReportingPeriod,
    },
    /// An input is a level.
    #[error("`{indicator}` is not a number in `{period}`")]
    NotANumber {
        /// The input.
        indicator: String,
        /// The period it is needed for.
        period: ReportingPeriod,
    },
    /// Division by zero.
    #[error("`{indicator}` is zero in `{period}` and stands below the line")]
    ZeroDenominator {
        /// The input below the line.
        indicator: String,
        /// The period it is needed for.
        period: ReportingPeriod,
    },
    /// Growth from a negative value.
    #[error("`{indicator}` is negative in `{period}`, so growth from it has no meaning")]
    NegativeBase {
        /// The input.
        indicator: String,
        /// The period growth is counted from.
        period: ReportingPeriod,
    },
    /// Growth from nothing.
    #[error("`{indicator}` is zero in `{period}`, so growth from it is undefined")]
    ZeroBase {
        /// The input.
        indicator: String,
        /// The period growth is counted from.
        period: ReportingPeriod,
    },
    /// Growth over a break.
    #[error("the series of `{indicator}` breaks after `{period}`, so there is no growth from it")]
    BreakInSeries {
        /// The input.
        indicator: String,
        /// The period growth is counted from.
        period: ReportingPeriod,
    },
    /// More digits than can be kept.
    #[error("the result has more digits than can be kept")]
    Overflow,
    /// Too few departments have reported.
    #[error(
        "`{indicator}` is in from {} of {} departments for `{period}`; missing: {}",
        .coverage.reported(), .coverage.expected, shorten(&.coverage.missing)
    )]
    Incomplete {
        /// The input, or the indicator itself.
        indicator: String,
        /// The period.
        period: ReportingPeriod,
        /// Who has reported.
        coverage: Coverage,
    },
    /// Two values of what has one source.
    #[error("{count} departments reported `{period}`, and one alone counts")]
    SeveralSources {
        /// How many.
        count: usize,
        /// The period.
        period: ReportingPeriod,
    },
    /// A value that cannot be, such as a share over 100.
    #[error("the inputs give {value}, beyond {limit}, the limit of possible values; check them")]
    OutOfRange {
        /// The value, rounded to ten decimals.
        value: Decimal,
        /// The limit it passes.
        limit: Decimal,
        /// The period.
        period: ReportingPeriod,
    },
}

/// Most departments that a reason names.
const MOST_NAMED: usize = 5;

fn shorten(departments: &[String]) -> String {
    let named = departments.iter().take(MOST_NAMED).map(|id| format!("`{id}`"));
    let named = named.collect::<Vec<_>>().join(", ");
    match departments.len().saturating_sub(MOST_NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

impl Uncomputable {
    /// The machine-readable reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingInput { .. } => "MISSING_INPUT",
            Self::NotANumber { .. } => "NOT_A_NUMBER",
            Self::ZeroDenominator { .. } => "ZERO_DENOMINATOR",
            Self::NegativeBase { .. } => "NEGATIVE_BASE",
            Self::ZeroBase { .. } => "ZERO_BASE",
            Self::BreakInSeries { .. } => "BREAK_IN_SERIES",
            Self::Overflow => "OVERFLOW",
            Self::Incomplete { .. } => "INCOMPLETE",
            Self::SeveralSources { .. } => "SEVERAL_SOURCES",
            Self::OutOfRange { .. } => "OUT_OF_RANGE",
        }
    }
}

/// Computes `formula` for every period in which one of its inputs has a measurement.
/// `history_of` gives the known series of an indicator by id, in any order; of several
/// measurements for one period the latest revision counts.
pub fn evaluate<'a>(
    formula: &Formula,
    history_of: impl Fn(&str) -> &'a [Measurement],
) -> Evaluation {
    let inputs: Vec<Input<'_>> = formula
        .inputs()
        .into_iter()
        .map(|indicator| Input { indicator, known: latest(history_of(indicator)) })
        .collect();
    let mut periods: Vec<_> = inputs.iter().flat_map(|it| it.known.keys().copied()).collect();
    periods.sort_unstable();
    periods.dedup();
    let mut evaluation = Evaluation::default();
    for period in periods {
        let mut computed = evaluation.measurements.iter().rev().map(|it| it.period);
        let before = computed.find(|it| it.frequency() == period.frequency());
        match compute(formula, &inputs, period, before) {
            Ok(measurement) => evaluation.measurements.push(measurement),
            Err(reason) => evaluation.uncomputed.push(Uncomputed { period, reason }),
        }
    }
    evaluation
}

/// The (indicator, period) pairs whose measurements the value of `period` was computed from.
pub fn sources(formula: &Formula, period: ReportingPeriod) -> Vec<(&str, ReportingPeriod)> {
    let same_period = formula.inputs().into_iter().map(|indicator| (indicator, period));
    match formula {
        Formula::Growth(of) => year_before(period)
            .map(|before| (of.as_str(), before))
            .into_iter()
            .chain(same_period)
            .collect(),
        _ => same_period.collect(),
    }
}

/// One input: its id and what is known of it, by period.
struct Input<'a> {
    indicator: &'a str,
    known: BTreeMap<ReportingPeriod, Measurement>,
}

impl Input<'_> {
    fn number(&self, period: ReportingPeriod) -> Result<(Decimal, &Measurement), Uncomputable> {
        let indicator = || self.indicator.to_owned();
        match self.known.get(&period).map(|known| (known, known.observation.value)) {
            Some((known, Value::Number(number))) => Ok((number, known)),
            Some((_, Value::Level(_))) => {
                Err(Uncomputable::NotANumber { indicator: indicator(), period })
            }
            Some((_, Value::Missing(_) | Value::Withdrawn)) | None => {
                Err(Uncomputable::MissingInput { indicator: indicator(), period })
            }
        }
    }

    /// Whether the values of `since` and `period` are not comparable.
    fn breaks_between(&self, since: ReportingPeriod, period: ReportingPeriod) -> bool {
        let numbers = self.known.range(since..=period).filter(|(between, known)| {
            between.frequency() == period.frequency()
                && matches!(known.observation.value, Value::Number(_))
        });
        let mut observations = numbers.map(|(_, known)| known.observation);
        let Some(first) = observations.next() else { return false };
        observations.any(|now| {
            now.status == ObservationStatus::Break
                || (now.edition, now.territory) != (first.edition, first.territory)
        })
    }
}

fn latest(history: &[Measurement]) -> BTreeMap<ReportingPeriod, Measurement> {
    let mut latest: BTreeMap<ReportingPeriod, Measurement> = BTreeMap::new();
    for measurement in history {
        let rank = |it: &Measurement| (it.revision, it.received, it.sequence);
        let known = latest.entry(measurement.period).or_insert(*measurement);
        if rank(measurement) > rank(known) {
            *known = *measurement;
        }
    }
    latest
}

fn compute(
    formula: &Formula,
    inputs: &[Input<'_>],
    period: ReportingPeriod,
    computed_before: Option<ReportingPeriod>,
) -> Result<Measurement, Uncomputable> {
    if let (Formula::Growth(_), [of]) = (formula, inputs) {
        return growth(of, period);
    }
    let read = read(formula, inputs, period)?;
    let value = match (formula, read.as_slice()) {
        (Formula::Ratio { denominator, .. }, [_, (below, _)]) if below.is_zero() => {
            let indicator = denominator.clone();
            return Err(Uncomputable::ZeroDenominator { indicator, period });
        }
        (Formula::Ratio { scale, .. }, [(above, _), (below, _)]) => ratio(*above, *scale, *below),
        (Formula::Difference(..), [(first, _), (second, _)]) => {
            exact::sum([*first, -*second].into_iter())
        }
        _ => exact::sum(read.iter().map(|(part, _)| *part)),
    };
    let used: Vec<_> = read.iter().map(|(_, measurement)| **measurement).collect();
    let breaks = computed_before
        .is_some_and(|before| inputs.iter().any(|input| input.breaks_between(before, period)));
    result(value, &used, breaks, period)
}

/// The numbers of a period: all of them, or those there are if the formula skips others.
fn read<'a>(
    formula: &Formula,
    inputs: &'a [Input<'_>],
    period: ReportingPeriod,
) -> Result<Vec<(Decimal, &'a Measurement)>, Uncomputable> {
    let skips = matches!(formula, Formula::Sum { skip_missing: true, .. });
    let mut missing = None;
    let mut read = Vec::with_capacity(inputs.len());
    for input in inputs {
        match input.number(period) {
            Ok(number) => read.push(number),
            Err(reason @ Uncomputable::MissingInput { .. }) if skips => missing = Some(reason),
            Err(reason) => return Err(reason),
        }
    }
    match missing {
        Some(reason) if read.is_empty() => Err(reason),
        _ => Ok(read),
    }
}

fn growth(of: &Input<'_>, period: ReportingPeriod) -> Result<Measurement, Uncomputable> {
    let (now, latest) = of.number(period)?;
    let indicator = of.indicator.to_owned();
    let Some(before) = year_before(period) else {
        return Err(Uncomputable::MissingInput { indicator, period });
    };
    let (then, earlier) = of.number(before)?;
    if then.is_zero() {
        return Err(Uncomputable::ZeroBase { indicator, period: before });
    }
    if then.is_sign_negative() {
        return Err(Uncomputable::NegativeBase { indicator, period: before });
    }
    if of.breaks_between(before, period) {
        return Err(Uncomputable::BreakInSeries { indicator, period: before });
    }
    let change = exact::sum([now, -then].into_iter());
    let value = change.and_then(|change| ratio(change, Decimal::ONE_HUNDRED, then));
    result(value, &[*earlier, *latest], false, period)
}

/// `scale` × above ÷ below, multiplied first so that what comes out even is exact.
fn ratio(above: Decimal, scale: Decimal, below: Decimal) -> Option<Decimal> {
    match above.checked_mul(scale) {
        Some(scaled) => scaled.checked_div(below),
        None => above.checked_div(below)?.checked_mul(scale),
    }
}

fn result(
    value: Option<Decimal>,
    used: &[Measurement],
    breaks: bool,
    period: ReportingPeriod,
) -> Result<Measurement, Uncomputable> {
    let last = used.iter().max_by_key(|it| (it.received, it.sequence));
    let (Some(value), Some(last)) = (value, last) else { return Err(Uncomputable::Overflow) };
    let weakest = used.iter().map(|it| it.observation.status).max_by_key(|status| *status as u8);
    let status = if breaks { ObservationStatus::Break } else { weakest.unwrap_or_default() };
    let territory = used.iter().map(|it| it.observation.territory).max().unwrap_or_default();
    Ok(Measurement {
        period,
        observation: Observation {
            value: Value::Number(value.normalize()),
            status,
            ranked_among: None,
            edition: 0,
            territory,
            notes: 0,
        },
        revision: last.revision,
        sequence: last.sequence,
        received: last.received,
    })
}

/// The less firm of two statuses; a break is the least firm, for it speaks of the series.
pub fn weakest(one: ObservationStatus, other: ObservationStatus) -> ObservationStatus {
    if (one as u8) < (other as u8) { other } else { one }
}

fn year_before(period: ReportingPeriod) -> Option<ReportingPeriod> {
    ReportingPeriod::new(period.year() - 1, period.frequency(), period.ordinal())
}

#[cfg(test)]
mod tests;
