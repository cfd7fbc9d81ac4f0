//! A command that finds the ledger in use waits for it, says so, and goes on.

use std::fs::File;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::harness::{Agent, Server, published};

#[tokio::test]
async fn a_command_waits_for_the_one_that_has_the_ledger() {
    let server = Server::start().await;
    let agent = Agent::of(&server, published::DEPARTMENT);
    agent.run(&["template", "--period", "2024"]).await.expect_code(0);
    agent.run(&["status", "--send"]).await.expect_code(0);
    let lock = File::options().write(true).open(agent.home().join("ledger/lock")).unwrap();
    lock.lock().unwrap();

    let mut command = agent.command(&["--lang", "en", "status", "--send"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    loop {
        let said = lines.next_line().await.unwrap().expect("it says that it waits");
        if said.contains("waiting until it has ended") {
            break;
        }
    }
    drop(lock);
    assert!(child.wait().await.unwrap().success());
}
