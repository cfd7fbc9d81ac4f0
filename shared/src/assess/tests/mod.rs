//! Tables of the engine: one row per decision, each history written on one line.

mod history;
mod levels;
mod methods;
mod properties;
mod published;
mod reference;
mod threshold;
mod yearly;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::*;
use crate::formula::Uncomputed;
use crate::indicator::{Combination, Direction, Kind, Level, Range, Scale, Text};
use crate::measurement::{MissingReason, Observation, ObservationStatus, Value};
use crate::period::{Frequency, ReportingPeriod};
use crate::target::{Baseline, Method, SdsnScale, UnChartBands};

/// A question that owns what it asks about: by 2030, of a yearly percentage, asked in mid-2026.
#[derive(Debug, Clone)]
struct Case {
    target: Target,
    indicator: Indicator,
    history: Vec<Measurement>,
    reference: Vec<Measurement>,
    uncomputed: Vec<Uncomputed>,
    as_of: Date,
}

impl Case {
    fn new(comparator: Comparator, history: &str) -> Self {
        let direction = comparator.direction().unwrap_or(Direction::Increase);
        let kind = match comparator {
            Comparator::RankWithin { .. } => Kind::Rank,
            Comparator::InGroup { .. } => Kind::Level(quality()),
            Comparator::MilestoneDone => Kind::Milestone,
            _ => Kind::Quantity,
        };
        Self {
            target: target(comparator),
            indicator: indicator(kind, direction),
            history: series(history),
            reference: Vec::new(),
            uncomputed: Vec::new(),
            as_of: date("2026-06-30"),
        }
    }

    fn asked_on(mut self, day: &str) -> Self {
        self.as_of = date(day);
        self
    }

    fn baseline(mut self, period: &str, value: Option<&str>) -> Self {
        let value = value.map(decimal);
        self.target.baseline = Some(Baseline { period: period.parse().unwrap(), value });
        self
    }

    fn method(mut self, method: Method) -> Self {
        self.target.method = method;
        self
    }

    fn frequency(mut self, frequency: Frequency) -> Self {
        self.indicator.frequency = frequency;
        self
    }

    fn cumulative(mut self) -> Self {
        self.indicator.cumulative = true;
        self
    }

    fn reference(mut self, reference: &str) -> Self {
        self.reference = series(reference);
        self
    }

    fn assess(&self) -> Assessment {
        assess(&Question {
            target: &self.target,
            indicator: &self.indicator,
            history: &self.history,
            reference: &self.reference,
            uncomputed: &self.uncomputed,
            as_of: self.as_of,
        })
    }

    /// Verdict, reason, flags and findings must be these, written `verdict REASON +Flag FINDING`.
    #[track_caller]
    fn says(&self, expected: &str) {
        let assessment = self.assess();
        assert_eq!(summary(&assessment), expected, "{:?}", assessment.explanation);
    }
}

fn summary(assessment: &Assessment) -> String {
    let mut words = vec![assessment.verdict.name().to_owned()];
    words.extend(assessment.reason.map(|reason| reason.code().to_owned()));
    words.extend(assessment.flags.iter().map(|flag| format!("+{flag:?}")));
    words.extend(assessment.explanation.findings.iter().map(|it| it.code().to_owned()));
    words.join(" ")
}

fn target(comparator: Comparator) -> Target {
    Target {
        id: "A00".to_owned(),
        name: Text::default(),
        indicator: "share".to_owned(),
        horizon: 2030,
        comparator,
        baseline: None,
        method: Method::Ratio,
        un_chart: UnChartBands::default(),
        sdsn: None,
        bullet: "B1".to_owned(),
        note: None,
        informative: false,
    }
}

fn indicator(kind: Kind, direction: Direction) -> Indicator {
    Indicator {
        id: "share".to_owned(),
        name: Text::default(),
        unit: "percent".to_owned(),
        decimals: 2,
        direction,
        frequency: Frequency::Year,
        first_period: None,
        also_accepted: Vec::new(),
        cumulative: false,
        kind,
        range: Range::default(),
        largest_change: None,
        owner: "science-and-technology".to_owned(),
        reporters: Vec::new(),
        combination: Combination::SingleSource,
        scrutiny: crate::indicator::Scrutiny::default(),
        complete_from: Decimal::ONE_HUNDRED,
        dimensions: Vec::new(),
        editions: Vec::new(),
        territories: Vec::new(),
        bullet: None,
        formula: None,
        note: None,
    }
}

/// yếu < trung bình < khá < tốt, by quarters of the ranking.
fn quality() -> Scale {
    let levels = [("yeu", 100), ("trung-binh", 75), ("kha", 50), ("tot", 25)];
    let level = |(id, top): (&str, u32)| Level {
        id: id.to_owned(),
        name: Text::default(),
        top_percent: Some(Decimal::from(top)),
    };
    Scale { id: "quality".to_owned(), levels: levels.map(level).into() }
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn period(text: &str) -> ReportingPeriod {
    text.parse().unwrap()
}

/// A history on a line: `2024=5.99`, a rank `2024=25/63`, a level `2024=L2`, missing `2024=?`,
/// withdrawn `2024=x`; then `:p`rovisional, `:e`stimated, `:b`reak, territory `:t1`,
/// edition `:d1`. Sequences count from 1.
fn series(line: &str) -> Vec<Measurement> {
    line.split_whitespace().zip(1..).map(|(word, sequence)| measurement(word, sequence)).collect()
}

fn measurement(word: &str, sequence: u64) -> Measurement {
    let (period, rest) = word.split_once('=').unwrap();
    let mut parts = rest.split(':');
    let (value, ranked_among) = value(parts.next().unwrap());
    let mut observation = Observation {
        value,
        status: ObservationStatus::Final,
        ranked_among,
        edition: 0,
        territory: 0,
        notes: 0,
    };
    for part in parts {
        match part.split_at(1) {
            ("p", _) => observation.status = ObservationStatus::Provisional,
            ("e", _) => observation.status = ObservationStatus::Estimated,
            ("b", _) => observation.status = ObservationStatus::Break,
            ("t", at) => observation.territory = at.parse().unwrap(),
            ("d", at) => observation.edition = at.parse().unwrap(),
            other => panic!("unknown mark {other:?}"),
        }
    }
    Measurement {
        period: period.parse().unwrap(),
        observation,
        revision: 0,
        sequence,
        received: Timestamp::UNIX_EPOCH,
    }
}

fn value(text: &str) -> (Value, Option<u16>) {
    match (text, text.strip_prefix('L'), text.split_once('/')) {
        ("?", _, _) => (Value::Missing(MissingReason::NotYetAvailable), None),
        ("x", _, _) => (Value::Withdrawn, None),
        (_, Some(level), _) => (Value::Level(level.parse().unwrap()), None),
        (_, _, Some((rank, among))) => (Value::Number(decimal(rank)), Some(among.parse().unwrap())),
        (number, _, _) => (Value::Number(decimal(number)), None),
    }
}

#[track_caller]
fn close(actual: Option<f64>, expected: f64, tolerance: f64) {
    let actual = actual.unwrap();
    assert!((actual - expected).abs() < tolerance, "{actual} is not {expected}");
}
