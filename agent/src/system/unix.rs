//! Linux, and what is like it.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use tokio::signal::unix::{SignalKind, signal};

use super::Signal;

/// Whether this is Windows.
pub(crate) const IS_WINDOWS: bool = false;

/// The folder of an agent, where none is named.
pub(crate) fn usual_home(env: &dyn Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    env("HOME").map(|home| home.join(".tiendo-agent"))
}

/// Lets nobody but its owner read a file that is made.
pub(crate) fn only_for_owner(options: &mut OpenOptions) {
    options.mode(0o600);
}

/// Lets nobody but its owner into a new folder; here every secret file says so itself.
#[expect(clippy::unnecessary_wraps, reason = "on Windows it can fail")]
pub(crate) fn keep_private(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The user that owns a folder, by number.
pub(crate) fn owner(folder: &Path) -> Option<u32> {
    folder.metadata().ok().map(|metadata| metadata.uid())
}

/// Whether a file cannot be opened because another program holds it.
pub(crate) fn is_held(_: &io::Error) -> bool {
    false
}

/// Tells the service manager behind a socket.
pub(crate) fn notify(socket: &str, state: &str) -> io::Result<()> {
    let sender = UnixDatagram::unbound()?;
    #[cfg(target_os = "linux")]
    if let Some(name) = socket.strip_prefix('@') {
        use std::os::linux::net::SocketAddrExt as _;
        let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
        return sender.send_to_addr(state.as_bytes(), &address).map(drop);
    }
    sender.send_to(state.as_bytes(), socket).map(drop)
}

/// Signals of this process from now on.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

impl Signals {
    /// Listens.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next signal.
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.hang_up.recv() => Signal::Reload,
        }
    }
}
