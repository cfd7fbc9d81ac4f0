//! One table of the file, read key by key; what nobody asked for is unknown.

use std::cell::RefCell;

use toml::de::{DeTable, DeValue};

use super::node::Node;
use super::problem::Findings;

/// A table with the words it is called by in messages, such as "indicator `hdi`".
#[derive(Debug)]
pub(super) struct Section<'a> {
    pub(super) findings: &'a Findings<'a>,
    label: String,
    at: usize,
    table: &'a DeTable<'a>,
    asked: RefCell<Vec<&'a str>>,
    faulty: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    pub(super) fn new(
        findings: &'a Findings<'a>,
        label: String,
        at: usize,
        table: &'a DeTable<'a>,
    ) -> Self {
        Self { findings, label, at, table, asked: RefCell::default(), faulty: RefCell::default() }
    }

    /// The words it is called by.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// The value under a key, if there is one.
    fn node(&self, key: &'static str) -> Option<Node<'a>> {
        self.asked.borrow_mut().push(key);
        let value = self.table.get(key)?;
        Some(Node { findings: self.findings, name: key, value })
    }

    /// What stands under a key; none if it is absent or cannot be read.
    pub(super) fn optional<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(Node<'a>) -> Option<T>,
    ) -> Option<T> {
        let read = read(self.node(key)?);
        if read.is_none() {
            self.faulty.borrow_mut().push(key);
        }
        read
    }

    /// What stands under a key that has to be there.
    pub(super) fn required<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(Node<'a>) -> Option<T>,
    ) -> Option<T> {
        if !self.has(key) {
            self.asked.borrow_mut().push(key);
            self.faulty.borrow_mut().push(key);
            self.refuse(format!("{} lacks `{key}`", self.label));
            return None;
        }
        self.optional(key, read)
    }

    /// The id in the file, whatever it is; empty if there is none.
    pub(super) fn written_id(&self) -> &'a str {
        self.table.get("id").and_then(|id| id.get_ref().as_str()).unwrap_or_default()
    }

    /// The id as it stands; its form and uniqueness are checked where ids are collected.
    pub(super) fn id(&self) -> String {
        self.required("id", Node::raw_text).unwrap_or_default().to_owned()
    }

    /// Which one of `choices` is a key of this table; `companions` are keys that may
    /// stand beside it.
    pub(super) fn one_of(
        &self,
        choices: &[&'static str],
        companions: &[&'static str],
    ) -> Option<&'static str> {
        self.asked.borrow_mut().extend(choices);
        let present: Vec<_> = choices.iter().copied().filter(|choice| self.has(choice)).collect();
        match present[..] {
            [one] => return Some(one),
            [one, other, ..] => self.refuse(format!(
                "{} has both `{one}` and `{other}`; only one can stand there",
                self.label
            )),
            [] => self.refuse_choice(choices, companions),
        }
        self.asked.borrow_mut().extend(companions);
        None
    }

    /// Notes that none of `choices` is there, at the key that stands for one of them.
    fn refuse_choice(&self, choices: &[&'static str], companions: &[&'static str]) {
        let accepted = choices.join("`, `");
        let wrong = self.table.keys().find(|key| !companions.contains(&key.get_ref().as_ref()));
        let Some(wrong) = wrong else {
            return self.refuse(format!("{} lacks one of `{accepted}`", self.label));
        };
        let word: &str = wrong.get_ref();
        let hint = self.findings.hint(word, choices.iter().copied());
        let message = format!("{} cannot be `{word}`; accepted: `{accepted}`{hint}", self.label);
        self.findings.add(wrong.span().start, message);
        self.asked.borrow_mut().push(word);
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether nothing was wrong with these keys when they were read.
    pub(super) fn is_sound(&self, keys: &[&str]) -> bool {
        !self.faulty.borrow().iter().any(|faulty| keys.contains(faulty))
    }

    /// Place of the value under a key, or of the table where there is none.
    pub(super) fn place(&self, key: &str) -> usize {
        self.table.get(key).map_or(self.at, |value| value.span().start)
    }

    /// Notes a problem with the table as a whole.
    pub(super) fn refuse(&self, message: impl Into<String>) {
        self.findings.add(self.at, message);
    }

    /// Notes a problem with the value under a key.
    pub(super) fn refuse_at(&self, key: &str, message: impl Into<String>) {
        self.findings.add(self.place(key), message);
    }

    /// Notes every key that nobody asked for; call it when all have been.
    pub(super) fn refuse_unknown(&self) {
        let asked = self.asked.borrow();
        for key in self.table.keys() {
            let word: &str = key.get_ref();
            if !asked.contains(&word) {
                let hint = self.findings.hint(word, asked.iter().copied());
                let message = format!("{} has no key `{word}`{hint}", self.label);
                self.findings.add(key.span().start, message);
            }
        }
    }

    /// The tables under a key, as `[[kind]]`; problems for more than `most`.
    pub(super) fn tables(&self, kind: &'static str, most: usize) -> Vec<Self> {
        let Some(node) = self.node(kind) else { return Vec::new() };
        let DeValue::Array(items) = node.value.get_ref() else {
            node.refuse::<()>(format!("write each {kind} under `[[{kind}]]`"));
            return Vec::new();
        };
        if let Some(surplus) = items.get(most) {
            let message = format!("a catalogue holds at most {most} of `[[{kind}]]`");
            self.findings.add(surplus.span().start, message);
        }
        let nodes = items.iter().take(most).map(|value| Node { value, ..node });
        nodes.filter_map(|node| node.entity(kind)).collect()
    }
}

impl<'a> Node<'a> {
    /// The table this value is, called by its kind and id.
    fn entity(self, kind: &str) -> Option<Section<'a>> {
        let section = self.section("a table")?;
        let label = match section.written_id() {
            "" => kind.to_owned(),
            id => format!("{kind} `{id}`"),
        };
        Some(Section { label, ..section })
    }
}
