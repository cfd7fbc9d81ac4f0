//! Certificates that are not what they should be: what each call with them is told.

use std::sync::Arc;

use prost::Message as _;
use prost::bytes::Bytes;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, SanType,
};
use rustls::client::ResolvesClientCert;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme};
use tiendo_server::clock::Clock;
use tiendo_server::identity::{Authority, Caller, Files, LIFE, PublicKey, Role, Terms};
use tiendo_shared::wire::v1;
use tonic::Code;

use super::raw::{call, methods, refusal};
use crate::harness::{Badge, Key, Options, Server, Wire, failure, grant, trial};

/// A server and the key of its agent `pc`, which it certified.
struct Certified {
    server: Server,
    key: Key,
    chain: String,
    caller: Caller,
}

impl Certified {
    async fn start() -> Self {
        // Every rpc with every bad certificate is more than strangers may call at once.
        let variables = vec![("TIENDO_CALLS_PER_STRANGER", "1000")];
        let options = Options { secure: true, variables, ..trial::options() };
        let server = Server::start_with(options).await;
        let admin = server.administrator().await;
        let key = Key::new();
        let token = server.token(&admin, grant("agent", trial::DEPARTMENT, "pc")).await;
        let chain = server.enrol(&token, "", &key).await.unwrap().certificate_chain;
        let department = Some(trial::DEPARTMENT.to_owned());
        let caller = Caller { role: Role::Agent, department, name: "pc".to_owned() };
        Self { server, key, chain, caller }
    }

    /// What only somebody with the authority's key can make: any certificate.
    fn minted(&self, caller: &Caller, key: &Key, terms: &Terms) -> Badge {
        let authority = Authority::open(&Files::of(&self.server.data())).unwrap();
        let public = PublicKey::of_request(&key.request()).unwrap();
        let certificate = authority.certify(caller, &public, terms).unwrap();
        key.with(&authority.chain_pem(&certificate))
    }

    /// Every rpc with this certificate is refused for this reason.
    #[track_caller]
    fn refused(&self, badge: &Badge, reason: &str) -> impl Future<Output = ()> {
        let (wire, reason) = (Wire::to(&self.server).showing(badge), reason.to_owned());
        let signing_request = Key(KeyPair::from_pem(&badge.key).unwrap()).request();
        async move {
            let channel = wire.connect().await.unwrap();
            for method in methods() {
                let mut request = Bytes::new();
                let expect = match method.name.as_str() {
                    "EnrolmentService/Enrol" => (Code::InvalidArgument, "TOKEN_FORM".to_owned()),
                    // Renewing is what may be done with it, and has a test of its own.
                    "EnrolmentService/Renew" if reason == "CERTIFICATE_EXPIRED" => continue,
                    "EnrolmentService/Renew" => {
                        let signing_request = signing_request.clone();
                        request = v1::RenewRequest { signing_request }.encode_to_vec().into();
                        (Code::Unauthenticated, reason.clone())
                    }
                    _ => (Code::Unauthenticated, reason.clone()),
                };
                let answer = call(&channel, &method.name, request).await;
                assert_eq!(refusal(answer), expect, "{}", method.name);
            }
        }
    }

    /// The good certificate still does its work.
    async fn still_serves(&self) {
        let wire = Wire::to(&self.server).showing(&self.key.with(&self.chain));
        let request = v1::GetServerInfoRequest {};
        wire.clients().await.info().get_server_info(request).await.unwrap();
    }
}

/// A certificate that names somebody, by an authority that anybody can make or by itself.
fn foreign(
    key: &KeyPair,
    issuer: Option<&Issuer<'_, KeyPair>>,
    subject: &str,
    names: Vec<SanType>,
) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "so-hai");
    params.distinguished_name.push(DnType::CommonName, subject);
    params.subject_alt_names = names;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    match issuer {
        Some(issuer) => params.signed_by(key, issuer).unwrap().pem(),
        None => params.self_signed(key).unwrap().pem(),
    }
}

fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

/// An authority that calls itself as the server's does.
fn named_alike(key: KeyPair) -> Issuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "Tiendo authority");
    Issuer::new(params, key)
}

#[tokio::test]
async fn certificates_of_others_say_nothing_here() {
    let certified = Certified::start().await;
    let key = Key::new();
    let impostor = named_alike(KeyPair::generate().unwrap());
    let admin = || vec![uri("tiendo://province/administrator/admin")];
    // About 40 KB.
    let many = (0..900).map(|n| uri(&format!("tiendo://province/administrator/a{n}"))).collect();
    for chain in [
        foreign(&key.0, None, "admin", admin()),
        foreign(&key.0, Some(&impostor), "admin", admin()),
        foreign(&key.0, None, "admin", many),
        // A department in the subject, and nothing else.
        foreign(&key.0, None, "tiendo://so-hai/agent/pc", Vec::new()),
        foreign(&key.0, Some(&impostor), "tiendo://so-hai/agent/pc", Vec::new()),
        // What the certificate of an agent here says, with another key.
        foreign(&key.0, None, "pc", vec![uri(&certified.caller.uri())]),
        foreign(&key.0, Some(&impostor), "pc", vec![uri(&certified.caller.uri())]),
    ] {
        certified.refused(&key.with(&chain), "CERTIFICATE_FOREIGN").await;
    }
    // The authority's own certificate behind it makes it no better.
    let authority = std::fs::read_to_string(certified.server.authority()).unwrap();
    let dressed = format!("{}{authority}", foreign(&key.0, None, "admin", admin()));
    certified.refused(&key.with(&dressed), "CERTIFICATE_FOREIGN").await;
    certified.still_serves().await;
}

