//! Turns the text into a catalogue: first all ids, then every entry, then what they
//! say of each other.
//!
//! A value that cannot be read is replaced by a placeholder so that the rest is still
//! looked at; one problem is enough for the whole catalogue to be thrown away.

mod calendar;
mod department;
mod indicator;
mod rule;
mod scale;
mod target;

use toml::Spanned;
use toml::de::{DeTable, Error};

use super::check;
use super::ids::{Ids, kebab_case, target_number};
use super::node::Node;
use super::problem::{Findings, Problems};
use super::section::Section;
use super::{Catalogue, Parts, Version};
use crate::indicator::{Dimension, Scale, Text, Unit};

/// Largest text that is read, in bytes.
const MOST_BYTES: usize = 4 << 20;

/// Most indicators, targets and departments, each.
const MOST_ENTRIES: usize = 10_000;

/// Most units, scales, dimensions, editions and territories, each; an edition or a
/// territory is stored as one byte.
const MOST_WORDS: usize = 200;

/// Most rules.
const MOST_RULES: usize = 1_000;

/// An entry with the table it was read from.
#[derive(Debug)]
pub(super) struct Entry<'a, T> {
    pub(super) section: Section<'a>,
    pub(super) value: T,
}

/// Small things that indicators refer to, read before them.
#[derive(Debug)]
pub(super) struct Words<'a, T> {
    ids: Ids<'a>,
    values: Vec<T>,
}

impl<'a, T: Clone> Words<'a, T> {
    fn read(root: &Section<'a>, kind: &'static str, read: fn(&Section<'a>) -> T) -> Self {
        let sections = root.tables(kind, MOST_WORDS);
        let ids = Ids::collect(kind, kebab_case, &sections);
        Self { ids, values: sections.iter().map(read).collect() }
    }

    /// The thing whose id is in `node`, if it exists.
    fn resolve(&self, node: Node<'_>) -> Option<T> {
        let id = self.ids.resolve(node)?;
        self.ids.place(&id).map(|place| self.values[place].clone())
    }
}

/// What entries may refer to.
#[derive(Debug)]
pub(super) struct Known<'a> {
    units: Words<'a, Unit>,
    editions: Words<'a, Version>,
    territories: Words<'a, Version>,
    dimensions: Words<'a, Dimension>,
    scales: Words<'a, Scale>,
    pub(super) departments: Ids<'a>,
    pub(super) indicators: Ids<'a>,
}

/// Reads a catalogue, or says everything that is wrong with it.
pub(super) fn catalogue(source: &str) -> Result<Catalogue, Problems> {
    let findings = Findings::new(source);
    if source.len() > MOST_BYTES {
        let bytes = source.len();
        findings.add(0, format!("a catalogue holds at most {MOST_BYTES} bytes; this has {bytes}"));
        return Err(findings.into_problems());
    }
    let (root, errors) = DeTable::parse_recoverable(source);
    if !errors.is_empty() {
        syntax(&findings, source, &errors);
        return Err(findings.into_problems());
    }
    let parts = parts(&findings, &root);
    if findings.is_empty() {
        Ok(Catalogue::new(source, parts))
    } else {
        Err(findings.into_problems())
    }
}

/// Notes the first error of each line; those behind it are mostly its echo.
fn syntax(findings: &Findings<'_>, source: &str, errors: &[Error]) {
    let mut errors: Vec<_> = errors
        .iter()
        .map(|error| (error.span().map_or(source.len(), |span| span.start), error.message()))
        .collect();
    errors.sort_unstable();
    errors.dedup_by_key(|(at, _)| findings.line(*at));
    for (at, message) in errors {
        findings.add(at, format!("not TOML: {message}"));
    }
}

fn parts(findings: &Findings<'_>, root: &Spanned<DeTable<'_>>) -> Parts {
    let root = Section::new(findings, "the catalogue".to_owned(), 0, root.get_ref());
    let head = root.required("catalogue", |node| node.section("written as `[catalogue]`"));
    let (version, name) = head.map(|head| title(&head)).unwrap_or_default();
    let calendar = root.required("calendar", calendar::calendar).unwrap_or_default();
    let departments = root.tables("department", MOST_ENTRIES);
    let indicators = root.tables("indicator", MOST_ENTRIES);
    let targets = root.tables("target", MOST_ENTRIES);
    let rules = root.tables("rule", MOST_RULES);
    Ids::collect("target", target_number, &targets);
    Ids::collect("rule", kebab_case, &rules);
    let known = Known {
        units: Words::read(&root, "unit", scale::unit),
        editions: Words::read(&root, "edition", scale::version),
        territories: Words::read(&root, "territory", scale::version),
        dimensions: Words::read(&root, "dimension", scale::dimension),
        scales: Words::read(&root, "scale", scale::scale),
        departments: Ids::collect("department", kebab_case, &departments),
        indicators: Ids::collect("indicator", kebab_case, &indicators),
    };
    root.refuse_unknown();
    for kind in ["department", "indicator"].into_iter().filter(|kind| !root.has(kind)) {
        root.refuse(format!("{} lacks `[[{kind}]]`", root.label()));
    }
    let departments = entries(departments, &known, department::department);
    let indicators = entries(indicators, &known, indicator::indicator);
    let targets = entries(targets, &known, target::target);
    let rules = entries(rules, &known, rule::rule);
    check::departments(&departments, &known.departments);
    check::indicators(&indicators, &known.indicators);
    check::targets(&targets, &indicators, &known.indicators);
    check::rules(&rules, &indicators, &known.indicators);
    Parts {
        version,
        name,
        units: known.units.values,
        editions: known.editions.values,
        territories: known.territories.values,
        departments: values(departments),
        indicators: values(indicators),
        targets: values(targets),
        rules: values(rules),
        calendar,
    }
}

/// Version and name of the catalogue.
fn title(head: &Section<'_>) -> (String, Text) {
    let version = head.required("version", Node::text).unwrap_or_default();
    let name = head.required("name", Node::bilingual).unwrap_or_default();
    head.refuse_unknown();
    (version, name)
}

fn entries<'a, T>(
    sections: Vec<Section<'a>>,
    known: &Known<'a>,
    read: fn(&Section<'a>, &Known<'a>) -> T,
) -> Vec<Entry<'a, T>> {
    sections.into_iter().map(|section| Entry { value: read(&section, known), section }).collect()
}

fn values<T>(entries: Vec<Entry<'_, T>>) -> Vec<T> {
    entries.into_iter().map(|entry| entry.value).collect()
}
