//! Year ends, leap days, Tết, missed runs, and clocks that jump.

use tiendo_shared::calendar::CutOff;
use tiendo_shared::indicator::Text;

use super::*;

fn at(text: &str) -> Timestamp {
    format!("{text}+07:00").parse().unwrap()
}

fn timing(pattern: &str) -> Timing {
    Timing { schedule: Schedule::cron(pattern).unwrap(), spread: Duration::ZERO, place: 0.0 }
}

fn calendar() -> Calendar {
    let tet = ["2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19", "2026-02-20"];
    Calendar {
        cut_off: CutOff { month: 14, quarter: 14, half_year: 14, year: 14 },
        working_days_to_send: 2,
        holidays: tet.into_iter().map(|day| (day.parse().unwrap(), Text::default())).collect(),
        ..Calendar::default()
    }
}

fn before(frequency: Frequency, days: u16) -> Timing {
    let at = Time::constant(8, 0, 0, 0);
    let schedule = Schedule::BeforeDeadline(BeforeDeadline { frequency, days, at });
    Timing { schedule, spread: Duration::ZERO, place: 0.0 }
}

#[track_caller]
fn check(timing: &Timing, after: &str, expected: &[&str]) {
    let calendar = calendar();
    let mut covered = at(after);
    for next in expected {
        covered = timing.next(covered, Some(&calendar)).unwrap();
        assert_eq!(covered, at(next), "after {after}");
    }
}

#[test]
fn cron_runs_in_the_time_of_viet_nam_across_years_and_leap_days() {
    check(
        &timing("0 7 * * *"),
        "2026-12-30T07:00:00",
        &["2026-12-31T07:00:00", "2027-01-01T07:00:00"],
    );
    check(&timing("30 23 31 12 *"), "2026-12-31T23:30:00", &["2027-12-31T23:30:00"]);
    check(&timing("0 0 1 1 *"), "2026-12-31T23:59:59", &["2027-01-01T00:00:00"]);
    check(
        &timing("0 6 29 2 *"),
        "2026-03-01T00:00:00",
        &["2028-02-29T06:00:00", "2032-02-29T06:00:00"],
    );
    check(
        &timing("0 6 L * *"),
        "2028-01-31T06:00:00",
        &["2028-02-29T06:00:00", "2028-03-31T06:00:00"],
    );
    // Friday to Monday.
    check(&timing("0 7 * * 1-5"), "2026-11-27T07:00:00", &["2026-11-30T07:00:00"]);
    check(&timing("*/20 * * * * *"), "2026-01-01T00:00:50", &["2026-01-01T00:01:00"]);
}

#[test]
fn a_day_that_never_comes_is_never_due() {
    let never = timing("0 0 30 2 *");
    assert_eq!(never.next(at("2026-01-01T00:00:00"), None), None);
    assert_eq!(never.due(at("2026-01-01T00:00:00"), at("2036-01-01T00:00:00"), None), None);
    for pattern in ["", "7h", "0 25 * * *", "* * *"] {
        assert!(Schedule::cron(pattern).is_err(), "{pattern}");
    }
}

#[test]
fn days_are_counted_back_from_a_deadline_that_holidays_move() {
    // Due on Wednesday 16 September and Friday 16 October.
    check(
        &before(Frequency::Month, 2),
        "2026-09-01T00:00:00",
        &["2026-09-14T08:00:00", "2026-10-14T08:00:00"],
    );
    // Cut off on Saturday 14 February; Tết moves the deadline to Tuesday the 24th.
    check(
        &before(Frequency::Month, 3),
        "2026-02-01T00:00:00",
        &["2026-02-21T08:00:00", "2026-03-14T08:00:00"],
    );
    check(&before(Frequency::Month, 0), "2026-02-21T08:00:00", &["2026-02-24T08:00:00"]);
    check(&before(Frequency::Quarter, 0), "2026-12-16T08:00:00", &["2027-03-16T08:00:00"]);
    check(&before(Frequency::HalfYear, 1), "2026-06-15T08:00:00", &["2026-12-15T08:00:00"]);
    check(&before(Frequency::Year, 5), "2026-12-11T08:00:00", &["2027-12-11T08:00:00"]);
    check(&before(Frequency::Year, 5), "2026-12-11T07:59:59", &["2026-12-11T08:00:00"]);
    // Without the calendar nobody knows the deadline.
    assert_eq!(before(Frequency::Month, 1).next(at("2026-01-01T00:00:00"), None), None);
}

