//! What becomes of measurements that are refused, and of those beside them.

use tiendo_shared::submission::{Counts, Outcome, Reason, Rejection};
use tiendo_shared::wire::v1;
use tiendo_shared::wire::v1::measurement::Content;

use super::samples::{Sent, change, confirmed, key, number, period, sent, submission};
use super::{Shared, not_recorded, recorded};
use crate::store::{SeriesQuery, Submission};

fn reasons(rejections: &[Rejection]) -> Vec<(u32, Reason)> {
    rejections.iter().map(|rejection| (rejection.index, rejection.reason)).collect()
}

fn all_or_nothing(submission: Submission) -> Submission {
    Submission { all_or_nothing: true, ..submission }
}

pub(crate) async fn good_items_are_taken_beside_refused_ones(store: &Shared) {
    let old = vec![number("population", "2023", "9"), number("population", "2022", "8")];
    store.append(submission(1, 1, old)).await.unwrap();
    let mixture = vec![
        number("population", "2024", "12,5"),
        number("population", "2024", "10"),
        number("population", "2023", "9.5"),
        number("nonsense", "2024", "1"),
        number("population", "2022", "8"),
        number("population", "2024", "11"),
        sent("population", "2019", Content::Withdrawn(true)),
    ];
    let recorded = recorded(store.append(submission(2, 2, mixture)).await.unwrap());
    assert_eq!(
        Counts::of(&recorded.outcomes),
        Counts { accepted: 1, revised: 1, unchanged: 1, rejected: 4 }
    );
    assert_eq!(
        reasons(&recorded.rejections),
        [
            (0, Reason::NumberForm),
            (3, Reason::UnknownIndicator),
            (5, Reason::DuplicateInSubmission),
            (6, Reason::NothingToWithdraw),
        ]
    );
    let again = store.recorded("so-khcn", recorded.id).await.unwrap();
    assert_eq!(again, Some(recorded));
    let [series] = &store.series(&SeriesQuery::default()).await.unwrap()[..] else { panic!() };
    assert_eq!(series.measurements.len(), 3);
}

pub(crate) async fn a_submission_of_refused_items_alone_is_recorded(store: &Shared) {
    let sent = vec![number("population", "2024", "NaN")];
    let recorded = recorded(store.append(submission(1, 1, sent)).await.unwrap());
    assert_eq!(recorded.outcomes, [Outcome::Rejected]);
    assert_eq!(store.head("so-khcn").await.unwrap(), (1, recorded.link.entry_hash));
    assert_eq!(store.series(&SeriesQuery::default()).await.unwrap(), []);
}

pub(crate) async fn nothing_to_withdraw_is_refused(store: &Shared) {
    store.append(submission(1, 1, vec![number("population", "2024", "1")])).await.unwrap();
    let withdrawn = vec![sent("population", "2023", Content::Withdrawn(true))];
    let recorded = recorded(store.append(submission(2, 2, withdrawn)).await.unwrap());
    assert_eq!(reasons(&recorded.rejections), [(0, Reason::NothingToWithdraw)]);
}

pub(crate) async fn an_implausible_change_needs_confirmation(store: &Shared) {
    let share = |period: &str, value: &str| number("share", period, value);
    let broken = change(share("2024", "50"), |measurement| {
        measurement.status = v1::ObservationStatus::Break.into();
    });
    let refused = [Some(Reason::ImplausibleChange), None];
    let table: [(Sent, Option<Reason>); 7] = [
        (share("2020", "10"), None),
        (share("2021", "30"), None),
        (share("2022", "50.01"), refused[0]),
        (confirmed(share("2022", "50.01")), None),
        (share("2023", "80"), refused[0]),
        (broken, refused[1]),
        // A revision is measured from the period before, not from what it replaces.
        (share("2021", "30.5"), refused[0]),
    ];
    for (id, (sent, expect)) in (1..).zip(table) {
        let told = format!("{sent:?}");
        let at = i64::try_from(id).unwrap();
        let recorded = recorded(store.append(submission(id, at, vec![sent])).await.unwrap());
        let reason = recorded.rejections.first().map(|rejection| rejection.reason);
        assert_eq!(reason, expect, "{told}");
    }
}

