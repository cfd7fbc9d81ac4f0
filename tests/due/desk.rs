//! What an officer sees with `tiendo-agent due`, while the line is up and while it is down.

use super::{due, options};
use crate::harness::{Agent, Server};

const MAPPING: &str = r#"
layout = "long"
header = { find = ["Kỳ", "Giá trị"] }
columns = { indicator = "Chỉ tiêu", period = "Kỳ", value = "Giá trị" }
number = { format = "point" }
"#;

fn file(period: &str) -> String {
    format!("Chỉ tiêu;Kỳ;Giá trị\nthang;{period};5\n")
}

#[tokio::test]
async fn late_reports_come_first_and_are_marked() {
    let server = Server::start_with(options("2026-09-18T08:00:00+07")).await;
    let agent = Agent::of(&server, "muon");
    agent.put("map.toml", MAPPING);
    agent.put("thang8.csv", file("2026-08"));
    agent.put("thang9.csv", file("2026-09"));
    let said = agent.run(&["due"]).await.expect_code(6).expect_words(&[
        "Sở muon",
        "QUÁ HẠN: 2 báo cáo",
        "thứ Tư, 16/09/2026",
        "! quá hạn 2 ngày",
        "còn 42 ngày",
        "0 / 1 số liệu",
        "template --period 2026-08",
    ]);
    let place = |words: &str| said.stdout.find(words).unwrap();
    assert!(place("18/08/2026") < place("16/09/2026"), "{}", said.stdout);
    assert!(place("16/09/2026") < place("30/10/2026"), "{}", said.stdout);
    agent.run(&["due", "--lang", "en"]).await.expect_code(6).expect_words(&[
        "LATE: 2 reports",
        "Wednesday 16 September 2026",
        "! 2 days late",
        "42 days left",
    ]);
    for name in ["thang8.csv", "thang9.csv"] {
        agent.run(&["submit", name, "--mapping", "map.toml"]).await.expect_code(0);
    }
    let (code, left) = agent.json(&["due"]).await;
    assert_eq!((code, &left["source"], &left["late"]), (0, &"server".into(), &0.into()));
    let reports = left["reports"].as_array().unwrap();
    assert_eq!(reports.len(), 1, "{left:#}");
    assert_eq!(reports[0]["period"], "2026-10", "{left:#}");
    assert_eq!(reports[0]["days_left"], 42, "{left:#}");
    assert_eq!(reports[0]["outstanding"][0], "thang", "{left:#}");
    // The form is that of the report that is due first.
    agent.run(&["template", "--out", "mau.xlsx"]).await.expect_code(0).expect_words(&["2026-10"]);
}

#[tokio::test]
async fn without_the_line_this_computer_tells_what_it_knows() {
    let mut server = Server::start_with(options("2026-09-10T08:00:00+07")).await;
    let agent = Agent::of(&server, "muon");
    agent.put("map.toml", MAPPING);
    agent.put("thang8.csv", file("2026-08"));
    agent.put("thang9.csv", file("2026-09"));
    agent.run(&["submit", "thang8.csv", "--mapping", "map.toml"]).await.expect_code(0);
    server.kill9().await;
    agent.run(&["submit", "thang9.csv", "--mapping", "map.toml"]).await.expect_code(4);
    agent.run(&["due"]).await.expect_code(0).expect_words(&["theo danh mục và sổ gửi", "2026-09"]);
    let (code, left) = agent.json(&["due"]).await;
    assert_eq!((code, &left["source"]), (0, &"ledger".into()), "{left:#}");
    let reports = left["reports"].as_array().unwrap();
    assert_eq!(reports.len(), 1, "August has its receipt, October is not open: {left:#}");
    assert_eq!(reports[0]["period"], "2026-09", "{left:#}");
    assert_eq!(reports[0]["waiting"], 1, "{left:#}");
    assert_eq!(reports[0]["days_left"], 6, "{left:#}");
    server.start_again().await;
    agent.run(&["status", "--send"]).await.expect_code(0);
    assert!(due(&server.clients().await, "muon").await.is_empty());
    agent.run(&["due"]).await.expect_code(0).expect_words(&["Không còn báo cáo nào phải gửi"]);
}

#[tokio::test]
async fn without_a_catalogue_nothing_is_known_to_be_owed() {
    let agent = Agent::at("127.0.0.1:9", "muon");
    agent.run(&["due"]).await.expect_code(1).expect_words(&["danh mục"]);
}
