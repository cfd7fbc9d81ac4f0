//! The limits to compare with: bare tonic services that take the same messages.
//!
//! One decodes them and throws them away. The other decodes them and answers once
//! their bytes are in a log, with one `fdatasync` for all that wait. Neither
//! checks, chains, signs or remembers anything.

use std::convert::Infallible;
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::mpsc;

use anyhow::Context as _;
use prost::bytes::Bytes;
use tiendo_shared::wire::v1;
use tokio::sync::oneshot;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;

use crate::codec::{Decoded, Received};

/// Zeros written before the first submission, so that a sync never has to grow the file.
const LOG_BYTES: usize = 256 << 20;

/// Serves until the process is ended. With a file, submissions are appended to it.
pub(crate) async fn serve(address: SocketAddr, log: Option<&Path>) -> anyhow::Result<()> {
    let log = log.map(Log::open).transpose()?;
    Server::builder().add_service(Bare { log }).serve(address).await?;
    Ok(())
}

#[derive(Debug, Clone)]
struct Bare {
    log: Option<Log>,
}

impl NamedService for Bare {
    const NAME: &'static str = "tiendo.v1.CollectionService";
}

impl Service<http::Request<tonic::body::Body>> for Bare {
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let method = Submit { log: self.log.clone() };
        Box::pin(async move { Ok(Grpc::new(Decoded).unary(method, request).await) })
    }
}

struct Submit {
    log: Option<Log>,
}

impl UnaryService<Received> for Submit {
    type Response = v1::SubmitMeasurementsResponse;
    type Future = BoxFuture<tonic::Response<Self::Response>, tonic::Status>;

    fn call(&mut self, request: tonic::Request<Received>) -> Self::Future {
        let log = self.log.clone();
        Box::pin(async move {
            let Received { bytes, message } = request.into_inner();
            if let Some(log) = log {
                log.append(bytes).await?;
            }
            let items = message.groups.iter().map(|group| group.measurements.len()).sum::<usize>();
            let accepted = u32::try_from(items).unwrap_or(u32::MAX);
            let counts = v1::OutcomeCounts { accepted, ..Default::default() };
            let answer =
                v1::SubmitMeasurementsResponse { counts: Some(counts), ..Default::default() };
            Ok(tonic::Response::new(answer))
        })
    }
}

/// A log file behind one committer thread.
#[derive(Debug, Clone)]
struct Log {
    queue: mpsc::Sender<(Bytes, oneshot::Sender<()>)>,
}

impl Log {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let mut file = File::create(path)?;
        let zeros = vec![0; 1 << 20];
        for _ in 0..LOG_BYTES / zeros.len() {
            file.write_all(&zeros)?;
        }
        file.sync_all()?;
        let (queue, waiting) = mpsc::channel();
        std::thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || commit(&file, &waiting))
            .context("the committer could not start")?;
        Ok(Self { queue })
    }

    async fn append(&self, bytes: Bytes) -> Result<(), tonic::Status> {
        let (done, durable) = oneshot::channel();
        let lost = |_| tonic::Status::unavailable("the log is gone");
        self.queue
            .send((bytes, done))
            .map_err(|_| tonic::Status::unavailable("the log is gone"))?;
        durable.await.map_err(lost)
    }
}

/// Writes whatever waits, syncs once, answers all; ends, and with it every answer, on an error.
fn commit(file: &File, waiting: &mpsc::Receiver<(Bytes, oneshot::Sender<()>)>) {
    let mut at = 0;
    let mut buffer = Vec::new();
    while let Ok(first) = waiting.recv() {
        buffer.clear();
        let group: Vec<oneshot::Sender<()>> = std::iter::once(first)
            .chain(waiting.try_iter())
            .map(|(bytes, done)| {
                buffer.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes());
                buffer.extend_from_slice(&bytes);
                done
            })
            .collect();
        if at + buffer.len() > LOG_BYTES {
            at = 0; // Begins again: only the cost of writing counts here.
        }
        if file.write_all_at(&buffer, at as u64).and_then(|()| file.sync_data()).is_err() {
            return;
        }
        at += buffer.len();
        for done in group {
            // A client that went away waits for nothing.
            done.send(()).ok();
        }
    }
}
