//! What the board has to show for the published figures, and nothing more.

use super::board::{Board, Status};

/// Targets of the plan and its seven task groups.
const TARGETS: usize = 47 + 7;

/// Targets that have figures; everything else has to say "no data".
const WITH_FIGURES: [&str; 4] = ["A05", "A07", "B01", "B03"];

/// What differs from the promise; empty if nothing does.
pub(crate) fn broken(board: &Board) -> Vec<String> {
    let mut broken = Vec::new();
    let mut hold = |kept: bool, promise: &str| {
        if !kept {
            broken.push(format!("   {promise}"));
        }
    };
    let count = board.statuses().count();
    hold(count == TARGETS, &format!("{TARGETS} targets, and not {count}"));
    for status in board.statuses() {
        let id = status.text("/target");
        let known = WITH_FIGURES.contains(&id);
        hold(
            status.has_data() == known,
            &format!("{id}: figures are {}", if known { "there" } else { "not there" }),
        );
    }
    for (id, check) in CHECKS {
        match board.status(id) {
            Ok(status) => check(status, &mut hold),
            Err(error) => hold(false, &error.to_string()),
        }
    }
    broken
}

type Check = fn(Status<'_>, &mut dyn FnMut(bool, &str));

const CHECKS: [(&str, Check); 3] =
    [("B01", income), ("A07", digital_economy), ("A05", productivity)];

/// 2 909 against 3 049 thousand VND a month in 2016.
fn income(status: Status<'_>, hold: &mut dyn FnMut(bool, &str)) {
    hold(is(status, "/explanation/current/value", 2909.0), "B01: 2909 in 2016");
    hold(is(status, "/explanation/reference/value", 3049.0), "B01: the country's 3049");
    hold(is(status, "/explanation/gap", -140.0), "B01: 140 below the country");
    hold(status.verdict() != "met", "B01: not met");
}

/// 5.28 % (2023) and 5.99 % (2024) on the way to 20 % (2030).
fn digital_economy(status: Status<'_>, hold: &mut dyn FnMut(bool, &str)) {
    hold(is(status, "/explanation/current/value", 5.99), "A07: 5.99 in 2024");
    hold(near(status, "/explanation/observedPace", 13.447), "A07: grows by 13.447 % a year");
    hold(near(status, "/explanation/requiredPace", 20.956), "A07: needs 20.956 % a year");
    hold(near(status, "/explanation/progress", 0.6417), "A07: 0.6417 of the pace needed");
    hold(status.verdict() == "at risk", "A07: at risk");
}

/// One figure shows no pace.
fn productivity(status: Status<'_>, hold: &mut dyn FnMut(bool, &str)) {
    hold(is(status, "/explanation/current/value", 53.8), "A05: 53.8 in 2022");
    hold(status.text("/reason").contains("only one usable value"), "A05: one point shows no pace");
}

fn is(status: Status<'_>, pointer: &str, value: f64) -> bool {
    status.number(pointer).is_some_and(|number| (number - value).abs() < 1e-9)
}

fn near(status: Status<'_>, pointer: &str, value: f64) -> bool {
    status.number(pointer).is_some_and(|number| (number - value).abs() < 0.001)
}
