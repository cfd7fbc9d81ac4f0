//! What reads show.

use tiendo_shared::measurement::{SeriesKey, Value};
use tiendo_shared::wire::v1;
use v1::measurement::Content;

use super::samples::{
    DEPARTMENTS, approve, key, number, part, period, reopen, second, sent, submission,
    submission_of,
};
use super::{Shared, recorded};
use crate::store::{CombinedQuery, Series, SeriesQuery};

/// Who reports when, and what: indicator, period and value.
type Report = (usize, i64, &'static [(&'static str, &'static str, &'static str)]);

/// Period, value, revision and sequence of what is read.
type Told<'a> = &'a [(&'a str, i64, u32, u64)];

async fn read(store: &Shared, query: SeriesQuery) -> Vec<Series> {
    store.series(&query).await.unwrap()
}

fn keys(series: &[Series]) -> Vec<(&str, &str, &str)> {
    series
        .iter()
        .map(|Series { key, .. }| (&*key.department, &*key.indicator, &*key.members))
        .collect()
}

pub(crate) async fn a_read_as_of_an_instant_shows_what_was_known(store: &Shared) {
    let entries: [(i64, &[(&str, &str)]); 4] = [
        (10, &[("2023", "1"), ("2024", "1")]),
        (20, &[("2023", "2")]),
        (20, &[("2024", "2"), ("2022", "2")]),
        (30, &[("2023", "3"), ("2024", "3")]),
    ];
    for (id, (at, values)) in (1..).zip(entries) {
        let sent = values.iter().map(|(period, value)| number("population", period, value));
        store.append(submission(id, at, sent.collect())).await.unwrap();
    }
    let table: [(i64, Told<'_>); 5] = [
        (9, &[]),
        (10, &[("2023", 1, 0, 1), ("2024", 1, 0, 1)]),
        (19, &[("2023", 1, 0, 1), ("2024", 1, 0, 1)]),
        (20, &[("2022", 2, 0, 3), ("2023", 2, 1, 2), ("2024", 2, 1, 3)]),
        (99, &[("2022", 2, 0, 3), ("2023", 3, 2, 4), ("2024", 3, 2, 4)]),
    ];
    for (at, expect) in table {
        let query = SeriesQuery { as_of: Some(second(at)), ..Default::default() };
        let series = read(store, query).await;
        let told: Vec<_> = series
            .iter()
            .flat_map(|series| &series.measurements)
            .map(|known| (known.period, known.observation.value, known.revision, known.sequence))
            .collect();
        let expect: Vec<_> = expect
            .iter()
            .map(|(text, value, revision, sequence)| {
                (period(text), Value::Number((*value).into()), *revision, *sequence)
            })
            .collect();
        assert_eq!(told, expect, "as of {at}");
        let key = key("population", "");
        let revisions = store.revisions(&key, period("2023"), Some(second(at))).await.unwrap();
        let sequences: Vec<_> = revisions.iter().map(|revision| revision.sequence).collect();
        let known: &[u64] = match at {
            ..10 => &[],
            10..20 => &[1],
            20..30 => &[1, 2],
            30.. => &[1, 2, 4],
        };
        assert_eq!(sequences, known, "as of {at}");
    }
}

pub(crate) async fn the_province_combines_what_was_known(store: &Shared) {
    let told = async |together_with: Option<&str>, as_of: Option<i64>| {
        let query = CombinedQuery {
            indicator: "population".to_owned(),
            together_with: together_with.map(str::to_owned),
            as_of: as_of.map(second),
            approved_only: false,
        };
        let combined = store.combined(&query).await.unwrap();
        let told = combined.iter().map(|figure| {
            let value = figure.value.as_ref().unwrap().observation.value;
            (figure.period.to_string(), value, figure.lacking.clone())
        });
        told.collect::<Vec<_>>()
    };
    let figure = |period: &str, value: &str, lacking: &[usize]| {
        (period.to_owned(), Value::Number(value.parse().unwrap()), lacking.to_vec())
    };
    assert_eq!(told(None, None).await, []);
    let reports: [Report; 5] = [
        (0, 10, &[("population", "2023", "0.1"), ("population", "2024", "1")]),
        (1, 20, &[("population", "2023", "0.2"), ("share", "2023", "50")]),
        (2, 30, &[("population", "2023", "0.3")]),
        (0, 40, &[("population", "2023", "100"), ("share", "2023", "50")]),
        (1, 50, &[("population", "2022", "7")]),
    ];
    let known = |at: i64| match at {
        ..10 => vec![],
        10..20 => vec![figure("2023", "0.1", &[1, 2]), figure("2024", "1", &[1, 2])],
        20..30 => vec![figure("2023", "0.3", &[2]), figure("2024", "1", &[1, 2])],
        30..40 => vec![figure("2023", "0.6", &[]), figure("2024", "1", &[1, 2])],
        40..50 => vec![figure("2023", "100.5", &[]), figure("2024", "1", &[1, 2])],
        50.. => vec![
            figure("2022", "7", &[0, 2]),
            figure("2023", "100.5", &[]),
            figure("2024", "1", &[1, 2]),
        ],
    };
    for (id, (department, at, values)) in (1..).zip(reports) {
        let sent = values.iter().map(|(indicator, period, value)| number(indicator, period, value));
        let sent = submission_of(DEPARTMENTS[department], id, at, sent.collect());
        store.append(sent).await.unwrap();
        assert_eq!(told(None, None).await, known(at));
        for earlier in [9, 10, 25, 30, 45, at] {
            assert_eq!(told(None, Some(earlier)).await, known(earlier.min(at)), "at {earlier}");
        }
    }
    assert_eq!(told(Some("share"), None).await, [figure("2023", "100.2", &[2])]);
    assert_eq!(told(Some("share"), Some(30)).await, [figure("2023", "0.2", &[0, 2])]);
    assert_eq!(told(Some("nothing"), None).await, []);
    // Who says that the share does not apply stands on neither side, and lacks nothing.
    let apart = Content::Missing(v1::MissingReason::NotApplicable as i32);
    let apart = submission_of(DEPARTMENTS[2], 9, 60, vec![sent("share", "2023", apart)]);
    store.append(apart).await.unwrap();
    assert_eq!(told(Some("share"), None).await, [figure("2023", "100.2", &[])]);
}

pub(crate) async fn approved_figures_are_those_of_approved_reports(store: &Shared) {
    let sum = async |approved_only: bool, as_of: Option<i64>| {
        let indicator = "population".to_owned();
        let as_of = as_of.map(second);
        let query = CombinedQuery { indicator, together_with: None, as_of, approved_only };
        let combined = store.combined(&query).await.unwrap();
        let told = combined.iter().map(|figure| {
            let value = figure.value.as_ref().unwrap().observation.value;
            let Value::Number(value) = value else { panic!("{value:?}") };
            (figure.period.to_string(), value.to_string(), figure.lacking.len(), figure.unapproved)
        });
        told.collect::<Vec<_>>()
    };
    let figure = |period: &str, value: &str, lacking: usize, unapproved: usize| {
        (period.to_owned(), value.to_owned(), lacking, unapproved)
    };
    for (id, at, department, value) in [(1, 10, 0, "1"), (2, 20, 1, "2")] {
        let sent = vec![number("population", "2024", value)];
        store.append(submission_of(DEPARTMENTS[department], id, at, sent)).await.unwrap();
    }
    assert_eq!(sum(true, None).await, []);
    assert_eq!(sum(false, None).await, [figure("2024", "3", 1, 2)]);
    store.act(approve(3, 30, "2024")).await.unwrap();
    assert_eq!(sum(true, None).await, [figure("2024", "1", 2, 0)]);
    assert_eq!(sum(false, None).await, [figure("2024", "3", 1, 1)]);
    let approved = SeriesQuery { approved_only: true, ..SeriesQuery::default() };
    let [series] = &read(store, approved.clone()).await[..] else { panic!() };
    assert_eq!(series.key.department, DEPARTMENTS[0]);
    store.act(reopen(4, 40, "2024")).await.unwrap();
    assert_eq!(read(store, approved.clone()).await, []);
    assert_eq!(sum(true, None).await, []);
    let sent = vec![number("population", "2024", "5")];
    store.append(submission_of(DEPARTMENTS[0], 5, 50, sent)).await.unwrap();
    assert_eq!(sum(true, None).await, []);
    assert_eq!(sum(false, None).await, [figure("2024", "7", 1, 2)]);
    store.act(approve(6, 60, "2024")).await.unwrap();
    assert_eq!(sum(true, None).await, [figure("2024", "5", 2, 0)]);
    // What was known then is told with what was approved then.
    let known = [(29, None), (30, Some("1")), (40, None), (50, None), (60, Some("5"))];
    for (at, value) in known {
        let expect: Vec<_> = value.iter().map(|value| figure("2024", value, 2, 0)).collect();
        assert_eq!(sum(true, Some(at)).await, expect, "at {at}");
        let query = SeriesQuery { as_of: Some(second(at)), ..approved.clone() };
        assert_eq!(read(store, query).await.len(), expect.len(), "at {at}");
    }
}

pub(crate) async fn nothing_is_recorded_into_the_past_of_an_answer(store: &Shared) {
    let append = async |id: u128, at: i64| {
        let sent = submission(id, at, vec![number("population", "2024", &id.to_string())]);
        recorded(store.append(sent).await.unwrap()).received
    };
    let just_after = |at: i64| second(at) + jiff::SignedDuration::from_micros(1);
    assert_eq!(append(1, 10).await, second(10));
    assert_eq!(store.settle(None, second(50)).await.unwrap(), second(50));
    assert_eq!(append(2, 40).await, just_after(50), "it came earlier");
    assert_eq!(append(3, 60).await, second(60));
    // What was asked for of the past binds nobody, and the future nobody yet.
    assert_eq!(store.settle(Some(second(20)), second(61)).await.unwrap(), second(20));
    assert_eq!(append(4, 61).await, second(61));
    assert_eq!(store.settle(Some(second(900)), second(70)).await.unwrap(), second(900));
    assert_eq!(append(5, 65).await, just_after(70));
    // The clock is set back: everything is shown, and nobody waits for it to catch up.
    assert_eq!(append(6, 5_000).await, second(5_000));
    assert_eq!(store.settle(None, second(100)).await.unwrap(), second(5_000));
    let sent = submission_of(DEPARTMENTS[1], 1, 101, vec![number("population", "2024", "1")]);
    let other = recorded(store.append(sent).await.unwrap());
    assert_eq!(other.received, second(101));
}

pub(crate) async fn an_answer_of_now_shows_what_came_after_an_earlier_one(store: &Shared) {
    for (id, at) in [(1_u32, 0), (2, 10)] {
        let sent = vec![number("population", "2024", &id.to_string())];
        store.append(submission(id.into(), at, sent)).await.unwrap();
    }
    // Somebody asks about an instant between the two, and then about now.
    assert_eq!(store.settle(Some(second(5)), second(10)).await.unwrap(), second(5));
    let now = store.settle(None, second(10)).await.unwrap();
    assert!(now >= second(10), "{now}");
    let known = read(store, SeriesQuery { as_of: Some(now), ..Default::default() }).await;
    assert_eq!(known[0].measurements[0].observation.value, Value::Number(2.into()));
}

/// Stores the same series in two departments, in an order that is not that of the keys.
async fn store_series(store: &Shared) {
    for (id, department) in [(1, DEPARTMENTS[1]), (2, DEPARTMENTS[0])] {
        let sent = vec![
            part(&[("sex", "male")], "2024", "1"),
            part(&[], "2024", "2"),
            part(&[], "2023", "2"),
            number("share", "2024", "3"),
            part(&[("area", "rural")], "2024-Q1", "4"),
        ];
        store.append(submission_of(department, id, 1, sent)).await.unwrap();
    }
}

const STORED: [(&str, &str, &str); 8] = [
    ("so-khcn", "share", ""),
    ("so-khcn", "users", ""),
    ("so-khcn", "users", "area=rural"),
    ("so-khcn", "users", "sex=male"),
    ("so-tttt", "share", ""),
    ("so-tttt", "users", ""),
    ("so-tttt", "users", "area=rural"),
    ("so-tttt", "users", "sex=male"),
];

pub(crate) async fn series_are_ordered_by_key(store: &Shared) {
    store_series(store).await;
    let series = read(store, SeriesQuery::default()).await;
    assert_eq!(keys(&series), STORED);
    let periods: Vec<_> = series[1].measurements.iter().map(|known| known.period).collect();
    assert_eq!(periods, [period("2023"), period("2024")]);
}

pub(crate) async fn series_are_filtered(store: &Shared) {
    store_series(store).await;
    let some = |text: &str| Some(text.to_owned());
    let default = SeriesQuery::default;
    let table = [
        (SeriesQuery { department: some("so-tttt"), ..default() }, STORED[4..].to_vec()),
        (SeriesQuery { department: some("so-yt"), ..default() }, vec![]),
        (SeriesQuery { department: some("nobody"), ..default() }, vec![]),
        (SeriesQuery { indicator: some("share"), ..default() }, vec![STORED[0], STORED[4]]),
        (SeriesQuery { indicator: some("rank"), ..default() }, vec![]),
        (SeriesQuery { indicator: some("nonsense"), ..default() }, vec![]),
        (
            SeriesQuery { members: some(""), ..default() },
            vec![STORED[0], STORED[1], STORED[4], STORED[5]],
        ),
        (SeriesQuery { members: some("sex=male"), ..default() }, vec![STORED[3], STORED[7]]),
        (
            SeriesQuery {
                department: some("so-khcn"),
                indicator: some("users"),
                members: some("area=rural"),
                ..default()
            },
            vec![STORED[2]],
        ),
        (SeriesQuery { period: Some(period("2024-Q1")), ..default() }, vec![STORED[2], STORED[6]]),
        (SeriesQuery { period: Some(period("2023")), ..default() }, vec![STORED[1], STORED[5]]),
    ];
    for (query, expect) in table {
        let series = read(store, query.clone()).await;
        assert_eq!(keys(&series), expect, "{query:?}");
        if let Some(period) = query.period {
            let all = series.iter().flat_map(|series| &series.measurements);
            assert!(all.map(|known| known.period).eq(vec![period; expect.len()]));
        }
    }
}

pub(crate) async fn series_are_paged(store: &Shared) {
    store_series(store).await;
    for limit in [1, 3, 8, 100] {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let query = SeriesQuery { after, limit, ..Default::default() };
            let page = read(store, query).await;
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            found.extend(page);
        }
        assert_eq!(keys(&found), STORED, "limit {limit}");
    }
    // A key that does not exist is a place all the same; empty series take no place on a page.
    let between = SeriesKey { members: "b".to_owned(), ..key("users", "") };
    let query = SeriesQuery {
        after: Some(between),
        period: Some(period("2024-Q1")),
        limit: 1,
        ..Default::default()
    };
    assert_eq!(keys(&read(store, query).await), [STORED[6]]);
}

pub(crate) async fn revisions_of_an_unknown_key_are_none(store: &Shared) {
    store_series(store).await;
    let strange = SeriesKey { department: "nobody".to_owned(), ..key("users", "") };
    let table = [
        (key("users", ""), "2022"),
        (key("users", "sex=female"), "2024"),
        (key("rank", ""), "2024"),
        (key("nonsense", ""), "2024"),
        (strange, "2024"),
    ];
    for (key, text) in table {
        let revisions = store.revisions(&key, period(text), None).await.unwrap();
        assert_eq!(revisions, [], "{key:?}");
    }
}
