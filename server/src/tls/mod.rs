//! Connections: TLS with its versions, suites and certificates, and who is at the other end.
//!
//! TLS 1.2 and 1.3 with the suites of rustls, HTTP/2 alone, no resumption: who a
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

/// What connections are made with.
#[derive(Debug, Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    judge: Judge,
}

/// The one protocol that is spoken over TLS.
const HTTP2: &[u8] = b"h2";

impl Tls {
    /// TLS that shows what `served` holds and judges peers by `judge`.
    pub fn new(served: Arc<Served>, judge: Judge) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = AnyClient(provider.signature_verification_algorithms);
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_client_cert_verifier(Arc::new(client))
            .with_cert_resolver(served);
        config.alpn_protocols = vec![HTTP2.to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self { config: Arc::new(config), judge })
    }
}

/// Takes any certificate whose key the peer proves to have.
#[derive(Debug)]
struct AnyClient(WebPkiSupportedAlgorithms);

impl ClientCertVerifier for AnyClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // Without a hint a client shows what it has, and is told what is wrong with it.
        &[]
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
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
