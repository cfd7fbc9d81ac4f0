//! The measurements behind the statuses: now, at an instant, with all their revisions.

use prost_types::Timestamp;
use tiendo_shared::wire::v1;
use tonic::Code;

use crate::harness::{
    Clients, Server, failure, group, number, of_members, single, submission, trial, value,
};

async fn list(
    clients: &Clients,
    request: v1::ListMeasurementsRequest,
) -> Vec<v1::StoredMeasurement> {
    let mut all = Vec::new();
    let mut request = request;
    loop {
        let page = clients.status().list_measurements(request.clone()).await.unwrap().into_inner();
        if !page.next_page_token.is_empty() && request.page_size > 0 {
            assert_eq!(page.measurements.len(), request.page_size as usize, "pages are full");
        }
        all.extend(page.measurements);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return all;
        }
    }
}

fn revisions_of(period: &str) -> v1::ListRevisionsRequest {
    v1::ListRevisionsRequest {
        department: trial::DEPARTMENT.to_owned(),
        indicator: "so-luong".to_owned(),
        period: period.to_owned(),
        ..v1::ListRevisionsRequest::default()
    }
}

/// Two departments, three dimensions' worth of keys, some months.
async fn filled(clients: &Clients) -> usize {
    let months = (1..=6).map(|month| format!("2024-{month:02}"));
    let mut count = 0;
    for (n, month) in months.enumerate() {
        let keys: [&[(&str, &str)]; 4] = [
            &[],
            &[("sex", "female")],
            &[("commune", "xa-007")],
            &[("commune", "xa-007"), ("sex", "male")],
        ];
        let items = keys.map(|members| of_members(number("so-luong", &n.to_string()), members));
        for department in [trial::DEPARTMENT, "so-hai"] {
            let sent = submission([group(&month, items.clone())]);
            let answer = clients.collection(department).submit_measurements(sent).await.unwrap();
            count += answer.get_ref().counts.unwrap().accepted as usize;
        }
    }
    count
}

#[tokio::test]
async fn pages_of_any_size_list_everything_once_in_order() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let count = filled(&clients).await;
    let whole = list(&clients, v1::ListMeasurementsRequest::default()).await;
    assert_eq!((whole.len(), count), (48, 48));
    let key = |known: &v1::StoredMeasurement| {
        let members: Vec<_> =
            known.dimensions.iter().map(|m| format!("{}={}", m.dimension, m.member)).collect();
        (known.department.clone(), known.indicator.clone(), members.join(","), known.period.clone())
    };
    assert!(whole.is_sorted_by_key(key), "by department, indicator, dimensions and period");
    for page_size in [1, 5, 6, 7, 47, 48, 1_000] {
        let paged =
            list(&clients, v1::ListMeasurementsRequest { page_size, ..Default::default() }).await;
        assert_eq!(paged, whole, "pages of {page_size}");
    }
    let of_department = v1::ListMeasurementsRequest {
        department: "so-hai".to_owned(),
        page_size: 5,
        ..Default::default()
    };
    let chosen = list(&clients, of_department).await;
    assert_eq!(chosen.len(), 24);
    assert!(chosen.iter().all(|known| known.department == "so-hai"));
    let of_period = v1::ListMeasurementsRequest {
        period: "2024-03".to_owned(),
        indicator: "so-luong".to_owned(),
        page_size: 3,
        ..Default::default()
    };
    let chosen = list(&clients, of_period).await;
    assert_eq!(chosen.len(), 8);
    assert!(chosen.iter().all(|known| known.period == "2024-03" && value(known) == "2"));
    // Members are told in the catalogue's order, however they were sent.
    let both = whole.iter().find(|known| known.dimensions.len() == 2).unwrap();
    assert_eq!(key(both).2, "sex=male,commune=xa-007");
}

