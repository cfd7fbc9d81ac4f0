//! What administrators do, and the trail it leaves.

use prost::Message as _;
use tiendo_shared::wire::v1;
use tonic::Code;
use v1::act::Deed;

use super::roles::Province;
use crate::harness::{
    Clients, Key, Options, Outcome, Server, Wire, failure, grant, is_postgres, number, program,
    run, single, trial, until,
};

/// The acts in the chain of the province, in order, with who did each.
async fn trail(clients: &Clients) -> Vec<(String, Deed)> {
    let request =
        v1::ListEntriesRequest { department: "province".to_owned(), ..Default::default() };
    let entries = clients.ledger().list_entries(request).await.unwrap().into_inner().entries;
    let act = |entry: &v1::LedgerEntry| {
        let canonical = v1::CanonicalEntry::decode(&*entry.canonical).unwrap();
        (canonical.agent, v1::Act::decode(&*entry.content).unwrap().deed.unwrap())
    };
    entries.iter().map(act).collect()
}

async fn version(clients: &Clients) -> Option<String> {
    let answer = clients.info().get_server_info(v1::GetServerInfoRequest {}).await;
    answer.ok().map(|answer| answer.into_inner().catalogue_version)
}

#[tokio::test]
async fn what_administrators_do_stands_in_the_ledger() {
    let province = Province::start().await;
    let admin = province.wire("administrator").clients().await;
    let made = admin.admin().create_join_token(grant("agent", "so-hai", "may")).await.unwrap();
    let made = made.into_inner();
    let key = Key::new();
    server_enrol(&province.server, &made.token, &key).await;
    let revoke = v1::RevokeAgentRequest {
        department: "so-hai".to_owned(),
        agent: "may".to_owned(),
        reason: "nghỉ việc".to_owned(),
    };
    admin.admin().revoke_agent(revoke).await.unwrap();
    let spare = admin.admin().create_join_token(grant("operator", "", "")).await.unwrap();
    let spare = v1::RevokeJoinTokenRequest { token_id: spare.into_inner().token_id };
    admin.admin().revoke_join_token(spare).await.unwrap();
    let trail = trail(&admin).await;
    assert!(matches!(&trail[0], (by, Deed::TokenCreated(_)) if by == "tiendo-server"));
    assert!(matches!(&trail[1], (by, Deed::AgentEnrolled(_)) if by == "admin"));
    let [created, enrolled, revoked, _, spared] = &trail[trail.len() - 5..] else { panic!() };
    let Deed::TokenCreated(token) = &created.1 else { panic!("{created:?}") };
    assert_eq!((token.token_id.as_str(), created.0.as_str()), (made.token_id.as_str(), "admin"));
    let Deed::AgentEnrolled(agent) = &enrolled.1 else { panic!("{enrolled:?}") };
    assert_eq!((agent.token_id.as_str(), agent.department.as_str()), (&*made.token_id, "so-hai"));
    let Deed::AgentRevoked(agent) = &revoked.1 else { panic!("{revoked:?}") };
    assert_eq!((agent.agent.as_str(), agent.reason.as_str()), ("may", "nghỉ việc"));
    assert!(matches!(&spared.1, Deed::TokenRevoked(_)), "{spared:?}");
    for role in ["operator", "reviewer", "agent"] {
        let clients = province.wire(role).clients().await;
        let request =
            v1::ListEntriesRequest { department: "province".to_owned(), ..Default::default() };
        let refused = failure(clients.ledger().list_entries(request).await);
        assert_eq!(refused, (Code::PermissionDenied, "NOT_PERMITTED".to_owned()), "{role}");
    }
}

async fn server_enrol(server: &Server, token: &str, key: &Key) {
    server.enrol(token, "", key).await.unwrap();
}

#[tokio::test]
async fn a_token_is_made_only_for_what_there_is() {
    let province = Province::start().await;
    let admin = province.wire("administrator").clients().await;
    let days = |days: i64| v1::CreateJoinTokenRequest {
        lifetime: Some(prost_types::Duration { seconds: days * 86_400, nanos: 0 }),
        ..grant("operator", "", "")
    };
    for (request, reason) in [
        (grant("", "", ""), "UNKNOWN_ROLE"),
        (grant("root", "", ""), "UNKNOWN_ROLE"),
        (grant("agent", "", ""), "DEPARTMENT_MISSING"),
        (grant("agent", "khong-co", ""), "UNKNOWN_DEPARTMENT"),
        (grant("agent", "province", ""), "UNKNOWN_DEPARTMENT"),
        (grant("operator", "so-hai", ""), "ROLE_WITHOUT_DEPARTMENT"),
        (grant("operator", "", "chị Lan"), "AGENT_NAME_FORM"),
        (days(0), "LIFETIME_RANGE"),
        (days(-1), "LIFETIME_RANGE"),
        (days(91), "LIFETIME_RANGE"),
    ] {
        let refused = failure(admin.admin().create_join_token(request).await);
        assert_eq!(refused, (Code::InvalidArgument, reason.to_owned()));
    }
}

