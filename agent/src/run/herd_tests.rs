//! A thousand agents and a server that is away for ten minutes, in virtual time.

use std::time::Duration;

use jiff::Timestamp;

use super::pace::{EVERY, Pace, after};
use crate::push::retry::random;
use crate::schedule::{Schedule, Timing, place};

const AGENTS: usize = 1_000;
const AWAY: Duration = Duration::from_mins(10);
const WATCHED: usize = 15 * 60;

struct Agent {
    pace: Pace,
    timing: Timing,
    /// When the job runs next.
    runs: Option<Timestamp>,
    waits: bool,
}

/// Calls that reach the server in each second after it is back; the schedule, the
/// places, the waits and the randomness are those of the program.
fn arrivals(pattern: &str, start: Timestamp, wish: Option<Duration>) -> Vec<u32> {
    let schedule = Schedule::cron(pattern).unwrap();
    let mut agents: Vec<_> = (0..AGENTS)
        .map(|number| {
            let stands = place("so-khcn", &format!("may-{number}"), "dti");
            let spread = Duration::from_mins(10);
            let timing = Timing { schedule: schedule.clone(), spread, place: stands };
            let mut pace = Pace::new(start);
            pace.reached(start, random());
            let runs = timing.next(start, None);
            Agent { pace, timing, runs, waits: false }
        })
        .collect();
    let back = after(start, AWAY);
    let seconds = usize::try_from(AWAY.as_secs()).unwrap() + WATCHED;
    let mut arrived = vec![0; seconds];
    for (second, count) in arrived.iter_mut().enumerate() {
        let now = after(start, Duration::from_secs(second as u64));
        for agent in &mut agents {
            if agent.runs.is_some_and(|runs| runs <= now) {
                agent.runs = agent.timing.next(now, None);
                agent.waits = true;
            }
            let calls = agent.pace.is_due(now) || (agent.waits && agent.pace.is_good());
            if !calls {
                continue;
            }
            if now < back {
                agent.pace.failed(now, wish, random());
            } else {
                *count += 1;
                agent.waits = false;
                agent.pace.reached(now, random());
            }
        }
    }
    assert!(agents.iter().all(|agent| !agent.waits), "everybody has sent");
    arrived.split_off(seconds - WATCHED)
}

#[track_caller]
fn check(pattern: &str, start: &str, wish: Option<Duration>) {
    let arrived = arrivals(pattern, start.parse().unwrap(), wish);
    let peak = *arrived.iter().max().unwrap();
    let total: u32 = arrived.iter().sum();
    println!("peak {peak} in a second, {total} in {WATCHED} s");
    assert!(peak as usize * WATCHED <= 3 * total as usize, "peak {peak}, {total} in all");
    assert!(arrived.iter().take(660).sum::<u32>() as usize >= AGENTS, "caught up");
}

#[test]
fn a_server_that_comes_back_is_not_overrun() {
    // The whole province reports at seven, and the server is away from seven on.
    check("0 7 * * *", "2026-11-24T06:59:59+07:00", None);
    // It goes away when all have sent.
    check("0 7 * * *", "2026-11-24T08:00:00+07:00", None);
    // It says itself when to come back.
    check("0 7 * * *", "2026-11-24T06:59:59+07:00", Some(Duration::from_mins(1)));
}

#[test]
fn agents_are_in_contact_every_few_minutes() {
    let start = "2026-11-24T08:00:00+07:00".parse().unwrap();
    let arrived = arrivals("0 0 1 1 *", start, None);
    let total: u32 = arrived.iter().sum();
    let least = AGENTS * WATCHED / usize::try_from(EVERY.as_secs()).unwrap() / 2;
    assert!(total as usize >= least, "{total} contacts, at least {least}");
}
