//! Two servers over one database: whatever one of them did counts at the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use tiendo_shared::wire::v1;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::harness::{
    Agent, Badge, Base, Clients, Engine, Key, Options, SOON, Server, Wire, failure, grant, number,
    single, trial, until,
};
use crate::ledger::chain;

/// Two servers with TLS, and the first administrator; none where there is no `PostgreSQL`.
async fn two(options: Options) -> Option<(Server, Server, Badge)> {
    let engine = Engine::Shared(Arc::new(Base::create()?));
    // Tests ask again and again until something has happened.
    let variables = vec![("TIENDO_CALLS_PER_STRANGER", "1000")];
    let a = Server::start_with(Options { secure: true, engine, variables, ..options }).await;
    let b = a.beside().await;
    let admin = a.administrator().await;
    Some((a, b, admin))
}

async fn info(clients: &Clients) -> Result<v1::GetServerInfoResponse, tonic::Status> {
    let answer = clients.info().get_server_info(v1::GetServerInfoRequest {}).await;
    answer.map(tonic::Response::into_inner)
}

async fn clients(server: &Server, badge: &Badge) -> Clients {
    Wire::to(server).showing(badge).clients().await
}

fn out() -> (Code, String) {
    (Code::Unauthenticated, "IDENTITY_REVOKED".to_owned())
}

fn revocation(agent: &str) -> v1::RevokeAgentRequest {
    v1::RevokeAgentRequest {
        department: trial::DEPARTMENT.to_owned(),
        agent: agent.to_owned(),
        reason: "mất máy".to_owned(),
    }
}

#[tokio::test]
async fn tokens_certificates_and_revocations_count_at_every_server() {
    let Some((a, b, admin)) = two(trial::options()).await else { return };
    for (number, (here, there)) in [(&a, &b), (&b, &a)].into_iter().enumerate() {
        let name = format!("may-{number}");
        // Made here, redeemed there, used here: each at once.
        let token = here.token(&admin, grant("agent", trial::DEPARTMENT, "")).await;
        let key = Key::new();
        let badge = there.enrol(&token, &name, &key).await.unwrap();
        let badge = key.with(&badge.certificate_chain);
        let agent = clients(here, &badge).await;
        info(&agent).await.unwrap();
        let used = here.enrol(&token, "khac", &Key::new()).await.unwrap_err();
        let used = failure(Err::<tonic::Response<()>, _>(used));
        assert_eq!(used, (Code::Unauthenticated, "TOKEN_USED".to_owned()));
        // What is open here ends when it is revoked there.
        let (sender, receiver) = mpsc::channel(4);
        let mut collection = agent.collection("");
        let answers = collection.stream_submissions(ReceiverStream::new(receiver)).await;
        let mut answers = answers.unwrap().into_inner();
        let submission = Some(single("2024", crate::harness::number("so-luong", "1")));
        sender.send(v1::StreamSubmissionsRequest { submission }).await.unwrap();
        answers.next().await.unwrap().unwrap();
        let request = revocation(&name);
        clients(there, &admin).await.admin().revoke_agent(request).await.unwrap();
        let began = Instant::now();
        // A second is promised; a busy machine is given some more.
        let end = tokio::time::timeout(Duration::from_secs(4), answers.next()).await;
        let end = end.expect("the stream ends").expect("with a status").unwrap_err();
        println!("revoked at the other server: ended after {:?}", began.elapsed());
        assert_eq!(failure(Err::<tonic::Response<()>, _>(end)), out());
        for server in [&a, &b] {
            let refused = info(&clients(server, &badge).await).await.unwrap_err();
            assert_eq!(failure(Err::<tonic::Response<()>, _>(refused)), out());
        }
    }
}

#[tokio::test]
async fn servers_have_names_of_their_own_and_one_key() {
    let Some((a, b, admin)) = two(trial::options()).await else { return };
    let (a, b) = (clients(&a, &admin).await, clients(&b, &admin).await);
    let (a, b) = (info(&a).await.unwrap(), info(&b).await.unwrap());
    assert_eq!((a.engine.as_str(), b.engine.as_str()), ("postgres", "postgres"));
    assert!(!a.node.is_empty() && !b.node.is_empty(), "{a:?} {b:?}");
    assert_eq!(a.ledger_key, b.ledger_key);
}

