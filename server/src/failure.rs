//! Why a call failed as a whole, in the words of the use cases.
//!
//! Refused measurements are not failures: they are part of an answer.
//! `rpc/error.rs` turns a failure into a status, and nothing else does.

use std::time::Duration;

use jiff::Timestamp;

use crate::store;

/// Why a call failed as a whole.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A field of the request cannot be used.
    #[error("{message}")]
    Invalid {
        /// Path of the field.
        field: &'static str,
        /// Machine-readable reason.
        reason: &'static str,
        /// What was wrong and what would be accepted.
        message: String,
    },
    /// There is no such thing.
    #[error("there is no {what} `{id}`")]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// The id it was looked for by.
        id: String,
    },
    /// The caller does not prove who it is.
    #[error("{message}")]
    Unauthenticated {
        /// Machine-readable reason.
        reason: &'static str,
        /// What is wrong with its proof, and what to do.
        message: String,
        /// The server's clock, where the proof depends on the time.
        server_time: Option<Timestamp>,
    },
    /// The caller may not do this.
    #[error("{0}")]
    Denied(String),
    /// Things are not as the call needs them.
    #[error("{message}")]
    Precondition {
        /// Machine-readable reason.
        reason: &'static str,
        /// What has to be done first.
        message: String,
    },
    /// The caller asks too much.
    #[error("{message}; try again in {} seconds", .retry_after.as_secs() + 1)]
    Exhausted {
        /// Machine-readable reason.
        reason: &'static str,
        /// Of what there was too much.
        message: String,
        /// When to try again.
        retry_after: Duration,
    },
    /// Something failed that no caller can do anything about.
    #[error("the server could not do it; its log says why")]
    Internal,
    /// A backup could not be taken.
    #[error("the backup failed: {0}")]
    Backup(#[from] crate::backup::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Failure {
    /// A field that cannot be used.
    pub fn invalid(field: &'static str, reason: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, reason, message: message.into() }
    }

    /// A failure of something that has to work; its cause is for the log.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "something failed that has to work");
        Self::Internal
    }

    /// A call that says nothing of who calls.
    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::Unauthenticated { reason: "NO_IDENTITY", message: message.into(), server_time: None }
    }

    /// A thing that does not exist; a long id is cut.
    pub fn not_found(what: &'static str, id: &str) -> Self {
        Self::NotFound { what, id: id.chars().take(60).collect() }
    }
}
