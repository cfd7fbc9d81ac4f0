//! When a job runs: by cron or before a deadline, in the time of Viet Nam; pure, without a clock.
//!
//! What has run is remembered as one instant, `covered`: runs planned up to it are
//! done with. So a run that was missed is made up once, however many were, and a
//! clock that jumps neither skips a day nor runs a job twice in a row.

mod wall;

use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds};
use jiff::civil::Time;
use jiff::{SignedDuration, Span, Timestamp};
use sha2::{Digest as _, Sha256};
use tiendo_shared::calendar::Calendar;
use tiendo_shared::period::{Frequency, ReportingPeriod};

use self::wall::Wall;
use crate::clock;

/// Most planned runs that are looked at one by one, to tell which was the last before now.
const MOST_LOOKED_AT: u32 = 1_000;

/// When a job is planned to run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Schedule {
    /// At the instants of a cron pattern.
    Cron(Box<Cron>),
    /// Before each deadline.
    BeforeDeadline(BeforeDeadline),
}

/// So many days before the day on which a report is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BeforeDeadline {
    /// Kind of report.
    pub(crate) frequency: Frequency,
    /// Days of the calendar before the due day; 0 is the due day itself.
    pub(crate) days: u16,
    /// Time of day.
    pub(crate) at: Time,
}

/// When a job runs on this computer: a little later than planned, each computer at its own time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Timing {
    /// The plan.
    pub(crate) schedule: Schedule,
    /// Time over which computers spread, unless the next run comes sooner.
    pub(crate) spread: Duration,
    /// Where in it this computer stands, from 0 to below 1.
    pub(crate) place: f64,
}

/// A run that should have begun by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    /// What is covered once it has run.
    pub(crate) covers: Timestamp,
    /// How many planned runs before it never took place.
    pub(crate) missed: u32,
}

impl Schedule {
    /// The plan of a cron pattern: minute, hour, day, month, weekday; a sixth field in
    /// front is for seconds.
    pub(crate) fn cron(pattern: &str) -> Result<Self, String> {
        let parser = CronParser::builder().seconds(Seconds::Optional).build();
        let cron = parser.parse(pattern).map_err(|error| error.to_string())?;
        Ok(Self::Cron(Box::new(cron)))
    }

    /// The first planned instant behind `after`; none if there is none, as for 30 February.
    fn next(&self, after: Timestamp, calendar: Option<&Calendar>) -> Option<Timestamp> {
        match self {
            Self::Cron(cron) => {
                let after = Wall(clock::local(after));
                clock::instant(cron.find_next_occurrence(&after, false).ok()?.0)
            }
            Self::BeforeDeadline(before) => before.next(after, calendar?),
        }
    }
}

impl BeforeDeadline {
    fn next(self, after: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        // A deadline lies days or weeks behind its period's last month, never a year.
        let year = clock::day(after).year().saturating_sub(1);
        let mut period = ReportingPeriod::new(year, self.frequency, 1)?;
        loop {
            let instant = self.of(period, calendar);
            if let Some(instant) = instant.filter(|instant| *instant > after) {
                return Some(instant);
            }
            period = period.next()?;
        }
    }

    fn of(self, period: ReportingPeriod, calendar: &Calendar) -> Option<Timestamp> {
        let day = calendar.due_day(period).checked_sub(Span::new().days(self.days)).ok()?;
        clock::instant(day.to_datetime(self.at))
    }
}

impl Timing {
    /// The next run behind what is covered; none if none is planned, or if the
    /// deadlines are not known yet.
    pub(crate) fn next(
        &self,
        covered: Timestamp,
        calendar: Option<&Calendar>,
    ) -> Option<Timestamp> {
        self.run_behind(covered, calendar).map(|(_, at)| at)
    }

    /// The run that should have begun by `now`; none if none should.
    pub(crate) fn due(
        &self,
        covered: Timestamp,
        now: Timestamp,
        calendar: Option<&Calendar>,
    ) -> Option<Due> {
        let (mut covers, at) = self.run_behind(covered, calendar)?;
        if at > now {
            return None;
        }
        for missed in 0..MOST_LOOKED_AT {
            match self.run_behind(covers, calendar) {
                Some((next, at)) if at <= now => covers = next,
                _ => return Some(Due { covers, missed }),
            }
        }
        Some(Due { covers: now, missed: MOST_LOOKED_AT })
    }

    /// The first planned instant behind `covered`, and when this computer runs it.
    fn run_behind(
        &self,
        covered: Timestamp,
        calendar: Option<&Calendar>,
    ) -> Option<(Timestamp, Timestamp)> {
        let planned = self.schedule.next(covered, calendar)?;
        let gap = self.schedule.next(planned, calendar).map_or(Duration::MAX, |next| {
            next.duration_since(planned).try_into().unwrap_or_default()
        });
        let offset = self.spread.min(gap / 2).mul_f64(self.place);
        let offset = SignedDuration::try_from(offset).unwrap_or_default();
        Some((planned, planned.checked_add(offset).unwrap_or(planned)))
    }
}

/// What is covered, by a clock that may have been set back.
pub(crate) fn settled(covered: Timestamp, now: Timestamp) -> Timestamp {
    covered.min(now)
}

/// Where a job of a computer stands among all: the same at every start, from 0 to below 1.
pub(crate) fn place(department: &str, agent: &str, job: &str) -> f64 {
    let mut hash = Sha256::new();
    for name in [department, agent, job] {
        hash.update(name);
        hash.update([0]);
    }
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
    f64::from(u32::from_be_bytes([a, b, c, d])) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests;