#[tokio::test]
async fn a_new_catalogue_is_in_force_at_every_server() {
    let Some((mut a, mut b, admin)) = two(Options::default()).await else { return };
    let old = info(&clients(&a, &admin).await).await.unwrap().catalogue_version;
    let shipped = tiendo_server::SHIPPED_CATALOGUE;
    let toml = shipped.replacen(&format!("\"{old}\""), "\"mới\"", 1);
    let request = v1::ReplaceCatalogueRequest { toml, validate_only: false };
    clients(&a, &admin).await.admin().replace_catalogue(request).await.unwrap();
    let is_new = async |server: &Server| {
        let comes = async || {
            let channel = Wire::to(server).showing(&admin).connect().await.ok()?;
            let info = info(&Clients::over(channel)).await.ok()?;
            (info.catalogue_version == "mới").then_some(())
        };
        until(SOON, comes).await.expect("the new catalogue is in force");
    };
    is_new(&a).await;
    is_new(&b).await;
    // A server that was away brings it when it starts.
    b.stops_well().await;
    std::fs::remove_file(b.data().join("catalogue.toml")).unwrap();
    b.start_again().await;
    is_new(&b).await;
    a.restart().await;
    is_new(&a).await;
}

#[tokio::test]
async fn verdicts_are_watched_whichever_server_takes_the_submission() {
    use crate::harness::published::{DEPARTMENT, published};

    let Some((a, b, admin)) = two(Options::default()).await else { return };
    let agent = a.badge(&admin, "agent", DEPARTMENT, "may").await;
    let watched = clients(&a, &admin).await;
    let request = v1::WatchTargetStatusesRequest::default();
    let mut moves = watched.status().watch_target_statuses(request).await.unwrap().into_inner();
    let sent = published();
    let began = Instant::now();
    clients(&b, &agent).await.collection("").submit_measurements(sent).await.unwrap();
    let first = tokio::time::timeout(SOON, moves.message()).await.unwrap().unwrap().unwrap();
    println!("told at the other server after {:?}", began.elapsed());
    assert_ne!(first.previous_verdict(), first.status.unwrap().verdict());
}

#[tokio::test]
async fn one_id_at_two_servers_gets_one_receipt() {
    let Some((a, b, admin)) = two(trial::options()).await else { return };
    let agent = a.badge(&admin, "agent", trial::DEPARTMENT, "may").await;
    let (a, b) = (clients(&a, &agent).await, clients(&b, &agent).await);
    for round in 1..=20 {
        let sent = single("2024", number("so-luong", &round.to_string()));
        let (mut first, mut second) = (a.collection(""), b.collection(""));
        let (first, second) =
            tokio::join!(first.submit_measurements(sent.clone()), second.submit_measurements(sent));
        let receipts = [first, second].map(|it| it.unwrap().into_inner().receipt.unwrap());
        let [first, second] = &receipts;
        assert_eq!((first.sequence, &first.entry_hash), (second.sequence, &second.entry_hash));
        assert!(first.duplicate != second.duplicate, "{receipts:?}");
        assert_eq!(first.sequence, round);
    }
    assert_eq!(chain(&a, trial::DEPARTMENT).await.entries.len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_submission_fails_while_servers_are_restarted_one_by_one() {
    let Some((mut a, mut b, admin)) = two(trial::options()).await else { return };
    let both = format!("{},{}", a.address(), b.address());
    let mut senders = tokio::task::JoinSet::new();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    for number in 0..3 {
        let token = a.token(&admin, grant("agent", trial::DEPARTMENT, "")).await;
        let agent = Agent::unknown();
        let name = format!("may-{number}");
        agent.enrol(&both, &token, &["--agent", &name]).await.expect_code(0);
        let stopped = stopped.clone();
        senders.spawn(async move {
            let mut sent = 0;
            while !*stopped.borrow() {
                sent += 1;
                let (year, value) = (2021 + number, sent.to_string());
                super::ways::figure(&agent, &format!("{year}-01"), &value);
                agent.run(&super::ways::SUBMIT).await.expect_code(0);
            }
            agent.run(&["verify"]).await.expect_code(0);
            sent
        });
    }
    for _ in 0..2 {
        a.restart().await;
        b.restart().await;
    }
    stop.send(true).unwrap();
    let sent: usize = senders.join_all().await.into_iter().sum();
    println!("{sent} submissions during four restarts");
    let entries = chain(&clients(&a, &admin).await, trial::DEPARTMENT).await.entries;
    assert_eq!(entries.len(), sent);
}
