//! The province's figures: what departments reported, combined or computed as the catalogue says.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use rust_decimal::Decimal;
use tiendo_shared::formula::{self, Uncomputed};
use tiendo_shared::indicator::{Combination, Formula, Indicator};
use tiendo_shared::measurement::{Measurement, Value};
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::wire::v1;

use crate::failure::Failure;
use crate::figures::Figures;
use crate::store::{Series, SeriesQuery};

/// The figures of the whole province, read once for one answer.
#[derive(Debug)]
pub(super) struct Province<'a> {
    figures: &'a Figures,
    as_of: Option<Timestamp>,
    histories: HashMap<String, Arc<History>>,
}

/// The values of one indicator for the whole province.
#[derive(Debug, Default)]
pub(super) struct History {
    /// By period.
    pub(super) measurements: Vec<Measurement>,
    /// Periods for which it could not be computed.
    pub(super) uncomputed: Vec<Uncomputed>,
    sources: BTreeMap<ReportingPeriod, Vec<v1::Source>>,
}

impl History {
    /// The ledger entries the value of a period came from.
    pub(super) fn sources(&self, period: ReportingPeriod) -> &[v1::Source] {
        self.sources.get(&period).map_or(&[], Vec::as_slice)
    }
}

impl<'a> Province<'a> {
    pub(super) fn new(figures: &'a Figures, as_of: Option<Timestamp>) -> Self {
        Self { figures, as_of, histories: HashMap::new() }
    }

    /// The indicator's values: reported, combined or computed.
    pub(super) async fn history(&mut self, id: &str) -> Result<Arc<History>, Failure> {
        // Inputs come before what is computed of them; the catalogue has no cycles.
        for needed in self.needed(id) {
            if self.histories.contains_key(&needed) {
                continue;
            }
            let Some(indicator) = self.figures.catalogue.indicator(&needed) else { continue };
            let history = match &indicator.formula {
                Some(formula) => self.compute(formula),
                None => combine(indicator, &self.reported(&needed).await?),
            };
            self.histories.insert(needed, Arc::new(history));
        }
        Ok(self.histories.get(id).cloned().unwrap_or_default())
    }

    /// The series the indicator, or the inputs of its formula, were reported in.
    pub(super) async fn reported(&self, id: &str) -> Result<Vec<Series>, Failure> {
        let catalogue = &self.figures.catalogue;
        let mut all = Vec::new();
        for needed in self.needed(id) {
            let Some(indicator) = catalogue.indicator(&needed) else { continue };
            if indicator.formula.is_some() {
                continue;
            }
            let alone = indicator.combination == Combination::SingleSource;
            let query = SeriesQuery {
                department: alone.then(|| indicator.owner.clone()),
                indicator: Some(needed),
                as_of: self.as_of,
                members: Some(String::new()),
                ..SeriesQuery::default()
            };
            all.extend(self.figures.store.series(&query).await?);
        }
        Ok(all)
    }

    /// The indicator and all it is computed from, inputs first.
    fn needed(&self, id: &str) -> Vec<String> {
        let mut order = vec![id.to_owned()];
        let mut at = 0;
        while at < order.len() {
            let formula =
                self.figures.catalogue.indicator(&order[at]).and_then(|i| i.formula.as_ref());
            let inputs = formula.map(|formula| formula.inputs()).unwrap_or_default();
            order.extend(inputs.into_iter().map(str::to_owned));
            at += 1;
        }
        order.reverse();
        order
    }

    fn compute(&self, formula: &Formula) -> History {
        let inputs: Vec<_> =
            formula.inputs().into_iter().filter_map(|id| self.histories.get(id)).cloned().collect();
        let by_id = |id: &str| {
            self.histories.get(id).map_or(&[][..], |history| history.measurements.as_slice())
        };
        let computed = formula::evaluate(formula, by_id);
        let mut sources = BTreeMap::new();
        for measurement in &computed.measurements {
            let of_inputs = inputs.iter().flat_map(|input| input.sources(measurement.period));
            sources.insert(measurement.period, of_inputs.cloned().collect());
        }
        History { measurements: computed.measurements, uncomputed: computed.uncomputed, sources }
    }
}

/// One series for the province from those of its departments.
fn combine(indicator: &Indicator, series: &[Series]) -> History {
    let mut history = History::default();
    for one in series {
        for measurement in &one.measurements {
            history.sources.entry(measurement.period).or_default().push(v1::Source {
                department: one.key.department.clone(),
                sequence: measurement.sequence,
                indicator: indicator.id.clone(),
                period: measurement.period.to_string(),
                evidence: String::new(),
            });
        }
    }
    history.measurements = match (indicator.combination, series) {
        (Combination::SingleSource | Combination::WeightedRatio, _) | (Combination::Sum, [_]) => {
            series.iter().flat_map(|one| one.measurements.iter().copied()).collect()
        }
        (Combination::Sum, _) => sum(series),
    };
    history
}

/// Sums numbers period by period: as firm as the least firm of them, as recent
/// as the latest. A period in which nobody reported a number keeps the first answer.
fn sum(series: &[Series]) -> Vec<Measurement> {
    let mut sums: BTreeMap<ReportingPeriod, Measurement> = BTreeMap::new();
    for measurement in series.iter().flat_map(|one| &one.measurements) {
        sums.entry(measurement.period)
            .and_modify(|sum| *sum = add(*sum, *measurement))
            .or_insert(*measurement);
    }
    sums.into_values().collect()
}

fn add(sum: Measurement, other: Measurement) -> Measurement {
    let mut added = if other.received > sum.received { other } else { sum };
    added.observation.status = formula::weakest(sum.observation.status, other.observation.status);
    added.observation.value = match (sum.observation.value, other.observation.value) {
        (Value::Number(a), Value::Number(b)) => {
            Value::Number(a.checked_add(b).unwrap_or(Decimal::MAX))
        }
        (Value::Number(a), _) | (_, Value::Number(a)) => Value::Number(a),
        (neither, _) => neither,
    };
    added
}
