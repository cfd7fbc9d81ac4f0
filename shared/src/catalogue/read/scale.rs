//! Reads the small words: `[[unit]]`, `[[edition]]`, `[[territory]]`, `[[dimension]]`, `[[scale]]`.

use std::collections::HashMap;

use rust_decimal::Decimal;

use crate::catalogue::Version;
use crate::catalogue::ids::id;
use crate::catalogue::node::Node;
use crate::catalogue::section::Section;
use crate::indicator::{Dimension, Level, Scale, Text, Unit};

/// Most levels of a scale and members of a dimension.
const MOST_STEPS: usize = 200;

pub(super) fn unit(section: &Section<'_>) -> Unit {
    let unit = Unit {
        id: section.id(),
        name: section.required("name", Node::bilingual).unwrap_or_default(),
        symbol: section.optional("symbol", |node| node.raw_text().map(str::to_owned)),
    };
    section.refuse_unknown();
    unit
}

pub(super) fn version(section: &Section<'_>) -> Version {
    let version = Version {
        id: section.id(),
        name: section.required("name", Node::bilingual).unwrap_or_default(),
        from: section.optional("from", Node::date),
    };
    section.refuse_unknown();
    version
}

pub(super) fn dimension(section: &Section<'_>) -> Dimension {
    let read = |node| steps(node, member, |(id, _)| id);
    let members = section.required("members", read).unwrap_or_default();
    let (members, labels) = members.into_iter().unzip();
    let dimension = Dimension {
        id: section.id(),
        name: section.required("name", Node::bilingual).unwrap_or_default(),
        members,
        labels,
    };
    section.refuse_unknown();
    dimension
}

fn member(node: Node<'_>) -> Option<(String, Text)> {
    let section = node.section("a table with `id` and `name`")?;
    let id = section.required("id", id);
    let name = section.required("name", Node::bilingual);
    section.refuse_unknown();
    id.zip(name)
}

pub(super) fn scale(section: &Section<'_>) -> Scale {
    let read = |node| steps(node, level, |level| &level.id).and_then(|all| ranked(node, all));
    let levels = section.required("levels", read).unwrap_or_default();
    let scale = Scale { id: section.id(), levels };
    section.refuse_unknown();
    scale
}

fn level(node: Node<'_>) -> Option<Level> {
    let section = node.section("a table with `id` and `name`")?;
    let id = section.required("id", id);
    let name = section.required("name", Node::bilingual);
    let top_percent = section.optional("top_percent", Node::positive);
    section.refuse_unknown();
    let sound = section.is_sound(&["top_percent"]);
    Some(Level { id: id?, name: name?, top_percent }).filter(|_| sound)
}

/// The entries of a list, each with an id of its own.
fn steps<'a, T>(
    node: Node<'a>,
    read: impl Fn(Node<'a>) -> Option<T>,
    id: impl Fn(&T) -> &String,
) -> Option<Vec<T>> {
    let items = node.items()?;
    if items.is_empty() || items.len() > MOST_STEPS {
        let (name, count) = (node.name, items.len());
        return node.refuse(format!("`{name}` must list from 1 to {MOST_STEPS}, not {count}"));
    }
    let mut taken = HashMap::new();
    let once = |item: Node<'a>| {
        let step = read(item)?;
        let line = item.findings.line(item.at());
        if let Some(first) = taken.insert(id(&step).clone(), line) {
            let id = id(&step);
            return item.refuse(format!("`{id}` is listed already, on line {first}"));
        }
        Some(step)
    };
    let steps: Vec<_> = items.into_iter().map(once).collect();
    steps.into_iter().collect()
}

/// Levels whose table for ranks is whole or absent.
fn ranked(node: Node<'_>, levels: Vec<Level>) -> Option<Vec<Level>> {
    let shares: Vec<_> = levels.iter().filter_map(|level| level.top_percent).collect();
    if shares.is_empty() {
        return Some(levels);
    }
    if shares.len() < levels.len() {
        return node.refuse("`top_percent` has to stand at every level or at none");
    }
    if shares[0] != Decimal::ONE_HUNDRED || !shares.is_sorted_by(|wider, narrower| wider > narrower)
    {
        return node.refuse("`top_percent` has to fall from 100 at the lowest level");
    }
    Some(levels)
}
