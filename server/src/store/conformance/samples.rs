//! A small catalogue and submissions to it, for the tests of the stores.

use std::sync::Arc;

use jiff::Timestamp;
use prost::Message as _;
use rust_decimal::Decimal;
use tiendo_shared::act::Act;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::check::Checker;
use tiendo_shared::department::{Department, Kind as DepartmentKind};
use tiendo_shared::indicator::{
    Combination, Dimension, Direction, Indicator, Kind, LargestChange, Level, Range, Scale, Text,
};
use tiendo_shared::measurement::SeriesKey;
use tiendo_shared::period::{Frequency, ReportingPeriod};
use tiendo_shared::submission::{SubmissionId, content_hash};
use tiendo_shared::wire::v1::measurement::Content;
use tiendo_shared::wire::{check_all, v1};

use crate::store::{Performed, Submission};

/// The departments of [`catalogue`], in order.
pub(crate) const DEPARTMENTS: [&str; 3] = ["so-khcn", "so-tttt", "so-yt"];

/// A catalogue with an indicator of every kind, reported by every department.
pub(crate) fn catalogue() -> Arc<Catalogue> {
    let departments = DEPARTMENTS.map(department).to_vec();
    Arc::new(Catalogue::from_parts("1".to_owned(), indicators(), Vec::new(), departments))
}

/// Its indicators: `level`, `milestone`, `population`, `rank`, `share`, `users`.
pub(crate) fn indicators() -> Vec<Indicator> {
    let range = Range { minimum: Some(Decimal::ZERO), maximum: None };
    let levels = ["thap", "trung-binh", "kha", "tot"].map(|id| Level {
        id: id.to_owned(),
        name: Text::default(),
        top_percent: None,
    });
    let scale = Scale { id: "group".to_owned(), levels: levels.to_vec() };
    vec![
        indicator("level", Kind::Level(scale)),
        indicator("milestone", Kind::Milestone),
        indicator("population", Kind::Quantity),
        Indicator { editions: texts(&["2021", "2025"]), ..indicator("rank", Kind::Rank) },
        Indicator {
            range,
            largest_change: Some(LargestChange::Absolute(Decimal::from(20))),
            territories: texts(&["before-2025", "from-2025"]),
            ..indicator("share", Kind::Quantity)
        },
        Indicator {
            dimensions: vec![
                dimension("sex", &["female", "male"]),
                dimension("area", &["urban", "rural"]),
            ],
            ..indicator("users", Kind::Quantity)
        },
    ]
}

fn indicator(id: &str, kind: Kind) -> Indicator {
    Indicator {
        id: id.to_owned(),
        name: Text::default(),
        unit: "one".to_owned(),
        decimals: 2,
        direction: Direction::Increase,
        frequency: Frequency::Year,
        first_period: None,
        also_accepted: vec![Frequency::Quarter, Frequency::Month],
        cumulative: false,
        kind,
        range: Range::default(),
        largest_change: None,
        owner: DEPARTMENTS[0].to_owned(),
        reporters: DEPARTMENTS.map(str::to_owned).to_vec(),
        combination: Combination::Sum,
        scrutiny: tiendo_shared::indicator::Scrutiny::default(),
        complete_from: Decimal::ONE_HUNDRED,
        dimensions: Vec::new(),
        editions: Vec::new(),
        territories: Vec::new(),
        bullet: None,
        formula: None,
        note: None,
    }
}

