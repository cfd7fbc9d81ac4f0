//! Acts, and the reports they move.

use tiendo_shared::act::Act;
use tiendo_shared::department::PROVINCE;
use tiendo_shared::review::{Refused, State};
use tiendo_shared::submission::{Outcome, Reason, Recorded};
use tiendo_shared::wire::EntryKind;

use super::samples::{
    approve, number, performed, period, reopen, second, send_back, submission, submission_of,
};
use super::{Shared, not_recorded, recorded};
use crate::store::{Error, Performed};

/// Performs an act that has to fit.
async fn act(store: &Shared, performed: Performed) -> Recorded {
    store.act(performed).await.unwrap()
}

/// What becomes of one number of `so-khcn` for a period.
async fn send(store: &Shared, id: u128, at: i64, text: &str, value: &str) -> Recorded {
    let sent = vec![number("population", text, value)];
    recorded(store.append(submission(id, at, sent)).await.unwrap())
}

/// State and sequence of every move of a report of `so-khcn`.
async fn moves(store: &Shared, text: &str, at: Option<i64>) -> Vec<(State, u64)> {
    let reports = store.reports(Some("so-khcn"), at.map(second)).await.unwrap();
    let report = reports.into_iter().find(|report| report.period == period(text));
    let moves = report.into_iter().flat_map(|report| report.moves);
    moves.map(|moved| (moved.state, moved.sequence)).collect()
}

pub(crate) async fn an_act_is_an_entry_of_its_chain(store: &Shared) {
    let first = send(store, 1, 1, "2024", "10").await;
    let done = act(store, approve(2, 5, "2024")).await;
    assert_eq!((done.link.sequence, done.received), (2, second(5)));
    assert_eq!(done.link.previous_hash, first.link.entry_hash);
    assert_eq!(done.outcomes, []);
    assert_eq!(store.head("so-khcn").await.unwrap(), (2, done.link.entry_hash));
    assert_eq!(store.recorded("so-khcn", done.id).await.unwrap(), Some(done.clone()));
    let [sent, acted] = &store.entries("so-khcn", 1, 9).await.unwrap()[..] else { panic!() };
    assert_eq!((sent.kind, acted.kind), (EntryKind::Submission, EntryKind::Act));
    assert_eq!(acted.verify(), Ok(()));
    assert_eq!((&acted.recorded, &*acted.agent), (&done, "reviewer-1"));
    assert_eq!(acted.act(), Ok(Some(Act::ReportApproved { period: period("2024") })));
    let next = send(store, 3, 9, "2023", "9").await;
    assert_eq!(next.link.previous_hash, done.link.entry_hash);
}

pub(crate) async fn acts_of_administrators_have_a_chain(store: &Shared) {
    for (id, new) in [(1, "2"), (2, "3")] {
        let replaced =
            Act::CatalogueReplaced { old: "1".to_owned(), new: new.to_owned(), hash: [7; 32] };
        let done = act(store, performed(PROVINCE, id, 1, replaced)).await;
        assert_eq!(u128::from(done.link.sequence), id);
    }
    assert_eq!(store.acts(PROVINCE, 1, 9).await.unwrap().len(), 2);
    assert_eq!(store.reports(Some(PROVINCE), None).await.unwrap(), []);
}

pub(crate) async fn acts_are_listed_without_what_stands_between(store: &Shared) {
    for (id, year) in (1..).step_by(2).zip(2015..2020) {
        let year = year.to_string();
        send(store, id, 1, &year, "1").await;
        act(store, approve(id + 1, 1, &year)).await;
    }
    let table: [(u64, usize, &[u64]); 6] = [
        (0, 2, &[2, 4]),
        (2, 9, &[2, 4, 6, 8, 10]),
        (5, 2, &[6, 8]),
        (10, 9, &[10]),
        (11, 9, &[]),
        (u64::MAX, 9, &[]),
    ];
    for (from, limit, expect) in table {
        let acts = store.acts("so-khcn", from, limit).await.unwrap();
        let found: Vec<_> = acts.iter().map(|entry| entry.recorded.link.sequence).collect();
        assert_eq!(found, expect, "from {from}");
        assert!(acts.iter().all(|entry| entry.kind == EntryKind::Act));
    }
    assert_eq!(store.acts("so-yt", 1, 9).await.unwrap(), []);
}

pub(crate) async fn the_same_act_again_is_recorded_once(store: &Shared) {
    send(store, 1, 1, "2024", "10").await;
    let first = act(store, approve(2, 2, "2024")).await;
    let again = Performed { at: second(9), by: "reviewer-2".to_owned(), ..approve(2, 2, "2024") };
    assert_eq!(act(store, again).await, first);
    for other in [approve(2, 2, "2023"), reopen(1, 2, "2024")] {
        let id = other.id;
        let answer = store.act(other).await;
        assert!(matches!(answer, Err(Error::ContentDiffers(same)) if same == id), "{answer:?}");
    }
    let late = submission(2, 3, vec![number("population", "2023", "1")]);
    let answer = store.append(late).await;
    assert!(matches!(answer, Err(Error::ContentDiffers(_))), "{answer:?}");
    assert_eq!(store.head("so-khcn").await.unwrap().0, 2);
}

