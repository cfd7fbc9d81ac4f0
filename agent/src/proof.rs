//! What a receipt proves: that the server signed it, for exactly what this computer sent.

use ed25519_dalek::{Signature, VerifyingKey};
use prost::Message as _;
use tiendo_shared::signed::{self, Branch};
use tiendo_shared::submission::{
    Link, NO_HASH, Outcome, Reason, Recorded, Rejection, content_hash,
};
use tiendo_shared::wire::{Entry, instant, v1};

use crate::outbox::id_of;
use crate::outbox::record::{Answered, Prepared};

/// What is wrong with a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finding {
    /// The signature is not of the server's key.
    Signature,
    /// The entry hash is not that of what was sent and answered.
    Hash,
    /// Its previous hash is not the hash of the entry before.
    Link,
    /// What was sent cannot be read from the ledger.
    Gone,
}

/// Whether the server with this key signed the receipt.
pub(crate) fn is_signed(receipt: &v1::Receipt, key: &[u8; 32]) -> bool {
    let Some(link) = link(receipt) else { return false };
    let Ok(key) = VerifyingKey::from_bytes(key) else { return false };
    let Ok(signature) = Signature::from_slice(&receipt.signature) else { return false };
    let Some(root) = branch(receipt).and_then(|branch| signed::root(&link, &branch)) else {
        return false;
    };
    key.verify_strict(&signed::bytes_to_sign(&root), &signature).is_ok()
}

fn branch(receipt: &v1::Receipt) -> Option<Branch> {
    let siblings = receipt.siblings.iter().map(|hash| hash.as_slice().try_into().ok());
    Some(Branch { place: receipt.place, siblings: siblings.collect::<Option<_>>()? })
}

/// Whether the receipt is for what was sent and answered: the entry that the server
/// has to have hashed is made again here.
pub(crate) fn is_of(receipt: &v1::Receipt, prepared: &Prepared, answered: &Answered) -> bool {
    remade(receipt, prepared, answered)
        .is_some_and(|entry| Some(entry.recorded.link) == link(receipt))
}

fn remade(receipt: &v1::Receipt, prepared: &Prepared, answered: &Answered) -> Option<Entry> {
    let request = v1::SubmitMeasurementsRequest::decode(&*prepared.request).ok()?;
    let content = v1::SubmissionContent { groups: request.groups }.encode_to_vec();
    let response = answered.response.as_ref()?;
    let outcomes = response.outcomes.iter().map(|number| match v1::Outcome::try_from(*number) {
        Ok(v1::Outcome::Accepted) => Some(Outcome::Accepted),
        Ok(v1::Outcome::Revised) => Some(Outcome::Revised),
        Ok(v1::Outcome::Unchanged) => Some(Outcome::Unchanged),
        Ok(v1::Outcome::Rejected) => Some(Outcome::Rejected),
        Ok(v1::Outcome::Unspecified) | Err(_) => None,
    });
    let rejections = response.rejections.iter().map(|rejection| {
        Some(Rejection {
            index: rejection.index,
            reason: Reason::from_number(rejection.reason)?,
            field: rejection.field.clone(),
            message: rejection.message.clone(),
        })
    });
    let recorded = Recorded {
        id: id_of(&prepared.id),
        link: Link { entry_hash: NO_HASH, ..link(receipt)? },
        received: instant(receipt.received_at.as_ref()?)?,
        outcomes: outcomes.collect::<Option<_>>()?,
        rejections: rejections.collect::<Option<_>>()?,
    };
    Some(Entry::seal(recorded, answered.agent.clone(), &content, content_hash(&content)))
}

fn link(receipt: &v1::Receipt) -> Option<Link> {
    Some(Link {
        department: receipt.department.clone(),
        sequence: receipt.sequence,
        entry_hash: receipt.entry_hash.as_slice().try_into().ok()?,
        previous_hash: receipt.previous_hash.as_slice().try_into().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use tiendo_shared::signed::Signed;

    use super::*;

    fn sent() -> (v1::Receipt, Prepared, Answered, [u8; 32]) {
        let groups = vec![v1::MeasurementGroup {
            period: "2025".to_owned(),
            measurements: vec![v1::Measurement::default(); 2],
            ..Default::default()
        }];
        let id = id_of(&[7; 16]);
        let content = v1::SubmissionContent { groups: groups.clone() }.encode_to_vec();
        let recorded = Recorded {
            id,
            link: Link {
                department: "d".to_owned(),
                sequence: 3,
                entry_hash: NO_HASH,
                previous_hash: [9; 32],
            },
            received: "2026-01-01T00:00:00.000001Z".parse().unwrap(),
            outcomes: vec![Outcome::Accepted, Outcome::Rejected],
            rejections: vec![Rejection {
                index: 1,
                reason: Reason::NoContent,
                field: "value".to_owned(),
                message: "no value".to_owned(),
            }],
        };
        let entry = Entry::seal(recorded, "pc".to_owned(), &content, content_hash(&content));
        let key = SigningKey::from_bytes(&[1; 32]);
        let beside = Link { sequence: 1, ..entry.recorded.link.clone() };
        let (root, mut branches) = signed::tree(&[beside, entry.recorded.link.clone()]);
        let signature = key.sign(&signed::bytes_to_sign(&root)).to_bytes().to_vec();
        let signed = Signed { signature, branch: branches.remove(1) };
        let receipt = entry.recorded.receipt(signed, false);
        let response = v1::SubmitMeasurementsResponse {
            receipt: Some(receipt.clone()),
            outcomes: entry.recorded.outcome_numbers(),
            rejections: entry.recorded.rejection_messages(),
            ..Default::default()
        };
        let request = v1::SubmitMeasurementsRequest {
            submission_id: id.to_string(),
            groups,
            ..Default::default()
        };
        let prepared = Prepared {
            id: id.as_bytes().to_vec(),
            request: request.encode_to_vec(),
            ..Prepared::default()
        };
        let answered =
            Answered { response: Some(response), agent: "pc".to_owned(), ..Answered::default() };
        (receipt, prepared, answered, key.verifying_key().to_bytes())
    }

    #[test]
    fn a_good_receipt_is_signed_and_of_what_was_sent() {
        let (receipt, prepared, answered, key) = sent();
        assert!(is_signed(&receipt, &key));
        assert!(is_of(&receipt, &prepared, &answered));
    }

    #[test]
    fn a_changed_receipt_or_ledger_is_found() {
        let (receipt, prepared, answered, key) = sent();
        let mut other = receipt.clone();
        other.sequence = 4;
        assert!(!is_signed(&other, &key));
        assert!(!is_signed(&receipt, &[2; 32]));
        let mut other = prepared.clone();
        other.request = v1::SubmitMeasurementsRequest::default().encode_to_vec();
        assert!(!is_of(&receipt, &other, &answered));
        let mut other = answered.clone();
        other.agent = "pc-2".to_owned();
        assert!(!is_of(&receipt, &prepared, &other));
        let mut other = answered.clone();
        other.response.as_mut().unwrap().outcomes = vec![1, 1];
        assert!(!is_of(&receipt, &prepared, &other));
    }
}
