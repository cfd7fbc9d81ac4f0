//! The server's disk is gone, a day-old backup is restored, and nobody does anything else.

use std::fs;

use super::{backup, server_command, text};
use crate::books::agree;
use crate::harness::{Agent, SOON, Server, Service, random, trial, until};

const MAPPING: &str = r#"
layout = "long"
header = { row = 1 }
number = { format = "point" }
fixed = { indicator = "so-luong" }
[columns]
period = "Kỳ"
value = "Giá trị"
dimensions = { commune = "Xã" }
"#;

/// A file of one agent: figures of a month, and corrections of the month before.
async fn submit(agent: &Agent, number: u32, month: u32) {
    let mut rows = String::from("Kỳ;Xã;Giá trị\n");
    for row in 0..20 {
        let commune = trial::commune(number * 40 + row + 1);
        rows.push_str(&format!("2023-{month:02};{commune};{}\n", month * 100 + row));
        if month > 1 && row % 3 == 0 {
            rows.push_str(&format!("2023-{:02};{commune};{}\n", month - 1, month * 100 + row + 7));
        }
    }
    let name = format!("thang-{month}.csv");
    agent.put(&name, rows);
    agent.run(&["submit", &name, "--mapping", "map.toml", "--yes"]).await.expect_code(0);
}

/// Entries in the chains of both departments.
async fn recorded(server: &Server) -> Vec<u64> {
    super::heads(server).await.into_iter().map(|(sequence, _)| sequence).collect()
}

#[tokio::test]
async fn agents_bring_back_what_the_backup_does_not_have() {
    let mut random = random("agents_bring_back_what_the_backup_does_not_have");
    let mut server = Server::start_with(trial::options()).await;
    let folder = tempfile::tempdir().unwrap();
    let mut agents: Vec<(Agent, u32)> = ["so-mot", "so-mot", "so-hai"]
        .into_iter()
        .zip(0..)
        .map(|(department, number)| (Agent::of(&server, department), number))
        .collect();
    for (agent, number) in &agents {
        agent.put("map.toml", MAPPING);
        for month in 1..4 {
            submit(agent, *number, month).await;
        }
    }
    let taken = backup(&server, &folder.path().join("backups")).await;
    for month in 4..8 {
        for (agent, number) in &agents {
            // One of them was on leave that month.
            if month != 5 || *number != 1 {
                submit(agent, *number, month).await;
            }
        }
    }
    let before = crate::crash::measurements(&server, "so-mot").await;
    let all = recorded(&server).await;
    server.kill9().await;
    let data = server.data();
    fs::remove_dir_all(&data).unwrap();
    server_command(&["restore", "--from", text(&taken), "--data", text(&data)])
        .await
        .expect_code(0);
    server.start_again().await;

    // Nobody does anything: each makes contact when it does, in whatever order.
    random.shuffle(&mut agents);
    let mut services: Vec<_> = agents.iter().map(|(agent, _)| Service::start(agent)).collect();
    for service in &services {
        service.says("không còn").await;
    }
    let back = until(SOON, async || (recorded(&server).await == all).then_some(())).await;
    assert!(back.is_some(), "{:?} of {all:?} came back", recorded(&server).await);
    for service in &mut services {
        service.stops_well().await;
    }
    agents.sort_by_key(|(_, number)| *number);
    agree(&server, "so-mot", &[&agents[0].0, &agents[1].0]).await;
    agree(&server, "so-hai", &[&agents[2].0]).await;
    let key = |one: &tiendo_shared::wire::v1::StoredMeasurement| {
        let member = one.dimensions.first().map(|it| it.member.clone()).unwrap_or_default();
        (one.period.clone(), member, crate::harness::value(one))
    };
    let after = crate::crash::measurements(&server, "so-mot").await;
    let (before, after): (Vec<_>, Vec<_>) =
        (before.iter().map(key).collect(), after.iter().map(key).collect());
    assert_eq!(before, after, "every figure stands as it stood");
}
