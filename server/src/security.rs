//! What `tiendo-server init` makes and `serve` needs: authority, certificate, first token.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use tiendo_shared::wire::v1::CreateJoinTokenResponse;
use tokio_util::sync::CancellationToken;

use crate::acts::Acts;
use crate::administration::{Administration, SERVER, administrators_token};
use crate::clock::Clock;
use crate::identity::{Authority, Error, Files, Host, Judge};
use crate::sign_in::{Board, SignIn};
use crate::signer::Signer;
use crate::store::Store;
use crate::tls::{Served, Speech, Tls};

/// What serving with TLS needs.
#[derive(Debug, Clone)]
pub struct Security {
    /// Certifies callers.
    pub authority: Arc<Authority>,
    /// Makes connections for calls.
    pub calls: Tls,
    /// Makes connections for pages.
    pub pages: Tls,
    /// The server's own certificate.
    pub served: Arc<Served>,
    /// Who looks at pages without a certificate.
    pub sign_in: Arc<SignIn>,
}

impl Security {
    /// Reads the files of a data folder, and renews the server's certificate if it is time.
    pub fn open(data: &Path, clock: &Clock) -> anyhow::Result<Self> {
        let files = Files::of(data);
        let authority = Arc::new(Authority::open(&files)?);
        let served = Arc::new(Served::open(Arc::clone(&authority), files, clock.now())?);
        let judge = Judge::new(&authority)?;
        let calls = Tls::new(Arc::clone(&served), judge.clone(), Speech::Calls)?;
        let pages = Tls::new(Arc::clone(&served), judge, Speech::Pages)?;
        Ok(Self { authority, calls, pages, served, sign_in: Arc::default() })
    }
}

impl Security {
    /// The board at the port of its listener, if there is one.
    pub fn board(&self, http: Option<SocketAddr>) -> Option<Board> {
        http.map(|http| Board::new(&self.served, &self.sign_in, http.port()))
    }
}

/// Makes everything in a data folder that has no authority yet.
pub fn create(data: &Path, hosts: &[Host], clock: &Clock) -> Result<Authority, Error> {
    let authority = Authority::create(&Files::of(data), hosts, clock.now())?;
    let key = data.join("ledger.key");
    Signer::open(&key).map_err(|error| Error::File(key, error))?;
    Ok(authority)
}

/// Makes what a further server needs in a data folder, by the keys of another's.
pub fn join(from: &Path, data: &Path, hosts: &[Host], clock: &Clock) -> Result<Authority, Error> {
    let (theirs, ours) = (from.join("ledger.key"), data.join("ledger.key"));
    if ours.exists() {
        return Err(Error::Exists(ours));
    }
    Signer::read(&theirs).map_err(|error| Error::File(theirs.clone(), error))?;
    let authority = Authority::join(&Files::of(from), &Files::of(data), hosts, clock.now())?;
    Signer::copy(&theirs, &ours).map_err(|error| Error::File(ours, error))?;
    Ok(authority)
}

/// Makes a token for an administrator, with the server down.
pub async fn administrator(
    authority: Arc<Authority>,
    store: Arc<dyn Store>,
    catalogue: Arc<tiendo_shared::catalogue::Catalogue>,
    clock: Clock,
) -> anyhow::Result<CreateJoinTokenResponse> {
    let administration = Administration {
        authority: Some(authority),
        acts: Acts::open(Arc::clone(&store), clock).await.context("reading the acts")?,
        catalogue,
        catalogue_file: None,
        reopen: CancellationToken::new(),
    };
    let token = administration.create_token(SERVER, &administrators_token()).await?;
    store.close().await.context("closing the store")?;
    Ok(token)
}
