//! Two ledgers face to face: what a restored server lost comes back, and a changed chain is named.

use std::path::Path;

use tiendo_shared::wire::v1;

use crate::harness::{
    Agent, Clients, Options, Server, Wire, counts, grant, number, single, trial, value,
};

const MAPPING: &str = r#"
layout = "long"
header = { find = ["Kỳ", "Giá trị"] }
columns = { indicator = "Chỉ tiêu", period = "Kỳ", value = "Giá trị" }
number = { format = "point" }
"#;

/// 2026-09-10T08:00:00+07 in seconds since 1970.
const SENT: i64 = 1_789_002_000;

/// A desk with a file for each of these months of 2024, named after its number.
fn desk(server: &Server, months: &[u8]) -> Agent {
    let agent = Agent::of(server, trial::DEPARTMENT);
    furnish(&agent, months);
    agent
}

fn furnish(agent: &Agent, months: &[u8]) {
    agent.put("map.toml", MAPPING);
    for month in months {
        let text = format!("Chỉ tiêu;Kỳ;Giá trị\nso-luong;2024-{month:02};{month}\n");
        agent.put(&format!("{month}.csv"), text);
    }
}

async fn submit(agent: &Agent, month: u8) {
    let name = format!("{month}.csv");
    agent.run(&["submit", &name, "--mapping", "map.toml"]).await.expect_code(0);
}

