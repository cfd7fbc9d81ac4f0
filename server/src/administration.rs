//! Use case: what administrators do with tokens, members and the catalogue.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};
use tiendo_shared::act::{Act, REASON_CHARACTERS};
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::department::PROVINCE;
use tiendo_shared::token::JoinToken;
use tiendo_shared::wire::{self, v1};
use tokio_util::sync::CancellationToken;

use crate::acts::{Acts, Decided};
use crate::enrolment::{authority, name_form, token_id};
use crate::failure::Failure;
use crate::figures::known_department;
use crate::identity::registry::{Member, Registry, TokenState};
use crate::identity::{Authority, Role, Staged, is_name};
use crate::page;

/// How long a token can be redeemed if nobody says.
const USUAL_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long a token can be redeemed at most.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Errors of a catalogue that an answer names; headers have no room for hundreds.
const MOST_PROBLEMS: usize = 20;

/// What administrators do.
#[derive(Debug, Clone)]
pub struct Administration {
    /// Whom tokens are made for; none without TLS.
    pub authority: Option<Arc<Authority>>,
    /// Where it is recorded.
    pub acts: Acts,
    /// The catalogue in force.
    pub catalogue: Arc<Catalogue>,
    /// Where a new catalogue is written; none if the server was started with one.
    pub catalogue_file: Option<PathBuf>,
    /// Makes the server begin anew with what is written.
    pub reopen: CancellationToken,
}

impl Administration {
    /// Makes a join token.
    pub async fn create_token(
        &self,
        by: &str,
        request: &v1::CreateJoinTokenRequest,
    ) -> Result<v1::CreateJoinTokenResponse, Failure> {
        let authority = authority(self.authority.as_ref())?;
        let role: Role = request.role.parse().map_err(|()| {
            let roles = Role::ALL.map(Role::as_str).join(", ");
            Failure::invalid("role", "UNKNOWN_ROLE", format!("accepted roles: {roles}"))
        })?;
        self.fits(role, &request.department)?;
        if !request.agent.is_empty() && !is_name(&request.agent) {
            return Err(name_form("agent"));
        }
        let life = life(request.lifetime.as_ref())?;
        let mut secret = [0; 20];
        getrandom::fill(&mut secret).map_err(Failure::internal)?;
        let token = JoinToken::new(authority.fingerprint(), secret);
        let now = self.acts.clock().now();
        let expires = now.checked_add(life).map_err(Failure::internal)?;
        let id = token_id(&token);
        let act = Act::TokenCreated {
            token: id.clone(),
            role: role.as_str().to_owned(),
            department: request.department.clone(),
            agent: request.agent.clone(),
            expires,
        };
        self.acts.decide(|_| Ok(Decided::act(by, act.clone(), ()))).await?;
        Ok(v1::CreateJoinTokenResponse {
            token: token.text(),
            expires_at: Some(wire::timestamp(expires)),
            token_id: id,
        })
    }

    /// Revokes a join token.
    pub async fn revoke_token(&self, by: &str, id: &str) -> Result<(), Failure> {
        let decide = |registry: &Registry| match registry.token(id).map(|token| token.state) {
            None => Err(Failure::not_found("join token", id)),
            Some(TokenState::Revoked) => Ok(Decided::already(())),
            Some(TokenState::Used(_)) => Err(Failure::Precondition {
                reason: "TOKEN_USED",
                message: "the join token was redeemed; revoke the agent instead".to_owned(),
            }),
            Some(TokenState::Open) => {
                Ok(Decided::act(by, Act::TokenRevoked { token: id.to_owned() }, ()))
            }
        };
        self.acts.decide(decide).await
    }

    /// Lists members by department and name.
    pub async fn agents(
        &self,
        request: &v1::ListAgentsRequest,
    ) -> Result<v1::ListAgentsResponse, Failure> {
        let asked = request.department.as_str();
        if !asked.is_empty() && asked != PROVINCE {
            known_department(&self.catalogue, asked)?;
        }
        let after = page::words::<2>(&request.page_token)?;
        let after = after.map(|[department, name]| (department, name));
        let size = page::size(request.page_size);
        self.acts.catch_up().await?;
        let registry = self.acts.members().registry();
        let of_department = |member: &&Member| {
            asked.is_empty() || member.caller.department.as_deref().unwrap_or(PROVINCE) == asked
        };
        let mut wanted = registry.members_after(after.as_ref()).filter(of_department);
        let agents: Vec<_> = wanted.by_ref().take(size).map(|member| self.agent(member)).collect();
        let last = agents.last().filter(|_| wanted.next().is_some());
        let next = last.map(|last| page::token(&[&last.department, &last.name]));
        Ok(v1::ListAgentsResponse { next_page_token: next.unwrap_or_default(), agents })
    }

