//! What a receipt proves: that the server signed it, for exactly what this computer sent.

use ed25519_dalek::{Signature, VerifyingKey};
use prost::Message as _;
use tiendo_shared::signed;
use tiendo_shared::wire::{self, Answer, v1};

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
    let Ok(key) = VerifyingKey::from_bytes(key) else { return false };
    let Ok(signature) = Signature::from_slice(&receipt.signature) else { return false };
    let Some(root) = wire::signed_root(receipt) else { return false };
    key.verify_strict(&signed::bytes_to_sign(&root), &signature).is_ok()
}

/// Whether the receipt is for what was sent and answered: the entry that the server
/// has to have hashed is made again here.
pub(crate) fn is_of(receipt: &v1::Receipt, prepared: &Prepared, answered: &Answered) -> bool {
    let Ok(request) = v1::SubmitMeasurementsRequest::decode(&*prepared.request) else {
        return false;
    };
    let Some(response) = &answered.response else { return false };
    let answer = Answer {
        receipt,
        outcomes: &response.outcomes,
        rejections: &response.rejections,
        agent: &answered.agent,
    };
    answer.is_for(id_of(&prepared.id), &request.groups)
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use tiendo_shared::signed::Signed;
    use tiendo_shared::submission::{
        Link, NO_HASH, Outcome, Reason, Recorded, Rejection, content_hash,
    };
    use tiendo_shared::wire::Entry;

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
            first_received: "2025-12-31T00:00:00Z".parse().ok(),
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
