//! Makes connections that can be served of TCP connections: many at a time, none for ever.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::TcpIncoming;

use super::connection::Stream as Carrier;
use super::places::Places;
use super::{Activity, Arrival, Connection, Peer, Tls};
use crate::identity::Credential;
use crate::limits::{Limits, seconds};

/// Connections that are made and not yet served.
const READY: usize = 64;

/// Pause after a failure to accept, as when the process has no file handles left.
const PAUSE: Duration = Duration::from_millis(50);

/// How often the system asks an idle peer whether it is still there.
const KEEPALIVE: Duration = Duration::from_mins(1);

/// Connections as they come in.
pub type Incoming = Pin<Box<dyn Stream<Item = io::Result<Arrival>> + Send>>;

/// What comes to `listener`.
pub fn tcp(listener: TcpListener) -> Incoming {
    let incoming = TcpIncoming::from(listener);
    let incoming = incoming.with_nodelay(Some(true)).with_keepalive(Some(KEEPALIVE));
    Box::pin(incoming.map(|tcp| tcp.map(Arrival::Tcp)))
}

/// Makes connections.
#[derive(Debug, Clone)]
pub struct Acceptor {
    /// With TLS, or without it on a loopback address.
    pub tls: Option<Tls>,
    /// What the server takes.
    pub limits: Limits,
    /// Ends all connections at once.
    pub cut: CancellationToken,
}

impl Acceptor {
    /// The connections that come in and can be served, until `stopping`.
    pub fn accept(
        self,
        incoming: Incoming,
        stopping: CancellationToken,
    ) -> impl Stream<Item = Connection> {
        let (ready, connections) = mpsc::channel(READY);
        tokio::spawn(stopping.run_until_cancelled_owned(self.keep_accepting(incoming, ready)));
        ReceiverStream::new(connections)
    }

    async fn keep_accepting(self, mut incoming: Incoming, ready: mpsc::Sender<Connection>) {
        let places = Arc::new(Places::new(self.limits));
        loop {
            let arrival = match incoming.next().await {
                Some(Ok(arrival)) => arrival,
                Some(Err(error)) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                None => return,
            };
            let Ok(address) = arrival.address() else { continue };
            // One that has no place is closed: it costs nothing, and comes again.
            let Some(mut place) = places.take(address.ip(), Instant::now()) else { continue };
            let (acceptor, ready) = (self.clone(), ready.clone());
            tokio::spawn(async move {
                let within = seconds(acceptor.limits.handshake_secs);
                let given_up = place.given_up.clone();
                let shaken = tokio::time::timeout(within, acceptor.shake_hands(arrival));
                let (stream, credential) = match given_up.run_until_cancelled(shaken).await {
                    Some(Ok(Ok(made))) => made,
                    Some(Ok(Err(error))) => return tracing::debug!(%error, "a handshake failed"),
                    Some(Err(_)) => return tracing::debug!("a handshake was not finished in time"),
                    None => return tracing::debug!("a handshake gave way to another"),
                };
                let stranger = acceptor.tls.is_some() && credential.certified().is_err();
                if !place.shook_hands(stranger) {
                    return tracing::debug!(%address, "there are too many strangers");
                }
                let (credential, activity) = (Arc::new(credential), Arc::new(Activity::new()));
                let peer = Peer { address, credential, activity };
                // Nobody takes it when the server stops.
                drop(ready.send(Connection::new(stream, peer, acceptor.cut, place)).await);
            });
        }
    }

    async fn shake_hands(&self, arrival: Arrival) -> io::Result<(Carrier, Credential)> {
        match (&self.tls, arrival) {
            (None, Arrival::Tcp(tcp)) => Ok((Carrier::Plain(tcp), Credential::None)),
            (Some(tls), Arrival::Tcp(tcp)) => tls.shake_hands(tcp).await,
            (None, Arrival::Simulated(wire, _)) => Ok((Carrier::Simulated(wire), Credential::None)),
            (Some(_), Arrival::Simulated(..)) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl Tls {
    async fn shake_hands(&self, tcp: TcpStream) -> io::Result<(Carrier, Credential)> {
        let stream = TlsAcceptor::from(Arc::clone(&self.config)).accept(tcp).await?;
        // A peer that offers protocols and none of ours was refused; one that offers none
        // has to begin with the preface of HTTP/2 where calls are served.
        let (_, session) = stream.get_ref();
        let credential = self.judge.judge(session.peer_certificates().unwrap_or_default());
        Ok((Carrier::Tls(Box::new(stream)), credential))
    }
}
