//! The bytes of the checkpoint's values: short, checked, never over 4 KiB.
//!
//! sled puts longer values in files of their own, which it never syncs.
//! ```text
//! struct Value {
//!     body: [u8],
//!     crc: u32,                 // CRC-32 of key and body, little endian
//! }
//! struct PointsPage {           // body: up to POINTS points
//!     points: [PagedPoint],
//! }
//! struct PagedPoint {
//!     tag: u8,                  // kind 0-1, status 2-4, ranked 5, notes 6, versions 7
//!     period: varint,           // difference to the point before, zigzag
//!     sequence: varint,         // difference to the point before, zigzag
//!     content: Number | u8,     // a number; a level; a reason; nothing if withdrawn
//!     ranked_among: varint,     // if flagged
//!     notes: u32,               // if flagged
//!     edition: u8, territory: u8, // if flagged
//! }
//! struct Number {
//!     scale: u8,                // bit 7: the mantissa is an i128
//!     mantissa: varint | i128,  // zigzag
//! }
//! struct RowsPage {             // body: up to ROWS rows, ordered by sequence
//!     rows: [{ sequence: varint, position: varint, received: varint, first: varint,
//!              id: [u8; 16] }],
//! }                             // differences to the row before; received zigzag; first is
//!                               // 0, or 1 more than received less the first receipt, zigzag
//! ```

use rust_decimal::Decimal;
use tiendo_shared::measurement::{Observation, Value};
use tiendo_shared::submission::SubmissionId;

use super::point::{Period, Point, missing_reason, status};

/// Most points in a page, so that the longest fit.
pub(in crate::store) const POINTS: usize = 100;
/// Most rows in a page, so that the longest fit.
pub(in crate::store) const ROWS: usize = 80;

const RANKED: u8 = 1 << 5;
const NOTES: u8 = 1 << 6;
const VERSIONS: u8 = 1 << 7;
const WIDE: u8 = 1 << 7;
const CRC: usize = 4;

/// Where an entry stands and what makes it unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Row {
    /// Its sequence in its department's chain.
    pub(in crate::store) sequence: u32,
    /// Its position in the journal.
    pub(in crate::store) position: u64,
    /// From when it counts, in microseconds.
    pub(in crate::store) received: i64,
    /// When it was received for the first time, if it had been lost, in microseconds.
    pub(in crate::store) first: Option<i64>,
    /// The submission's id.
    pub(in crate::store) id: SubmissionId,
}

/// The value to be stored for `body` under `key`.
pub(in crate::store) fn seal(key: &[u8], mut body: Vec<u8>) -> Vec<u8> {
    let crc = crc(key, &body);
    body.extend(crc.to_le_bytes());
    body
}

/// The body of a stored value and its checksum, if that is right.
pub(in crate::store) fn unseal<'v>(key: &[u8], value: &'v [u8]) -> Option<(&'v [u8], u32)> {
    let (body, stored) = value.split_last_chunk::<CRC>()?;
    let stored = u32::from_le_bytes(*stored);
    (crc(key, body) == stored).then_some((body, stored))
}

fn crc(key: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(body);
    hasher.finalize()
}

/// The body of a page of points.
pub(in crate::store) fn encode_points<'p>(
    points: impl ExactSizeIterator<Item = &'p Point>,
    wide: &[Decimal],
) -> Vec<u8> {
    let mut body = Vec::with_capacity(points.len() * 10);
    let (mut period, mut sequence) = (0, 0);
    for point in points {
        let observation = point.observation(wide);
        let (kind, content) = content(observation.value);
        let versions = observation.edition != 0 || observation.territory != 0;
        body.push(
            kind | ((observation.status as u8) << 2)
                | flag(observation.ranked_among.is_some(), RANKED)
                | flag(observation.notes != 0, NOTES)
                | flag(versions, VERSIONS),
        );
        put_varint(&mut body, zigzag(i64::from(point.period.code()) - i64::from(period)));
        put_varint(&mut body, zigzag(i64::from(point.sequence) - i64::from(sequence)));
        (period, sequence) = (point.period.code(), point.sequence);
        match content {
            Content::Number(number) => put_number(&mut body, number),
            Content::Byte(byte) => body.push(byte),
            Content::Nothing => {}
        }
        if let Some(ranked_among) = observation.ranked_among {
            put_varint(&mut body, u64::from(ranked_among));
        }
        if observation.notes != 0 {
            body.extend(observation.notes.to_le_bytes());
        }
        if versions {
            body.extend([observation.edition, observation.territory]);
        }
    }
    body
}

