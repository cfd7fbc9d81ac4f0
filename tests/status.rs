//! Where each target of the plan stands, from the figures that were published and no others.

use std::collections::BTreeMap;

use prost_types::Timestamp;
use tiendo_shared::wire::v1;
use tonic::Code;
use v1::Verdict::{AtRisk, NoData, NotAssessable, OffTrack, OnTrack};

use crate::harness::published::{DEPARTMENT, FIGURES, published};
use crate::harness::{Clients, Server, counts, failure, group, number, submission, value};

/// Statements of the plan, task groups included.
const TARGETS: usize = 54;

async fn list(
    clients: &Clients,
    request: v1::ListTargetStatusesRequest,
) -> v1::ListTargetStatusesResponse {
    clients.status().list_target_statuses(request).await.unwrap().into_inner()
}

async fn get(
    clients: &Clients,
    target: &str,
    as_of: Option<Timestamp>,
) -> v1::GetTargetStatusResponse {
    let request =
        v1::GetTargetStatusRequest { target: target.to_owned(), as_of, ..Default::default() };
    clients.status().get_target_status(request).await.unwrap().into_inner()
}

/// A server with the shipped catalogue that was sent the published figures.
async fn with_published() -> (Server, Clients) {
    let server = Server::start().await;
    let clients = server.clients().await;
    let mut collection = clients.collection(DEPARTMENT);
    let answer = collection.submit_measurements(published()).await.unwrap().into_inner();
    assert_eq!(counts(&answer), [11, 0, 0, 0], "{:?}", answer.rejections);
    (server, clients)
}

fn near(found: Option<f64>, expect: f64) {
    let found = found.expect("a number");
    assert!((found - expect).abs() < 5e-4 * expect.abs().max(1.0), "{found}, not {expect}");
}

#[tokio::test]
async fn the_board_of_the_published_figures() {
    let (_server, clients) = with_published().await;
    let board = list(&clients, v1::ListTargetStatusesRequest::default()).await;
    assert_eq!(board.statuses.len(), TARGETS);
    let expect = BTreeMap::from([
        ("A05", NotAssessable),
        ("A07", AtRisk),
        ("B01", OffTrack),
        ("B03", OnTrack),
    ]);
    for status in &board.statuses {
        let verdict = expect.get(status.target.as_str()).copied().unwrap_or(NoData);
        assert_eq!(status.verdict(), verdict, "{status:?}");
        let explanation = status.explanation.as_ref().expect("every verdict is explained");
        assert!(!explanation.method.is_empty(), "{status:?}");
        assert!(!status.promise.as_ref().unwrap().vi.is_empty(), "{status:?}");
        assert!(!status.name.as_ref().unwrap().en.is_empty(), "{status:?}");
    }
    // In the plan's order: A01 … A35, B01 … B12, T1 … T7.
    let ids: Vec<String> = board.statuses.iter().map(|status| status.target.clone()).collect();
    let plan = (1..=35).map(|n| format!("A{n:02}"));
    let plan =
        plan.chain((1..=12).map(|n| format!("B{n:02}"))).chain((1..=7).map(|n| format!("T{n}")));
    assert_eq!(ids, plan.collect::<Vec<_>>());
    counts_add_up(&board);
}

fn counts_add_up(board: &v1::ListTargetStatusesResponse) {
    let total: u32 = board.counts.iter().map(|count| count.count).sum();
    assert_eq!(total as usize, TARGETS, "{:?}", board.counts);
    let of = |verdict| {
        board.counts.iter().find(|count| count.verdict() == verdict).map_or(0, |count| count.count)
    };
    assert_eq!((of(NoData), of(AtRisk), of(NotAssessable)), (50, 1, 1));
}

#[tokio::test]
async fn the_digital_economy_has_its_published_pace() {
    let (_server, clients) = with_published().await;
    let answer = get(&clients, "A07", None).await;
    let status = answer.status.unwrap();
    assert_eq!((status.verdict(), status.department.as_str()), (AtRisk, DEPARTMENT));
    let explanation = status.explanation.unwrap();
    assert_eq!(explanation.method, "ratio");
    near(explanation.observed_pace, 13.447);
    near(explanation.required_pace, 20.956);
    near(explanation.progress, 0.6417);
    near(explanation.score, 0.298);
    assert_eq!(explanation.gap, "-14.01");
    // 5.99 × 1.13447^6, at two decimals.
    assert_eq!(explanation.projected, "12.77");
    let of =
        |known: Option<v1::PeriodValue>| known.map(|known| (known.period, known.value)).unwrap();
    assert_eq!(of(explanation.base), ("2023".to_owned(), "5.28".to_owned()));
    assert_eq!(of(explanation.current), ("2024".to_owned(), "5.99".to_owned()));
    // The figures came from the one submission, and the series stands beside the verdict.
    assert!(!explanation.sources.is_empty());
    for source in &explanation.sources {
        assert_eq!((source.department.as_str(), source.sequence), (DEPARTMENT, 1));
    }
    let history: Vec<_> =
        answer.history.iter().map(|known| (known.period.as_str(), value(known))).collect();
    assert_eq!(history, [("2023", "5.28".to_owned()), ("2024", "5.99".to_owned())]);
}

