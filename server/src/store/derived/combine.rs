//! The province's figures from memory: what departments reported, combined by period and kept.
//!
//! What is kept knows the last entry of each department that is in it, its *horizon*.
//! Asked again, only the periods are combined anew that later entries brought something
//! for, so that an answer costs about as many steps as there are departments. An earlier
//! instant is made of what is kept in the same way, backwards, and not kept. Nothing is
//! done when a submission comes, and nothing is saved.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tiendo_shared::catalogue::IndicatorIndex;
use tiendo_shared::indicator::Combination;
use tiendo_shared::measurement::{MissingReason, Value};
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::province::{Combined, Part, Reporters, combine};

use super::Books;
use super::department::{Department, State};
use super::point::{Period, Point};
use crate::store::{CombinedQuery, Error};

/// Which figures are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Asked {
    indicator: IndicatorIndex,
    /// The one that departments have to have reported too.
    other: Option<IndicatorIndex>,
    approved_only: bool,
}

/// What was asked for so far.
#[derive(Debug, Default)]
pub(in crate::store) struct Folds {
    kept: Mutex<HashMap<Asked, Arc<Mutex<Fold>>>>,
}

/// The figures of one indicator, and what is in them.
#[derive(Debug, Default)]
struct Fold {
    /// The reporters; none where nothing was ever heard of one.
    departments: Vec<Option<Arc<Department>>>,
    /// The last entry of each that is in the figures.
    horizons: Vec<u32>,
    figures: Arc<Vec<Combined>>,
}

impl Books {
    /// The province's figures of an indicator.
    pub(in crate::store) fn combined(
        &self,
        query: &CombinedQuery,
    ) -> Result<Arc<Vec<Combined>>, Error> {
        let place = |id: &String| self.catalogue.indicator_index(id);
        let other = query.together_with.as_ref().map(place);
        let (Some(indicator), Some(reporters)) =
            (place(&query.indicator), self.catalogue.reporters(&query.indicator))
        else {
            return Ok(Arc::default());
        };
        let other = match other {
            Some(None) => return Ok(Arc::default()),
            other => other.flatten(),
        };
        let asked = Asked { indicator, other, approved_only: query.approved_only };
        let kept = self.folds.of(asked);
        let mut fold = kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.find_departments(reporters, &mut fold.departments);
        let horizons = horizons(&fold.departments, query.as_of)?;
        if fold.horizons == horizons {
            return Ok(Arc::clone(&fold.figures));
        }
        let combination = self.catalogue.indicators()[usize::from(indicator)].combination;
        let departments = fold.departments.clone();
        let folding = Folding { asked, combination, reporters, departments: &departments };
        let is_later = fold.horizons.iter().zip(&horizons).all(|(kept, now)| kept <= now);
        let mut figures = Arc::clone(&fold.figures);
        if fold.horizons.is_empty() {
            figures = Arc::new(folding.all(&horizons)?);
        } else {
            let changed = folding.changed(&fold.horizons, &horizons)?;
            if !changed.is_empty() {
                let parts = folding.parts(&horizons, Some(&changed))?;
                folding.renew(Arc::make_mut(&mut figures), &changed, &parts);
            }
        }
        if is_later {
            fold.figures = Arc::clone(&figures);
            fold.horizons = horizons;
        }
        Ok(figures)
    }

    /// Combines everything anew from now on: chains have become shorter.
    pub(in crate::store) fn forget_folds(&self) {
        self.folds.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Fills in the departments that were not heard of before.
    fn find_departments(&self, reporters: &Reporters, found: &mut Vec<Option<Arc<Department>>>) {
        if !found.is_empty() && found.iter().all(Option::is_some) {
            return;
        }
        let known = self.departments.read().unwrap_or_else(PoisonError::into_inner);
        *found = reporters.departments().map(|id| known.get(id).map(Arc::clone)).collect();
    }
}

impl Folds {
    fn of(&self, asked: Asked) -> Arc<Mutex<Fold>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(kept.entry(asked).or_default())
    }
}

/// The last entry of each department that an answer may show.
fn horizons(
    departments: &[Option<Arc<Department>>],
    as_of: Option<Timestamp>,
) -> Result<Vec<u32>, Error> {
    let horizon = |department: &Option<Arc<Department>>| {
        let Some(department) = department else { return Ok(0) };
        let durable = department.durable().last;
        match as_of {
            Some(_) => Ok(department.read()?.horizon(durable, as_of)),
            None => Ok(durable),
        }
    };
    departments.iter().map(horizon).collect()
}

