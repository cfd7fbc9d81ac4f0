//! What of an indicator contradicts itself or its inputs.

use super::{frequencies_are_sound, kind_name, refuse_circles, refuse_unless_quantity};
use crate::catalogue::ids::Ids;
use crate::catalogue::read::Entry;
use crate::catalogue::section::Section;
use crate::indicator::{Combination, Direction, Formula, Indicator, Kind};

/// Keys that only indicators of kind `quantity` have.
const NUMBERS_ONLY: [&str; 9] = [
    "decimals",
    "range",
    "usual",
    "outliers",
    "cumulative",
    "formula",
    "combination",
    "reporters",
    "complete_from",
];

/// Contradictions within indicators, and formulas that cannot be computed.
pub(in crate::catalogue) fn indicators(indicators: &[Entry<'_, Indicator>], ids: &Ids<'_>) {
    for Entry { section, value: indicator } in indicators {
        frequencies(section, indicator);
        if !section.is_sound(&["kind"]) {
            continue;
        }
        if indicator.kind == Kind::Quantity {
            quantity(section, indicator, indicators, ids);
        } else {
            no_quantity(section, indicator);
        }
    }
    refuse_circles(indicators, ids, "formula", "formulas", |indicator| {
        indicator.formula.iter().flat_map(Formula::inputs).collect()
    });
}

fn quantity(
    section: &Section<'_>,
    indicator: &Indicator,
    indicators: &[Entry<'_, Indicator>],
    ids: &Ids<'_>,
) {
    if !section.has("decimals") {
        section.refuse(format!("{} lacks `decimals`", section.label()));
    }
    combination(section, indicator);
    inputs(section, indicator, indicators, ids);
}

/// Ranks, levels and milestones have nothing of what only numbers have.
fn no_quantity(section: &Section<'_>, indicator: &Indicator) {
    let name = kind_name(&indicator.kind);
    for key in NUMBERS_ONLY {
        if section.has(key) {
            section.refuse_at(key, format!("a {name} has no `{key}`"));
        }
    }
    let (direction, word) = match indicator.kind {
        Kind::Rank => (Direction::Decrease, "decrease"),
        _ => (Direction::Increase, "increase"),
    };
    if section.is_sound(&["direction"]) && indicator.direction != direction {
        section.refuse_at("direction", format!("the direction of a {name} is `{word}`"));
    }
}

fn frequencies(section: &Section<'_>, indicator: &Indicator) {
    if frequencies_are_sound(section) && indicator.also_accepted.contains(&indicator.frequency) {
        let name = indicator.frequency.name();
        section.refuse_at("also_accepted", format!("`{name}` is the frequency already"));
    }
    if let Some(first) = indicator.first_period
        && section.is_sound(&["frequency"])
        && first.frequency() != indicator.frequency
    {
        let (name, other) = (indicator.frequency.name(), first.frequency().name());
        let message = format!("`{first}` is a {other}, but {} is owed by {name}", section.label());
        section.refuse_at("first_period", message);
    }
}

/// Who reports has to match how the values are combined.
fn combination(section: &Section<'_>, indicator: &Indicator) {
    let key = if section.has("combination") { "combination" } else { "reporters" };
    let ratio = matches!(indicator.formula, Some(Formula::Ratio { .. }));
    let computed = section.has("formula");
    match indicator.combination {
        Combination::WeightedRatio if !ratio && section.is_sound(&["formula"]) => {
            section.refuse_at(key, "`weighted_ratio` needs a `formula` with `ratio`");
        }
        Combination::Sum if computed => {
            section.refuse_at(key, "a computed indicator combines as its inputs do, not by `sum`");
        }
        Combination::Sum if !section.has("reporters") => {
            section.refuse_at(key, "`sum` needs `reporters` to add up");
        }
        Combination::SingleSource if section.has("reporters") && section.is_sound(&[key]) => {
            section.refuse_at(key, "`single_source` is reported by the owner alone");
        }
        _ => {}
    }
    if indicator.combination == Combination::SingleSource
        && !computed
        && section.has("complete_from")
        && section.is_sound(&["combination"])
    {
        section.refuse_at("complete_from", "one department alone reports it");
    }
    for key in ["usual", "outliers"].into_iter().filter(|key| computed && section.has(key)) {
        section.refuse_at(key, "a computed indicator stands in no report a reviewer looks at");
    }
    if computed && section.has("reporters") {
        section.refuse_at("reporters", "a computed indicator is reported by nobody");
    }
    if indicator.reporters.contains(&indicator.owner) {
        section.refuse_at("reporters", "the owner reports anyhow and is not listed again");
    }
}

/// A formula reads numbers of the same period.
fn inputs(
    section: &Section<'_>,
    indicator: &Indicator,
    indicators: &[Entry<'_, Indicator>],
    ids: &Ids<'_>,
) {
    let Some(formula) = &indicator.formula else { return };
    for place in formula.inputs().into_iter().filter_map(|id| ids.place(id)) {
        let input = &indicators[place];
        refuse_unless_quantity(section, "formula", input);
        if !frequencies_are_sound(section) || !frequencies_are_sound(&input.section) {
            continue;
        }
        for frequency in indicator.frequencies().filter(|wanted| !input.value.accepts(*wanted)) {
            let (id, name) = (&input.value.id, frequency.name());
            section.refuse_at("formula", format!("`{id}` has no values for each `{name}`"));
        }
    }
}
