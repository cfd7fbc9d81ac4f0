//! The authority of this server: its own CA, which certifies the server and its callers.

use std::fmt;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};

use super::{Caller, Files, PublicKey};

/// Life of a certificate of the server or of a caller.
pub const LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Life of the authority: longer than any computer it certifies.
const AUTHORITY_LIFE: SignedDuration = SignedDuration::from_hours(20 * 365 * 24);

/// How long before it is made a certificate begins, for clocks that run late.
const BACKDATED: SignedDuration = SignedDuration::from_hours(1);

/// Why an authority cannot be made, read or used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none in this data folder.
    #[error(
        "`{}` is missing; `tiendo-server init --data {} --host NAME` makes all that is needed, \
         `--insecure-loopback` serves this computer alone, to try it out",
        .0.display(),
        .0.parent().and_then(Path::parent).unwrap_or(Path::new("DIR")).display()
    )]
    Missing(PathBuf),
    /// There is one already.
    #[error("`{}` is there already; an authority is made once and never overwritten", .0.display())]
    Exists(PathBuf),
    /// A file cannot be read or written.
    #[error("`{}`: {}", .0.display(), .1)]
    File(PathBuf, io::Error),
    /// A file does not hold what it should.
    #[error("`{}`: {}", .0.display(), .1)]
    Unreadable(PathBuf, String),
    /// A certificate cannot be made.
    #[error("no certificate could be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The system gives no randomness.
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

/// Serial number and times of a certificate: with them it can be made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    serial: Vec<u8>,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Terms {
    /// Those of a new certificate: a random serial number, and [`LIFE`].
    pub fn from(now: Timestamp) -> Result<Self, Error> {
        let mut serial = [0; 16];
        getrandom::fill(&mut serial)?;
        // Positive, and of this length.
        serial[0] = serial[0] & 0x7f | 0x40;
        Ok(Self::of(&serial, end(now, LIFE)))
    }

    /// Those of the certificate that has this number and end.
    pub fn of(serial: &[u8], not_after: Timestamp) -> Self {
        let not_before = not_after.checked_sub(LIFE + BACKDATED).unwrap_or(Timestamp::UNIX_EPOCH);
        Self { serial: serial.to_vec(), not_before, not_after }
    }

    /// The serial number.
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// When it ends.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }
}

/// What clients may call the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A DNS name.
    Name(String),
    /// An address.
    Address(IpAddr),
}

impl Host {
    /// Reads a name or an address; none if it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse() {
            return Some(Self::Address(address));
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let fits = text.len() <= 253 && text.split('.').all(label);
        // `10.0.0` is a mistyped address, not a name.
        let is_name = text.rsplit('.').next()?.bytes().any(|byte| !byte.is_ascii_digit());
        (fits && is_name).then(|| Self::Name(text.to_ascii_lowercase()))
    }

    fn subject(&self) -> Result<SanType, rcgen::Error> {
        Ok(match self {
            Self::Name(name) => SanType::DnsName(name.as_str().try_into()?),
            Self::Address(address) => SanType::IpAddress(*address),
        })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// What the server shows to its callers.
pub struct ServerIdentity {
    /// Leaf first, then the authority.
    pub chain: Vec<CertificateDer<'static>>,
    /// The leaf's key.
    pub key: PrivateKeyDer<'static>,
    /// When it began.
    pub not_before: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
    /// What clients may call the server.
    pub hosts: Vec<Host>,
}

impl fmt::Debug for ServerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerIdentity")
            .field("hosts", &self.hosts)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

/// The authority: a CA certificate and the key that signs with it.
pub struct Authority {
    certificate: CertificateDer<'static>,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}

impl Authority {
    /// Makes one with its files, and the first certificate of the server.
    pub fn create(files: &Files, hosts: &[Host], now: Timestamp) -> Result<Self, Error> {
        nothing_there(files)?;
        let key = KeyPair::generate()?;
        let terms = Terms { not_after: end(now, AUTHORITY_LIFE), ..Terms::from(now)? };
        let mut params = params("Tiendo authority", &terms);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key)?;
        let key_pem = key.serialize_pem();
        let authority = Self {
            certificate: certificate.der().clone(),
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        };
        authority.keep(files, &key_pem, hosts, now)?;
        Ok(authority)
    }

    /// The one of another server's data folder, for a further server with files of its own
    /// and a certificate of its own.
    pub fn join(
        from: &Files,
        files: &Files,
        hosts: &[Host],
        now: Timestamp,
    ) -> Result<Self, Error> {
        nothing_there(files)?;
        let authority = Self::open(from)?;
        authority.keep(files, &read(from.authority_key())?, hosts, now)?;
        Ok(authority)
    }

    /// Writes its files, and the first certificate of a server.
    fn keep(&self, files: &Files, key: &str, hosts: &[Host], now: Timestamp) -> Result<(), Error> {
        files.create_folder().map_err(|error| Error::File(files.authority(), error))?;
        let server = self.serve_as(hosts, now)?;
        for (path, text) in [
            (files.server(), server.as_str()),
            (files.authority(), self.pem.as_str()),
            (files.authority_key(), key),
        ] {
            files.create(&path, text).map_err(|error| Error::File(path, error))?;
        }
        Ok(())
    }

    /// Reads the one of a data folder.
    pub fn open(files: &Files) -> Result<Self, Error> {
        let (pem, key) = (read(files.authority())?, read(files.authority_key())?);
        let bad =
            |path: PathBuf, cause: &dyn fmt::Display| Error::Unreadable(path, cause.to_string());
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|error| bad(files.authority(), &error))?;
        let key = KeyPair::from_pem(&key).map_err(|error| bad(files.authority_key(), &error))?;
        let issuer = Issuer::from_ca_cert_der(&certificate, key)
            .map_err(|error| bad(files.authority(), &error))?;
        Ok(Self { certificate, pem, issuer })
    }

    /// Its certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// SHA-256 of its certificate, as join tokens carry it.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.certificate).into()
    }

    /// Certifies a caller.
    pub fn certify(
        &self,
        caller: &Caller,
        key: &PublicKey,
        terms: &Terms,
    ) -> Result<CertificateDer<'static>, Error> {
        let mut params = params(&caller.name, terms);
        params.subject_alt_names = vec![SanType::URI(caller.uri().as_str().try_into()?)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Ok(params.signed_by(key.for_issuing(), &self.issuer)?.into())
    }

    /// A certificate and its issuer, PEM.
    pub fn chain_pem(&self, certificate: &CertificateDer<'_>) -> String {
        let body = base64(certificate);
        format!("-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n{}", self.pem)
    }

    /// A new key and certificate of the server with the chain, PEM.
    pub fn serve_as(&self, hosts: &[Host], now: Timestamp) -> Result<String, Error> {
        let key = KeyPair::generate()?;
        let mut params = params("Tiendo server", &Terms::from(now)?);
        params.subject_alt_names = hosts.iter().map(Host::subject).collect::<Result<_, _>>()?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(format!("{}{}{}", key.serialize_pem(), certificate.pem(), self.pem))
    }
}

