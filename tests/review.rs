//! Reports are judged: approved ones are locked, returned ones come back, and the ledger knows who did it.

use prost::Message as _;
use prost_types::Timestamp;
use tiendo_shared::wire::v1;
use tonic::Code;
use v1::ReportState::{Approved, Missing, Received, Reopened, Returned};

use crate::harness::{
    Agent, Clients, Server, counts, failure, group, grpcurl, number, submission, trial,
};

/// Submits a value of `so-luong` for a period; the counts of what became of it.
async fn submit(clients: &Clients, period: &str, value: &str) -> [u32; 4] {
    let sent = submission([group(period, [number("so-luong", value)])]);
    let mut collection = clients.collection(trial::DEPARTMENT);
    counts(&collection.submit_measurements(sent).await.unwrap().into_inner())
}

fn approval(period: &str) -> v1::ApproveReportRequest {
    v1::ApproveReportRequest {
        department: trial::DEPARTMENT.to_owned(),
        period: period.to_owned(),
        seen_as_of: None,
    }
}

fn sending_back(period: &str, reason: &str) -> v1::ReturnReportRequest {
    v1::ReturnReportRequest {
        department: trial::DEPARTMENT.to_owned(),
        period: period.to_owned(),
        reason: reason.to_owned(),
    }
}

fn reopening(period: &str, reason: &str) -> v1::ReopenReportRequest {
    v1::ReopenReportRequest {
        department: trial::DEPARTMENT.to_owned(),
        period: period.to_owned(),
        reason: reason.to_owned(),
    }
}

/// The reports of the trial department.
async fn reports(clients: &Clients, as_of: Option<Timestamp>) -> Vec<v1::Report> {
    let department = trial::DEPARTMENT.to_owned();
    let request = v1::ListReportsRequest { department, as_of, ..Default::default() };
    clients.review("ra").list_reports(request).await.unwrap().into_inner().reports
}

/// Where the report of a period stands.
async fn state(clients: &Clients, period: &str, as_of: Option<Timestamp>) -> v1::ReportState {
    let reports = reports(clients, as_of).await;
    reports.iter().find(|report| report.period == period).map_or(Missing, v1::Report::state)
}

#[tokio::test]
async fn a_report_goes_through_its_review_and_survives_a_crash() {
    let mut server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let mut review = clients.review("nguyen-van-a");
    assert_eq!(submit(&clients, "2020-03", "10").await, [1, 0, 0, 0]);
    assert_eq!(state(&clients, "2020-03", None).await, Received);

    let returned = review.return_report(sending_back("2020-03", " Thiếu xã. \n")).await.unwrap();
    let returned = returned.into_inner().report.unwrap();
    assert_eq!((returned.state(), &*returned.reviewer), (Returned, "nguyen-van-a"));
    assert_eq!(returned.reason, "Thiếu xã.");
    assert_eq!(submit(&clients, "2020-03", "11").await, [0, 1, 0, 0]);
    assert_eq!(state(&clients, "2020-03", None).await, Received);

    let approved = review.approve_report(approval("2020-03")).await.unwrap().into_inner();
    let approved = approved.report.unwrap();
    assert_eq!((approved.state(), &*approved.reason), (Approved, ""));
    assert_eq!((approved.received, approved.expected >= 1), (1, true), "{approved:?}");
    server.kill9().await;
    server.start_again().await;

    let clients = server.clients().await;
    let mut review = clients.review("tran-thi-b");
    assert_eq!(state(&clients, "2020-03", None).await, Approved);
    let sent = submission([
        group("2020-03", [number("so-luong", "12")]),
        group("2020-04", [number("so-luong", "12")]),
    ]);
    let mut collection = clients.collection(trial::DEPARTMENT);
    let answer = collection.submit_measurements(sent).await.unwrap().into_inner();
    assert_eq!(counts(&answer), [1, 0, 0, 1]);
    let [refused] = &answer.rejections[..] else { panic!("{answer:?}") };
    assert_eq!(refused.reason(), v1::RejectionReason::PeriodApproved);
    assert!(refused.message.contains("reopen"), "{}", refused.message);

    let reopened = review.reopen_report(reopening("2020-03", "Số liệu sai")).await.unwrap();
    let reopened = reopened.into_inner().report.unwrap();
    assert_eq!((reopened.state(), &*reopened.reviewer), (Reopened, "tran-thi-b"));
    assert_eq!(submit(&clients, "2020-03", "12").await, [0, 1, 0, 0]);
    assert_eq!(state(&clients, "2020-03", None).await, Received);
    acts_stand_in_the_ledger(&clients).await;
    server.stops_well().await;
    server.verify().await.expect_code(0).expect_words(&["3 of them acts", "sound"]);
}

