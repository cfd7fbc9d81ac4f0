//! Renews the certificate of this computer, well before it ends, at any contact.
//!
//! The server is asked with the certificate there is, which may have ended: what it
//! believes is the key. The answer replaces `agent.pem` at once.

use tiendo_shared::wire::v1;
use tonic::Status;

use crate::clock;
use crate::connection::{ANSWER, Connection, within};
use crate::home::Home;
use crate::identity::{self, Identity};

/// Why a certificate was not renewed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The server could not be asked, or refuses.
    #[error("the server did not renew the certificate: {}", .0.message())]
    Server(#[from] Status),
    /// What it answered cannot be kept.
    #[error(transparent)]
    Files(#[from] identity::Error),
}

/// Whether the certificate shown on `connection` is to be renewed now.
pub(crate) fn is_due(connection: &Connection) -> bool {
    connection.identity().is_some_and(|identity| identity.renewed_from() <= clock::now())
}

/// Renews the certificate shown on `connection`, and shows the new one from then on.
pub(crate) async fn renew(connection: &mut Connection, home: &Home) -> Result<(), Error> {
    let Some(mut identity) = connection.identity().cloned() else { return Ok(()) };
    let signing_request =
        identity.signing_request().map_err(|error| Identity::unusable(home, &error))?;
    let mut client = connection.enrolment();
    let answer = within(ANSWER, client.renew(v1::RenewRequest { signing_request })).await;
    let response = connection.noted(answer)?.into_inner();
    identity.renew(home, &response.certificate_chain)?;
    tracing::info!("the certificate was renewed and ends at {}", identity.not_after);
    connection.show(identity.clone()).map_err(|error| Identity::unusable(home, &error))?;
    Ok(())
}
