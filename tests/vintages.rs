//! What was said at an instant is said again as of it, though many were sending when it was said.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use prost_types::Timestamp;
use tiendo_shared::wire::v1;

use crate::harness::{Clients, Server, group, number, submission, trial};

const ROUNDS: u32 = 60;
const READERS: usize = 3;

/// Everything that is said at once, each with its instant.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    statuses: v1::ListTargetStatusesResponse,
    approved: v1::ListTargetStatusesResponse,
    status: v1::GetTargetStatusResponse,
    rates: v1::ListReportingRatesResponse,
    measurements: v1::ListMeasurementsResponse,
    reports: v1::ListReportsResponse,
}

/// The instants to ask as of, in the order of [`Said`]; none for now.
type Instants = [Option<Timestamp>; 6];

impl Said {
    fn instants(&self) -> Instants {
        [
            self.statuses.as_of,
            self.approved.as_of,
            self.status.as_of,
            self.rates.as_of,
            self.measurements.as_of,
            self.reports.as_of,
        ]
    }
}

async fn ask(
    clients: &Clients,
    [at, approved_at, one_at, rates_at, all_at, reports_at]: Instants,
) -> Said {
    let mut status = clients.status();
    let list = |as_of, basis: v1::Basis| v1::ListTargetStatusesRequest {
        as_of,
        basis: basis as i32,
        ..Default::default()
    };
    let one = v1::GetTargetStatusRequest {
        target: "A01".to_owned(),
        as_of: one_at,
        ..Default::default()
    };
    let rates = v1::ListReportingRatesRequest { as_of: rates_at, ..Default::default() };
    let all = v1::ListMeasurementsRequest { as_of: all_at, page_size: 1_000, ..Default::default() };
    let reports = v1::ListReportsRequest { as_of: reports_at, ..Default::default() };
    let approved = list(approved_at, v1::Basis::Approved);
    Said {
        statuses: status.list_target_statuses(list(at, v1::Basis::All)).await.unwrap().into_inner(),
        approved: status.list_target_statuses(approved).await.unwrap().into_inner(),
        status: status.get_target_status(one).await.unwrap().into_inner(),
        rates: status.list_reporting_rates(rates).await.unwrap().into_inner(),
        measurements: status.list_measurements(all).await.unwrap().into_inner(),
        reports: clients.review("ra").list_reports(reports).await.unwrap().into_inner(),
    }
}

/// One department sends, revises, and has its report approved and reopened, at full speed.
async fn send(clients: &Clients, department: &str, value: fn(u32) -> String) {
    for round in 0..ROUNDS {
        let year = (2015 + round % 9).to_string();
        let month = format!("2024-{:02}", round % 12 + 1);
        let own = if department == trial::DEPARTMENT { "ty-le" } else { "cua-so-hai" };
        let value = value(round);
        let sent = submission([
            group(&year, [number(own, &value)]),
            group(&month, [number("so-luong", &value)]),
        ]);
        clients.collection(department).submit_measurements(sent).await.unwrap();
        if round % 5 == 0 {
            let (department, period) = (department.to_owned(), year);
            let mut review = clients.review("ra");
            let approval = v1::ApproveReportRequest {
                department: department.clone(),
                period: period.clone(),
                seen_as_of: None,
            };
            // It may be approved already, or not be reopened yet.
            review.approve_report(approval).await.ok();
            if round % 10 == 0 {
                let reason = "mở lại".to_owned();
                let reopening = v1::ReopenReportRequest { department, period, reason };
                review.reopen_report(reopening).await.ok();
            }
        }
    }
}

/// Asks what changed until a day that has not come: nobody is bound by it.
async fn ask_of_the_future(clients: &Clients) {
    let to = Some(Timestamp { seconds: 4_000_000_000, nanos: 0 });
    let from = Some(Timestamp { seconds: 1_000_000_000, nanos: 0 });
    let request = v1::ListChangesRequest { from, to, ..Default::default() };
    clients.status().list_changes(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_while_others_sent_is_said_again() {
    let server = Server::start_with(trial::options()).await;
    let clients = Arc::new(server.clients().await);
    ask_of_the_future(&clients).await;
    let sending = Arc::new(AtomicUsize::new(2));
    let senders = [(trial::DEPARTMENT, 1), ("so-hai", 2)].map(|(department, _)| {
        let (clients, sending) = (Arc::clone(&clients), Arc::clone(&sending));
        tokio::spawn(async move {
            send(&clients, department, |round| format!("{}.{round:02}", 60 + round % 7)).await;
            sending.fetch_sub(1, Ordering::Relaxed);
        })
    });
    let readers = [(); READERS].map(|()| {
        let (clients, sending) = (Arc::clone(&clients), Arc::clone(&sending));
        tokio::spawn(async move {
            let mut said = Vec::new();
            while sending.load(Ordering::Relaxed) > 0 {
                said.push(ask(&clients, Instants::default()).await);
            }
            said
        })
    });
    for sender in senders {
        sender.await.unwrap();
    }
    let mut all = Vec::new();
    for reader in readers {
        all.extend(reader.await.unwrap());
    }
    assert!(all.len() > READERS, "too little was said meanwhile");
    let different = all.iter().map(|said| said.measurements.measurements.len());
    assert!(different.collect::<std::collections::BTreeSet<_>>().len() > 3, "all was sent at once");
    for said in &all {
        assert_eq!(&ask(&clients, said.instants()).await, said);
    }
}
