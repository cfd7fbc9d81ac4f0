//! Submissions between messages and the domain.

use std::collections::HashSet;

use super::v1;
use crate::check::{Checked, Checker, Content, Draft, Group, GroupDraft};
use crate::measurement::{MissingReason, ObservationStatus};
use crate::signed::Signed;
use crate::submission::{Counts, Link, Outcome, Reason, Recorded, Refusal, Rejection};

/// Number of measurements in `groups`.
pub fn count_items(groups: &[v1::MeasurementGroup]) -> usize {
    groups.iter().map(|group| group.measurements.len()).sum()
}

/// Checks every measurement in order: by the catalogue, by what the department
/// may report, and that no key stands twice.
pub fn check_all(
    checker: &Checker<'_>,
    groups: &[v1::MeasurementGroup],
) -> Vec<Result<Checked, Refusal>> {
    let mut results = each(checker, groups, |group, draft| checker.check(group, draft));
    for index in repeated(&results) {
        if let Ok(item) = &results[index] {
            let message = format!(
                "an earlier measurement of this submission has the same key; only the first is \
                 taken (`{}`)",
                item.period
            );
            let (reason, field) = (Reason::DuplicateInSubmission, "indicator");
            results[index] = Err(Refusal { reason, field, message });
        }
    }
    results
}

/// Places of good items whose key an earlier one has.
fn repeated(results: &[Result<Checked, Refusal>]) -> Vec<usize> {
    let key = |item: &'_ Checked| (item.indicator, item.period);
    let good = || results.iter().enumerate().filter_map(|(at, it)| Some((at, it.as_ref().ok()?)));
    // Reports come in order, and what rises never repeats.
    let keys = good().map(|(_, it)| (key(it), it.members.as_str()));
    if keys.is_sorted_by(|one, next| one < next) {
        return Vec::new();
    }
    let mut seen = HashSet::with_capacity(results.len());
    good()
        .filter(|(_, it)| !seen.insert((key(it), it.members.as_str())))
        .map(|(index, _)| index)
        .collect()
}

/// Reads every measurement in order by the catalogue alone, as when the ledger is replayed.
pub fn read_all(
    checker: &Checker<'_>,
    groups: &[v1::MeasurementGroup],
) -> Vec<Result<Checked, Refusal>> {
    each(checker, groups, |group, draft| checker.read(group, draft))
}

fn each<'a>(
    checker: &Checker<'_>,
    groups: &'a [v1::MeasurementGroup],
    check: impl Fn(&Group<'_>, &Draft<'a>) -> Result<Checked, Refusal>,
) -> Vec<Result<Checked, Refusal>> {
    let mut results = Vec::with_capacity(count_items(groups));
    for message in groups {
        let group = group_draft(message).map(|draft| checker.group(draft));
        results.extend(message.measurements.iter().map(|measurement| {
            let group = group.as_ref().map_err(Clone::clone)?;
            check(group, &draft(measurement)?)
        }));
    }
    results
}

fn group_draft(message: &v1::MeasurementGroup) -> Result<GroupDraft<'_>, Refusal> {
    Ok(GroupDraft {
        period: &message.period,
        indicator: &message.indicator,
        status: status(message.status)?,
        edition: &message.edition,
        territory: &message.territory,
    })
}

fn draft(message: &v1::Measurement) -> Result<Draft<'_>, Refusal> {
    use v1::measurement::Content as Message;
    let content = match &message.content {
        None | Some(Message::Withdrawn(false)) => Content::Nothing,
        Some(Message::Value(text)) => Content::Number(text),
        Some(Message::Level(id)) => Content::Level(id),
        Some(Message::Missing(reason)) => Content::Missing(missing_reason(*reason)),
        Some(Message::Withdrawn(true)) => Content::Withdrawn,
    };
    Ok(Draft {
        indicator: &message.indicator,
        content,
        dimensions: message
            .dimensions
            .iter()
            .map(|member| (member.dimension.as_str(), member.member.as_str()))
            .collect(),
        status: status(message.status)?,
        ranked_among: message.ranked_among,
        comment: &message.comment,
        evidence: &message.evidence,
        confirmed: message.confirmed,
    })
}

