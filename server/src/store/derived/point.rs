//! A measurement in 28 bytes, because ten million of them are kept in memory.
//!
//! Numbers with a mantissa beyond 64 bits are rare; they stand in a list beside
//! the points, and the point holds their place in it.

use rust_decimal::Decimal;
use tiendo_shared::measurement::{MissingReason, Observation, ObservationStatus, Value};
use tiendo_shared::period::{Frequency, ReportingPeriod};

/// What a department reported for one period of a series, and with which entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Point {
    /// Mantissa of the number or place among the wide ones; level; reason. An i64
    /// in bytes, which would be aligned to 8.
    content: [u8; 8],
    /// Sequence of the entry that brought it.
    pub(in crate::store) sequence: u32,
    /// Place of the point it superseded, or [`NOTHING`].
    pub(in crate::store) superseded: u32,
    notes: u32,
    /// Ordered as periods are.
    pub(in crate::store) period: Period,
    ranked_among: u16,
    edition: u8,
    territory: u8,
    scale: u8,
    /// Kind in bits 0 and 1, status in bits 2 to 4, and the two flags below.
    tag: u8,
}

/// In place of the place of a superseded point.
pub(in crate::store) const NOTHING: u32 = u32::MAX;

const NUMBER: u8 = 0;
const LEVEL: u8 = 1;
const MISSING: u8 = 2;
const WITHDRAWN: u8 = 3;
const RANKED: u8 = 1 << 5;
const WIDE: u8 = 1 << 6;

impl Point {
    /// Packs an observation; a wide number is added to `wide`.
    pub(in crate::store) fn new(
        period: ReportingPeriod,
        sequence: u32,
        observation: &Observation,
        wide: &mut Vec<Decimal>,
    ) -> Self {
        let (content, scale, kind) = match observation.value {
            Value::Number(number) => pack(number, wide),
            Value::Level(level) => (i64::from(level), 0, LEVEL),
            Value::Missing(reason) => (reason as i64, 0, MISSING),
            Value::Withdrawn => (0, 0, WITHDRAWN),
        };
        let ranked = if observation.ranked_among.is_some() { RANKED } else { 0 };
        Self {
            content: content.to_ne_bytes(),
            sequence,
            superseded: NOTHING,
            notes: observation.notes,
            period: period.into(),
            ranked_among: observation.ranked_among.unwrap_or(0),
            edition: observation.edition,
            territory: observation.territory,
            scale,
            tag: kind | ((observation.status as u8) << 2) | ranked,
        }
    }

    /// The observation it was packed from, given the same wide numbers.
    pub(in crate::store) fn observation(&self, wide: &[Decimal]) -> Observation {
        Observation {
            value: self.value(wide),
            status: status((self.tag >> 2) & 7).unwrap_or_default(),
            ranked_among: (self.tag & RANKED != 0).then_some(self.ranked_among),
            edition: self.edition,
            territory: self.territory,
            notes: self.notes,
        }
    }

    /// Its number, if it is one.
    pub(in crate::store) fn number(&self, wide: &[Decimal]) -> Option<Decimal> {
        match self.value(wide) {
            Value::Number(number) => Some(number),
            Value::Level(_) | Value::Missing(_) | Value::Withdrawn => None,
        }
    }

    fn value(&self, wide: &[Decimal]) -> Value {
        let content = i64::from_ne_bytes(self.content);
        match self.tag & 3 {
            NUMBER if self.tag & WIDE != 0 => {
                let place = usize::try_from(content).unwrap_or(usize::MAX);
                Value::Number(wide[place])
            }
            // Packed from a decimal, so its scale is one.
            NUMBER => {
                Value::Number(Decimal::try_new(content, u32::from(self.scale)).unwrap_or_default())
            }
            LEVEL => Value::Level(u8::try_from(content).unwrap_or(u8::MAX)),
            MISSING => missing_reason(u8::try_from(content).unwrap_or(0))
                .map_or(Value::Withdrawn, Value::Missing),
            _ => Value::Withdrawn,
        }
    }
}

fn pack(number: Decimal, wide: &mut Vec<Decimal>) -> (i64, u8, u8) {
    let scale = u8::try_from(number.scale()).unwrap_or(u8::MAX);
    if let Ok(mantissa) = i64::try_from(number.mantissa()) {
        return (mantissa, scale, NUMBER);
    }
    wide.push(number);
    let place = i64::try_from(wide.len() - 1).unwrap_or(i64::MAX);
    (place, scale, NUMBER | WIDE)
}

