//! What departments owe for a period, and how much of it came, and when: pure.
//!
//! # What is owed
//! The report of a department for a period holds the indicators it reports at that
//! frequency, each as a total: breakdowns and further frequencies are voluntary.
//! Who exists on the last day counted of a period owes its report; what a merged or
//! split department owed until then is owed by each of its successors afterwards.
//! Nothing is owed before the calendar's `reports_from` or an indicator's first period.
//!
//! # What counts
//! Zero, missing and withdrawn are three different things, and missing is four:
//!
//! | the latest answer | expected | received | settled |
//! |---|---|---|---|
//! | a number or a level, zero too | yes | yes | yes |
//! | missing: confidential, it exists and is withheld | yes | yes | yes |
//! | missing: not applicable | no | no | yes |
//! | missing: not collected | yes | no | yes |
//! | missing: not yet available | yes | no | no |
//! | withdrawn, or nothing at all | yes | no | no |
//!
//! Completeness is received ÷ expected, so nobody becomes complete by giving reasons.
//! What is settled need not be asked for again, so nobody is reminded for ever of a
//! figure that will never come.
//!
//! A measurement is on time by its *first* receipt: revisions never make it late, and
//! one that was withdrawn does not count until a value stands there again.

mod duty;
mod tally;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::catalogue::IndicatorIndex;
use crate::measurement::{MissingReason, Value};
use crate::period::ReportingPeriod;

pub use duty::Duties;
pub use tally::Tally;

/// What was answered for a measurement that is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing stands there: never reported, or withdrawn.
    Nothing,
    /// Not yet available; it is still to come.
    Awaited,
    /// Not collected; it will not come.
    NotCollected,
    /// Not applicable to the department or period.
    NotApplicable,
    /// It exists and may not be published.
    Withheld,
    /// A value.
    Value,
}

impl Answer {
    /// What this value answers.
    pub fn of(value: Value) -> Self {
        match value {
            Value::Number(_) | Value::Level(_) => Self::Value,
            Value::Missing(MissingReason::Confidential) => Self::Withheld,
            Value::Missing(MissingReason::NotApplicable) => Self::NotApplicable,
            Value::Missing(MissingReason::NotCollected) => Self::NotCollected,
            Value::Missing(MissingReason::NotYetAvailable) => Self::Awaited,
            Value::Withdrawn => Self::Nothing,
        }
    }

    /// Whether a measurement is expected at all.
    pub fn is_expected(self) -> bool {
        self != Self::NotApplicable
    }

    /// Whether it is there.
    pub fn is_received(self) -> bool {
        matches!(self, Self::Value | Self::Withheld)
    }

    /// Whether the department has nothing more to send.
    pub fn is_settled(self) -> bool {
        !matches!(self, Self::Nothing | Self::Awaited)
    }
}

/// A measurement that is owed, and what was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Place of its indicator in the catalogue.
    pub indicator: IndicatorIndex,
    /// The latest answer.
    pub answer: Answer,
    /// When it was first received; none unless it is.
    pub first: Option<Timestamp>,
}

impl Item {
    /// An indicator of which this was said, oldest first, and when.
    pub fn of(
        indicator: IndicatorIndex,
        history: impl IntoIterator<Item = (Value, Timestamp)>,
    ) -> Self {
        let mut item = Self { indicator, answer: Answer::Nothing, first: None };
        let mut first = None;
        for (value, received) in history {
            item.answer = Answer::of(value);
            first = first.or(item.answer.is_received().then_some(received));
        }
        item.first = first.filter(|_| item.answer.is_received());
        item
    }
}

/// The report of a department for a period: what is owed, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The period.
    pub period: ReportingPeriod,
    /// Every measurement that is owed; at least one.
    pub items: Vec<Item>,
}

impl Coverage {
    /// Whether the department has nothing more to send.
    pub fn is_settled(&self) -> bool {
        self.items.iter().all(|item| item.answer.is_settled())
    }

    /// The indicators that are still to be sent.
    pub fn outstanding(&self) -> impl Iterator<Item = IndicatorIndex> {
        self.items.iter().filter(|item| !item.answer.is_settled()).map(|item| item.indicator)
    }
}
