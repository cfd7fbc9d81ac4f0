//! Answers from memory, and entries from the journal. No read waits for a write:
//! each shows what is durable when it comes.

use std::sync::Arc;

use jiff::Timestamp;
use tiendo_shared::catalogue::IndicatorIndex;
use tiendo_shared::measurement::{Measurement, SeriesKey};
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::submission::{Hash, NO_HASH, Recorded, SubmissionId};
use tiendo_shared::wire::Entry;

use super::core::Core;
use super::department::{Department, State};
use super::point::{Period, Point};
use super::series;
use crate::store::{Error, Series, SeriesQuery};

impl Core {
    /// What was recorded under an id.
    pub(super) async fn recorded(
        &self,
        department: &str,
        id: SubmissionId,
    ) -> Result<Option<Recorded>, Error> {
        let Some(department) = self.department(department) else { return Ok(None) };
        let sequence = department.read()?.earlier(id);
        match sequence.filter(|sequence| *sequence <= department.durable().last) {
            Some(sequence) => Ok(Some(self.entry(&department, sequence).await?.recorded)),
            None => Ok(None),
        }
    }

    /// Entries of a chain.
    pub(super) async fn entries(
        &self,
        department: &str,
        sequence: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let Some(department) = self.department(department) else { return Ok(Vec::new()) };
        let last = department.durable().last;
        match u32::try_from(sequence.max(1)) {
            Ok(first) if first <= last && limit > 0 => {
                self.page(&department, first..=last, limit).await
            }
            _ => Ok(Vec::new()),
        }
    }

    /// The end of a chain.
    pub(super) fn head(&self, department: &str) -> (u64, Hash) {
        let department = self.department(department);
        department.map_or((0, NO_HASH), |department| {
            let durable = department.durable();
            (durable.last.into(), durable.head)
        })
    }

    /// The series asked for.
    pub(super) fn series(&self, query: &SeriesQuery) -> Result<Vec<Series>, Error> {
        let departments: Vec<Arc<Department>> = match &query.department {
            Some(department) => self.department(department).into_iter().collect(),
            None => self.departments_from(query.after.as_ref().map_or("", |key| &key.department)),
        };
        let one: Vec<IndicatorIndex>;
        let indicators = match &query.indicator {
            Some(indicator) => {
                one = self.catalogue.indicator_index(indicator).into_iter().collect();
                &one
            }
            None => &self.order,
        };
        let mut found = Vec::new();
        for department in departments {
            let durable = department.durable().last;
            let state = department.read()?;
            let horizon = state.horizon(durable, query.as_of);
            let view = View { core: self, state: &state, department: &department.id, horizon };
            view.series(query, indicators, &mut found);
            if is_full(&found, query) {
                break;
            }
        }
        Ok(found)
    }

    /// Every value a key had.
    pub(super) fn revisions(
        &self,
        key: &SeriesKey,
        period: ReportingPeriod,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<Measurement>, Error> {
        let Some(department) = self.department(&key.department) else { return Ok(Vec::new()) };
        let durable = department.durable().last;
        let state = department.read()?;
        let indicator = self.catalogue.indicator_index(&key.indicator);
        let place = indicator.and_then(|indicator| state.find(indicator, &key.members));
        let Some(place) = place else { return Ok(Vec::new()) };
        let horizon = state.horizon(durable, as_of);
        let points = state.series(place).revisions(Period::from(period), horizon);
        Ok(points.into_iter().zip(0..).map(|point| state.measurement(point)).collect())
    }
}

fn is_full(found: &[Series], query: &SeriesQuery) -> bool {
    query.limit != 0 && found.len() >= query.limit
}

/// A department as it was known with the entry `horizon`.
struct View<'a> {
    core: &'a Core,
    state: &'a State,
    department: &'a str,
    horizon: u32,
}

impl View<'_> {
    fn series(&self, query: &SeriesQuery, indicators: &[IndicatorIndex], found: &mut Vec<Series>) {
        let after = query.after.as_ref().filter(|after| after.department == self.department);
        for indicator in indicators {
            let id = &self.core.catalogue.indicators()[usize::from(*indicator)].id;
            if after.is_some_and(|after| *id < after.indicator) {
                continue;
            }
            let is_after = |members: &str| {
                after.is_none_or(|after| (&**id, members) > (&*after.indicator, &*after.members))
            };
            let wanted = |members: &str| {
                query.members.as_ref().is_none_or(|wanted| wanted == members) && is_after(members)
            };
            for series in self.state.folder(*indicator).filter(|it| wanted(&it.members)) {
                let measurements = self.measurements(series, query);
                if !measurements.is_empty() {
                    let department = self.department.to_owned();
                    let (indicator, members) = (id.clone(), series.members.to_string());
                    let key = SeriesKey { department, indicator, members };
                    found.push(Series { key, measurements });
                }
                if is_full(found, query) {
                    return;
                }
            }
        }
    }

    fn measurements(&self, series: &series::Series, query: &SeriesQuery) -> Vec<Measurement> {
        let is_asked = |(point, _): &(Point, u32)| {
            !query.approved_only || self.state.moves.is_approved(point.period, self.horizon)
        };
        let measurement = |point| self.state.measurement(point);
        match query.period {
            Some(period) => series
                .as_of_period(Period::from(period), self.horizon)
                .filter(is_asked)
                .map(measurement)
                .into_iter()
                .collect(),
            None => series.as_of(self.horizon).filter(is_asked).map(measurement).collect(),
        }
    }
}
