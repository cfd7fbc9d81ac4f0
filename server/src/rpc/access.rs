//! Who may call what: one table for every rpc; `gate.rs` holds it.

use crate::identity::{Caller, Role};

/// Who may call an rpc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone, without identity.
    Anyone,
    /// Callers who act for a department of their own: agents. An administrator does not,
    /// except without TLS, where the request names a department.
    Agents,
    /// Callers of one of these roles, and administrators.
    Roles(&'static [Role]),
}

use Role::{Administrator, Agent, Operator, Reviewer};

const EVERYONE: Access = Access::Roles(&[Agent, Reviewer, Operator]);
const AGENTS: Access = Access::Agents;
const READERS: Access = Access::Roles(&[Reviewer, Operator]);
const REVIEWERS: Access = Access::Roles(&[Reviewer]);
const LEDGER_READERS: Access = Access::Roles(&[Agent, Operator]);
const ADMINISTRATORS: Access = Access::Roles(&[Administrator]);

/// Every rpc of `tiendo.v1` and who may call it.
pub const TABLE: &[(&str, Access)] = &[
    ("/tiendo.v1.AdminService/Backup", ADMINISTRATORS),
    ("/tiendo.v1.AdminService/CreateJoinToken", ADMINISTRATORS),
    ("/tiendo.v1.AdminService/CreateSignInLink", ADMINISTRATORS),
    ("/tiendo.v1.AdminService/ListAgents", ADMINISTRATORS),
    ("/tiendo.v1.AdminService/ReplaceCatalogue", ADMINISTRATORS),
    ("/tiendo.v1.AdminService/RevokeAgent", ADMINISTRATORS),
    ("/tiendo.v1.AdminService/RevokeJoinToken", ADMINISTRATORS),
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
    ("/tiendo.v1.ExportService/ExportFigures", READERS),
    ("/tiendo.v1.LedgerService/GetHead", LEDGER_READERS),
    ("/tiendo.v1.LedgerService/ListEntries", LEDGER_READERS),
    ("/tiendo.v1.ReviewService/ApproveReport", REVIEWERS),
    ("/tiendo.v1.ReviewService/ListReports", EVERYONE),
    ("/tiendo.v1.ReviewService/ReopenReport", REVIEWERS),
    ("/tiendo.v1.ReviewService/ReturnReport", REVIEWERS),
    ("/tiendo.v1.ServerInfoService/GetServerInfo", EVERYONE),
    ("/tiendo.v1.StatusService/GetTargetStatus", READERS),
    ("/tiendo.v1.StatusService/ListChanges", READERS),
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

/// The name of what a path calls, for statistics: of few that are known.
pub fn name(path: &str) -> &'static str {
    let exact = TABLE.binary_search_by(|(known, _)| (*known).cmp(path)).ok().map(|at| TABLE[at].0);
    let other = || OTHERS.iter().map(|(prefix, _)| *prefix).find(|it| path.starts_with(it));
    exact.or_else(other).map_or("other", |name| name.trim_matches('/'))
}

impl Access {
    /// Whether no identity is needed.
    pub fn is_open(self) -> bool {
        self == Self::Anyone
    }

    /// Whether this caller may; `trusted` is one without TLS, who is believed.
    pub fn permits(self, caller: &Caller, trusted: bool) -> bool {
        match self {
            Self::Anyone => true,
            Self::Agents => caller.role == Agent || trusted,
            Self::Roles(roles) => caller.role == Administrator || roles.contains(&caller.role),
        }
    }
}

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
        let may = |access: Access, role| access.permits(&caller(role), false);
        assert!(may(AGENTS, Agent));
        assert!(!may(AGENTS, Operator));
        assert!(!may(AGENTS, Administrator));
        assert!(AGENTS.permits(&caller(Administrator), true));
        assert!(!may(ADMINISTRATORS, Reviewer));
        assert!(may(REVIEWERS, Administrator));
        assert!(!may(READERS, Agent));
        assert_eq!(access("/grpc.health.v1.Health/Check"), Some(Access::Anyone));
        assert_eq!(access("/tiendo.v1.AdminService/Nothing"), None);
        assert_eq!(name("/tiendo.v1.AdminService/Backup"), "tiendo.v1.AdminService/Backup");
        assert_eq!(name("/grpc.health.v1.Health/Check"), "grpc.health.v1.Health");
        assert_eq!(name("/tiendo.v1.AdminService/Nothing"), "other");
    }

    #[test]
    fn only_enrolment_and_health_are_open() {
        let open: Vec<_> =
            TABLE.iter().chain(OTHERS).filter(|(_, access)| access.is_open()).collect();
        let paths: Vec<_> = open.iter().map(|(path, _)| *path).collect();
        assert_eq!(
            paths,
            [
                "/tiendo.v1.EnrolmentService/Enrol",
                "/tiendo.v1.EnrolmentService/Renew",
                "/grpc.health.v1.Health/",
            ]
        );
    }
}
