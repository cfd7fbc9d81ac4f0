//! Fetches what findings of reports rest on, a department at a time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::indicator::{Combination, Indicator};
use tiendo_shared::inspect::{self, Finding, Subject};
use tiendo_shared::measurement::Measurement;
use tiendo_shared::period::ReportingPeriod;

use crate::failure::Failure;
use crate::store::{SeriesQuery, Store};

/// The totals that reports of one department are inspected by.
#[derive(Debug)]
pub(super) struct Known<'a> {
    catalogue: &'a Catalogue,
    department: &'a str,
    totals: BTreeMap<String, Vec<Measurement>>,
}

impl<'a> Known<'a> {
    /// Those of a department as of an instant, and those of others that rules compare
    /// them with.
    pub(super) async fn of(
        store: &dyn Store,
        catalogue: &'a Catalogue,
        department: &'a str,
        as_of: Timestamp,
    ) -> Result<Self, Failure> {
        let query = SeriesQuery {
            department: Some(department.to_owned()),
            members: Some(String::new()),
            as_of: Some(as_of),
            ..SeriesQuery::default()
        };
        let own = store.series(&query).await?;
        let mut totals: BTreeMap<String, Vec<Measurement>> =
            own.into_iter().map(|one| (one.key.indicator, one.measurements)).collect();
        for indicator in compared_with(catalogue, department) {
            let query = SeriesQuery {
                department: Some(indicator.owner.clone()),
                indicator: Some(indicator.id.clone()),
                ..query.clone()
            };
            let found = store.series(&query).await?;
            let measurements = found.into_iter().flat_map(|one| one.measurements);
            totals.insert(indicator.id.clone(), measurements.collect());
        }
        Ok(Self { catalogue, department, totals })
    }

    /// What a reviewer of the report of a period looks at twice.
    pub(super) fn findings(&self, period: ReportingPeriod) -> Vec<Finding> {
        let known = |id: &str| self.totals.get(id).map_or(&[][..], Vec::as_slice);
        let (catalogue, department) = (self.catalogue, self.department);
        inspect::inspect(&Subject { catalogue, department, period, known })
    }
}

/// What others answer for alone and rules compare with what the department reports.
fn compared_with<'a>(
    catalogue: &'a Catalogue,
    department: &str,
) -> impl Iterator<Item = &'a Indicator> {
    let own: BTreeSet<&str> =
        catalogue.reported_by(department).map(|indicator| indicator.id.as_str()).collect();
    let mut needed: BTreeSet<&str> = BTreeSet::new();
    for rule in catalogue.rules() {
        let roots = inspect::roots(catalogue, rule);
        if roots.iter().any(|id| own.contains(id)) {
            needed.extend(roots.into_iter().filter(|id| !own.contains(id)));
        }
    }
    let indicators = needed.into_iter().filter_map(|id| catalogue.indicator(id));
    indicators.filter(|it| it.combination == Combination::SingleSource)
}
