//! Windows.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Signal;

/// Whether this is Windows.
pub(crate) const IS_WINDOWS: bool = true;

/// The system itself and its administrators, by numbers that are the same in every language.
const OTHERS: [&str; 2] = ["*S-1-5-18", "*S-1-5-32-544"];

/// The folder of an agent, where none is named.
pub(crate) fn usual_home(env: &dyn Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    env("PROGRAMDATA").map(|data| data.join("Tiendo"))
}

/// Files are as private as the folder they are made in; see [`keep_private`].
pub(crate) fn only_for_owner(_: &mut OpenOptions) {}

/// Lets nobody into a new folder but this user, the system and its administrators: below
/// `ProgramData` every user could read otherwise.
pub(crate) fn keep_private(folder: &Path) -> io::Result<()> {
    let named = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    // A service is the system itself, under the name of the computer and a dollar sign.
    let user = named("USERNAME").filter(|name| !name.ends_with('$'));
    let user = user.map(|user| match named("USERDOMAIN") {
        Some(domain) => format!("{domain}\\{user}"),
        None => user,
    });
    let mut icacls = Command::new("icacls");
    icacls.arg(folder).arg("/inheritance:r").arg("/grant:r");
    for name in user.as_deref().into_iter().chain(OTHERS) {
        icacls.arg(format!("{name}:(OI)(CI)F"));
    }
    let said = icacls.output()?;
    let failed = || io::Error::other(String::from_utf8_lossy(&said.stderr).into_owned());
    said.status.success().then_some(()).ok_or_else(failed)
}

/// Folders have no owner that services need to know.
pub(crate) fn owner(_: &Path) -> Option<u32> {
    None
}

/// Whether a file cannot be opened because another program holds it: all of it, or the part
/// that was to be read.
pub(crate) fn is_held(error: &io::Error) -> bool {
    const SHARING_VIOLATION: i32 = 32;
    const LOCK_VIOLATION: i32 = 33;
    matches!(error.raw_os_error(), Some(SHARING_VIOLATION | LOCK_VIOLATION))
}

/// There is no service manager that listens.
#[expect(clippy::unnecessary_wraps, reason = "on Linux it can fail")]
pub(crate) fn notify(_: &str, _: &str) -> io::Result<()> {
    Ok(())
}

/// Ctrl-C is all there is.
#[derive(Debug)]
pub(crate) struct Signals;

impl Signals {
    /// Listens.
    #[expect(clippy::unnecessary_wraps, reason = "on Linux it can fail")]
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// The next signal.
    pub(crate) async fn next(&mut self) -> Signal {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!("Ctrl-C cannot be heard: {error}");
            std::future::pending::<()>().await;
        }
        Signal::Stop
    }
}
