//! The span of time a measurement speaks of, as a value: `2026`, `2026-S1`, `2026-Q3`, `2026-09`.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

/// How often an indicator is reported, longest span first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Frequency {
    /// Once a year.
    Year = 1,
    /// Twice a year.
    HalfYear = 2,
    /// Four times a year.
    Quarter = 3,
    /// Every month.
    Month = 4,
}

impl Frequency {
    /// Every frequency, longest span first.
    pub const ALL: [Self; 4] = [Self::Year, Self::HalfYear, Self::Quarter, Self::Month];

    /// Number of periods in a year.
    pub fn per_year(self) -> u8 {
        match self {
            Self::Year => 1,
            Self::HalfYear => 2,
            Self::Quarter => 4,
            Self::Month => 12,
        }
    }

    /// The name used in catalogues: `year`, `half_year`, `quarter`, `month`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::HalfYear => "half_year",
            Self::Quarter => "quarter",
            Self::Month => "month",
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|frequency| *frequency as u8 == code)
    }
}

/// A calendar span measured: a year, half-year, quarter or month of 1900 to 2199.
///
/// Ordered by year, then frequency, then place in the year; order within one
/// frequency is order in time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportingPeriod {
    year: i16,
    frequency: Frequency,
    ordinal: u8,
}

/// The text is not a reporting period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a reporting period; accepted: `2026`, `2026-S1`, `2026-Q3`, `2026-09`")]
pub struct ParseError(String);

impl ReportingPeriod {
    /// The `ordinal`-th period (from 1) of `frequency` in `year`; none if out of range.
    pub fn new(year: i16, frequency: Frequency, ordinal: u8) -> Option<Self> {
        let valid = (1900..=2199).contains(&year) && (1..=frequency.per_year()).contains(&ordinal);
        valid.then_some(Self { year, frequency, ordinal })
    }

    /// The whole of `year`; none outside 1900 to 2199.
    pub fn of_year(year: i16) -> Option<Self> {
        Self::new(year, Frequency::Year, 1)
    }

    /// The year it lies in.
    pub fn year(self) -> i16 {
        self.year
    }

    /// Its frequency.
    pub fn frequency(self) -> Frequency {
        self.frequency
    }

    /// Its place in the year, from 1.
    pub fn ordinal(self) -> u8 {
        self.ordinal
    }

    /// The period of `frequency` that `day` lies in; none outside 1900 to 2199.
    pub fn containing(day: Date, frequency: Frequency) -> Option<Self> {
        let months = 12 / frequency.per_year();
        Self::new(day.year(), frequency, (day.month().unsigned_abs() - 1) / months + 1)
    }

    /// The period after it, of the same frequency; none past 2199.
    pub fn next(self) -> Option<Self> {
        if self.ordinal == self.frequency.per_year() {
            Self::new(self.year + 1, self.frequency, 1)
        } else {
            Self::new(self.year, self.frequency, self.ordinal + 1)
        }
    }

    /// The period before it, of the same frequency; none before 1900.
    pub fn previous(self) -> Option<Self> {
        if self.ordinal == 1 {
            Self::new(self.year - 1, self.frequency, self.frequency.per_year())
        } else {
            Self::new(self.year, self.frequency, self.ordinal - 1)
        }
    }

    /// Its first day.
    pub fn first_day(self) -> Date {
        let month = (self.ordinal - 1) * (12 / self.frequency.per_year()) + 1;
        Date::constant(self.year, month.cast_signed(), 1)
    }

    /// Its last day.
    pub fn last_day(self) -> Date {
        let month = self.ordinal * (12 / self.frequency.per_year());
        Date::constant(self.year, month.cast_signed(), 1).last_of_month()
    }

    /// Years from the start of `earlier` to the start of `self`, negative if it is later.
    pub fn years_since(self, earlier: Self) -> f64 {
        self.start_in_years() - earlier.start_in_years()
    }

    fn start_in_years(self) -> f64 {
        f64::from(self.year) + f64::from(self.ordinal - 1) / f64::from(self.frequency.per_year())
    }

    /// A number that stands for the period on disk and in memory, ordered as the period is.
    pub fn code(self) -> u32 {
        let year = u32::from(self.year.unsigned_abs());
        (year << 8) | (u32::from(self.frequency as u8) << 4) | u32::from(self.ordinal)
    }

