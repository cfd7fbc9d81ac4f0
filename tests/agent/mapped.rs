//! Files of a department's own layout, read by a mapping: csv, xlsx and ods alike.

use super::{LONG, known, lay_out_workbooks};
use crate::harness::{Agent, Server, trial};

const KNOWN: [&str; 3] = ["so-luong 2024-09 7.25", "ty-le 2023 40.5", "ty-le 2024 45"];

#[tokio::test]
async fn the_same_figures_come_from_csv_xlsx_and_ods() {
    let csv = "Chỉ tiêu;Kỳ;Giá trị\nty-le;2023;40.5\nty-le;2024;45\nso-luong;2024-09;7.25\n";
    for name in ["good.csv", "good.xlsx", "good.ods"] {
        let server = Server::start_with(trial::options()).await;
        let agent = Agent::of(&server, trial::DEPARTMENT);
        agent.put("good.csv", csv);
        agent.put("map.toml", LONG);
        if !lay_out_workbooks(&agent).await && name != "good.csv" {
            continue;
        }
        agent.run(&["check", name, "--mapping", "map.toml"]).await.expect_code(0);
        assert!(known(&server.clients().await, trial::DEPARTMENT).await.is_empty(), "only checked");
        agent.run(&["submit", name, "--mapping", "map.toml"]).await.expect_code(0);
        assert_eq!(known(&server.clients().await, trial::DEPARTMENT).await, KNOWN, "{name}");
        // Sent again, everything is known already.
        agent.run(&["submit", name, "--mapping", "map.toml"]).await.expect_code(0);
        assert_eq!(known(&server.clients().await, trial::DEPARTMENT).await, KNOWN, "{name}");
    }
}

#[tokio::test]
async fn a_job_of_the_configuration_reads_its_file() {
    let server = Server::start_with(trial::options()).await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    std::fs::create_dir_all(agent.home()).unwrap();
    let inline: String = LONG.lines().map(|line| format!("{line}\n")).collect();
    let config = format!("[[job]]\nname = \"thang\"\n[job.mapping]\n{inline}");
    std::fs::write(agent.home().join("agent.toml"), config).unwrap();
    agent.put("good.csv", "Chỉ tiêu;Kỳ;Giá trị\nso-luong;2024-09;7.25\n");
    agent.run(&["submit", "good.csv", "--job", "thang"]).await.expect_code(0);
    let clients = server.clients().await;
    assert_eq!(known(&clients, trial::DEPARTMENT).await, ["so-luong 2024-09 7.25"]);
    agent.run(&["submit", "good.csv", "--job", "quy"]).await.expect_words(&["thang", "quy"]);
}

#[tokio::test]
async fn numbers_are_read_in_the_declared_format_only() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    let comma = LONG.replace("\"point\"", "\"comma\"");
    agent.put("point.toml", LONG);
    agent.put("comma.toml", &comma);
    let file = |value: &str| format!("Chỉ tiêu;Kỳ;Giá trị\nso-luong;2024-09;{value}\n");
    for (value, mapping, expect) in [
        ("1.234,5", "comma.toml", Some("1234.5")),
        ("1,234.5", "point.toml", Some("1234.5")),
        ("12,5", "comma.toml", Some("12.5")),
        ("12,5", "point.toml", None),
        ("1,234.5", "comma.toml", None),
    ] {
        agent.put("one.csv", file(value));
        let said = agent.run(&["submit", "one.csv", "--mapping", mapping]).await;
        let Some(expect) = expect else {
            assert_ne!(said.code, Some(0), "{value} by {mapping}");
            said.expect_words(&[value, "C"]);
            continue;
        };
        said.expect_code(0);
        let found = known(&clients, trial::DEPARTMENT).await;
        assert_eq!(found, [format!("so-luong 2024-09 {expect}")], "{value} {mapping}");
    }
}
