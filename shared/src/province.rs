//! The province's figures: what departments reported, combined by period, and who is missing.
//!
//! # How departments combine
//! * **Single source**: the value of the one that answers for the indicator, or of the
//!   one that did so before it. Several at once are not combined, and say so.
//! * **Sum**: exact to the last digit; more digits than can be kept are not computed. As
//!   firm as the least firm part, of the latest territory, as recent as the latest part.
//! * **Weighted ratio**: the sum of numerators over the sum of denominators. Where both
//!   come from the same departments, those alone count that have both for the period, so
//!   that nobody's part stands on one side of the line only.
//!
//! # Who counts
//! In a period the departments count that exist on its last day: before a merge the old
//! ones, from then on the new. What an old one reported for the period it ended in counts
//! until one that came after it has reported that period; nothing counts twice.
//!
//! # Incomplete periods
//! A sum of some departments is not a value of the province: it would look like a fall. A
//! period is judged once the departments that have a figure, or said that it does not
//! apply to them, are at least [`Indicator::complete_from`] percent of those expected (all
//! of them, unless the catalogue says otherwise). Until then it is left aside, which is a
//! finding that names who is missing, and the latest complete period stands.

mod reporters;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::catalogue::Catalogue;
use crate::formula::{self, Uncomputable, Uncomputed, exact};
use crate::indicator::{Combination, Formula, Indicator, Range};
use crate::measurement::{Measurement, MissingReason, ObservationStatus, Value};
use crate::period::ReportingPeriod;

pub(crate) use reporters::Departments;
pub use reporters::Reporters;

/// What one department reported for a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its place among the [`Reporters`].
    pub reporter: usize,
    /// What it reported.
    pub measurement: Measurement,
    /// Whether its report of the period is approved.
    pub is_approved: bool,
}

/// What departments reported for one period, combined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Combined {
    /// The period.
    pub period: ReportingPeriod,
    /// The value of those that reported, or why there is none.
    pub value: Result<Measurement, Uncomputable>,
    /// Places of those expected that have no figure; empty for a single source.
    pub lacking: Vec<usize>,
    /// How many of the parts that count say something.
    pub parts: usize,
    /// How many of those are of reports that nobody has approved.
    pub unapproved: usize,
    /// How many of the parts that count are provisional or estimated numbers. The status
    /// of the value need not show them: a break hides them.
    pub unfirm: usize,
}

/// The values of one indicator for the whole province.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// By period.
    pub measurements: Vec<Measurement>,
    /// Periods for which there is no value, by period.
    pub uncomputed: Vec<Uncomputed>,
    /// Ids of the departments that a period lacks, where it lacks some.
    lacking: BTreeMap<ReportingPeriod, BTreeSet<String>>,
}

/// How many of those expected have reported a period.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Departments that exist on the period's last day.
    pub expected: usize,
    /// Those of them without a figure, by id.
    pub missing: Vec<String>,
}

impl Coverage {
    /// How many have reported.
    pub fn reported(&self) -> usize {
        self.expected.saturating_sub(self.missing.len())
    }
}

/// Combines the parts of one period, in any order; none if none of them counts.
pub fn combine(
    combination: Combination,
    reporters: &Reporters,
    period: ReportingPeriod,
    parts: &[Part],
) -> Option<Combined> {
    let counted: Vec<&Part> = counted(reporters, period, parts).collect();
    let value = match combination {
        Combination::Sum => sum(&counted)?,
        Combination::SingleSource | Combination::WeightedRatio => single(&counted, period)?,
    };
    let lacking = match combination {
        Combination::Sum => lacking(reporters, period, &counted),
        Combination::SingleSource | Combination::WeightedRatio => Vec::new(),
    };
    let said = || counted.iter().filter(|part| answers(part));
    let unapproved = said().filter(|part| !part.is_approved).count();
    let unfirm = counted.iter().filter(|part| is_unfirm(part)).count();
    Some(Combined { period, value, lacking, parts: said().count(), unapproved, unfirm })
}

/// The parts of a period that count.
pub fn counted<'a>(
    reporters: &'a Reporters,
    period: ReportingPeriod,
    parts: &'a [Part],
) -> impl Iterator<Item = &'a Part> {
    let has = |place: usize| parts.iter().any(|it| it.reporter == place && answers(it));
    parts.iter().filter(move |part| reporters.counts(part.reporter, period, has))
}

