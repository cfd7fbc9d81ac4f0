//! Outages, kills and machines that were off: nothing lost, nothing doubled, made up once.

use std::time::Duration;

use serde_json::{Value, json};

use super::{WATCH, computer, file, until_known, until_shown, until_there};
use crate::agent::known;
use crate::harness::{Agent, SOON, Server, Service, random, trial, until};
use crate::ledger::chain;

#[tokio::test]
async fn jobs_go_on_while_the_server_is_away_and_send_when_it_is_back() {
    let mut server = Server::start_with(trial::options()).await;
    let agent = computer(&server, WATCH);
    let service = Service::start(&agent);
    agent.put("vao/mot.csv", file(&[("2024-01", "1")]));
    until_known(&server, &["so-luong 2024-01 1"]).await;
    // What the server knows may still be on its way back.
    until_shown(&agent, |all| all.contains("đã trả lời 1 lượt gửi")).await;
    server.kill9().await;
    for (name, period, value) in [("hai", "2024-02", "2"), ("ba", "2024-03", "3")] {
        agent.put(&format!("vao/{name}.csv"), file(&[(period, value)]));
        until_there(&agent, &format!("vao/done/{name}.csv")).await;
    }
    service.says("Không liên lạc được").await;
    until_shown(&agent, |all| all.contains("2 lượt") && all.contains("Không liên lạc được")).await;
    server.start_again().await;
    let known = ["so-luong 2024-01 1", "so-luong 2024-02 2", "so-luong 2024-03 3"];
    until_known(&server, &known).await;
    service.says("Đã liên lạc lại").await;
}

#[tokio::test]
async fn a_service_killed_at_any_moment_loses_and_doubles_nothing() {
    const FILES: u32 = 24;
    let mut server = Server::start_with(trial::options()).await;
    let agent = computer(&server, WATCH);
    let mut random = random("a_service_killed_at_any_moment_loses_and_doubles_nothing");
    let mut service = Service::start(&agent);
    until_catalogue(&agent).await;
    for n in 0..FILES {
        agent.put(&format!("vao/{n:02}.csv"), file(&[(&period(n), &n.to_string())]));
    }
    for round in 0..6 {
        // Most of the work is done in the second and third second after a start.
        let moment = Duration::from_millis(random.u64(900..2_600));
        let ended = tokio::time::timeout(moment, service.ends()).await;
        assert!(
            ended.is_err(),
            "the service ended by itself:
{}",
            service.log()
        );
        service.kill9().await;
        if round == 2 {
            server.kill9().await;
            server.start_again().await;
        }
        service = Service::start(&agent);
    }
    let clients = server.clients().await;
    let all = until(SOON * 2, async || {
        (known(&clients, trial::DEPARTMENT).await.len() == FILES as usize).then_some(())
    });
    assert!(
        all.await.is_some(),
        "{:?}\n{}",
        known(&clients, trial::DEPARTMENT).await,
        service.log()
    );
    for n in 0..FILES {
        until_there(&agent, &format!("vao/done/{n:02}.csv")).await;
    }
    service.stops_well().await;
    let known = known(&clients, trial::DEPARTMENT).await;
    for n in 0..FILES {
        assert!(known.contains(&format!("so-luong {} {n}", period(n))), "{known:?}");
    }
    let chain = chain(&clients, trial::DEPARTMENT).await;
    assert_eq!(chain.entries.len(), FILES as usize, "each file is one submission, sent once");
    agent.run(&["verify"]).await.expect_code(0);
}

fn period(n: u32) -> String {
    format!("{}-{:02}", 2020 + n / 12, n % 12 + 1)
}

async fn until_catalogue(agent: &Agent) {
    let path = agent.home().join("catalogue.cache");
    assert!(until(SOON, async || path.exists().then_some(())).await.is_some());
}

#[tokio::test]
async fn runs_missed_while_the_machine_was_off_are_made_up_once() {
    let server = Server::start_with(trial::options()).await;
    let jobs = "[[job]]\nname = 'ngay'\nfile = 'DESK/ngay.csv'\nmapping = 'long.toml'\nschedule = '0 0 * * *'\nspread = '0s'\n";
    let agent = computer(&server, jobs);
    agent.put("ngay.csv", file(&[("2024-01", "1")]));
    let mut service = Service::start(&agent);
    until_catalogue(&agent).await;
    service.stops_well().await;
    assert!(known(&server.clients().await, trial::DEPARTMENT).await.is_empty(), "not planned yet");
    // As if it had last run four days ago.
    let path = agent.home().join("jobs.json");
    let mut known: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let covered: jiff::Timestamp =
        known["jobs"]["ngay"]["covered"].as_str().unwrap().parse().unwrap();
    let days_ago = covered - jiff::SignedDuration::from_hours(4 * 24);
    known["jobs"]["ngay"]["covered"] = json!(days_ago.to_string());
    std::fs::write(&path, known.to_string()).unwrap();
    let mut service = Service::start(&agent);
    service.says("chạy bù một lần: trước đó đã lỡ 3 lần").await;
    until_known(&server, &["so-luong 2024-01 1"]).await;
    let (_, status) = agent.json(&["status"]).await;
    let next: jiff::Timestamp = status["jobs"][0]["next"].as_str().unwrap().parse().unwrap();
    assert!(next > covered, "{status:#}");
    service.stops_well().await;
    // Made up once: the next start finds nothing to do.
    let mut service = Service::start(&agent);
    agent.put("ngay.csv", file(&[("2024-01", "2")]));
    until(SOON, async || (service.log().matches("Bắt đầu").count() == 3).then_some(())).await;
    service.stops_well().await;
    assert_eq!(service.log().matches("chạy bù").count(), 1, "{}", service.log());
}

#[tokio::test]
async fn contacts_go_on_though_there_is_nothing_to_send() {
    let server = Server::start_with(trial::options()).await;
    let agent = computer(&server, WATCH);
    let _service = Service::start(&agent);
    until_catalogue(&agent).await;
    let (_, status) = agent.json(&["status"]).await;
    let last: jiff::Timestamp = status["contact"]["last"].as_str().unwrap().parse().unwrap();
    agent.put("vao/mot.csv", file(&[("2024-01", "1")]));
    until_known(&server, &["so-luong 2024-01 1"]).await;
    let later = until(SOON, async || {
        let (_, status) = agent.json(&["status"]).await;
        let now: jiff::Timestamp = status["contact"]["last"].as_str()?.parse().ok()?;
        (now > last).then_some(())
    });
    assert!(later.await.is_some());
}