#[test]
fn missed_runs_are_made_up_once() {
    let daily = timing("0 7 * * *");
    let due = |covered: &str, now: &str| daily.due(at(covered), at(now), None);
    let covered = "2026-11-20T07:00:00";
    assert_eq!(due(covered, "2026-11-21T06:59:59"), None);
    let on_time = Due { covers: at("2026-11-21T07:00:00"), missed: 0 };
    assert_eq!(due(covered, "2026-11-21T07:00:00"), Some(on_time));
    // The machine was off for three days and comes back in the evening of the fourth.
    let late = Due { covers: at("2026-11-24T07:00:00"), missed: 3 };
    assert_eq!(due(covered, "2026-11-24T19:00:00"), Some(late));
    assert_eq!(daily.due(late.covers, at("2026-11-24T19:00:01"), None), None);
    assert_eq!(daily.next(late.covers, None), Some(at("2026-11-25T07:00:00")));
    // Off for years, with a run every minute: still one run, and quickly told.
    let minutely = timing("* * * * *");
    let due = minutely.due(at("2020-01-01T00:00:00"), at("2026-01-01T00:00:30"), None).unwrap();
    assert_eq!(due.covers, at("2026-01-01T00:00:30"));
}

#[test]
fn a_clock_two_days_ahead_and_back_runs_each_job_once_and_goes_on() {
    let daily = timing("0 7 * * *");
    let covered = at("2026-11-20T07:00:00");
    // Two days ahead: made up once.
    let ahead = at("2026-11-22T12:00:00");
    let due = daily.due(settled(covered, ahead), ahead, None).unwrap();
    assert_eq!((due.covers, due.missed), (at("2026-11-22T07:00:00"), 1));
    // Set right again: nothing is due at once, and tomorrow is not skipped.
    let right = at("2026-11-20T12:00:10");
    let covered = settled(due.covers, right);
    assert_eq!(covered, right);
    assert_eq!(daily.due(covered, right, None), None);
    assert_eq!(daily.next(covered, None), Some(at("2026-11-21T07:00:00")));
    // Two days back without a jump ahead before.
    let back = at("2026-11-18T12:00:00");
    let covered = settled(at("2026-11-20T07:00:00"), back);
    assert_eq!(daily.next(covered, None), Some(at("2026-11-19T07:00:00")));
}

#[test]
fn each_computer_has_its_own_place_within_the_spread() {
    let spread = Duration::from_mins(10);
    let at_place = |place| Timing { spread, place, ..timing("0 7 * * *") };
    let covered = at("2026-11-20T07:00:00");
    let next = |place| at_place(place).next(covered, None).unwrap();
    assert_eq!(next(0.0), at("2026-11-21T07:00:00"));
    assert_eq!(next(0.5), at("2026-11-21T07:05:00"));
    assert!(next(0.999_999) < at("2026-11-21T07:10:00"));
    // A run a minute leaves half of it.
    let often = Timing { spread, place: 0.5, ..timing("* * * * *") };
    assert_eq!(often.next(at("2026-11-20T07:00:00"), None), Some(at("2026-11-20T07:01:15")));
    // What runs late covers what was planned, not more.
    let due = at_place(0.5).due(covered, at("2026-11-21T07:05:00"), None).unwrap();
    assert_eq!(due, Due { covers: at("2026-11-21T07:00:00"), missed: 0 });
}

#[test]
fn a_thousand_computers_spread_evenly_and_keep_their_place() {
    let mut tenths = [0; 10];
    for number in 0..1_000 {
        let place = place("so-khcn", &format!("may-{number}"), "dti");
        assert!((0.0..1.0).contains(&place));
        tenths[format!("{place:.9}").as_bytes()[2] as usize - usize::from(b'0')] += 1;
    }
    assert!(tenths.iter().all(|count| (60..=140).contains(count)), "{tenths:?}");
    assert_eq!(place("a", "b", "c").to_bits(), place("a", "b", "c").to_bits());
    assert_ne!(place("a", "bc", "").to_bits(), place("a", "b", "c").to_bits());
}
