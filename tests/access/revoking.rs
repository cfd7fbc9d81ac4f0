//! Whoever is revoked is out at once, on open connections and open streams too; and two
//! computers under one identity are noticed.

use std::time::Duration;

use futures_util::StreamExt as _;
use tiendo_shared::wire::v1;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use super::roles::Province;
use crate::harness::{Clients, Wire, failure, number, single, trial};

async fn info(
    clients: &Clients,
) -> Result<tonic::Response<v1::GetServerInfoResponse>, tonic::Status> {
    clients.info().get_server_info(v1::GetServerInfoRequest {}).await
}

fn out() -> (Code, String) {
    (Code::Unauthenticated, "IDENTITY_REVOKED".to_owned())
}

async fn agents(admin: &Clients) -> Vec<v1::Agent> {
    let request = v1::ListAgentsRequest::default();
    admin.admin().list_agents(request).await.unwrap().into_inner().agents
}

#[tokio::test]
async fn a_revoked_agent_is_out_on_whatever_it_has_open() {
    let mut province = Province::start().await;
    let agent = province.wire("agent").clients().await;
    let (sender, receiver) = mpsc::channel(4);
    let mut collection = agent.collection("");
    let answers = collection.stream_submissions(ReceiverStream::new(receiver)).await;
    let mut answers = answers.unwrap().into_inner();
    let submission = Some(single("2024", number("so-luong", "1")));
    sender.send(v1::StreamSubmissionsRequest { submission }).await.unwrap();
    answers.next().await.unwrap().unwrap();
    let admin = province.wire("administrator").clients().await;
    let request = v1::RevokeAgentRequest {
        department: trial::DEPARTMENT.to_owned(),
        agent: "mot-agent".to_owned(),
        reason: "the laptop was stolen".to_owned(),
    };
    let revoked = admin.admin().revoke_agent(request.clone()).await.unwrap().into_inner();
    assert!(revoked.agent.unwrap().revoked);
    // A second is promised; a busy machine is given some more.
    let end = tokio::time::timeout(Duration::from_secs(3), answers.next()).await;
    let end = end.expect("the stream ends").expect("with a status").unwrap_err();
    assert_eq!(failure(Err::<tonic::Response<()>, _>(end)), out());
    assert_eq!(failure(info(&agent).await), out());
    assert_eq!(failure(info(&province.wire("agent").clients().await).await), out());
    // Again is no error, and others are not touched.
    admin.admin().revoke_agent(request).await.unwrap();
    info(&province.wire("operator").clients().await).await.unwrap();
    province.server.restart().await;
    assert_eq!(failure(info(&province.wire("agent").clients().await).await), out());
    let nobody = v1::RevokeAgentRequest {
        agent: "khong-co".to_owned(),
        reason: "x".to_owned(),
        ..v1::RevokeAgentRequest::default()
    };
    let admin = province.wire("administrator").clients().await;
    let missing = failure(admin.admin().revoke_agent(nobody.clone()).await);
    assert_eq!(missing, (Code::NotFound, "NOT_FOUND".to_owned()));
    let silent = v1::RevokeAgentRequest { reason: " ".to_owned(), ..nobody };
    let silent = failure(admin.admin().revoke_agent(silent).await);
    assert_eq!(silent, (Code::InvalidArgument, "REASON_LENGTH".to_owned()));
}

#[tokio::test]
async fn agents_are_listed_with_what_is_known_of_them() {
    let mut province = Province::start().await;
    let admin = province.wire("administrator").clients().await;
    let agent = province.wire("agent").clients().await;
    let sent = single("2024", number("so-luong", "1"));
    agent.collection("").submit_measurements(sent).await.unwrap();
    let mut request = tonic::Request::new(v1::GetServerInfoRequest {});
    let ahead = tiendo_server::clock::Clock::system().now() + jiff::SignedDuration::from_hours(2);
    let clock = ahead.as_microsecond().to_string();
    request.metadata_mut().insert("tiendo-clock", clock.parse().unwrap());
    agent.info().get_server_info(request).await.unwrap();
    let listed = agents(&admin).await;
    let names: Vec<_> = listed
        .iter()
        .map(|one| (one.department.as_str(), one.name.as_str(), one.role.as_str()))
        .collect();
    assert_eq!(names[0], ("", "admin", "administrator"));
    let one = listed.iter().find(|one| one.department == trial::DEPARTMENT).unwrap();
    assert_eq!((one.name.as_str(), one.last_sequence, one.revoked), ("mot-agent", 1, false));
    assert!(one.version.starts_with("tonic/"), "{}", one.version);
    let hours = one.clock_skew_ms / 3_600_000;
    assert!((1..=2).contains(&hours), "{} ms", one.clock_skew_ms);
    assert!(one.last_contact.is_some() && one.certificate_not_after.is_some());
    // Page by page it is the same list.
    let mut paged = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListAgentsRequest { page_size: 1, page_token, ..Default::default() };
        let page = admin.admin().list_agents(request).await.unwrap().into_inner();
        paged.extend(page.agents.into_iter().map(|agent| agent.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, listed.into_iter().map(|agent| agent.name).collect::<Vec<_>>());
    // What was in memory alone is not known after a start, and not made up.
    province.server.restart().await;
    let admin = province.wire("administrator").clients().await;
    let listed = agents(&admin).await;
    let one = listed.iter().find(|one| one.department == trial::DEPARTMENT).unwrap();
    assert_eq!((one.last_contact, one.version.as_str()), (None, ""));
    assert_eq!((one.clock_skew_ms, one.last_sequence, one.machines.len()), (0, 0, 0));
}

#[tokio::test]
async fn two_computers_with_one_identity_are_noticed_and_named() {
    let province = Province::start().await;
    let call = async |clients: &Clients, machine: &str| {
        let mut request = tonic::Request::new(v1::GetServerInfoRequest {});
        request.metadata_mut().insert("tiendo-machine", machine.parse().unwrap());
        clients.info().get_server_info(request).await.unwrap();
    };
    let admin = province.wire("administrator").clients().await;
    let machines = async || {
        let listed = agents(&admin).await;
        let one = listed.into_iter().find(|one| one.department == trial::DEPARTMENT).unwrap();
        one.machines.into_iter().map(|machine| machine.name).collect::<Vec<_>>()
    };
    let (one, two): (Wire, Wire) = (province.wire("agent"), province.wire("agent"));
    let (one, two) = (one.clients().await, two.clients().await);
    call(&one, "may-goc").await;
    call(&two, "may-goc").await;
    call(&two, "may-sao").await;
    assert_eq!(machines().await, [""; 0], "a computer that was renamed");
    call(&one, "may-goc").await;
    assert_eq!(machines().await, ["may-sao", "may-goc"]);
    let log = province.server.log();
    let warned = log.lines().find(|line| line.contains("under one identity")).expect("a warning");
    assert!(warned.contains("may-goc") && warned.contains("may-sao"), "{warned}");
}
