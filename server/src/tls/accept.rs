//! Makes connections that can be served of TCP connections: many at a time, none for ever.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::TcpIncoming;

use super::connection::Stream as Carrier;
use super::{Connection, HTTP2, Peer, Tls};
use crate::identity::Credential;

/// Connections that are made and not yet served.
const READY: usize = 64;

/// Pause after a failure to accept, as when the process has no file handles left.
const PAUSE: Duration = Duration::from_millis(50);

/// How often the system asks an idle peer whether it is still there.
const KEEPALIVE: Duration = Duration::from_mins(1);

/// How handshakes are bounded.
#[derive(Debug, Clone, Copy)]
pub struct Handshakes {
    /// How long one may take.
    pub within: Duration,
    /// How many may be under way; further connections wait in the system's queue.
    pub at_once: usize,
}

/// Makes connections.
#[derive(Debug, Clone)]
pub struct Acceptor {
    /// With TLS, or without it on a loopback address.
    pub tls: Option<Tls>,
    /// How handshakes are bounded.
    pub handshakes: Handshakes,
    /// Ends all connections at once.
    pub cut: CancellationToken,
}

impl Acceptor {
    /// The connections that come to `listener` and can be served, until `stopping`.
    pub fn accept(
        self,
        listener: TcpListener,
        stopping: CancellationToken,
    ) -> impl Stream<Item = io::Result<Connection>> {
        let (ready, connections) = mpsc::channel(READY);
        let incoming = TcpIncoming::from(listener);
        let incoming = incoming.with_nodelay(Some(true)).with_keepalive(Some(KEEPALIVE));
        tokio::spawn(stopping.run_until_cancelled_owned(self.keep_accepting(incoming, ready)));
        ReceiverStream::new(connections).map(Ok)
    }

    async fn keep_accepting(self, mut incoming: TcpIncoming, ready: mpsc::Sender<Connection>) {
        let places = Arc::new(Semaphore::new(self.handshakes.at_once));
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let tcp = match incoming.next().await {
                Some(Ok(tcp)) => tcp,
                Some(Err(error)) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                None => return,
            };
            let (acceptor, ready) = (self.clone(), ready.clone());
            tokio::spawn(async move {
                let within = acceptor.handshakes.within;
                let made = tokio::time::timeout(within, acceptor.connect(tcp)).await;
                drop(place);
                match made {
                    // Nobody takes it when the server stops.
                    Ok(Ok(connection)) => drop(ready.send(connection).await),
                    Ok(Err(error)) => tracing::debug!(%error, "a handshake failed"),
                    Err(_) => tracing::debug!("a handshake was not finished in time"),
                }
            });
        }
    }

    async fn connect(self, tcp: TcpStream) -> io::Result<Connection> {
        let address = tcp.peer_addr()?;
        let (stream, credential) = match self.tls {
            None => (Carrier::Plain(tcp), Credential::None),
            Some(tls) => tls.shake_hands(tcp).await?,
        };
        let peer = Peer { address, credential: Arc::new(credential) };
        Ok(Connection::new(stream, peer, self.cut))
    }
}

impl Tls {
    async fn shake_hands(&self, tcp: TcpStream) -> io::Result<(Carrier, Credential)> {
        let stream = TlsAcceptor::from(Arc::clone(&self.config)).accept(tcp).await?;
        let (_, session) = stream.get_ref();
        if session.alpn_protocol() != Some(HTTP2) {
            return Err(io::Error::other("the peer does not speak HTTP/2"));
        }
        let credential = self.judge.judge(session.peer_certificates().unwrap_or_default());
        Ok((Carrier::Tls(Box::new(stream)), credential))
    }
}
