//! The identity of this computer as one file that browsers import, under a password of its own.

use std::io::{self, Write as _};
use std::path::Path;

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::identity::Identity;
use crate::system;

/// Letters and digits that are not taken for one another when they are typed.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Letters of a password; 100 bits.
const LENGTH: usize = 20;

/// Writes the file, PKCS#12, which must not be there; its password.
pub(crate) fn write(identity: &Identity, path: &Path) -> io::Result<String> {
    let password = password()?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(io::Error::other)?;
    let key = PrivateKey::from_der(key.secret_der()).map_err(io::Error::other)?;
    let leaf = CertificateDer::from_pem_slice(identity.certificate.as_bytes());
    let leaf = leaf.map_err(io::Error::other)?;
    let chain = [&leaf, &identity.authority]
        .map(|certificate| Certificate::from_der(certificate).map_err(io::Error::other));
    let [leaf, authority] = chain;
    let name = format!("Tiendo {}", identity.bearer.name);
    let chain = PrivateKeyChain::new(name.as_bytes(), key, [leaf?, authority?]);
    let mut store = KeyStore::new();
    store.add_entry(&name, KeyStoreEntry::PrivateKeyChain(chain));
    let bytes = store.writer(&password).write().map_err(io::Error::other)?;
    let mut file = new_file(path)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    Ok(password)
}

/// A file that is new, and that nobody else reads where the system knows users.
fn new_file(path: &Path) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    system::only_for_owner(&mut options);
    options.open(path)
}

fn password() -> io::Result<String> {
    let mut random = [0; LENGTH];
    let filled = default_provider().secure_random.fill(&mut random);
    filled.map_err(|_| io::Error::other("no randomness"))?;
    Ok(random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
}
