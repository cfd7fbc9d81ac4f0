//! Kill -9 of agents and server, each at random: what either called safe is there, once, as it was sent.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::books::agree;
use crate::harness::{Agent, Options, Random, Server, random, trial, until};

/// Rounds when nobody asks for more.
const ROUNDS: u32 = 10;
/// Rows of a file.
const ROWS: u32 = 60;
/// Longest time before a kill.
const LATEST_MS: u64 = 400;

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

/// What a round writes: each agent has communes of its own.
fn file(round: u32, agent: u32) -> String {
    let mut text = String::from("Kỳ;Xã;Giá trị\n");
    let period = format!("{}-{:02}", 1990 + round / 12 % 30, round % 12 + 1);
    for row in 0..ROWS {
        let commune = trial::commune(agent * ROWS + row + 1);
        text.push_str(&format!("{period};{commune};{}\n", round * 1_000 + row + 1));
    }
    text
}

/// Submits a file; its exit code, none if it was killed before.
async fn submit(agent: &Agent, name: &str, kill_after: Option<Duration>) -> Option<i32> {
    let mut child = agent
        .command(&["submit", name, "--mapping", "map.toml", "--yes"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    if let Some(after) = kill_after
        && tokio::time::timeout(after, child.wait()).await.is_err()
    {
        child.kill().await.unwrap();
    }
    child.wait().await.unwrap().code()
}

fn moment(random: &mut Random) -> Option<Duration> {
    random.bool().then(|| Duration::from_millis(random.u64(..LATEST_MS)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_of_agents_and_server_loses_nothing_and_doubles_nothing() {
    let rounds = std::env::var("TIENDO_CRASH_ROUNDS")
        .map_or(ROUNDS, |text| text.parse().expect("TIENDO_CRASH_ROUNDS is a number"));
    let mut random = random("kill_9_of_agents_and_server_loses_nothing_and_doubles_nothing");
    let options = Options { variables: vec![("TIENDO_CHECKPOINT_MIB", "1")], ..trial::options() };
    let mut server = Server::start_with(options).await;
    let agents = ["so-mot", "so-mot", "so-hai"].map(|department| Agent::of(&server, department));
    for agent in &agents {
        agent.put("map.toml", MAPPING);
        // The catalogue is on each computer, as on any that was ever in contact.
        agent.put("moi.csv", "Kỳ;Xã;Giá trị\n");
        agent.run(&["check", "moi.csv", "--mapping", "map.toml"]).await;
    }
    let (mut killed, mut deaths) = (0, 0);
    for round in 0..rounds {
        let name = format!("lan-{round}.csv");
        let mut moments = Vec::new();
        for (agent, number) in agents.iter().zip(0..) {
            agent.put(&name, file(round, number));
            moments.push(moment(&mut random));
        }
        let death = moment(&mut random);
        let submits = agents.iter().zip(moments).map(|(agent, at)| submit(agent, &name, at));
        let serve = async {
            if let Some(after) = death {
                tokio::time::timeout(after, std::future::pending::<()>()).await.ok();
                server.kill9().await;
                let began = Instant::now();
                server.start_again().await;
                deaths += 1;
                assert!(began.elapsed() < Duration::from_secs(10), "a start takes no longer");
            }
        };
        let (codes, ()) = tokio::join!(futures_util::future::join_all(submits), serve);
        for (agent, code) in agents.iter().zip(codes) {
            match code {
                Some(0 | 4) => {}
                // The officer does not know what became of it, and does it again.
                None => {
                    killed += 1;
                    let again = submit(agent, &name, None).await;
                    assert!(matches!(again, Some(0 | 4)), "{again:?}");
                }
                other => panic!("round {round}: exit code {other:?}"),
            }
        }
    }
    println!("{rounds} rounds, {killed} agents and {deaths} servers killed");
    for agent in &agents {
        let sent = until(Duration::from_mins(1), async || {
            (agent.run(&["status", "--send"]).await.code == Some(0)).then_some(())
        });
        sent.await.expect("everything goes through once the faults end");
    }
    all_is_known(&server, rounds).await;
    agree(&server, "so-mot", &[&agents[0], &agents[1]]).await;
    agree(&server, "so-hai", &[&agents[2]]).await;
}

/// Every row of every file is known with its value.
async fn all_is_known(server: &Server, rounds: u32) {
    for (agent, department) in ["so-mot", "so-mot", "so-hai"].into_iter().enumerate() {
        let known = super::measurements(server, department).await;
        for round in 0..rounds {
            for row in [0, ROWS / 2, ROWS - 1] {
                let period = format!("{}-{:02}", 1990 + round / 12 % 30, round % 12 + 1);
                let commune = trial::commune(u32::try_from(agent).unwrap() * ROWS + row + 1);
                let found = known
                    .iter()
                    .find(|it| it.period == period && it.dimensions[0].member == commune)
                    .unwrap_or_else(|| panic!("{period} {commune} of {department} is lost"));
                let value: u32 = crate::harness::value(found).parse().unwrap();
                assert_eq!(value % 1_000, row + 1, "{period} {commune}");
            }
        }
    }
}
