//! Who may come in: join tokens and members, derived from the acts of the province alone.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use tiendo_shared::act::{Act, Certificate};
use tokio_util::sync::CancellationToken;

use super::{Caller, Role};

/// SHA-256 of a public key.
pub type Key = [u8; 32];

/// Department (empty for province-wide roles) and name: at most one member at a time.
pub type Place = (String, String);

/// A join token, known by the hash of its secret in hexadecimal digits.
#[derive(Debug, Clone)]
pub struct Token {
    /// Role of the bearer.
    pub role: Role,
    /// Department of the bearer, if the role has one.
    pub department: Option<String>,
    /// Name of the bearer, if it may not choose.
    pub agent: Option<String>,
    /// When it ends.
    pub expires: Timestamp,
    /// What became of it.
    pub state: TokenState,
}

/// What became of a join token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenState {
    /// Nothing yet.
    Open,
    /// The bearer of this key redeemed it.
    Used(Key),
    /// It was revoked before.
    Revoked,
}

/// Somebody who enrolled.
#[derive(Debug, Clone)]
pub struct Member {
    /// Who it is.
    pub caller: Caller,
    /// Its key.
    pub key: Key,
    /// Serial number of its newest certificate.
    pub serial: Vec<u8>,
    /// When that ends.
    pub not_after: Timestamp,
    /// Why it is not welcome any more.
    pub revoked: Option<String>,
    /// Ends what it has open when it is revoked.
    pub ended: CancellationToken,
}

/// All tokens and members.
#[derive(Debug, Default)]
pub struct Registry {
    tokens: HashMap<String, Token>,
    members: HashMap<Key, Member>,
    places: BTreeMap<Place, Key>,
}

impl Registry {
    /// Applies an act; those of other matters change nothing.
    pub fn apply(&mut self, act: &Act) {
        match act {
            Act::TokenCreated { token, role, department, agent, expires } => {
                let Ok(role) = role.parse() else { return };
                let (department, agent) = (named(department), named(agent));
                let state = TokenState::Open;
                let made = Token { role, department, agent, expires: *expires, state };
                self.tokens.insert(token.clone(), made);
            }
            Act::TokenRevoked { token } => {
                if let Some(token) = self.tokens.get_mut(token) {
                    token.state = TokenState::Revoked;
                }
            }
            Act::AgentEnrolled { token, role, certificate } => {
                if let Some(token) = self.tokens.get_mut(token) {
                    token.state = TokenState::Used(certificate.public_key);
                }
                self.enrol(role, certificate);
            }
            Act::CertificateRenewed(certificate) => {
                if let Some(member) = self.members.get_mut(&certificate.public_key) {
                    member.serial.clone_from(&certificate.serial);
                    member.not_after = certificate.not_after;
                }
            }
            Act::AgentRevoked { department, agent, reason } => {
                self.revoke(department, agent, reason);
            }
            Act::ReportApproved { .. }
            | Act::ReportReturned { .. }
            | Act::ReportReopened { .. }
            | Act::CatalogueReplaced { .. } => (),
        }
    }

    /// The token of this id.
    pub fn token(&self, id: &str) -> Option<&Token> {
        self.tokens.get(id)
    }

    /// The member that has or had this key.
    pub fn member(&self, key: &Key) -> Option<&Member> {
        self.members.get(key)
    }

    /// The member that has this department and name, or had them last.
    pub fn at(&self, place: &Place) -> Option<&Member> {
        self.places.get(place).and_then(|key| self.members.get(key))
    }

    /// The members by department and name, from after `place` on.
    pub fn members_after(&self, place: Option<&Place>) -> impl Iterator<Item = &Member> {
        let from = match place {
            Some(place) => std::ops::Bound::Excluded(place.clone()),
            None => std::ops::Bound::Unbounded,
        };
        let keys = self.places.range((from, std::ops::Bound::Unbounded)).map(|(_, key)| key);
        keys.filter_map(|key| self.members.get(key))
    }

    fn enrol(&mut self, role: &str, certificate: &Certificate) {
        let Ok(role) = role.parse() else { return };
        let place = (certificate.department.clone(), certificate.agent.clone());
        let key = certificate.public_key;
        let earlier = self.places.insert(place, key).filter(|earlier| *earlier != key);
        if let Some(earlier) = earlier.and_then(|key| self.members.get_mut(&key)) {
            let why = "another computer was enrolled under its name";
            earlier.revoked.get_or_insert_with(|| why.to_owned());
            earlier.ended.cancel();
        }
        let member = Member {
            caller: Caller {
                role,
                department: named(&certificate.department),
                name: certificate.agent.clone(),
            },
            key,
            serial: certificate.serial.clone(),
            not_after: certificate.not_after,
            revoked: None,
            ended: CancellationToken::new(),
        };
        if let Some(before) = self.members.insert(key, member) {
            before.ended.cancel();
        }
    }