/// Who, when and why, beside the submissions and in one chain with them.
async fn acts_stand_in_the_ledger(clients: &Clients) {
    use v1::act::Deed;
    let request =
        v1::ListEntriesRequest { department: trial::DEPARTMENT.to_owned(), ..Default::default() };
    let entries = clients.ledger().list_entries(request).await.unwrap().into_inner().entries;
    let mut acts = Vec::new();
    for entry in &entries {
        let canonical = v1::CanonicalEntry::decode(entry.canonical.as_slice()).unwrap();
        if canonical.kind() == v1::EntryKind::Act {
            let act = v1::Act::decode(entry.content.as_slice()).unwrap();
            acts.push((canonical.sequence, canonical.agent, act.deed.unwrap()));
        }
    }
    let period = || "2020-03".to_owned();
    let reason = str::to_owned;
    let name = str::to_owned;
    let returned = v1::ReportReturned { period: period(), reason: reason("Thiếu xã.") };
    let reopened = v1::ReportReopened { period: period(), reason: reason("Số liệu sai") };
    let expect = [
        (2, name("nguyen-van-a"), Deed::ReportReturned(returned)),
        (4, name("nguyen-van-a"), Deed::ReportApproved(v1::ReportApproved { period: period() })),
        (6, name("tran-thi-b"), Deed::ReportReopened(reopened)),
    ];
    assert_eq!(acts, expect);
}

/// What is said of the target on `ty-le` by some figures: the verdict, whether it is
/// provisional, and for which years there are figures.
async fn stands(
    clients: &Clients,
    basis: v1::Basis,
    as_of: Option<Timestamp>,
) -> (v1::Verdict, bool, Vec<String>) {
    let basis = basis as i32;
    let request = v1::ListTargetStatusesRequest { basis, as_of, ..Default::default() };
    let listed = clients.status().list_target_statuses(request).await.unwrap().into_inner();
    let request = v1::GetTargetStatusRequest { target: "A01".to_owned(), basis, as_of };
    let told = clients.status().get_target_status(request).await.unwrap().into_inner();
    let years = told.history.iter().map(|known| known.period.clone()).collect();
    let [status] = &listed.statuses[..] else { panic!("{listed:?}") };
    assert_eq!(told.status.unwrap().flags, status.flags);
    let is_provisional = status.flags().any(|flag| flag == v1::StatusFlag::Provisional);
    (status.verdict(), is_provisional, years)
}

#[tokio::test]
async fn statuses_rest_on_all_figures_or_on_approved_ones() {
    use v1::{Basis, Verdict};
    let mut server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let mut review = clients.review("nguyen-van-a");
    let years = |years: &[&str]| years.iter().map(|year| (*year).to_owned()).collect::<Vec<_>>();
    let both = || years(&["2023", "2024"]);
    let rows = [("2023", "75"), ("2024", "82")];
    let sent = submission(rows.map(|(year, value)| group(year, [number("ty-le", value)])));
    let mut collection = clients.collection(trial::DEPARTMENT);
    collection.submit_measurements(sent).await.unwrap();
    assert_eq!(stands(&clients, Basis::All, None).await, (Verdict::Met, true, both()));
    assert_eq!(stands(&clients, Basis::Unspecified, None).await, (Verdict::Met, true, both()));
    let nothing = (Verdict::NoData, false, years(&[]));
    assert_eq!(stands(&clients, Basis::Approved, None).await, nothing);
    let request = v1::ListTargetStatusesRequest::default();
    let before = clients.status().list_target_statuses(request).await.unwrap().into_inner().as_of;

    review.approve_report(approval("2023")).await.unwrap();
    let first = (Verdict::NotAssessable, false, years(&["2023"]));
    assert_eq!(stands(&clients, Basis::Approved, None).await, first);
    assert_eq!(stands(&clients, Basis::All, None).await, (Verdict::Met, true, both()));
    review.approve_report(approval("2024")).await.unwrap();
    let approved = (Verdict::Met, false, both());
    assert_eq!(stands(&clients, Basis::Approved, None).await, approved);
    assert_eq!(stands(&clients, Basis::All, None).await, approved);
    assert_eq!(stands(&clients, Basis::Approved, before).await, nothing);
    assert_eq!(stands(&clients, Basis::All, before).await, (Verdict::Met, true, both()));

    review.reopen_report(reopening("2024", "Số liệu sai")).await.unwrap();
    server.kill9().await;
    server.start_again().await;
    let clients = server.clients().await;
    assert_eq!(stands(&clients, Basis::Approved, None).await, first);
    assert_eq!(stands(&clients, Basis::All, None).await, (Verdict::Met, true, both()));
    let listed = async |basis: Basis| {
        let request = v1::ListMeasurementsRequest { basis: basis as i32, ..Default::default() };
        let answer = clients.status().list_measurements(request).await.unwrap().into_inner();
        answer.measurements.len()
    };
    assert_eq!((listed(Basis::All).await, listed(Basis::Approved).await), (2, 1));
    let request = v1::ListTargetStatusesRequest { basis: 9, ..Default::default() };
    let (code, reason) = failure(clients.status().list_target_statuses(request).await);
    assert_eq!((code, &*reason), (Code::InvalidArgument, "UNKNOWN_BASIS"));
}

