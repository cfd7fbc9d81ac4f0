//! Random operations, and whether an engine agrees with the model after them.
//!
//! `TIENDO_MODEL_CASES` raises the number of cases; a failure prints its seed.

use std::fmt;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tiendo_shared::act::Act;
use tiendo_shared::department::PROVINCE;
use tiendo_shared::measurement::SeriesKey;
use tiendo_shared::wire::v1;
use tiendo_shared::wire::v1::measurement::Content;

use super::samples::{DEPARTMENTS, Sent, change, performed, second, sent, submission_of};
use crate::store::memory::MemoryStore;
use crate::store::{CombinedQuery, Error, Performed, SeriesQuery, Store, Submission};

#[derive(Clone)]
pub(crate) enum Step {
    Append(Submission),
    Rehearse(Submission),
    Act(Performed),
    /// Sends an earlier submission again.
    Again(prop::sample::Index),
    Checkpoint,
    Close,
    /// The process dies and the system lives.
    Kill,
    /// Drops the store in order but not closed.
    Drop,
    Compare(i64),
}

/// Short enough to be read when a case fails.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, submission) = match self {
            Self::Append(submission) => ("Append", submission),
            Self::Rehearse(submission) => ("Rehearse", submission),
            Self::Act(performed) => return write!(f, "Act {performed:?}"),
            Self::Again(_) => return f.write_str("Again"),
            Self::Checkpoint => return f.write_str("Checkpoint"),
            Self::Close => return f.write_str("Close"),
            Self::Kill => return f.write_str("Kill"),
            Self::Drop => return f.write_str("Drop"),
            Self::Compare(at) => return write!(f, "Compare({at})"),
        };
        let Submission { department, id, received, items, all_or_nothing, .. } = submission;
        write!(f, "{name} {department} {id} {received} {all_or_nothing} {items:?}")
    }
}

fn item() -> impl Strategy<Value = Sent> {
    let indicator = prop_oneof![
        4 => Just("population"), 4 => Just("share"), 4 => Just("users"),
        2 => Just("rank"), 2 => Just("level"), 1 => Just("nonsense"),
    ];
    let period = prop_oneof![
        8 => (2020..2026).prop_map(|year: i32| year.to_string()),
        3 => (1..5).prop_map(|quarter: i32| format!("2024-Q{quarter}")),
        3 => (1..13).prop_map(|month: i32| format!("2025-{month:02}")),
        1 => Just("2025-13".to_owned()),
    ];
    let number = prop_oneof![
        10 => (0..60).prop_map(|number: i32| number.to_string()),
        2 => Just("-0.0000000000000000000000000001".to_owned()),
        2 => (0..3).prop_map(|digit: i32| format!("{digit}888888888888888888888")),
        1 => Just("12,5".to_owned()),
    ];
    let content = prop_oneof![
        12 => number.prop_map(Content::Value),
        2 => Just(Content::Level("kha".to_owned())),
        1 => (0..5).prop_map(Content::Missing),
        2 => Just(Content::Withdrawn(true)),
    ];
    let members = prop_oneof![
        3 => Just(vec![]),
        1 => Just(vec![("sex", "female")]),
        1 => Just(vec![("area", "urban"), ("sex", "male")]),
    ];
    let comment = prop_oneof![5 => Just(""), 1 => Just("sơ bộ"), 1 => Just("chính thức")];
    let confirmed = prop::bool::weighted(0.3);
    (indicator, period, content, members, comment, option::of(5_u32..9), confirmed, 0..5).prop_map(
        |(indicator, period, content, members, comment, ranked_among, confirmed, status)| {
            change(sent(indicator, &period, content), |measurement| {
                let member = |(dimension, member): (&str, &str)| v1::DimensionMember {
                    dimension: dimension.to_owned(),
                    member: member.to_owned(),
                };
                if indicator == "users" {
                    measurement.dimensions = members.into_iter().map(member).collect();
                }
                if indicator == "rank" {
                    measurement.ranked_among = ranked_among;
                }
                measurement.comment = comment.to_owned();
                measurement.confirmed = confirmed;
                measurement.status = status;
            })
        },
    )
}

fn submission() -> impl Strategy<Value = Submission> {
    let strict = prop::bool::weighted(0.2);
    let first = prop::option::weighted(0.2, 0_i64..100);
    (0..DEPARTMENTS.len(), 1_u128..60, 0_i64..100, vec(item(), 0..12), strict, first).prop_map(
        |(department, id, at, groups, all_or_nothing, first)| Submission {
            all_or_nothing,
            first_received: first.map(second),
            ..submission_of(DEPARTMENTS[department], id, at, groups)
        },
    )
}

