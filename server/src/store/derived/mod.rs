//! What is derived of the chains, in memory: shared by the engines that keep a ledger.
//!
//! An engine applies entries to the [`State`](department::State) of their department and says
//! how far the chain is durable; reads answer from here and show what is. Everything is decided
//! here too, so that engines cannot differ in it.

pub(in crate::store) mod combine;
pub(in crate::store) mod department;
pub(in crate::store) mod durable;
pub(in crate::store) mod fingerprint;
pub(in crate::store) mod list;
pub(in crate::store) mod moves;
pub(in crate::store) mod page;
pub(in crate::store) mod point;
mod read;
pub(in crate::store) mod reading;
mod sealing;
pub(in crate::store) mod series;
pub(in crate::store) mod snapshot;
pub(in crate::store) mod told;

use std::collections::BTreeMap;
use std::ops::Bound::{Included, Unbounded};
use std::sync::{Arc, PoisonError, RwLock};

use tiendo_shared::catalogue::{Catalogue, IndicatorIndex};
use tiendo_shared::submission::NO_HASH;

use combine::Folds;
use department::{Department, State};
use durable::Durable;
pub(in crate::store) use sealing::{seal, seal_act};

/// The departments, and what they reported together.
#[derive(Debug)]
pub(in crate::store) struct Books {
    pub(in crate::store) catalogue: Arc<Catalogue>,
    /// The catalogue's indicators by id.
    order: Vec<IndicatorIndex>,
    departments: RwLock<BTreeMap<String, Arc<Department>>>,
    /// Sequences that a department without entries must not use.
    pub(in crate::store) burned: u32,
    /// The province's figures as they were last asked for.
    folds: Folds,
}

impl Books {
    /// Departments as they were read back.
    pub(in crate::store) fn new(
        catalogue: Arc<Catalogue>,
        departments: impl Iterator<Item = (String, State, Durable)>,
        burned: u32,
    ) -> Self {
        let mut order: Vec<_> = (0..).take(catalogue.indicators().len()).collect();
        order.sort_by_key(|at: &u16| &catalogue.indicators()[usize::from(*at)].id);
        let departments = departments.map(|(id, state, durable)| {
            (id.clone(), Arc::new(Department::new(id, state, durable)))
        });
        let departments = RwLock::new(departments.collect());
        Self { catalogue, order, departments, burned, folds: Folds::default() }
    }

    /// The department of this id, if it has ever been heard of.
    pub(in crate::store) fn department(&self, id: &str) -> Option<Arc<Department>> {
        let departments = self.departments.read().unwrap_or_else(PoisonError::into_inner);
        departments.get(id).map(Arc::clone)
    }

    /// Every department with this id or a later one.
    pub(in crate::store) fn departments_from(&self, id: &str) -> Vec<Arc<Department>> {
        let departments = self.departments.read().unwrap_or_else(PoisonError::into_inner);
        departments
            .range::<str, _>((Included(id), Unbounded))
            .map(|(_, department)| Arc::clone(department))
            .collect()
    }

    pub(in crate::store) fn open_department(&self, id: &str) -> Arc<Department> {
        if let Some(department) = self.department(id) {
            return department;
        }
        let mut departments = self.departments.write().unwrap_or_else(PoisonError::into_inner);
        let department = departments.entry(id.to_owned()).or_insert_with(|| {
            let state = State::new(0, NO_HASH, self.burned);
            Arc::new(Department::new(id.to_owned(), state, Durable::default()))
        });
        Arc::clone(department)
    }
}