#[tokio::test]
async fn what_the_reviewer_has_not_seen_is_not_approved() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let mut review = clients.review("nguyen-van-a");
    let look = async || {
        let request = v1::ListReportsRequest { period: "2020-03".to_owned(), ..Default::default() };
        clients.review("nguyen-van-a").list_reports(request).await.unwrap().into_inner().as_of
    };
    assert_eq!(submit(&clients, "2020-03", "10").await, [1, 0, 0, 0]);
    let early = v1::ApproveReportRequest { seen_as_of: look().await, ..approval("2020-03") };
    // Of another period nothing has to be looked at again.
    assert_eq!(submit(&clients, "2020-04", "10").await, [1, 0, 0, 0]);
    assert_eq!(submit(&clients, "2020-03", "11").await, [0, 1, 0, 0]);
    let (code, reason) = failure(review.approve_report(early).await);
    assert_eq!((code, &*reason), (Code::FailedPrecondition, "REPORT_CHANGED"));
    let seen = v1::ApproveReportRequest { seen_as_of: look().await, ..approval("2020-03") };
    assert_eq!(submit(&clients, "2020-04", "12").await, [0, 1, 0, 0]);
    let report = review.approve_report(seen).await.unwrap().into_inner().report.unwrap();
    assert_eq!(report.state(), Approved);
}

