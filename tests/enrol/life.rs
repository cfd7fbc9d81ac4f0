//! From the token to the certificate that is revoked, as officers and administrators live it.

use std::path::Path;

use tiendo_shared::wire::v1;
use tokio::process::Command;

use super::{SUBMIT, clients, desk, figure, known, members, province, token};
use crate::harness::{Agent, Outcome, Proxy, grant, run, trial, until};
use crate::setting::tool;

fn names(folder: &Path) -> Vec<String> {
    let listed = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        listed.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_computer_is_let_in_reports_and_is_put_out() {
    let (server, admin) = province().await;
    let agent = desk();
    let before = agent.run(&SUBMIT).await.expect_code(64);
    before.expect_words(&["--server"]);
    let token = token(&server, &admin).await;
    let said = agent.enrol(&server.address(), &token, &["--agent", "may-1"]).await;
    said.expect_code(0).expect_words(&["so-mot/agent/may-1", "tiendo-agent template"]);
    assert_eq!(names(&agent.home()), ["agent.key", "agent.pem", "agent.toml", "ca.pem", "ledger"]);
    let remembered = std::fs::read_to_string(agent.home().join("agent.toml")).unwrap();
    assert_eq!(remembered, format!("server = \"{}\"\n", server.address()));
    // From here on no command needs to know more.
    agent.run(&SUBMIT).await.expect_code(0).expect_words(&["Biên nhận số 1"]);
    assert_eq!(known(&server, &admin).await, ["so-luong 2024-01 1"]);
    agent.run(&["status"]).await.expect_code(0).expect_words(&["so-mot/agent/may-1", "tự gia hạn"]);
    let (_, status) = agent.json(&["status"]).await;
    assert_eq!(status["role"], "agent");
    assert_eq!(status["agent"], "may-1");
    agent.run(&["verify"]).await.expect_code(0);
    let chain = crate::ledger::chain(&clients(&server, &admin).await, trial::DEPARTMENT).await;
    assert_eq!(chain.entries[0].canonical.agent, "may-1", "as the certificate says");
    // Whoever is in does not enrol by mistake; another department is not spoken for.
    let again = agent.enrol(&server.address(), &token, &[]).await.expect_code(1);
    again.expect_words(&["may-1", "--replace"]);
    let other = agent.run(&["status", "--department", "so-hai"]).await.expect_code(64);
    other.expect_words(&["so-mot", "so-hai"]);

    let revoked = v1::RevokeAgentRequest {
        department: trial::DEPARTMENT.to_owned(),
        agent: "may-1".to_owned(),
        reason: "mất máy".to_owned(),
    };
    clients(&server, &admin).await.admin().revoke_agent(revoked).await.unwrap();
    figure(&agent, "2024-02", "2");
    let out = agent.run(&SUBMIT).await.expect_code(4);
    out.expect_words(&["thu hồi", "Không mất gì"]);
    let out = agent.run(&["--lang", "en", "status", "--send"]).await.expect_code(4);
    out.expect_words(&["revoked", "Nothing is lost"]);
    // The old token opens nothing; a new one does, and what waited is sent.
    let used = agent.enrol(&server.address(), &token, &["--replace"]).await.expect_code(1);
    used.expect_words(&["đã được dùng"]);
    let token = super::token(&server, &admin).await;
    let back = agent.enrol(&server.address(), &token, &["--replace", "--agent", "may-2"]).await;
    back.expect_code(0);
    agent.run(&["status", "--send"]).await.expect_code(0);
    assert_eq!(known(&server, &admin).await, ["so-luong 2024-01 1", "so-luong 2024-02 2"]);
    let members = members(&server, &admin).await;
    assert!(members.contains(&"(so-mot/agent/may-1)".to_owned()), "{members:?}");
    assert!(members.contains(&"so-mot/agent/may-2".to_owned()), "{members:?}");
}

#[tokio::test]
async fn a_lost_answer_does_not_burn_the_token() {
    let (server, admin) = province().await;
    let token = token(&server, &admin).await;
    let agent = desk();
    let line = Proxy::start("127.0.0.1:0", &server.address(), true).await;
    let address = line.address();
    let mut first = agent.command(&["enrol", "--server", &address, "--token", &token]);
    let mut first = first
        .args(["--agent", "may-1"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let redeemed = until(std::time::Duration::from_mins(1), async || {
        let members = members(&server, &admin).await;
        members.contains(&"so-mot/agent/may-1".to_owned()).then_some(())
    });
    redeemed.await.expect("the token is redeemed");
    // The power goes: the agent never learns that it was let in.
    first.kill().await.unwrap();
    drop(line);
    assert!(!agent.home().join("agent.pem").exists());
    let said = agent.enrol(&server.address(), &token, &["--agent", "may-1"]).await;
    said.expect_code(0).expect_words(&["so-mot/agent/may-1"]);
    agent.run(&SUBMIT).await.expect_code(0);
    // Another computer with the same token is another key.
    let thief = desk().enrol(&server.address(), &token, &["--agent", "may-1"]).await;
    thief.expect_code(1).expect_words(&["đã được dùng"]);
}

#[tokio::test]
async fn a_token_made_for_a_name_gives_that_name() {
    let (server, admin) = province().await;
    let bound = server.token(&admin, grant("agent", trial::DEPARTMENT, "ke-toan")).await;
    let wrong = desk().enrol(&server.address(), &bound, &["--agent", "may-1"]).await;
    wrong.expect_code(1).expect_words(&["--agent"]);
    // Whoever says nothing gets the name, whatever the computer is called.
    let agent = desk();
    let said = agent.enrol(&server.address(), &bound, &[]).await;
    said.expect_code(0).expect_words(&["so-mot/agent/ke-toan"]);
    let free = token(&server, &admin).await;
    let taken = desk().enrol(&server.address(), &free, &["--agent", "ke-toan"]).await;
    taken.expect_code(1).expect_words(&["tên khác"]);
    // A key that was certified under a name is not offered for another one.
    let lost = desk();
    let another = token(&server, &admin).await;
    let line = Proxy::start("127.0.0.1:0", &server.address(), true).await;
    let mut child = lost
        .command(&["enrol", "--server", &line.address(), "--token", &another, "--agent", "cu"])
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let redeemed = until(std::time::Duration::from_mins(1), async || {
        members(&server, &admin).await.contains(&"so-mot/agent/cu".to_owned()).then_some(())
    });
    redeemed.await.expect("the token is redeemed");
    child.kill().await.unwrap();
    let said = lost.enrol(&server.address(), &free, &["--agent", "moi"]).await;
    said.expect_code(0).expect_words(&["so-mot/agent/moi"]);
}

/// Words of a line as a shell would see them, without its first.
fn arguments(line: &str) -> Vec<String> {
    let quoted = line.split('"').enumerate();
    let words = quoted.flat_map(|(at, part)| {
        let part = part.to_owned();
        if at % 2 == 1 { vec![part] } else { part.split_whitespace().map(str::to_owned).collect() }
    });
    words.skip(1).collect()
}

#[tokio::test]
async fn people_get_files_that_grpcurl_takes() {
    let (server, admin) = province().await;
    for (role, department) in [("operator", ""), ("reviewer", ""), ("administrator", "")] {
        let token = server.token(&admin, grant(role, department, "lan")).await;
        let person = Agent::unknown();
        let asked = if role == "operator" { "reviewer" } else { "operator" };
        let other = person.enrol(&server.address(), &token, &["--role", asked]).await;
        other.expect_code(1).expect_words(&[role, asked]);
        assert!(!person.home().join("agent.pem").exists(), "nothing was changed");
        let said = person.enrol(&server.address(), &token, &["--role", role]).await;
        let said = said.expect_code(0).expect_words(&[&format!("province/{role}/lan")]);
        person
            .run(&["status"])
            .await
            .expect_code(0)
            .expect_words(&[&format!("province/{role}/lan")]);
        person.run(&["submit", "x.csv"]).await.expect_code(1);
        let Some(grpcurl) = tool("grpcurl") else { continue };
        let line = said.stdout.lines().find(|line| line.trim().starts_with("grpcurl "));
        let answer = run(Command::new(grpcurl).args(arguments(line.unwrap()))).await;
        answer.expect_code(0).expect_words(&["tiendo.v1.StatusService"]);
    }
}

#[tokio::test]
async fn a_wrong_clock_is_told_and_what_to_do() {
    let (server, admin) = province().await;
    let token = token(&server, &admin).await;
    let agent = desk();
    agent.enrol(&server.address(), &token, &[]).await.expect_code(0);
    let said = agent.run_ahead(3_600, &SUBMIT).await.expect_code(0);
    said.expect_words(&["nhanh 60 phút", "múi giờ"]);
    let said = agent.run_ahead(-1_200, &["--lang", "en", "status", "--send"]).await;
    said.expect_code(0).expect_words(&["20 minutes behind"]);
    let fine = agent.run_ahead(60, &["status", "--send"]).await.expect_code(0);
    assert!(!fine.all().contains("múi giờ"), "{}", fine.all());
    // So far off that the server's certificate cannot be believed: nothing is lost.
    figure(&agent, "2024-02", "2");
    let lost = agent.run_ahead(-86_400 * 400, &SUBMIT).await.expect_code(4);
    lost.expect_words(&["Theo đồng hồ máy này", "Không mất gì"]);
    agent.run(&["status", "--send"]).await.expect_code(0);
    assert_eq!(known(&server, &admin).await.len(), 2);
}

#[tokio::test]
async fn nothing_that_is_said_or_logged_shows_a_secret() {
    let (server, admin) = province().await;
    let token = token(&server, &admin).await;
    let agent = desk();
    let mut said = String::new();
    let mut hear = |outcome: Outcome| said.push_str(&outcome.all());
    let slip = token.replacen(&token[20..21], if &token[20..21] == "a" { "b" } else { "a" }, 1);
    hear(agent.enrol(&server.address(), &slip, &["-vv"]).await);
    let mut command = agent.command(&["enrol", "-vv", "--server", &server.address()]);
    command.args(["--token", &token]).env("RUST_LOG", "trace");
    hear(run(&mut command).await.expect_code(0));
    let mut command = agent.command(&[&SUBMIT[..], &["-vv"]].concat());
    hear(run(command.env("RUST_LOG", "trace")).await.expect_code(0));
    let key = std::fs::read_to_string(agent.home().join("agent.key")).unwrap();
    let key = key.lines().nth(1).unwrap().to_owned();
    for secret in [&token[60..90], &slip[60..90], &key[..30]] {
        assert!(!said.contains(secret), "{said}");
        assert!(!server.log().contains(secret));
    }
}
