//! What agents send: submissions encoded once, with id, month and values set in place.

use prost::Message as _;
use prost::bytes::Bytes;
use tiendo_shared::wire::v1;
use uuid::Uuid;

use crate::catalogue::{self, MEMBERS};

/// How many measurements a submission has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A month of 30 indicators, as a department reports it.
    Report,
    /// A month of 1,000 series, as when history is carried over.
    Bulk,
}

impl Shape {
    /// Measurements in a submission.
    pub(crate) fn items(self) -> usize {
        match self {
            Self::Report => 30,
            Self::Bulk => 1_000,
        }
    }
}

/// First month sent; there are 1,500 up to 2024.
const FIRST_YEAR: u32 = 1900;
const MONTHS: u32 = 1_500;

const ID: &str = "$$$$$$$$-$$$$-$$$$-$$$$-$$$$$$$$$$$$";
const PERIOD: &str = "%%%%%%%";
const VALUE: &str = "@@@@@";

/// The submissions of one department, month after month.
#[derive(Debug)]
pub(crate) struct Work {
    templates: Vec<Template>,
    sent: u32,
    random: u64,
}

#[derive(Debug)]
struct Template {
    bytes: Vec<u8>,
    id_at: usize,
    periods_at: Vec<usize>,
    values_at: Vec<usize>,
}

impl Work {
    /// Submissions of `shape`; `seed` makes the values of one department differ from another's.
    pub(crate) fn new(shape: Shape, seed: u64) -> Self {
        let groups = match shape {
            Shape::Report => reports(),
            Shape::Bulk => vec![bulk()],
        };
        let templates = groups.into_iter().map(Template::new).collect();
        Self { templates, sent: 0, random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1 }
    }

    /// The next submission, encoded.
    pub(crate) fn next(&mut self) -> Bytes {
        let count = u32::try_from(self.templates.len()).unwrap_or(1);
        let month = self.sent / count % MONTHS;
        let template = &mut self.templates[(self.sent % count) as usize];
        self.sent += 1;
        let id = Uuid::now_v7();
        id.hyphenated().encode_lower(&mut template.bytes[template.id_at..][..ID.len()]);
        let period = format!("{:04}-{:02}", FIRST_YEAR + month / 12, month % 12 + 1);
        for at in &template.periods_at {
            template.bytes[*at..][..PERIOD.len()].copy_from_slice(period.as_bytes());
        }
        for at in &template.values_at {
            // Xorshift: cheap, and never the value of the month before for long.
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            let digit = |shift: u32| b'0' + ((self.random >> shift) % 10) as u8;
            let value = [b'5', digit(8), b'.', digit(24), digit(40)];
            template.bytes[*at..][..VALUE.len()].copy_from_slice(&value);
        }
        Bytes::copy_from_slice(&template.bytes)
    }
}

impl Template {
    fn new(groups: Vec<v1::MeasurementGroup>) -> Self {
        let request = v1::SubmitMeasurementsRequest {
            submission_id: ID.to_owned(),
            groups,
            ..Default::default()
        };
        let bytes = request.encode_to_vec();
        Self {
            id_at: positions(&bytes, ID)[0],
            periods_at: positions(&bytes, PERIOD),
            values_at: positions(&bytes, VALUE),
            bytes,
        }
    }
}

fn positions(bytes: &[u8], mark: &str) -> Vec<usize> {
    let mark = mark.as_bytes();
    (0..bytes.len()).filter(|at| bytes[*at..].starts_with(mark)).collect()
}

/// Totals of 30 indicators each, one group for the month.
fn reports() -> Vec<Vec<v1::MeasurementGroup>> {
    let indicators: Vec<String> = (0..catalogue::INDICATORS).map(catalogue::indicator).collect();
    indicators
        .chunks_exact(Shape::Report.items())
        .map(|chunk| {
            let measurements = chunk.iter().map(|id| measurement(id.clone(), Vec::new())).collect();
            vec![group(String::new(), measurements)]
        })
        .collect()
}

/// 1,000 series: the total of each indicator and its parts by sex and area, a group each.
fn bulk() -> Vec<v1::MeasurementGroup> {
    let mut left = Shape::Bulk.items();
    let mut groups = Vec::new();
    for indicator in (0..catalogue::INDICATORS).map(catalogue::indicator) {
        let measurements: Vec<v1::Measurement> =
            members().take(left).map(|members| measurement(String::new(), members)).collect();
        left -= measurements.len();
        if !measurements.is_empty() {
            groups.push(group(indicator, measurements));
        }
    }
    groups
}

fn group(indicator: String, measurements: Vec<v1::Measurement>) -> v1::MeasurementGroup {
    v1::MeasurementGroup {
        period: PERIOD.to_owned(),
        indicator,
        measurements,
        ..Default::default()
    }
}

fn measurement(indicator: String, dimensions: Vec<v1::DimensionMember>) -> v1::Measurement {
    let content = Some(v1::measurement::Content::Value(VALUE.to_owned()));
    v1::Measurement { indicator, content, dimensions, ..Default::default() }
}

/// Total, then every member and every pair of members: nine combinations.
fn members() -> impl Iterator<Item = Vec<v1::DimensionMember>> {
    let choices = |(dimension, members): (&'static str, [&'static str; 2])| {
        std::iter::once(None).chain(members.into_iter().map(move |member| {
            Some(v1::DimensionMember { dimension: dimension.to_owned(), member: member.to_owned() })
        }))
    };
    let [first, second] = MEMBERS;
    choices(first).flat_map(move |one| {
        choices(second).map(move |two| one.clone().into_iter().chain(two).collect())
    })
}
