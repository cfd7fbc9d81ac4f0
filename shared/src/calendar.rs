//! When a period is counted, when its report is due and when it locks: pure.
//!
//! Offices in Vietnam keep one time all year, seven hours ahead of UTC, so the zone is a
//! fixed offset here and no time zone database is asked.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::Offset;
use jiff::{Span, Timestamp};

use crate::indicator::Text;
use crate::period::{Frequency, ReportingPeriod};

/// The time zone of every calendar.
pub const TIME_ZONE: &str = "Asia/Ho_Chi_Minh";

/// What [`TIME_ZONE`] has been ahead of UTC since 1975.
const OFFSET: Offset = Offset::constant(7);

/// The last instant of a day, to the microsecond.
const END_OF_DAY: Time = Time::constant(23, 59, 59, 999_999_000);

/// The deadlines of reports, as the catalogue sets them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calendar {
    /// Last day counted of each kind of period.
    pub cut_off: CutOff,
    /// Working days after the cut-off within which a report is to be sent.
    pub working_days_to_send: u8,
    /// Days after the due day within which a report does not count as late.
    pub grace_days: u16,
    /// Days after the due day on which a period locks; none for never.
    pub lock_after_days: Option<u16>,
    /// Days on which offices are closed besides Saturdays and Sundays.
    pub holidays: BTreeMap<Date, Text>,
    /// Due days that were moved, by period.
    pub exceptions: BTreeMap<ReportingPeriod, Exception>,
    /// Reports are owed for periods that begin on this day or later; none: for the
    /// current periods alone, so that nothing before them is ever overdue.
    pub reports_from: Option<Date>,
}

/// A due day that was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The day on which the report is due instead; grace and lock are counted from it.
    pub due: Date,
    /// Why.
    pub reason: Text,
}

/// Where an instant stands against the deadlines of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The period cannot be reported yet.
    NotOpen,
    /// It can be reported and does not count as late.
    Open,
    /// It can be reported and counts as late.
    Late,
    /// It can no longer be reported.
    Locked,
}

/// The last day counted of each kind of period: a day of the period's last month,
/// or that month's last day if it is shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CutOff {
    /// Of a month.
    pub month: i8,
    /// Of a quarter.
    pub quarter: i8,
    /// Of a half-year.
    pub half_year: i8,
    /// Of a year.
    pub year: i8,
}

impl CutOff {
    /// The last day counted of a period that ends in the month of `day`.
    fn within(self, day: Date, frequency: Frequency) -> Date {
        let cut_off = match frequency {
            Frequency::Month => self.month,
            Frequency::Quarter => self.quarter,
            Frequency::HalfYear => self.half_year,
            Frequency::Year => self.year,
        };
        Date::new(day.year(), day.month(), cut_off).unwrap_or_else(|_| day.last_of_month())
    }
}

impl Calendar {
    /// The last instant of a day.
    pub fn day_ends(&self, day: Date) -> Timestamp {
        instant(day, END_OF_DAY)
    }

    /// First and last day counted for the report of a period.
    pub fn cut_off(&self, period: ReportingPeriod) -> (Date, Date) {
        let before = period.first_day().yesterday().unwrap_or(Date::MIN);
        let from = self.cut_off.within(before, period.frequency());
        let to = self.cut_off.within(period.last_day(), period.frequency());
        (from.tomorrow().unwrap_or(Date::MAX), to)
    }

    /// The instant from which a period can be reported: the start of its first day counted.
    pub fn opens(&self, period: ReportingPeriod) -> Timestamp {
        instant(self.cut_off(period).0, Time::midnight())
    }

    /// The day on which the report of a period is due.
    pub fn due_day(&self, period: ReportingPeriod) -> Date {
        if let Some(exception) = self.exceptions.get(&period) {
            return exception.due;
        }
        let mut day = self.cut_off(period).1;
        let mut left = self.working_days_to_send;
        while left > 0 {
            day = day.tomorrow().unwrap_or(Date::MAX);
            left -= u8::from(self.is_working_day(day));
        }
        day
    }

    /// The last instant at which the report of a period is on time.
    pub fn due(&self, period: ReportingPeriod) -> Timestamp {
        instant(self.due_day(period), END_OF_DAY)
    }

    /// The last instant at which the report of a period does not count as late.
    pub fn grace_ends(&self, period: ReportingPeriod) -> Timestamp {
        instant(days_after(self.due_day(period), self.grace_days), END_OF_DAY)
    }

    /// The last instant at which a period can be reported or revised; none for no limit.
    pub fn locks(&self, period: ReportingPeriod) -> Option<Timestamp> {
        let days = self.lock_after_days?;
        Some(instant(days_after(self.due_day(period), days), END_OF_DAY))
    }

    /// Where `instant` stands against the deadlines of a period.
    pub fn phase(&self, period: ReportingPeriod, instant: Timestamp) -> Phase {
        if instant < self.opens(period) {
            Phase::NotOpen
        } else if self.locks(period).is_some_and(|locks| locks < instant) {
            Phase::Locked
        } else if self.grace_ends(period) < instant {
            Phase::Late
        } else {
            Phase::Open
        }
    }

    /// The last period of a frequency that can be reported at `instant`; none outside
    /// 1900 to 2199.
    pub fn last_open(&self, frequency: Frequency, instant: Timestamp) -> Option<ReportingPeriod> {
        let mut period = ReportingPeriod::containing(self.today(instant), frequency)?;
        while instant < self.opens(period) {
            period = period.previous()?;
        }
        while let Some(next) = period.next().filter(|next| self.opens(*next) <= instant) {
            period = next;
        }
        Some(period)
    }

    /// The periods in hand at `instant`, by frequency and in order: those that can be
    /// reported and are not due yet, and of each frequency the last one that was due.
    pub fn current(&self, instant: Timestamp) -> Vec<ReportingPeriod> {
        let mut current = Vec::new();
        for frequency in Frequency::ALL {
            let last = self.last_open(frequency, instant);
            for period in std::iter::successors(last, |period| period.previous()) {
                current.push(period);
                if self.due(period) < instant {
                    break;
                }
            }
        }
        // Behind the last one due there may be one whose due day was moved past it.
        let moved = self
            .exceptions
            .keys()
            .filter(|period| self.opens(**period) <= instant && instant <= self.due(**period));
        current.extend(moved);
        current.sort_unstable_by_key(|period| (period.frequency(), *period));
        current.dedup();
        current
    }

    /// Whole days from `day` to the day it is at the offices; negative before it.
    pub fn days_since(&self, day: Date, instant: Timestamp) -> i32 {
        day.until(self.today(instant)).map_or(0, |span| span.get_days())
    }

    /// Whether offices work on this day.
    pub fn is_working_day(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
            && !self.holidays.contains_key(&day)
    }

    /// The day it is at the offices.
    pub fn today(&self, now: Timestamp) -> Date {
        OFFSET.to_datetime(now).date()
    }
}

fn days_after(day: Date, days: u16) -> Date {
    day.saturating_add(Span::new().days(days))
}

/// Past the last instant there is, the last one.
fn instant(day: Date, time: Time) -> Timestamp {
    OFFSET.to_timestamp(day.to_datetime(time)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
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
}
