//! The metrics: what they are, who reads them, and that Prometheus takes them and the alerts.

use std::process::Stdio;

use tiendo_shared::wire::v1;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::start;
use crate::harness::{Browser, Options, Server, Wire, group, is_postgres, number, run, submission};
use crate::setting::{promtool, root};

const TOKEN: &str = "a-token-of-the-metrics-7f3a";

#[tokio::test]
async fn prometheus_takes_the_numbers_and_they_count_what_happened() {
    let server = Server::start_with(Options { board: true, ..Options::default() }).await;
    let clients = server.clients().await;
    let sent = submission([group("2024", [number("digital-economy-share", "5.99")])]);
    clients.collection("thong-ke-tinh").submit_measurements(sent).await.unwrap();
    let unknown = v1::GetTargetStatusRequest { target: "X".to_owned(), ..Default::default() };
    clients.status().get_target_status(unknown).await.unwrap_err();
    let browser = Browser::of(&server);
    browser.get("/").await;
    let answer = browser.get("/metrics").await;
    let text = answer.page();
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4"));
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let line = line.unwrap_or_else(|| panic!("{name} is not in:\n{text}"));
        line.trim().parse::<f64>().unwrap()
    };
    let calls = |method: &str, code: &str| {
        format!(
            "tiendo_grpc_request_seconds_count{{code=\"{code}\",method=\"tiendo.v1.{method}\"}}"
        )
    };
    assert!(value(&calls("CollectionService/SubmitMeasurements", "OK")) >= 1.0);
    assert!(value(&calls("StatusService/GetTargetStatus", "NOT_FOUND")) >= 1.0);
    assert!(value("tiendo_http_request_seconds_count{code=\"200\",route=\"/\"}") >= 1.0);
    assert!(value("tiendo_journal_commit_seconds_count") >= 1.0);
    assert!(is_postgres() || value("tiendo_journal_bytes") > 0.0);
    assert!(value("tiendo_targets{verdict=\"no_data\"}") > 40.0);
    assert!(value("tiendo_targets{verdict=\"not_assessable\"}") >= 1.0);
    let Some(promtool) = promtool() else { return };
    let mut check = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    check.stdin.take().unwrap().write_all(text.as_bytes()).await.unwrap();
    let checked = check.wait_with_output().await.unwrap();
    let said = String::from_utf8_lossy(&checked.stderr) + String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success() && said.is_empty(), "{said}\n{text}");
}

#[tokio::test]
async fn the_numbers_are_for_operators_and_for_the_token() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{TOKEN}\n")).unwrap();
    let path: &'static str = Box::leak(file.path().display().to_string().into_boxed_str());
    let (server, admin) = start(&[("TIENDO_METRICS_TOKEN_FILE", path)]).await;
    let browser = Browser::of(&server);
    assert_eq!(browser.get("/metrics").await.status, 401);
    let with = |text: &str| browser.clone().with("Authorization", text);
    assert_eq!(with(&format!("Bearer {TOKEN}x")).get("/metrics").await.status, 401);
    with(&format!("Bearer {TOKEN}")).get("/metrics").await.page();
    assert_eq!(with(&format!("Bearer {TOKEN}")).get("/").await.status, 401, "numbers alone");
    browser.clone().showing(&admin).get("/metrics").await.page();
    let clients = Wire::to(&server).showing(&admin).clients().await;
    clients.info().get_server_info(v1::GetServerInfoRequest {}).await.unwrap();
    assert!(!server.log().contains(TOKEN));
}

#[tokio::test]
async fn the_alert_rules_are_sound_and_fire_when_they_should() {
    let Some(promtool) = promtool() else { return };
    let rules = root().join("docs/prometheus/alerts.yml");
    run(Command::new(&promtool).args(["check", "rules"]).arg(&rules)).await.expect_success();
    let tests = root().join("docs/prometheus/alerts_test.yml");
    run(Command::new(&promtool).args(["test", "rules"]).arg(tests)).await.expect_success();
}
