//! Which server is the right one: the one whose chain ends in the authority that is trusted.
//!
//! The authority is known by the fingerprint in a join token, or by its certificate once
//! it was stored. With the fingerprint alone it is looked for in the chain the server
//! shows; from there on everything is the ordinary verification by webpki, host name and
//! times included. Nothing is sent to a server that fails it.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, CryptoProvider};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
};
use tiendo_shared::token::Fingerprint;

use crate::clock;
use crate::identity;

/// What tells the authority from any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Authority {
    /// The fingerprint that stands in a join token.
    Fingerprint(Fingerprint),
    /// The certificate itself, DER.
    Certificate(CertificateDer<'static>),
}

/// Verifies servers by one authority, and by nothing the system trusts.
#[derive(Debug)]
pub(crate) struct Verifier {
    authority: Authority,
    provider: Arc<CryptoProvider>,
    found: Mutex<Option<CertificateDer<'static>>>,
}

impl Verifier {
    /// Trusts servers of this authority.
    pub(crate) fn of(authority: Authority) -> Arc<Self> {
        let provider = Arc::new(crypto::ring::default_provider());
        Arc::new(Self { authority, provider, found: Mutex::new(None) })
    }

    /// The certificate of the authority, once a server of it was met.
    pub(crate) fn found(&self) -> Option<CertificateDer<'static>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn root(&self, shown: &[CertificateDer<'_>]) -> Result<CertificateDer<'static>, TlsError> {
        match &self.authority {
            Authority::Certificate(certificate) => Ok(certificate.clone()),
            Authority::Fingerprint(fingerprint) => shown
                .iter()
                .find(|certificate| identity::fingerprint(certificate) == *fingerprint)
                .map(|certificate| certificate.clone().into_owned())
                .ok_or(TlsError::InvalidCertificate(CertificateError::UnknownIssuer)),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let root = self.root(intermediates)?;
        let mut roots = RootCertStore::empty();
        roots.add(root.clone())?;
        let ordinary = WebPkiServerVerifier::builder_with_provider(
            Arc::new(roots),
            Arc::clone(&self.provider),
        );
        let ordinary = ordinary.build().map_err(|error| TlsError::General(error.to_string()))?;
        let seconds = u64::try_from(clock::now().as_second()).unwrap_or(0);
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let verified = ordinary.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(root);
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Why whatever answered is not the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mistrust {
    /// It does not speak TLS.
    NotTls,
    /// Its certificate is not of the authority that is trusted.
    OtherAuthority,
    /// Its certificate is for other names, which are these.
    OtherName(String),
    /// Its certificate is not valid at the time of this computer's clock.
    NotNow,
    /// It speaks TLS, but not as a server of this kind does.
    OtherProtocol,
}

/// What a failed call says about the server; none if nothing was wrong with it.
pub(crate) fn mistrust(status: &tonic::Status) -> Option<Mistrust> {
    let mut source = std::error::Error::source(status);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<TlsError>() {
            return Some(of_tls(error));
        }
        // The source of an I/O error is the source of what it holds, not what it holds.
        let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(error) = held.and_then(|held| held.downcast_ref::<TlsError>()) {
            return Some(of_tls(error));
        }
        // The text is all tonic tells of it.
        if error.to_string().starts_with("HTTP/2 was not negotiated") {
            return Some(Mistrust::OtherProtocol);
        }
        source = error.source();
    }
    None
}

fn of_tls(error: &TlsError) -> Mistrust {
    use CertificateError as Of;
    match error {
        TlsError::InvalidMessage(_) => Mistrust::NotTls,
        TlsError::InvalidCertificate(error) => match error {
            Of::NotValidForNameContext { presented, .. } => {
                let names = presented.iter().map(|name| plain(name)).collect::<Vec<_>>();
                Mistrust::OtherName(names.join(", "))
            }
            Of::NotValidForName => Mistrust::OtherName(String::new()),
            Of::Expired
            | Of::ExpiredContext { .. }
            | Of::NotValidYet
            | Of::NotValidYetContext { .. } => Mistrust::NotNow,
            _ => Mistrust::OtherAuthority,
        },
        TlsError::NoCertificatesPresented => Mistrust::OtherAuthority,
        _ => Mistrust::OtherProtocol,
    }
}

/// A name as rustls writes it, `DnsName("tiendo.vn")`, without the wrapping.
fn plain(name: &str) -> &str {
    name.split('(').nth(1).unwrap_or(name).trim_matches(|c: char| "\"()".contains(c))
}

#[cfg(test)]
mod tests;