#[tokio::test]
async fn revisions_come_back_with_their_remarks_and_as_of() {
    let mut server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let mut collection = clients.collection(trial::DEPARTMENT);
    let mut instants: Vec<Option<Timestamp>> = Vec::new();
    for n in 0..7 {
        let measurement = v1::Measurement {
            comment: format!("lần thứ {n}"),
            evidence: format!("https://angiang.gov.vn/{n}"),
            ..number("so-luong", &n.to_string())
        };
        let answer = collection.submit_measurements(single("2024-09", measurement)).await.unwrap();
        instants.push(answer.into_inner().receipt.unwrap().received_at);
    }
    for kill in [false, true] {
        if kill {
            server.kill9().await;
            server.start_again().await;
        }
        let clients = server.clients().await;
        let ask =
            async |request| clients.status().list_revisions(request).await.unwrap().into_inner();
        let whole = ask(revisions_of("2024-09")).await.revisions;
        assert_eq!(whole.len(), 7);
        for (n, known) in whole.iter().enumerate() {
            assert_eq!((value(known), known.revision as usize), (n.to_string(), n));
            assert_eq!(known.comment, format!("lần thứ {n}"));
            assert_eq!(known.evidence, format!("https://angiang.gov.vn/{n}"));
            assert_eq!((known.received_at, known.sequence), (instants[n], n as u64 + 1));
        }
        let mut paged = Vec::new();
        let mut request = v1::ListRevisionsRequest { page_size: 3, ..revisions_of("2024-09") };
        loop {
            let page = ask(request.clone()).await;
            paged.extend(page.revisions);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        assert_eq!(paged, whole);
        for (n, as_of) in instants.iter().enumerate() {
            let request = v1::ListRevisionsRequest { as_of: *as_of, ..revisions_of("2024-09") };
            assert_eq!(ask(request).await.revisions, whole[..=n], "as of {n}");
            let request = v1::ListMeasurementsRequest { as_of: *as_of, ..Default::default() };
            assert_eq!(list(&clients, request).await, whole[n..=n], "as of {n}");
        }
        let long_ago = Some(Timestamp { seconds: 0, nanos: 0 });
        let request = v1::ListMeasurementsRequest { as_of: long_ago, ..Default::default() };
        assert!(list(&clients, request).await.is_empty());
        assert!(ask(revisions_of("2024-10")).await.revisions.is_empty());
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_by_field() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    filled(&clients).await;
    let page = v1::ListMeasurementsRequest { page_size: 1, ..Default::default() };
    let foreign =
        clients.status().list_measurements(page).await.unwrap().into_inner().next_page_token;
    let measurements = |change: fn(&mut v1::ListMeasurementsRequest)| {
        let mut request = v1::ListMeasurementsRequest::default();
        change(&mut request);
        request
    };
    for (request, reason) in [
        (measurements(|ask| ask.department = "x".repeat(500_000)), "UNKNOWN_DEPARTMENT"),
        (measurements(|ask| ask.indicator = "khong-co".to_owned()), "UNKNOWN_INDICATOR"),
        (measurements(|ask| ask.period = "2024-13".to_owned()), "PERIOD_FORM"),
        (measurements(|ask| ask.page_token = "!".to_owned()), "PAGE_TOKEN"),
        (measurements(|ask| ask.page_token = "Mg".to_owned()), "PAGE_TOKEN"),
        (
            measurements(|ask| ask.as_of = Some(Timestamp { seconds: i64::MAX, nanos: 0 })),
            "INSTANT_FORM",
        ),
    ] {
        let failed = failure(clients.status().list_measurements(request).await);
        assert_eq!(failed, (Code::InvalidArgument, reason.to_owned()));
    }
    let unknown_member = v1::ListRevisionsRequest {
        dimensions: vec![v1::DimensionMember {
            dimension: "sex".to_owned(),
            member: "nam".to_owned(),
        }],
        ..revisions_of("2024-01")
    };
    let of_other_list = v1::ListRevisionsRequest { page_token: foreign, ..revisions_of("2024-01") };
    for (request, reason) in [
        (v1::ListRevisionsRequest::default(), "UNKNOWN_DEPARTMENT"),
        (
            v1::ListRevisionsRequest { indicator: String::new(), ..revisions_of("2024-01") },
            "UNKNOWN_INDICATOR",
        ),
        (revisions_of(""), "PERIOD_FORM"),
        (unknown_member, "UNKNOWN_DIMENSION"),
        (of_other_list, "PAGE_TOKEN"),
    ] {
        let failed = failure(clients.status().list_revisions(request).await);
        assert_eq!(failed, (Code::InvalidArgument, reason.to_owned()));
    }
}
