//! Who is late: deadlines pass, and the province sees who was on time, who was not and who was silent.

mod desk;

use serde_json::Value;
use tiendo_shared::wire::v1;
use tonic::Code;
use v1::ReportPhase::{Late, Locked, NotOpen, Open};

use crate::harness::{
    Clients, Options, Server, counts, failure, grpcurl, missing, number, single, withdrawn,
};

/// Months are owed by three departments, one of which took over from a fourth.
fn options(now: &str) -> Options {
    let name = |id: &str| format!("name = {{ vi = \"Sở {id}\", en = \"Department {id}\" }}");
    let mut catalogue = HEAD.to_owned();
    for (id, rest) in [
        ("som", ""),
        ("muon", ""),
        ("im", ""),
        ("cu", "valid_to = 2026-08-31\nsuccessors = [\"im\"]"),
    ] {
        let name = name(id);
        catalogue += &format!("[[department]]\nid = \"{id}\"\n{name}\nkind = \"agency\"\n{rest}\n");
    }
    for (id, rest) in [
        (
            "thang",
            "frequency = \"month\"\nowner = \"som\"\ncombination = \"sum\"\nreporters = [\"muon\", \"im\"]",
        ),
        ("quy", "frequency = \"quarter\"\nowner = \"som\""),
        ("thua-ke", "frequency = \"month\"\nowner = \"cu\""),
    ] {
        let name = name(id);
        catalogue += &format!(
            "[[indicator]]\nid = \"{id}\"\n{name}\nunit = \"one\"\nkind = \"quantity\"\n\
             decimals = 0\ndirection = \"increase\"\n{rest}\n"
        );
    }
    Options { catalogue: Some(catalogue), clock: Some(now.to_owned()), ..Options::default() }
}

const HEAD: &str = r#"
[catalogue]
version = "1"
name = { vi = "Kế hoạch", en = "Plan" }

[calendar]
time_zone = "Asia/Ho_Chi_Minh"
cut_off = { month = 14, quarter = 14, half_year = 14, year = 14 }
working_days_to_send = 2
lock_after_days = 40
reports_from = 2026-08-01
exceptions = [{ period = "2026-10", due = 2026-10-30, reason = { vi = "Bão số 9", en = "Storm" } }]

[[unit]]
id = "one"
name = { vi = "cái", en = "one" }

"#;

async fn rates(
    clients: &Clients,
    request: v1::ListReportingRatesRequest,
) -> v1::ListReportingRatesResponse {
    clients.status().list_reporting_rates(request).await.unwrap().into_inner()
}

async fn of_september(clients: &Clients) -> v1::ListReportingRatesResponse {
    let request =
        v1::ListReportingRatesRequest { period: "2026-09".to_owned(), ..Default::default() };
    rates(clients, request).await
}

/// Expected, received, on time, late, complete and silent of a department.
#[track_caller]
fn line(answer: &v1::ListReportingRatesResponse, department: &str) -> [u32; 6] {
    let rate = answer.rates.iter().find(|rate| rate.department == department);
    let rate = rate.unwrap_or_else(|| panic!("no line of `{department}`: {answer:?}"));
    [
        rate.expected,
        rate.received,
        rate.received_on_time,
        rate.received_late,
        rate.reports_complete,
        rate.reports_silent,
    ]
}

async fn send(clients: &Clients, department: &str, period: &str, measurement: v1::Measurement) {
    let mut collection = clients.collection(department);
    let answer = collection.submit_measurements(single(period, measurement)).await.unwrap();
    assert_eq!(counts(answer.get_ref())[3], 0, "{answer:?}");
}

async fn due(clients: &Clients, department: &str) -> Vec<(String, v1::ReportPhase, String)> {
    let mut collection = clients.collection(department);
    let request = v1::ListDueReportsRequest::default();
    let answer = collection.list_due_reports(request).await.unwrap().into_inner();
    let row = |it: v1::DueReport| (it.period.clone(), it.phase(), it.outstanding.join(" "));
    answer.reports.into_iter().map(row).collect()
}

