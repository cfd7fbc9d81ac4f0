//! Acts between messages and the domain.

use jiff::Timestamp;
use prost::Message as _;

use super::v1;
use super::v1::act::Deed;
use crate::act::{Act, Certificate};

impl Act {
    /// Its bytes: an encoded `Act`.
    pub fn encode(&self) -> Vec<u8> {
        v1::Act { deed: Some(self.into()) }.encode_to_vec()
    }

    /// The act of these bytes; none if they are none that this version knows.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        act(v1::Act::decode(bytes).ok()?.deed?)
    }
}

impl From<&Act> for Deed {
    fn from(act: &Act) -> Self {
        match act.clone() {
            Act::ReportApproved { period } => {
                Self::ReportApproved(v1::ReportApproved { period: period.to_string() })
            }
            Act::ReportReturned { period, reason } => {
                Self::ReportReturned(v1::ReportReturned { period: period.to_string(), reason })
            }
            Act::ReportReopened { period, reason } => {
                Self::ReportReopened(v1::ReportReopened { period: period.to_string(), reason })
            }
            Act::TokenCreated { token, role, department, agent, expires } => {
                Self::TokenCreated(v1::TokenCreated {
                    token_id: token,
                    role,
                    department,
                    agent,
                    expires_at_us: expires.as_microsecond(),
                })
            }
            Act::TokenRevoked { token } => Self::TokenRevoked(v1::TokenRevoked { token_id: token }),
            Act::AgentEnrolled { token, role, certificate } => {
                Self::AgentEnrolled(v1::AgentEnrolled {
                    token_id: token,
                    role,
                    department: certificate.department,
                    agent: certificate.agent,
                    serial: certificate.serial,
                    public_key_sha256: certificate.public_key.to_vec(),
                    not_after_us: certificate.not_after.as_microsecond(),
                })
            }
            Act::CertificateRenewed(certificate) => {
                Self::CertificateRenewed(v1::CertificateRenewed {
                    department: certificate.department,
                    agent: certificate.agent,
                    serial: certificate.serial,
                    public_key_sha256: certificate.public_key.to_vec(),
                    not_after_us: certificate.not_after.as_microsecond(),
                })
            }
            Act::AgentRevoked { department, agent, reason } => {
                Self::AgentRevoked(v1::AgentRevoked { department, agent, reason })
            }
            Act::CatalogueReplaced { old, new, hash } => {
                Self::CatalogueReplaced(v1::CatalogueReplaced {
                    old_version: old,
                    new_version: new,
                    sha256: hash.to_vec(),
                })
            }
        }
    }
}

fn act(deed: Deed) -> Option<Act> {
    Some(match deed {
        Deed::ReportApproved(deed) => Act::ReportApproved { period: deed.period.parse().ok()? },
        Deed::ReportReturned(v1::ReportReturned { period, reason }) => {
            Act::ReportReturned { period: period.parse().ok()?, reason }
        }
        Deed::ReportReopened(v1::ReportReopened { period, reason }) => {
            Act::ReportReopened { period: period.parse().ok()?, reason }
        }
        Deed::TokenCreated(deed) => Act::TokenCreated {
            token: deed.token_id,
            role: deed.role,
            department: deed.department,
            agent: deed.agent,
            expires: Timestamp::from_microsecond(deed.expires_at_us).ok()?,
        },
        Deed::AgentEnrolled(deed) => Act::AgentEnrolled {
            token: deed.token_id,
            role: deed.role,
            certificate: Certificate {
                department: deed.department,
                agent: deed.agent,
                serial: deed.serial,
                public_key: deed.public_key_sha256.try_into().ok()?,
                not_after: Timestamp::from_microsecond(deed.not_after_us).ok()?,
            },
        },
        Deed::CertificateRenewed(deed) => Act::CertificateRenewed(Certificate {
            department: deed.department,
            agent: deed.agent,
            serial: deed.serial,
            public_key: deed.public_key_sha256.try_into().ok()?,
            not_after: Timestamp::from_microsecond(deed.not_after_us).ok()?,
        }),
        Deed::AgentRevoked(v1::AgentRevoked { department, agent, reason }) => {
            Act::AgentRevoked { department, agent, reason }
        }
        Deed::TokenRevoked(deed) => Act::TokenRevoked { token: deed.token_id },
        Deed::CatalogueReplaced(deed) => Act::CatalogueReplaced {
            old: deed.old_version,
            new: deed.new_version,
            hash: deed.sha256.try_into().ok()?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_reads_back() {
        let certificate = Certificate {
            department: "so-khcn".to_owned(),
            agent: "pc-1".to_owned(),
            serial: vec![1, 2],
            public_key: [3; 32],
            not_after: Timestamp::from_microsecond(1_800_000_000_000_001).unwrap(),
        };
        let text = str::to_owned;
        let period = "2026-Q3".parse().unwrap();
        let all = [
            Act::ReportApproved { period },
            Act::ReportReturned { period, reason: text("thiếu số liệu") },
            Act::ReportReopened { period, reason: text("số liệu sai") },
            Act::TokenCreated {
                token: text("t1"),
                role: text("agent"),
                department: text("so-khcn"),
                agent: String::new(),
                expires: Timestamp::UNIX_EPOCH,
            },
            Act::AgentEnrolled {
                token: text("t1"),
                role: text("agent"),
                certificate: certificate.clone(),
            },
            Act::CertificateRenewed(certificate),
            Act::AgentRevoked {
                department: text("so-khcn"),
                agent: text("pc-1"),
                reason: text("mất máy"),
            },
            Act::TokenRevoked { token: text("token-7") },
            Act::CatalogueReplaced { old: text("1"), new: text("2"), hash: [4; 32] },
        ];
        for act in all {
            assert_eq!(Act::decode(&act.encode()), Some(act));
        }
        assert_eq!(Act::decode(&[]), None);
    }
}
