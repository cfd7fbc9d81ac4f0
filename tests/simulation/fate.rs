//! What goes wrong in a run, and when: all of it from the seed.

use std::time::Duration;

use jiff::SignedDuration;

use crate::log::pass;
use crate::run::Province;

/// How long everything fails.
const LASTS: Duration = Duration::from_mins(30);

const TWO_DAYS: SignedDuration = SignedDuration::from_hours(48);

/// Something that is to be undone.
#[derive(Debug, Clone, Copy)]
enum End {
    Part(usize),
    Slow(usize),
    Bad(usize),
    FullAgent(usize),
    StartAgent(usize),
    FullServer,
    SlowServer,
    StartServer,
}

/// Lets officers work and things fail until the time is over.
pub(crate) async fn rule(province: &mut Province, chance: &mut fastrand::Rng) {
    // Before anything can be checked, the catalogue has to come once.
    pass(Duration::from_secs(30)).await;
    let mut ends: Vec<(Duration, End)> = Vec::new();
    let over = province.log.elapsed() + LASTS;
    let agents = province.agents.len();
    while province.log.elapsed() < over {
        let now = province.log.elapsed();
        ends.sort_by_key(|(at, _)| *at);
        while let Some((_, end)) = ends.first().copied().filter(|(at, _)| *at <= now) {
            ends.remove(0);
            if !undo(province, end) {
                ends.push((now + Duration::from_secs(chance.u64(5..60)), end));
            }
        }
        if !province.server.runs() && !ends.iter().any(|(_, end)| matches!(end, End::StartServer)) {
            // Its disk failed: the process ends, and the system starts it again.
            province.server.kill(false, false).await;
            ends.push((now + Duration::from_secs(5), End::StartServer));
        }
        if chance.u8(..3) > 0 {
            province.act(chance.usize(..agents), chance);
        } else if let Some((lasts, end)) = strike(province, chance).await {
            let longest = chance.u64(1..=lasts);
            ends.push((province.log.elapsed() + Duration::from_secs(longest), end));
        }
        let pause = chance.u64(1..20_000);
        pass(Duration::from_millis(pause)).await;
    }
}

/// One thing goes wrong; for how many seconds at most, and what ends it.
async fn strike(province: &mut Province, chance: &mut fastrand::Rng) -> Option<(u64, End)> {
    let at = chance.usize(..province.agents.len());
    let log = province.log.clone();
    match chance.u8(..16) {
        0 | 1 => {
            log.note(format_args!("agent {at} is parted"));
            province.network.route(at, |route| route.parted = true);
            Some((600, End::Part(at)))
        }
        2 => {
            let slow = Duration::from_secs(chance.u64(1..60));
            log.note(format_args!("agent {at} is slow: {slow:?}"));
            province.network.route(at, |route| route.slow = slow);
            Some((300, End::Slow(at)))
        }
        3 | 4 => {
            let bad = chance.u32(20..100);
            log.note(format_args!("agent {at} has a bad line: {bad} %"));
            province.network.route(at, |route| route.bad = bad);
            Some((900, End::Bad(at)))
        }
        5 | 6 => {
            let heard = chance.bool();
            log.note(format_args!("the lines of {at} are cut, heard: {heard}"));
            province.network.cut(at, heard);
            None
        }
        7 => {
            let days = chance.i32(-1..=1);
            log.note(format_args!("the clock of {at} jumps: {days}"));
            province.agents[at].set_clock(TWO_DAYS * days);
            None
        }
        8 => {
            let days = chance.i32(-1..=1);
            log.note(format_args!("the clock of the server jumps: {days}"));
            province.server.set_clock(TWO_DAYS * days);
            None
        }
        9 | 10 => {
            province.services[at].as_ref()?;
            let power = chance.bool();
            if power && chance.bool() {
                province.agents[at].disk_dies_soon();
                pass(Duration::from_secs(chance.u64(1..60))).await;
            }
            province.kill_agent(at, power).await;
            Some((300, End::StartAgent(at)))
        }
        11 | 12 => server_ends(province, chance).await,
        13 => {
            let told = chance.bool();
            log.note(format_args!("the disk of the server is full, told: {told}"));
            province.server.fill(true, told);
            Some((300, End::FullServer))
        }
        14 => {
            log.note(format_args!("the disk of {at} is full"));
            province.agents[at].change_disk(|faults| faults.full = true);
            Some((300, End::FullAgent(at)))
        }
        _ => {
            log.note("the disk of the server is slow");
            province.server.set_sync(Duration::from_secs(5));
            Some((300, End::SlowServer))
        }
    }
}

async fn server_ends(province: &mut Province, chance: &mut fastrand::Rng) -> Option<(u64, End)> {
    if !province.server.runs() {
        return None;
    }
    match chance.u8(..8) {
        0 => province.server.stop().await,
        1 => {
            province.server.back_up();
            return None;
        }
        2 => {
            province.server.kill(true, chance.bool()).await;
            province.restored |= province.server.restore();
        }
        _ => province.server.kill(chance.bool(), chance.bool()).await,
    }
    Some((200, End::StartServer))
}

/// Ends something; false if it has to be tried again.
fn undo(province: &mut Province, end: End) -> bool {
    province.log.note(format_args!("it ends: {end:?}"));
    match end {
        End::Part(at) => province.network.route(at, |route| route.parted = false),
        End::Slow(at) => province.network.route(at, |route| route.slow = Duration::ZERO),
        End::Bad(at) => province.network.route(at, |route| route.bad = 0),
        End::FullAgent(at) => province.agents[at].change_disk(|faults| faults.full = false),
        End::StartAgent(at) => {
            if province.services[at].is_none() {
                province.start_agent(at);
            }
        }
        End::FullServer => province.server.fill(false, true),
        End::SlowServer => province.server.set_sync(Duration::from_millis(200)),
        End::StartServer => return province.server.runs() || province.server.start(),
    }
    true
}