fn act() -> impl Strategy<Value = Performed> {
    let year = (2020..2026).prop_map(|year: i32| year.to_string().parse().unwrap());
    (0..DEPARTMENTS.len(), 1_u128..80, 0_i64..100, year, 0..4).prop_map(
        |(department, id, at, period, kind)| {
            let reason = "lý do".to_owned();
            let act = match kind {
                0 => Act::ReportApproved { period },
                1 => Act::ReportReturned { period, reason },
                2 => Act::ReportReopened { period, reason },
                _ => Act::TokenCreated {
                    token: id.to_string(),
                    role: "agent".to_owned(),
                    department: String::new(),
                    agent: String::new(),
                    expires: second(at),
                },
            };
            let chain = if kind < 3 { DEPARTMENTS[department] } else { PROVINCE };
            performed(chain, id, at, act)
        },
    )
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => submission().prop_map(Step::Append),
        3 => submission().prop_map(Step::Rehearse),
        8 => act().prop_map(Step::Act),
        3 => any::<prop::sample::Index>().prop_map(Step::Again),
        2 => Just(Step::Checkpoint),
        1 => Just(Step::Close),
        2 => Just(Step::Kill),
        1 => Just(Step::Drop),
        2 => (0_i64..110).prop_map(Step::Compare),
    ]
}

pub(crate) fn text<T: std::fmt::Debug>(answer: &Result<T, Error>) -> String {
    format!("{answer:?}")
}

pub(crate) async fn append(model: &MemoryStore, store: &dyn Store, submission: &Submission) {
    let expect = model.append(submission.clone()).await;
    let answer = store.append(submission.clone()).await;
    assert_eq!(text(&answer), text(&expect));
}

/// Everything that can be read, now and as of an instant.
pub(crate) async fn compare(model: &MemoryStore, store: &dyn Store, at: i64) {
    for department in DEPARTMENTS.into_iter().chain([PROVINCE]) {
        let acts = model.acts(department, 3, 5).await.unwrap();
        assert_eq!(store.acts(department, 3, 5).await.unwrap(), acts);
        let head = model.head(department).await.unwrap();
        assert_eq!(store.head(department).await.unwrap(), head);
        let entries = model.entries(department, 1, usize::MAX).await.unwrap();
        assert_eq!(store.entries(department, 1, usize::MAX).await.unwrap(), entries);
        for entry in entries {
            let recorded = store.recorded(department, entry.recorded.id).await.unwrap();
            assert_eq!(recorded, Some(entry.recorded));
        }
    }
    for as_of in [None, Some(second(at))] {
        for department in [None, Some(DEPARTMENTS[1])] {
            let reports = model.reports(department, as_of).await.unwrap();
            assert_eq!(store.reports(department, as_of).await.unwrap(), reports);
        }
        let approved = SeriesQuery { as_of, approved_only: true, ..SeriesQuery::default() };
        let expect = model.series(&approved).await.unwrap();
        assert_eq!(store.series(&approved).await.unwrap(), expect);
        let query = SeriesQuery { as_of, ..SeriesQuery::default() };
        let series = model.series(&query).await.unwrap();
        assert_eq!(store.series(&query).await.unwrap(), series);
        let keys: Vec<SeriesKey> = series.iter().map(|series| series.key.clone()).collect();
        for series in series {
            for known in series.measurements {
                let expect = model.revisions(&series.key, known.period, as_of).await.unwrap();
                let answer = store.revisions(&series.key, known.period, as_of).await.unwrap();
                assert_eq!(answer, expect);
            }
        }
        for (indicator, other) in
            [("population", None), ("share", Some("population")), ("rank", None), ("users", None)]
        {
            let (indicator, together_with) = (indicator.to_owned(), other.map(str::to_owned));
            for approved_only in [false, true] {
                let (indicator, together_with) = (indicator.clone(), together_with.clone());
                let query = CombinedQuery { indicator, together_with, as_of, approved_only };
                let expect = model.combined(&query).await.unwrap();
                assert_eq!(store.combined(&query).await.unwrap(), expect, "{query:?}");
            }
        }
        let after = keys.get(keys.len() / 2).cloned();
        let page = SeriesQuery { after, limit: 2, ..query };
        assert_eq!(store.series(&page).await.unwrap(), model.series(&page).await.unwrap());
    }
}

pub(crate) fn cases() -> u32 {
    std::env::var("TIENDO_MODEL_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(24)
}
