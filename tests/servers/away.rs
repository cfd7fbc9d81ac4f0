//! The database goes away and comes back: nothing is taken meanwhile, nobody is told an untruth,
//! and everything goes on by itself.

use std::sync::Arc;

use tiendo_shared::wire::v1;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::ways::{SUBMIT, figure};
use crate::agent::known;
use crate::harness::{
    Agent, Base, Engine, Node, Options, Proxy, SOON, Server, number, single, trial, until,
};
use crate::setting::postgres;

const SETTINGS: &str = "-c fsync=off -c full_page_writes=off";

/// A node of its own, and its database; none where there is no `PostgreSQL`.
fn node() -> Option<(Node, Base)> {
    let node = Node::start(&postgres()?, SETTINGS);
    let base = Base::create_on(&node);
    Some((node, base))
}

fn options(base: Base) -> Options {
    Options { engine: Engine::Shared(Arc::new(base)), ..trial::options() }
}

/// The call is refused for now, with when to come back.
#[track_caller]
fn is_away<T: std::fmt::Debug>(answer: Result<T, tonic::Status>) {
    let status = answer.expect_err("the database is away");
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    let wish = status.get_details_retry_info().and_then(|info| info.retry_delay);
    assert!(wish.is_some_and(|wish| !wish.is_zero()), "{status:?}");
}

async fn comes_back(server: &Server) {
    let back = until(SOON, async || server.serves().await.then_some(())).await;
    assert!(back.is_some(), "it serves again; log:\n{}", server.log());
}

/// How often it has said that it waits.
fn said(server: &Server) -> usize {
    server.log().matches("waiting for the database").count()
}

/// Waits until it has said so often that it waits.
async fn waits(server: &Server, times: usize) {
    let said = until(SOON, async || (said(server) >= times).then_some(())).await;
    assert!(said.is_some(), "{}", server.log());
}

#[tokio::test]
async fn a_database_that_is_restarted_is_waited_for() {
    let Some((node, base)) = node() else { return };
    let server = Server::start_with(options(base)).await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    figure(&agent, "2024-01", "1");
    agent.run(&SUBMIT).await.expect_code(0);
    node.stop();
    let clients = server.clients().await;
    let sent = single("2024-02", number("so-luong", "2"));
    is_away(clients.collection(trial::DEPARTMENT).submit_measurements(sent.clone()).await);
    is_away(clients.status().list_target_statuses(v1::ListTargetStatusesRequest::default()).await);
    let request = v1::GetReceiptRequest { submission_id: sent.submission_id.clone() };
    is_away(clients.collection(trial::DEPARTMENT).get_receipt(request).await);
    let not_serving = until(SOON, async || (!server.serves().await).then_some(())).await;
    assert!(not_serving.is_some(), "it says that it does not serve");
    figure(&agent, "2024-03", "3");
    agent.run(&SUBMIT).await.expect_code(4).expect_words(&["tạm thời chưa nhận"]);
    node.start_again();
    comes_back(&server).await;
    clients.collection(trial::DEPARTMENT).submit_measurements(sent).await.unwrap();
    agent.run(&["status", "--send"]).await.expect_code(0);
    agent.run(&["verify"]).await.expect_code(0);
    let known = known(&server.clients().await, trial::DEPARTMENT).await;
    assert_eq!(known, ["so-luong 2024-01 1", "so-luong 2024-02 2", "so-luong 2024-03 3"]);
}

#[tokio::test]
async fn a_server_that_starts_before_its_database_waits_and_says_so() {
    let Some((node, base)) = node() else { return };
    let mut server = Server::start_with(options(base)).await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    figure(&agent, "2024-01", "1");
    agent.run(&SUBMIT).await.expect_code(0);
    server.stops_well().await;
    node.stop();
    server.spawn_again();
    let clients = server.lazy_clients();
    let request = || v1::ListTargetStatusesRequest::default();
    let answers = until(SOON, async || {
        let answer = clients.status().list_target_statuses(request()).await;
        // Until it listens, the connection fails, and says nothing of when to come back.
        answer.is_err_and(|status| status.get_details_retry_info().is_some()).then_some(())
    });
    assert!(answers.await.is_some(), "{}", server.log());
    is_away(clients.status().list_target_statuses(request()).await);
    assert!(!server.serves().await);
    waits(&server, 1).await;
    node.start_again();
    comes_back(&server).await;
    figure(&agent, "2024-02", "2");
    agent.run(&SUBMIT).await.expect_code(0);
    // Told to stop while it waits, it does so.
    server.stops_well().await;
    node.stop();
    let before = said(&server);
    server.spawn_again();
    waits(&server, before + 1).await;
    server.stops_well().await;
}

#[tokio::test]
async fn connections_to_the_database_that_break_are_made_anew() {
    let Some((node, base)) = node() else { return };
    let direct = base.hosts.clone();
    let mut line = Proxy::start("127.0.0.1:0", &direct, false).await;
    let address = line.address();
    let server = Server::start_with(options(base.at(&address))).await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    for round in 1..=3 {
        figure(&agent, "2024-01", &round.to_string());
        agent.run(&SUBMIT).await.expect_code(0);
        line.cut().await;
        let sent = single("2024-02", number("so-luong", &round.to_string()));
        let mut collection = server.collection(trial::DEPARTMENT).await;
        is_away(collection.submit_measurements(sent.clone()).await);
        line = Proxy::start(&address, &direct, false).await;
        comes_back(&server).await;
        let again = until(SOON, async || collection.submit_measurements(sent.clone()).await.ok());
        assert!(again.await.is_some(), "it is taken once the database answers");
    }
    agent.run(&["verify"]).await.expect_code(0);
    let known = known(&server.clients().await, trial::DEPARTMENT).await;
    assert_eq!(known, ["so-luong 2024-01 3", "so-luong 2024-02 3"]);
    drop(node);
}
