//! The served interface: one thin file per service, each method parse, do, answer.

pub mod access;
pub mod error;
pub mod gate;
pub mod rates;

mod admin;
mod catalogue;
mod collection;
mod ending;
mod enrolment;
mod export;
mod ledger;
mod review;
mod server_info;
mod status;

use std::sync::Arc;

use tiendo_shared::catalogue::Catalogue;
use tokio_util::sync::CancellationToken;
use tonic::service::{Routes, RoutesBuilder};

use crate::administration::Administration;
use crate::backup::Backups;
use crate::changes::Changes;
use crate::clock::Clock;
use crate::enrolment::Enrolment;
use crate::failure::Failure;
use crate::figures::Figures;
use crate::identity::Caller;
use crate::intake::Intake;
use crate::limits::Limits;
use crate::reports::Reports;
use crate::review::Review;
use crate::sign_in::Board;
use crate::standing::Standing;
use crate::store::Store;
use crate::watch::Watch;

/// The generated service sides of `tiendo.v1`.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]
mod stubs {
    include!(concat!(env!("OUT_DIR"), "/tiendo.v1.rs"));
}

/// What the services answer from.
#[derive(Debug, Clone)]
pub struct Services {
    /// Name of this server among several; empty for a single one.
    pub node: String,
    /// The catalogue in force.
    pub catalogue: Arc<Catalogue>,
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// Takes submissions.
    pub intake: Intake,
    /// Answers with measurements.
    pub figures: Figures,
    /// Says which reports are owed, and what came of them.
    pub reports: Reports,
    /// Says where targets stand.
    pub standing: Standing,
    /// Hands out identities.
    pub enrolment: Enrolment,
    /// What administrators do.
    pub administration: Administration,
    /// Takes backups.
    pub backups: Backups,
    /// Where the board is, and who may read it for some hours; none where there is none.
    pub board: Option<Board>,
    /// Compares instants.
    pub changes: Changes,
    /// Tells of verdicts that move.
    pub watch: Watch,
    /// Lists and judges reports.
    pub review: Review,
    /// Tells the time.
    pub clock: Clock,
    /// What the server takes.
    pub limits: Limits,
    /// Ends streams when the server stops.
    pub stopping: CancellationToken,
}

/// Longest message of somebody who proves no identity, in bytes: a token and a signing
/// request are far shorter.
pub const STRANGERS_BYTES: usize = 16 << 10;

/// Every service, with reflection in both versions and health.
pub fn routes<H>(services: &Services, health: H) -> Result<Routes, tonic_reflection::server::Error>
where
    H: tower::Service<
            http::Request<tonic::body::Body>,
            Response = http::Response<tonic::body::Body>,
            Error = std::convert::Infallible,
        > + tonic::server::NamedService
        + Clone
        + Send
        + Sync
        + 'static,
    H::Future: Send + 'static,
{
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(tiendo_shared::wire::DESCRIPTOR)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            // Not served, but the details of errors are of these types.
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(
                tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
            )
            .include_reflection_service(false)
    };
    let most = services.limits.message_bytes as usize;
    let mut routes = RoutesBuilder::default();
    routes
        .add_service(health)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .add_service(collection::service(services).max_decoding_message_size(most))
        .add_service(catalogue::service(services).max_decoding_message_size(most))
        .add_service(status::service(services).max_decoding_message_size(most))
        .add_service(ledger::service(services).max_decoding_message_size(most))
        .add_service(server_info::service(services).max_decoding_message_size(most))
        .add_service(export::service(services).max_decoding_message_size(most))
        .add_service(review::service(services).max_decoding_message_size(most))
        .add_service(enrolment::service(services).max_decoding_message_size(STRANGERS_BYTES))
        .add_service(admin::service(services).max_decoding_message_size(most));
    Ok(routes.routes())
}

/// Who calls, as `access.rs` put it there.
fn caller<T>(request: &tonic::Request<T>) -> Result<Caller, tonic::Status> {
    request
        .extensions()
        .get::<Caller>()
        .cloned()
        .ok_or_else(|| error::status(&Failure::unauthenticated("the call has no identity")))
}

/// What a method answers.
type Answer<T> = Result<tonic::Response<T>, tonic::Status>;

/// An answer, or the status of a failure.
fn answer<T>(result: Result<T, Failure>) -> Answer<T> {
    result.map(tonic::Response::new).map_err(|failure| error::status(&failure))
}
