//! Exactly once in effect: a submission sent again is the same submission.

use prost::Message as _;
use tiendo_shared::wire::v1;
use tonic::Code;

use crate::harness::{Clients, Server, counts, failure, group, number, single, submission, trial};

async fn revisions(clients: &Clients, indicator: &str, period: &str) -> Vec<String> {
    let request = v1::ListRevisionsRequest {
        department: trial::DEPARTMENT.to_owned(),
        indicator: indicator.to_owned(),
        period: period.to_owned(),
        ..v1::ListRevisionsRequest::default()
    };
    let answer = clients.status().list_revisions(request).await.unwrap().into_inner();
    answer.revisions.into_iter().map(|known| crate::harness::value(&known)).collect()
}

/// The facts of a receipt as bytes, apart from the mark of a repetition and from its
/// signature: the same facts may be signed anew.
fn bytes(receipt: Option<v1::Receipt>) -> Vec<u8> {
    let receipt = receipt.expect("a receipt");
    assert_eq!(receipt.signature.len(), 64);
    let (signature, siblings) = (Vec::new(), Vec::new());
    v1::Receipt { duplicate: false, signature, siblings, place: 0, ..receipt }.encode_to_vec()
}

#[tokio::test]
async fn resubmission_returns_the_first_receipt() {
    let mut server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let mut collection = clients.collection(trial::DEPARTMENT);
    let sent = submission([group("2024", [number("ty-le", "40"), number("ty-le", "x")])]);
    let first = collection.submit_measurements(sent.clone()).await.unwrap().into_inner();
    assert!(!first.receipt.as_ref().unwrap().duplicate);
    assert_eq!(counts(&first), [1, 0, 0, 1]);

    // A later value of the same key does not change what the repetition is told.
    let later = single("2024", number("ty-le", "41"));
    collection.submit_measurements(later).await.unwrap();
    for kill in [false, true] {
        let again = collection.submit_measurements(sent.clone()).await.unwrap().into_inner();
        assert!(again.receipt.as_ref().unwrap().duplicate);
        assert_eq!(bytes(again.receipt), bytes(first.receipt.clone()));
        assert_eq!(
            (again.outcomes, again.rejections),
            (first.outcomes.clone(), first.rejections.clone())
        );
        if !kill {
            server.kill9().await;
            server.start_again().await;
            collection = server.collection(trial::DEPARTMENT).await;
        }
    }
    let clients = server.clients().await;
    assert_eq!(revisions(&clients, "ty-le", "2024").await, ["40", "41"]);
    let request = v1::GetReceiptRequest { submission_id: sent.submission_id };
    let kept = collection.get_receipt(request).await.unwrap().into_inner();
    assert_eq!(bytes(kept.receipt), bytes(first.receipt));
    assert_eq!((kept.outcomes, kept.rejections), (first.outcomes, first.rejections));
}

#[tokio::test]
async fn an_id_cannot_be_used_for_other_content() {
    let mut server = Server::start_with(trial::options()).await;
    let sent = single("2024", number("ty-le", "40"));
    let other = v1::SubmitMeasurementsRequest {
        submission_id: sent.submission_id.clone(),
        ..single("2024", number("ty-le", "41"))
    };
    server.collection(trial::DEPARTMENT).await.submit_measurements(sent.clone()).await.unwrap();
    for kill in [false, true] {
        if kill {
            server.kill9().await;
            server.start_again().await;
        }
        let mut collection = server.collection(trial::DEPARTMENT).await;
        let refused = failure(collection.submit_measurements(other.clone()).await);
        assert_eq!(refused, (Code::AlreadyExists, "SUBMISSION_CONTENT_DIFFERS".to_owned()));
    }
    assert_eq!(revisions(&server.clients().await, "ty-le", "2024").await, ["40"]);
    // Ids belong to their department: another one may use the same.
    let foreign = v1::SubmitMeasurementsRequest {
        submission_id: sent.submission_id,
        ..single("2024", number("cua-so-hai", "1"))
    };
    let answer = server.collection("so-hai").await.submit_measurements(foreign).await.unwrap();
    assert_eq!(counts(answer.get_ref()), [1, 0, 0, 0]);
    assert!(!answer.get_ref().receipt.as_ref().unwrap().duplicate);
}

#[tokio::test]
async fn thirty_two_sends_at_once_are_one_submission() {
    const SENDS: usize = 32;
    let server = Server::start_with(trial::options()).await;
    let sent = single("2024", number("ty-le", "40"));
    let mut sending = tokio::task::JoinSet::new();
    for _ in 0..SENDS {
        let (clients, sent) = (server.clients().await, sent.clone());
        sending.spawn(async move {
            let mut collection = clients.collection(trial::DEPARTMENT);
            collection.submit_measurements(sent).await.unwrap().into_inner()
        });
    }
    let answers = sending.join_all().await;
    let first = answers.iter().filter(|a| !a.receipt.as_ref().unwrap().duplicate).count();
    assert_eq!((answers.len(), first), (SENDS, 1), "one is the first, the others repeat it");
    for answer in &answers {
        assert_eq!(bytes(answer.receipt.clone()), bytes(answers[0].receipt.clone()));
        assert_eq!(counts(answer), [1, 0, 0, 0]);
    }
    let clients = server.clients().await;
    assert_eq!(revisions(&clients, "ty-le", "2024").await, ["40"]);
    let head = v1::GetHeadRequest { department: trial::DEPARTMENT.to_owned() };
    assert_eq!(clients.ledger().get_head(head).await.unwrap().get_ref().sequence, 1);
}
