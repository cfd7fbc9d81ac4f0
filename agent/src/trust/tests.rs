//! Servers of every kind, met over real sockets.

use std::net::SocketAddr;

use jiff::SignedDuration;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::config::Config;
use crate::connection::Connection;
use crate::identity::fingerprint;

/// An authority and its key.
struct Ca {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Ca {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// A leaf for these names with its key.
    fn leaf(&self, names: &[&str]) -> Leaf {
        self.leaf_of(&CertificateParams::new(names.map_owned()).unwrap())
    }

    fn leaf_of(&self, params: &CertificateParams) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        Leaf { certificate, key }
    }
}

struct Leaf {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

trait MapOwned {
    fn map_owned(&self) -> Vec<String>;
}

impl MapOwned for &[&str] {
    fn map_owned(&self) -> Vec<String> {
        self.iter().map(|&name| name.to_owned()).collect()
    }
}

/// A listener that shows `chain` and says whether anything was sent to it once it was trusted.
async fn serve(leaf: Leaf, issuers: &[&CertificateDer<'static>], alpn: &[&[u8]]) -> SocketAddr {
    let chain = std::iter::once(&leaf.certificate).chain(issuers.iter().copied()).cloned();
    let key = PrivateKeyDer::try_from(leaf.key.serialize_der()).unwrap();
    let provider = Arc::new(crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.collect(), key)
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // Whoever was let in is sent away: what counts is whether it came in.
            if let Ok(mut stream) = acceptor.accept(socket).await {
                stream.shutdown().await.ok();
            }
        }
    });
    address
}

/// What a client that trusts `authority` makes of the server at `address`, and whether it
/// found its authority there.
async fn meet(address: SocketAddr, authority: Authority) -> (Option<Mistrust>, bool) {
    let text = format!("server = \"{address}\"");
    let config = Config::parse(&text, &|_| None, &[], "pc").unwrap();
    let verifier = Verifier::of(authority);
    let mut connection = Connection::to_enrol(&config, Arc::clone(&verifier)).unwrap();
    let status = connection.meet().await.unwrap_err();
    (mistrust(&status), verifier.found().is_some())
}

#[tokio::test]
async fn a_server_of_the_authority_is_trusted_by_fingerprint_and_by_certificate() {
    let ca = Ca::new();
    let by_fingerprint = || Authority::Fingerprint(fingerprint(&ca.certificate));
    let whole = serve(ca.leaf(&["127.0.0.1"]), &[&ca.certificate], &[b"h2"]).await;
    assert_eq!(meet(whole, by_fingerprint()).await, (None, true));
    assert_eq!(meet(whole, Authority::Certificate(ca.certificate.clone())).await, (None, true));
    // Whoever has the certificate does not need to be shown it.
    let bare = serve(ca.leaf(&["127.0.0.1"]), &[], &[b"h2"]).await;
    assert_eq!(meet(bare, Authority::Certificate(ca.certificate.clone())).await, (None, true));
    assert_eq!(meet(bare, by_fingerprint()).await, (Some(Mistrust::OtherAuthority), false));
}

#[tokio::test]
async fn a_server_of_another_authority_is_not_trusted_whatever_it_shows() {
    let (ours, theirs) = (Ca::new(), Ca::new());
    let known = [
        Authority::Fingerprint(fingerprint(&ours.certificate)),
        Authority::Certificate(ours.certificate.clone()),
    ];
    let itself = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let itself = Leaf { certificate: itself.cert.der().clone(), key: itself.signing_key };
    for address in [
        serve(theirs.leaf(&["127.0.0.1"]), &[&theirs.certificate], &[b"h2"]).await,
        // Our certificate is no secret; showing it proves nothing.
        serve(theirs.leaf(&["127.0.0.1"]), &[&ours.certificate], &[b"h2"]).await,
        serve(theirs.leaf(&["127.0.0.1"]), &[&theirs.certificate, &ours.certificate], &[b"h2"])
            .await,
        serve(itself, &[], &[b"h2"]).await,
    ] {
        for authority in known.clone() {
            let met = meet(address, authority).await;
            assert_eq!(met, (Some(Mistrust::OtherAuthority), false));
        }
    }
}

#[tokio::test]
async fn a_certificate_for_other_names_or_times_is_told_apart() {
    let ca = Ca::new();
    let known = || Authority::Fingerprint(fingerprint(&ca.certificate));
    let named = ca.leaf(&["tiendo.angiang.gov.vn", "10.0.0.7"]);
    let named = serve(named, &[&ca.certificate], &[b"h2"]).await;
    let met = meet(named, known()).await;
    let expected = Mistrust::OtherName("tiendo.angiang.gov.vn, 10.0.0.7".to_owned());
    assert_eq!(met, (Some(expected), false));

    let mut ended = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    ended.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let ended = serve(ca.leaf_of(&ended), &[&ca.certificate], &[b"h2"]).await;
    assert_eq!(meet(ended, known()).await, (Some(Mistrust::NotNow), false));
    // The clock that counts is the program's own.
    clock::run_ahead(SignedDuration::from_hours(-24 * 365 * 8));
    assert_eq!(meet(ended, known()).await, (None, true));
    clock::run_ahead(SignedDuration::ZERO);
}

#[tokio::test]
async fn what_does_not_speak_the_protocol_is_told_apart() {
    let ca = Ca::new();
    let known = || Authority::Fingerprint(fingerprint(&ca.certificate));
    let web = serve(ca.leaf(&["127.0.0.1"]), &[&ca.certificate], &[]).await;
    assert_eq!(meet(web, known()).await, (Some(Mistrust::OtherProtocol), true));
    for greeting in [b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(), b"\0\0\0\x04\0\0\0\0\0"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut hello = [0; 64];
                let read = socket.read(&mut hello).await.unwrap_or_default();
                assert!(read > 0, "nothing was sent");
                socket.write_all(greeting).await.ok();
                socket.shutdown().await.ok();
            }
        });
        assert_eq!(meet(address, known()).await, (Some(Mistrust::NotTls), false));
    }
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(meet(nobody, known()).await, (None, false));
}