#[tokio::test]
async fn the_catalogue_is_replaced_while_the_server_runs() {
    let options = Options { secure: true, ..Options::default() };
    let mut server = Server::start_with(options).await;
    let admin = server.administrator().await;
    let agent = server.badge(&admin, "agent", "thong-ke-tinh", "may").await;
    let agent = Wire::to(&server).showing(&agent);
    let sent = crate::harness::published::published();
    agent.clients().await.collection("").submit_measurements(sent.clone()).await.unwrap();
    let wire = Wire::to(&server).showing(&admin);
    let clients = wire.clients().await;
    let old = version(&clients).await.unwrap();
    let shipped = tiendo_server::SHIPPED_CATALOGUE;
    let new = shipped.replacen(&format!("\"{old}\""), "\"mới\"", 1);
    assert_ne!(new, shipped);
    let replace = |toml: &str, validate_only: bool| {
        let request = v1::ReplaceCatalogueRequest { toml: toml.to_owned(), validate_only };
        let mut admin = clients.admin();
        async move { admin.replace_catalogue(request).await }
    };
    let bad = replace(&new.replace("decimals", "decimal"), false).await.unwrap_err();
    assert!(bad.message().contains("line ") && bad.message().len() < 6_000, "{bad:?}");
    assert_eq!(failure(Err::<tonic::Response<()>, _>(bad)).1, "CATALOGUE_ERRORS");
    assert_eq!(replace(&new, true).await.unwrap().into_inner().catalogue_version, old);
    assert_eq!(version(&clients).await.as_deref(), Some(&*old));
    // An open stream ends, and what was sent before is answered.
    let answer = replace(&new, false).await.unwrap().into_inner();
    assert_eq!(answer.catalogue_version, "mới");
    let comes = async || {
        let channel = wire.connect().await.ok()?;
        version(&Clients::over(channel)).await.filter(|version| version == "mới")
    };
    until(std::time::Duration::from_secs(30), comes).await.expect("it serves on with the new one");
    let again = agent.clients().await.collection("").submit_measurements(sent).await.unwrap();
    assert!(again.into_inner().receipt.unwrap().duplicate, "the figures are still there");
    let deed = trail(&wire.clients().await).await.pop().unwrap();
    let Deed::CatalogueReplaced(replaced) = deed.1 else { panic!("{deed:?}") };
    assert_eq!((replaced.old_version, replaced.new_version), (old, "mới".to_owned()));
    server.restart().await;
    assert_eq!(version(&wire.clients().await).await.as_deref(), Some("mới"));
}

#[tokio::test]
async fn a_catalogue_of_the_command_line_is_not_replaced() {
    let province = Province::start().await;
    let admin = province.wire("administrator").clients().await;
    let request = v1::ReplaceCatalogueRequest { toml: trial::catalogue(), ..Default::default() };
    let refused = failure(admin.admin().replace_catalogue(request).await);
    assert_eq!(refused, (Code::FailedPrecondition, "CATALOGUE_IS_A_FILE".to_owned()));
}

async fn tiendo_server(arguments: &[&str]) -> Outcome {
    run(tokio::process::Command::new(program("tiendo-server")).args(arguments)).await
}

#[tokio::test]
async fn init_makes_an_authority_once() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let text = data.to_str().unwrap();
    // Without it nothing is served, and the way there is told.
    tiendo_server(&["serve", "--data", text]).await.expect_code(1).expect_words(&["init"]);
    for bad in ["", "a b", "10.0.0", "tiendo.vn:7443"] {
        tiendo_server(&["init", "--data", text, "--host", bad]).await.expect_code(2);
    }
    assert!(!data.join("tls").exists());
    let said = tiendo_server(&["init", "--data", text, "--host", "tiendo.vn,10.1.2.3,::1"]).await;
    let said = said.expect_success();
    assert_eq!(said.lines().filter(|line| line.starts_with("tiendo-")).count(), 1, "{said}");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for file in ["tls/ca.pem", "tls/ca.key", "tls/server.pem", "ledger.key"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    let key = std::fs::read(data.join("tls/ca.key")).unwrap();
    let again = tiendo_server(&["init", "--data", text, "--host", "tiendo.vn"]).await;
    again.expect_code(1).expect_words(&["ca.key"]);
    assert_eq!(std::fs::read(data.join("tls/ca.key")).unwrap(), key);
}

#[tokio::test]
async fn an_administrator_who_lost_the_way_in_gets_a_token_offline() {
    let mut province = Province::start().await;
    let data = province.server.data();
    let token = async || run(province.server.command().args(["token", "--data"]).arg(&data)).await;
    if !is_postgres() {
        assert_ne!(token().await.code, Some(0), "the server runs");
    }
    province.server.stops_well().await;
    let token = async || run(province.server.command().args(["token", "--data"]).arg(&data)).await;
    let said = token().await.expect_success();
    let token = said.lines().find(|line| line.starts_with("tiendo-")).unwrap();
    province.server.start_again().await;
    let key = Key::new();
    let answer = province.server.enrol(token, "hai", &key).await.unwrap();
    let wire = Wire::to(&province.server).showing(&key.with(&answer.certificate_chain));
    let (by, deed) = trail(&wire.clients().await).await.into_iter().rev().nth(1).unwrap();
    assert!(by == "tiendo-server" && matches!(deed, Deed::TokenCreated(_)), "{deed:?}");
    // What was there before is there still.
    let sent = single("2024", number("so-luong", "1"));
    let agent = province.wire("agent").clients().await;
    agent.collection("").submit_measurements(sent).await.unwrap();
}
