//! Reads `[[indicator]]`.

use rust_decimal::Decimal;

use super::Known;
use crate::catalogue::ids::{distinct, distinct_pair, distinct_some};
use crate::catalogue::node::{Node, exact};
use crate::catalogue::section::Section;
use crate::indicator::{
    Combination, Direction, Formula, Indicator, Kind, LargestChange, Outliers, Range, Scale, Score,
    Scrutiny,
};
use crate::period::Frequency;

/// Most digits shown after the point.
const MOST_DECIMALS: u8 = 10;

const DIRECTIONS: [(&str, Direction); 2] =
    [("increase", Direction::Increase), ("decrease", Direction::Decrease)];

const FREQUENCIES: [(&str, Frequency); 4] = [
    ("year", Frequency::Year),
    ("half_year", Frequency::HalfYear),
    ("quarter", Frequency::Quarter),
    ("month", Frequency::Month),
];

const COMBINATIONS: [(&str, Combination); 3] = [
    ("single_source", Combination::SingleSource),
    ("sum", Combination::Sum),
    ("weighted_ratio", Combination::WeightedRatio),
];

const FORMULAS: [&str; 5] = ["ratio", "per_capita", "sum", "difference", "growth"];

/// What a sum does with parts that have no value: whether it leaves them out.
const MISSING: [(&str, bool); 2] = [("skip", true), ("none", false)];