/// Reads a page of points; wide numbers are added to `wide`. None if it is not one.
pub(in crate::store) fn decode_points(body: &[u8], wide: &mut Vec<Decimal>) -> Option<Vec<Point>> {
    let mut bytes = Bytes(body);
    let mut points = Vec::with_capacity(POINTS);
    let (mut period, mut sequence) = (0_i64, 0_i64);
    while !bytes.0.is_empty() {
        let tag = bytes.byte()?;
        period = period.checked_add(unzigzag(bytes.varint()?))?;
        sequence = sequence.checked_add(unzigzag(bytes.varint()?))?;
        let value = match tag & 3 {
            0 => Value::Number(bytes.number()?),
            1 => Value::Level(bytes.byte()?),
            2 => Value::Missing(missing_reason(bytes.byte()?)?),
            _ => Value::Withdrawn,
        };
        let ranked_among = match tag & RANKED {
            0 => None,
            _ => Some(u16::try_from(bytes.varint()?).ok()?),
        };
        let notes = if tag & NOTES == 0 { 0 } else { u32::from_le_bytes(bytes.array()?) };
        let [edition, territory] = if tag & VERSIONS == 0 { [0, 0] } else { bytes.array()? };
        let status = status((tag >> 2) & 7)?;
        let observation = Observation { value, status, ranked_among, edition, territory, notes };
        let at = Period::from_code(u16::try_from(period).ok()?)?;
        points.push(Point::new(at, u32::try_from(sequence).ok()?, &observation, wide));
    }
    Some(points)
}

/// The body of a page of rows.
pub(in crate::store) fn encode_rows(rows: &[Row]) -> Vec<u8> {
    let mut body = Vec::with_capacity(rows.len() * 24);
    let (mut sequence, mut position, mut received) = (0, 0, 0);
    for row in rows {
        put_varint(&mut body, u64::from(row.sequence - sequence));
        put_varint(&mut body, row.position - position);
        put_varint(&mut body, zigzag(row.received - received));
        let first = row.first.map_or(0, |first| zigzag(row.received.wrapping_sub(first)) + 1);
        put_varint(&mut body, first);
        (sequence, position, received) = (row.sequence, row.position, row.received);
        body.extend(row.id.as_bytes());
    }
    body
}

/// Reads a page of rows. None if it is not one.
pub(in crate::store) fn decode_rows(body: &[u8]) -> Option<Vec<Row>> {
    let mut bytes = Bytes(body);
    let mut rows = Vec::with_capacity(ROWS);
    let (mut sequence, mut position, mut received) = (0_u32, 0_u64, 0_i64);
    while !bytes.0.is_empty() {
        sequence = sequence.checked_add(u32::try_from(bytes.varint()?).ok()?)?;
        position = position.checked_add(bytes.varint()?)?;
        received = received.checked_add(unzigzag(bytes.varint()?))?;
        let first = bytes.varint()?.checked_sub(1);
        let first = first.map(|back| received.wrapping_sub(unzigzag(back)));
        let id = SubmissionId::from_bytes(bytes.array()?);
        rows.push(Row { sequence, position, received, first, id });
    }
    Some(rows)
}

enum Content {
    Number(Decimal),
    Byte(u8),
    Nothing,
}

fn content(value: Value) -> (u8, Content) {
    match value {
        Value::Number(number) => (0, Content::Number(number)),
        Value::Level(level) => (1, Content::Byte(level)),
        Value::Missing(reason) => (2, Content::Byte(reason as u8)),
        Value::Withdrawn => (3, Content::Nothing),
    }
}

fn flag(is_set: bool, flag: u8) -> u8 {
    if is_set { flag } else { 0 }
}

fn put_number(body: &mut Vec<u8>, number: Decimal) {
    let scale = u8::try_from(number.scale()).unwrap_or(u8::MAX);
    if let Ok(mantissa) = i64::try_from(number.mantissa()) {
        body.push(scale);
        put_varint(body, zigzag(mantissa));
    } else {
        body.push(scale | WIDE);
        body.extend(number.mantissa().to_le_bytes());
    }
}

