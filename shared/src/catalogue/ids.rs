//! Which ids a kind of entry has, so that what refers to one can be resolved.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::node::Node;
use super::section::Section;

/// Longest id.
const LONGEST: usize = 64;

/// Whether an id has its form, and if not what the form is.
type Form = fn(&str) -> Result<(), &'static str>;

/// The ids of one kind of entry, with the place of each in the file's order.
#[derive(Debug)]
pub(super) struct Ids<'a> {
    kind: &'static str,
    places: HashMap<&'a str, usize>,
}

impl<'a> Ids<'a> {
    /// Collects the ids of `sections`; wrong and repeated ones are problems.
    pub(super) fn collect(kind: &'static str, form: Form, sections: &[Section<'a>]) -> Self {
        let mut ids = Self { kind, places: HashMap::new() };
        for (place, section) in sections.iter().enumerate() {
            let Some(id) = section.required("id", |node| well_formed(node, form)) else { continue };
            if let Some(first) = ids.places.get(id) {
                let line = section.findings.line(sections[*first].place("id"));
                let message = format!("{kind} id `{id}` is taken already, on line {line}");
                section.refuse_at("id", message);
            } else {
                ids.places.insert(id, place);
            }
        }
        ids
    }

    /// The id in `node`, if it exists.
    pub(super) fn resolve(&self, node: Node<'_>) -> Option<String> {
        let id = node.raw_text()?;
        if self.places.contains_key(id) {
            return Some(id.to_owned());
        }
        let hint = node.findings.hint(id, self.places.keys().copied());
        node.refuse(format!("there is no {} `{id}`{hint}", self.kind))
    }

    /// Place of the entry of this id in the file's order of its kind.
    pub(super) fn place(&self, id: &str) -> Option<usize> {
        self.places.get(id).copied()
    }
}

/// An id in kebab-case.
pub(super) fn id(node: Node<'_>) -> Option<String> {
    well_formed(node, kebab_case).map(str::to_owned)
}

fn well_formed(node: Node<'_>, form: Form) -> Option<&str> {
    let id = node.raw_text()?;
    match form(id) {
        Ok(()) => Some(id),
        Err(wanted) => node.refuse(format!("id `{id}` has to be {wanted}")),
    }
}

/// Small letters and digits in groups joined by single hyphens.
pub(super) fn kebab_case(id: &str) -> Result<(), &'static str> {
    let group = |group: &str| {
        !group.is_empty()
            && group.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let fits = id.len() <= LONGEST && id.split('-').all(group);
    fits.then_some(()).ok_or(
        "in kebab-case: small letters and digits in groups joined by single hyphens, at most 64",
    )
}

/// A capital letter and a number, as the plan's table has them.
pub(super) fn target_number(id: &str) -> Result<(), &'static str> {
    let digits = id.strip_prefix(|letter: char| letter.is_ascii_uppercase()).unwrap_or_default();
    let fits = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then_some(()).ok_or("a capital letter and one to four digits, as `A07`")
}

/// The entries of a list, each read, none of them twice.
pub(super) fn distinct<T: Eq + Hash + Clone>(
    node: Node<'_>,
    read: impl Fn(Node<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let mut seen = HashSet::new();
    let once = |item| {
        let value = read(item)?;
        if seen.insert(value.clone()) {
            return Some(value);
        }
        item.refuse(format!("`{}` lists this twice", node.name))
    };
    let read: Vec<_> = node.items()?.into_iter().map(once).collect();
    read.into_iter().collect()
}

/// Two different entries.
pub(super) fn distinct_pair<T: Eq + Hash + Clone>(
    node: Node<'_>,
    read: impl Fn(Node<'_>) -> Option<T>,
) -> Option<(T, T)> {
    match &distinct(node, read)?[..] {
        [first, second] => Some((first.clone(), second.clone())),
        _ => node.refuse(format!("`{}` must list exactly two", node.name)),
    }
}

/// One or more different entries.
pub(super) fn distinct_some<T: Eq + Hash + Clone>(
    node: Node<'_>,
    read: impl Fn(Node<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let values = distinct(node, read)?;
    if values.is_empty() {
        return node.refuse(format!("`{}` lists nothing", node.name));
    }
    Some(values)
}
