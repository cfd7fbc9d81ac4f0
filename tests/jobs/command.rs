//! A command that prints CSV, run by schedule.

use super::{computer, configure, until_known, until_shown};
use crate::harness::{Server, Service, trial};

const JOB: &str = "[[job]]\nname = 'lenh'\nschedule = '* * * * * *'\nspread = '0s'\nmapping = 'long.toml'\n\
                   command = { run = ['cat', 'DESK/ra.csv'] }\n";

#[tokio::test]
async fn what_a_command_prints_is_sent_whenever_it_differs() {
    let server = Server::start_with(trial::options()).await;
    let agent = computer(&server, JOB);
    agent.put("ra.csv", "Chỉ tiêu;Kỳ;Giá trị\nso-luong;2024-01;1\n");
    let mut service = Service::start(&agent);
    until_known(&server, &["so-luong 2024-01 1"]).await;
    // A row that is refused is reported, the others are taken.
    agent.put("ra.csv", "Chỉ tiêu;Kỳ;Giá trị\nso-luong;2024-01;2\nso-luong;2024-13;3\n");
    until_known(&server, &["so-luong 2024-01 2"]).await;
    service.says("lenh-tu-choi.xlsx").await;
    assert!(agent.home().join("reports/lenh-tu-choi.xlsx").exists());
    // One that fails is told with what it complained about, and tried again.
    std::fs::remove_file(agent.desk().join("ra.csv")).unwrap();
    service.says("No such file").await;
    until_shown(&agent, |all| {
        ["lenh", "hỏng", "No such file", "đang chạy"].iter().all(|word| all.contains(word))
    })
    .await;
    service.stops_well().await;
    let chain = crate::ledger::chain(&server.clients().await, trial::DEPARTMENT).await;
    assert_eq!(chain.entries.len(), 2, "the same figures are not sent each second");
}

#[tokio::test]
async fn a_command_that_cannot_start_disables_its_job_alone() {
    let server = Server::start_with(trial::options()).await;
    let bad = JOB.replace("['cat', 'DESK/ra.csv']", "['no-such-program', 'x']");
    let agent = computer(&server, &format!("{bad}{}", JOB.replace("lenh", "khac")));
    agent.put("ra.csv", "Chỉ tiêu;Kỳ;Giá trị\nso-luong;2024-01;1\n");
    let service = Service::start(&agent);
    service.says("`lenh` tạm tắt").await;
    until_known(&server, &["so-luong 2024-01 1"]).await;
    until_shown(&agent, |all| all.contains("ĐÃ TẮT") && all.contains("no-such-program")).await;
    // It comes back when its configuration changes.
    agent.put("ra.csv", "Chỉ tiêu;Kỳ;Giá trị\nso-luong;2024-02;2\n");
    configure(&agent, JOB);
    service.signal(rustix::process::Signal::HUP);
    until_known(&server, &["so-luong 2024-01 1", "so-luong 2024-02 2"]).await;
    until_shown(&agent, |all| !all.contains("ĐÃ TẮT")).await;
}