pub(crate) async fn a_change_is_measured_from_the_latest_number_of_its_frequency(store: &Shared) {
    let share = |period: &str, value: &str| number("share", period, value);
    let missing = Content::Missing(v1::MissingReason::NotCollected.into());
    let table = [
        (share("2020", "10"), Outcome::Accepted),
        // The first quarter of a series of years is not compared with a year.
        (share("2020-Q1", "90"), Outcome::Accepted),
        (sent("share", "2021", missing), Outcome::Accepted),
        (confirmed(share("2022", "100")), Outcome::Accepted),
        (sent("share", "2022", Content::Withdrawn(true)), Outcome::Revised),
        // 2020 is the latest number before; 2021 is missing and 2022 withdrawn.
        (share("2023", "31"), Outcome::Rejected),
        (share("2023", "30"), Outcome::Accepted),
        // Later periods do not matter.
        (share("2019", "99"), Outcome::Accepted),
        (share("2021-Q1", "111"), Outcome::Rejected),
        (share("2021-Q1", "110"), Outcome::Accepted),
    ];
    for (id, (sent, expect)) in (1..).zip(table) {
        let told = format!("{sent:?}");
        let at = i64::try_from(id).unwrap();
        let recorded = recorded(store.append(submission(id, at, vec![sent])).await.unwrap());
        assert_eq!(recorded.outcomes, [expect], "{told}");
    }
}

pub(crate) async fn items_are_decided_by_earlier_entries_alone(store: &Shared) {
    let sent = vec![number("share", "2023", "10"), number("share", "2024", "90")];
    let recorded = recorded(store.append(submission(1, 1, sent)).await.unwrap());
    assert_eq!(recorded.outcomes, [Outcome::Accepted; 2]);
}

pub(crate) async fn all_or_nothing_records_nothing_if_one_is_refused(store: &Shared) {
    store.append(submission(1, 1, vec![number("population", "2023", "9")])).await.unwrap();
    let before = store.head("so-khcn").await.unwrap();
    let sent = vec![
        number("population", "2024", "10"),
        number("population", "2024", "12,5"),
        number("population", "2023", "9"),
        sent("population", "2022", Content::Withdrawn(true)),
    ];
    let refused = all_or_nothing(submission(2, 2, sent));
    for _ in 0..2 {
        let (outcomes, rejections) = not_recorded(store.append(refused.clone()).await.unwrap());
        assert_eq!(outcomes, [Outcome::Rejected; 4]);
        assert_eq!(
            reasons(&rejections),
            [
                (0, Reason::OthersRejected),
                (1, Reason::NumberForm),
                (2, Reason::OthersRejected),
                (3, Reason::NothingToWithdraw),
            ]
        );
    }
    assert_eq!(store.head("so-khcn").await.unwrap(), before);
    assert_eq!(store.recorded("so-khcn", refused.id).await.unwrap(), None);
    // The id was not used up.
    let other = submission(2, 3, vec![number("population", "2024", "11")]);
    assert_eq!(recorded(store.append(other).await.unwrap()).link.sequence, 2);
}

pub(crate) async fn all_or_nothing_records_all_if_none_is_refused(store: &Shared) {
    let sent = vec![number("population", "2023", "9"), number("population", "2024", "10")];
    let recorded = recorded(store.append(all_or_nothing(submission(1, 1, sent))).await.unwrap());
    assert_eq!(recorded.outcomes, [Outcome::Accepted; 2]);
}

pub(crate) async fn a_rehearsal_leaves_no_trace(store: &Shared) {
    store.append(submission(1, 1, vec![number("population", "2023", "9")])).await.unwrap();
    let before = store.head("so-khcn").await.unwrap();
    let mixture = submission(
        2,
        2,
        vec![
            number("population", "2023", "9"),
            number("population", "2024", "10"),
            number("population", "2025", "ten"),
        ],
    );
    let (outcomes, rejections) = not_recorded(store.rehearse(mixture.clone()).await.unwrap());
    assert_eq!(outcomes, [Outcome::Unchanged, Outcome::Accepted, Outcome::Rejected]);
    assert_eq!(reasons(&rejections), [(2, Reason::NumberForm)]);
    let strict = all_or_nothing(mixture.clone());
    let (strict, _) = not_recorded(store.rehearse(strict).await.unwrap());
    assert_eq!(strict, [Outcome::Rejected; 3]);

    let stranger = super::samples::submission_of("so-yt", 3, 3, vec![]);
    not_recorded(store.rehearse(stranger).await.unwrap());
    assert_eq!(store.head("so-khcn").await.unwrap(), before);
    assert_eq!(store.recorded("so-khcn", mixture.id).await.unwrap(), None);
    let key = key("population", "");
    assert_eq!(store.revisions(&key, period("2024"), None).await.unwrap(), []);

    let recorded = recorded(store.append(mixture).await.unwrap());
    assert_eq!((recorded.outcomes, recorded.rejections), (outcomes, rejections));
}