#[tokio::test]
async fn the_authoritys_own_certificates_are_not_all_callers() {
    let certified = Certified::start().await;
    let server = std::fs::read_to_string(certified.server.data().join("tls/server.pem")).unwrap();
    let start = server.find("-----BEGIN CERTIFICATE").unwrap();
    let (key, chain) = server.split_at(start);
    let badge = Badge { chain: chain.to_owned(), key: key.to_owned() };
    certified.refused(&badge, "CERTIFICATE_FOREIGN").await;
    let read = |name: &str| std::fs::read_to_string(certified.server.data().join(name)).unwrap();
    let badge = Badge { chain: read("tls/ca.pem"), key: read("tls/ca.key") };
    certified.refused(&badge, "CERTIFICATE_FOREIGN").await;
    certified.still_serves().await;
}

#[tokio::test]
async fn a_bearer_is_named_in_one_uri_and_nowhere_else() {
    let certified = Certified::start().await;
    // Somebody has the authority's key, and the key of an agent.
    let key = std::fs::read_to_string(certified.server.data().join("tls/ca.key")).unwrap();
    let authority = named_alike(KeyPair::from_pem(&key).unwrap());
    let neighbour = "tiendo://so-hai/agent/pc";
    let host = || SanType::DnsName("so-hai".try_into().unwrap());
    let own = || uri(&certified.caller.uri());
    for names in [
        vec![],
        vec![host()],
        vec![uri(neighbour), own()],
        vec![own(), uri(neighbour)],
        vec![own(), host()],
        vec![uri("tiendo://so-hai/boss/pc")],
    ] {
        let chain = foreign(&certified.key.0, Some(&authority), neighbour, names);
        certified.refused(&certified.key.with(&chain), "CERTIFICATE_FOREIGN").await;
    }
    // With its own name alone it is believed, whatever its subject says: to be what it is.
    let chain = foreign(&certified.key.0, Some(&authority), neighbour, vec![own()]);
    let wire = Wire::to(&certified.server).showing(&certified.key.with(&chain));
    let head = |department: &str| v1::GetHeadRequest { department: department.to_owned() };
    let clients = wire.clients().await;
    clients.ledger().get_head(head(trial::DEPARTMENT)).await.unwrap();
    let refused = failure(clients.ledger().get_head(head("so-hai")).await);
    assert_eq!(refused, (Code::PermissionDenied, "NOT_PERMITTED".to_owned()));
}

#[tokio::test]
async fn a_certificate_counts_in_its_time_alone() {
    let certified = Certified::start().await;
    let now = Clock::system().now();
    let day = jiff::SignedDuration::from_hours(24);
    let ended = Terms::of(&[1; 16], now - day);
    let badge = certified.minted(&certified.caller, &certified.key, &ended);
    certified.refused(&badge, "CERTIFICATE_EXPIRED").await;
    let begins = Terms::of(&[1; 16], now + LIFE + day);
    let badge = certified.minted(&certified.caller, &certified.key, &begins);
    certified.refused(&badge, "CERTIFICATE_NOT_YET_VALID").await;
    certified.still_serves().await;
}

#[tokio::test]
async fn what_is_not_on_the_servers_list_is_nobody() {
    let certified = Certified::start().await;
    let terms = Terms::from(Clock::system().now()).unwrap();
    // Somebody has the authority's key: a new key, and a known key with more power.
    let unknown = certified.minted(&certified.caller, &Key::new(), &terms);
    certified.refused(&unknown, "CERTIFICATE_UNKNOWN").await;
    for (role, department) in [
        (Role::Administrator, None),
        (Role::Agent, Some("so-hai".to_owned())),
        (Role::Operator, None),
    ] {
        let forged = Caller { role, department, name: "pc".to_owned() };
        let forged = certified.minted(&forged, &certified.key, &terms);
        certified.refused(&forged, "CERTIFICATE_UNKNOWN").await;
    }
    certified.still_serves().await;
}

/// Shows bytes that are no certificate.
#[derive(Debug)]
struct Garbage(Arc<CertifiedKey>);

impl ResolvesClientCert for Garbage {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn what_is_no_certificate_ends_the_handshake_and_nothing_else() {
    use tokio::io::AsyncReadExt as _;
    let certified = Certified::start().await;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    let pem = std::fs::read(certified.server.authority()).unwrap();
    roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
    for garbage in [b"no certificate".to_vec(), vec![0x30; 60_000], vec![0; 200_000]] {
        let der = certified.key.0.serialize_der();
        let key = provider.key_provider.load_private_key(der.try_into().unwrap()).unwrap();
        let shown = CertifiedKey::new(vec![CertificateDer::from(garbage)], key);
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots.clone())
            .with_client_cert_resolver(Arc::new(Garbage(Arc::new(shown))));
        config.alpn_protocols = vec![b"h2".to_vec()];
        let tcp = tokio::net::TcpStream::connect(certified.server.address()).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let name = "localhost".try_into().unwrap();
        // The client may be told only after its side of the handshake is done.
        if let Ok(mut stream) = connector.connect(name, tcp).await {
            let mut answer = Vec::new();
            let read = stream.read_to_end(&mut answer).await;
            assert!(read.is_err() || answer.is_empty(), "it was answered: {answer:?}");
        }
    }
    certified.still_serves().await;
}
