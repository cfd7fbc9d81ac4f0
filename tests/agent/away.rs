//! The line is down: nothing is lost, and what waited is sent first.

use std::process::Stdio;

use super::{LONG, known};
use crate::harness::{Agent, Server, trial};

fn file(period: &str, value: &str) -> String {
    format!("Chỉ tiêu;Kỳ;Giá trị\nso-luong;{period};{value}\n")
}

fn desk(server: &Server) -> Agent {
    let agent = Agent::of(server, trial::DEPARTMENT);
    agent.put("map.toml", LONG);
    agent.put("mot.csv", file("2024-01", "1"));
    agent.put("hai.csv", file("2024-02", "2"));
    agent
}

#[tokio::test]
async fn what_could_not_be_sent_is_saved_and_sent_first() {
    let mut server = Server::start_with(trial::options()).await;
    let agent = desk(&server);
    // The first contact brings the catalogue; then the line goes down.
    agent.run(&["check", "mot.csv", "--mapping", "map.toml"]).await.expect_code(0);
    server.kill9().await;
    let said = agent.run(&["submit", "mot.csv", "--mapping", "map.toml"]).await;
    said.expect_code(4).expect_words(&["Không mất gì"]);
    agent.run(&["status"]).await.expect_code(0).expect_words(&["1 lượt"]);
    agent.run(&["verify"]).await.expect_code(0);

    server.start_again().await;
    assert!(known(&server.clients().await, trial::DEPARTMENT).await.is_empty());
    let said = agent.run(&["submit", "hai.csv", "--mapping", "map.toml"]).await;
    said.expect_code(0).expect_words(&["Gửi trước 1 lượt"]);
    let clients = server.clients().await;
    assert_eq!(
        known(&clients, trial::DEPARTMENT).await,
        ["so-luong 2024-01 1", "so-luong 2024-02 2"]
    );
    let chain = crate::ledger::chain(&clients, trial::DEPARTMENT).await;
    let periods: Vec<_> =
        chain.entries.iter().map(|entry| entry.content.groups[0].period.as_str()).collect();
    assert_eq!(periods, ["2024-01", "2024-02"], "what waited went first");
    assert_eq!(chain.entries[0].canonical.agent, "may-thu");
    agent.run(&["status"]).await.expect_code(0).expect_words(&["Không có lượt gửi nào đang chờ"]);
    let (code, receipts) = agent.json(&["receipts"]).await;
    assert_eq!((code, receipts["receipts"].as_array().unwrap().len()), (0, 2), "{receipts:#}");
    agent.run(&["verify"]).await.expect_code(0);
}

#[tokio::test]
async fn status_sends_what_waits() {
    let mut server = Server::start_with(trial::options()).await;
    let agent = desk(&server);
    agent.run(&["check", "mot.csv", "--mapping", "map.toml"]).await.expect_code(0);
    server.kill9().await;
    for name in ["mot.csv", "hai.csv"] {
        agent.run(&["submit", name, "--mapping", "map.toml"]).await.expect_code(4);
    }
    agent.run(&["status", "--send"]).await.expect_code(4);
    server.start_again().await;
    agent.run(&["status", "--send"]).await.expect_code(0);
    assert_eq!(known(&server.clients().await, trial::DEPARTMENT).await.len(), 2);
}

#[tokio::test]
async fn without_a_catalogue_nothing_can_be_checked() {
    let agent = Agent::at("127.0.0.1:9", trial::DEPARTMENT);
    agent.put("map.toml", LONG);
    agent.put("mot.csv", file("2024-01", "1"));
    let said = agent.run(&["submit", "mot.csv", "--mapping", "map.toml"]).await;
    assert!(matches!(said.code, Some(1 | 4)), "{said:?}");
    said.expect_words(&["danh mục"]);
}

/// An agent that was killed at any moment goes on where it was.
#[tokio::test]
async fn a_killed_agent_sends_each_submission_once() {
    let server = Server::start_with(trial::options()).await;
    let agent = desk(&server);
    let rows: String = (0..3_000)
        .map(|n| format!("so-luong;{}-{:02};{n}\n", 1990 + n / 12 % 30, n % 12 + 1))
        .collect();
    agent.put("nhieu.csv", format!("Chỉ tiêu;Kỳ;Giá trị\n{rows}"));
    let mut random = crate::harness::random("a_killed_agent_sends_each_submission_once");
    for _ in 0..6 {
        let mut child = agent
            .command(&["submit", "nhieu.csv", "--mapping", "map.toml"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        // Somewhere between its start and its end.
        let moment = std::time::Duration::from_millis(random.u64(5..400));
        if tokio::time::timeout(moment, child.wait()).await.is_err() {
            child.kill().await.unwrap();
        }
    }
    let said = agent.run(&["submit", "nhieu.csv", "--mapping", "map.toml"]).await;
    assert!(matches!(said.code, Some(0 | 3)), "{said:?}");
    let clients = server.clients().await;
    assert_eq!(known(&clients, trial::DEPARTMENT).await.len(), 360);
    let chain = crate::ledger::chain(&clients, trial::DEPARTMENT).await;
    let mut ids: Vec<_> = chain.entries.iter().map(|entry| &entry.submission_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), chain.entries.len(), "no submission stands in the ledger twice");
    agent.run(&["verify"]).await.expect_code(0);
}
