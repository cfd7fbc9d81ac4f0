//! Submissions as tests write them, and answers as tests read them.

use tiendo_shared::wire::v1;
use tonic_types::StatusExt as _;
use v1::measurement::Content;

/// A new submission id.
pub(crate) fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn measurement(indicator: &str, content: Content) -> v1::Measurement {
    v1::Measurement {
        indicator: indicator.to_owned(),
        content: Some(content),
        ..v1::Measurement::default()
    }
}

/// A number.
pub(crate) fn number(indicator: &str, value: &str) -> v1::Measurement {
    measurement(indicator, Content::Value(value.to_owned()))
}

/// A rank among so many.
pub(crate) fn rank(indicator: &str, value: &str, among: u32) -> v1::Measurement {
    v1::Measurement { ranked_among: Some(among), ..number(indicator, value) }
}

/// A level of a scale.
pub(crate) fn level(indicator: &str, id: &str) -> v1::Measurement {
    measurement(indicator, Content::Level(id.to_owned()))
}

/// No value, and why.
pub(crate) fn missing(indicator: &str, reason: v1::MissingReason) -> v1::Measurement {
    measurement(indicator, Content::Missing(reason as i32))
}

/// An earlier value is taken back.
pub(crate) fn withdrawn(indicator: &str) -> v1::Measurement {
    measurement(indicator, Content::Withdrawn(true))
}

/// A measurement of members of dimensions.
pub(crate) fn of_members(
    measurement: v1::Measurement,
    members: &[(&str, &str)],
) -> v1::Measurement {
    let dimensions = members
        .iter()
        .map(|(dimension, member)| v1::DimensionMember {
            dimension: (*dimension).to_owned(),
            member: (*member).to_owned(),
        })
        .collect();
    v1::Measurement { dimensions, ..measurement }
}

/// Measurements of one period.
pub(crate) fn group(
    period: &str,
    measurements: impl IntoIterator<Item = v1::Measurement>,
) -> v1::MeasurementGroup {
    v1::MeasurementGroup {
        period: period.to_owned(),
        measurements: measurements.into_iter().collect(),
        ..v1::MeasurementGroup::default()
    }
}

/// A submission with a new id.
pub(crate) fn submission(
    groups: impl IntoIterator<Item = v1::MeasurementGroup>,
) -> v1::SubmitMeasurementsRequest {
    v1::SubmitMeasurementsRequest {
        submission_id: new_id(),
        groups: groups.into_iter().collect(),
        ..v1::SubmitMeasurementsRequest::default()
    }
}

/// A submission of one measurement.
pub(crate) fn single(period: &str, measurement: v1::Measurement) -> v1::SubmitMeasurementsRequest {
    submission([group(period, [measurement])])
}

/// How many measurements a submission holds.
pub(crate) fn size(submission: &v1::SubmitMeasurementsRequest) -> usize {
    submission.groups.iter().map(|group| group.measurements.len()).sum()
}

/// The outcomes of an answer.
pub(crate) fn outcomes(answer: &v1::SubmitMeasurementsResponse) -> Vec<v1::Outcome> {
    answer.outcomes().collect()
}

/// The counts of an answer: accepted, revised, unchanged, rejected.
pub(crate) fn counts(answer: &v1::SubmitMeasurementsResponse) -> [u32; 4] {
    let counts = answer.counts.expect("every answer has counts");
    [counts.accepted, counts.revised, counts.unchanged, counts.rejected]
}

/// Fails unless the answer speaks of each measurement once and its counts say the same.
#[track_caller]
pub(crate) fn adds_up(sent: usize, answer: &v1::SubmitMeasurementsResponse) {
    use v1::Outcome::{Accepted, Rejected, Revised, Unchanged};
    let outcomes = outcomes(answer);
    assert_eq!(outcomes.len(), sent, "one outcome for each measurement");
    let counted = [Accepted, Revised, Unchanged, Rejected].map(|which| {
        u32::try_from(outcomes.iter().filter(|outcome| **outcome == which).count()).unwrap()
    });
    assert_eq!(counts(answer), counted, "the counts are those of the outcomes");
    assert_eq!(counts(answer).iter().sum::<u32>() as usize, sent, "the counts add up");
    let refused: Vec<usize> =
        (0..sent).filter(|index| outcomes[*index] == v1::Outcome::Rejected).collect();
    let explained: Vec<usize> =
        answer.rejections.iter().map(|rejection| rejection.index as usize).collect();
    assert_eq!(explained, refused, "each refused measurement is explained once, in order");
    for rejection in &answer.rejections {
        assert_ne!(rejection.reason(), v1::RejectionReason::Unspecified, "{rejection:?}");
        assert!(!rejection.field.is_empty() && !rejection.message.is_empty(), "{rejection:?}");
    }
    if let Some(receipt) = &answer.receipt {
        assert_eq!(receipt.counts, answer.counts, "the receipt counts the same");
    }
}

/// Code and `ErrorInfo` reason of a failed call; the domain has to be ours.
#[track_caller]
pub(crate) fn failure<T: std::fmt::Debug>(
    answer: Result<tonic::Response<T>, tonic::Status>,
) -> (tonic::Code, String) {
    let status = answer.expect_err("the call has to fail");
    let info =
        status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, "tiendo.v1", "{status:?}");
    (status.code(), info.reason)
}

/// What a stored measurement says, as text.
pub(crate) fn value(known: &v1::StoredMeasurement) -> String {
    use v1::stored_measurement::Content;
    match &known.content {
        Some(Content::Value(text) | Content::Level(text)) => text.clone(),
        Some(Content::Missing(reason)) => v1::MissingReason::try_from(*reason)
            .map_or_else(|_| reason.to_string(), |reason| reason.as_str_name().to_owned()),
        Some(Content::Withdrawn(_)) => "withdrawn".to_owned(),
        None => "nothing".to_owned(),
    }
}
