//! Tokens and servers that are not the right ones: each told in its own words.

use tiendo_server::clock::Clock;
use tiendo_shared::token::JoinToken;
use tiendo_shared::wire::{self, v1};

use super::{SUBMIT, clients, desk, members, province, token};
use crate::harness::{Agent, Proxy, SOON, Server, grant, trial, until};

/// Fails to enrol, in both languages, with these words.
#[track_caller]
fn refused(address: &str, token: &str, vi: &str, en: &str) -> impl Future<Output = ()> {
    let (address, token, vi, en) =
        (address.to_owned(), token.to_owned(), vi.to_owned(), en.to_owned());
    async move {
        for (lang, words) in [("vi", &vi), ("en", &en)] {
            let agent = desk();
            let said = agent.enrol(&address, &token, &["--lang", lang, "--agent", "may-1"]).await;
            said.expect_code(1).expect_words(&[words]);
            assert!(!agent.home().join("agent.pem").exists());
        }
    }
}

#[tokio::test]
async fn a_slip_is_told_before_anything_is_sent() {
    let (server, admin) = province().await;
    let token = token(&server, &admin).await;
    // Nobody listens there: what is wrong with the token is told first.
    let nobody = "127.0.0.1:9";
    refused(nobody, "", "Không có mã", "No join token").await;
    refused(nobody, "xin chào", "bắt đầu bằng `tiendo-`", "begins with `tiendo-`").await;
    refused(nobody, &token[..60], "bị thiếu: mới có 53", "incomplete: 53").await;
    let swapped = format!("{}{}{}", &token[..50], &token[51..52], &token[50..51]) + &token[52..];
    if swapped != token {
        refused(nobody, &swapped, "gõ sai", "mistyped").await;
    }
    let said = desk().enrol(nobody, &token, &[]).await.expect_code(1);
    said.expect_words(&["127.0.0.1:9", "Không liên lạc được", "cùng mã"]);
    // What copying does to a token does not matter.
    let copied = format!("\n  {}\r\n{}\n\n", token[..40].to_uppercase(), &token[40..]);
    desk().enrol(&server.address(), &copied, &["--agent", "a"]).await.expect_code(0);
}

#[tokio::test]
async fn a_token_can_come_from_a_file_and_not_from_two_places() {
    let (server, admin) = province().await;
    let token = token(&server, &admin).await;
    let agent = desk();
    agent.put("ma.txt", format!("{token}\n"));
    let address = server.address();
    let missing = ["enrol", "--server", &address, "--token-file", "khong-co.txt"];
    agent.run(&missing).await.expect_code(1).expect_words(&["khong-co.txt"]);
    let both = ["enrol", "--server", &address, "--token-file", "ma.txt", "--token", &token];
    agent.run(&both).await.expect_code(2);
    agent
        .run(&["enrol", "--token-file", "ma.txt"])
        .await
        .expect_code(64)
        .expect_words(&["--server"]);
    let plain = ["enrol", "--server", &address, "--insecure-loopback", "--token-file", "ma.txt"];
    agent.run(&plain).await.expect_code(64).expect_words(&["insecure_loopback"]);
    agent.run(&["enrol", "--server", &address, "--token-file", "ma.txt"]).await.expect_code(0);
}

#[tokio::test]
async fn tokens_the_server_does_not_take_are_told_apart() {
    let (server, admin) = province().await;
    let address = server.address();
    let known: JoinToken = token(&server, &admin).await.parse().unwrap();
    let invented = JoinToken::new(known.authority, [7; 20]).text();
    refused(&address, &invented, "không biết mã", "does not know this join token").await;

    let used = token(&server, &admin).await;
    desk().enrol(&address, &used, &["--agent", "dau-tien"]).await.expect_code(0);
    refused(&address, &used, "đã được dùng", "was used").await;

    let mut admins = clients(&server, &admin).await.admin();
    let made = admins.create_join_token(grant("agent", trial::DEPARTMENT, "")).await.unwrap();
    let made = made.into_inner();
    let revoke = v1::RevokeJoinTokenRequest { token_id: made.token_id };
    admins.revoke_join_token(revoke).await.unwrap();
    refused(&address, &made.token, "đã bị hủy", "was revoked").await;

    let short = v1::CreateJoinTokenRequest {
        lifetime: Some("1s".parse().unwrap()),
        ..grant("agent", trial::DEPARTMENT, "")
    };
    let short = admins.create_join_token(short).await.unwrap().into_inner();
    let ends = short.expires_at.as_ref().and_then(wire::instant).unwrap();
    let over = async || (Clock::system().now() > ends).then_some(());
    until(SOON, over).await.expect("a second passes");
    refused(&address, &short.token, "đã hết hạn", "has expired").await;
}

#[tokio::test]
async fn a_secret_goes_to_no_other_server() {
    let (ours, admin) = province().await;
    let (theirs, their_admin) = province().await;
    let token = token(&ours, &admin).await;
    let words = ("không phải máy chủ của tỉnh", "is not the province's server");
    refused(&theirs.address(), &token, words.0, words.1).await;
    assert_eq!(members(&theirs, &their_admin).await.len(), 1);
    // Behind another name our own server is not believed either.
    let line = Proxy::start("127.0.0.2:0", &ours.address(), false).await;
    refused(&line.address(), &token, "localhost, 127.0.0.1", "but for: localhost, 127.0.0.1").await;
    let plain = Server::start_with(trial::options()).await;
    refused(&plain.address(), &token, "không mã hóa (TLS)", "without encryption (TLS)").await;
    // The token was shown to none of them: it still opens the right door, once.
    let agent = desk();
    agent.enrol(&ours.address(), &token, &["--agent", "may-1"]).await.expect_code(0);
    // An enrolled computer is as careful: it sends nothing to another server.
    let address = theirs.address();
    let said = agent.run(&[&SUBMIT[..], &["--server", &address]].concat()).await;
    said.expect_words(&["không phải máy chủ của tỉnh"]);
    assert!(super::known(&theirs, &their_admin).await.is_empty());
}

#[tokio::test]
async fn files_of_the_identity_that_are_damaged_are_named() {
    let (server, admin) = province().await;
    let agent = desk();
    let enrolled = token(&server, &admin).await;
    agent.enrol(&server.address(), &enrolled, &["--agent", "may-1"]).await.expect_code(0);
    let other = Agent::unknown();
    let token = token(&server, &admin).await;
    other.enrol(&server.address(), &token, &["--agent", "may-2"]).await.expect_code(0);
    // Another computer's certificate does not go with this key.
    let own = std::fs::read(agent.home().join("agent.pem")).unwrap();
    std::fs::copy(other.home().join("agent.pem"), agent.home().join("agent.pem")).unwrap();
    let said = agent.run(&["status", "--send"]).await.expect_code(64);
    said.expect_words(&["agent.pem"]);
    std::fs::write(agent.home().join("agent.pem"), "hỏng").unwrap();
    let said = agent.run(&["status", "--send"]).await.expect_code(64);
    said.expect_words(&["agent.pem", "tiendo-agent enrol"]);
    std::fs::write(agent.home().join("agent.pem"), own).unwrap();
    agent.run(&["status", "--send"]).await.expect_code(0);
}