/// Whether a department has said all there is to say.
fn answers(part: &Part) -> bool {
    matches!(
        part.measurement.observation.value,
        Value::Number(_) | Value::Level(_) | Value::Missing(MissingReason::NotApplicable)
    )
}

fn is_unfirm(part: &Part) -> bool {
    let observation = &part.measurement.observation;
    let may_change =
        matches!(observation.status, ObservationStatus::Provisional | ObservationStatus::Estimated);
    may_change && matches!(observation.value, Value::Number(_) | Value::Level(_))
}

fn lacking(reporters: &Reporters, period: ReportingPeriod, counted: &[&Part]) -> Vec<usize> {
    let answered: BTreeSet<usize> =
        counted.iter().filter(|part| answers(part)).map(|part| part.reporter).collect();
    if answered.len() == reporters.departments().len() {
        return Vec::new();
    }
    reporters.expected(period).filter(|place| !answered.contains(place)).collect()
}

/// The one value there is.
fn single(counted: &[&Part], period: ReportingPeriod) -> Option<Result<Measurement, Uncomputable>> {
    let is_value = |part: &Part| {
        matches!(part.measurement.observation.value, Value::Number(_) | Value::Level(_))
    };
    let mut values = counted.iter().filter(|part| is_value(part));
    match (values.next(), values.count()) {
        (Some(one), 0) => Some(Ok(one.measurement)),
        (None, _) => latest(counted).map(Ok),
        (Some(_), others) => Some(Err(Uncomputable::SeveralSources { count: others + 1, period })),
    }
}

/// The sum of the numbers; where there is none, what was said last instead.
fn sum(counted: &[&Part]) -> Option<Result<Measurement, Uncomputable>> {
    let number = |part: &&Part| match part.measurement.observation.value {
        Value::Number(number) => Some(number),
        _ => None,
    };
    let numbers: Vec<&Part> = counted.iter().copied().filter(|it| number(it).is_some()).collect();
    let Some(mut whole) = latest(&numbers) else { return latest(counted).map(Ok) };
    if numbers.len() == 1 {
        return Some(Ok(whole));
    }
    let Some(total) = exact::sum(numbers.iter().filter_map(number)) else {
        return Some(Err(Uncomputable::Overflow));
    };
    let observations = || numbers.iter().map(|part| part.measurement.observation);
    whole.observation.value = Value::Number(total);
    whole.observation.status =
        observations().map(|it| it.status).fold(whole.observation.status, formula::weakest);
    let territory = observations().map(|it| it.territory).max();
    whole.observation.territory = territory.unwrap_or_default();
    whole.observation.notes = 0;
    Some(Ok(whole))
}

/// What came last.
fn latest(parts: &[&Part]) -> Option<Measurement> {
    let rank =
        |part: &&&Part| (part.measurement.received, part.measurement.sequence, part.reporter);
    parts.iter().max_by_key(rank).map(|part| part.measurement)
}

impl History {
    /// Of a reported indicator: its periods that are complete enough.
    pub fn of_reported(
        indicator: &Indicator,
        reporters: &Reporters,
        combined: &[Combined],
        complete_from: Decimal,
    ) -> Self {
        let mut history = Self::default();
        for Combined { period, value, lacking, .. } in combined {
            let period = *period;
            let missing = || lacking.iter().map(|place| reporters.department(*place).to_owned());
            if !lacking.is_empty() {
                history.lacking.insert(period, missing().collect());
            }
            match value {
                Ok(_) if !is_complete(reporters, period, lacking.len(), complete_from) => {
                    let expected = reporters.expected(period).count();
                    let coverage = Coverage { expected, missing: missing().collect() };
                    let indicator = indicator.id.clone();
                    let reason = Uncomputable::Incomplete { indicator, period, coverage };
                    history.uncomputed.push(Uncomputed { period, reason });
                }
                Ok(measurement) => history.measurements.push(*measurement),
                Err(reason) => {
                    history.uncomputed.push(Uncomputed { period, reason: reason.clone() });
                }
            }
        }
        history
    }

    /// Of what one department reported.
    pub(crate) fn of_one(measurements: &[Measurement]) -> Self {
        Self { measurements: measurements.to_vec(), ..Self::default() }
    }

