//! grpcurl 1.8.6 and `buf curl` know and call everything with no proto file at hand.

use serde_json::Value;

use super::methods;
use crate::harness::{Server, buf_curl, grpcurl, is_postgres};

/// Data with which a method answers something on an empty server.
const QUESTIONS: [(&str, &str); 21] = [
    ("AdminService/Backup", "{}"),
    ("AdminService/ListAgents", "{}"),
    ("CatalogueService/GetIndicator", r#"{"id": "digital-economy-share"}"#),
    ("CatalogueService/ListDepartments", "{}"),
    ("CatalogueService/ListIndicators", r#"{"department": "so-khcn"}"#),
    ("CatalogueService/ListTargets", r#"{"horizon": 2045}"#),
    ("LedgerService/GetHead", r#"{"department": "so-khcn"}"#),
    ("LedgerService/ListEntries", r#"{"department": "so-khcn"}"#),
    ("ServerInfoService/GetServerInfo", "{}"),
    ("StatusService/ListChanges", r#"{"from": "2026-01-01T00:00:00Z"}"#),
    ("StatusService/GetTargetStatus", r#"{"target": "A07"}"#),
    ("StatusService/ListMeasurements", "{}"),
    (
        "StatusService/ListRevisions",
        r#"{"department": "so-khcn", "indicator": "pii-rank", "period": "2024"}"#,
    ),
    ("StatusService/ListTargetStatuses", r#"{"horizon": 2030}"#),
    ("StatusService/ListReportingRates", "{}"),
    ("CollectionService/ListDueReports", "{}"),
    ("CollectionService/SubmitMeasurements", SUBMISSION),
    ("ReviewService/ListReports", r#"{"period": "2024"}"#),
    ("ReviewService/ApproveReport", r#"{"department": "so-khcn", "period": "2024"}"#),
    (
        "ReviewService/ReopenReport",
        r#"{"department": "so-khcn", "period": "2024", "reason": "Số liệu sai"}"#,
    ),
    (
        "ReviewService/ReturnReport",
        r#"{"department": "so-khcn", "period": "2024", "reason": "Thiếu số liệu"}"#,
    ),
];

/// Those that this engine answers: a database is backed up by its own means.
fn questions() -> impl Iterator<Item = (&'static str, &'static str)> {
    QUESTIONS.into_iter().filter(|(method, _)| !(is_postgres() && method.ends_with("/Backup")))
}

/// What has nothing to do without TLS or on an empty server, with data and the answer.
const REFUSED: [(&str, &str, &str); 7] = [
    ("AdminService/CreateJoinToken", r#"{"role": "operator"}"#, "FailedPrecondition"),
    ("AdminService/CreateSignInLink", r#"{"reader": "x"}"#, "FailedPrecondition"),
    ("AdminService/ReplaceCatalogue", r#"{"toml": "x"}"#, "InvalidArgument"),
    ("AdminService/RevokeAgent", r#"{"agent": "x", "reason": "y"}"#, "NotFound"),
    ("AdminService/RevokeJoinToken", r#"{"token_id": "x"}"#, "NotFound"),
    ("EnrolmentService/Enrol", "{}", "FailedPrecondition"),
    ("EnrolmentService/Renew", "{}", "FailedPrecondition"),
];

const SUBMISSION: &str = r#"{
    "submission_id": "018f4e3a-9c1b-7d52-8b7e-3f2a9d1c5e60",
    "groups": [{"period": "2024", "measurements": [
        {"indicator": "pii-rank", "value": "20", "ranked_among": 63}
    ]}]
}"#;

const DEPARTMENT: [&str; 2] = ["-H", "tiendo-department: so-khcn"];

#[tokio::test]
async fn grpcurl_lists_and_describes_everything() {
    let server = Server::start().await;
    let Some(listed) = grpcurl(&server, &[], &["list"]).await else { return };
    let listed = listed.expect_success();
    let health = ["grpc.health.v1.Health".to_owned()];
    let mut services: Vec<String> =
        methods().iter().map(|m| format!("tiendo.v1.{}", m.split('/').next().unwrap())).collect();
    services.dedup();
    for service in services.iter().chain(&health) {
        assert!(listed.lines().any(|line| line == service), "{service} is not in:\n{listed}");
        let described = grpcurl(&server, &[], &["describe", service]).await.unwrap();
        assert!(described.expect_success().contains("rpc "), "{service}");
        let own = grpcurl(&server, &[], &["list", service]).await.unwrap().expect_success();
        for method in methods() {
            let name = format!("tiendo.v1.{}", method.replace('/', "."));
            if name.starts_with(&format!("{service}.")) {
                assert!(own.lines().any(|line| line == name), "{name} is not in:\n{own}");
            }
        }
    }
    let message = "tiendo.v1.SubmitMeasurementsRequest";
    let described = grpcurl(&server, &[], &["describe", message]).await.unwrap().expect_success();
    assert!(described.contains("string submission_id = 1"), "{described}");
}

#[tokio::test]
async fn grpcurl_calls_everything() {
    let server = Server::start().await;
    for (method, data) in questions() {
        let flags = [&DEPARTMENT[..], &["-d", data]].concat();
        let name = format!("tiendo.v1.{method}");
        let Some(answer) = grpcurl(&server, &flags, &[&name]).await else { return };
        let answer = answer.expect_success();
        serde_json::from_str::<Value>(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
    }
    // What was submitted has a receipt, by its id, and can be streamed again.
    let receipt = r#"{"submission_id": "018f4e3a-9c1b-7d52-8b7e-3f2a9d1c5e60"}"#;
    let stream = format!("{{\"submission\": {SUBMISSION}}}");
    for (method, data) in [("GetReceipt", receipt), ("StreamSubmissions", stream.as_str())] {
        let flags = [&DEPARTMENT[..], &["-d", data]].concat();
        let name = format!("tiendo.v1.CollectionService/{method}");
        let answer = grpcurl(&server, &flags, &[&name]).await.unwrap().expect_success();
        assert!(answer.contains("\"signature\""), "{answer}");
    }
    let export = r#"{"format": "EXPORT_FORMAT_SDMX_CSV"}"#;
    let method = "tiendo.v1.ExportService/ExportFigures";
    let exported = grpcurl(&server, &["-d", export], &[method]).await.unwrap().expect_success();
    let messages: Vec<Value> =
        serde_json::Deserializer::from_str(&exported).into_iter().map(Result::unwrap).collect();
    assert_eq!(messages[0]["file"]["name"], "tiendo-figures-sdmx.csv");
    assert!(messages.len() > 1 && messages[1]["data"].is_string(), "{exported}");
    for (method, data, code) in REFUSED {
        let refused = grpcurl(&server, &["-d", data], &[&format!("tiendo.v1.{method}")]).await;
        let refused = refused.unwrap();
        assert_ne!(refused.code, Some(0));
        refused.expect_words(&[code]);
    }
    // `watch.rs` calls WatchTargetStatuses, which does not end.
    let covered = QUESTIONS.len() + REFUSED.len() + 4;
    assert_eq!(covered, methods().len(), "every method was called");
    // The rich error details are readable, as the types are known to the server.
    let bad = [&DEPARTMENT[..], &["-d", "{}"]].concat();
    let name = "tiendo.v1.CollectionService/SubmitMeasurements";
    let refused = grpcurl(&server, &bad, &[name]).await.unwrap();
    refused.expect_words(&["InvalidArgument", "submission_id"]);
}

#[tokio::test]
async fn buf_curl_lists_and_calls_by_the_newer_reflection() {
    let server = Server::start().await;
    let Some(listed) = buf_curl(&server, &["--list-methods"], "").await else { return };
    let listed = listed.expect_success();
    for method in methods() {
        let name = format!("tiendo.v1.{method}");
        assert!(listed.lines().any(|line| line.trim() == name), "{name} is not in:\n{listed}");
    }
    for (method, data) in questions() {
        let flags = [&DEPARTMENT[..], &["--data", data]].concat();
        let answer = buf_curl(&server, &flags, &format!("tiendo.v1.{method}")).await.unwrap();
        serde_json::from_str::<Value>(&answer.expect_success()).unwrap();
    }
}