    /// The period [`code`](Self::code) stands for; none if it stands for none.
    pub fn from_code(code: u32) -> Option<Self> {
        let year = i16::try_from(code >> 8).ok()?;
        let frequency = Frequency::from_code(((code >> 4) & 0xF) as u8)?;
        Self::new(year, frequency, (code & 0xF) as u8)
    }
}

impl FromStr for ReportingPeriod {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text.as_bytes()).ok_or_else(|| ParseError(text.chars().take(40).collect()))
    }
}

fn parse(text: &[u8]) -> Option<ReportingPeriod> {
    let (year, rest) = text.split_at_checked(4)?;
    let year = i16::try_from(digits(year)?).ok()?;
    match rest {
        [] => ReportingPeriod::of_year(year),
        [b'-', b'S', half] => {
            ReportingPeriod::new(year, Frequency::HalfYear, digits(&[*half])?.try_into().ok()?)
        }
        [b'-', b'Q', quarter] => {
            ReportingPeriod::new(year, Frequency::Quarter, digits(&[*quarter])?.try_into().ok()?)
        }
        [b'-', month @ ..] if month.len() == 2 => {
            ReportingPeriod::new(year, Frequency::Month, digits(month)?.try_into().ok()?)
        }
        _ => None,
    }
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
    })
}

impl fmt::Display for ReportingPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.frequency {
            Frequency::Year => write!(f, "{}", self.year),
            Frequency::HalfYear => write!(f, "{}-S{}", self.year, self.ordinal),
            Frequency::Quarter => write!(f, "{}-Q{}", self.year, self.ordinal),
            Frequency::Month => write!(f, "{}-{:02}", self.year, self.ordinal),
        }
    }
}

impl fmt::Debug for ReportingPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, first: &str, last: &str, next: &str) {
        let period: ReportingPeriod = text.parse().unwrap();
        assert_eq!(period.to_string(), text);
        assert_eq!(period.first_day().to_string(), first);
        assert_eq!(period.last_day().to_string(), last);
        assert_eq!(period.next().unwrap().to_string(), next);
        assert_eq!(period.next().unwrap().previous(), Some(period));
        assert_eq!(ReportingPeriod::from_code(period.code()), Some(period));
    }

    #[test]
    fn every_form_is_read_and_written() {
        check("2026", "2026-01-01", "2026-12-31", "2027");
        check("2026-S1", "2026-01-01", "2026-06-30", "2026-S2");
        check("2026-S2", "2026-07-01", "2026-12-31", "2027-S1");
        check("2026-Q3", "2026-07-01", "2026-09-30", "2026-Q4");
        check("2028-02", "2028-02-01", "2028-02-29", "2028-03");
        check("2026-12", "2026-12-01", "2026-12-31", "2027-01");
    }

    #[test]
    fn other_forms_are_refused_with_the_accepted_ones() {
        for text in [
            "",
            "26",
            "2026Q1",
            "2026-Q5",
            "2026-Q0",
            "2026-S3",
            "2026-13",
            "2026-00",
            "2026-1",
            "2016W01",
            "2026-q1",
            "+026",
            "1899",
            "2200",
            "2026-09-01",
            " 2026",
            "２０２６",
            "năm",
        ] {
            let error = text.parse::<ReportingPeriod>().unwrap_err();
            assert!(error.to_string().contains("`2026-Q3`"), "{text}: {error}");
        }
    }

    #[test]
    fn a_day_lies_in_one_period_of_each_frequency() {
        for (day, expected) in [
            ("2028-02-29", ["2028", "2028-S1", "2028-Q1", "2028-02"]),
            ("2026-06-30", ["2026", "2026-S1", "2026-Q2", "2026-06"]),
            ("2026-07-01", ["2026", "2026-S2", "2026-Q3", "2026-07"]),
            ("2026-12-31", ["2026", "2026-S2", "2026-Q4", "2026-12"]),
        ] {
            let day: Date = day.parse().unwrap();
            let periods = Frequency::ALL.map(|of| ReportingPeriod::containing(day, of).unwrap());
            assert_eq!(periods.map(|period| period.to_string()), expected);
        }
        assert_eq!(ReportingPeriod::containing(Date::MAX, Frequency::Year), None);
    }

    #[test]
    fn years_between_periods_count_parts() {
        let quarter = |text: &str| text.parse::<ReportingPeriod>().unwrap();
        assert!((quarter("2026-Q3").years_since(quarter("2025-Q1")) - 1.5).abs() < 1e-12);
        assert!((quarter("2030").years_since(quarter("2023")) - 7.0).abs() < 1e-12);
    }
}