/// The status of this number.
pub(in crate::store) fn status(number: u8) -> Option<ObservationStatus> {
    use ObservationStatus::{Break, Estimated, Final, Provisional};
    [Final, Provisional, Estimated, Break].into_iter().find(|status| *status as u8 == number)
}

/// The reason of this number.
pub(in crate::store) fn missing_reason(number: u8) -> Option<MissingReason> {
    use MissingReason::{Confidential, NotApplicable, NotCollected, NotYetAvailable};
    [NotCollected, NotYetAvailable, NotApplicable, Confidential]
        .into_iter()
        .find(|reason| *reason as u8 == number)
}

/// A reporting period in 15 bits: years since 1900, frequency, place in the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Period(u16);

impl Period {
    /// As a number, for pages.
    pub(in crate::store) fn code(self) -> u16 {
        self.0
    }

    /// The period of this number; none if there is none.
    pub(in crate::store) fn from_code(code: u16) -> Option<ReportingPeriod> {
        let frequency = match (code >> 4) & 3 {
            0 => Frequency::Year,
            1 => Frequency::HalfYear,
            2 => Frequency::Quarter,
            _ => Frequency::Month,
        };
        let year = i16::try_from(code >> 6).ok()?.checked_add(1900)?;
        ReportingPeriod::new(year, frequency, (code & 15) as u8)
    }

    /// Whether the other is of the same frequency.
    pub(in crate::store) fn is_like(self, other: Self) -> bool {
        (self.0 ^ other.0) & 0x30 == 0
    }
}

impl From<ReportingPeriod> for Period {
    fn from(period: ReportingPeriod) -> Self {
        let years = period.year().saturating_sub(1900).unsigned_abs();
        let frequency = u16::from(period.frequency() as u8 - 1);
        Self((years << 6) | (frequency << 4) | u16::from(period.ordinal()))
    }
}

impl From<Period> for ReportingPeriod {
    #[expect(clippy::expect_used, reason = "a `Period` is made of a period alone")]
    fn from(period: Period) -> Self {
        Period::from_code(period.0).expect("made of a period")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_takes_28_bytes() {
        assert_eq!(size_of::<Point>(), 28);
    }

    #[test]
    fn periods_pack_in_order() {
        let mut period = ReportingPeriod::of_year(1900).unwrap();
        let mut all = Vec::new();
        for frequency in
            [Frequency::Year, Frequency::HalfYear, Frequency::Quarter, Frequency::Month]
        {
            period = ReportingPeriod::new(1900, frequency, 1).unwrap_or(period);
            all.extend(std::iter::successors(Some(period), |period| period.next()));
        }
        all.sort_unstable();
        assert_eq!(all.len(), 300 * 19);
        let packed: Vec<Period> = all.iter().copied().map(Period::from).collect();
        assert!(packed.is_sorted());
        assert!(packed.iter().map(|packed| ReportingPeriod::from(*packed)).eq(all));
        assert!(packed[0].is_like(packed[19]) && !packed[0].is_like(packed[1]));
    }

    #[test]
    fn an_observation_unpacks_as_it_was_packed() {
        let text = ["0", "81.25", "-9223372036854775809", "9999999999999999999999999999", "-1e-28"];
        let numbers = text.map(|text| match text {
            "-1e-28" => Decimal::new(-1, 28),
            text => text.parse().unwrap(),
        });
        let mut values: Vec<Value> = numbers.into_iter().map(Value::Number).collect();
        values.extend((1..=4).filter_map(missing_reason).map(Value::Missing));
        values.extend([Value::Level(0), Value::Level(255), Value::Withdrawn]);
        let mut wide = Vec::new();
        for (value, status) in values.into_iter().zip((1..=4).filter_map(status).cycle()) {
            for ranked_among in [None, Some(0), Some(u16::MAX)] {
                let observation = Observation {
                    value,
                    status,
                    ranked_among,
                    edition: 7,
                    territory: 255,
                    notes: 9,
                };
                let period = ReportingPeriod::of_year(2024).unwrap();
                let point = Point::new(period, 5, &observation, &mut wide);
                assert_eq!(point.observation(&wide), observation);
                assert_eq!((point.sequence, ReportingPeriod::from(point.period)), (5, period));
            }
        }
        assert_eq!(wide.len(), 6);
    }
}
