//! The calendar between messages and the domain.

use super::{Invalid, v1};
use crate::calendar::{Calendar, CutOff, Exception, Phase};

impl From<&Calendar> for v1::Calendar {
    fn from(calendar: &Calendar) -> Self {
        let day = |day: i8| u32::try_from(day).unwrap_or(0);
        let holidays = calendar
            .holidays
            .iter()
            .map(|(day, name)| v1::Holiday { day: day.to_string(), name: Some(name.into()) });
        let exceptions =
            calendar.exceptions.iter().map(|(period, exception)| v1::DeadlineException {
                period: period.to_string(),
                due_day: exception.due.to_string(),
                reason: Some((&exception.reason).into()),
            });
        Self {
            month_cut_off: day(calendar.cut_off.month),
            quarter_cut_off: day(calendar.cut_off.quarter),
            half_year_cut_off: day(calendar.cut_off.half_year),
            year_cut_off: day(calendar.cut_off.year),
            working_days_to_send: calendar.working_days_to_send.into(),
            grace_days: calendar.grace_days.into(),
            lock_after_days: calendar.lock_after_days.map(Into::into),
            holidays: holidays.collect(),
            exceptions: exceptions.collect(),
            reports_from: calendar.reports_from.map_or_else(String::new, |day| day.to_string()),
        }
    }
}

impl From<Phase> for v1::ReportPhase {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::NotOpen => Self::NotOpen,
            Phase::Open => Self::Open,
            Phase::Late => Self::Late,
            Phase::Locked => Self::Locked,
        }
    }
}

impl TryFrom<v1::Calendar> for Calendar {
    type Error = Invalid;

    fn try_from(message: v1::Calendar) -> Result<Self, Invalid> {
        let invalid = |field, value: &dyn ToString| Invalid {
            id: "calendar".to_owned(),
            field,
            value: value.to_string(),
        };
        let day = |field, day: u32| i8::try_from(day).map_err(|_| invalid(field, &day));
        let days = |field, days: u32| u16::try_from(days).map_err(|_| invalid(field, &days));
        let mut holidays = std::collections::BTreeMap::new();
        for holiday in message.holidays {
            let day = holiday.day.parse().map_err(|_| invalid("holidays", &holiday.day))?;
            holidays.insert(day, holiday.name.map(Into::into).unwrap_or_default());
        }
        let mut exceptions = std::collections::BTreeMap::new();
        for exception in message.exceptions {
            let period = exception.period.parse();
            let period = period.map_err(|_| invalid("exceptions", &exception.period))?;
            let due = exception.due_day.parse();
            let due = due.map_err(|_| invalid("exceptions", &exception.due_day))?;
            let reason = exception.reason.map(Into::into).unwrap_or_default();
            exceptions.insert(period, Exception { due, reason });
        }
        let from = Some(message.reports_from).filter(|day| !day.is_empty());
        let from = from.map(|day| day.parse().map_err(|_| invalid("reports_from", &day)));
        Ok(Self {
            cut_off: CutOff {
                month: day("month_cut_off", message.month_cut_off)?,
                quarter: day("quarter_cut_off", message.quarter_cut_off)?,
                half_year: day("half_year_cut_off", message.half_year_cut_off)?,
                year: day("year_cut_off", message.year_cut_off)?,
            },
            working_days_to_send: u8::try_from(message.working_days_to_send)
                .map_err(|_| invalid("working_days_to_send", &message.working_days_to_send))?,
            grace_days: days("grace_days", message.grace_days)?,
            lock_after_days: message
                .lock_after_days
                .map(|after| days("lock_after_days", after))
                .transpose()?,
            holidays,
            exceptions,
            reports_from: from.transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicator::Text;

    #[test]
    fn a_calendar_comes_back_as_it_was_listed() {
        for lock_after_days in [None, Some(0), Some(40)] {
            let name = Text { vi: "Quốc khánh".to_owned(), en: "National Day".to_owned() };
            let exception =
                Exception { due: "2026-04-20".parse().unwrap(), reason: Text::default() };
            let original = Calendar {
                cut_off: CutOff { month: 14, quarter: 15, half_year: 16, year: 31 },
                working_days_to_send: 2,
                grace_days: 300,
                lock_after_days,
                holidays: [("2026-09-02".parse().unwrap(), name)].into(),
                exceptions: [("2026-Q1".parse().unwrap(), exception)].into(),
                reports_from: lock_after_days.map(|_| "2026-01-01".parse().unwrap()),
            };
            assert_eq!(Calendar::try_from(v1::Calendar::from(&original)), Ok(original));
        }
    }

    #[test]
    fn a_day_that_is_none_is_named() {
        let holidays = vec![v1::Holiday { day: "2026-02-30".to_owned(), name: None }];
        let error = Calendar::try_from(v1::Calendar { holidays, ..Default::default() });
        assert!(error.unwrap_err().to_string().contains("`2026-02-30` is no `holidays`"));
    }
}
