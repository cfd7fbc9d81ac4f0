//! Reads what somebody asks to be certified: the public key, and nothing else.

use rcgen::SubjectPublicKeyInfo;
use sha2::{Digest as _, Sha256};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::oid_registry::{OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY};
use x509_parser::prelude::FromDer as _;
use x509_parser::x509;

use crate::failure::Failure;

/// Longest request; a real one has about 200 bytes.
const LONGEST: usize = 4 << 10;

/// A public key that a request proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    info: SubjectPublicKeyInfo,
    hash: [u8; 32],
}

/// Why a signing request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningRequestError {
    /// It cannot be read.
    #[error("`signing_request` is not a PKCS#10 request in DER of at most {LONGEST} bytes")]
    Form,
    /// Its key is not of the kind that is certified.
    #[error("`signing_request` is for another kind of key; only ECDSA P-256 is certified")]
    Key,
    /// Another key signed it, or nobody did.
    #[error("`signing_request` is not signed by its own key")]
    Proof,
    /// It asks for names or powers.
    #[error(
        "`signing_request` asks for extensions; names and powers come from the join token, so \
         leave them out"
    )]
    Extensions,
}

impl SigningRequestError {
    /// The machine-readable reason.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Form => "SIGNING_REQUEST_FORM",
            Self::Key => "SIGNING_REQUEST_KEY",
            Self::Proof => "SIGNING_REQUEST_PROOF",
            Self::Extensions => "SIGNING_REQUEST_EXTENSIONS",
        }
    }
}

impl From<SigningRequestError> for Failure {
    fn from(error: SigningRequestError) -> Self {
        Self::invalid("signing_request", error.reason(), error.to_string())
    }
}

impl PublicKey {
    /// The key of a signing request, if that is all it asks for.
    pub fn of_request(der: &[u8]) -> Result<Self, SigningRequestError> {
        use SigningRequestError::{Extensions, Form, Key, Proof};
        if der.len() > LONGEST {
            return Err(Form);
        }
        let (rest, request) = X509CertificationRequest::from_der(der).map_err(|_| Form)?;
        if !rest.is_empty() {
            return Err(Form);
        }
        let info = &request.certification_request_info;
        if !is_p256(&info.subject_pki) {
            return Err(Key);
        }
        request.verify_signature().map_err(|_| Proof)?;
        // An unreadable extension request is one too: any attribute is refused.
        if !info.attributes().is_empty() {
            return Err(Extensions);
        }
        Self::of_info(info.subject_pki.raw).ok_or(Key)
    }

    /// The key of a `SubjectPublicKeyInfo`, DER.
    fn of_info(der: &[u8]) -> Option<Self> {
        let info = SubjectPublicKeyInfo::from_der(der).ok()?;
        Some(Self { info, hash: hash(der) })
    }

    /// SHA-256 of the key as certificates carry it.
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }

    pub(super) fn for_issuing(&self) -> &SubjectPublicKeyInfo {
        &self.info
    }
}

/// SHA-256 of a `SubjectPublicKeyInfo`.
pub(super) fn hash(info: &[u8]) -> [u8; 32] {
    Sha256::digest(info).into()
}

fn is_p256(info: &x509::SubjectPublicKeyInfo<'_>) -> bool {
    let curve = info.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
    info.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY && curve == Some(OID_EC_P256)
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

    use super::*;

    fn request(params: &CertificateParams, key: &KeyPair) -> Vec<u8> {
        params.serialize_request(key).unwrap().der().to_vec()
    }

    fn bare() -> CertificateParams {
        CertificateParams::default()
    }

    #[test]
    fn only_the_key_is_taken() {
        let key = KeyPair::generate().unwrap();
        let taken = PublicKey::of_request(&request(&bare(), &key)).unwrap();
        assert_eq!(taken, PublicKey::of_request(&request(&bare(), &key)).unwrap());
        let other = KeyPair::generate().unwrap();
        assert_ne!(taken, PublicKey::of_request(&request(&bare(), &other)).unwrap());
    }

    #[test]
    fn names_and_powers_are_refused() {
        let key = KeyPair::generate().unwrap();
        let named = CertificateParams::new(vec!["evil.vn".to_owned()]).unwrap();
        let mut powerful = bare();
        powerful.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        for params in [named, powerful] {
            let refused = PublicKey::of_request(&request(&params, &key));
            assert_eq!(refused, Err(SigningRequestError::Extensions));
        }
    }

    #[test]
    fn another_kind_of_key_is_refused() {
        for kind in [&rcgen::PKCS_ED25519, &rcgen::PKCS_ECDSA_P384_SHA384] {
            let key = KeyPair::generate_for(kind).unwrap();
            let refused = PublicKey::of_request(&request(&bare(), &key));
            assert_eq!(refused, Err(SigningRequestError::Key));
        }
    }

    #[test]
    fn no_changed_or_cut_request_is_taken_for_another_key() {
        let key = KeyPair::generate().unwrap();
        let good = request(&bare(), &key);
        let taken = PublicKey::of_request(&good).unwrap();
        for at in 0..good.len() {
            let mut changed = good.clone();
            changed[at] ^= 1;
            // DER has bits that mean nothing, such as those a bit string does not use.
            if let Ok(same) = PublicKey::of_request(&changed) {
                assert_eq!(same, taken, "byte {at}");
            }
            assert!(PublicKey::of_request(&good[..at]).is_err(), "cut at {at}");
        }
        let long = [good.clone(), vec![0; LONGEST]].concat();
        assert_eq!(PublicKey::of_request(&long), Err(SigningRequestError::Form));
        assert_eq!(
            PublicKey::of_request(&[&good[..], b"x"].concat()),
            Err(SigningRequestError::Form)
        );
    }
}