    /// Of an indicator computed from others.
    pub fn of_computed<'a>(
        formula: &Formula,
        range: Range,
        input: impl Fn(&str) -> Option<&'a Self>,
    ) -> Self {
        let found = formula::evaluate(formula, |id| {
            input(id).map_or(&[][..], |history| &history.measurements)
        });
        let mut history = Self::default();
        let mut reasons = BTreeMap::new();
        for of in formula.inputs().into_iter().filter_map(&input) {
            for uncomputed in &of.uncomputed {
                reasons.entry(uncomputed.period).or_insert_with(|| uncomputed.reason.clone());
            }
            for (period, missing) in &of.lacking {
                history.lacking.entry(*period).or_default().extend(missing.iter().cloned());
            }
        }
        for Uncomputed { period, reason } in found.uncomputed {
            reasons.insert(period, root(reason, &input));
        }
        for measurement in found.measurements {
            reasons.remove(&measurement.period);
            match beyond(measurement, range) {
                Some(reason) => drop(reasons.insert(measurement.period, reason)),
                None => history.measurements.push(measurement),
            }
        }
        let uncomputed = reasons.into_iter().map(|(period, reason)| Uncomputed { period, reason });
        history.uncomputed = uncomputed.collect();
        history
    }

    /// How many have reported a period of `expected` departments.
    pub fn coverage(&self, period: ReportingPeriod, expected: usize) -> Coverage {
        let missing = self.lacking.get(&period).into_iter().flatten().cloned().collect();
        Coverage { expected, missing }
    }
}

fn is_complete(
    reporters: &Reporters,
    period: ReportingPeriod,
    lacking: usize,
    complete_from: Decimal,
) -> bool {
    if lacking == 0 {
        return true;
    }
    let expected = reporters.expected(period).count();
    let share = Decimal::from(expected.saturating_sub(lacking)) * Decimal::ONE_HUNDRED;
    share >= Decimal::from(expected) * complete_from
}

/// Why an input is missing, where that is known.
fn root<'a>(reason: Uncomputable, input: impl Fn(&str) -> Option<&'a History>) -> Uncomputable {
    let known = match &reason {
        Uncomputable::MissingInput { indicator, period } => input(indicator).and_then(|history| {
            let place = history.uncomputed.binary_search_by_key(period, |it| it.period).ok()?;
            Some(history.uncomputed[place].reason.clone())
        }),
        _ => None,
    };
    known.unwrap_or(reason)
}

/// Why a computed value cannot be: a share over 100, say.
fn beyond(measurement: Measurement, range: Range) -> Option<Uncomputable> {
    let Value::Number(value) = measurement.observation.value else { return None };
    let limit = range.maximum.filter(|most| value > *most);
    let limit = limit.or(range.minimum.filter(|least| value < *least))?;
    Some(Uncomputable::OutOfRange { value: value.round_dp(10), limit, period: measurement.period })
}

/// The inputs of a weighted ratio that are combined over the departments that have both:
/// sums over the same departments.
pub fn paired<'a>(catalogue: &'a Catalogue, indicator: &Indicator) -> Option<[&'a Indicator; 2]> {
    let Some(Formula::Ratio { numerator, denominator, .. }) = &indicator.formula else {
        return None;
    };
    let sum = |id: &str| {
        let found = catalogue.indicator(id)?;
        let sums = found.combination == Combination::Sum;
        sums.then(|| catalogue.reporters(id).map(|reporters| (found, reporters)))?
    };
    let ((above, above_by), (below, below_by)) = sum(numerator).zip(sum(denominator))?;
    let same = indicator.combination == Combination::WeightedRatio && above_by == below_by;
    same.then_some([above, below])
}

/// How many departments are expected to report a period of the sums that an indicator is or
/// is computed from; 0 if there are none.
pub fn expected(catalogue: &Catalogue, id: &str, period: ReportingPeriod) -> usize {
    let reporters = |id: &str| {
        let sums = catalogue.indicator(id).is_some_and(|it| it.combination == Combination::Sum);
        catalogue.reporters(id).filter(|_| sums)
    };
    let mut departments = BTreeSet::new();
    let mut ahead = vec![id];
    while let Some(id) = ahead.pop() {
        match catalogue.indicator(id).and_then(|indicator| indicator.formula.as_ref()) {
            Some(formula) => ahead.extend(formula.inputs()),
            None if departments.is_empty() && ahead.is_empty() => {
                return reporters(id).map_or(0, |by| by.expected(period).count());
            }
            None => departments.extend(
                reporters(id)
                    .into_iter()
                    .flat_map(|by| by.expected(period).map(|at| by.department(at))),
            ),
        }
    }
    departments.len()
}
