//! Use case: identities are handed out: join tokens redeemed, certificates renewed.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tiendo_shared::act::{Act, Certificate};
use tiendo_shared::submission::hexadecimal;
use tiendo_shared::token::JoinToken;
use tiendo_shared::wire::{self, v1};

use crate::acts::{Acts, Decided};
use crate::failure::Failure;
use crate::identity::registry::{Registry, TokenState};
use crate::identity::{
    Authority, Caller, Certified, Credential, Guesses, LIFE, PublicKey, Terms, Unproven, is_name,
};

/// A certificate that was made this lately is handed out again rather than renewed.
const JUST_MADE: SignedDuration = SignedDuration::from_hours(1);

/// Hands out identities.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// Who certifies; none without TLS.
    pub authority: Option<Arc<Authority>>,
    /// Where it is recorded.
    pub acts: Acts,
    /// Keeps guesses at tokens slow.
    pub guesses: Arc<Guesses>,
    /// How long after its end a certificate can still be renewed.
    pub renew_expired_for: SignedDuration,
}

/// What a token is good for.
#[derive(Debug, PartialEq, Eq)]
enum Admission {
    /// It was redeemed with this key before, for these terms.
    Again(Caller, Terms),
    /// It makes somebody new.
    New(Caller),
}

impl Enrolment {
    /// Redeems a join token for a certificate.
    pub async fn enrol(
        &self,
        address: IpAddr,
        request: &v1::EnrolRequest,
    ) -> Result<v1::EnrolResponse, Failure> {
        let authority = authority(self.authority.as_ref())?;
        let now = self.acts.clock().now();
        if let Some(retry_after) = self.guesses.wait(address, now) {
            return Err(Failure::Exhausted {
                reason: "TOO_MANY_WRONG_TOKENS",
                message: "too many wrong join tokens came from this address".to_owned(),
                retry_after,
            });
        }
        let token = self.known_token(authority, &request.token).await;
        let token = token.inspect_err(|_| self.guesses.wrong(address, now))?;
        let key = PublicKey::of_request(&request.signing_request)?;
        let decide = |registry: &Registry| {
            let caller = match admit(registry, &token, &key, &request.agent, now)? {
                Admission::Again(caller, terms) => {
                    return Ok(Decided::already((caller, terms, false)));
                }
                Admission::New(caller) => caller,
            };
            let terms = Terms::from(now).map_err(Failure::internal)?;
            let role = caller.role.as_str().to_owned();
            let certificate = record_of(&caller, &key, &terms);
            let act = Act::AgentEnrolled { token: token.clone(), role, certificate };
            Ok(Decided::act(&caller.name.clone(), act, (caller, terms, true)))
        };
        let (caller, terms, is_new) = self.acts.decide(decide).await?;
        if is_new {
            tracing::info!(identity = caller.uri(), %address, "enrolled");
        }
        let certificate = authority.certify(&caller, &key, &terms).map_err(Failure::internal)?;
        Ok(v1::EnrolResponse {
            certificate_chain: authority.chain_pem(&certificate),
            department: caller.department.unwrap_or_default(),
            role: caller.role.as_str().to_owned(),
            not_after: Some(wire::timestamp(terms.not_after())),
            server_time: Some(wire::timestamp(self.acts.clock().now())),
            agent: caller.name,
        })
    }

    /// Renews the certificate that was shown in the handshake.
    pub async fn renew(
        &self,
        credential: &Credential,
        request: &v1::RenewRequest,
    ) -> Result<v1::RenewResponse, Failure> {
        let authority = authority(self.authority.as_ref())?;
        let certified = credential.certified()?;
        let key = PublicKey::of_request(&request.signing_request)?;
        if key.hash() != certified.key {
            let message = "`signing_request` is for another key than the certificate shown";
            return Err(Failure::invalid("signing_request", "SIGNING_REQUEST_OTHER_KEY", message));
        }
        let now = self.acts.clock().now();
        let caller = &certified.caller;
        let decide = |registry: &Registry| {
            let before = self.renewable(registry, certified, now)?;
            if now.duration_until(before.not_after()) > LIFE - JUST_MADE {
                return Ok(Decided::already((before, false)));
            }
            let terms = Terms::from(now).map_err(Failure::internal)?;
            let act = Act::CertificateRenewed(record_of(caller, &key, &terms));
            Ok(Decided::act(&caller.name, act, (terms, true)))
        };
        let (terms, is_new) = self.acts.decide(decide).await?;
        if is_new {
            tracing::info!(identity = caller.uri(), "a certificate was renewed");
        }
        let certificate = authority.certify(caller, &key, &terms).map_err(Failure::internal)?;
        Ok(v1::RenewResponse {
            certificate_chain: authority.chain_pem(&certificate),
            not_after: Some(wire::timestamp(terms.not_after())),
            server_time: Some(wire::timestamp(now)),
        })
    }

    /// The id of a token that this server or another of the province made.
    async fn known_token(&self, authority: &Authority, text: &str) -> Result<String, Failure> {
        use tiendo_shared::token::Error;
        let token: JoinToken = text.parse().map_err(|error: Error| {
            let reason = match error {
                Error::NotAToken => "TOKEN_FORM",
                Error::Incomplete(_) | Error::Mistyped => "TOKEN_MISTYPED",
            };
            Failure::invalid("token", reason, error.to_string())
        })?;
        if token.authority != authority.fingerprint() {
            let message = "the join token is for another server";
            return Err(Failure::invalid("token", "TOKEN_FOREIGN", message));
        }
        let id = token_id(&token);
        let is_known = || self.acts.members().registry().token(&id).is_some();
        if !is_known() {
            // Perhaps another server made it a moment ago.
            self.acts.catch_up().await?;
        }
        if !is_known() {
            return Err(refused("TOKEN_UNKNOWN", "this server did not make this join token"));
        }
        Ok(id)
    }

