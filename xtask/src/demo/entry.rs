//! Who gets in: the administrator, the statistics office and the operator, each with a token.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::step::{output, shown};

/// Makes identities and calls with them.
#[derive(Debug)]
pub(crate) struct Entry {
    agent: PathBuf,
    client: Client,
    folder: PathBuf,
    server: SocketAddr,
}

/// grpcurl, or what stands in for it with the same arguments.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// The program.
    pub(crate) program: PathBuf,
    /// What comes before the arguments of grpcurl.
    pub(crate) before: Vec<&'static str>,
}

impl Entry {
    /// Identities for the server at this address, each in a home in `folder`.
    pub(crate) fn new(agent: PathBuf, client: Client, folder: &Path, server: SocketAddr) -> Self {
        Self { agent, client, folder: folder.to_owned(), server }
    }

    /// Redeems a token for an identity in `home`.
    pub(crate) fn enrol(&self, home: &str, role: &str, token: &str) -> anyhow::Result<()> {
        let file = format!("{home}.token");
        fs::write(self.folder.join(&file), token)?;
        let server = self.server.to_string();
        let mut command = Command::new(&self.agent);
        command
            .args(["--home", home, "enrol", "--server", &server, "--role", role])
            .args(["--token-file", &file])
            .current_dir(&self.folder);
        println!("\n   $ {}", shown(&command));
        for line in output(&mut command)?.lines() {
            println!("   {line}");
        }
        fs::remove_file(self.folder.join(&file))?;
        Ok(())
    }

    /// Has the administrator make a token.
    pub(crate) fn token(&self, role: &str, department: &str, name: &str) -> anyhow::Result<String> {
        let request = json!({ "role": role, "department": department, "agent": name }).to_string();
        let mut command = self.call("administrator", &request, "AdminService/CreateJoinToken");
        println!("\n   $ {}", shown(&command));
        let answer: Value = serde_json::from_str(&output(&mut command)?)?;
        let token = answer["token"].as_str().context("the answer holds no token")?;
        ensure!(token.starts_with("tiendo-"), "a token begins with `tiendo-`");
        println!("   {}…, good for one use", &token[..20]);
        Ok(token.to_owned())
    }

    /// The command that calls a method as whoever has the identity in `home`.
    pub(crate) fn call(&self, home: &str, request: &str, method: &str) -> Command {
        let mut command = Command::new(&self.client.program);
        command.args(&self.client.before).args(flags(home)).args(["-d", request]);
        command.args([self.server.to_string(), format!("tiendo.v1.{method}")]);
        command.current_dir(&self.folder);
        command
    }
}

/// The flags of grpcurl that show the identity in `home`.
pub(crate) fn flags(home: &str) -> [String; 6] {
    let file = |name: &str| format!("{home}/{name}");
    ["-cacert", "ca.pem", "-cert", "agent.pem", "-key", "agent.key"]
        .map(|word| if word.starts_with('-') { word.to_owned() } else { file(word) })
}
