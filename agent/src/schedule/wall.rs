//! What clocks in Viet Nam show, as the cron crate asks for it: one time all year, no gap, no repeat.

use std::cmp::Ordering;

use croner::errors::CronError;
use croner::{CivilDate, CivilDateTime, CivilTime, CronDateTime, Resolution, Weekday};
use jiff::SignedDuration;
use jiff::civil::DateTime;

/// A time on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wall(pub(super) DateTime);

impl CronDateTime for Wall {
    fn to_civil(&self) -> CivilDateTime {
        let part = |part: i8| u32::try_from(part).unwrap_or_default();
        let (day, time) = (self.0.date(), self.0.time());
        CivilDateTime::new(
            CivilDate::from_parts_unchecked(day.year().into(), part(day.month()), part(day.day())),
            CivilTime::from_parts_unchecked(
                part(time.hour()),
                part(time.minute()),
                part(time.second()),
            ),
        )
    }

    fn civil_weekday(&self) -> Weekday {
        let day = self.0.date().weekday().to_sunday_zero_offset();
        Weekday::from_days_from_sunday(u32::try_from(day).unwrap_or_default())
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let year = i16::try_from(civil.year()).map_err(|_| CronError::InvalidDate)?;
        let part = |part: u32| i8::try_from(part).map_err(|_| CronError::InvalidDate);
        let (month, day) = (part(civil.month())?, part(civil.day())?);
        let (hour, minute, second) =
            (part(civil.hour())?, part(civil.minute())?, part(civil.second())?);
        DateTime::new(year, month, day, hour, minute, second, 0)
            .map(|wall| Resolution::Single(Self(wall)))
            .map_err(|_| CronError::InvalidDate)
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(SignedDuration::from_secs(seconds)).ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
