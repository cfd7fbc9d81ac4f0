//! A bad line between agents and server: connections refused, cut in the middle of a byte stream,
//! held up and gone silent, while the server is killed too and clocks are two days off, forward and
//! back. Everything gets through, once.
//!
//! `TIENDO_NETWORK_SEEDS` raises the number of lines that are tried; each seed is printed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::books::agree;
use crate::harness::{Agent, Options, Random, Server, random, trial, until};

const SEEDS: u32 = 3;
/// Rounds of files on each line.
const ROUNDS: u32 = 3;
const ROWS: u32 = 60;
/// Where the server's clock jumps to.
const CLOCKS: [&str; 3] =
    ["2026-09-08T08:00:00+07", "2026-09-10T08:00:00+07", "2026-09-12T08:00:00+07"];
/// How far an agent's clock may be ahead, in seconds.
const TWO_DAYS: i64 = 2 * 24 * 60 * 60;

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

/// What happens to a connection.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Good,
    Refused,
    /// Cut after so many bytes of the one direction, while the other may still have sent more.
    Cut(usize),
    /// Silent after so many bytes, both sides believing in it; it ends when somebody gives up, or
    /// after this time, so that tests do.
    Silent(usize, Duration),
    /// Every piece comes late.
    Slow(Duration),
}

/// A line to a server.
struct Line {
    address: String,
    is_bad: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Line {
    async fn to(server: String, mut random: Random) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let is_bad = Arc::new(AtomicBool::new(true));
        let bad = Arc::clone(&is_bad);
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let fate = if bad.load(Ordering::Relaxed) { fate(&mut random) } else { Fate::Good };
                let server = server.clone();
                tokio::spawn(async move { carry(near, &server, fate).await });
            }
        });
        Self { address, is_bad, task }
    }
}

fn fate(random: &mut Random) -> Fate {
    match random.u8(..6) {
        0 => Fate::Refused,
        1 | 2 => Fate::Cut(random.usize(..12_000)),
        3 => Fate::Silent(random.usize(..12_000), Duration::from_millis(random.u64(100..1_000))),
        4 => Fate::Slow(Duration::from_millis(random.u64(1..30))),
        _ => Fate::Good,
    }
}

async fn carry(near: TcpStream, server: &str, fate: Fate) {
    if matches!(fate, Fate::Refused) {
        return;
    }
    let Ok(far) = TcpStream::connect(server).await else { return };
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    // Whichever direction ends takes the other with it.
    tokio::select! {
        () = pump(near_in, far_out, fate) => (),
        () = pump(far_in, near_out, fate) => (),
    }
}

async fn pump(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    fate: Fate,
) {
    let mut buffer = [0; 1_024];
    let mut carried = 0;
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let mut piece = &buffer[..count];
        match fate {
            Fate::Cut(most) | Fate::Silent(most, _) if carried + count > most => {
                piece = &piece[..most - carried];
            }
            Fate::Slow(late) => {
                tokio::time::timeout(late, std::future::pending::<()>()).await.ok();
            }
            _ => {}
        }
        carried += piece.len();
        if to.write_all(piece).await.is_err() || piece.len() < count {
            break;
        }
    }
    if let Fate::Silent(most, time) = fate
        && carried >= most
    {
        tokio::time::timeout(time, std::future::pending::<()>()).await.ok();
    }
}

fn file(round: u32, agent: u32) -> String {
    let mut text = String::from("Kỳ;Xã;Giá trị\n");
    for row in 0..ROWS {
        let commune = trial::commune(agent * ROWS + row + 1);
        text.push_str(&format!("2024-{:02};{commune};{}\n", round + 1, round * 100 + row));
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_gets_through_a_bad_line_once() {
    let seeds = std::env::var("TIENDO_NETWORK_SEEDS")
        .map_or(SEEDS, |text| text.parse().expect("TIENDO_NETWORK_SEEDS is a number"));
    let mut random = random("everything_gets_through_a_bad_line_once");
    for _ in 0..seeds {
        let seed = random.u64(..);
        println!("line {seed}");
        through(Random::with_seed(seed)).await;
    }
}

async fn through(mut random: Random) {
    let clock = Some(CLOCKS[1].to_owned());
    let mut server = Server::start_with(Options { clock, ..trial::options() }).await;
    let line = Line::to(server.address(), Random::with_seed(random.u64(..))).await;
    let agents = ["so-mot", "so-mot", "so-hai"].map(|it| Agent::at(&line.address, it));
    for agent in &agents {
        agent.put("map.toml", MAPPING);
        agent.put("dau.csv", "Kỳ;Xã;Giá trị\n2020-01;xa-200;1\n");
        // The catalogue comes with the first contact that succeeds.
        let met = until(Duration::from_mins(1), async || {
            let checked = agent.run(&["check", "dau.csv", "--mapping", "map.toml"]).await;
            (checked.code == Some(0)).then_some(())
        });
        met.await.expect("a contact succeeds");
    }
    for round in 0..ROUNDS {
        let name = format!("lan-{round}.csv");
        server.set_clock(random.choice(CLOCKS).unwrap());
        let submits: Vec<_> = agents
            .iter()
            .zip(0..)
            .map(|(agent, number)| {
                agent.put(&name, file(round, number));
                let name = name.clone();
                let ahead = random.i64(-1..=1) * TWO_DAYS;
                async move {
                    let words = ["submit", &name, "--mapping", "map.toml", "--yes"];
                    agent.run_ahead(ahead, &words).await
                }
            })
            .collect();
        let dies = random.bool();
        let restart = async {
            if dies {
                server.kill9().await;
                server.start_again().await;
            }
        };
        let (outcomes, ()) = tokio::join!(futures_util::future::join_all(submits), restart);
        for outcome in outcomes {
            assert!(matches!(outcome.code, Some(0 | 4)), "{outcome:?}");
        }
    }
    line.is_bad.store(false, Ordering::Relaxed);
    for agent in &agents {
        let sent = until(Duration::from_mins(1), async || {
            (agent.run(&["status", "--send"]).await.code == Some(0)).then_some(())
        });
        sent.await.expect("everything goes through once the faults end");
    }
    agree(&server, "so-mot", &[&agents[0], &agents[1]]).await;
    agree(&server, "so-hai", &[&agents[2]]).await;
    let known = crate::crash::measurements(&server, "so-mot").await;
    assert_eq!(known.len(), (2 * ROUNDS * ROWS) as usize);
}
