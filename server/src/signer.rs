//! The key that signs receipts: made once, kept in the data folder, readable by the server alone.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use tiendo_shared::signed::{self, Signed};
use tiendo_shared::submission::Link;
use tiendo_shared::wire::{self, v1};

/// Signs the links of receipts.
#[derive(Debug)]
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// Reads the key of this file, or makes one there.
    pub fn open(path: &Path) -> io::Result<Self> {
        match Self::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(path),
            read => read,
        }
    }

    /// Reads the key of this file.
    pub fn read(path: &Path) -> io::Result<Self> {
        Self::from_bytes(path, &fs::read(path)?)
    }

    fn from_bytes(path: &Path, bytes: &[u8]) -> io::Result<Self> {
        Ed25519KeyPair::from_seed_unchecked(bytes).map(Self).map_err(|_| {
            let message = format!("`{}` is not a ledger key of 32 bytes", path.display());
            io::Error::new(io::ErrorKind::InvalidData, message)
        })
    }

    fn create(path: &Path) -> io::Result<Self> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(io::Error::other)?;
        write(path, &secret)?;
        Self::from_bytes(path, &secret)
    }

    /// Copies the key of one server for another of the same province, where there is none.
    pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
        let secret = fs::read(from)?;
        Self::from_bytes(from, &secret)?;
        write(to, &secret)
    }

    /// One signature over these links, with the branch of each.
    pub fn sign(&self, links: &[Link]) -> Vec<Signed> {
        let (root, branches) = signed::tree(links);
        let signature = self.0.sign(&signed::bytes_to_sign(&root)).as_ref().to_vec();
        let with = |branch| Signed { signature: signature.clone(), branch };
        branches.into_iter().map(with).collect()
    }

    /// Whether the signature of a receipt is this signer's.
    pub fn has_signed(&self, receipt: &v1::Receipt) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, self.0.public_key().as_ref());
        wire::signed_root(receipt).is_some_and(|root| {
            key.verify(&signed::bytes_to_sign(&root), &receipt.signature).is_ok()
        })
    }

    /// The public key that checks signatures.
    pub fn public_key(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }
}

fn write(path: &Path, secret: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(secret)?;
    file.sync_all()?;
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}
