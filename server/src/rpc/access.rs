//! Who may call what: one table for every rpc, and the layer that holds it.

use std::future::Ready;
use std::task::{Context, Poll};

use futures_util::future::Either;
use tonic::body::Body;

use super::error::status;
use crate::failure::Failure;
use crate::identity::{Caller, Role, insecure_caller};

/// Who may call an rpc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone, without identity.
    Anyone,
    /// Callers of one of these roles, and administrators.
    Roles(&'static [Role]),
}

use Role::{Administrator, Agent, Operator, Reviewer};

const EVERYONE: Access = Access::Roles(&[Agent, Reviewer, Operator]);
const AGENTS: Access = Access::Roles(&[Agent]);
const READERS: Access = Access::Roles(&[Reviewer, Operator]);
const REVIEWERS: Access = Access::Roles(&[Reviewer]);
const LEDGER_READERS: Access = Access::Roles(&[Agent, Operator]);
const ADMINISTRATORS: Access = Access::Roles(&[Administrator]);

/// Every rpc of `tiendo.v1` and who may call it.
pub const TABLE: &[(&str, Access)] = &[
    ("/tiendo.v1.AdminService/Backup", ADMINISTRATORS),
    ("/tiendo.v1.AdminService/CreateJoinToken", ADMINISTRATORS),
    ("/tiendo.v1.AdminService/ListAgents", ADMINISTRATORS),
    ("/tiendo.v1.AdminService/ReplaceCatalogue", ADMINISTRATORS),
    ("/tiendo.v1.AdminService/RevokeAgent", ADMINISTRATORS),
    ("/tiendo.v1.CatalogueService/GetIndicator", EVERYONE),
    ("/tiendo.v1.CatalogueService/ListDepartments", EVERYONE),
    ("/tiendo.v1.CatalogueService/ListIndicators", EVERYONE),
    ("/tiendo.v1.CatalogueService/ListTargets", EVERYONE),
    ("/tiendo.v1.CollectionService/GetReceipt", AGENTS),
    ("/tiendo.v1.CollectionService/ListDueReports", AGENTS),
    ("/tiendo.v1.CollectionService/StreamSubmissions", AGENTS),
    ("/tiendo.v1.CollectionService/SubmitMeasurements", AGENTS),
    ("/tiendo.v1.EnrolmentService/Enrol", Access::Anyone),
    ("/tiendo.v1.EnrolmentService/Renew", Access::Anyone),
    ("/tiendo.v1.LedgerService/GetHead", LEDGER_READERS),
    ("/tiendo.v1.LedgerService/ListEntries", LEDGER_READERS),
    ("/tiendo.v1.ReviewService/ApproveReport", REVIEWERS),
    ("/tiendo.v1.ReviewService/ListReports", REVIEWERS),
    ("/tiendo.v1.ReviewService/ReopenReport", REVIEWERS),
    ("/tiendo.v1.ReviewService/ReturnReport", REVIEWERS),
    ("/tiendo.v1.ServerInfoService/GetServerInfo", EVERYONE),
    ("/tiendo.v1.StatusService/GetTargetStatus", READERS),
    ("/tiendo.v1.StatusService/ListMeasurements", READERS),
    ("/tiendo.v1.StatusService/ListReportingRates", READERS),
    ("/tiendo.v1.StatusService/ListRevisions", READERS),
    ("/tiendo.v1.StatusService/ListTargetStatuses", READERS),
    ("/tiendo.v1.StatusService/WatchTargetStatuses", READERS),
];

/// Services outside `tiendo.v1` that are served: health to anyone, reflection
/// to whoever may call anything.
const OTHERS: &[(&str, Access)] = &[
    ("/grpc.health.v1.Health/", Access::Anyone),
    ("/grpc.reflection.v1.ServerReflection/", EVERYONE),
    ("/grpc.reflection.v1alpha.ServerReflection/", EVERYONE),
];

/// Who may call the rpc of this path; none for a path that is not served.
pub fn access(path: &str) -> Option<Access> {
    let exact = TABLE.binary_search_by(|(known, _)| (*known).cmp(path)).ok().map(|at| TABLE[at].1);
    exact.or_else(|| {
        OTHERS.iter().find(|(prefix, _)| path.starts_with(prefix)).map(|(_, access)| *access)
    })
}

fn permits(access: Access, caller: &Caller) -> bool {
    match access {
        Access::Anyone => true,
        Access::Roles(roles) => caller.role == Administrator || roles.contains(&caller.role),
    }
}

/// Puts the [`Caller`] into each request and refuses what the table forbids.
#[derive(Debug, Clone)]
pub struct Gate<S>(S);

impl<S> Gate<S> {
    /// A gate before `inner` that believes what a loopback caller says of itself.
    pub fn insecure(inner: S) -> Self {
        Self(inner)
    }
}

impl<S> tower::Service<http::Request<Body>> for Gate<S>
where
    S: tower::Service<http::Request<Body>, Response = http::Response<Body>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Answer<S::Future, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let caller = insecure_caller(request.headers());
        // A path that is not served goes through, to be answered UNIMPLEMENTED.
        if access(request.uri().path()).is_none_or(|access| permits(access, &caller)) {
            request.extensions_mut().insert(caller);
            return Answer::Left(self.0.call(request));
        }
        let denied = Failure::Denied(format!("`{}` is not for this role", request.uri().path()));
        Answer::Right(std::future::ready(Ok(status(&denied).into_http())))
    }
}

type Answer<F, E> = Either<F, Ready<Result<http::Response<Body>, E>>>;

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    #[test]
    fn every_rpc_of_the_descriptor_has_an_access_rule() {
        let set = prost_types::FileDescriptorSet::decode(tiendo_shared::wire::DESCRIPTOR).unwrap();
        let mut served = Vec::new();
        for file in set.file.iter().filter(|file| file.package() == "tiendo.v1") {
            for service in &file.service {
                for method in &service.method {
                    served.push(format!("/tiendo.v1.{}/{}", service.name(), method.name()));
                }
            }
        }
        served.sort();
        let table: Vec<_> = TABLE.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(table, served, "the table is sorted and names every rpc once");
    }

    #[test]
    fn a_role_may_do_no_more_than_the_table_says() {
        let caller = |role| Caller { role, department: None, name: String::new() };
        assert!(permits(AGENTS, &caller(Agent)));
        assert!(!permits(AGENTS, &caller(Operator)));
        assert!(!permits(ADMINISTRATORS, &caller(Reviewer)));
        assert!(permits(REVIEWERS, &caller(Administrator)));
        assert_eq!(access("/grpc.health.v1.Health/Check"), Some(Access::Anyone));
        assert_eq!(access("/tiendo.v1.AdminService/Nothing"), None);
    }
}
