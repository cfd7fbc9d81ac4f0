//! What the server answers to a submission: item by item, and never more or less than was sent.

mod refused;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use tiendo_shared::wire::v1;
use v1::Outcome::{Accepted, Rejected, Revised, Unchanged};
use v1::RejectionReason as Reason;

use crate::harness::{
    Clients, Random, Server, adds_up, counts, group, level, missing, number, outcomes, random,
    rank, single, size, submission, trial, value, withdrawn,
};

/// What is known of a key, oldest first.
async fn revisions(clients: &Clients, indicator: &str, period: &str) -> Vec<v1::StoredMeasurement> {
    let request = v1::ListRevisionsRequest {
        department: trial::DEPARTMENT.to_owned(),
        indicator: indicator.to_owned(),
        period: period.to_owned(),
        ..v1::ListRevisionsRequest::default()
    };
    clients.status().list_revisions(request).await.unwrap().into_inner().revisions
}

async fn sequence(clients: &Clients) -> u64 {
    let request = v1::GetHeadRequest { department: trial::DEPARTMENT.to_owned() };
    clients.ledger().get_head(request).await.unwrap().get_ref().sequence
}

#[tokio::test]
async fn zero_missing_and_withdrawn_are_three_things() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let mut collection = clients.collection(trial::DEPARTMENT);
    let steps = [
        (number("ty-le", "0"), Accepted),
        (number("ty-le", "0.00"), Unchanged),
        (missing("ty-le", v1::MissingReason::NotYetAvailable), Revised),
        (missing("ty-le", v1::MissingReason::NotYetAvailable), Unchanged),
        (missing("ty-le", v1::MissingReason::NotCollected), Revised),
        (withdrawn("ty-le"), Revised),
        (withdrawn("ty-le"), Unchanged),
        (number("ty-le", "0"), Revised),
    ];
    for (step, expect) in steps {
        let answer = collection.submit_measurements(single("2024", step.clone())).await.unwrap();
        adds_up(1, answer.get_ref());
        assert_eq!(outcomes(answer.get_ref()), [expect], "{step:?}");
    }
    let known = revisions(&clients, "ty-le", "2024").await;
    let values: Vec<_> = known.iter().map(value).collect();
    assert_eq!(
        values,
        ["0", "MISSING_REASON_NOT_YET_AVAILABLE", "MISSING_REASON_NOT_COLLECTED", "withdrawn", "0"]
    );
    let numbers: Vec<_> = known.iter().map(|known| known.revision).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn every_kind_of_content_is_kept_as_it_was_sent() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let mut collection = clients.collection(trial::DEPARTMENT);
    let sent = submission([
        group(
            "2024",
            [
                number("ty-le", "81.2500000000000000000000001"),
                rank("thu-hang", "7", 63),
                level("muc", "kha"),
                level("muc-theo-hang", "cao"),
            ],
        ),
        group("2024-S1", [level("cot-moc", "in-progress")]),
        group("2024-09", [number("so-luong", "-1234567890123456789012345678")]),
        v1::MeasurementGroup {
            indicator: "so-luong".to_owned(),
            status: v1::ObservationStatus::Provisional as i32,
            ..group("2024-Q3", [number("", "-0.0000000000000000000000000001")])
        },
        group("2023", [rank("muc-theo-hang", "40", 63)]),
    ]);
    let answer = collection.submit_measurements(sent.clone()).await.unwrap().into_inner();
    adds_up(size(&sent), &answer);
    assert_eq!(counts(&answer), [8, 0, 0, 0], "{:?}", answer.rejections);
    for (indicator, period, expect) in [
        ("ty-le", "2024", "81.2500000000000000000000001"),
        ("thu-hang", "2024", "7"),
        ("muc", "2024", "kha"),
        ("muc-theo-hang", "2024", "cao"),
        ("cot-moc", "2024-S1", "in-progress"),
        ("so-luong", "2024-09", "-1234567890123456789012345678"),
        ("so-luong", "2024-Q3", "-0.0000000000000000000000000001"),
        ("muc-theo-hang", "2023", "40"),
    ] {
        let known = revisions(&clients, indicator, period).await;
        assert_eq!(known.iter().map(value).collect::<Vec<_>>(), [expect], "{indicator} {period}");
        let status = if period == "2024-Q3" { "PROVISIONAL" } else { "FINAL" };
        assert!(known[0].status().as_str_name().ends_with(status), "{indicator} {period}");
    }
    let ranked = revisions(&clients, "thu-hang", "2024").await;
    assert_eq!(ranked[0].ranked_among, Some(63));
    assert_eq!(
        (ranked[0].edition.as_str(), ranked[0].territory.as_str()),
        ("ky-moi", "dia-gioi-moi")
    );
}