const SCORES: [(&str, Score); 2] = [("z_score", Score::Z), ("modified_z_score", Score::ModifiedZ)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KindWord {
    Quantity,
    Rank,
    Level,
    Milestone,
}

const KINDS: [(&str, KindWord); 4] = [
    ("quantity", KindWord::Quantity),
    ("rank", KindWord::Rank),
    ("level", KindWord::Level),
    ("milestone", KindWord::Milestone),
];

pub(super) fn indicator(section: &Section<'_>, known: &Known<'_>) -> Indicator {
    let department = |node: Node<'_>| known.departments.resolve(node);
    let frequency = |node: Node<'_>| node.choice(&FREQUENCIES);
    let unit = |node: Node<'_>| known.units.resolve(node).map(|unit| unit.id);
    let edition = |node: Node<'_>| known.editions.resolve(node).map(|edition| edition.id);
    let territory = |node: Node<'_>| known.territories.resolve(node).map(|version| version.id);
    let dimension = |node: Node<'_>| known.dimensions.resolve(node);
    let indicator = Indicator {
        id: section.id(),
        name: section.required("name", Node::bilingual).unwrap_or_default(),
        unit: section.required("unit", unit).unwrap_or_default(),
        kind: kind(section, known),
        decimals: section
            .optional("decimals", |node| node.integer(0..=MOST_DECIMALS))
            .unwrap_or_default(),
        direction: section
            .required("direction", |node| node.choice(&DIRECTIONS))
            .unwrap_or(Direction::Increase),
        frequency: section.required("frequency", frequency).unwrap_or(Frequency::Year),
        also_accepted: list(section, "also_accepted", frequency),
        first_period: section.optional("first_period", Node::period),
        cumulative: section.optional("cumulative", Node::flag).unwrap_or_default(),
        range: section.optional("range", range).unwrap_or_default(),
        largest_change: section.optional("largest_change", largest_change),
        scrutiny: Scrutiny {
            usual: section.optional("usual", range).unwrap_or_default(),
            outliers: section.optional("outliers", outliers).unwrap_or_default(),
        },
        owner: section.required("owner", department).unwrap_or_default(),
        reporters: list(section, "reporters", department),
        combination: section
            .optional("combination", |node| node.choice(&COMBINATIONS))
            .unwrap_or(Combination::SingleSource),
        complete_from: section.optional("complete_from", percent).unwrap_or(Decimal::ONE_HUNDRED),
        dimensions: list(section, "dimensions", dimension),
        editions: list(section, "editions", edition),
        territories: list(section, "territories", territory),
        bullet: section.optional("bullet", Node::text),
        formula: section.optional("formula", |node| formula(node, known)),
        note: section.optional("note", Node::bilingual),
    };
    section.refuse_unknown();
    indicator
}

fn list<T: Eq + std::hash::Hash + Clone>(
    section: &Section<'_>,
    key: &'static str,
    read: impl Fn(Node<'_>) -> Option<T>,
) -> Vec<T> {
    section.optional(key, |node| distinct(node, read)).unwrap_or_default()
}

/// The kind, with the scale of a level.
fn kind(section: &Section<'_>, known: &Known<'_>) -> Kind {
    let kind = section.required("kind", |node| node.choice(&KINDS));
    let scale = section.optional("scale", |node| known.scales.resolve(node));
    if kind == Some(KindWord::Level) && !section.has("scale") {
        section.refuse(format!("{} lacks `scale`, as it is a level", section.label()));
    }
    if kind.is_some_and(|kind| kind != KindWord::Level) && section.has("scale") {
        section.refuse_at("scale", "only an indicator of kind `level` has a scale");
    }
    match kind {
        Some(KindWord::Rank) => Kind::Rank,
        Some(KindWord::Level) => {
            Kind::Level(scale.unwrap_or_else(|| Scale { id: String::new(), levels: Vec::new() }))
        }
        Some(KindWord::Milestone) => Kind::Milestone,
        Some(KindWord::Quantity) | None => Kind::Quantity,
    }
}

fn range(node: Node<'_>) -> Option<Range> {
    let section = node.section("a table with `minimum` or `maximum`")?;
    let minimum = section.optional("minimum", Node::decimal);
    let maximum = section.optional("maximum", Node::decimal);
    section.refuse_unknown();
    if let (Some(minimum), Some(maximum)) = (minimum, maximum)
        && minimum >= maximum
    {
        let message = format!("the minimum `{minimum}` is not below the maximum `{maximum}`");
        return node.refuse(message);
    }
    section.is_sound(&["minimum", "maximum"]).then_some(Range { minimum, maximum })
}

fn outliers(node: Node<'_>) -> Option<Outliers> {
    let section = node.section("a table, as { score = \"z_score\", threshold = \"3\" }")?;
    let score = section.required("score", |node| node.choice(&SCORES));
    let threshold = section.optional("threshold", Node::positive);
    section.refuse_unknown();
    let (score, sound) = (score?, section.is_sound(&["threshold"]));
    sound.then(|| Outliers { score, threshold: threshold.unwrap_or(score.threshold()) })
}

/// More than none of them, at most all.
fn percent(node: Node<'_>) -> Option<Decimal> {
    let percent = node.positive()?;
    if percent <= Decimal::ONE_HUNDRED {
        return Some(percent);
    }
    node.refuse(format!("`{percent}` is more than 100 percent"))
}

/// A decimal in the unit, or with `%` one relative to the value before.
fn largest_change(node: Node<'_>) -> Option<LargestChange> {
    let percent = node.value.get_ref().as_str().and_then(|text| text.strip_suffix('%'));
    let Some(percent) = percent else {
        return node.positive().map(LargestChange::Absolute);
    };
    match exact(percent) {
        Some(most) if most > Decimal::ZERO => Some(LargestChange::Percent(most)),
        _ => node.refuse(format!("`{percent}%` is not a share above 0, as \"50%\"")),
    }
}

fn formula(node: Node<'_>, known: &Known<'_>) -> Option<Formula> {
    let section = node.section("a table, as { ratio = [\"part\", \"whole\"], scale = \"100\" }")?;
    let input = |node: Node<'_>| known.indicators.resolve(node);
    let pair = |key| section.required(key, |node| distinct_pair(node, input));
    let ratio = |inputs: Option<(String, String)>, scale: Option<Decimal>| {
        let ((numerator, denominator), scale) = inputs.zip(scale)?;
        Some(Formula::Ratio { numerator, denominator, scale })
    };
    let sum = |section: &Section<'_>, input| {
        let parts = section.required("sum", |node| distinct_some(node, input));
        let skip_missing = section.optional("missing", |node| node.choice(&MISSING));
        Some(Formula::Sum { parts: parts?, skip_missing: skip_missing.unwrap_or_default() })
    };
    let formula = match section.one_of(&FORMULAS, &["scale", "per", "missing"]) {
        Some("ratio") => ratio(pair("ratio"), section.required("scale", Node::positive)),
        Some("per_capita") => ratio(pair("per_capita"), section.required("per", Node::positive)),
        Some("sum") => sum(&section, input),
        Some("difference") => pair("difference").map(|(a, b)| Formula::Difference(a, b)),
        Some(_) => section.required("growth", input).map(Formula::Growth),
        None => None,
    };
    if section.has("missing") && !matches!(formula, Some(Formula::Sum { .. }) | None) {
        section.refuse_at("missing", "only a `sum` can do without an input");
        section.optional("missing", |node| node.choice(&MISSING));
    }
    section.refuse_unknown();
    formula
}