#[tokio::test]
async fn income_stands_below_its_reference_with_the_gap() {
    use v1::StatusFlag::{Provisional, Stale};
    let (_server, clients) = with_published().await;
    let status = get(&clients, "B01", None).await.status.unwrap();
    let flags: Vec<_> = status.flags().collect();
    assert!(flags.contains(&Provisional) && flags.contains(&Stale), "{flags:?}");
    let explanation = status.explanation.unwrap();
    assert_eq!(explanation.gap, "-140", "2 909 against 3 049 in 2016");
    assert_eq!(explanation.current.unwrap().period, "2016");
    let reference = explanation.reference.unwrap();
    assert_eq!((reference.period.as_str(), reference.value.as_str()), ("2016", "3049"));
    // The relative gap went from 68/1387 in 2010 to 140/3049 in 2016; on a straight line
    // to zero in 2045 it should have closed faster.
    near(explanation.progress, (68.0 / 1387.0 - 140.0 / 3049.0) / 6.0 / (68.0 / 1387.0 / 35.0));
}

#[tokio::test]
async fn one_point_is_not_assessable_and_says_so() {
    let (_server, clients) = with_published().await;
    let status = get(&clients, "A05", None).await.status.unwrap();
    assert_eq!(status.verdict(), NotAssessable);
    assert!(status.reason.contains("only one usable value"), "{}", status.reason);
    let current = status.explanation.unwrap().current.unwrap();
    assert_eq!((current.period.as_str(), current.value.as_str()), ("2022", "53.8"));
}

#[tokio::test]
async fn filters_choose_and_pages_cover() {
    let (_server, clients) = with_published().await;
    let horizon = |horizon| v1::ListTargetStatusesRequest { horizon, ..Default::default() };
    let length = async |request| list(&clients, request).await.statuses.len();
    assert_eq!(length(horizon(2030)).await, 35 + 7);
    assert_eq!(length(horizon(2045)).await, 12);
    assert_eq!(length(horizon(1999)).await, 0);
    let of_verdicts = |verdicts: &[v1::Verdict]| v1::ListTargetStatusesRequest {
        verdicts: verdicts.iter().map(|verdict| *verdict as i32).collect(),
        ..Default::default()
    };
    let chosen = list(&clients, of_verdicts(&[AtRisk, OffTrack])).await;
    let ids: Vec<_> = chosen.statuses.iter().map(|status| status.target.as_str()).collect();
    assert_eq!(ids, ["A07", "B01"]);
    let of_department =
        v1::ListTargetStatusesRequest { department: "so-y-te".to_owned(), ..Default::default() };
    let chosen = list(&clients, of_department).await;
    assert!(!chosen.statuses.is_empty());
    assert!(chosen.statuses.iter().all(|status| status.department == "so-y-te"));

    let mut request = v1::ListTargetStatusesRequest { page_size: 20, ..Default::default() };
    let mut pages = Vec::new();
    let mut ids = Vec::new();
    loop {
        let page = list(&clients, request.clone()).await;
        counts_add_up(&page);
        pages.push(page.statuses.len());
        ids.extend(page.statuses.into_iter().map(|status| status.target));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(pages, [20, 20, 14]);
    ids.dedup();
    assert_eq!(ids.len(), TARGETS);
}

#[tokio::test]
async fn what_is_not_there_is_refused_by_name() {
    let server = Server::start().await;
    let clients = server.clients().await;
    let mut status = clients.status();
    let department = v1::ListTargetStatusesRequest {
        department: "so-khong-co".to_owned(),
        ..Default::default()
    };
    let verdict = v1::ListTargetStatusesRequest { verdicts: vec![99], ..Default::default() };
    let token =
        v1::ListTargetStatusesRequest { page_token: "abc".to_owned(), ..Default::default() };
    for (request, reason) in
        [(department, "UNKNOWN_DEPARTMENT"), (verdict, "UNKNOWN_VERDICT"), (token, "PAGE_TOKEN")]
    {
        let failed = failure(status.list_target_statuses(request).await);
        assert_eq!(failed, (Code::InvalidArgument, reason.to_owned()));
    }
    let request = v1::GetTargetStatusRequest { target: "Z99".to_owned(), ..Default::default() };
    let failed = failure(status.get_target_status(request).await);
    assert_eq!(failed, (Code::NotFound, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn as_of_an_instant_the_answer_is_what_was_said_then() {
    let mut server = Server::start().await;
    let clients = server.clients().await;
    let before = list(&clients, v1::ListTargetStatusesRequest::default()).await.as_of;
    let mut collection = clients.collection(DEPARTMENT);
    let answer = collection.submit_measurements(published()).await.unwrap();
    let first = answer.into_inner().receipt.unwrap().received_at;
    // The share of 2024 is revised upwards: fast enough now.
    let revised = v1::MeasurementGroup {
        territory: "an-giang-old".to_owned(),
        ..group("2024", [number("digital-economy-share", "6.5")])
    };
    let answer = collection.submit_measurements(submission([revised])).await.unwrap().into_inner();
    assert_eq!(counts(&answer), [0, 1, 0, 0]);
    for _ in 0..2 {
        let clients = server.clients().await;
        for (as_of, verdict, current) in
            [(before, NoData, None), (first, AtRisk, Some("5.99")), (None, OnTrack, Some("6.5"))]
        {
            let answer = get(&clients, "A07", as_of).await;
            let status = answer.status.unwrap();
            assert_eq!(status.verdict(), verdict, "as of {as_of:?}");
            let found = status.explanation.unwrap().current.map(|current| current.value);
            assert_eq!(found.as_deref(), current, "as of {as_of:?}");
            assert_eq!(answer.history.len(), if current.is_some() { 2 } else { 0 });
            let board =
                list(&clients, v1::ListTargetStatusesRequest { as_of, ..Default::default() }).await;
            let listed = board.statuses.iter().find(|status| status.target == "A07").unwrap();
            assert_eq!(listed.verdict(), verdict);
            assert!(as_of.is_none() || board.as_of == as_of);
        }
        // The past does not change by a restart.
        server.restart().await;
    }
    assert_eq!(FIGURES.len(), 11);
}
