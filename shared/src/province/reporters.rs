//! Who reports an indicator in a period: those the catalogue lists, who took over from them, who was there before.
//!
//! A listed department hands what it owes to its successors. One that began on some day
//! has the history of those it took over from; one that was always there has its own, and
//! a department that it took in counts if it is listed too. In a period those are expected
//! that exist on its last day.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::department::Department;
use crate::indicator::Indicator;
use crate::period::ReportingPeriod;

/// Who reports an indicator, ordered by department id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reporters {
    members: Vec<Member>,
    /// Whether some come or go.
    changes: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    department: String,
    from: Option<Date>,
    to: Option<Date>,
    /// Places of all that come after it, directly or not.
    after: Vec<usize>,
}

/// The departments of a catalogue by id.
pub(crate) type Departments<'a> = BTreeMap<&'a str, &'a Department>;

impl Reporters {
    /// Those of `indicator`, by a catalogue's departments.
    pub(crate) fn of(indicator: &Indicator, departments: &Departments<'_>) -> Self {
        let listed = || std::iter::once(&indicator.owner).chain(&indicator.reporters);
        let listed: BTreeSet<&str> = listed().map(String::as_str).collect();
        // Since when each inherits; none for those that are listed.
        let mut members: BTreeMap<&str, Option<Date>> =
            listed.iter().map(|id| (*id, None)).collect();
        for id in &listed {
            let Some(department) = departments.get(id) else { continue };
            let since = department.valid_to.and_then(|last| last.tomorrow().ok());
            for heir in after(id, departments) {
                members.entry(heir).and_modify(|at| *at = (*at).min(since)).or_insert(since);
            }
        }
        let began = |id: &&str| departments.get(id).is_some_and(|it| it.valid_from.is_some());
        for id in departments.keys() {
            let after = after(id, departments);
            if after.iter().any(|heir| listed.contains(heir) && began(heir)) {
                members.entry(id).or_insert(None);
            }
        }
        let ids: Vec<&str> = members.keys().copied().collect();
        let members = members.iter().map(|(id, since)| {
            let department = departments.get(id);
            let after = after(id, departments);
            Member {
                department: (*id).to_owned(),
                from: department.and_then(|it| it.valid_from).max(*since),
                to: department.and_then(|it| it.valid_to),
                after: after.iter().filter_map(|heir| ids.binary_search(heir).ok()).collect(),
            }
        });
        let members: Vec<Member> = members.collect();
        let changes = members.iter().any(|it| it.from.is_some() || it.to.is_some());
        Self { members, changes }
    }

    /// Department ids, in order; their places are what parts name.
    pub fn departments(&self) -> impl ExactSizeIterator<Item = &str> {
        self.members.iter().map(|member| member.department.as_str())
    }

    /// Whether some of them come or go.
    pub fn change(&self) -> bool {
        self.changes
    }

    /// The department in a place.
    pub fn department(&self, place: usize) -> &str {
        self.members.get(place).map_or("", |member| &member.department)
    }

    /// The place of a department.
    pub fn place(&self, department: &str) -> Option<usize> {
        self.members.binary_search_by(|member| member.department.as_str().cmp(department)).ok()
    }

    /// Whether the department reports the indicator, in some period at least.
    pub fn contains(&self, department: &str) -> bool {
        self.place(department).is_some()
    }

    /// The places of those expected to report a period: they exist on its last day.
    pub fn expected(&self, period: ReportingPeriod) -> impl Iterator<Item = usize> {
        let last = self.changes.then(|| period.last_day());
        let members = self.members.iter().enumerate();
        members.filter(move |(_, it)| last.is_none_or(|day| it.exists(day))).map(|(at, _)| at)
    }

    /// Whether what `place` reported for a period counts, where `has` says who reported
    /// it: if it is expected, or it ended in the period and nobody after it has reported.
    pub(super) fn counts(
        &self,
        place: usize,
        period: ReportingPeriod,
        has: impl Fn(usize) -> bool,
    ) -> bool {
        if !self.changes {
            return true;
        }
        let Some(member) = self.members.get(place) else { return false };
        let last = period.last_day();
        member.exists(last)
            || (member.to.is_some_and(|to| period.first_day() <= to && to < last)
                && !member.after.iter().any(|heir| has(*heir)))
    }
}

impl Member {
    fn exists(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// All successors, direct and indirect; the catalogue has no circles.
fn after<'a>(id: &str, departments: &Departments<'a>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut ahead: Vec<&Department> = departments.get(id).copied().into_iter().collect();
    while let Some(department) = ahead.pop() {
        for heir in &department.successors {
            if found.insert(heir.as_str()) {
                ahead.extend(departments.get(heir.as_str()).copied());
            }
        }
    }
    found
}
