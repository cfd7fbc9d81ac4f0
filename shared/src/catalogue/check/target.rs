//! Whether a target can be judged by what its indicator measures.

use rust_decimal::Decimal;

use super::{frequencies_are_sound, kind_name};
use crate::catalogue::ids::Ids;
use crate::catalogue::read::Entry;
use crate::catalogue::section::Section;
use crate::indicator::{Direction, Indicator, Kind};
use crate::target::{Comparator, Method, Target};

/// Targets that do not fit their indicator, their reference or their own years.
pub(in crate::catalogue) fn targets(
    targets: &[Entry<'_, Target>],
    indicators: &[Entry<'_, Indicator>],
    ids: &Ids<'_>,
) {
    for Entry { section, value: target } in targets {
        years(section, target);
        let Some(place) = ids.place(&target.indicator) else { continue };
        let judged = &indicators[place];
        if section.is_sound(&["comparator"]) {
            comparator(section, target, judged);
            let reference = target.comparator.reference().and_then(|id| ids.place(id));
            if let Some(place) = reference {
                reference_series(section, judged, &indicators[place]);
            }
        }
        baseline(section, target, judged);
        method(section, target, judged);
    }
}

/// What is counted from a year has to begin before the horizon.
fn years(section: &Section<'_>, target: &Target) {
    if !section.is_sound(&["horizon"]) {
        return;
    }
    let horizon = target.horizon;
    let begun = match target.comparator {
        Comparator::EveryPeriodAtLeast { from, .. } if from > horizon => Some(("from", from)),
        Comparator::AverageGrowthAtLeast { base, .. }
        | Comparator::AverageGrowthWithin { base, .. }
            if base >= horizon =>
        {
            Some(("base", base))
        }
        _ => None,
    };
    if let Some((key, year)) = begun {
        let message = format!("`{key}` is {year}, but the horizon is {horizon} already");
        section.refuse_at("comparator", message);
    }
    if let Some(baseline) = target.baseline
        && baseline.period.year() >= horizon
    {
        let period = baseline.period;
        let message = format!("the baseline of `{period}` is not before the horizon {horizon}");
        section.refuse_at("baseline", message);
    }
}

/// Each comparator judges one kind of indicator, and most of them one direction.
fn comparator(section: &Section<'_>, target: &Target, judged: &Entry<'_, Indicator>) {
    let indicator = &judged.value;
    let (name, id) = (target.comparator.name(), &indicator.id);
    let refuse = |message: String| section.refuse_at("comparator", message);
    let wanted = kind_judged(&target.comparator);
    let kind = kind_name(&indicator.kind);
    if judged.section.is_sound(&["kind"]) && wanted != kind {
        return refuse(format!("`{name}` judges a {wanted}, but `{id}` is a {kind}"));
    }
    if let (Comparator::InGroup { level }, Kind::Level(scale)) =
        (&target.comparator, &indicator.kind)
        && !scale.levels.is_empty()
        && scale.position(level).is_none()
    {
        let levels = scale.levels.iter().map(|level| level.id.as_str());
        let hint = section.findings.hint(level, levels);
        let scale = &scale.id;
        refuse(format!("scale `{scale}` of `{id}` has no level `{level}`{hint}"));
    }
    if let Some(direction) = target.comparator.direction()
        && judged.section.is_sound(&["direction"])
        && direction != indicator.direction
    {
        let (more, is) = match direction {
            Direction::Increase => ("more", "decrease"),
            Direction::Decrease => ("less", "increase"),
        };
        refuse(format!("`{name}` asks for {more}, but `{id}` is to {is}"));
    }
    if let Comparator::RankWithin { rank, among } = target.comparator
        && rank > among
    {
        refuse(format!("rank {rank} among {among} is met by all"));
    }
    if let Some(value) = value_promised(&target.comparator)
        && !indicator.range.contains(value)
    {
        refuse(format!("`{value}` is outside the range of `{id}`"));
    }
}

/// A method is chosen only where there is a choice, and has what it needs.
fn method(section: &Section<'_>, target: &Target, judged: &Entry<'_, Indicator>) {
    let fits = kind_judged(&target.comparator) == kind_name(&judged.value.kind);
    if section.is_sound(&["comparator"]) && fits && !target.comparator.takes_method() {
        let name = target.comparator.name();
        for key in ["method", "un_chart", "sdsn"].into_iter().filter(|key| section.has(key)) {
            let message = format!("`{key}` is not for `{name}`, which has a method of its own");
            section.refuse_at(key, message);
        }
        return;
    }
    let Some(scale) = &target.sdsn else {
        if target.method == Method::Sdsn && !section.has("sdsn") {
            let example = r#"{ lower_bound = "0", optimum = "30", green = "20", red = "10" }"#;
            section
                .refuse_at("method", format!("method `sdsn` needs a scale, as sdsn = {example}"));
        }
        return;
    };
    let (ordered, order) = match target.comparator.direction().unwrap_or(Direction::Increase) {
        Direction::Increase => (
            scale.lower_bound <= scale.red
                && scale.red < scale.green
                && scale.green <= scale.optimum,
            "`lower_bound` ≤ `red` < `green` ≤ `optimum`",
        ),
        Direction::Decrease => (
            scale.lower_bound >= scale.red
                && scale.red > scale.green
                && scale.green >= scale.optimum,
            "`lower_bound` ≥ `red` > `green` ≥ `optimum`",
        ),
    };
    if !ordered && section.is_sound(&["comparator"]) {
        section.refuse_at("sdsn", format!("the scale has to be in this order: {order}"));
    }
    let indicator = &judged.value;
    let values = [scale.lower_bound, scale.optimum, scale.green, scale.red];
    if let Some(value) = values.into_iter().find(|value| !indicator.range.contains(*value)) {
        section.refuse_at("sdsn", format!("`{value}` is outside the range of `{}`", indicator.id));
    }
}

/// The kind of indicator a comparator judges.
fn kind_judged(comparator: &Comparator) -> &'static str {
    match comparator {
        Comparator::RankWithin { .. } => "rank",
        Comparator::InGroup { .. } => "level",
        Comparator::MilestoneDone => "milestone",
        _ => "quantity",
    }
}

/// The value to be reached, where it is one of the indicator's own.
fn value_promised(comparator: &Comparator) -> Option<Decimal> {
    match *comparator {
        Comparator::AtLeast(value)
        | Comparator::Above(value)
        | Comparator::AtMost(value)
        | Comparator::Below(value)
        | Comparator::ShareDone(value)
        | Comparator::EveryPeriodAtLeast { value, .. }
        | Comparator::Within { lower: value, .. } => Some(value),
        _ => None,
    }
}

/// A reference is another series of the same unit and periods.
fn reference_series(
    section: &Section<'_>,
    judged: &Entry<'_, Indicator>,
    reference: &Entry<'_, Indicator>,
) {
    let (of, to) = (&judged.value, &reference.value);
    let refuse = |message: String| section.refuse_at("comparator", message);
    if of.id == to.id {
        return refuse(format!("`{}` cannot be its own reference", of.id));
    }
    if reference.section.is_sound(&["kind"]) && to.kind != Kind::Quantity {
        let kind = kind_name(&to.kind);
        refuse(format!("a reference is a quantity, but `{}` is a {kind}", to.id));
    }
    let sound = |key| judged.section.is_sound(&[key]) && reference.section.is_sound(&[key]);
    if sound("unit") && of.unit != to.unit {
        let (unit, other) = (&of.unit, &to.unit);
        refuse(format!("`{}` is in `{unit}`, but its reference in `{other}`", of.id));
    }
    let comparable =
        frequencies_are_sound(&judged.section) && frequencies_are_sound(&reference.section);
    if comparable && !to.accepts(of.frequency) {
        let frequency = of.frequency.name();
        refuse(format!("reference `{}` has no values for each `{frequency}`", to.id));
    }
}

/// A baseline is a value of the indicator.
fn baseline(section: &Section<'_>, target: &Target, judged: &Entry<'_, Indicator>) {
    let (Some(baseline), indicator) = (target.baseline, &judged.value) else { return };
    let id = &indicator.id;
    if judged.section.is_sound(&["kind"]) && indicator.kind != Kind::Quantity {
        let kind = kind_name(&indicator.kind);
        section.refuse_at("baseline", format!("a baseline is a number, but `{id}` is a {kind}"));
    }
    let frequency = baseline.period.frequency();
    if frequencies_are_sound(&judged.section) && !indicator.accepts(frequency) {
        let (period, frequency) = (baseline.period, frequency.name());
        let message = format!("`{id}` has no values for each `{frequency}`, as `{period}` is one");
        section.refuse_at("baseline", message);
    }
}
