//! The only place that builds a `tonic::Status`.
//!
//! Clients get what they can act on, as google.rpc details; causes go to the log.

use std::collections::HashMap;
use std::time::Duration;

use tonic::Code;
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::failure::Failure;
use crate::store;

/// Domain of every reason in a google.rpc.ErrorInfo.
pub const DOMAIN: &str = "tiendo.v1";

/// When to try again after UNAVAILABLE.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// When to try again after the disk was nearly full.
const RETRY_WHEN_FULL: Duration = Duration::from_mins(1);

/// The status of a failure.
pub fn status(failure: &Failure) -> tonic::Status {
    let (code, reason, retry_after) = code(failure);
    let told = match failure {
        Failure::Unauthenticated { server_time, .. } => *server_time,
        _ => None,
    };
    let told = told.map(|now| ("server_time".to_owned(), now.to_string()));
    let mut details =
        ErrorDetails::with_error_info(reason, DOMAIN, told.into_iter().collect::<HashMap<_, _>>());
    if let Failure::Invalid { field, message, .. } = failure {
        details.add_bad_request_violation(*field, message);
    }
    if retry_after.is_some() {
        details.set_retry_info(retry_after);
    }
    if matches!(code, Code::Unavailable | Code::DataLoss) {
        tracing::error!(reason, error = %failure, "a call failed");
    }
    tonic::Status::with_error_details(code, failure.to_string(), details)
}

/// Code, reason and when to try again.
pub fn code(failure: &Failure) -> (Code, &'static str, Option<Duration>) {
    match failure {
        Failure::Invalid { reason, .. } => (Code::InvalidArgument, reason, None),
        Failure::NotFound { .. } => (Code::NotFound, "NOT_FOUND", None),
        Failure::Unauthenticated { reason, .. } => (Code::Unauthenticated, reason, None),
        Failure::Denied(_) => (Code::PermissionDenied, "NOT_PERMITTED", None),
        Failure::Precondition { reason, .. } => (Code::FailedPrecondition, reason, None),
        Failure::Exhausted { reason, retry_after, .. } => {
            (Code::ResourceExhausted, reason, Some(*retry_after))
        }
        Failure::Internal => (Code::Internal, "INTERNAL", None),
        Failure::Store(store::Error::ContentDiffers(_)) => {
            (Code::AlreadyExists, "SUBMISSION_CONTENT_DIFFERS", None)
        }
        Failure::Store(store::Error::Review(_)) => (Code::FailedPrecondition, "REPORT_STATE", None),
        Failure::Store(store::Error::Overtaken(_)) => (Code::Aborted, "OVERTAKEN", None),
        Failure::Store(store::Error::Unavailable(_)) => {
            (Code::Unavailable, "STORE_UNAVAILABLE", Some(RETRY_AFTER))
        }
        Failure::Store(store::Error::Full { .. }) => {
            (Code::ResourceExhausted, "DISK_FULL", Some(RETRY_WHEN_FULL))
        }
        Failure::Backup(_) => (Code::FailedPrecondition, "BACKUP_FAILED", None),
        Failure::Store(store::Error::Corrupt(_)) => (Code::DataLoss, "STORE_DAMAGED", None),
    }
}