#[tokio::test]
async fn the_deadline_passes_and_the_late_are_told_from_the_silent() {
    let mut server = Server::start_with(options("2026-09-10T08:00:00+07")).await;
    let clients = server.clients().await;
    send(&clients, "som", "2026-09", number("thang", "0")).await;
    let open = of_september(&clients).await;
    assert_eq!(line(&open, ""), [4, 1, 1, 0, 1, 2], "{open:?}");
    assert_eq!(line(&open, "som"), [1, 1, 1, 0, 1, 0], "zero is a value");
    assert_eq!(line(&open, "im"), [2, 0, 0, 0, 0, 1], "it took over from another");
    assert_eq!(open.rates.len(), 4, "the one that ended owes nothing: {open:?}");
    assert_eq!(open.rates[0].department, "", "the province comes first");
    assert!(open.rates.iter().all(|rate| rate.phase() == Open), "{open:?}");

    server.set_clock("2026-09-16T23:59:59+07");
    let last_second = of_september(&clients).await;
    assert!(last_second.rates.iter().all(|rate| rate.phase() == Open), "{last_second:?}");
    server.set_clock("2026-09-17T00:00:00+07");
    let after = of_september(&clients).await;
    assert!(after.rates.iter().all(|rate| rate.phase() == Late), "{after:?}");

    server.set_clock("2026-09-17T00:00:01+07");
    send(&clients, "muon", "2026-09", number("thang", "7")).await;
    server.set_clock("2026-09-20T08:00:00+07");
    // Revisions do not make late what was on time, nor the other way round.
    send(&clients, "som", "2026-09", number("thang", "1")).await;
    let now = of_september(&clients).await;
    assert_eq!(line(&now, "som"), [1, 1, 1, 0, 1, 0]);
    assert_eq!(line(&now, "muon"), [1, 1, 0, 1, 1, 0]);
    assert_eq!(line(&now, "im"), [2, 0, 0, 0, 0, 1]);
    assert_eq!(line(&now, ""), [4, 2, 1, 1, 2, 1]);
    let late = now.rates.iter().find(|rate| rate.department == "muon").unwrap();
    assert_eq!((late.lag_days, late.days_late), (Some(3), Some(1)));
    assert_eq!(late.due_at.unwrap().seconds, 1_789_577_999, "23:59:59 in Vietnam");

    // As of an instant the answer is what was said then, after a restart too.
    server.restart().await;
    let clients = server.clients().await;
    for said in [open, last_second, after, now] {
        let request = v1::ListReportingRatesRequest {
            period: "2026-09".to_owned(),
            as_of: said.as_of,
            ..Default::default()
        };
        assert_eq!(rates(&clients, request).await, said);
    }
    let Some(shown) = grpcurl(
        &server,
        &["-d", r#"{"department": "im", "period": "2026-09"}"#],
        &["tiendo.v1.StatusService/ListReportingRates"],
    )
    .await
    else {
        return;
    };
    let shown: Value = serde_json::from_str(&shown.expect_success()).unwrap();
    let rates = shown["rates"].as_array().unwrap();
    assert_eq!(rates.len(), 1, "{shown:#}");
    assert_eq!(rates[0]["phase"], "REPORT_PHASE_LATE", "{shown:#}");
    assert_eq!(rates[0]["expected"], 2, "{shown:#}");
}

#[tokio::test]
async fn what_is_owed_comes_earliest_due_first_until_it_locks() {
    let server = Server::start_with(options("2026-09-17T00:00:00+07")).await;
    let clients = server.clients().await;
    let row =
        |period: &str, phase, outstanding: &str| (period.to_owned(), phase, outstanding.to_owned());
    let both = "thang thua-ke";
    assert_eq!(
        due(&clients, "im").await,
        [row("2026-08", Late, "thang"), row("2026-09", Late, both), row("2026-10", Open, both)]
    );
    // The quarter began before reports were owed; October's deadline was moved.
    assert_eq!(
        due(&clients, "som").await,
        [
            row("2026-08", Late, "thang"),
            row("2026-09", Late, "thang"),
            row("2026-10", Open, "thang"),
            row("2026-Q4", Open, "quy"),
        ]
    );
    // August was the last one of the department that ended.
    assert_eq!(due(&clients, "cu").await, [row("2026-08", Late, "thua-ke")]);
    send(&clients, "im", "2026-09", number("thang", "3")).await;
    server.set_clock("2026-10-28T00:00:00+07");
    assert_eq!(
        due(&clients, "im").await,
        [row("2026-10", Open, both), row("2026-11", Open, both)],
        "September locked with 26 October"
    );
    let request = v1::ListReportingRatesRequest {
        department: "im".to_owned(),
        period: "2026-12".to_owned(),
        ..Default::default()
    };
    let coming = rates(&clients, request.clone()).await;
    assert_eq!(coming.rates[0].phase(), NotOpen, "{coming:?}");
    let request = v1::ListReportingRatesRequest { period: "2026-08".to_owned(), ..request };
    assert_eq!(rates(&clients, request).await.rates[0].phase(), Locked);
}

#[tokio::test]
async fn a_reason_settles_a_report_and_does_not_complete_it() {
    use v1::MissingReason::{Confidential, NotApplicable, NotCollected, NotYetAvailable};
    let server = Server::start_with(options("2026-09-10T08:00:00+07")).await;
    let clients = server.clients().await;
    for (period, said, expected, still_due) in [
        ("2026-08", missing("thang", NotCollected), [1, 0, 0, 0, 0, 0], false),
        ("2026-08", missing("thang", NotYetAvailable), [1, 0, 0, 0, 0, 0], true),
        ("2026-08", missing("thang", NotApplicable), [0, 0, 0, 0, 1, 0], false),
        ("2026-08", missing("thang", Confidential), [1, 1, 0, 1, 1, 0], false),
        ("2026-08", withdrawn("thang"), [1, 0, 0, 0, 0, 1], true),
        ("2026-08", number("thang", "0"), [1, 1, 0, 1, 1, 0], false),
    ] {
        send(&clients, "muon", period, said.clone()).await;
        let request = v1::ListReportingRatesRequest {
            department: "muon".to_owned(),
            period: period.to_owned(),
            ..Default::default()
        };
        assert_eq!(line(&rates(&clients, request).await, "muon"), expected, "{said:?}");
        let left = due(&clients, "muon").await;
        assert_eq!(left.iter().any(|(owed, ..)| owed == period), still_due, "{said:?} {left:?}");
    }
}

#[tokio::test]
async fn heirs_report_what_they_took_over_and_nothing_before() {
    let server = Server::start_with(options("2026-09-10T08:00:00+07")).await;
    let clients = server.clients().await;
    send(&clients, "im", "2026-09", number("thua-ke", "5")).await;
    let mut collection = clients.collection("im");
    let early = single("2026-08", number("thua-ke", "5"));
    let answer = collection.submit_measurements(early).await.unwrap().into_inner();
    assert_eq!(answer.rejections[0].reason(), v1::RejectionReason::NotYourIndicator);
    send(&clients, "cu", "2026-08", number("thua-ke", "5")).await;
}

#[tokio::test]
async fn pages_cover_the_rates_once_and_wrong_questions_are_refused() {
    let server = Server::start_with(options("2026-09-10T08:00:00+07")).await;
    let clients = server.clients().await;
    let whole = rates(&clients, v1::ListReportingRatesRequest::default()).await;
    // August, September of three and of the province; August of the one that ended.
    assert_eq!(whole.rates.len(), 9, "{whole:?}");
    let mut request = v1::ListReportingRatesRequest { page_size: 2, ..Default::default() };
    let mut paged = Vec::new();
    loop {
        let page = rates(&clients, request.clone()).await;
        paged.extend(page.rates);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, whole.rates);
    for (department, period, reason) in
        [("nobody", "", "UNKNOWN_DEPARTMENT"), ("", "2026-9", "PERIOD_FORM")]
    {
        let request = v1::ListReportingRatesRequest {
            department: department.to_owned(),
            period: period.to_owned(),
            ..Default::default()
        };
        let answer = clients.status().list_reporting_rates(request).await;
        assert_eq!(failure(answer), (Code::InvalidArgument, reason.to_owned()));
    }
    let mut nobody = clients.collection_without_department();
    let answer = nobody.list_due_reports(v1::ListDueReportsRequest::default()).await;
    assert_eq!(failure(answer).0, Code::Unauthenticated);
}
