//! Acts: what reviewers and administrators do that the ledger keeps beside submissions.

use jiff::Timestamp;

use crate::period::ReportingPeriod;
use crate::review::State;
use crate::submission::Hash;

/// Longest reason of an act, in characters.
pub const REASON_CHARACTERS: usize = 2_000;

/// Something done with a report or with who gets in. It never holds a secret.
///
/// Who did it and when stands in its entry. Acts on a report stand in the chain of
/// its department, all others in that of [`PROVINCE`](crate::department::PROVINCE).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A reviewer stands by a report.
    ReportApproved {
        /// Reporting period.
        period: ReportingPeriod,
    },
    /// A reviewer sent a report back.
    ReportReturned {
        /// Reporting period.
        period: ReportingPeriod,
        /// What the department has to do.
        reason: String,
    },
    /// A reviewer opened an approved report again.
    ReportReopened {
        /// Reporting period.
        period: ReportingPeriod,
        /// Why.
        reason: String,
    },
    /// An administrator made a one-time join token.
    TokenCreated {
        /// Id of the token, which is no part of its secret.
        token: String,
        /// Role of the bearer.
        role: String,
        /// Department the bearer will act for; empty for province-wide roles.
        department: String,
        /// Name of the agent; empty if the bearer chooses.
        agent: String,
        /// When it ends.
        expires: Timestamp,
    },
    /// An administrator revoked a join token before anybody used it.
    TokenRevoked {
        /// Id of the token.
        token: String,
    },
    /// A token was redeemed for a certificate.
    AgentEnrolled {
        /// Id of the token.
        token: String,
        /// Role.
        role: String,
        /// Whose certificate.
        certificate: Certificate,
    },
    /// The bearer of a certificate got the next one for the same key.
    CertificateRenewed(Certificate),
    /// An administrator revoked an agent.
    AgentRevoked {
        /// Department; empty for province-wide roles.
        department: String,
        /// Name of the agent.
        agent: String,
        /// Why.
        reason: String,
    },
    /// An administrator replaced the catalogue.
    CatalogueReplaced {
        /// Version that was in force.
        old: String,
        /// Version in force from then on.
        new: String,
        /// SHA-256 of the new one's text.
        hash: Hash,
    },
}

/// A certificate as an act remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Department of its bearer; empty for province-wide roles.
    pub department: String,
    /// Name of its bearer.
    pub agent: String,
    /// Serial number.
    pub serial: Vec<u8>,
    /// SHA-256 of the public key, as its `SubjectPublicKeyInfo`.
    pub public_key: Hash,
    /// When it ends.
    pub not_after: Timestamp,
}

impl Act {
    /// The report that a review act moves, and where to; none for other acts.
    pub fn moves(&self) -> Option<(ReportingPeriod, State)> {
        match self {
            Self::ReportApproved { period } => Some((*period, State::Approved)),
            Self::ReportReturned { period, .. } => Some((*period, State::Returned)),
            Self::ReportReopened { period, .. } => Some((*period, State::Reopened)),
            Self::TokenCreated { .. }
            | Self::TokenRevoked { .. }
            | Self::AgentEnrolled { .. }
            | Self::CertificateRenewed(_)
            | Self::AgentRevoked { .. }
            | Self::CatalogueReplaced { .. } => None,
        }
    }
}