    fn revoke(&mut self, department: &str, agent: &str, reason: &str) {
        let place = (department.to_owned(), agent.to_owned());
        if let Some(member) = self.places.get(&place).and_then(|key| self.members.get_mut(key)) {
            member.revoked.get_or_insert_with(|| reason.to_owned());
            member.ended.cancel();
        }
        for token in self.tokens.values_mut().filter(|token| token.state == TokenState::Open) {
            let is_for = token.department.as_deref().unwrap_or_default() == department;
            if is_for && token.agent.as_deref() == Some(agent) {
                token.state = TokenState::Revoked;
            }
        }
    }
}

fn named(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(agent: &str, key: u8, days: i64) -> Certificate {
        Certificate {
            department: "so-khcn".to_owned(),
            agent: agent.to_owned(),
            serial: vec![key],
            public_key: [key; 32],
            not_after: Timestamp::from_second(days * 86_400).unwrap(),
        }
    }

    fn enrolled(token: &str, certificate: Certificate) -> Act {
        Act::AgentEnrolled { token: token.to_owned(), role: "agent".to_owned(), certificate }
    }

    fn created(token: &str, agent: &str) -> Act {
        Act::TokenCreated {
            token: token.to_owned(),
            role: "agent".to_owned(),
            department: "so-khcn".to_owned(),
            agent: agent.to_owned(),
            expires: Timestamp::UNIX_EPOCH,
        }
    }

    fn registry(acts: &[Act]) -> Registry {
        let mut registry = Registry::default();
        for act in acts {
            registry.apply(act);
        }
        registry
    }

    #[test]
    fn a_token_is_open_until_it_is_used_or_revoked() {
        let state = |acts: &[Act]| registry(acts).token("t").map(|token| token.state);
        assert_eq!(state(&[]), None);
        assert_eq!(state(&[created("t", "")]), Some(TokenState::Open));
        let used = [created("t", ""), enrolled("t", certificate("pc", 1, 90))];
        assert_eq!(state(&used), Some(TokenState::Used([1; 32])));
        let revoked = [created("t", ""), Act::TokenRevoked { token: "t".to_owned() }];
        assert_eq!(state(&revoked), Some(TokenState::Revoked));
    }

    #[test]
    fn a_new_computer_takes_the_name_and_the_old_one_is_ended() {
        let mut registry = registry(&[enrolled("t", certificate("pc", 1, 90))]);
        let old = registry.member(&[1; 32]).unwrap().ended.clone();
        registry.apply(&enrolled("u", certificate("pc", 2, 90)));
        assert!(old.is_cancelled());
        assert!(registry.member(&[1; 32]).unwrap().revoked.is_some());
        let place = ("so-khcn".to_owned(), "pc".to_owned());
        let now = registry.at(&place).unwrap();
        assert_eq!((now.key, &now.revoked), ([2; 32], &None));
        assert_eq!(registry.members_after(None).count(), 1);
        assert_eq!(registry.members_after(Some(&place)).count(), 0);
    }

    #[test]
    fn a_revoked_agent_ends_with_its_open_tokens() {
        let mut registry = registry(&[
            enrolled("t", certificate("pc", 1, 90)),
            created("same", "pc"),
            created("other", "pc-2"),
        ]);
        let ended = registry.member(&[1; 32]).unwrap().ended.clone();
        registry.apply(&Act::AgentRevoked {
            department: "so-khcn".to_owned(),
            agent: "pc".to_owned(),
            reason: "lost".to_owned(),
        });
        assert!(ended.is_cancelled());
        assert_eq!(registry.member(&[1; 32]).unwrap().revoked.as_deref(), Some("lost"));
        assert_eq!(registry.token("same").unwrap().state, TokenState::Revoked);
        assert_eq!(registry.token("other").unwrap().state, TokenState::Open);
    }

    #[test]
    fn a_renewal_moves_the_end() {
        let acts = [
            enrolled("t", certificate("pc", 1, 90)),
            Act::CertificateRenewed(Certificate { serial: vec![7], ..certificate("pc", 1, 135) }),
        ];
        let registry = registry(&acts);
        let member = registry.member(&[1; 32]).unwrap();
        assert_eq!(
            (member.serial.as_slice(), member.not_after.as_second()),
            (&[7][..], 135 * 86_400)
        );
    }
}
