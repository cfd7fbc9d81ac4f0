//! What the catalogue tells callers: the whole plan, evaluable, with where it comes from.

use std::collections::BTreeSet;

use tiendo_shared::wire::v1;
use tonic::Code;

use crate::harness::{Clients, Server, failure, is_postgres};

async fn targets(clients: &Clients, horizon: u32) -> Vec<v1::Target> {
    let request = v1::ListTargetsRequest { horizon, page_size: 1_000, ..Default::default() };
    clients.catalogue().list_targets(request).await.unwrap().into_inner().targets
}

#[tokio::test]
async fn the_whole_plan_is_in_the_shipped_catalogue() {
    let server = Server::start().await;
    let clients = server.clients().await;
    let all = targets(&clients, 0).await;
    let ids: BTreeSet<_> = all.iter().map(|target| target.id.as_str()).collect();
    assert_eq!((all.len(), ids.len()), (54, 54));
    assert_eq!(
        (targets(&clients, 2030).await.len(), targets(&clients, 2045).await.len()),
        (42, 12)
    );
    for target in &all {
        assert!(!target.bullet.is_empty(), "{} names its bullet", target.id);
        for text in [&target.name, &target.promise] {
            let text = text.as_ref().unwrap();
            assert!(!text.vi.is_empty() && !text.en.is_empty(), "{} is bilingual", target.id);
        }
        let request = v1::GetIndicatorRequest { id: target.indicator.clone() };
        let found = clients.catalogue().get_indicator(request).await.unwrap().into_inner();
        let indicator = found.indicator.unwrap();
        assert!(!indicator.owner.is_empty() && !indicator.unit.is_empty(), "{indicator:?}");
    }
    let share = all.iter().find(|target| target.id == "A07").unwrap();
    assert_eq!(share.promise.as_ref().unwrap().en, "≥ 20 %");
    let series: BTreeSet<_> = all.iter().map(|target| target.indicator.as_str()).collect();
    assert!(series.len() < all.len(), "A06 and B02 judge the same series");
}

#[tokio::test]
async fn indicators_and_departments_are_listed_by_id() {
    let server = Server::start().await;
    let clients = server.clients().await;
    let mut catalogue = clients.catalogue();
    let mut request = v1::ListIndicatorsRequest { page_size: 9, ..Default::default() };
    let mut ids = Vec::new();
    loop {
        let page = catalogue.list_indicators(request.clone()).await.unwrap().into_inner();
        assert!(!page.catalogue_version.is_empty());
        ids.extend(page.indicators.into_iter().map(|indicator| indicator.id));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert!(ids.len() >= 43, "{} indicators", ids.len());
    assert!(ids.is_sorted() && ids.iter().collect::<BTreeSet<_>>().len() == ids.len());
    let own =
        v1::ListIndicatorsRequest { department: "thong-ke-tinh".to_owned(), ..Default::default() };
    let own = catalogue.list_indicators(own).await.unwrap().into_inner().indicators;
    assert!(own.iter().any(|indicator| indicator.id == "digital-economy-share"));
    assert!(own.iter().all(|indicator| indicator.formula.is_empty()), "only what is reported");
    let agencies = v1::ListDepartmentsRequest {
        kind: v1::DepartmentKind::Agency as i32,
        ..Default::default()
    };
    let agencies = catalogue.list_departments(agencies).await.unwrap().into_inner().departments;
    let ids: Vec<_> = agencies.iter().map(|department| department.id.as_str()).collect();
    assert!(ids.is_sorted() && ids.contains(&"so-khcn"), "{ids:?}");

    let unknown = v1::GetIndicatorRequest { id: "khong-co".to_owned() };
    let failed = failure(catalogue.get_indicator(unknown).await);
    assert_eq!(failed, (Code::NotFound, "NOT_FOUND".to_owned()));
    let unknown = v1::ListIndicatorsRequest { department: "x".to_owned(), ..Default::default() };
    let failed = failure(catalogue.list_indicators(unknown).await);
    assert_eq!(failed, (Code::InvalidArgument, "UNKNOWN_DEPARTMENT".to_owned()));
    let unknown = v1::ListDepartmentsRequest { kind: 99, ..Default::default() };
    let failed = failure(catalogue.list_departments(unknown).await);
    assert_eq!(failed, (Code::InvalidArgument, "UNKNOWN_KIND".to_owned()));
}

#[tokio::test]
async fn the_server_tells_what_it_is() {
    let server = Server::start().await;
    let clients = server.clients().await;
    let info =
        clients.info().get_server_info(v1::GetServerInfoRequest {}).await.unwrap().into_inner();
    let engine = if is_postgres() { "postgres" } else { "sled" };
    assert_eq!((info.version.as_str(), info.engine.as_str()), (env!("CARGO_PKG_VERSION"), engine));
    assert_eq!(info.node.is_empty(), !is_postgres(), "one of several has a name");
    assert_eq!(info.ledger_key.len(), 32);
    assert!(info.server_time.unwrap().seconds > 1_700_000_000);
    let limits = info.limits.unwrap();
    assert_eq!((limits.submission_items, limits.page_size), (100_000, 1_000));
    assert_eq!(limits.text_characters, 2_000);
    assert!(limits.message_bytes >= 1 << 20 && limits.stream_in_flight >= 8, "{limits:?}");
}
