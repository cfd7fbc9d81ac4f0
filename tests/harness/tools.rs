//! Outside programs that talk to the server or fill forms; none where a machine has none.

use std::path::Path;

use tokio::process::Command;

use super::process::{Outcome, run};
use super::secure::Badge;
use super::server::Server;
use crate::setting::tool;

/// `grpcurl -plaintext FLAGS ADDRESS WORDS`; none where there is no grpcurl.
pub(crate) async fn grpcurl(server: &Server, flags: &[&str], words: &[&str]) -> Option<Outcome> {
    let mut command = Command::new(tool("grpcurl")?);
    command.arg("-plaintext").args(flags).arg(server.address()).args(words);
    Some(run(&mut command).await)
}

/// `grpcurl -cacert … -cert … -key … localhost:PORT WORDS`; none where there is no grpcurl.
pub(crate) async fn grpcurl_secure(
    server: &Server,
    badge: Option<&Badge>,
    words: &[&str],
) -> Option<Outcome> {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(tool("grpcurl")?);
    command.arg("-cacert").arg(server.authority());
    if let Some(badge) = badge {
        let (pem, key) = badge.save(folder.path(), "me");
        command.arg("-cert").arg(pem).arg("-key").arg(key);
    }
    let (_, port) = server.address().rsplit_once(':').map(|(h, p)| (h.to_owned(), p.to_owned()))?;
    command.arg(format!("localhost:{port}")).args(words);
    Some(run(&mut command).await)
}

/// `buf curl` over plain HTTP/2, asking the server for its schema.
pub(crate) async fn buf_curl(server: &Server, flags: &[&str], method: &str) -> Option<Outcome> {
    let mut command = Command::new(tool("buf")?);
    command
        .args(["curl", "--protocol", "grpc", "--http2-prior-knowledge", "--reflect-protocol"])
        .arg("grpc-v1")
        .args(flags)
        .arg(format!("http://{}/{method}", server.address()));
    Some(run(&mut command).await)
}

/// Runs Python that knows openpyxl on a script with arguments; none where there is none.
pub(crate) async fn python(script: &str, arguments: &[&Path]) -> Option<Outcome> {
    let mut command = Command::new(tool("openpyxl")?);
    command.args(["-c", script]).args(arguments);
    Some(run(&mut command).await)
}