#[tokio::test]
async fn a_bad_measurement_never_blocks_a_good_one() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let mut collection = clients.collection(trial::DEPARTMENT);
    let sent = submission([
        group("2024", [number("ty-le", "x"), number("ty-le", "40"), number("ty-le", "41")]),
        group("nonsense", [number("ty-le", "42")]),
        group("2023", [number("khong-co", "1"), number("ty-le", "39")]),
    ]);
    let answer = collection.submit_measurements(sent.clone()).await.unwrap().into_inner();
    adds_up(size(&sent), &answer);
    assert_eq!(outcomes(&answer), [Rejected, Accepted, Rejected, Rejected, Rejected, Accepted]);
    let reasons: Vec<_> = answer.rejections.iter().map(v1::Rejection::reason).collect();
    assert_eq!(
        reasons,
        [
            Reason::NumberForm,
            Reason::DuplicateInSubmission,
            Reason::PeriodForm,
            Reason::UnknownIndicator
        ]
    );
    assert_eq!(value(&revisions(&clients, "ty-le", "2024").await[0]), "40");
}

#[tokio::test]
async fn a_large_change_has_to_be_confirmed() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let mut collection = clients.collection(trial::DEPARTMENT);
    let mut send = async |period, measurement| {
        let answer = collection.submit_measurements(single(period, measurement)).await.unwrap();
        outcomes(answer.get_ref())[0]
    };
    assert_eq!(send("2022", number("ty-le", "40")).await, Accepted);
    assert_eq!(send("2023", number("ty-le", "50")).await, Accepted, "a change of 10 is believed");
    assert_eq!(send("2024", number("ty-le", "60.1")).await, Rejected);
    let confirmed = v1::Measurement { confirmed: true, ..number("ty-le", "60.1") };
    assert_eq!(send("2024", confirmed).await, Accepted);
    let broken =
        v1::Measurement { status: v1::ObservationStatus::Break as i32, ..number("ty-le", "10") };
    assert_eq!(send("2025", broken).await, Accepted, "a break in series may jump");
}

#[tokio::test]
async fn a_changed_remark_is_a_revision() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let mut collection = clients.collection(trial::DEPARTMENT);
    let with =
        |comment: &str| v1::Measurement { comment: comment.to_owned(), ..number("ty-le", "40") };
    for (comment, expect) in
        [("", Accepted), ("ước tính", Revised), ("ước tính", Unchanged), ("", Revised)]
    {
        let answer = collection.submit_measurements(single("2024", with(comment))).await.unwrap();
        assert_eq!(outcomes(answer.get_ref()), [expect], "{comment}");
    }
    let comments: Vec<_> =
        revisions(&clients, "ty-le", "2024").await.into_iter().map(|known| known.comment).collect();
    assert_eq!(comments, ["", "ước tính", ""]);
}

#[tokio::test]
async fn validate_only_answers_and_stores_nothing() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let mut collection = clients.collection(trial::DEPARTMENT);
    collection.submit_measurements(single("2023", number("ty-le", "40"))).await.unwrap();
    let mut sent = submission([
        group("2023", [number("ty-le", "40")]),
        group("2024", [number("ty-le", "45"), number("ty-le", "x")]),
    ]);
    sent.validate_only = true;
    for _ in 0..2 {
        let answer = collection.submit_measurements(sent.clone()).await.unwrap().into_inner();
        adds_up(3, &answer);
        assert_eq!(outcomes(&answer), [Unchanged, Accepted, Rejected]);
        assert!(answer.receipt.is_none(), "nothing was stored");
        assert!(answer.server_time.is_some());
    }
    assert_eq!(sequence(&clients).await, 1);
    assert!(revisions(&clients, "ty-le", "2024").await.is_empty());
    // The id is not used up either, for any content.
    let real = v1::SubmitMeasurementsRequest {
        submission_id: sent.submission_id,
        ..single("2024", number("ty-le", "46"))
    };
    let answer = collection.submit_measurements(real).await.unwrap().into_inner();
    assert_eq!((outcomes(&answer), answer.receipt.unwrap().duplicate), (vec![Accepted], false));
}

