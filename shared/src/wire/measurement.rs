//! Stored measurements as messages.

use super::{Entry, v1};
use crate::catalogue::Catalogue;
use crate::indicator::{Indicator, Kind, MILESTONE_LEVELS};
use crate::measurement::{Measurement, SeriesKey, Value};

/// A measurement as a message, without its notes.
pub fn stored_measurement(
    catalogue: &Catalogue,
    key: &SeriesKey,
    measurement: &Measurement,
) -> v1::StoredMeasurement {
    use v1::stored_measurement::Content;
    let indicator = catalogue.indicator(&key.indicator);
    let observation = &measurement.observation;
    let content = match observation.value {
        Value::Number(number) => Content::Value(number.to_string()),
        Value::Level(position) => Content::Level(level_id(indicator, position)),
        Value::Missing(reason) => Content::Missing(v1::MissingReason::from(reason) as i32),
        Value::Withdrawn => Content::Withdrawn(true),
    };
    let version = |versions: Option<&Vec<String>>, at: u8| {
        versions.and_then(|versions| versions.get(usize::from(at))).cloned().unwrap_or_default()
    };
    v1::StoredMeasurement {
        department: key.department.clone(),
        indicator: key.indicator.clone(),
        dimensions: members(&key.members),
        period: measurement.period.to_string(),
        content: Some(content),
        status: v1::ObservationStatus::from(observation.status) as i32,
        ranked_among: observation.ranked_among.map(u32::from),
        edition: version(indicator.map(|i| &i.editions), observation.edition),
        territory: version(indicator.map(|i| &i.territories), observation.territory),
        comment: String::new(),
        evidence: String::new(),
        revision: measurement.revision,
        sequence: measurement.sequence,
        received_at: Some(super::timestamp(measurement.received)),
    }
}

/// Adds comment and evidence from the entry that brought the measurement.
pub fn add_notes(message: &mut v1::StoredMeasurement, entry: &Entry) {
    let Ok(groups) = entry.groups() else { return };
    for group in groups.into_iter().filter(|group| group.period == message.period) {
        for sent in group.measurements {
            let indicator =
                if sent.indicator.is_empty() { &group.indicator } else { &sent.indicator };
            let same_members = sent.dimensions.len() == message.dimensions.len()
                && sent.dimensions.iter().all(|member| message.dimensions.contains(member));
            if *indicator == message.indicator && same_members {
                message.comment = sent.comment;
                message.evidence = sent.evidence;
                return;
            }
        }
    }
}

/// Id of the level at a position of an indicator's scale; the position where it has none.
pub(super) fn level_id(indicator: Option<&Indicator>, position: u8) -> String {
    let at = usize::from(position);
    let id = match indicator.map(|indicator| &indicator.kind) {
        Some(Kind::Level(scale)) => scale.levels.get(at).map(|level| level.id.clone()),
        Some(Kind::Milestone) => MILESTONE_LEVELS.get(at).map(|id| (*id).to_owned()),
        _ => None,
    };
    id.unwrap_or_else(|| position.to_string())
}

fn members(text: &str) -> Vec<v1::DimensionMember> {
    text.split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(dimension, member)| v1::DimensionMember {
            dimension: dimension.to_owned(),
            member: member.to_owned(),
        })
        .collect()
}
