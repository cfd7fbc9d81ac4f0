//! What an entry changed, as text that the database's own views read.
//!
//! ```text
//! { period: [[indicator, members, value, status], …], … }   // JSON
//! value: a number; { "level": id }; { "missing": reason }; null where it was withdrawn
//! ```
//! It is derived of the entry: nothing here reads it back.

use std::fmt::Write as _;

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::check::Checked;
use tiendo_shared::indicator::Kind;
use tiendo_shared::measurement::{MissingReason, ObservationStatus, Value};
use tiendo_shared::submission::{Outcome, Refusal};

/// The measurements among `items` that were taken; none if there are none.
pub(super) fn measured(
    catalogue: &Catalogue,
    items: &[Result<Checked, Refusal>],
    outcomes: &[Outcome],
) -> Option<String> {
    let mut taken: Vec<&Checked> = items
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| matches!(outcome, Outcome::Accepted | Outcome::Revised))
        .filter_map(|(item, _)| item.as_ref().ok())
        .collect();
    // The order within a period stays.
    taken.sort_by_key(|checked| checked.period);
    let mut text = String::with_capacity(taken.len() * 56 + 16);
    let mut period = None;
    for checked in taken {
        if period == Some(checked.period) {
            text.push(',');
        } else {
            text.push_str(if period.is_some() { "]," } else { "{" });
            period = Some(checked.period);
            // Writing to a text cannot fail.
            _ = write!(text, "\"{}\":[", checked.period);
        }
        row(&mut text, catalogue, checked);
    }
    period.map(|_| text + "]}")
}

fn row(text: &mut String, catalogue: &Catalogue, checked: &Checked) {
    let indicator = &catalogue.indicators()[usize::from(checked.indicator)];
    text.push('[');
    quote(text, &indicator.id);
    text.push(',');
    quote(text, &checked.members);
    text.push(',');
    match checked.observation.value {
        Value::Number(number) => _ = write!(text, "{number}"),
        Value::Level(level) => {
            text.push_str("{\"level\":");
            let ids = match &indicator.kind {
                Kind::Level(scale) => scale.levels.get(usize::from(level)).map(|it| &*it.id),
                Kind::Milestone => {
                    tiendo_shared::indicator::MILESTONE_LEVELS.get(usize::from(level)).copied()
                }
                Kind::Quantity | Kind::Rank => None,
            };
            quote(text, ids.unwrap_or_default());
            text.push('}');
        }
        Value::Missing(reason) => {
            text.push_str("{\"missing\":");
            quote(text, missing(reason));
            text.push('}');
        }
        Value::Withdrawn => text.push_str("null"),
    }
    text.push(',');
    quote(text, status(checked.observation.status));
    text.push(']');
}

/// A text in JSON; most need no escape.
fn quote(text: &mut String, plain: &str) {
    if plain.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        text.push_str(&serde_json::Value::from(plain).to_string());
        return;
    }
    text.push('"');
    text.push_str(plain);
    text.push('"');
}

fn missing(reason: MissingReason) -> &'static str {
    match reason {
        MissingReason::NotCollected => "not collected",
        MissingReason::NotYetAvailable => "not yet available",
        MissingReason::NotApplicable => "not applicable",
        MissingReason::Confidential => "confidential",
    }
}

fn status(status: ObservationStatus) -> &'static str {
    match status {
        ObservationStatus::Final => "final",
        ObservationStatus::Provisional => "provisional",
        ObservationStatus::Estimated => "estimated",
        ObservationStatus::Break => "break",
    }
}