#[tokio::test]
async fn all_or_nothing_stores_all_or_nothing() {
    use v1::RejectionReason::{NumberForm, OthersRejected};
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let mut collection = clients.collection(trial::DEPARTMENT);
    let mut sent = submission([group(
        "2024",
        [number("ty-le", "40"), number("so-luong", "1,5"), level("muc", "kha")],
    )]);
    sent.all_or_nothing = true;
    let answer = collection.submit_measurements(sent.clone()).await.unwrap().into_inner();
    adds_up(3, &answer);
    assert_eq!(counts(&answer), [0, 0, 0, 3]);
    let reasons: Vec<_> = answer.rejections.iter().map(v1::Rejection::reason).collect();
    assert_eq!(reasons, [OthersRejected, NumberForm, OthersRejected]);
    assert!(answer.receipt.is_none());
    assert_eq!(sequence(&clients).await, 0);

    // Mended, the same id is taken: nothing was remembered of the first try.
    sent.groups[0].measurements[1] = number("so-luong", "1.5");
    let answer = collection.submit_measurements(sent).await.unwrap().into_inner();
    adds_up(3, &answer);
    assert_eq!(counts(&answer), [3, 0, 0, 0]);
    assert_eq!(sequence(&clients).await, 1);
}

/// Any mixture is answered item by item as a model of the rules says, and adds up.
#[tokio::test]
async fn any_mixture_adds_up() {
    const SUBMISSIONS: usize = 150;
    let mut random = random("any_mixture_adds_up");
    let mut server = Server::start_with(trial::options()).await;
    let mut collection = server.collection(trial::DEPARTMENT).await;
    let mut model = Model::default();
    for turn in 0..SUBMISSIONS {
        let mut sent = submission((0..random.usize(1..5)).map(|_| mixed(&mut random)));
        sent.validate_only = random.u8(..8) == 0;
        sent.all_or_nothing = random.u8(..6) == 0;
        let expect = model.expect(&sent);
        let answer = collection.submit_measurements(sent.clone()).await.unwrap().into_inner();
        adds_up(size(&sent), &answer);
        assert_eq!(outcomes(&answer), expect, "{sent:?}");
        let kept_back = sent.all_or_nothing && expect.contains(&Rejected);
        let stored = !sent.validate_only && !kept_back;
        assert_eq!(answer.receipt.is_some(), stored);
        if turn % 60 == 59 {
            server.kill9().await;
            server.start_again().await;
            collection = server.collection(trial::DEPARTMENT).await;
        }
    }
}

fn mixed(random: &mut Random) -> v1::MeasurementGroup {
    let period = format!("20{:02}", 10 + random.u8(..4));
    let items = (0..random.usize(1..12)).map(|_| match random.u8(..8) {
        0 => number("ty-le", "12,5"),
        1 => number("khong-co", "1"),
        2 => missing("so-luong", v1::MissingReason::NotCollected),
        3 => level("muc", ["yeu", "kha", "tot"][random.usize(..3)]),
        _ => number("so-luong", &random.u8(..4).to_string()),
    });
    group(&period, items.collect::<Vec<_>>())
}

/// What the rules of `measurement.proto` say of the mixtures above.
#[derive(Debug, Default)]
struct Model {
    known: BTreeMap<(String, String), String>,
}

impl Model {
    fn expect(&mut self, sent: &v1::SubmitMeasurementsRequest) -> Vec<v1::Outcome> {
        let mut known = self.known.clone();
        let mut seen = BTreeSet::new();
        let mut outcomes = Vec::new();
        for group in &sent.groups {
            for measurement in &group.measurements {
                let key = (measurement.indicator.clone(), group.period.clone());
                let content = format!("{:?}", measurement.content);
                let is_bad = measurement.indicator == "khong-co" || content.contains(',');
                outcomes.push(if is_bad || !seen.insert(key.clone()) {
                    Rejected
                } else {
                    match known.insert(key, content.clone()) {
                        None => Accepted,
                        Some(before) if before == content => Unchanged,
                        Some(_) => Revised,
                    }
                });
            }
        }
        if sent.all_or_nothing && outcomes.contains(&Rejected) {
            return vec![Rejected; outcomes.len()];
        }
        if !sent.validate_only {
            self.known = known;
        }
        outcomes
    }
}
