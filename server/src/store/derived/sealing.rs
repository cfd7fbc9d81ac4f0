//! What was decided becomes an entry of its chain.

use jiff::Timestamp;
use tiendo_shared::submission::{Hash, Link, NO_HASH, Recorded};
use tiendo_shared::wire::Entry;

use super::department::Decision;
use crate::store::{Appended, Performed, Submission};

/// The entry of a submission.
pub(in crate::store) fn seal(
    submission: &Submission,
    decision: Decision,
    sequence: u32,
    received: Timestamp,
    previous_hash: Hash,
) -> Entry {
    let Decision { outcomes, rejections, .. } = decision;
    let link = Link {
        department: submission.department.clone(),
        sequence: sequence.into(),
        entry_hash: NO_HASH,
        previous_hash,
    };
    let Submission { id, first_received, .. } = *submission;
    let recorded = Recorded { id, link, received, first_received, outcomes, rejections };
    Entry::seal(recorded, submission.agent.clone(), &submission.content, submission.content_hash)
}

/// The entry of an act.
pub(in crate::store) fn seal_act(
    performed: &Performed,
    content: &[u8],
    sequence: u32,
    received: Timestamp,
    previous_hash: Hash,
) -> Entry {
    let link = Link {
        department: performed.department.clone(),
        sequence: sequence.into(),
        entry_hash: NO_HASH,
        previous_hash,
    };
    let recorded = Recorded {
        id: performed.id,
        link,
        received,
        first_received: None,
        outcomes: Vec::new(),
        rejections: Vec::new(),
    };
    Entry::seal_act(recorded, performed.by.clone(), content)
}

impl From<Decision> for Appended {
    fn from(decision: Decision) -> Self {
        let Decision { outcomes, rejections, .. } = decision;
        Self::NotRecorded { outcomes, rejections }
    }
}
