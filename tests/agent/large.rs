//! A big file is read, checked and sent in pieces, in little memory.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::harness::{Agent, Server, peak_kib, trial};

const ROWS: u32 = 200_000;

/// Most memory the agent may ever have resident.
const MOST_KIB: u64 = 60 * 1024;

const MAPPING: &str = r#"
layout = "long"
header = { row = 1 }
number = { format = "point" }
fixed = { indicator = "so-luong" }
[columns]
period = "Kỳ"
value = "Giá trị"
dimensions = { sex = "Giới tính", commune = "Xã" }
"#;

fn file() -> String {
    let mut text = String::from("Kỳ;Giới tính;Xã;Giá trị\n");
    for n in 0..ROWS {
        let (key, month) = (n % 600, n / 600);
        let sex = ["", "female", "male"][(key / 200) as usize];
        let commune = trial::commune(key % 200 + 1);
        let (year, month) = (1990 + month / 12, month % 12 + 1);
        writeln!(text, "{year}-{month:02};{sex};{commune};{n}.5").unwrap();
    }
    text
}

/// Runs a command to its good end, and looks at its memory meanwhile.
pub(super) async fn succeeds_in_little_memory(mut command: Command) {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = quiet.kill_on_drop(true).spawn().unwrap();
    let pid = child.id().unwrap();
    let mut peak = 0;
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.unwrap(),
            _ = ticks.tick() => peak = peak.max(peak_kib(pid).unwrap_or(0)),
        }
    };
    assert_eq!(status.code(), Some(0));
    println!("the agent had at most {peak} KiB resident");
    assert!(peak > 0 && peak < MOST_KIB, "{peak} KiB resident");
}

#[tokio::test]
async fn two_hundred_thousand_rows_are_sent_in_little_memory() {
    let server = Server::start_with(trial::options()).await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    agent.put("map.toml", MAPPING);
    agent.put("lon.csv", file());
    succeeds_in_little_memory(agent.command(&["submit", "lon.csv", "--mapping", "map.toml"])).await;
    let clients = server.clients().await;
    let chain = crate::ledger::chain(&clients, trial::DEPARTMENT).await;
    let sizes: Vec<usize> = chain
        .entries
        .iter()
        .map(|entry| entry.content.groups.iter().map(|group| group.measurements.len()).sum())
        .collect();
    assert_eq!(sizes.iter().sum::<usize>(), ROWS as usize, "{sizes:?}");
    assert!(sizes.len() > 1, "it was split");
    for entry in &chain.entries {
        assert!(entry.canonical.rejections.is_empty() && entry.canonical.outcomes.is_empty());
    }
}
