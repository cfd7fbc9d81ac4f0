//! The Excel form: made by the agent, filled in by another program, read back.

use std::path::Path;

use tokio::process::Command;

use super::known;
use crate::harness::{Agent, Server, python, run, trial};

const ENTRIES: [&str; 7] = [
    "ty-le:value=45.5",
    "ty-le:comment=theo báo cáo năm",
    "thu-hang:value=7",
    "thu-hang:ranked_among=63",
    "muc:value=khá",
    "muc-theo-hang:value=20",
    "muc-theo-hang:ranked_among=63",
];

const KNOWN: [&str; 4] =
    ["muc 2024 kha", "muc-theo-hang 2024 20", "thu-hang 2024 7", "ty-le 2024 45.5"];

/// Fills the form on the desk; false where there is no openpyxl.
async fn fill(agent: &Agent, form: &str, entries: &[&str]) -> bool {
    let form = agent.desk().join(form);
    let arguments: Vec<&Path> =
        [form.as_path()].into_iter().chain(entries.iter().map(Path::new)).collect();
    match python(include_str!("../fill_form.py"), &arguments).await {
        Some(filled) => {
            filled.expect_success();
            true
        }
        None => false,
    }
}

#[tokio::test]
async fn a_form_goes_from_template_to_receipt() {
    let server = Server::start_with(trial::options()).await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    let template = ["template", "--period", "2024", "--out", "mau.xlsx"];
    agent.run(&template).await.expect_code(0).expect_words(&["mau.xlsx", "2024"]);
    // What was made is not written over by accident.
    let again = agent.run(&template).await;
    assert_ne!(again.code, Some(0));
    again.expect_words(&["--force"]);
    if !fill(&agent, "mau.xlsx", &ENTRIES).await {
        return;
    }
    agent.run(&["check", "mau.xlsx"]).await.expect_code(0);
    let clients = server.clients().await;
    assert!(known(&clients, trial::DEPARTMENT).await.is_empty(), "only checked");
    agent.run(&["submit", "mau.xlsx"]).await.expect_code(0).expect_words(&["mới 4", "từ chối 0"]);
    assert_eq!(known(&clients, trial::DEPARTMENT).await, KNOWN);
    let said = agent.run(&["receipts"]).await.expect_code(0);
    said.expect_words(&["đúng"]);
    agent.run(&["status"]).await.expect_code(0).expect_words(&[trial::DEPARTMENT]);
    agent.run(&["verify"]).await.expect_code(0);
    // The same form again changes nothing.
    agent.run(&["submit", "mau.xlsx"]).await.expect_code(0).expect_words(&["không đổi 4"]);
    assert_eq!(known(&clients, trial::DEPARTMENT).await, KNOWN);
}

#[tokio::test]
async fn a_bad_cell_of_a_form_is_told_and_the_others_are_taken() {
    let server = Server::start_with(trial::options()).await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    agent.run(&["template", "--period", "2024", "--out", "mau.xlsx"]).await.expect_code(0);
    let entries = [
        "ty-le:value=100.5",
        "muc:value=giỏi",
        "thu-hang:value=7",
        "muc-theo-hang:value=9",
        "muc-theo-hang:ranked_among=34",
    ];
    if !fill(&agent, "mau.xlsx", &entries).await {
        return;
    }
    let said = agent.run(&["submit", "mau.xlsx"]).await.expect_code(3);
    said.expect_words(&["100.5", "từ 0 đến 100", "giỏi", "Thiếu tổng số"]);
    let found = known(&server.clients().await, trial::DEPARTMENT).await;
    assert_eq!(found, ["muc-theo-hang 2024 9"]);
}

#[tokio::test]
async fn a_form_saved_by_libreoffice_is_read() {
    let installed = |name: &&str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
    };
    let Some(office) = ["soffice", "libreoffice"].into_iter().find(installed) else {
        println!("SKIPPED: LibreOffice is not installed on this machine");
        return;
    };
    for format in ["xlsx", "ods"] {
        let server = Server::start_with(trial::options()).await;
        let agent = Agent::of(&server, trial::DEPARTMENT);
        agent.run(&["template", "--period", "2024", "--out", "mau.xlsx"]).await.expect_code(0);
        if !fill(&agent, "mau.xlsx", &ENTRIES).await {
            return;
        }
        let mut command = Command::new(office);
        command
            .current_dir(agent.desk())
            .arg(format!("-env:UserInstallation=file://{}/office", agent.desk().display()))
            .args(["--headless", "--convert-to", format, "--outdir", "luu", "mau.xlsx"]);
        run(&mut command).await.expect_success();
        agent.run(&["submit", &format!("luu/mau.{format}")]).await.expect_code(0);
        assert_eq!(known(&server.clients().await, trial::DEPARTMENT).await, KNOWN, "{format}");
    }
}

#[tokio::test]
async fn a_form_tells_whom_and_which_period_it_is_for() {
    let server = Server::start_with(trial::options()).await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    let other = Agent::of(&server, "so-hai");
    agent.run(&["template", "--period", "2024", "--out", "mau.xlsx"]).await.expect_code(0);
    std::fs::copy(agent.desk().join("mau.xlsx"), other.desk().join("mau.xlsx")).unwrap();
    let said = other.run(&["submit", "mau.xlsx"]).await;
    assert_ne!(said.code, Some(0), "{said:?}");
    said.expect_words(&["so-mot"]);
    // A file that is no form needs a mapping, and is told so.
    agent.put("khac.csv", "Chỉ tiêu;Kỳ;Giá trị\nty-le;2024;1\n");
    let said = agent.run(&["submit", "khac.csv"]).await;
    assert_ne!(said.code, Some(0), "{said:?}");
    said.expect_words(&["khac.csv", "--mapping"]);
}