pub(crate) async fn a_report_moves_as_its_review_goes(store: &Shared) {
    use State::{Approved, Received, Reopened, Returned};
    send(store, 1, 10, "2024", "10").await;
    send(store, 2, 20, "2024", "11").await;
    act(store, send_back(3, 30, "2024")).await;
    send(store, 4, 40, "2024", "11").await;
    act(store, approve(5, 50, "2024")).await;
    act(store, reopen(6, 60, "2024")).await;
    act(store, approve(7, 70, "2024")).await;
    let all =
        [(Received, 1), (Returned, 3), (Received, 4), (Approved, 5), (Reopened, 6), (Approved, 7)];
    assert_eq!(moves(store, "2024", None).await, all);
    for (at, known) in [(9, 0), (10, 1), (29, 1), (30, 2), (49, 3), (50, 4), (69, 5), (70, 6)] {
        assert_eq!(moves(store, "2024", Some(at)).await, all[..known], "at {at}");
    }
    assert_eq!(moves(store, "2023", None).await, []);
    let [report] = &store.reports(None, None).await.unwrap()[..] else { panic!() };
    assert_eq!((&*report.department, report.state()), ("so-khcn", Approved));
    assert_eq!(report.moves[1].at, second(30));
}

pub(crate) async fn an_act_that_does_not_fit_its_report_is_refused(store: &Shared) {
    let refused = async |performed: Performed, state: State| {
        let answer = store.act(performed).await;
        let Err(Error::Review(refused)) = answer else { panic!("{answer:?}") };
        let Refused { department, period: of, .. } = &refused;
        assert_eq!((&**department, *of, refused.state), ("so-khcn", period("2024"), state));
    };
    for early in [approve(1, 1, "2024"), send_back(1, 1, "2024"), reopen(1, 1, "2024")] {
        refused(early, State::Missing).await;
    }
    send(store, 1, 1, "2024", "10").await;
    refused(reopen(2, 2, "2024"), State::Received).await;
    act(store, send_back(2, 2, "2024")).await;
    refused(approve(3, 3, "2024"), State::Returned).await;
    send(store, 3, 3, "2024", "11").await;
    act(store, approve(4, 4, "2024")).await;
    refused(approve(5, 5, "2024"), State::Approved).await;
    refused(send_back(5, 5, "2024"), State::Approved).await;
    assert_eq!(store.head("so-khcn").await.unwrap().0, 4);
}

pub(crate) async fn an_act_that_was_overtaken_is_not_recorded(store: &Shared) {
    send(store, 1, 1, "2024", "10").await;
    for after in [0, 2] {
        let early = Performed { only_after: Some(after), ..approve(2, 2, "2024") };
        let answer = store.act(early).await;
        assert!(matches!(answer, Err(Error::Overtaken(_))), "{answer:?}");
    }
    let done = Performed { only_after: Some(1), ..approve(2, 2, "2024") };
    let first = act(store, done.clone()).await;
    assert_eq!(first.link.sequence, 2);
    assert_eq!(act(store, done).await, first, "again, though the chain went on");
}

pub(crate) async fn an_approved_period_is_locked(store: &Shared) {
    send(store, 1, 1, "2024", "10").await;
    act(store, approve(2, 2, "2024")).await;
    let rows = || {
        vec![
            number("population", "2024", "11"),
            number("population", "2023", "9"),
            number("share", "2024", "1"),
            number("population", "2024-Q1", "3"),
        ]
    };
    let tried = not_recorded(store.rehearse(submission(3, 3, rows())).await.unwrap());
    let kept = recorded(store.append(submission(3, 3, rows())).await.unwrap());
    assert_eq!(tried, (kept.outcomes.clone(), kept.rejections.clone()));
    let reasons: Vec<_> = kept.rejections.iter().map(|it| (it.index, it.reason)).collect();
    assert_eq!(reasons, [(0, Reason::PeriodApproved), (2, Reason::PeriodApproved)]);
    // The same figure is no news, and none is taken.
    let same = send(store, 4, 4, "2024", "10").await;
    assert_eq!(same.outcomes, [Outcome::Rejected]);
    // Another department's report of the period is its own.
    let sent = vec![number("population", "2024", "5")];
    let other = recorded(store.append(submission_of("so-yt", 1, 4, sent)).await.unwrap());
    assert_eq!(other.outcomes, [Outcome::Accepted]);
    act(store, reopen(5, 5, "2024")).await;
    assert_eq!(send(store, 6, 6, "2024", "11").await.outcomes, [Outcome::Revised]);
    assert_eq!(moves(store, "2024", None).await.last(), Some(&(State::Received, 6)));
}

pub(crate) async fn refused_rows_do_not_move_a_report(store: &Shared) {
    send(store, 1, 1, "2024", "x").await;
    assert_eq!(moves(store, "2024", None).await, []);
    let both = vec![number("population", "2024", "x"), number("population", "2023", "1")];
    store.append(submission(2, 2, both)).await.unwrap();
    assert_eq!(moves(store, "2024", None).await, []);
    assert_eq!(moves(store, "2023", None).await, [(State::Received, 2)]);
    act(store, send_back(3, 3, "2023")).await;
    // To say the same again is an answer to what was sent back.
    send(store, 4, 4, "2023", "1").await;
    assert_eq!(moves(store, "2023", None).await.last(), Some(&(State::Received, 4)));
}

pub(crate) async fn approval_and_rows_never_pass_each_other(store: &Shared) {
    for round in 0..20_u128 {
        let (id, year) = (round * 3 + 1, (2000 + round).to_string());
        send(store, id, 1, &year, "1").await;
        let sent = vec![number("population", &year, "2")];
        let (rows, approval) = tokio::join!(
            store.append(submission(id + 1, 2, sent)),
            store.act(approve(id + 2, 2, &year))
        );
        let (rows, approval) = (recorded(rows.unwrap()), approval.unwrap());
        let expect = if rows.link.sequence < approval.link.sequence {
            Outcome::Revised
        } else {
            Outcome::Rejected
        };
        assert_eq!(rows.outcomes, [expect]);
    }
}
