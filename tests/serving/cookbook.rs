//! The cookbooks of the README and the guides: every line runs as it stands there.

use tokio::process::Command;

use crate::harness::{Agent, Options, Server, grant, program, published, run};
use crate::setting::{has_jq, root, tool};

/// The address that stands in them.
const ADDRESS: &str = "127.0.0.1:7443";

/// Pages with at least so many lines that are run, each in a shell of its own.
const PAGES: [(&str, usize); 5] = [
    ("README.md", 6),
    ("docs/guide-operators.md", 6),
    ("docs/guide-administrators.md", 6),
    ("docs/board.md", 1),
    ("docs/export.md", 1),
];

/// The lines of a page's cookbook blocks: words that it defines, and calls.
fn lines(page: &str) -> (Vec<String>, Vec<String>) {
    let text = std::fs::read_to_string(root().join(page)).unwrap();
    let blocks = text.split("```sh cookbook\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap().lines());
    let lines = lines.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).partition(|line| line.contains("() {"))
}

#[tokio::test]
async fn every_line_of_the_guides_runs() {
    let Some(grpcurl) = tool("grpcurl").filter(|_| has_jq()) else { return };
    let [tools, programs] =
        [grpcurl, program("tiendo-server")].map(|it| it.parent().unwrap().display().to_string());
    let path = format!("{tools}:{programs}:/usr/bin:/bin");
    for (page, least) in PAGES {
        let (defined, calls) = lines(page);
        assert!(calls.len() >= least, "{page} has only {} lines", calls.len());
        let (server, desk) = offices().await;
        for line in std::iter::once(&a_figure()).chain(&calls) {
            let script = format!("{}\n{line}", defined.join("\n"));
            assert!(script.contains(ADDRESS), "`{line}` names no server");
            let script = script.replace(ADDRESS, &server.address());
            let mut shell = Command::new("bash");
            shell
                .args(["-o", "pipefail", "-euc", &script])
                .env("PATH", &path)
                .current_dir(desk.desk());
            let said = run(&mut shell).await;
            assert_eq!(said.code, Some(0), "{page}: {line}\n{}", said.all());
            // What follows a stream may hear nothing for as long as it listens.
            let answers = !said.stdout.trim().is_empty() || line.contains("-max-time");
            assert!(answers, "{page}: {line} answers nothing");
        }
    }
}

/// A server, and the homes of the guides side by side in one folder.
async fn offices() -> (Server, Agent) {
    let server =
        Server::start_with(Options { secure: true, board: true, ..Options::default() }).await;
    let admin = server.administrator().await;
    let desk = Agent::unknown();
    for (home, role, department) in [
        ("administrator", "administrator", ""),
        ("operator", "operator", ""),
        ("reviewer", "reviewer", ""),
        ("office", "agent", published::DEPARTMENT),
    ] {
        let token = server.token(&admin, grant(role, department, home)).await;
        desk.enrol_in(home, &server.address(), &token).await.expect_code(0);
    }
    (server, desk)
}

/// The line of the README that reports a figure, so that there is one.
fn a_figure() -> String {
    let (_, calls) = lines("README.md");
    calls.into_iter().find(|line| line.contains("SubmitMeasurements")).expect("the README reports")
}