    /// The terms of the newest certificate of a key, if there can be another.
    fn renewable(
        &self,
        registry: &Registry,
        certified: &Certified,
        now: Timestamp,
    ) -> Result<Terms, Failure> {
        let member = registry.member(&certified.key).ok_or(Unproven::Unknown)?;
        if let Some(reason) = &member.revoked {
            return Err(Unproven::Revoked(reason.clone()).into());
        }
        if member.caller != certified.caller {
            return Err(Unproven::Unknown.into());
        }
        if now < certified.not_before {
            return Err(Unproven::NotYetValid { begins: certified.not_before, now }.into());
        }
        if member.not_after.duration_until(now) > self.renew_expired_for {
            let message = format!(
                "the certificate ended at {}, too long ago to be renewed; enrol again with a new \
                 join token",
                member.not_after
            );
            let reason = "RENEWAL_TOO_LATE";
            return Err(Failure::Unauthenticated { reason, message, server_time: Some(now) });
        }
        Ok(Terms::of(&member.serial, member.not_after))
    }
}

/// The id of a token: what the ledger and administrators call it by.
pub fn token_id(token: &JoinToken) -> String {
    hexadecimal(&token.secret_hash())
}

/// The authority, without which nobody can enrol.
pub(crate) fn authority(authority: Option<&Arc<Authority>>) -> Result<&Authority, Failure> {
    authority.map(AsRef::as_ref).ok_or_else(|| Failure::Precondition {
        reason: "WITHOUT_TLS",
        message: "this server runs without TLS and has no authority; run `tiendo-server init` and \
                  serve without `--insecure-loopback`"
            .to_owned(),
    })
}

/// What the bearer of a token becomes.
fn admit(
    registry: &Registry,
    id: &str,
    key: &PublicKey,
    wanted: &str,
    now: Timestamp,
) -> Result<Admission, Failure> {
    let unknown = || refused("TOKEN_UNKNOWN", "this server did not make this join token");
    let token = registry.token(id).ok_or_else(unknown)?;
    let member = registry.member(&key.hash());
    if let Some(reason) = member.and_then(|member| member.revoked.clone()) {
        return Err(Unproven::Revoked(reason).into());
    }
    match (token.state, member) {
        (TokenState::Revoked, _) => {
            return Err(refused("TOKEN_REVOKED", "the join token was revoked"));
        }
        (TokenState::Used(used), Some(member)) if used == key.hash() => {
            let terms = Terms::of(&member.serial, member.not_after);
            return Ok(Admission::Again(member.caller.clone(), terms));
        }
        (TokenState::Used(_), _) => {
            let message = "the join token was used before, by another computer or another key";
            return Err(refused("TOKEN_USED", message));
        }
        (TokenState::Open, _) if now > token.expires => {
            let message = format!("the join token ended at {}", token.expires);
            return Err(refused("TOKEN_EXPIRED", &message));
        }
        (TokenState::Open, _) => (),
    }
    let name = name(token.agent.as_deref(), wanted)?;
    let place = (token.department.clone().unwrap_or_default(), name);
    let holder = registry.at(&place).filter(|holder| holder.revoked.is_none());
    if token.agent.is_none() && holder.is_some_and(|holder| holder.key != key.hash()) {
        let message = format!(
            "another computer has the name `{}`; choose another, or ask for a token made for this \
             name",
            place.1
        );
        return Err(Failure::invalid("agent", "AGENT_NAME_TAKEN", message));
    }
    let caller = Caller { role: token.role, department: token.department.clone(), name: place.1 };
    if member.is_some_and(|member| member.caller != caller) {
        let message = "the key is certified for another name; make a new key";
        return Err(Failure::invalid("signing_request", "KEY_TAKEN", message));
    }
    Ok(Admission::New(caller))
}

/// The name a bearer gets.
fn name(bound: Option<&str>, wanted: &str) -> Result<String, Failure> {
    match bound {
        Some(bound) if wanted.is_empty() || wanted == bound => Ok(bound.to_owned()),
        Some(bound) => {
            let message = format!("the join token is for the name `{bound}`");
            Err(Failure::invalid("agent", "AGENT_NAME_BOUND", message))
        }
        None if is_name(wanted) => Ok(wanted.to_owned()),
        None => Err(name_form("agent")),
    }
}

/// The failure of a text that cannot be a name.
pub(crate) fn name_form(field: &'static str) -> Failure {
    let message = "a name has 1 to 63 letters, digits, `.`, `_` and `-`, and begins with a letter \
                   or digit";
    Failure::invalid(field, "AGENT_NAME_FORM", message)
}

fn record_of(caller: &Caller, key: &PublicKey, terms: &Terms) -> Certificate {
    Certificate {
        department: caller.department.clone().unwrap_or_default(),
        agent: caller.name.clone(),
        serial: terms.serial().to_vec(),
        public_key: key.hash(),
        not_after: terms.not_after(),
    }
}

fn refused(reason: &'static str, message: &str) -> Failure {
    Failure::Unauthenticated { reason, message: message.to_owned(), server_time: None }
}

#[cfg(test)]
mod tests;
