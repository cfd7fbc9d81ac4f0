//! Why a call failed as a whole, in the words of the use cases.
//!
//! Refused measurements are not failures: they are part of an answer.
//! `rpc/error.rs` turns a failure into a status, and nothing else does.

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
    /// The caller does not say who it is.
    #[error("{0}")]
    Unauthenticated(String),
    /// The caller may not do this.
    #[error("{0}")]
    Denied(String),
    /// A later version answers this.
    #[error("`{0}` is not part of this version")]
    Unimplemented(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Failure {
    /// A field that cannot be used.
    pub fn invalid(field: &'static str, reason: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, reason, message: message.into() }
    }

    /// A thing that does not exist; a long id is cut.
    pub fn not_found(what: &'static str, id: &str) -> Self {
        Self::NotFound { what, id: id.chars().take(60).collect() }
    }
}