/// What a department says of the indicator that has to be reported too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Other {
    /// A number, or there is no such indicator.
    HasNumber,
    /// It does not apply, so the department stands on neither side of the line.
    NotApplicable,
    /// Nothing that counts.
    Lacks,
}

/// How one indicator is combined.
struct Folding<'a> {
    asked: Asked,
    combination: Combination,
    reporters: &'a Reporters,
    departments: &'a [Option<Arc<Department>>],
}

impl Folding<'_> {
    /// The periods that entries between two horizons, whichever is the later, brought
    /// something for, or whose reports they moved.
    fn changed(&self, from: &[u32], to: &[u32]) -> Result<BTreeSet<Period>, Error> {
        let mut changed = BTreeSet::new();
        for ((department, from), to) in self.departments.iter().zip(from).zip(to) {
            let Some(department) = department.as_ref().filter(|_| from != to) else { continue };
            let (from, to) = (*from.min(to), *from.max(to));
            let state = department.read()?;
            changed.extend(state.moves.moved(from, to));
            for indicator in [Some(self.asked.indicator), self.asked.other].into_iter().flatten() {
                let Some(place) = state.find(indicator, "") else { continue };
                let series = state.series(place);
                if series.last > from {
                    let points = series.as_of(to).filter(|(point, _)| point.sequence > from);
                    changed.extend(points.map(|(point, _)| point.period));
                }
            }
        }
        Ok(changed)
    }

    /// The figures of all periods.
    fn all(&self, horizons: &[u32]) -> Result<Vec<Combined>, Error> {
        let parts = self.parts(horizons, None)?;
        let figures = parts.iter().filter_map(|(period, parts)| self.combine(*period, parts));
        Ok(figures.collect())
    }

    /// What was reported for these periods, or for all, as far as `horizons`.
    fn parts(
        &self,
        horizons: &[u32],
        periods: Option<&BTreeSet<Period>>,
    ) -> Result<BTreeMap<Period, Vec<Part>>, Error> {
        let mut parts: BTreeMap<Period, Vec<Part>> = BTreeMap::new();
        for (reporter, department) in self.departments.iter().enumerate() {
            let Some(department) = department else { continue };
            let state = department.read()?;
            let Some(place) = state.find(self.asked.indicator, "") else { continue };
            let (series, horizon) = (state.series(place), horizons[reporter]);
            let mut take = |point: (Point, u32)| {
                let period = point.0.period;
                let is_approved = state.moves.is_approved(period, horizon);
                let is_asked = is_approved || !self.asked.approved_only;
                let other = self.other(&state, period, horizon);
                if is_asked && other != Other::Lacks {
                    let mut measurement = state.measurement(point);
                    if other == Other::NotApplicable {
                        measurement.observation.value =
                            Value::Missing(MissingReason::NotApplicable);
                    }
                    let part = Part { reporter, measurement, is_approved };
                    parts.entry(period).or_default().push(part);
                }
            };
            match periods {
                Some(periods) => periods
                    .iter()
                    .filter_map(|period| series.as_of_period(*period, horizon))
                    .for_each(&mut take),
                None => series.as_of(horizon).for_each(&mut take),
            }
        }
        Ok(parts)
    }

    /// What the department says of the other indicator, if there is one.
    fn other(&self, state: &State, period: Period, horizon: u32) -> Other {
        let Some(other) = self.asked.other else { return Other::HasNumber };
        let series = state.find(other, "").map(|place| state.series(place));
        let point = series.and_then(|series| series.as_of_period(period, horizon));
        match point.map(|point| state.measurement(point).observation.value) {
            Some(Value::Number(_)) => Other::HasNumber,
            Some(Value::Missing(MissingReason::NotApplicable)) => Other::NotApplicable,
            _ => Other::Lacks,
        }
    }

    fn combine(&self, period: Period, parts: &[Part]) -> Option<Combined> {
        combine(self.combination, self.reporters, period.into(), parts)
    }

    /// Puts what changed into figures, which are ordered by period.
    fn renew(
        &self,
        figures: &mut Vec<Combined>,
        changed: &BTreeSet<Period>,
        parts: &BTreeMap<Period, Vec<Part>>,
    ) {
        for period in changed {
            let known = ReportingPeriod::from(*period);
            let place = figures.binary_search_by_key(&known, |figure| figure.period);
            let combined = parts.get(period).and_then(|parts| self.combine(*period, parts));
            match (place, combined) {
                (Ok(place), Some(combined)) => figures[place] = combined,
                (Ok(place), None) => drop(figures.remove(place)),
                (Err(place), Some(combined)) => figures.insert(place, combined),
                (Err(_), None) => {}
            }
        }
    }
}