pub(in crate::store) fn put_varint(body: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        body.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    body.push((number & 0x7F) as u8);
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// What is left to be read.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Bytes<'a>(pub(in crate::store) &'a [u8]);

impl Bytes<'_> {
    pub(in crate::store) fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    pub(in crate::store) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub(in crate::store) fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn number(&mut self) -> Option<Decimal> {
        let scale = self.byte()?;
        let mantissa = match scale & WIDE {
            0 => i128::from(unzigzag(self.varint()?)),
            _ => i128::from_le_bytes(self.array()?),
        };
        Decimal::try_from_i128_with_scale(mantissa, u32::from(scale & !WIDE)).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tiendo_shared::measurement::ObservationStatus;
    use tiendo_shared::period::ReportingPeriod;

    use super::*;

    fn point() -> impl Strategy<Value = (u32, Observation)> {
        let number = (-(1_i128 << 95)..1 << 95, 0_u32..=28, 0_u32..96).prop_map(
            |(mantissa, scale, shift)| {
                Value::Number(Decimal::from_i128_with_scale(mantissa >> shift, scale))
            },
        );
        let value = prop_oneof![
            4 => number,
            1 => any::<u8>().prop_map(Value::Level),
            1 => (1_u8..=4).prop_map(|it| Value::Missing(missing_reason(it).unwrap())),
            1 => Just(Value::Withdrawn),
        ];
        let sequence = prop_oneof![1_u32..9, any::<u32>()];
        let versions = prop_oneof![Just((0, 0)), any::<(u8, u8)>()];
        let notes = prop_oneof![Just(0), any::<u32>()];
        (sequence, value, 1_u8..=4, any::<Option<u16>>(), versions, notes).prop_map(
            |(sequence, value, number, ranked_among, (edition, territory), notes)| {
                let status = status(number).unwrap();
                let observation =
                    Observation { value, status, ranked_among, edition, territory, notes };
                (sequence, observation)
            },
        )
    }

    proptest! {
        #[test]
        fn a_page_of_points_reads_back(
            points in prop::collection::vec(point(), 0..=POINTS), first in 1900_i16..2000
        ) {
            let mut wide = Vec::new();
            let years = (first..).map(|year| ReportingPeriod::of_year(year).unwrap());
            let points: Vec<Point> = years
                .zip(&points)
                .map(|(period, (sequence, said))| Point::new(period, *sequence, said, &mut wide))
                .collect();
            let body = encode_points(points.iter(), &wide);
            let mut read_wide = Vec::new();
            let read = decode_points(&body, &mut read_wide).unwrap();
            prop_assert_eq!(read.len(), points.len());
            for (read, point) in read.iter().zip(&points) {
                prop_assert_eq!(read.observation(&read_wide), point.observation(&wide));
                prop_assert_eq!(read.sequence, point.sequence);
                prop_assert_eq!(read.period, point.period);
            }
        }

        #[test]
        fn no_bytes_make_a_page_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut wide = Vec::new();
            if let Some(points) = decode_points(&bytes, &mut wide) {
                for point in points {
                    point.observation(&wide);
                }
            }
            decode_rows(&bytes);
            unseal(b"key", &bytes);
        }
    }

    #[test]
    fn the_longest_pages_fit_in_4_kib() {
        let number = Decimal::from_i128_with_scale(-(1 << 95), 28);
        let observation = Observation {
            value: Value::Number(number),
            status: ObservationStatus::Break,
            ranked_among: Some(u16::MAX),
            edition: 255,
            territory: 255,
            notes: u32::MAX,
        };
        let mut wide = Vec::new();
        let first = ReportingPeriod::of_year(2100).unwrap();
        let points: Vec<Point> = std::iter::successors(Some(first), |period| period.next())
            .zip([1, u32::MAX].into_iter().cycle())
            .take(POINTS)
            .map(|(period, sequence)| Point::new(period, sequence, &observation, &mut wide))
            .collect();
        assert_eq!(points.len(), POINTS);
        assert!(seal(b"key", encode_points(points.iter(), &wide)).len() <= 4096);

        let row = |step: u32| Row {
            sequence: step << 24,
            position: u64::from(step) << 56,
            received: if step.is_multiple_of(2) { i64::MIN / 4 } else { i64::MAX / 4 },
            first: [None, Some(0), Some(i64::MAX / 4)][step as usize % 3],
            id: SubmissionId::from_bytes([255; 16]),
        };
        let rows: Vec<Row> = (1..).take(ROWS).map(row).collect();
        assert!(seal(b"key", encode_rows(&rows)).len() <= 4096);
        assert_eq!(decode_rows(&encode_rows(&rows)), Some(rows));
    }

    #[test]
    fn a_changed_bit_or_another_key_is_found() {
        let value = seal(b"key", vec![1, 2, 3]);
        assert_eq!(unseal(b"key", &value).map(|(body, _)| body), Some(&[1, 2, 3][..]));
        assert_eq!(unseal(b"kez", &value), None);
        for bit in 0..value.len() * 8 {
            let mut value = value.clone();
            value[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(unseal(b"key", &value), None, "bit {bit}");
        }
    }
}
