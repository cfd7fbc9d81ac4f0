//! The province's figures, combined anew for every question.

use std::collections::BTreeSet;

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::measurement::{Measurement, MissingReason, SeriesKey, Value};
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::province::{Combined, Part, combine};

use super::Books;
use crate::store::CombinedQuery;

impl Books {
    /// What departments reported of an indicator, by period.
    pub(super) fn combined(&self, catalogue: &Catalogue, query: &CombinedQuery) -> Vec<Combined> {
        let Some(indicator) = catalogue.indicator(&query.indicator) else { return Vec::new() };
        let Some(reporters) = catalogue.reporters(&indicator.id) else { return Vec::new() };
        let known = |department: &str, indicator: &str, period: ReportingPeriod| {
            let (department, indicator) = (department.to_owned(), indicator.to_owned());
            let key = SeriesKey { department, indicator, members: String::new() };
            let values = self.series.get(&key)?.get(&period)?;
            let counted =
                |it: &&Measurement| self.counted(&key.department, it.sequence, query.as_of);
            values.iter().rfind(counted).copied()
        };
        let periods: BTreeSet<ReportingPeriod> = self
            .series
            .iter()
            .filter(|(key, _)| key.indicator == indicator.id)
            .flat_map(|(_, periods)| periods.keys().copied())
            .collect();
        let combined = periods.into_iter().filter_map(|period| {
            let parts = reporters.departments().enumerate().filter_map(|(reporter, id)| {
                const NOWHERE: Value = Value::Missing(MissingReason::NotApplicable);
                let mut measurement = known(id, &indicator.id, period)?;
                if let Some(other) = &query.together_with {
                    let said = known(id, other, period)?.observation.value;
                    if said == NOWHERE {
                        measurement.observation.value = NOWHERE;
                    } else if !matches!(said, Value::Number(_)) {
                        return None;
                    }
                }
                let is_approved = self.is_approved(id, period, query.as_of);
                let is_asked = is_approved || !query.approved_only;
                is_asked.then_some(Part { reporter, measurement, is_approved })
            });
            combine(indicator.combination, reporters, period, &parts.collect::<Vec<_>>())
        });
        combined.collect()
    }
}