fn status(number: i32) -> Result<Option<ObservationStatus>, Refusal> {
    use v1::ObservationStatus as Message;
    match Message::try_from(number) {
        Ok(Message::Unspecified) => Ok(None),
        Ok(Message::Final) => Ok(Some(ObservationStatus::Final)),
        Ok(Message::Provisional) => Ok(Some(ObservationStatus::Provisional)),
        Ok(Message::Estimated) => Ok(Some(ObservationStatus::Estimated)),
        Ok(Message::Break) => Ok(Some(ObservationStatus::Break)),
        Err(_) => Err(Refusal {
            reason: Reason::UnknownStatus,
            field: "status",
            message: format!("no observation status has the number {number}"),
        }),
    }
}

fn missing_reason(number: i32) -> Option<MissingReason> {
    use v1::MissingReason as Message;
    match Message::try_from(number) {
        Ok(Message::NotCollected) => Some(MissingReason::NotCollected),
        Ok(Message::NotYetAvailable) => Some(MissingReason::NotYetAvailable),
        Ok(Message::NotApplicable) => Some(MissingReason::NotApplicable),
        Ok(Message::Confidential) => Some(MissingReason::Confidential),
        Ok(Message::Unspecified) | Err(_) => None,
    }
}

impl From<ObservationStatus> for v1::ObservationStatus {
    fn from(status: ObservationStatus) -> Self {
        match status {
            ObservationStatus::Final => Self::Final,
            ObservationStatus::Provisional => Self::Provisional,
            ObservationStatus::Estimated => Self::Estimated,
            ObservationStatus::Break => Self::Break,
        }
    }
}

impl From<MissingReason> for v1::MissingReason {
    fn from(reason: MissingReason) -> Self {
        match reason {
            MissingReason::NotCollected => Self::NotCollected,
            MissingReason::NotYetAvailable => Self::NotYetAvailable,
            MissingReason::NotApplicable => Self::NotApplicable,
            MissingReason::Confidential => Self::Confidential,
        }
    }
}

impl From<Outcome> for v1::Outcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accepted => Self::Accepted,
            Outcome::Revised => Self::Revised,
            Outcome::Unchanged => Self::Unchanged,
            Outcome::Rejected => Self::Rejected,
        }
    }
}

impl From<Counts> for v1::OutcomeCounts {
    fn from(counts: Counts) -> Self {
        Self {
            accepted: counts.accepted,
            revised: counts.revised,
            unchanged: counts.unchanged,
            rejected: counts.rejected,
        }
    }
}

impl From<&Rejection> for v1::Rejection {
    fn from(rejection: &Rejection) -> Self {
        Self {
            index: rejection.index,
            reason: rejection.reason as i32,
            field: rejection.field.clone(),
            message: rejection.message.clone(),
        }
    }
}

/// Outcomes as the numbers of a message.
pub(super) fn outcomes(outcomes: &[Outcome]) -> Vec<i32> {
    outcomes.iter().map(|outcome| v1::Outcome::from(*outcome) as i32).collect()
}

impl Recorded {
    /// The receipt as it was signed.
    pub fn receipt(&self, signed: Signed, duplicate: bool) -> v1::Receipt {
        let Link { department, sequence, entry_hash, previous_hash } = self.link.clone();
        v1::Receipt {
            submission_id: self.id.to_string(),
            department,
            sequence,
            entry_hash: entry_hash.to_vec(),
            previous_hash: previous_hash.to_vec(),
            received_at: Some(super::timestamp(self.received)),
            counts: Some(Counts::of(&self.outcomes).into()),
            signature: signed.signature,
            duplicate,
            place: signed.branch.place,
            siblings: signed.branch.siblings.iter().map(|hash| hash.to_vec()).collect(),
            first_received_at: self.first_received.map(super::timestamp),
        }
    }

    /// Its outcomes as the numbers of a message.
    pub fn outcome_numbers(&self) -> Vec<i32> {
        outcomes(&self.outcomes)
    }

    /// Its rejections as messages.
    pub fn rejection_messages(&self) -> Vec<v1::Rejection> {
        self.rejections.iter().map(v1::Rejection::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_the_numbers_of_the_proto() {
        for number in 1.. {
            let Ok(message) = v1::RejectionReason::try_from(number) else {
                assert_eq!(number - 1, Reason::OthersRejected as i32, "a reason has no twin");
                break;
            };
            let reason = Reason::from_number(number).expect("a reason of the proto is missing");
            let name = format!("{reason:?}").to_lowercase();
            let proto = message.as_str_name().trim_start_matches("REJECTION_REASON_");
            assert_eq!(name, proto.replace('_', "").to_lowercase());
        }
    }
}
