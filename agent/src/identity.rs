//! Who this computer is to the server: its key, its certificate, and the authority it trusts.
//!
//! The key is made here and never leaves. Three files in the home, PEM, which other
//! programs take as they are: `ca.pem`, `agent.pem` (certificate and issuers), `agent.key`.
//! A new identity is written beside them, in the folder `enrolment`, the certificate last,
//! and moved over when it is whole: a crash leaves one identity or the other.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};
use tiendo_shared::token::Fingerprint;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::home::Home;
use crate::system;

/// What stands for the department in certificates of roles that are not of one.
const PROVINCE: &str = "province";

/// The role that reports for a department.
pub(crate) const AGENT: &str = "agent";

const AUTHORITY: &str = "ca.pem";
const CERTIFICATE: &str = "agent.pem";
const KEY: &str = "agent.key";

/// Whom a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bearer {
    /// Id of the department it acts for; none for roles of the province.
    pub(crate) department: Option<String>,
    /// What it may do.
    pub(crate) role: String,
    /// Its name.
    pub(crate) name: String,
}

/// What this computer shows a server, and by what it knows it.
#[derive(Clone)]
pub(crate) struct Identity {
    /// Whom the certificate is for.
    pub(crate) bearer: Bearer,
    /// When the certificate begins.
    pub(crate) not_before: Timestamp,
    /// When it ends.
    pub(crate) not_after: Timestamp,
    /// The authority's certificate.
    pub(crate) authority: CertificateDer<'static>,
    /// The certificate and its issuers, PEM.
    pub(crate) certificate: String,
    /// The key, PEM.
    pub(crate) key: String,
}

/// Why a file of the identity cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}`: {cause}", path.display())]
pub(crate) struct Error {
    /// The file.
    pub(crate) path: PathBuf,
    /// What is wrong with it.
    pub(crate) cause: String,
}

impl Identity {
    /// The identity in `home`; none before enrolment.
    pub(crate) fn load(home: &Home) -> Result<Option<Self>, Error> {
        settle(home).map_err(of(&pending(home)))?;
        let certificate_path = path(home, CERTIFICATE);
        if !certificate_path.exists() {
            return Ok(None);
        }
        let read = |path: &Path| fs::read_to_string(path).map_err(of(path));
        let authority_path = path(home, AUTHORITY);
        let authority = CertificateDer::from_pem_slice(read(&authority_path)?.as_bytes())
            .map_err(of(&authority_path))?;
        let key = read(&path(home, KEY))?;
        let certificate = read(&certificate_path)?;
        Self::of_parts(authority, certificate, key).map(Some).map_err(of(&certificate_path))
    }

    fn of_parts(
        authority: CertificateDer<'static>,
        certificate: String,
        key: String,
    ) -> Result<Self, String> {
        let leaf = CertificateDer::from_pem_slice(certificate.as_bytes())
            .map_err(|error| error.to_string())?;
        let (_, leaf) = X509Certificate::from_der(&leaf).map_err(|error| error.to_string())?;
        let instant = |time: x509_parser::time::ASN1Time| Timestamp::from_second(time.timestamp());
        let [not_before, not_after] =
            [leaf.validity().not_before, leaf.validity().not_after].map(instant);
        let no_bearer = || "it names no bearer of this system".to_owned();
        Ok(Self {
            bearer: bearer(&leaf).ok_or_else(no_bearer)?,
            not_before: not_before.map_err(|error| error.to_string())?,
            not_after: not_after.map_err(|error| error.to_string())?,
            authority,
            certificate,
            key,
        })
    }

    /// A request for a certificate of the same key, DER.
    pub(crate) fn signing_request(&self) -> Result<Vec<u8>, rcgen::Error> {
        signing_request(&KeyPair::from_pem(&self.key)?)
    }

    /// That the files in `home` cannot be used.
    pub(crate) fn unusable(home: &Home, cause: &dyn ToString) -> Error {
        of(&path(home, CERTIFICATE))(cause.to_string())
    }

    /// From when on the certificate is renewed: half of its life, and then at a moment of
    /// its own within a sixth, so that a province that enrolled in one day does not renew
    /// in one day.
    pub(crate) fn renewed_from(&self) -> Timestamp {
        let life = self.not_after.duration_since(self.not_before);
        let hash = Sha256::digest(&self.certificate);
        let share = f64::from(u16::from_be_bytes([hash[0], hash[1]])) / f64::from(u16::MAX);
        let after = life / 2 + SignedDuration::from_secs_f64(life.as_secs_f64() / 6.0 * share);
        self.not_before.saturating_add(after).unwrap_or(self.not_after)
    }

    /// Takes a renewed certificate for the same key and bearer, and keeps it in `home`.
    pub(crate) fn renew(&mut self, home: &Home, certificate: &str) -> Result<(), Error> {
        let target = path(home, CERTIFICATE);
        let renewed =
            Self::of_parts(self.authority.clone(), certificate.to_owned(), self.key.clone())
                .map_err(of(&target))?;
        if renewed.bearer != self.bearer {
            return Err(of(&target)("the server answered with another's certificate"));
        }
        replace(&target, certificate).map_err(of(&target))?;
        *self = renewed;
        Ok(())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("bearer", &self.bearer)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let department = self.department.as_deref().unwrap_or(PROVINCE);
        write!(f, "{department}/{}/{}", self.role, self.name)
    }
}

