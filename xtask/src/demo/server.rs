//! The demo's server: a child process on a free loopback port.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::step::{output, shown};

const READY_WITHIN: Duration = Duration::from_secs(30);

/// A running server; killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Makes what the server needs in `folder`, starts it and waits until it accepts
    /// connections; the token for the first administrator comes with it.
    pub(crate) fn start(program: &Path, folder: &Path) -> anyhow::Result<(Self, String)> {
        let mut init = Command::new(program);
        init.args(["init", "--data", "data", "--host", "localhost,127.0.0.1"]).current_dir(folder);
        println!("   $ {}", shown(&init));
        let said = output(&mut init)?;
        let token = said.lines().map(str::trim).find(|line| line.starts_with("tiendo-"));
        let token = token.context("`init` printed no token")?.to_owned();
        let address = free_address()?;
        let log = folder.join("server.log");
        let mut command = Command::new(program);
        command
            .args(["serve", "--data", "data", "--listen"])
            .arg(address.to_string())
            .current_dir(folder);
        println!("   $ {}", shown(&command));
        let written = File::create(&log)?;
        command.stdin(Stdio::null()).stdout(written.try_clone()?).stderr(written);
        let child = command.spawn().context("the server could not start")?;
        let mut server = Self { child, address, log };
        server.wait_until_ready()?;
        Ok((server, token))
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let start = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                let said = std::fs::read_to_string(&self.log).unwrap_or_default();
                bail!("the server ended with {status}; it said:\n{said}");
            }
            if start.elapsed() > READY_WITHIN {
                bail!("the server does not answer on {}", self.address);
            }
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Serves on until the server is ended from outside.
    pub(crate) fn keep(mut self) -> anyhow::Result<()> {
        let status = self.child.wait()?;
        println!("   the server ended with {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to do.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A loopback address nobody listens on, below the ports of outgoing connections.
fn free_address() -> anyhow::Result<SocketAddr> {
    let first = 20_000 + u16::try_from(std::process::id() % 10_000)?;
    (first..32_768)
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .find(|address| TcpListener::bind(address).is_ok())
        .context("no free port below 32768")
}
