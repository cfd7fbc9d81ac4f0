//! What a certificate shown in a handshake is worth.
//!
//! The handshake proves that the peer has the key. Whether the certificate is of
//! our authority is judged once, when the connection is made; its time and
//! whether its bearer is still welcome, at every call.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{DistinguishedName, RootCertStore};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

use super::authority::instant;
use super::signing_request::hash;
use super::{Authority, Caller};
use crate::failure::Failure;

/// What a peer showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// No certificate.
    None,
    /// One that says nothing here, and why.
    Foreign(String),
    /// One of our own.
    Certified(Certified),
}

/// What a certificate of our own says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certified {
    /// Whom it names.
    pub caller: Caller,
    /// SHA-256 of its key.
    pub key: [u8; 32],
    /// When it begins.
    pub not_before: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
}

/// Why a caller is nobody we know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// It showed no certificate.
    #[error("no certificate was shown; `tiendo-agent enrol` gets one with a join token")]
    NoCertificate,
    /// What it showed is not of our authority.
    #[error("the certificate is not of this server's authority: {0}")]
    Foreign(String),
    /// Our authority signed it, but its bearer is not on the list.
    #[error("this server knows nobody with this certificate; enrol again with a new join token")]
    Unknown,
    /// It has ended.
    #[error("the certificate ended at {ended}, and it is {now}; renew it")]
    Expired {
        /// When it ended.
        ended: Timestamp,
        /// The server's clock.
        now: Timestamp,
    },
    /// It has not begun.
    #[error("the certificate begins at {begins}, and by the server's clock it is {now}")]
    NotYetValid {
        /// When it begins.
        begins: Timestamp,
        /// The server's clock.
        now: Timestamp,
    },
    /// Its bearer was revoked.
    #[error("this identity was revoked: {0}")]
    Revoked(String),
}

impl From<Unproven> for Failure {
    fn from(unproven: Unproven) -> Self {
        let (reason, server_time) = match &unproven {
            Unproven::NoCertificate => ("NO_IDENTITY", None),
            Unproven::Foreign(_) => ("CERTIFICATE_FOREIGN", None),
            Unproven::Unknown => ("CERTIFICATE_UNKNOWN", None),
            Unproven::Expired { now, .. } => ("CERTIFICATE_EXPIRED", Some(*now)),
            Unproven::NotYetValid { now, .. } => ("CERTIFICATE_NOT_YET_VALID", Some(*now)),
            Unproven::Revoked(_) => ("IDENTITY_REVOKED", None),
        };
        Self::Unauthenticated { reason, message: unproven.to_string(), server_time }
    }
}

impl Credential {
    /// The certificate, if it is of our authority.
    pub fn certified(&self) -> Result<&Certified, Unproven> {
        match self {
            Self::None => Err(Unproven::NoCertificate),
            Self::Foreign(why) => Err(Unproven::Foreign(why.clone())),
            Self::Certified(certified) => Ok(certified),
        }
    }
}

impl Certified {
    /// Whether it is its time.
    pub fn is_in_time(&self, now: Timestamp) -> Result<(), Unproven> {
        if now < self.not_before {
            return Err(Unproven::NotYetValid { begins: self.not_before, now });
        }
        if now > self.not_after {
            return Err(Unproven::Expired { ended: self.not_after, now });
        }
        Ok(())
    }
}

/// Judges certificates by the authority of this server.
#[derive(Debug, Clone)]
pub struct Judge(Arc<dyn ClientCertVerifier>);

impl Judge {
    /// One for this authority.
    pub fn new(authority: &Authority) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate().clone())?;
        let provider = Arc::new(default_provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map(Self)
            .map_err(|error| rustls::Error::General(error.to_string()))
    }

    /// The names of the authorities whose certificates are worth something.
    pub fn authorities(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    /// What the chain a peer showed is worth; everything but the leaf is ignored.
    pub fn judge(&self, chain: &[CertificateDer<'_>]) -> Credential {
        let Some(leaf) = chain.first() else { return Credential::None };
        match self.read(leaf) {
            Ok(certified) => Credential::Certified(certified),
            Err(why) => Credential::Foreign(why),
        }
    }

    fn read(&self, leaf: &CertificateDer<'_>) -> Result<Certified, String> {
        let (_, parsed) = x509_parser::parse_x509_certificate(leaf)
            .map_err(|_| "it cannot be read".to_owned())?;
        let not_before = instant(parsed.validity().not_before);
        let not_after = instant(parsed.validity().not_after);
        // The time is judged at each call; here, the signature and the purpose.
        let began = u64::try_from(not_before.as_second()).map_err(|_| "its dates are wrong")?;
        let began = UnixTime::since_unix_epoch(Duration::from_secs(began));
        self.0.verify_client_cert(leaf, &[], began).map_err(|error| error.to_string())?;
        let caller = caller(&parsed)?;
        Ok(Certified { caller, key: hash(parsed.public_key().raw), not_before, not_after })
    }
}

/// Whom a certificate names: in its one URI, and nowhere else.
fn caller(certificate: &X509Certificate<'_>) -> Result<Caller, String> {
    let usage = certificate.extended_key_usage().map_err(|_| "its purposes cannot be read")?;
    if !usage.is_some_and(|usage| usage.value.client_auth && !usage.value.any) {
        return Err("it is not a client's".to_owned());
    }
    let names = certificate.subject_alternative_name().map_err(|_| "its names cannot be read")?;
    let names = names.map(|names| names.value.general_names.as_slice()).unwrap_or_default();
    let [GeneralName::URI(uri)] = names else {
        return Err("it does not name its bearer in one URI".to_owned());
    };
    Caller::from_uri(uri).ok_or_else(|| "its URI names no bearer".to_owned())
}
