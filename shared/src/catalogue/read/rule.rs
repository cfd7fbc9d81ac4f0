//! Reads `[[rule]]`.

use super::Known;
use crate::catalogue::ids::{distinct_pair, distinct_some};
use crate::catalogue::node::Node;
use crate::catalogue::rule::{Check, Missing, Rule, Severity};
use crate::catalogue::section::Section;

const MISSING: [(&str, Missing); 3] = [
    ("skip_if_any_missing", Missing::SkipIfAny),
    ("skip_if_all_missing", Missing::SkipIfAll),
    ("never_skip", Missing::NeverSkip),
];

const SEVERITIES: [(&str, Severity); 2] =
    [("warning", Severity::Warning), ("error", Severity::Error)];

const CHECKS: [&str; 2] = ["at_most", "sum_equals"];

pub(super) fn rule(section: &Section<'_>, known: &Known<'_>) -> Rule {
    let rule = Rule {
        id: section.id(),
        name: section.required("name", Node::bilingual).unwrap_or_default(),
        check: section.required("check", |node| check(node, known)).unwrap_or_else(placeholder),
        missing: section
            .required("missing", |node| node.choice(&MISSING))
            .unwrap_or(Missing::NeverSkip),
        severity: section
            .required("severity", |node| node.choice(&SEVERITIES))
            .unwrap_or(Severity::Warning),
    };
    section.refuse_unknown();
    rule
}

fn placeholder() -> Check {
    Check::AtMost { part: String::new(), whole: String::new() }
}

fn check(node: Node<'_>, known: &Known<'_>) -> Option<Check> {
    let section = node.section("a table, as { at_most = [\"part\", \"whole\"] }")?;
    let indicator = |node: Node<'_>| known.indicators.resolve(node);
    let check = match section.one_of(&CHECKS, &["parts", "tolerance"]) {
        Some("at_most") => section
            .required("at_most", |node| distinct_pair(node, indicator))
            .map(|(part, whole)| Check::AtMost { part, whole }),
        Some(_) => {
            let total = section.required("sum_equals", indicator);
            let parts = section.required("parts", |node| distinct_some(node, indicator));
            let tolerance = section.optional("tolerance", Node::not_negative).unwrap_or_default();
            total.zip(parts).map(|(total, parts)| Check::SumEquals { total, parts, tolerance })
        }
        None => None,
    };
    section.refuse_unknown();
    check
}
