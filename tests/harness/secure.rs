//! Identities of tests, and connections that show them over real TLS.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tiendo_shared::wire::v1;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint, Uri};

use super::clients::Clients;
use super::secrets;
use super::server::Server;

/// A key pair that asks to be certified.
#[derive(Debug)]
pub(crate) struct Key(pub(crate) KeyPair);

impl Key {
    /// A new one of the kind that is certified.
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        secrets::remember(&key.serialize_pem());
        Self(key)
    }

    /// Its signing request, which asks for nothing else.
    pub(crate) fn request(&self) -> Vec<u8> {
        CertificateParams::default().serialize_request(&self.0).unwrap().der().to_vec()
    }

    /// With a certificate of its own.
    pub(crate) fn with(&self, chain: &str) -> Badge {
        Badge { chain: chain.to_owned(), key: self.0.serialize_pem() }
    }
}

/// A certificate and its key, PEM: what is shown in a handshake.
#[derive(Debug, Clone)]
pub(crate) struct Badge {
    /// Leaf first.
    pub(crate) chain: String,
    /// The leaf's key.
    pub(crate) key: String,
}

impl Badge {
    /// Writes it where outside programs read it: paths of certificate and key.
    pub(crate) fn save(&self, folder: &std::path::Path, name: &str) -> (PathBuf, PathBuf) {
        let (pem, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
        std::fs::write(&pem, &self.chain).unwrap();
        std::fs::write(&key, &self.key).unwrap();
        (pem, key)
    }
}

/// A way to a server with TLS.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    address: SocketAddr,
    authority: PathBuf,
    badge: Option<Badge>,
    from: Ipv4Addr,
    versions: &'static [&'static SupportedProtocolVersion],
}

impl Wire {
    /// One that shows nothing.
    pub(crate) fn to(server: &Server) -> Self {
        Self {
            address: server.address().parse().unwrap(),
            authority: server.authority(),
            badge: None,
            from: Ipv4Addr::LOCALHOST,
            versions: rustls::ALL_VERSIONS,
        }
    }

    /// The same, to another of its addresses.
    pub(crate) fn at(server: &Server, address: &str) -> Self {
        Self { address: address.parse().unwrap(), ..Self::to(server) }
    }

    /// The same, showing this.
    pub(crate) fn showing(self, badge: &Badge) -> Self {
        Self { badge: Some(badge.clone()), ..self }
    }

    /// The same, from another address of this computer.
    pub(crate) fn from(self, from: Ipv4Addr) -> Self {
        Self { from, ..self }
    }

    /// The same, with these versions of TLS.
    pub(crate) fn speaking(self, versions: &'static [&'static SupportedProtocolVersion]) -> Self {
        Self { versions, ..self }
    }

    /// A TLS connection that speaks one of these protocols.
    pub(crate) async fn dial(&self, protocols: &[&str]) -> io::Result<TlsStream<TcpStream>> {
        let config = self.config(protocols)?;
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.from, 0).into())?;
        let tcp = socket.connect(self.address).await?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        TlsConnector::from(Arc::new(config)).connect(name, tcp).await
    }

    /// A channel over a connection made now.
    pub(crate) async fn connect(&self) -> Result<Channel, tonic::transport::Error> {
        let wire = self.clone();
        let connector = tower::service_fn(move |_: Uri| {
            let wire = wire.clone();
            async move { wire.dial(&["h2"]).await.map(TokioIo::new) }
        });
        Endpoint::from_static("http://localhost").connect_with_connector(connector).await
    }

    /// Clients over a connection made now.
    pub(crate) async fn clients(&self) -> Clients {
        Clients::over(self.connect().await.unwrap())
    }

    fn config(&self, protocols: &[&str]) -> io::Result<ClientConfig> {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(&self.authority).map_err(io::Error::other)?;
        roots.add(authority).map_err(io::Error::other)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(self.versions)
            .map_err(io::Error::other)?
            .with_root_certificates(roots);
        let mut config = match &self.badge {
            None => config.with_no_client_auth(),
            Some(badge) => {
                let chain = CertificateDer::pem_slice_iter(badge.chain.as_bytes())
                    .collect::<Result<_, _>>()
                    .map_err(io::Error::other)?;
                let key = PrivateKeyDer::from_pem_slice(badge.key.as_bytes())
                    .map_err(io::Error::other)?;
                config.with_client_auth_cert(chain, key).map_err(io::Error::other)?
            }
        };
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok(config)
    }
}

/// What a token is made for.
pub(crate) fn grant(role: &str, department: &str, agent: &str) -> v1::CreateJoinTokenRequest {
    v1::CreateJoinTokenRequest {
        role: role.to_owned(),
        department: department.to_owned(),
        agent: agent.to_owned(),
        lifetime: None,
    }
}

impl Server {
    /// The certificate of its authority.
    pub(crate) fn authority(&self) -> PathBuf {
        self.data().join("tls/ca.pem")
    }

    /// Redeems a token with a key.
    pub(crate) async fn enrol(
        &self,
        token: &str,
        agent: &str,
        key: &Key,
    ) -> Result<v1::EnrolResponse, tonic::Status> {
        let request = v1::EnrolRequest {
            token: token.to_owned(),
            signing_request: key.request(),
            agent: agent.to_owned(),
            ..v1::EnrolRequest::default()
        };
        let clients = Wire::to(self).clients().await;
        clients.enrolment().enrol(request).await.map(tonic::Response::into_inner)
    }

    /// The first administrator, whose name is `admin`.
    pub(crate) async fn administrator(&self) -> Badge {
        let key = Key::new();
        let answer = self.enrol(self.first_token(), "admin", &key).await.unwrap();
        key.with(&answer.certificate_chain)
    }

    /// A token an administrator makes.
    pub(crate) async fn token(&self, admin: &Badge, grant: v1::CreateJoinTokenRequest) -> String {
        let clients = Wire::to(self).showing(admin).clients().await;
        let token = clients.admin().create_join_token(grant).await.unwrap().into_inner().token;
        secrets::remember(&token);
        token
    }

    /// Somebody with a role.
    pub(crate) async fn badge(
        &self,
        admin: &Badge,
        role: &str,
        department: &str,
        agent: &str,
    ) -> Badge {
        let key = Key::new();
        let token = self.token(admin, grant(role, department, "")).await;
        let answer = self.enrol(&token, agent, &key).await.unwrap();
        key.with(&answer.certificate_chain)
    }
}
