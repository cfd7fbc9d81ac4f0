//! Submissions that are refused as a whole, and how the failure says what to do.

use tiendo_shared::wire::v1;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::harness::{
    Server, adds_up, counts, failure, group, new_id, number, single, submission, trial,
};

/// Numbers of the longest list that is taken.
const MOST: usize = 100_000;

#[tokio::test]
async fn a_malformed_submission_is_refused_with_the_field_at_fault() {
    let server = Server::start_with(trial::options()).await;
    let mut collection = server.collection(trial::DEPARTMENT).await;
    let named = |id: &str| v1::SubmitMeasurementsRequest {
        submission_id: id.to_owned(),
        ..single("2024", number("ty-le", "1"))
    };
    let many = submission([group("2024", vec![number("", "1"); MOST + 1])]);
    let empty_group = submission([group("2024", [number("ty-le", "1")]), group("2023", [])]);
    let id = new_id();
    let cases = [
        (submission([]), "groups", "EMPTY_SUBMISSION", "at least one"),
        (submission([group("2024", [])]), "groups", "EMPTY_GROUP", "group 0"),
        (empty_group, "groups", "EMPTY_GROUP", "group 1"),
        (many, "groups", "TOO_MANY_MEASUREMENTS", "100001"),
        (named(""), "submission_id", "SUBMISSION_ID_FORM", "UUID"),
        (named("1"), "submission_id", "SUBMISSION_ID_FORM", "`1`"),
        (named(&id.replace('-', "")), "submission_id", "SUBMISSION_ID_FORM", "UUID"),
        (named(&format!("{{{id}}}")), "submission_id", "SUBMISSION_ID_FORM", "UUID"),
        (
            named("00000000-0000-0000-0000-000000000000"),
            "submission_id",
            "SUBMISSION_ID_FORM",
            "UUID",
        ),
        (named(&"ạ".repeat(400_000)), "submission_id", "SUBMISSION_ID_FORM", "UUID"),
    ];
    for (sent, field, reason, words) in cases {
        let status = collection.submit_measurements(sent).await.unwrap_err();
        let bad = status.get_details_bad_request().expect("a BadRequest");
        assert_eq!(bad.field_violations.len(), 1);
        assert_eq!(bad.field_violations[0].field, field);
        assert_eq!(bad.field_violations[0].description, status.message());
        assert!(status.message().contains(words), "`{words}` is not in `{}`", status.message());
        assert!(status.message().len() < 300, "an answer never repeats a megabyte");
        assert!(status.get_details_retry_info().is_none(), "trying again is no use");
        assert_eq!(failure::<()>(Err(status)), (Code::InvalidArgument, reason.to_owned()));
    }
}

#[tokio::test]
async fn the_longest_list_is_taken_whole() {
    let server = Server::start_with(trial::options()).await;
    let mut collection = server.collection(trial::DEPARTMENT).await;
    // One good measurement, and repetitions of its key: every one is answered.
    let sent = submission([v1::MeasurementGroup {
        indicator: "so-luong".to_owned(),
        ..group("2024", vec![number("", "1"); MOST])
    }]);
    let answer = collection.submit_measurements(sent).await.unwrap().into_inner();
    adds_up(MOST, &answer);
    assert_eq!(counts(&answer), [1, 0, 0, 99_999]);
}

#[tokio::test]
async fn a_message_over_the_limit_is_to_be_split() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let info = clients.info().get_server_info(v1::GetServerInfoRequest {}).await.unwrap();
    let limits = info.get_ref().limits.unwrap();
    assert_eq!(limits.submission_items as usize, MOST);
    let of_bytes = |bytes: usize| {
        let comment = "a".repeat(bytes);
        single("2024", v1::Measurement { comment, ..number("ty-le", "1") })
    };
    let mut collection = clients.collection(trial::DEPARTMENT);
    let limit = usize::try_from(limits.message_bytes).unwrap();
    for bytes in [limit + 1, 5 << 20, 20 << 20] {
        let status = collection.submit_measurements(of_bytes(bytes)).await.unwrap_err();
        assert_eq!(status.code(), Code::OutOfRange, "{status:?}");
    }
    // Under the limit it is an item that is refused, not the message.
    let answer = collection.submit_measurements(of_bytes(limit - 200)).await.unwrap();
    assert_eq!(answer.get_ref().rejections[0].reason(), v1::RejectionReason::TextTooLong);
}

#[tokio::test]
async fn megabytes_in_a_field_are_refused_in_few_words() {
    let server = Server::start_with(trial::options()).await;
    let mut collection = server.collection(trial::DEPARTMENT).await;
    let long = "x".repeat(1_000_000);
    for (sent, reason) in [
        (single("2024", number("ty-le", &"9".repeat(1_000_000))), v1::RejectionReason::NumberForm),
        (single("2024", number(&long, "1")), v1::RejectionReason::UnknownIndicator),
        (single(&long, number("ty-le", "1")), v1::RejectionReason::PeriodForm),
    ] {
        let answer = collection.submit_measurements(sent).await.unwrap().into_inner();
        adds_up(1, &answer);
        assert_eq!(answer.rejections[0].reason(), reason);
        assert!(answer.rejections[0].message.len() < 300);
    }
}

#[tokio::test]
async fn a_caller_has_to_act_for_a_department_of_the_catalogue() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let sent = single("2024", number("ty-le", "1"));
    let nobody = clients.collection_without_department().submit_measurements(sent.clone()).await;
    assert_eq!(failure(nobody), (Code::Unauthenticated, "NO_IDENTITY".to_owned()));
    let unknown = clients.collection("so-khong-co").submit_measurements(sent.clone()).await;
    let status = unknown.as_ref().unwrap_err();
    assert!(status.message().contains("`so-khong-co`"), "{status:?}");
    assert_eq!(failure(unknown), (Code::PermissionDenied, "NOT_PERMITTED".to_owned()));
    let request = v1::GetReceiptRequest { submission_id: sent.submission_id };
    let unknown = clients.collection(trial::DEPARTMENT).get_receipt(request).await;
    assert_eq!(failure(unknown), (Code::NotFound, "NOT_FOUND".to_owned()));
}
