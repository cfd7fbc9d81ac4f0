//! Completeness, timeliness and punctuality of one report or of many.

use jiff::Timestamp;

use super::{Answer, Coverage};
use crate::calendar::Calendar;
use crate::period::ReportingPeriod;

/// How much of what was owed came, and when: of one report, or of all of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Reports owed.
    pub reports: u32,
    /// Reports of which everything expected was received.
    pub complete: u32,
    /// Reports that were complete by the due instant.
    pub complete_on_time: u32,
    /// Reports of which nothing at all was answered.
    pub silent: u32,
    /// Measurements expected.
    pub expected: u32,
    /// Measurements received.
    pub received: u32,
    /// Of those, first received by the due instant.
    pub on_time: u32,
    /// Of those, first received after the days of grace.
    pub late: u32,
    /// Measurements reported as missing that count as neither received nor unanswered:
    /// not collected, not yet available or not applicable.
    pub excused: u32,
    /// When the last of those received came first; none while nothing was received.
    pub last: Option<Timestamp>,
}

impl Tally {
    /// The tally of one report.
    pub fn of(coverage: &Coverage, calendar: &Calendar) -> Self {
        let due = calendar.due(coverage.period);
        let grace_ends = calendar.grace_ends(coverage.period);
        let mut tally = Self { reports: 1, ..Self::default() };
        let mut silent = true;
        for item in &coverage.items {
            silent &= item.answer == Answer::Nothing;
            tally.expected += u32::from(item.answer.is_expected());
            if let Some(first) = item.first {
                tally.received += 1;
                tally.on_time += u32::from(first <= due);
                tally.late += u32::from(grace_ends < first);
                tally.last = tally.last.max(Some(first));
            } else {
                tally.excused += u32::from(item.answer != Answer::Nothing);
            }
        }
        tally.silent = u32::from(silent);
        tally.complete = u32::from(tally.received == tally.expected);
        tally.complete_on_time = u32::from(tally.on_time == tally.expected);
        tally
    }

    /// This and another tally of the same period together.
    #[must_use]
    pub fn with(self, other: &Self) -> Self {
        Self {
            reports: self.reports + other.reports,
            complete: self.complete + other.complete,
            complete_on_time: self.complete_on_time + other.complete_on_time,
            silent: self.silent + other.silent,
            expected: self.expected + other.expected,
            received: self.received + other.received,
            on_time: self.on_time + other.on_time,
            late: self.late + other.late,
            excused: self.excused + other.excused,
            last: self.last.max(other.last),
        }
    }

    /// Timeliness: whole days from the last day counted of the period to the last first
    /// receipt; negative if all came before that day. None while nothing was received.
    pub fn lag_days(&self, calendar: &Calendar, period: ReportingPeriod) -> Option<i32> {
        let (_, counted) = calendar.cut_off(period);
        self.last.map(|last| calendar.days_since(counted, last))
    }

    /// Punctuality: whole days from the due day to the last first receipt; 0 or less if
    /// all came in time. None while nothing was received.
    pub fn days_late(&self, calendar: &Calendar, period: ReportingPeriod) -> Option<i32> {
        self.last.map(|last| calendar.days_since(calendar.due_day(period), last))
    }
}
