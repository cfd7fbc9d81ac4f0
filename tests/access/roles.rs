//! Every rpc with every role, and about every other department.

use std::collections::BTreeMap;

use prost::bytes::Bytes;
use tiendo_shared::wire::v1;
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::raw::{Method, call, methods, refusal};
use crate::harness::{
    Badge, Options, Server, Wire, failure, grpcurl_secure, new_id, number, single, trial,
};

const ROLES: [&str; 4] = ["agent", "reviewer", "operator", "administrator"];

/// A server with the trial catalogue and one bearer of each role, `mot-ROLE` by name;
/// the agent is of [`trial::DEPARTMENT`].
pub(super) struct Province {
    pub(super) server: Server,
    pub(super) badges: BTreeMap<&'static str, Badge>,
}

impl Province {
    pub(super) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same, with these variables in the server's environment.
    pub(super) async fn start_with(variables: &[(&'static str, &'static str)]) -> Self {
        let options = trial::options();
        let variables = [&options.variables, variables].concat();
        let server = Server::start_with(Options { secure: true, variables, ..options }).await;
        let admin = server.administrator().await;
        let mut badges = BTreeMap::new();
        for role in &ROLES[..3] {
            let department = if *role == "agent" { trial::DEPARTMENT } else { "" };
            let name = format!("mot-{role}");
            badges.insert(*role, server.badge(&admin, role, department, &name).await);
        }
        badges.insert("administrator", admin);
        Self { server, badges }
    }

    pub(super) fn wire(&self, role: &str) -> Wire {
        Wire::to(&self.server).showing(&self.badges[role])
    }

    async fn channel(&self, role: &str) -> Channel {
        self.wire(role).connect().await.unwrap()
    }
}

/// What the design says of each service.
fn may(role: &str, method: &Method) -> bool {
    if method.name == "ReviewService/ListReports" {
        return true; // An agent sees its own department's; operators, who is behind.
    }
    let roles: &[&str] = match method.service.as_str() {
        "EnrolmentService" | "ServerInfoService" | "CatalogueService" => &ROLES,
        "CollectionService" => &["agent"],
        "ExportService" | "StatusService" => &["reviewer", "operator", "administrator"],
        "ReviewService" => &["reviewer", "administrator"],
        "LedgerService" => &["agent", "operator", "administrator"],
        "AdminService" => &["administrator"],
        other => panic!("{other} has no roles here; the design has to say who may call it"),
    };
    roles.contains(&role)
}

#[tokio::test]
async fn without_a_certificate_only_enrolment_and_health_answer() {
    let province = Province::start().await;
    let channel = Wire::to(&province.server).connect().await.unwrap();
    for method in methods() {
        let answer = call(&channel, &method.name, Bytes::new()).await;
        match method.name.as_str() {
            "EnrolmentService/Enrol" => {
                assert_eq!(refusal(answer), (Code::InvalidArgument, "TOKEN_FORM".to_owned()));
            }
            name => assert_eq!(
                refusal(answer),
                (Code::Unauthenticated, "NO_IDENTITY".to_owned()),
                "{name}"
            ),
        }
    }
    let request = HealthCheckRequest { service: String::new() };
    let health = HealthClient::new(channel).check(request).await.unwrap();
    assert_eq!(health.get_ref().status().as_str_name(), "SERVING");
}

#[tokio::test]
async fn each_role_may_call_what_the_design_says_and_nothing_else() {
    let province = Province::start().await;
    for role in ROLES {
        let channel = province.channel(role).await;
        for method in methods() {
            let permitted = may(role, &method);
            if permitted && method.streams {
                continue;
            }
            let answer = call(&channel, &method.name, Bytes::new()).await;
            let refused = matches!(
                answer.as_ref().map_err(tonic::Status::code),
                Err(Code::Unauthenticated | Code::PermissionDenied)
            );
            assert_eq!(refused, !permitted, "{role} {}: {answer:?}", method.name);
            if refused {
                let expect = (Code::PermissionDenied, "NOT_PERMITTED".to_owned());
                assert_eq!(refusal(answer), expect, "{role} {}", method.name);
            }
        }
    }
}

#[tokio::test]
async fn an_agent_sees_nothing_of_its_neighbours() {
    let province = Province::start().await;
    let channel = province.channel("agent").await;
    let mut tried = 0;
    for method in methods() {
        // The catalogue is the same for everybody, and has no figures in it.
        if method.service == "CatalogueService" {
            continue;
        }
        for other in ["so-hai", "province", "khong-co", "so-mot/../so-hai"] {
            let Some(request) = method.about(other) else { continue };
            let expect = (Code::PermissionDenied, "NOT_PERMITTED".to_owned());
            let answer = call(&channel, &method.name, request).await;
            assert_eq!(refusal(answer), expect, "{} about {other}", method.name);
            tried += 1;
        }
    }
    assert!(tried >= 24, "only {tried} were tried");
    let own = v1::GetHeadRequest { department: trial::DEPARTMENT.to_owned() };
    province.wire("agent").clients().await.ledger().get_head(own).await.unwrap();
}

#[tokio::test]
async fn what_a_request_says_of_its_caller_is_not_believed() {
    let province = Province::start().await;
    let clients = province.wire("agent").clients().await;
    // The metadata that count with `--insecure-loopback` name another department.
    let mut collection = clients.collection("so-hai");
    let sent = single("2024", number("so-luong", "1"));
    let receipt = collection.submit_measurements(sent).await.unwrap().into_inner().receipt.unwrap();
    assert_eq!(receipt.department, trial::DEPARTMENT);
    let operator = province.wire("operator").clients().await;
    let request = v1::GetReceiptRequest { submission_id: new_id() };
    let refused = failure(operator.collection(trial::DEPARTMENT).get_receipt(request).await);
    assert_eq!(refused, (Code::PermissionDenied, "NOT_PERMITTED".to_owned()));
    let chain = v1::ListEntriesRequest {
        department: trial::DEPARTMENT.to_owned(),
        ..v1::ListEntriesRequest::default()
    };
    let entries = operator.ledger().list_entries(chain).await.unwrap().into_inner().entries;
    let entry = <v1::CanonicalEntry as prost::Message>::decode(&*entries[0].canonical).unwrap();
    assert_eq!((entry.agent.as_str(), entries.len()), ("mot-agent", 1));
}

#[tokio::test]
async fn grpcurl_takes_the_files_as_they_are() {
    let province = Province::start().await;
    let calls: [(&str, &[&str], i32); 4] = [
        ("operator", &["tiendo.v1.StatusService/ListTargetStatuses"], 0),
        ("operator", &["list"], 0),
        // grpcurl adds 64 to the code of the answer.
        ("agent", &["tiendo.v1.StatusService/ListTargetStatuses"], 64 + 7),
        ("operator", &["tiendo.v1.AdminService/ListAgents"], 64 + 7),
    ];
    for (role, words, code) in calls {
        let said = grpcurl_secure(&province.server, Some(&province.badges[role]), words).await;
        let Some(said) = said else { return };
        said.expect_code(code);
    }
    let nobody = grpcurl_secure(&province.server, None, &["list"]).await;
    assert_ne!(nobody.unwrap().code, Some(0), "reflection needs a certificate");
    let health = grpcurl_secure(&province.server, None, &["grpc.health.v1.Health/Check"]).await;
    // Without reflection grpcurl has to be given what the service is.
    assert_ne!(health.unwrap().code, Some(0));
}
