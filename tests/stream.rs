//! Many submissions in flight on one call, each answered for itself.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;
use tiendo_shared::wire::v1;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use v1::stream_submissions_response::Result as Answered;

use crate::harness::{Collection, Server, counts, group, number, single, submission, trial};

type Answers = tonic::Streaming<v1::StreamSubmissionsResponse>;

fn month(n: usize) -> String {
    format!("{}-{:02}", 2000 + n / 12, n % 12 + 1)
}

fn message(submission: &v1::SubmitMeasurementsRequest) -> v1::StreamSubmissionsRequest {
    v1::StreamSubmissionsRequest { submission: Some(submission.clone()) }
}

async fn open(
    collection: &mut Collection,
) -> (mpsc::Sender<v1::StreamSubmissionsRequest>, Answers) {
    let (sender, receiver) = mpsc::channel(500);
    let answers = collection.stream_submissions(ReceiverStream::new(receiver)).await.unwrap();
    (sender, answers.into_inner())
}

#[tokio::test]
async fn each_of_many_in_flight_is_acknowledged() {
    const SENT: usize = 300;
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let (sender, mut answers) = open(&mut clients.collection(trial::DEPARTMENT)).await;
    let sent: Vec<_> =
        (0..SENT).map(|n| single(&month(n), number("so-luong", &n.to_string()))).collect();
    for one in &sent {
        sender.send(message(one)).await.unwrap();
    }
    drop(sender);
    let mut acknowledged = BTreeSet::new();
    let mut sequences = BTreeSet::new();
    while let Some(answer) = answers.next().await {
        let answer = answer.unwrap();
        let Some(Answered::Response(response)) = answer.result else { panic!("{answer:?}") };
        assert_eq!(counts(&response), [1, 0, 0, 0]);
        let receipt = response.receipt.unwrap();
        assert_eq!(receipt.submission_id, answer.submission_id);
        sequences.insert(receipt.sequence);
        assert!(acknowledged.insert(answer.submission_id), "answered twice");
    }
    let ids: BTreeSet<_> = sent.into_iter().map(|one| one.submission_id).collect();
    assert_eq!(acknowledged, ids);
    assert_eq!(sequences, (1..=SENT as u64).collect(), "the chain has no gap");
}

#[tokio::test]
async fn a_failure_does_not_end_the_stream() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let (sender, mut answers) = open(&mut clients.collection(trial::DEPARTMENT)).await;
    let good = single("2024", number("ty-le", "40"));
    let differs = v1::SubmitMeasurementsRequest {
        submission_id: good.submission_id.clone(),
        ..single("2024", number("ty-le", "41"))
    };
    let nameless =
        v1::SubmitMeasurementsRequest { submission_id: "not-a-uuid".to_owned(), ..good.clone() };
    let empty = submission([]);
    let partly = submission([group("2023", [number("ty-le", "39"), number("ty-le", "x")])]);
    let cases: [(&v1::SubmitMeasurementsRequest, Option<(Code, &str)>); 6] = [
        (&good, None),
        (&nameless, Some((Code::InvalidArgument, "SUBMISSION_ID_FORM"))),
        (&empty, Some((Code::InvalidArgument, "EMPTY_SUBMISSION"))),
        (&differs, Some((Code::AlreadyExists, "SUBMISSION_CONTENT_DIFFERS"))),
        (&partly, None),
        (&good, None),
    ];
    for (sent, expect) in cases {
        sender.send(message(sent)).await.unwrap();
        let answer = answers.next().await.expect("the stream goes on").unwrap();
        assert_eq!(answer.submission_id, sent.submission_id);
        match (answer.result.unwrap(), expect) {
            (Answered::Response(_), None) => {}
            (Answered::Failure(failure), Some((code, reason))) => {
                assert_eq!((failure.code, failure.reason.as_str()), (code as i32, reason));
                assert_eq!(failure.retry_after_ms, None, "trying again is no use: {failure:?}");
            }
            (result, expect) => panic!("{result:?} where {expect:?} was expected"),
        }
    }
    // A message without a submission is a failure too, and the next one is still taken.
    sender.send(v1::StreamSubmissionsRequest::default()).await.unwrap();
    let answer = answers.next().await.unwrap().unwrap();
    assert!(matches!(answer.result, Some(Answered::Failure(_))), "{answer:?}");
    drop(sender);
    assert!(answers.next().await.is_none(), "the server ends when the agent has");
}

#[tokio::test]
async fn a_graceful_stop_answers_what_was_sent() {
    const SENT: usize = 200;
    let mut server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let (sender, mut answers) = open(&mut clients.collection(trial::DEPARTMENT)).await;
    let sent: Vec<_> =
        (0..SENT).map(|n| single(&month(n), number("so-luong", &n.to_string()))).collect();
    for one in &sent {
        sender.send(message(one)).await.unwrap();
    }
    // The first answer shows that the call is under way; then the server is told to stop,
    // while the agent keeps its side open.
    let mut receipts = BTreeMap::new();
    while let Some(answer) = answers.next().await {
        if receipts.is_empty() {
            server.tell_to_stop();
        }
        let answer = answer.expect("what is answered is an answer");
        if let Some(Answered::Response(response)) = answer.result {
            receipts.insert(answer.submission_id, response.receipt.unwrap());
        }
    }
    assert_eq!(server.ends().await.code(), Some(0), "log:\n{}", server.log());
    drop(sender);

    // Whatever was answered is there, and whatever was not can be sent again.
    server.start_again().await;
    let mut collection = server.collection(trial::DEPARTMENT).await;
    for one in sent {
        let again = collection.submit_measurements(one.clone()).await.unwrap().into_inner();
        let receipt = again.receipt.unwrap();
        if let Some(first) = receipts.get(&one.submission_id) {
            assert!(receipt.duplicate, "an acknowledged submission was lost");
            assert_eq!(first.entry_hash, receipt.entry_hash);
        }
    }
    let request = v1::GetHeadRequest { department: trial::DEPARTMENT.to_owned() };
    let head = server.clients().await.ledger().get_head(request).await.unwrap();
    assert_eq!(head.get_ref().sequence, SENT as u64, "nothing is lost and nothing is doubled");
}

#[tokio::test]
async fn an_idle_stream_does_not_hold_up_the_stop() {
    let mut server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let (sender, mut answers) = open(&mut clients.collection(trial::DEPARTMENT)).await;
    sender.send(message(&single("2024", number("ty-le", "40")))).await.unwrap();
    assert!(answers.next().await.unwrap().is_ok());
    let began = std::time::Instant::now();
    assert_eq!(server.stop().await.code(), Some(0), "log:\n{}", server.log());
    assert!(began.elapsed().as_secs() < 8, "the idle stream was waited for");
    while let Some(answer) = answers.next().await {
        answer.expect("the stream is closed, not broken");
    }
}