    /// Revokes a member.
    pub async fn revoke(
        &self,
        by: &str,
        request: &v1::RevokeAgentRequest,
    ) -> Result<v1::Agent, Failure> {
        let reason = request.reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_CHARACTERS {
            let message = format!("a reason of 1 to {REASON_CHARACTERS} characters is needed");
            return Err(Failure::invalid("reason", "REASON_LENGTH", message));
        }
        let place = (request.department.clone(), request.agent.clone());
        let members = self.acts.members();
        let missing = || Failure::not_found("agent", &request.agent);
        let is_new = |registry: &Registry| {
            if registry.at(&place).ok_or_else(missing)?.revoked.is_some() {
                return Ok(Decided::already(false));
            }
            let act = Act::AgentRevoked {
                department: place.0.clone(),
                agent: place.1.clone(),
                reason: reason.to_owned(),
            };
            Ok(Decided::act(by, act, true))
        };
        if self.acts.decide(is_new).await? {
            tracing::info!(department = place.0, agent = place.1, by, "an agent was revoked");
        }
        let registry = members.registry();
        registry.at(&place).map(|member| self.agent(member)).ok_or_else(missing)
    }

    /// Replaces the catalogue and begins anew; answers with the version then in force.
    pub async fn replace_catalogue(
        &self,
        by: &str,
        request: &v1::ReplaceCatalogueRequest,
    ) -> Result<String, Failure> {
        let new = Catalogue::parse(&request.toml).map_err(|problems| {
            let problems = problems.as_slice();
            let mut lines: Vec<_> =
                problems.iter().take(MOST_PROBLEMS).map(ToString::to_string).collect();
            if problems.len() > MOST_PROBLEMS {
                let more = problems.len() - MOST_PROBLEMS;
                lines.push(format!("{more} more; `tiendo-server catalogue check FILE` shows all"));
            }
            Failure::invalid("toml", "CATALOGUE_ERRORS", lines.join("\n"))
        })?;
        if request.validate_only {
            return Ok(self.catalogue.version.clone());
        }
        let Some(file) = &self.catalogue_file else {
            return Err(Failure::Precondition {
                reason: "CATALOGUE_IS_A_FILE",
                message: "the server was started with `--catalogue FILE`; change that file and \
                          start the server again"
                    .to_owned(),
            });
        };
        let turn = self.acts.turn().await?;
        self.acts.keep_text(&request.toml).await?;
        let staged = Staged::write(file, &request.toml).map_err(Failure::internal)?;
        let act = Act::CatalogueReplaced {
            old: self.catalogue.version.clone(),
            new: new.version.clone(),
            hash: Sha256::digest(&request.toml).into(),
        };
        let reopen = self.reopen.clone();
        let then = move || {
            staged.commit().map_err(Failure::internal)?;
            reopen.cancel();
            Ok(())
        };
        turn.record_then(by, act, then).await?;
        Ok(new.version)
    }

    /// Whether a role can be one of this department.
    fn fits(&self, role: Role, department: &str) -> Result<(), Failure> {
        match (role, department) {
            (Role::Agent, "") => {
                let message = "an agent acts for a department; name it";
                Err(Failure::invalid("department", "DEPARTMENT_MISSING", message))
            }
            (Role::Agent, department) => known_department(&self.catalogue, department),
            (_, "") => Ok(()),
            (role, _) => {
                let message = format!("the role {role} is province-wide; leave the department out");
                Err(Failure::invalid("department", "ROLE_WITHOUT_DEPARTMENT", message))
            }
        }
    }

    fn agent(&self, member: &Member) -> v1::Agent {
        let known = self.acts.members().presence().of(&member.key);
        let machines = known.in_turn(self.acts.clock().now()).into_iter();
        let skew = known.skew.map_or(0, |skew| skew.as_millis());
        v1::Agent {
            name: member.caller.name.clone(),
            department: member.caller.department.clone().unwrap_or_default(),
            role: member.caller.role.as_str().to_owned(),
            version: known.version.clone(),
            certificate_not_after: Some(wire::timestamp(member.not_after)),
            last_contact: known.last_contact.map(wire::timestamp),
            clock_skew_ms: i64::try_from(skew).unwrap_or(i64::MAX),
            last_sequence: known.last_sequence,
            revoked: member.revoked.is_some(),
            machines: machines
                .map(|machine| v1::Machine {
                    name: machine.name.clone(),
                    address: machine.address.to_string(),
                    last_contact: Some(wire::timestamp(machine.last_contact)),
                })
                .collect(),
        }
    }
}

fn life(asked: Option<&prost_types::Duration>) -> Result<SignedDuration, Failure> {
    let Some(asked) = asked else { return Ok(USUAL_LIFE) };
    let life = SignedDuration::from_secs(asked.seconds);
    if life <= SignedDuration::ZERO || life > LONGEST_LIFE {
        let message = "a token can be redeemed for 1 second to 90 days";
        return Err(Failure::invalid("lifetime", "LIFETIME_RANGE", message));
    }
    Ok(life)
}

/// The name under which the server itself acts, before there is an administrator.
pub const SERVER: &str = "tiendo-server";

/// A token for the first administrator, or one who lost the way in.
pub fn administrators_token() -> v1::CreateJoinTokenRequest {
    v1::CreateJoinTokenRequest {
        role: Role::Administrator.as_str().to_owned(),
        ..v1::CreateJoinTokenRequest::default()
    }
}
