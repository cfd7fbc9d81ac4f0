//! A line between a client and a server, which can lose what the server answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A line to a server, which is cut when it is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// A line that listens at `address` and leads to `server`.
    ///
    /// With `loses` it delivers what the client sends, and of the server's answers only
    /// those that come before the client has spoken twice: with TLS, the handshake.
    pub(crate) async fn start(address: &str, server: &str, loses: bool) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = server.to_owned();
        let task = tokio::spawn(async move {
            let mut carried = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&server).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let spoken = Arc::new(AtomicU32::new(0));
                carried.spawn(ask(from_client, to_server, Arc::clone(&spoken)));
                carried.spawn(answer(from_server, to_client, loses.then_some(spoken)));
            }
        });
        Self { address, task }
    }

    /// Cuts it; nobody listens any more when this returns.
    pub(crate) async fn cut(mut self) {
        self.task.abort();
        // It was ended, and says so.
        (&mut self.task).await.ok();
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn ask(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, spoken: Arc<AtomicU32>) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        spoken.fetch_add(1, Ordering::SeqCst);
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}

async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, lost: Option<Arc<AtomicU32>>) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        let is_lost = lost.as_ref().is_some_and(|spoken| spoken.load(Ordering::SeqCst) > 1);
        if !is_lost && to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
