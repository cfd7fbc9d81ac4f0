//! What entries say of each other: circles, and what does not fit.

mod circle;
mod indicator;
mod target;

use super::ids::Ids;
use super::read::Entry;
use super::rule::Rule;
use super::section::Section;
use crate::department::Department;
use crate::indicator::{Indicator, Kind};

pub(super) use indicator::indicators;
pub(super) use target::targets;

/// Departments above or after each other in circles.
pub(super) fn departments(departments: &[Entry<'_, Department>], ids: &Ids<'_>) {
    refuse_circles(departments, ids, "parent", "parents", |department| {
        department.parent.iter().map(String::as_str).collect()
    });
    refuse_circles(departments, ids, "successors", "successors", |department| {
        department.successors.iter().map(String::as_str).collect()
    });
}

/// Rules between things that are never numbers of one period.
pub(super) fn rules(rules: &[Entry<'_, Rule>], indicators: &[Entry<'_, Indicator>], ids: &Ids<'_>) {
    for Entry { section, value: rule } in rules {
        let operands: Vec<_> = rule
            .check
            .operands()
            .into_iter()
            .filter_map(|id| ids.place(id).map(|place| &indicators[place]))
            .collect();
        for operand in &operands {
            refuse_unless_quantity(section, "check", operand);
        }
        let Some((first, others)) = operands.split_first() else { continue };
        let sound = operands.iter().all(|operand| frequencies_are_sound(&operand.section));
        let shared = first
            .value
            .frequencies()
            .any(|frequency| others.iter().all(|other| other.value.accepts(frequency)));
        if sound && !shared {
            let label = section.label();
            let message = format!("{label} compares indicators never reported for one period");
            section.refuse_at("check", message);
        }
    }
}

fn frequencies_are_sound(section: &Section<'_>) -> bool {
    section.is_sound(&["frequency", "also_accepted"])
}

/// Notes a problem under `key` if `operand` is known not to be a number.
fn refuse_unless_quantity(section: &Section<'_>, key: &str, operand: &Entry<'_, Indicator>) {
    if operand.value.kind != Kind::Quantity {
        let (id, kind) = (&operand.value.id, kind_name(&operand.value.kind));
        section.refuse_at(key, format!("`{key}` computes with numbers, but `{id}` is a {kind}"));
    }
}

fn kind_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Quantity => "quantity",
        Kind::Rank => "rank",
        Kind::Level(_) => "level",
        Kind::Milestone => "milestone",
    }
}

/// Notes every circle of references under `key`, spelled out.
fn refuse_circles<T>(
    entries: &[Entry<'_, T>],
    ids: &Ids<'_>,
    key: &str,
    what: &str,
    references: impl Fn(&T) -> Vec<&str>,
) {
    let edges: Vec<Vec<usize>> = entries
        .iter()
        .map(|entry| references(&entry.value).into_iter().filter_map(|id| ids.place(id)).collect())
        .collect();
    for circle in circle::circles(&edges) {
        let first = circle[0];
        let names = circle.iter().chain([&first]).map(|at| entries[*at].section.written_id());
        let names: Vec<_> = names.collect();
        let path = names.join("` → `");
        entries[first].section.refuse_at(key, format!("{what} go round in a circle: `{path}`"));
    }
}
