//! What a receipt proves, by the same rules on both sides: the entry is made again from it.

use prost::Message as _;

use super::{Entry, instant, v1};
use crate::signed::{self, Branch};
use crate::submission::{
    Hash, Link, NO_HASH, Outcome, Reason, Recorded, Rejection, SubmissionId, content_hash,
};

/// What was answered with a receipt, by whoever kept it.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The receipt.
    pub receipt: &'a v1::Receipt,
    /// What became of each measurement.
    pub outcomes: &'a [i32],
    /// Why measurements were refused.
    pub rejections: &'a [v1::Rejection],
    /// Name of the agent that had sent it.
    pub agent: &'a str,
}

impl Answer<'_> {
    /// Whether the receipt is for these groups sent under this id and answered so: the
    /// entry that was hashed is made again.
    pub fn is_for(&self, id: SubmissionId, groups: &[v1::MeasurementGroup]) -> bool {
        self.entry(id, groups).is_some_and(|entry| Some(entry.recorded.link) == link(self.receipt))
    }

    fn entry(&self, id: SubmissionId, groups: &[v1::MeasurementGroup]) -> Option<Entry> {
        let content = v1::SubmissionContent { groups: groups.to_vec() }.encode_to_vec();
        let rejections = self.rejections.iter().map(|rejection| {
            Some(Rejection {
                index: rejection.index,
                reason: Reason::from_number(rejection.reason)?,
                field: rejection.field.clone(),
                message: rejection.message.clone(),
            })
        });
        let first = self.receipt.first_received_at.as_ref();
        let recorded = Recorded {
            id,
            link: Link { entry_hash: NO_HASH, ..link(self.receipt)? },
            received: instant(self.receipt.received_at.as_ref()?)?,
            first_received: match first {
                Some(first) => Some(instant(first)?),
                None => None,
            },
            outcomes: self.outcomes.iter().map(|it| outcome(*it)).collect::<Option<_>>()?,
            rejections: rejections.collect::<Option<_>>()?,
        };
        Some(Entry::seal(recorded, self.agent.to_owned(), &content, content_hash(&content)))
    }
}

fn outcome(number: i32) -> Option<Outcome> {
    match v1::Outcome::try_from(number) {
        Ok(v1::Outcome::Accepted) => Some(Outcome::Accepted),
        Ok(v1::Outcome::Revised) => Some(Outcome::Revised),
        Ok(v1::Outcome::Unchanged) => Some(Outcome::Unchanged),
        Ok(v1::Outcome::Rejected) => Some(Outcome::Rejected),
        Ok(v1::Outcome::Unspecified) | Err(_) => None,
    }
}

/// The root that the signature of a receipt covers; none if it is no receipt.
pub fn signed_root(receipt: &v1::Receipt) -> Option<Hash> {
    let siblings = receipt.siblings.iter().map(|hash| hash.as_slice().try_into().ok());
    let branch = Branch { place: receipt.place, siblings: siblings.collect::<Option<_>>()? };
    signed::root(&link(receipt)?, &branch)
}

fn link(receipt: &v1::Receipt) -> Option<Link> {
    Some(Link {
        department: receipt.department.clone(),
        sequence: receipt.sequence,
        entry_hash: receipt.entry_hash.as_slice().try_into().ok()?,
        previous_hash: receipt.previous_hash.as_slice().try_into().ok()?,
    })
}
