//! The members while the server runs: who calls, whether it is still welcome, and what
//! is known of it.

use std::net::IpAddr;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use jiff::Timestamp;
use tiendo_shared::act::Act;
use tokio_util::sync::CancellationToken;

use super::presence::{Presence, Told};
use super::registry::{Key, Registry};
use super::{Caller, Credential, Unproven};

/// All members.
#[derive(Debug, Default)]
pub struct Members {
    registry: RwLock<Registry>,
    presence: Presence,
}

/// A caller who proved who it is.
#[derive(Debug, Clone)]
pub struct Welcome {
    /// Who it is.
    pub caller: Caller,
    /// Its key.
    pub key: Key,
    /// Ends when it is not welcome any more.
    pub ended: CancellationToken,
}

impl Members {
    /// Those that these acts make.
    pub fn of<'a>(acts: impl IntoIterator<Item = &'a Act>) -> Self {
        let members = Self::default();
        acts.into_iter().for_each(|act| members.apply(act));
        members
    }

    /// Applies an act that is in the ledger.
    pub fn apply(&self, act: &Act) {
        self.registry.write().unwrap_or_else(PoisonError::into_inner).apply(act);
    }

    /// The tokens and members as they are now; keep it for a moment only.
    pub fn registry(&self) -> RwLockReadGuard<'_, Registry> {
        self.registry.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of the members since the start.
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Who calls, if it proves to be a member in good standing.
    pub fn welcome(&self, credential: &Credential, now: Timestamp) -> Result<Welcome, Unproven> {
        let certified = credential.certified()?;
        let registry = self.registry();
        let member = registry.member(&certified.key).ok_or(Unproven::Unknown)?;
        if let Some(reason) = &member.revoked {
            return Err(Unproven::Revoked(reason.clone()));
        }
        // A key that enrolled anew as somebody else does not keep what it was before.
        if member.caller != certified.caller {
            return Err(Unproven::Unknown);
        }
        certified.is_in_time(now)?;
        Ok(Welcome { caller: member.caller.clone(), key: member.key, ended: member.ended.clone() })
    }

    /// Notes a call of a member; two computers under one identity are told to the log.
    pub fn called(&self, welcome: &Welcome, address: IpAddr, told: Told, now: Timestamp) {
        let Some(machines) = self.presence.called(&welcome.key, address, told, now) else { return };
        let machines: Vec<_> = machines
            .iter()
            .map(|machine| format!("{} at {}", machine.name, machine.address))
            .collect();
        tracing::warn!(
            identity = welcome.caller.uri(),
            machines = machines.join(", "),
            "several computers call under one identity in turn; enrol each by itself"
        );
    }

    /// Notes that a submission of a member was recorded.
    pub fn submitted(&self, caller: &Caller, sequence: u64) {
        let place = (caller.department.clone().unwrap_or_default(), caller.name.clone());
        let key = self.registry().at(&place).map(|member| member.key);
        if let Some(key) = key {
            self.presence.submitted(&key, sequence);
        }
    }
}