/// `period value` of everything the server knows.
async fn known(clients: &Clients, as_of: Option<i64>) -> Vec<String> {
    let as_of = as_of.map(|seconds| prost_types::Timestamp { seconds, nanos: 0 });
    let request = v1::ListMeasurementsRequest { page_size: 1_000, as_of, ..Default::default() };
    let answer = clients.status().list_measurements(request).await.unwrap().into_inner();
    answer.measurements.iter().map(|one| format!("{} {}", one.period, value(one))).collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

#[tokio::test]
async fn an_old_backup_gets_back_what_it_lost_from_every_computer() {
    let clock = Some("2026-09-10T08:00:00+07".to_owned());
    let mut server = Server::start_with(Options { clock, ..trial::options() }).await;
    let one = desk(&server, &[1, 2, 3]);
    let other = desk(&server, &[4, 5]);
    submit(&one, 1).await;
    submit(&other, 4).await;
    server.stops_well().await;
    let backup = tempfile::tempdir().unwrap();
    copy(&server.data(), backup.path());
    server.start_again().await;
    submit(&one, 2).await;
    submit(&other, 5).await;
    submit(&one, 3).await;
    let everything = known(&server.clients().await, None).await;
    server.stops_well().await;
    std::fs::remove_dir_all(server.data()).unwrap();
    copy(backup.path(), &server.data());
    server.set_clock("2026-09-20T08:00:00+07");
    server.start_again().await;
    let clients = server.clients().await;
    assert_eq!(known(&clients, None).await, ["2024-01 1", "2024-04 4"]);
    // What is new comes first, and does not make late what was sent in time.
    let new = single("2024-06", number("so-luong", "6"));
    clients.collection(trial::DEPARTMENT).submit_measurements(new).await.unwrap();

    let said = one.run(&["status", "--send"]).await.expect_code(0);
    said.expect_words(&["không còn 2 lượt gửi"]);
    let said = other.run(&["status", "--send"]).await.expect_code(0);
    said.expect_words(&["không còn 1 lượt gửi"]);
    let now = known(&clients, None).await;
    assert_eq!(now, [everything.clone(), vec!["2024-06 6".to_owned()]].concat());
    let chain = crate::ledger::chain(&clients, trial::DEPARTMENT).await;
    let firsts = chain.entries.iter().map(|entry| entry.canonical.first_received_at_us);
    let firsts: Vec<_> = firsts.map(|first| first / 1_000_000).collect();
    assert_eq!(firsts, [0, 0, 0, SENT, SENT, SENT], "none twice, each with its first time");
    let request = v1::ListReportingRatesRequest {
        department: trial::DEPARTMENT.to_owned(),
        period: "2024-03".to_owned(),
        ..Default::default()
    };
    let rates = clients.status().list_reporting_rates(request).await.unwrap().into_inner();
    let days = rates.rates[0].lag_days.unwrap();
    assert_eq!(days, 910, "from 14 March 2024 to the first receipt");
    for agent in [&one, &other] {
        agent.run(&["verify"]).await.expect_code(0);
        let said = agent.run(&["status", "--send"]).await.expect_code(0);
        assert!(!said.all().contains("không còn"), "it is told once: {}", said.all());
    }
}

#[tokio::test]
async fn more_losses_than_calls_are_allowed_at_once_come_back_all_the_same() {
    let mut server = Server::start_with(Options { secure: true, ..trial::options() }).await;
    let admin = server.administrator().await;
    let token = server.token(&admin, grant("agent", trial::DEPARTMENT, "may-1")).await;
    let agent = Agent::unknown();
    agent.enrol(&server.address(), &token, &[]).await.expect_code(0);
    let operator = server.badge(&admin, "operator", "", "xem").await;
    server.stops_well().await;
    let backup = tempfile::tempdir().unwrap();
    copy(&server.data(), backup.path());
    server.start_again().await;
    let months: Vec<u8> = (1..=12).collect();
    furnish(&agent, &months);
    for month in &months {
        submit(&agent, *month).await;
    }
    server.stops_well().await;
    std::fs::remove_dir_all(server.data()).unwrap();
    copy(backup.path(), &server.data());
    // Ten calls at once, and then one a second.
    server.set_variable("TIENDO_CALLS_PER_IDENTITY", "1");
    server.start_again().await;
    let said = agent.run(&["status", "--send"]).await.expect_code(0);
    said.expect_words(&["không còn 12 lượt gửi"]);
    let clients = Wire::to(&server).showing(&operator).clients().await;
    assert_eq!(known(&clients, None).await.len(), 12);
}

#[tokio::test]
async fn a_server_whose_chain_was_changed_gets_nothing_until_it_is_trusted() {
    let mut server = Server::start_with(trial::options()).await;
    let agent = desk(&server, &[1, 2]);
    submit(&agent, 1).await;
    let (_, receipts) = agent.json(&["receipts"]).await;
    let id = receipts["receipts"][0]["submission"].as_str().unwrap().to_owned();

    // The same key, and another figure under the same submission.
    server.stops_well().await;
    for entry in std::fs::read_dir(server.data()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else if path.file_name().unwrap() != "ledger.key" {
            std::fs::remove_file(path).unwrap();
        }
    }
    server.start_again().await;
    let clients = server.clients().await;
    let forged = single("2024-01", number("so-luong", "9"));
    let forged = v1::SubmitMeasurementsRequest { submission_id: id, ..forged };
    let mut collection = clients.collection(trial::DEPARTMENT);
    let answer = collection.submit_measurements(forged).await.unwrap().into_inner();
    assert_eq!(counts(&answer), [1, 0, 0, 0]);

    let said = agent.run(&["submit", "2.csv", "--mapping", "map.toml"]).await.expect_code(4);
    said.expect_words(&["SỔ CỦA MÁY CHỦ ĐÃ BỊ SỬA", "biên nhận số 1", "Không mất gì"]);
    agent.run(&["status", "--send"]).await.expect_code(4).expect_words(&["verify --trust"]);
    assert_eq!(known(&clients, None).await, ["2024-01 9"], "it gets nothing more");
    agent.run(&["verify"]).await.expect_code(5).expect_words(&["verify --trust"]);
    let (code, verified) = agent.json(&["verify"]).await;
    assert_eq!((code, &verified["changed_receipt"]), (5, &1.into()), "{verified:#}");

    agent.run(&["verify", "--trust"]).await.expect_code(0).expect_words(&["biên nhận số 1"]);
    agent.run(&["verify", "--trust"]).await.expect_code(0).expect_words(&["Không có gì nghi ngờ"]);
    agent.run(&["status", "--send"]).await.expect_code(0);
    assert_eq!(known(&clients, None).await, ["2024-01 9", "2024-02 2"]);
    agent.run(&["verify"]).await.expect_code(0);
    agent.run(&["status", "--send"]).await.expect_code(0).expect_words(&["Không có lượt gửi nào"]);
}

#[tokio::test]
async fn as_of_a_day_before_the_loss_the_answer_is_what_was_said_then() {
    let clock = Some("2026-09-10T08:00:00+07".to_owned());
    let mut server = Server::start_with(Options { clock, ..trial::options() }).await;
    let agent = desk(&server, &[1, 2]);
    submit(&agent, 1).await;
    submit(&agent, 2).await;
    server.stops_well().await;
    for entry in std::fs::read_dir(server.data()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        }
    }
    server.set_clock("2026-09-20T08:00:00+07");
    server.start_again().await;
    let clients = server.clients().await;
    assert!(known(&clients, None).await.is_empty());
    agent.run(&["status", "--send"]).await.expect_code(0).expect_words(&["không còn 2 lượt gửi"]);
    let both = ["2024-01 1", "2024-02 2"];
    assert_eq!(known(&clients, Some(SENT)).await, both);
    assert!(known(&clients, Some(SENT - 1)).await.is_empty());
    agent.run(&["verify"]).await.expect_code(0);

    // Lost once more, with the receipts of the second time; and after a rebuild.
    server.stops_well().await;
    for entry in std::fs::read_dir(server.data()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        }
    }
    server.set_clock("2026-09-30T08:00:00+07");
    server.start_again().await;
    agent.run(&["status", "--send"]).await.expect_code(0);
    server.restart().await;
    assert_eq!(known(&server.clients().await, Some(SENT)).await, both);
}

#[tokio::test]
async fn a_foreign_receipt_proves_nothing_and_keeps_nothing_back() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let mut collection = clients.collection(trial::DEPARTMENT);
    let first = single("2024-01", number("so-luong", "1"));
    let answer = collection.submit_measurements(first).await.unwrap().into_inner();
    // Dated back, and for something else.
    let mut receipt = answer.receipt.unwrap();
    let other = single("2024-02", number("so-luong", "2"));
    receipt.submission_id.clone_from(&other.submission_id);
    receipt.received_at = Some(prost_types::Timestamp { seconds: SENT - 1_000_000, nanos: 0 });
    let earlier_answer = Some(v1::EarlierAnswer {
        receipt: Some(receipt),
        outcomes: answer.outcomes,
        rejections: Vec::new(),
        agent: "test-agent".to_owned(),
    });
    let other = v1::SubmitMeasurementsRequest { earlier_answer, ..other };
    let answer = collection.submit_measurements(other).await.unwrap().into_inner();
    assert_eq!(counts(&answer), [1, 0, 0, 0]);
    assert_eq!(answer.receipt.unwrap().first_received_at, None);
}
