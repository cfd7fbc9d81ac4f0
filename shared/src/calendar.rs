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
mod tests;