/// An enrolment that the server has not answered yet, or whose answer is being kept.
///
/// Its key is on the disk before the server first hears of it, so that the same key
/// can ask again when an answer was lost.
#[derive(Debug)]
pub(crate) struct Enrolment<'h> {
    home: &'h Home,
}

impl<'h> Enrolment<'h> {
    /// The one in `home`, begun now or earlier.
    pub(crate) fn in_home(home: &'h Home) -> Self {
        Self { home }
    }

    /// A request for a certificate of its key, DER; the key is made if there is none.
    pub(crate) fn signing_request(&self) -> Result<Vec<u8>, Error> {
        let path = pending(self.home).join(KEY);
        let key = match fs::read_to_string(&path) {
            Ok(text) => KeyPair::from_pem(&text).map_err(of(&path))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = KeyPair::generate().map_err(of(&path))?;
                fs::create_dir_all(pending(self.home)).map_err(of(&path))?;
                replace(&path, &key.serialize_pem()).map_err(of(&path))?;
                key
            }
            Err(error) => return Err(of(&path)(error)),
        };
        signing_request(&key).map_err(of(&path))
    }

    /// Forgets the key, so that the next request has another.
    pub(crate) fn forget_key(&self) -> Result<(), Error> {
        let path = pending(self.home).join(KEY);
        fs::remove_file(&path).map_err(of(&path))
    }

    /// Keeps what the server answered: from now on this is who this computer is.
    pub(crate) fn complete(
        &self,
        authority: &CertificateDer<'_>,
        certificate: &str,
    ) -> Result<Identity, Error> {
        let folder = pending(self.home);
        let key = fs::read_to_string(folder.join(KEY)).map_err(of(&folder.join(KEY)))?;
        let target = folder.join(CERTIFICATE);
        let authority = authority.clone().into_owned();
        let identity = Identity::of_parts(authority.clone(), certificate.to_owned(), key)
            .map_err(of(&target))?;
        replace(&folder.join(AUTHORITY), &pem(&authority)).map_err(of(&folder))?;
        replace(&target, certificate).map_err(of(&target))?;
        settle(self.home).map_err(of(&folder))?;
        Ok(identity)
    }
}

/// The files another program is given: authority, certificate, key.
pub(crate) fn files(home: &Home) -> [PathBuf; 3] {
    [AUTHORITY, CERTIFICATE, KEY].map(|name| path(home, name))
}

/// SHA-256 of a certificate.
pub(crate) fn fingerprint(certificate: &CertificateDer<'_>) -> Fingerprint {
    Sha256::digest(certificate).into()
}

/// Moves a new identity over the old one if it is whole, be it after a crash.
fn settle(home: &Home) -> io::Result<()> {
    let folder = pending(home);
    if !folder.join(CERTIFICATE).exists() {
        return Ok(());
    }
    // The certificate tells that the others are there: it was written last and moves last.
    for name in [KEY, AUTHORITY, CERTIFICATE] {
        match fs::rename(folder.join(name), path(home, name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    sync(home.path());
    fs::remove_dir_all(&folder)
}

fn pending(home: &Home) -> PathBuf {
    home.path().join("enrolment")
}

fn path(home: &Home, name: &str) -> PathBuf {
    home.path().join(name)
}

fn of<E: ToString>(path: &Path) -> impl Fn(E) -> Error {
    let path = path.to_owned();
    move |cause| Error { path: path.clone(), cause: cause.to_string() }
}

/// A request with nothing in it but the key.
fn signing_request(key: &KeyPair) -> Result<Vec<u8>, rcgen::Error> {
    let mut request = CertificateParams::default();
    request.distinguished_name = DistinguishedName::new();
    Ok(request.serialize_request(key)?.der().to_vec())
}

fn bearer(leaf: &X509Certificate<'_>) -> Option<Bearer> {
    let names = leaf.subject_alternative_name().ok()??;
    let uri = names.value.general_names.iter().find_map(|name| match name {
        GeneralName::URI(uri) => uri.strip_prefix("tiendo://"),
        _ => None,
    })?;
    let [department, role, name] = uri.split('/').collect::<Vec<_>>().try_into().ok()?;
    let department = Some(department.to_owned()).filter(|id| id != PROVINCE);
    Some(Bearer { department, role: role.to_owned(), name: name.to_owned() })
}

/// Replaces a file durably; only its owner reads the new one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // Two programs of one home may renew at once.
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    system::only_for_owner(&mut options);
    let mut file = options.open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().into_iter().for_each(sync);
    Ok(())
}

/// Makes renames in a folder durable, where folders can be opened.
fn sync(folder: &Path) {
    if let Err(error) = File::open(folder).and_then(|folder| folder.sync_all()) {
        tracing::debug!("`{}` cannot be synced: {error}", folder.display());
    }
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    let lines = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new("CERTIFICATE", certificate.to_vec()), lines)
}

#[cfg(test)]
mod tests;
