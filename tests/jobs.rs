//! `tiendo-agent run`: jobs that fetch figures by themselves, and a service that can be killed.

mod command;
mod folder;
mod sources;
mod system;
mod upkeep;

use crate::agent::{LONG, known};
use crate::harness::{Agent, SOON, Server, trial, until};

/// A computer of the trial department, with these jobs and a folder `vao` on its desk.
fn computer(server: &Server, jobs: &str) -> Agent {
    let agent = Agent::of(server, trial::DEPARTMENT);
    std::fs::create_dir_all(agent.desk().join("vao")).unwrap();
    configure(&agent, jobs);
    agent
}

/// Writes the configuration; `DESK` stands for the desk and `LONG` for the mapping.
fn configure(agent: &Agent, jobs: &str) {
    std::fs::create_dir_all(agent.home()).unwrap();
    std::fs::write(agent.home().join("long.toml"), LONG).unwrap();
    let desk = agent.desk().display().to_string();
    std::fs::write(agent.home().join("agent.toml"), jobs.replace("DESK", &desk)).unwrap();
}

/// A job that watches the folder `vao`.
const WATCH: &str =
    "[[job]]\nname = 'vao'\nfolder = 'DESK/vao'\nsettle = '1s'\nmapping = 'long.toml'\n";

fn file(rows: &[(&str, &str)]) -> String {
    let rows: String =
        rows.iter().map(|(period, value)| format!("so-luong;{period};{value}\n")).collect();
    format!("Chỉ tiêu;Kỳ;Giá trị\n{rows}")
}

/// Waits until the server knows exactly this.
async fn until_known(server: &Server, expected: &[&str]) {
    let clients = server.clients().await;
    let mut last = Vec::new();
    let reached = until(SOON, async || {
        last = known(&clients, trial::DEPARTMENT).await;
        (last == expected).then_some(())
    });
    let reached = reached.await;
    assert!(reached.is_some(), "the server knows {last:?} instead of {expected:?}");
}

/// Waits until `status` shows this.
async fn until_shown(agent: &Agent, is_it: impl Fn(&str) -> bool) {
    let mut last = String::new();
    let shown = until(SOON, async || {
        last = agent.run(&["status"]).await.expect_code(0).all();
        is_it(&last).then_some(())
    });
    assert!(shown.await.is_some(), "{last}");
}

/// Waits until a file is there.
async fn until_there(agent: &Agent, path: &str) {
    let path = agent.desk().join(path);
    let there = until(SOON, async || path.exists().then_some(())).await;
    let around = path.parent().map(|folder| {
        std::fs::read_dir(folder)
            .map(|list| list.flatten().map(|entry| entry.file_name()).collect::<Vec<_>>())
    });
    assert!(there.is_some(), "{} is not there, but {around:?}", path.display());
}