fn nothing_there(files: &Files) -> Result<(), Error> {
    let there = [files.authority_key(), files.authority(), files.server()];
    there.into_iter().find(|path| path.exists()).map_or(Ok(()), |path| Err(Error::Exists(path)))
}

impl ServerIdentity {
    /// Reads what [`Authority::serve_as`] wrote.
    pub fn open(files: &Files) -> Result<Self, Error> {
        let path = files.server();
        let pem = read(path.clone())?;
        Self::parse(&pem).map_err(|cause| Error::Unreadable(path, cause))
    }

    fn parse(pem: &str) -> Result<Self, String> {
        use x509_parser::extensions::GeneralName;
        let text = |error: rustls::pki_types::pem::Error| error.to_string();
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(text)?;
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(text)?;
        let leaf = chain.first().ok_or("it holds no certificate")?;
        let (_, leaf) =
            x509_parser::parse_x509_certificate(leaf).map_err(|error| error.to_string())?;
        let names = leaf.subject_alternative_name().map_err(|error| error.to_string())?;
        let names = names.map(|names| names.value.general_names.as_slice()).unwrap_or_default();
        let hosts = names.iter().filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(Host::Name((*name).to_owned())),
            GeneralName::IPAddress(bytes) => address(bytes).map(Host::Address),
            _ => None,
        });
        let (hosts, validity) = (hosts.collect(), leaf.validity());
        let (not_before, not_after) = (instant(validity.not_before), instant(validity.not_after));
        Ok(Self { chain, key, not_before, not_after, hosts })
    }
}

/// The instant of a certificate's time.
pub(super) fn instant(time: x509_parser::time::ASN1Time) -> Timestamp {
    Timestamp::from_second(time.timestamp()).unwrap_or(Timestamp::MIN)
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(four));
    }
    <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
}

/// What all certificates have: a name for people, a serial number, and an end.
fn params(name: &str, terms: &Terms) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from_slice(&terms.serial));
    params.use_authority_key_identifier_extension = true;
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let since = |instant: Timestamp| {
        std::time::Duration::from_secs(u64::try_from(instant.as_second()).unwrap_or(0))
    };
    params.not_before = epoch + since(terms.not_before);
    params.not_after = epoch + since(terms.not_after);
    params
}

/// The instant so long after another, in whole seconds, as certificates have it.
fn end(from: Timestamp, life: SignedDuration) -> Timestamp {
    let end = from.checked_add(life).unwrap_or(Timestamp::MAX);
    Timestamp::from_second(end.as_second()).unwrap_or(end)
}

fn read(path: PathBuf) -> Result<String, Error> {
    fs::read_to_string(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::Missing(path),
        _ => Error::File(path, error),
    })
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    text.as_bytes()
        .chunks(64)
        .fold(String::new(), |lines, line| lines + &String::from_utf8_lossy(line) + "\n")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn hosts_are_names_or_addresses() {
        for text in ["tiendo.angiang.gov.vn", "localhost", "127.0.0.1", "::1", "Máy", "a b", ""] {
            let fits = !matches!(text, "Máy" | "a b" | "");
            assert_eq!(Host::parse(text).is_some(), fits, "{text}");
        }
        for text in ["10.0.0", "-a.vn", "a..vn", "*.vn", "a.vn:7443", "https://a.vn"] {
            assert_eq!(Host::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_authority_is_made_once_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::of(&folder.path().join("data"));
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let hosts = ["tiendo.vn", "10.1.2.3", "::1"].map(|host| Host::parse(host).unwrap());
        assert!(matches!(Authority::open(&files), Err(Error::Missing(_))));
        let made = Authority::create(&files, &hosts, now).unwrap();
        let read = Authority::open(&files).unwrap();
        assert_eq!(read.fingerprint(), made.fingerprint());
        assert!(matches!(Authority::create(&files, &hosts, now), Err(Error::Exists(_))));
        let server = ServerIdentity::open(&files).unwrap();
        assert_eq!(server.hosts, hosts);
        assert_eq!(server.chain.len(), 2);
        assert_eq!(server.chain[1], *read.certificate());
        assert_eq!(server.not_after, now + LIFE);
        assert_eq!(server.not_before, now - BACKDATED);
        for path in [files.authority(), files.authority_key(), files.server()] {
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let folder = files.server().parent().unwrap().to_owned();
        assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
