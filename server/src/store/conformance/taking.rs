//! What becomes of good measurements.

use rust_decimal::Decimal;
use tiendo_shared::measurement::{Measurement, MissingReason, ObservationStatus, Value};
use tiendo_shared::submission::{Counts, NO_HASH, Outcome};
use tiendo_shared::wire::v1;
use tiendo_shared::wire::v1::measurement::Content;

use super::samples::{
    Sent, change, confirmed, key, number, part, period, second, sent, submission,
};
use super::{Shared, recorded};
use crate::store::SeriesQuery;

/// The measurements of one series, all periods.
async fn all(store: &Shared, indicator: &str, members: &str) -> Vec<Measurement> {
    let query = SeriesQuery {
        indicator: Some(indicator.to_owned()),
        members: Some(members.to_owned()),
        ..Default::default()
    };
    let series = store.series(&query).await.unwrap();
    assert!(series.len() <= 1, "{series:?}");
    series.into_iter().flat_map(|series| series.measurements).collect()
}

async fn values(store: &Shared, indicator: &str) -> Vec<(String, Value, u32)> {
    let all = all(store, indicator, "").await.into_iter();
    all.map(|known| (known.period.to_string(), known.observation.value, known.revision)).collect()
}

fn decimal(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

async fn outcomes(store: &Shared, id: u128, sent: Vec<Sent>) -> Vec<Outcome> {
    let at = i64::try_from(id).unwrap();
    recorded(store.append(submission(id, at, sent)).await.unwrap()).outcomes
}

pub(crate) async fn a_first_value_is_accepted(store: &Shared) {
    let sent = vec![number("population", "2024", "10"), number("share", "2024-Q1", "0")];
    let recorded = recorded(store.append(submission(1, 5, sent)).await.unwrap());
    assert_eq!(Counts::of(&recorded.outcomes), Counts { accepted: 2, ..Counts::default() });
    assert_eq!(recorded.rejections, []);
    assert_eq!((recorded.link.sequence, recorded.link.previous_hash), (1, NO_HASH));
    assert_eq!(recorded.link.department, "so-khcn");
    assert_eq!(recorded.received, second(5));

    let [known] = all(store, "population", "").await[..] else { panic!() };
    assert_eq!(known.period, period("2024"));
    assert_eq!(known.observation.value, decimal("10"));
    assert_eq!((known.revision, known.sequence, known.received), (0, 1, second(5)));
    assert_eq!(values(store, "share").await, [("2024-Q1".to_owned(), decimal("0"), 0)]);
}

pub(crate) async fn a_later_value_revises_and_the_earlier_is_kept(store: &Shared) {
    for (id, value) in [(1, "10"), (2, "11"), (3, "12")] {
        let sent = vec![number("population", "2023", value), number("population", "2024", value)];
        let expect = if id == 1 { Outcome::Accepted } else { Outcome::Revised };
        assert_eq!(outcomes(store, id, sent).await, [expect; 2]);
    }
    assert_eq!(
        values(store, "population").await,
        [("2023".to_owned(), decimal("12"), 2), ("2024".to_owned(), decimal("12"), 2)]
    );
    let key = key("population", "");
    let revisions = store.revisions(&key, period("2023"), None).await.unwrap();
    let told: Vec<_> = revisions
        .iter()
        .map(|it| (it.observation.value, it.revision, it.sequence, it.received))
        .collect();
    assert_eq!(
        told,
        [
            (decimal("10"), 0, 1, second(1)),
            (decimal("11"), 1, 2, second(2)),
            (decimal("12"), 2, 3, second(3)),
        ]
    );
}

pub(crate) async fn an_equal_value_changes_nothing(store: &Shared) {
    assert_eq!(
        outcomes(store, 1, vec![number("population", "2024", "10")]).await,
        [Outcome::Accepted]
    );
    for (id, value) in [(2, "10"), (3, "10.00"), (4, "010")] {
        assert_eq!(
            outcomes(store, id, vec![number("population", "2024", value)]).await,
            [Outcome::Unchanged],
            "{value}"
        );
    }
    let [known] = all(store, "population", "").await[..] else { panic!() };
    assert_eq!((known.revision, known.sequence, known.received), (0, 1, second(1)));
    let key = key("population", "");
    assert_eq!(store.revisions(&key, period("2024"), None).await.unwrap(), [known]);
    assert_eq!(store.head("so-khcn").await.unwrap().0, 4);
}

pub(crate) async fn a_withdrawn_value_stays_and_may_come_back(store: &Shared) {
    let value = |value| vec![number("population", "2024", value)];
    let withdrawn = || vec![sent("population", "2024", Content::Withdrawn(true))];
    assert_eq!(outcomes(store, 1, value("10")).await, [Outcome::Accepted]);
    assert_eq!(outcomes(store, 2, withdrawn()).await, [Outcome::Revised]);
    assert_eq!(values(store, "population").await, [("2024".to_owned(), Value::Withdrawn, 1)]);
    assert_eq!(outcomes(store, 3, withdrawn()).await, [Outcome::Unchanged]);
    assert_eq!(outcomes(store, 4, value("10")).await, [Outcome::Revised]);
    assert_eq!(values(store, "population").await, [("2024".to_owned(), decimal("10"), 2)]);
}

pub(crate) async fn missing_is_neither_zero_nor_withdrawn(store: &Shared) {
    let missing = |reason: v1::MissingReason| {
        vec![sent("population", "2024", Content::Missing(reason.into()))]
    };
    let confidential = missing(v1::MissingReason::Confidential);
    assert_eq!(outcomes(store, 1, confidential.clone()).await, [Outcome::Accepted]);
    assert_eq!(outcomes(store, 2, confidential).await, [Outcome::Unchanged]);
    let later = missing(v1::MissingReason::NotYetAvailable);
    assert_eq!(outcomes(store, 3, later).await, [Outcome::Revised]);
    assert_eq!(
        values(store, "population").await,
        [("2024".to_owned(), Value::Missing(MissingReason::NotYetAvailable), 1)]
    );
    let zero = vec![number("population", "2024", "0")];
    assert_eq!(outcomes(store, 4, zero).await, [Outcome::Revised]);
    assert_eq!(values(store, "population").await, [("2024".to_owned(), decimal("0"), 2)]);
}

pub(crate) async fn observations_read_back_exactly(store: &Shared) {
    let years = 2000..;
    for (year, value) in years.clone().zip(EXACT) {
        let sent = vec![number("population", &year.to_string(), value)];
        let id = u128::try_from(year).unwrap();
        assert_eq!(outcomes(store, id, sent).await, [Outcome::Accepted], "{value}");
    }
    let read: Vec<_> = all(store, "population", "").await;
    let read = read.iter().map(|known| known.observation.value);
    assert!(read.eq(EXACT.map(decimal)));

    let rank = change(number("rank", "2024", "5"), |it| it.ranked_among = Some(63));
    let level = sent("level", "2024", Content::Level("kha".to_owned()));
    let milestone = sent("milestone", "2024", Content::Level("done".to_owned()));
    let share = change(number("share", "2024", "1.5"), |measurement| {
        measurement.status = v1::ObservationStatus::Estimated.into();
        measurement.comment = "ước tính".to_owned();
    });
    let share = Sent { territory: "before-2025".to_owned(), ..share };
    let rank = Sent { edition: "2021".to_owned(), ..rank };
    outcomes(store, 1, vec![rank, level, milestone, share]).await;
    let [rank] = all(store, "rank", "").await[..] else { panic!() };
    assert_eq!(rank.observation.ranked_among, Some(63));
    assert_eq!((rank.observation.edition, rank.observation.value), (0, decimal("5")));
    assert_eq!(values(store, "level").await[0].1, Value::Level(2));
    assert_eq!(values(store, "milestone").await[0].1, Value::Level(2));
    let [share] = all(store, "share", "").await[..] else { panic!() };
    assert_eq!(share.observation.status, ObservationStatus::Estimated);
    assert_eq!((share.observation.territory, share.observation.edition), (0, 0));
    assert_ne!(share.observation.notes, 0);
}

/// Numbers at the limits of what any engine might pack them into.
const EXACT: [&str; 9] = [
    "0",
    "-0.0000000000000000000000000001",
    "9999999999999999999999999999",
    "-9999999999999999999999999999",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "81.25",
];

pub(crate) async fn a_comment_alone_revises(store: &Shared) {
    let commented = |comment: &str| {
        let comment = comment.to_owned();
        vec![change(number("population", "2024", "10"), |it| it.comment = comment)]
    };
    assert_eq!(outcomes(store, 1, commented("")).await, [Outcome::Accepted]);
    assert_eq!(outcomes(store, 2, commented("sơ bộ")).await, [Outcome::Revised]);
    assert_eq!(outcomes(store, 3, commented("sơ bộ")).await, [Outcome::Unchanged]);
}

pub(crate) async fn members_have_series_of_their_own(store: &Shared) {
    let female = [("sex", "female")];
    let urban_female = [("area", "urban"), ("sex", "female")];
    let sent =
        vec![part(&[], "2024", "4"), part(&female, "2024", "3"), part(&urban_female, "2024", "2")];
    assert_eq!(outcomes(store, 1, sent).await, [Outcome::Accepted; 3]);
    let sent = vec![part(&female, "2024", "30"), part(&urban_female, "2024", "2")];
    assert_eq!(outcomes(store, 2, sent).await, [Outcome::Revised, Outcome::Unchanged]);
    for (members, value) in [("", 4), ("sex=female", 30), ("sex=female,area=urban", 2)] {
        let [known] = all(store, "users", members).await[..] else { panic!("{members}") };
        assert_eq!(known.observation.value, Value::Number(Decimal::from(value)), "{members}");
    }
}

pub(crate) async fn receipt_times_never_run_backwards(store: &Shared) {
    let mut told = Vec::new();
    for (id, at, value) in [(1, 50, "1"), (2, 20, "2"), (3, 50, "3"), (4, 60, "4")] {
        let sent = vec![confirmed(number("population", "2024", value))];
        told.push(recorded(store.append(submission(id, at, sent)).await.unwrap()).received);
    }
    assert_eq!(told, [50, 50, 50, 60].map(second));
    let revisions = store.revisions(&key("population", ""), period("2024"), None).await.unwrap();
    assert!(revisions.iter().map(|revision| revision.received).eq(told));
}
