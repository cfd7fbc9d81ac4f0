//! Reads `[[department]]`.

use super::Known;
use crate::catalogue::ids::distinct;
use crate::catalogue::node::Node;
use crate::catalogue::section::Section;
use crate::department::{Department, Kind, PROVINCE};

const KINDS: [(&str, Kind); 2] = [("agency", Kind::Agency), ("commune", Kind::Commune)];

pub(super) fn department(section: &Section<'_>, known: &Known<'_>) -> Department {
    let other = |node: Node<'_>| known.departments.resolve(node);
    let department = Department {
        id: section.id(),
        name: section.required("name", Node::bilingual).unwrap_or_default(),
        kind: section.required("kind", |node| node.choice(&KINDS)).unwrap_or(Kind::Agency),
        parent: section.optional("parent", other),
        valid_from: section.optional("valid_from", Node::date),
        valid_to: section.optional("valid_to", Node::date),
        successors: section
            .optional("successors", |node| distinct(node, other))
            .unwrap_or_default(),
    };
    section.refuse_unknown();
    if department.id == PROVINCE {
        let message = format!("`{PROVINCE}` is reserved; no department can have this id");
        section.refuse_at("id", message);
    }
    if let (Some(from), Some(to)) = (department.valid_from, department.valid_to)
        && from > to
    {
        let label = section.label();
        section.refuse_at("valid_to", format!("{label} ends on {to}, before it begins on {from}"));
    }
    if !department.successors.is_empty() && !section.has("valid_to") {
        let label = section.label();
        section.refuse_at("successors", format!("{label} has successors but no `valid_to`"));
    }
    department
}
