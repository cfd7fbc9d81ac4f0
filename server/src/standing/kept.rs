//! Statuses as they were last listed, told again while nothing they rest on has changed.
//!
//! A status rests on the province's figures of its indicators and on the day. The store
//! gives the same figures in the same place until one of them changes, so that comparing
//! places is enough. What is asked as of an earlier instant is not kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use tiendo_shared::assess::Verdict;
use tiendo_shared::province::Combined;
use tiendo_shared::wire::v1;

/// Everything a status rests on but the day.
pub(super) type Figures = Vec<Arc<Vec<Combined>>>;

/// The statuses by target.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    statuses: Arc<Mutex<HashMap<String, One>>>,
}

#[derive(Debug)]
struct One {
    day: Date,
    figures: Figures,
    verdict: Verdict,
    status: v1::TargetStatus,
}

impl Kept {
    /// The status of a target, if it was kept and still holds.
    pub(super) fn find(
        &self,
        target: &str,
        day: Date,
        figures: &Figures,
    ) -> Option<(Verdict, v1::TargetStatus)> {
        let statuses = self.statuses();
        let one = statuses.get(target)?;
        let holds = one.day == day
            && one.figures.len() == figures.len()
            && one.figures.iter().zip(figures).all(|(kept, now)| Arc::ptr_eq(kept, now));
        holds.then(|| (one.verdict, one.status.clone()))
    }

    /// Keeps the status of a target.
    pub(super) fn keep(
        &self,
        day: Date,
        figures: Figures,
        verdict: Verdict,
        status: &v1::TargetStatus,
    ) {
        let one = One { day, figures, verdict, status: status.clone() };
        self.statuses().insert(status.target.clone(), one);
    }

    fn statuses(&self) -> MutexGuard<'_, HashMap<String, One>> {
        self.statuses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