#[tokio::test]
async fn an_officer_reads_why_a_report_came_back() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    assert_eq!(submit(&clients, "2020-03", "10").await, [1, 0, 0, 0]);
    agent.run(&["status"]).await.expect_code(0);
    let mut review = clients.review("nguyen-van-a");
    let reason = "Thiếu số liệu của 3 xã";
    review.return_report(sending_back("2020-03", reason)).await.unwrap();
    let said = agent.run(&["status"]).await.expect_code(0);
    said.expect_words(&["2020-03", "bị trả lại", "nguyen-van-a", reason]);
    let english = agent.run(&["--lang", "en", "status"]).await.expect_code(0);
    english.expect_words(&["The report of 2020-03 was returned", reason]);
    let (code, document) = agent.json(&["status"]).await;
    assert_eq!((code, document["returned"][0]["reason"].as_str()), (0, Some(reason)));
    // Another department does not read it.
    let (_, other) = Agent::of(&server, "so-hai").json(&["status"]).await;
    assert_eq!(other["returned"].as_array().map(Vec::len), Some(0));

    assert_eq!(submit(&clients, "2020-03", "11").await, [0, 1, 0, 0]);
    let (_, document) = agent.json(&["status"]).await;
    assert_eq!(document["returned"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_name() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let mut review = clients.review("ra");
    let state = (Code::FailedPrecondition, "REPORT_STATE".to_owned());
    assert_eq!(failure(review.approve_report(approval("2020-03")).await), state);
    assert_eq!(failure(review.reopen_report(reopening("2020-03", "x")).await), state);
    submit(&clients, "2020-03", "10").await;
    review.approve_report(approval("2020-03")).await.unwrap();
    let again = review.approve_report(approval("2020-03")).await;
    assert!(again.as_ref().is_err_and(|status| status.message().contains("is approved")));
    assert_eq!(failure(again), state);
    assert_eq!(failure(review.return_report(sending_back("2020-03", "x")).await), state);

    let invalid = |reason: &str| (Code::InvalidArgument, reason.to_owned());
    let long = "ă".repeat(2_001);
    let table = [
        (" \n", "REASON_MISSING"),
        (long.as_str(), "REASON_TOO_LONG"),
        ("\u{1b}[2J", "REASON_FORM"),
    ];
    for (reason, expect) in table {
        assert_eq!(
            failure(review.return_report(sending_back("2020-03", reason)).await),
            invalid(expect)
        );
        assert_eq!(
            failure(review.reopen_report(reopening("2020-03", reason)).await),
            invalid(expect)
        );
    }
    assert_eq!(failure(review.approve_report(approval("2020-13")).await), invalid("PERIOD_FORM"));
    let unknown =
        v1::ApproveReportRequest { department: "so-khong".to_owned(), ..approval("2020") };
    let expect = (Code::NotFound, "NOT_FOUND".to_owned());
    assert_eq!(failure(review.approve_report(unknown).await), expect);
    for states in [vec![0], vec![99]] {
        let request = v1::ListReportsRequest { states, ..Default::default() };
        assert_eq!(failure(review.list_reports(request).await), invalid("UNKNOWN_STATE"));
    }
}

#[tokio::test]
async fn lists_choose_and_know_the_past() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let mut review = clients.review("ra");
    let mut instants = Vec::new();
    submit(&clients, "2020-03", "10").await;
    instants.push((state_time(&clients).await, Received));
    review.return_report(sending_back("2020-03", "x")).await.unwrap();
    instants.push((state_time(&clients).await, Returned));
    submit(&clients, "2020-03", "10").await;
    instants.push((state_time(&clients).await, Received));
    review.approve_report(approval("2020-03")).await.unwrap();
    instants.push((state_time(&clients).await, Approved));
    for (at, expect) in instants {
        assert_eq!(state(&clients, "2020-03", Some(at)).await, expect, "as of {at:?}");
    }
    let before = Timestamp { seconds: 1_500_000_000, nanos: 0 };
    assert_eq!(state(&clients, "2020-03", Some(before)).await, Missing);

    let of = async |states: &[v1::ReportState], period: &str| {
        let request = v1::ListReportsRequest {
            states: states.iter().map(|state| *state as i32).collect(),
            period: period.to_owned(),
            ..Default::default()
        };
        clients.review("ra").list_reports(request).await.unwrap().into_inner().reports
    };
    let approved = of(&[Approved], "").await;
    assert_eq!(approved.len(), 1, "{approved:?}");
    assert_eq!(approved[0].department, trial::DEPARTMENT);
    assert_eq!(of(&[Returned, Reopened], "").await, []);
    // What nobody touched is there too, as missing, the current periods included.
    let missing = of(&[Missing], "2020-03").await;
    assert!(!missing.is_empty() && missing.iter().all(|report| report.received == 0));
    assert!(!of(&[Missing], "").await.is_empty());
}

/// The server's clock after everything that was answered.
async fn state_time(clients: &Clients) -> Timestamp {
    let info = clients.info().get_server_info(v1::GetServerInfoRequest {}).await.unwrap();
    info.into_inner().server_time.unwrap()
}

#[tokio::test]
async fn a_reviewer_types_it_with_grpcurl() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    submit(&clients, "2020-03", "10").await;
    let call = async |data: &str, method: &str| {
        let method = format!("tiendo.v1.ReviewService/{method}");
        grpcurl(&server, &["-H", "tiendo-agent: le-van-c", "-d", data], &[&method]).await
    };
    let report = r#"{"department": "so-mot", "period": "2020-03"}"#;
    let Some(said) = call(report, "ApproveReport").await else { return };
    said.expect_code(0).expect_words(&["REPORT_STATE_APPROVED", "le-van-c"]);
    let said = call(r#"{"states": ["REPORT_STATE_APPROVED"]}"#, "ListReports").await.unwrap();
    said.expect_code(0).expect_words(&["2020-03", "so-mot"]);
    let said = call(report, "ApproveReport").await.unwrap();
    assert_ne!(said.code, Some(0));
    said.expect_words(&["FailedPrecondition", "is approved"]);
}

/// What a department reports on the first task group for a quarter.
async fn actions(clients: &Clients, completed: &str, planned: &str) {
    let rows = [number("t1-actions-completed", completed), number("t1-actions-planned", planned)];
    let sent = submission([group("2020-Q1", rows)]);
    let answer = clients.collection(ACTIONS).submit_measurements(sent).await.unwrap();
    assert_eq!(counts(answer.get_ref())[3], 0, "a broken rule refuses no row");
}

/// Who leads the first task group.
const ACTIONS: &str = "vp-tinh-uy";

/// The findings of the reports of a department for a period.
async fn findings(
    clients: &Clients,
    (department, period): (&str, &str),
    as_of: Option<Timestamp>,
) -> Vec<v1::ReportFinding> {
    let (department, period) = (department.to_owned(), period.to_owned());
    let request = v1::ListReportsRequest { department, period, as_of, ..Default::default() };
    let listed = clients.review("ra").list_reports(request).await.unwrap().into_inner();
    listed.reports.into_iter().flat_map(|report| report.findings).collect()
}