fn dimension(id: &str, members: &[&str]) -> Dimension {
    Dimension {
        id: id.to_owned(),
        name: Text::default(),
        members: texts(members),
        labels: Vec::new(),
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn department(id: &str) -> Department {
    Department {
        id: id.to_owned(),
        name: Text::default(),
        kind: DepartmentKind::Agency,
        parent: None,
        valid_from: None,
        valid_to: None,
        successors: Vec::new(),
    }
}

/// A measurement as it is sent, with its period: a group of one.
pub(crate) type Sent = v1::MeasurementGroup;

/// Says `content` of an indicator for a period.
pub(crate) fn sent(indicator: &str, period: &str, content: Content) -> Sent {
    let measurement = v1::Measurement {
        indicator: indicator.to_owned(),
        content: Some(content),
        ..Default::default()
    };
    Sent { period: period.to_owned(), measurements: vec![measurement], ..Default::default() }
}

/// Says a number.
pub(crate) fn number(indicator: &str, period: &str, value: &str) -> Sent {
    sent(indicator, period, Content::Value(value.to_owned()))
}

/// Says a number of members, such as `[("sex", "female")]`.
pub(crate) fn part(members: &[(&str, &str)], period: &str, value: &str) -> Sent {
    let dimensions = members.iter().map(|(dimension, member)| v1::DimensionMember {
        dimension: (*dimension).to_owned(),
        member: (*member).to_owned(),
    });
    let dimensions = dimensions.collect();
    change(number("users", period, value), |measurement| measurement.dimensions = dimensions)
}

/// Changes a measurement before it is sent.
pub(crate) fn change(mut sent: Sent, change: impl FnOnce(&mut v1::Measurement)) -> Sent {
    change(&mut sent.measurements[0]);
    sent
}

/// Says it stands by a large change.
pub(crate) fn confirmed(sent: Sent) -> Sent {
    change(sent, |measurement| measurement.confirmed = true)
}

/// `at` seconds after some midnight.
pub(crate) fn second(at: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + at).unwrap()
}

/// The submission of the department `so-khcn` with this id, received `second(at)`.
pub(crate) fn submission(id: u128, at: i64, groups: Vec<Sent>) -> Submission {
    submission_of(DEPARTMENTS[0], id, at, groups)
}

/// A submission of any department.
pub(crate) fn submission_of(department: &str, id: u128, at: i64, groups: Vec<Sent>) -> Submission {
    let catalogue = catalogue();
    let checker = Checker {
        catalogue: &catalogue,
        department: catalogue.department(department).unwrap(),
        now: "2030-01-01T00:00:00Z".parse().unwrap(),
    };
    let items = check_all(&checker, &groups);
    let content = v1::SubmissionContent { groups }.encode_to_vec();
    Submission {
        id: SubmissionId::from_bytes(id.to_be_bytes()),
        department: department.to_owned(),
        agent: "pc-1".to_owned(),
        received: second(at),
        first_received: None,
        content_hash: content_hash(&content),
        content,
        items,
        all_or_nothing: false,
    }
}

/// An act of a reviewer or administrator.
pub(crate) fn performed(department: &str, id: u128, at: i64, act: Act) -> Performed {
    Performed {
        id: SubmissionId::from_bytes(id.to_be_bytes()),
        department: department.to_owned(),
        by: "reviewer-1".to_owned(),
        at: second(at),
        act,
        only_after: None,
    }
}

/// Approves a report of `so-khcn`.
pub(crate) fn approve(id: u128, at: i64, text: &str) -> Performed {
    performed(DEPARTMENTS[0], id, at, Act::ReportApproved { period: period(text) })
}

/// Returns a report of `so-khcn`.
pub(crate) fn send_back(id: u128, at: i64, text: &str) -> Performed {
    let reason = "thiếu số liệu".to_owned();
    performed(DEPARTMENTS[0], id, at, Act::ReportReturned { period: period(text), reason })
}

/// Reopens a report of `so-khcn`.
pub(crate) fn reopen(id: u128, at: i64, text: &str) -> Performed {
    let reason = "số liệu sai".to_owned();
    performed(DEPARTMENTS[0], id, at, Act::ReportReopened { period: period(text), reason })
}

/// The key of a series of `so-khcn`.
pub(crate) fn key(indicator: &str, members: &str) -> SeriesKey {
    SeriesKey {
        department: DEPARTMENTS[0].to_owned(),
        indicator: indicator.to_owned(),
        members: members.to_owned(),
    }
}

/// A period by its text.
pub(crate) fn period(text: &str) -> ReportingPeriod {
    text.parse().unwrap()
}
