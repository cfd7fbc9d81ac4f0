//! Answers from memory. No read waits for a write: each shows what is durable when it comes.

use std::sync::Arc;

use jiff::Timestamp;
use tiendo_shared::catalogue::IndicatorIndex;
use tiendo_shared::measurement::{Measurement, SeriesKey};
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::review::{Move, Report, State as ReportState};
use tiendo_shared::submission::{Hash, NO_HASH};

use super::Books;
use super::department::{Department, State};
use super::point::{Period, Point};
use super::series;
use crate::store::{Error, Series, SeriesQuery};

impl Books {
    /// The end of a chain.
    pub(in crate::store) fn head(&self, department: &str) -> (u64, Hash) {
        let department = self.department(department);
        department.map_or((0, NO_HASH), |department| {
            let durable = department.durable();
            (durable.last.into(), durable.head)
        })
    }

    /// The series asked for.
    pub(in crate::store) fn series(&self, query: &SeriesQuery) -> Result<Vec<Series>, Error> {
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
            let view = View { books: self, state: &state, department: &department.id, horizon };
            view.series(query, indicators, &mut found);
            if is_full(&found, query) {
                break;
            }
        }
        Ok(found)
    }

    /// The reports that ever moved.
    pub(in crate::store) fn reports(
        &self,
        department: Option<&str>,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<Report>, Error> {
        let departments = match department {
            Some(department) => self.department(department).into_iter().collect(),
            None => self.departments_from(""),
        };
        let mut reports = Vec::new();
        for department in departments {
            let durable = department.durable().last;
            let state = department.read()?;
            let moved = state.moves.reports(state.horizon(durable, as_of));
            reports.extend(
                moved.into_iter().map(|(period, moves)| Report {
                    department: department.id.clone(),
                    period,
                    moves: moves
                        .into_iter()
                        .map(|(to, sequence)| moved_to(&state, to, sequence))
                        .collect(),
                }),
            );
        }
        Ok(reports)
    }

    /// The stamp of the newest entry that reads show.
    pub(in crate::store) fn newest_shown(&self) -> Result<Timestamp, Error> {
        let mut newest = 0;
        for department in self.departments_from("") {
            let durable = department.durable().last;
            if durable > 0 {
                newest = newest.max(department.read()?.received_at(durable));
            }
        }
        Ok(Timestamp::from_microsecond(newest).unwrap_or_default())
    }

    /// Every value a key had.
    pub(in crate::store) fn revisions(
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

fn moved_to(state: &State, to: ReportState, sequence: u32) -> Move {
    let at = Timestamp::from_microsecond(state.received_at(sequence)).unwrap_or_default();
    Move { state: to, sequence: sequence.into(), at }
}

fn is_full(found: &[Series], query: &SeriesQuery) -> bool {
    query.limit != 0 && found.len() >= query.limit
}

/// A department as it was known with the entry `horizon`.
struct View<'a> {
    books: &'a Books,
    state: &'a State,
    department: &'a str,
    horizon: u32,
}

impl View<'_> {
    fn series(&self, query: &SeriesQuery, indicators: &[IndicatorIndex], found: &mut Vec<Series>) {
        let after = query.after.as_ref().filter(|after| after.department == self.department);
        for indicator in indicators {
            let id = &self.books.catalogue.indicators()[usize::from(*indicator)].id;
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
