//! Which indicators a department owes for which period.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::catalogue::{Catalogue, IndicatorIndex};
use crate::period::{Frequency, ReportingPeriod};

/// What every department of a catalogue owes, gathered once for many questions.
#[derive(Debug)]
pub struct Duties<'a> {
    catalogue: &'a Catalogue,
    by_department: BTreeMap<&'a str, Vec<Duty>>,
}

/// An indicator that a department owes.
#[derive(Debug, Clone, Copy)]
struct Duty {
    indicator: IndicatorIndex,
    frequency: Frequency,
    first: Option<ReportingPeriod>,
    /// Only for periods counted beyond this day: the last of the department it was
    /// inherited from.
    after: Option<Date>,
}

impl<'a> Duties<'a> {
    /// What is owed by this catalogue.
    pub fn of(catalogue: &'a Catalogue) -> Self {
        let mut own: BTreeMap<&str, Vec<Duty>> = BTreeMap::new();
        for (place, indicator) in (0..).zip(catalogue.indicators()) {
            if indicator.formula.is_some() {
                continue;
            }
            let duty = Duty {
                indicator: place,
                frequency: indicator.frequency,
                first: indicator.first_period,
                after: None,
            };
            for reporter in std::iter::once(&indicator.owner).chain(&indicator.reporters) {
                own.entry(reporter).or_default().push(duty);
            }
        }
        let mut by_department = BTreeMap::new();
        for department in catalogue.departments() {
            let mut duties: Vec<Duty> = Vec::new();
            for (origin, after) in catalogue.origins(&department.id) {
                let inherited = own.get(origin).into_iter().flatten();
                duties.extend(inherited.map(|duty| Duty { after, ..*duty }));
            }
            if !duties.is_empty() {
                by_department.insert(department.id.as_str(), duties);
            }
        }
        Self { catalogue, by_department }
    }

    /// Departments that owe anything at any time, by id.
    pub fn departments(&self) -> impl Iterator<Item = &'a str> {
        self.by_department.keys().copied()
    }

    /// The indicators that `department` owes for `period`, in the catalogue's order;
    /// none if no report is owed.
    pub fn owed(&self, department: &str, period: ReportingPeriod) -> Vec<IndicatorIndex> {
        // Who is there on the period's last day owes it, and is expected in the province's sums.
        let counted = period.last_day();
        if !self.exists(department, counted) || !self.is_owed_at_all(period) {
            return Vec::new();
        }
        let duties = self.by_department.get(department).into_iter().flatten();
        let mut owed: Vec<IndicatorIndex> = duties
            .filter(|duty| duty.frequency == period.frequency())
            .filter(|duty| duty.first.is_none_or(|first| first <= period))
            .filter(|duty| duty.after.is_none_or(|after| after < counted))
            .map(|duty| duty.indicator)
            .collect();
        owed.sort_unstable();
        owed.dedup();
        owed
    }

    /// Every period that `department` owes a report for and that has opened at
    /// `instant`, by frequency and in order.
    pub fn periods(&self, department: &str, instant: Timestamp) -> Vec<ReportingPeriod> {
        let calendar = self.catalogue.calendar();
        let mut periods = match calendar.reports_from {
            None => calendar.current(instant),
            Some(_) => {
                Frequency::ALL.iter().flat_map(|of| self.since_the_start(*of, instant)).collect()
            }
        };
        periods.retain(|period| !self.owed(department, *period).is_empty());
        periods
    }

    fn since_the_start(&self, frequency: Frequency, instant: Timestamp) -> Vec<ReportingPeriod> {
        let last = self.catalogue.calendar().last_open(frequency, instant);
        let mut periods: Vec<_> = std::iter::successors(last, |period| period.previous())
            .take_while(|period| self.is_owed_at_all(*period))
            .collect();
        periods.reverse();
        periods
    }

    fn is_owed_at_all(&self, period: ReportingPeriod) -> bool {
        let from = self.catalogue.calendar().reports_from;
        from.is_none_or(|from| from <= period.first_day())
    }

    fn exists(&self, department: &str, day: Date) -> bool {
        self.catalogue.department(department).is_some_and(|department| {
            department.valid_from.is_none_or(|from| from <= day)
                && department.valid_to.is_none_or(|to| day <= to)
        })
    }
}
