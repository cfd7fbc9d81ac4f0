//! Who calls, what they may do, and how that is proven.
//!
//! A caller is what a certificate of our own [`Authority`] names: one URI,
//! `tiendo://DEPARTMENT/ROLE/NAME`. Nothing else in a certificate, and nothing in
//! a request, is believed. With `--insecure-loopback`, and there alone, the
//! request's metadata are believed instead.

use std::fmt;
use std::str::FromStr;

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::department::PROVINCE;

use crate::failure::Failure;

mod authority;
mod credential;
mod files;
mod guesses;
mod members;
pub mod presence;
pub mod registry;
mod signing_request;

pub use authority::{Authority, Error, Host, LIFE, ServerIdentity, Terms};
pub use credential::{Certified, Credential, Judge, Unproven};
pub use files::{Files, Staged};
pub use guesses::Guesses;
pub(crate) use guesses::network;
pub use members::{Members, Welcome};
pub use signing_request::{PublicKey, SigningRequestError};

/// What a caller may do. Administrators may do everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Agent, Self::Reviewer, Self::Operator, Self::Administrator];

    /// Its name in certificates, requests and the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Reviewer => "reviewer",
            Self::Operator => "operator",
            Self::Administrator => "administrator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(())
    }
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
            return Err(Failure::unauthenticated(format!(
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

    /// Refuses an agent that asks about a department that is not its own.
    pub fn may_see(&self, department: &str) -> Result<(), Failure> {
        if self.role == Role::Agent && self.department.as_deref() != Some(department) {
            let short: String = department.chars().take(60).collect();
            let message = format!("`{short}` is not for agents of another department");
            return Err(Failure::Denied(message));
        }
        Ok(())
    }

    /// The URI that names it in its certificate; [`PROVINCE`] stands for no department.
    pub fn uri(&self) -> String {
        let department = self.department.as_deref().unwrap_or(PROVINCE);
        format!("tiendo://{department}/{}/{}", self.role, self.name)
    }

    /// The caller a URI names; none if it is not of that form.
    pub fn from_uri(uri: &str) -> Option<Self> {
        let mut parts = uri.strip_prefix("tiendo://")?.split('/');
        let (department, role, name) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || department.is_empty() || !is_name(name) {
            return None;
        }
        let department = (department != PROVINCE).then(|| department.to_owned());
        Some(Self { role: role.parse().ok()?, department, name: name.to_owned() })
    }
}

/// Whether a text can name an agent: 1 to 63 letters, digits, `.`, `_` and `-`,
/// the first a letter or digit.
pub fn is_name(text: &str) -> bool {
    let follows = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    text.len() <= 63
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && text.bytes().all(follows)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_names_one_caller_and_nothing_near_it_does() {
        for role in Role::ALL {
            for department in [None, Some("so-khcn".to_owned())] {
                let caller = Caller { role, department, name: "PC-01.a_b".to_owned() };
                assert_eq!(Caller::from_uri(&caller.uri()), Some(caller));
            }
        }
        let long = format!("tiendo://so-khcn/agent/{}", "a".repeat(64));
        for uri in [
            "",
            "tiendo://",
            "tiendo://so-khcn/agent",
            "tiendo://so-khcn/agent/",
            "tiendo:///agent/pc",
            "tiendo://so-khcn/agent/pc/x",
            "tiendo://so-khcn/owner/pc",
            "tiendo://so-khcn/Agent/pc",
            "tiendo://so-khcn/agent/-pc",
            "tiendo://so-khcn/agent/p c",
            "tiendo://so-khcn/agent/máy",
            "https://so-khcn/agent/pc",
            "TIENDO://so-khcn/agent/pc",
            long.as_str(),
        ] {
            assert_eq!(Caller::from_uri(uri), None, "{uri}");
        }
    }
}
