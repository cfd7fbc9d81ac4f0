//! Cut-offs, deadlines and locks at their last second.

use jiff::tz::TimeZone;

use super::*;

fn calendar() -> Calendar {
    let holidays = ["2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19", "2026-02-20"];
    let holidays = holidays.into_iter().chain(["2027-04-16", "2027-05-03"]);
    Calendar {
        cut_off: CutOff { month: 14, quarter: 14, half_year: 14, year: 14 },
        working_days_to_send: 2,
        grace_days: 0,
        lock_after_days: None,
        holidays: holidays.map(|day| (day.parse().unwrap(), Text::default())).collect(),
        ..Calendar::default()
    }
}

fn period(text: &str) -> ReportingPeriod {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[track_caller]
fn check(calendar: &Calendar, text: &str, from: &str, to: &str, due: &str) {
    let (first, last) = calendar.cut_off(period(text));
    let due_day = calendar.due_day(period(text));
    assert_eq!([first, last, due_day].map(|day| day.to_string()), [from, to, due], "{text}");
}

#[test]
fn every_kind_of_period_has_its_cut_off_and_due_day() {
    let calendar = calendar();
    check(&calendar, "2026-09", "2026-08-15", "2026-09-14", "2026-09-16");
    check(&calendar, "2026-Q1", "2025-12-15", "2026-03-14", "2026-03-17");
    check(&calendar, "2026-Q2", "2026-03-15", "2026-06-14", "2026-06-16");
    check(&calendar, "2026-Q3", "2026-06-15", "2026-09-14", "2026-09-16");
    check(&calendar, "2026-Q4", "2026-09-15", "2026-12-14", "2026-12-16");
    check(&calendar, "2026-S1", "2025-12-15", "2026-06-14", "2026-06-16");
    check(&calendar, "2026-S2", "2026-06-15", "2026-12-14", "2026-12-16");
    check(&calendar, "2026", "2025-12-15", "2026-12-14", "2026-12-16");
}

#[test]
fn months_at_the_year_end_reach_across_it() {
    let calendar = calendar();
    check(&calendar, "2026-12", "2026-11-15", "2026-12-14", "2026-12-16");
    check(&calendar, "2027-01", "2026-12-15", "2027-01-14", "2027-01-18");
    check(&calendar, "1900", "1899-12-15", "1900-12-14", "1900-12-18");
    check(&calendar, "2199", "2198-12-15", "2199-12-14", "2199-12-17");
}

#[test]
fn weekends_and_holidays_are_not_working_days() {
    let calendar = calendar();
    // Saturday 14 February 2026, then Tết from Monday to Friday.
    check(&calendar, "2026-02", "2026-01-15", "2026-02-14", "2026-02-24");
    // Friday 16 April 2027 is Hung Kings' Commemoration Day.
    check(&calendar, "2027-04", "2027-03-15", "2027-04-14", "2027-04-19");
}

#[test]
fn a_cut_off_past_the_end_of_a_month_is_its_last_day() {
    let cut_off = CutOff { month: 31, quarter: 30, half_year: 31, year: 31 };
    let calendar = Calendar { cut_off, ..calendar() };
    check(&calendar, "2028-02", "2028-02-01", "2028-02-29", "2028-03-02");
    check(&calendar, "2028-03", "2028-03-01", "2028-03-31", "2028-04-04");
    check(&calendar, "2027-02", "2027-02-01", "2027-02-28", "2027-03-02");
    check(&calendar, "2027-Q1", "2026-12-31", "2027-03-30", "2027-04-01");
    check(&calendar, "2027", "2027-01-01", "2027-12-31", "2028-01-04");
}

#[test]
fn without_days_to_send_the_cut_off_is_due() {
    let calendar = Calendar { working_days_to_send: 0, ..calendar() };
    check(&calendar, "2026-02", "2026-01-15", "2026-02-14", "2026-02-14");
}

#[test]
fn a_period_opens_with_its_first_local_second_and_is_due_until_the_last() {
    let calendar = calendar();
    let september = period("2026-09");
    assert_eq!(calendar.opens(september), at("2026-08-15T00:00:00+07"));
    let due = calendar.due(september);
    assert_eq!(due, at("2026-09-16T23:59:59.999999+07"));
    assert_eq!(calendar.today(due).to_string(), "2026-09-16");
    let next = due + jiff::SignedDuration::from_micros(1);
    assert_eq!(calendar.today(next).to_string(), "2026-09-17");
}

#[test]
fn grace_and_lock_are_counted_in_days_from_the_due_day() {
    let calendar = Calendar { grace_days: 3, lock_after_days: Some(30), ..calendar() };
    let september = period("2026-09");
    assert_eq!(calendar.grace_ends(september), at("2026-09-19T23:59:59.999999+07"));
    assert_eq!(calendar.locks(september), Some(at("2026-10-16T23:59:59.999999+07")));
    assert_eq!(Calendar { lock_after_days: None, ..calendar }.locks(september), None);
}

#[test]
fn a_due_day_that_was_moved_moves_grace_and_lock() {
    let exception = Exception { due: Date::constant(2026, 2, 13), reason: Text::default() };
    let calendar = Calendar {
        grace_days: 3,
        lock_after_days: Some(30),
        exceptions: [(period("2026-02"), exception)].into(),
        ..calendar()
    };
    check(&calendar, "2026-02", "2026-01-15", "2026-02-14", "2026-02-13");
    check(&calendar, "2026-03", "2026-02-15", "2026-03-14", "2026-03-17");
    let february = period("2026-02");
    assert_eq!(calendar.grace_ends(february), at("2026-02-16T23:59:59.999999+07"));
    assert_eq!(calendar.locks(february), Some(at("2026-03-15T23:59:59.999999+07")));
}

#[track_caller]
fn check_phase(calendar: &Calendar, text: &str, expected: Phase) {
    assert_eq!(calendar.phase(period("2026-09"), at(text)), expected, "{text}");
}

#[test]
fn each_phase_ends_with_the_last_local_microsecond_of_its_day() {
    let calendar = Calendar { grace_days: 3, lock_after_days: Some(30), ..calendar() };
    check_phase(&calendar, "2026-08-14T23:59:59.999999+07", Phase::NotOpen);
    check_phase(&calendar, "2026-08-15T00:00:00+07", Phase::Open);
    check_phase(&calendar, "2026-09-16T23:59:59+07", Phase::Open);
    check_phase(&calendar, "2026-09-19T23:59:59.999999+07", Phase::Open);
    check_phase(&calendar, "2026-09-20T00:00:00+07", Phase::Late);
    check_phase(&calendar, "2026-10-16T23:59:59.999999+07", Phase::Late);
    check_phase(&calendar, "2026-10-17T00:00:00+07", Phase::Locked);
    let calendar = self::calendar();
    check_phase(&calendar, "2026-09-16T16:59:59.999999Z", Phase::Open);
    check_phase(&calendar, "2026-09-16T17:00:00Z", Phase::Late);
    check_phase(&calendar, "2126-09-16T17:00:00Z", Phase::Late);
}

#[track_caller]
fn check_current(calendar: &Calendar, instant: &str, expected: &str) {
    let current = calendar.current(at(instant));
    let current: Vec<_> = current.iter().map(ToString::to_string).collect();
    assert_eq!(current.join(" "), expected, "{instant}");
}

#[test]
fn the_current_periods_are_the_open_ones_and_the_last_that_was_due() {
    let calendar = calendar();
    let autumn = "2025 2026 2026-S1 2026-S2 2026-Q3 2026-Q4 2026-11 2026-12";
    check_current(&calendar, "2026-11-24T10:00:00+07", autumn);
    // Between cut-off and due day three of a kind are in hand.
    let due = "2025 2026 2026-S1 2026-S2 2026-Q2 2026-Q3 2026-Q4 2026-08 2026-09 2026-10";
    check_current(&calendar, "2026-09-15T00:00:00+07", due);
    check_current(&calendar, "2026-09-16T23:59:59.999999+07", due);
    let after = "2025 2026 2026-S1 2026-S2 2026-Q3 2026-Q4 2026-09 2026-10";
    check_current(&calendar, "2026-09-17T00:00:00+07", after);
    // The new year of reports begins on 15 December.
    let last = "2025 2026 2026-S1 2026-S2 2026-Q3 2026-Q4 2026-11 2026-12";
    check_current(&calendar, "2026-12-14T23:59:59+07", last);
    let turn = "2025 2026 2027 2026-S1 2026-S2 2027-S1 2026-Q3 2026-Q4 2027-Q1 2026-11 \
                2026-12 2027-01";
    check_current(&calendar, "2026-12-15T00:00:00+07", turn);
    check_current(&calendar, "1900-01-01T00:00:00+07", "1900 1900-S1 1900-Q1 1900-01");
}

#[test]
fn a_period_whose_due_day_was_moved_far_stays_current() {
    let exception = Exception { due: Date::constant(2026, 12, 1), reason: Text::default() };
    let exceptions = [(period("2026-08"), exception)].into();
    let calendar = Calendar { exceptions, ..calendar() };
    let autumn = "2025 2026 2026-S1 2026-S2 2026-Q3 2026-Q4 2026-08 2026-11 2026-12";
    check_current(&calendar, "2026-11-24T10:00:00+07", autumn);
}

#[test]
fn days_are_counted_by_the_calendar_of_the_offices() {
    let calendar = calendar();
    let day = Date::constant(2028, 2, 28);
    assert_eq!(calendar.days_since(day, at("2028-02-28T16:59:59Z")), 0);
    assert_eq!(calendar.days_since(day, at("2028-02-28T17:00:00Z")), 1);
    assert_eq!(calendar.days_since(day, at("2028-03-01T00:00:00+07")), 2);
    assert_eq!(calendar.days_since(day, at("2027-02-28T00:00:00+07")), -365);
}

#[test]
fn the_fixed_offset_agrees_with_the_time_zone_database() {
    let zone = TimeZone::get(TIME_ZONE).unwrap();
    for year in 1976..=2199 {
        for month in 1..=12 {
            let day = Date::new(year, month, 1).unwrap();
            let midnight = zone.to_timestamp(day.to_datetime(Time::midnight())).unwrap();
            assert_eq!(instant(day, Time::midnight()), midnight);
        }
    }
}
