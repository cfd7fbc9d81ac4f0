//! The cookbook of the README: every line runs as it stands there.

use tokio::process::Command;

use crate::harness::{Agent, Options, Server, grant, published, run};
use crate::setting::{root, tool};

/// The address that stands in the README.
const ADDRESS: &str = "127.0.0.1:7443";

/// Words of a line as a shell would see them: blanks part, single quotes hold together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    assert!(!quoted, "a quotation mark is open in `{line}`");
    words
}

#[tokio::test]
async fn every_line_of_the_cookbook_runs() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, block) = readme.split_once("```sh cookbook\n").expect("the README has a cookbook");
    let (block, _) = block.split_once("```").expect("the cookbook ends");
    let Some(grpcurl) = tool("grpcurl") else { return };
    let server = Server::start_with(Options { secure: true, ..Options::default() }).await;
    let admin = server.administrator().await;
    // The homes of the README, side by side in one folder.
    let desk = Agent::unknown();
    for (home, role, department) in [
        ("operator", "operator", ""),
        ("reviewer", "reviewer", ""),
        ("office", "agent", published::DEPARTMENT),
    ] {
        let token = server.token(&admin, grant(role, department, home)).await;
        desk.enrol_in(home, &server.address(), &token).await.expect_code(0);
    }
    let mut ran = 0;
    for line in block.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        assert!(line.contains(ADDRESS), "`{line}` names no server");
        let words = words(&line.replace(ADDRESS, &server.address()));
        assert_eq!(words[0], "grpcurl", "{line}");
        let said = run(Command::new(&grpcurl).args(&words[1..]).current_dir(desk.desk())).await;
        assert_eq!(said.code, Some(0), "{line}\n{}", said.all());
        assert!(!said.stdout.trim().is_empty(), "{line} answers nothing");
        ran += 1;
    }
    assert!(ran >= 10, "only {ran} lines");
}
