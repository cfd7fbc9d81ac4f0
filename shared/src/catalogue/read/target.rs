//! Reads `[[target]]`.

use rust_decimal::Decimal;

use super::Known;
use crate::catalogue::node::Node;
use crate::catalogue::section::Section;
use crate::period::ReportingPeriod;
use crate::target::{Baseline, Comparator, Method, SdsnScale, Target, UnChartBands};

/// Comparators that stand alone.
const WORDS: [(&str, Comparator); 2] =
    [("increasing", Comparator::Increasing), ("milestone_done", Comparator::MilestoneDone)];

/// Comparators that are written as a table, with an example each.
const TABLES: [(&str, &str); 13] = [
    ("at_least", "\"20\""),
    ("above", "\"80\""),
    ("at_most", "\"5\""),
    ("below", "\"5\""),
    ("rank_within", "20, among = 63"),
    ("every_period_at_least", "\"3\", from = 2026"),
    ("average_growth_at_least", "\"10\", base = 2025"),
    ("average_growth_within", "[\"16\", \"18\"], base = 2025"),
    ("within", "[\"8\", \"10\"]"),
    ("in_group", "\"kha\""),
    ("above_reference", "\"the-reference\""),
    ("at_par_with_reference", "\"the-reference\", tolerance = \"0.1\""),
    ("share_done", "\"100\""),
];

pub(super) fn target(section: &Section<'_>, known: &Known<'_>) -> Target {
    let target = Target {
        id: section.id(),
        name: section.required("name", Node::bilingual).unwrap_or_default(),
        indicator: section
            .required("indicator", |node| known.indicators.resolve(node))
            .unwrap_or_default(),
        horizon: section.required("horizon", year).unwrap_or_default(),
        comparator: section
            .required("comparator", |node| comparator(node, known))
            .unwrap_or(Comparator::Increasing),
        baseline: section.optional("baseline", baseline),
        method: section.optional("method", method).unwrap_or_default(),
        un_chart: section.optional("un_chart", un_chart).unwrap_or_default(),
        sdsn: section.optional("sdsn", sdsn),
        bullet: section.required("bullet", Node::text).unwrap_or_default(),
        note: section.optional("note", Node::bilingual),
        informative: section.optional("informative", Node::flag).unwrap_or_default(),
    };
    section.refuse_unknown();
    target
}

fn year(node: Node<'_>) -> Option<i16> {
    node.integer(1900..=2199)
}

fn baseline(node: Node<'_>) -> Option<Baseline> {
    let section = node.section("a table with `period`")?;
    let period: Option<ReportingPeriod> = section.required("period", Node::period);
    let value = section.optional("value", Node::decimal);
    section.refuse_unknown();
    let sound = section.is_sound(&["value"]);
    Some(Baseline { period: period?, value }).filter(|_| sound)
}

fn method(node: Node<'_>) -> Option<Method> {
    node.choice(&Method::ALL.map(|method| (method.name(), method)))
}

fn un_chart(node: Node<'_>) -> Option<UnChartBands> {
    let section = node.section("a table with `on_track` and `progress`")?;
    let on_track = section.required("on_track", Node::positive);
    let progress = section.required("progress", Node::positive);
    section.refuse_unknown();
    let bands = UnChartBands { on_track: on_track?, progress: progress? };
    if bands.progress < bands.on_track && bands.on_track <= Decimal::ONE {
        return Some(bands);
    }
    node.refuse("`progress` has to be below `on_track`, and that at most 1")
}

fn sdsn(node: Node<'_>) -> Option<SdsnScale> {
    let section = node.section("a table with `lower_bound`, `optimum`, `green` and `red`")?;
    let value = |key| section.required(key, Node::decimal);
    let (lower_bound, optimum) = (value("lower_bound"), value("optimum"));
    let (green, red) = (value("green"), value("red"));
    section.refuse_unknown();
    Some(SdsnScale { lower_bound: lower_bound?, optimum: optimum?, green: green?, red: red? })
}

fn comparator(node: Node<'_>, known: &Known<'_>) -> Option<Comparator> {
    if let Some(word) = node.value.get_ref().as_str() {
        return lone(node, word);
    }
    let section = node.section("a table, as { at_least = \"20\" }")?;
    let choices = TABLES.map(|(name, _)| name);
    let comparator = section
        .one_of(&choices, &["among", "strict", "from", "base", "tolerance"])
        .and_then(|name| of_table(name, &section, known));
    section.refuse_unknown();
    comparator
}

/// A comparator that stands alone as a word.
fn lone(node: Node<'_>, word: &str) -> Option<Comparator> {
    if let Some((_, comparator)) = WORDS.iter().find(|(known, _)| *known == word) {
        return Some(comparator.clone());
    }
    if let Some((name, example)) = TABLES.iter().find(|(known, _)| *known == word) {
        let message = format!("comparator `{name}` needs a value, as {{ {name} = {example} }}");
        return node.refuse(message);
    }
    let names = WORDS.iter().map(|(name, _)| *name).chain(TABLES.iter().map(|(name, _)| *name));
    let hint = node.findings.hint(word, names);
    node.refuse(format!("there is no comparator `{word}`{hint}"))
}

fn of_table(name: &'static str, section: &Section<'_>, known: &Known<'_>) -> Option<Comparator> {
    let decimal = || section.required(name, Node::decimal);
    let indicator = || section.required(name, |node| known.indicators.resolve(node));
    let among = |key| section.required(key, |node| node.integer(1..=10_000));
    Some(match name {
        "at_least" => Comparator::AtLeast(decimal()?),
        "above" => Comparator::Above(decimal()?),
        "at_most" => Comparator::AtMost(decimal()?),
        "below" => Comparator::Below(decimal()?),
        "share_done" => Comparator::ShareDone(decimal()?),
        "rank_within" => {
            let (rank, among) = among(name).zip(among("among"))?;
            Comparator::RankWithin { rank, among }
        }
        "every_period_at_least" => {
            let strict = section.optional("strict", Node::flag).unwrap_or_default();
            let (value, from) = decimal().zip(section.required("from", year))?;
            Comparator::EveryPeriodAtLeast { value, strict, from }
        }
        "average_growth_at_least" => {
            let (percent, base) = decimal().zip(section.required("base", year))?;
            Comparator::AverageGrowthAtLeast { percent, base }
        }
        "average_growth_within" => {
            let bounds = section.required(name, band);
            let ((lower, upper), base) = bounds.zip(section.required("base", year))?;
            Comparator::AverageGrowthWithin { lower, upper, base }
        }
        "within" => {
            let (lower, upper) = section.required(name, band)?;
            Comparator::Within { lower, upper }
        }
        "in_group" => Comparator::InGroup { level: section.required(name, Node::text)? },
        "above_reference" => Comparator::AboveReference { reference: indicator()? },
        _ => {
            let tolerance = section.required("tolerance", Node::not_negative);
            let (reference, tolerance) = indicator().zip(tolerance)?;
            Comparator::AtParWithReference { reference, tolerance }
        }
    })
}

/// A lower and an upper bound.
fn band(node: Node<'_>) -> Option<(Decimal, Decimal)> {
    let (lower, upper) = node.pair(Node::decimal)?;
    if lower < upper {
        return Some((lower, upper));
    }
    node.refuse(format!("the lower bound `{lower}` is not below the upper bound `{upper}`"))
}
