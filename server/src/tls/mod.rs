//! Connections: TLS with its versions, suites and certificates, and who is at the other end.
//!
//! TLS 1.2 and 1.3 with the suites of rustls, no resumption: who a
//! peer is, is proven anew on every connection. The handshake takes any client
//! certificate whose key the peer proves to have, or none; what it is worth is
//! judged by [`Judge`] and at each call, so that a refusal can say why.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};

use crate::identity::Judge;

mod accept;
mod activity;
mod connection;
mod places;
mod serve;
mod served;

pub use accept::{Acceptor, Incoming, tcp};
pub use activity::Activity;
pub use connection::{Arrival, Connection, Peer, Wire};
pub use serve::serve;
pub use served::Served;

/// What is spoken on a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    /// Calls of programs: HTTP/2 alone.
    Calls,
    /// Pages for browsers: HTTP/1.1 too.
    Pages,
}

/// What connections are made with.
#[derive(Debug, Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    judge: Judge,
}

impl Speech {
    /// What is spoken over TLS, the best first.
    fn protocols(self) -> Vec<Vec<u8>> {
        let names: &[&[u8]] = match self {
            Self::Calls => &[b"h2"],
            Self::Pages => &[b"h2", b"http/1.1"],
        };
        names.iter().map(|name| name.to_vec()).collect()
    }
}

impl Tls {
    /// TLS that shows what `served` holds and judges peers by `judge`.
    pub fn new(served: Arc<Served>, judge: Judge, speech: Speech) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let hints = match speech {
            // Without a hint a client shows what it has, and is told what is wrong with it.
            Speech::Calls => Vec::new(),
            // A browser asks its user only if it has a certificate of this authority.
            Speech::Pages => judge.authorities().to_vec(),
        };
        let client = AnyClient { algorithms, hints };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_client_cert_verifier(Arc::new(client))
            .with_cert_resolver(served);
        config.alpn_protocols = speech.protocols();
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self { config: Arc::new(config), judge })
    }
}

/// Takes any certificate whose key the peer proves to have.
#[derive(Debug)]
struct AnyClient {
    algorithms: WebPkiSupportedAlgorithms,
    hints: Vec<DistinguishedName>,
}

impl ClientCertVerifier for AnyClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
