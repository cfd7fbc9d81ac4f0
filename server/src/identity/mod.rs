//! Who calls, and for which department.
//!
//! Every call carries a [`Caller`] that `rpc/access.rs` puts there. For now the
//! only source of one is `--insecure-loopback`, which believes the request.

use tiendo_shared::catalogue::Catalogue;

use crate::failure::Failure;

/// What a caller may do. Administrators may do everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Reports for its own department.
    Agent,
    /// Approves and returns reports; reads.
    Reviewer,
    /// Reads.
    Operator,
    /// Manages who gets in.
    Administrator,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// What it may do.
    pub role: Role,
    /// The department it acts for, if it acts for one.
    pub department: Option<String>,
    /// Name of the agent or person.
    pub name: String,
}

impl Caller {
    /// The department it acts for, which has to be one of the catalogue.
    pub fn acts_for(&self, catalogue: &Catalogue) -> Result<&str, Failure> {
        let Some(department) = &self.department else {
            return Err(Failure::Unauthenticated(format!(
                "no department is named; put it in the request metadata `{DEPARTMENT_METADATA}`"
            )));
        };
        if catalogue.department(department).is_none() {
            return Err(Failure::Denied(format!(
                "the catalogue has no department `{}`",
                department.chars().take(60).collect::<String>()
            )));
        }
        Ok(department)
    }
}

/// Metadata that names the acting department, with `--insecure-loopback` alone.
pub const DEPARTMENT_METADATA: &str = "tiendo-department";

/// Metadata that names the agent, with `--insecure-loopback` alone.
pub const AGENT_METADATA: &str = "tiendo-agent";

/// The caller of a request when anyone who can reach the loopback address is
/// taken for an administrator.
pub fn insecure_caller(headers: &http::HeaderMap) -> Caller {
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let shortened = |text: &str| text.chars().take(100).collect::<String>();
    Caller {
        role: Role::Administrator,
        department: text(DEPARTMENT_METADATA).map(shortened),
        name: text(AGENT_METADATA).map_or_else(|| "insecure".to_owned(), shortened),
    }
}