#[tokio::test]
async fn a_report_that_breaks_a_rule_is_not_approved() {
    use v1::{ReportFindingKind as Kind, ReportFindingSeverity as Severity};
    let server = Server::start().await;
    let clients = server.clients().await;
    let report = (ACTIONS, "2020-Q1");
    actions(&clients, "12", "10").await;
    let found = findings(&clients, report, None).await;
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert_eq!((finding.kind(), finding.severity()), (Kind::RuleBroken, Severity::Error));
    assert_eq!(finding.rule, "t1-completed-within-planned");
    let values: Vec<_> = finding.figures.iter().map(|it| it.value.as_str()).collect();
    assert_eq!(values, ["12", "10"]);
    let message = finding.message.as_ref().unwrap();
    assert!(message.vi.contains("không vượt") && message.vi.contains("= 12 >"), "{message:?}");
    assert!(message.en.contains("= 10"), "{message:?}");

    let approval = v1::ApproveReportRequest {
        department: ACTIONS.to_owned(),
        period: "2020-Q1".to_owned(),
        seen_as_of: None,
    };
    let refused = clients.review("ra").approve_report(approval.clone()).await;
    assert!(refused.as_ref().is_err_and(|it| it.message().contains(&message.en)), "{refused:?}");
    let expect = (Code::FailedPrecondition, "REPORT_FINDINGS".to_owned());
    assert_eq!(failure(refused), expect);

    let agent = Agent::of(&server, ACTIONS);
    let said = agent.run(&["status"]).await.expect_code(0);
    said.expect_words(&["2020-Q1", "cần xem lại", &message.vi]);
    let english = agent.run(&["--lang", "en", "status"]).await.expect_code(0);
    english.expect_words(&[&message.en]);
    let (_, document) = agent.json(&["status"]).await;
    assert_eq!(document["findings"][0]["severity"].as_str(), Some("error"));
    assert_eq!(document["returned"].as_array().map(Vec::len), Some(0));

    let before = state_time(&clients).await;
    actions(&clients, "9", "10").await;
    assert_eq!(findings(&clients, report, None).await, []);
    let then = findings(&clients, report, Some(before)).await;
    assert_eq!(then, found, "as of an instant it is what was said then");
    let approved = clients.review("ra").approve_report(approval.clone()).await.unwrap();
    assert_eq!(approved.into_inner().report.unwrap().state(), Approved);
    // What is approved is told by its state, whatever its findings.
    let again = failure(clients.review("ra").approve_report(approval).await);
    assert_eq!(again, (Code::FailedPrecondition, "REPORT_STATE".to_owned()));
}

#[tokio::test]
async fn values_that_stand_out_are_shown_and_can_be_approved() {
    use v1::{ReportFindingKind as Kind, ReportFindingSeverity as Severity};
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    for (month, value) in (1..).zip(["10", "12", "11", "10", "12", "100"]) {
        submit(&clients, &format!("2020-{month:02}"), value).await;
    }
    assert_eq!(findings(&clients, (trial::DEPARTMENT, "2020-05"), None).await, []);
    let report = (trial::DEPARTMENT, "2020-06");
    let found = findings(&clients, report, None).await;
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert_eq!((finding.kind(), finding.severity()), (Kind::Outlier, Severity::Warning));
    assert!((finding.score.unwrap() - 0.6745 * 89.0).abs() < 1e-9, "{finding:?}");
    let mut review = clients.review("ra");
    let approved = review.approve_report(approval("2020-06")).await.unwrap().into_inner();
    assert_eq!(approved.report.unwrap().findings, found);
    assert_eq!(findings(&clients, report, None).await, found, "it stays in sight");

    let confirmed = v1::Measurement { confirmed: true, ..number("ty-le", "50") };
    let groups = [group("2019", [number("ty-le", "10")]), group("2020", [confirmed])];
    for one in groups {
        let mut collection = clients.collection(trial::DEPARTMENT);
        let answer = collection.submit_measurements(submission([one])).await.unwrap();
        assert_eq!(counts(answer.get_ref()), [1, 0, 0, 0], "{:?}", answer.get_ref());
    }
    let found = findings(&clients, (trial::DEPARTMENT, "2020"), None).await;
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert_eq!(finding.kind(), Kind::LargeChange);
    assert_eq!((&*finding.figures[1].period, &*finding.figures[1].value), ("2019", "10"));
}
