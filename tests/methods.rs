//! One target under each method, and what stands beside a verdict: other methods, year, forecast, inputs, evidence.

use tiendo_shared::wire::v1;

use crate::harness::{Clients, Options, Server, counts, group, number, submission};
use crate::setting::root;

const DEPARTMENT: &str = "so-mot";

const HEAD: &str = r#"
[catalogue]
version = "methods"
name = { vi = "Phương pháp", en = "Methods" }
[calendar]
time_zone = "Asia/Ho_Chi_Minh"
cut_off = { month = 14, quarter = 14, half_year = 14, year = 14 }
working_days_to_send = 2
[[unit]]
id = "percent"
name = { vi = "phần trăm", en = "percent" }
[[department]]
id = "so-mot"
name = { vi = "Sở Một", en = "One" }
kind = "agency"
"#;

fn indicator(id: &str, more: &str) -> String {
    format!(
        "[[indicator]]\nid = \"{id}\"\nname = {{ vi = \"{id}\", en = \"{id}\" }}\nunit = \"percent\"\n\
         kind = \"quantity\"\ndecimals = 2\ndirection = \"increase\"\nfrequency = \"year\"\n\
         owner = \"so-mot\"\n{more}\n"
    )
}

fn target(id: &str, indicator: &str, more: &str) -> String {
    format!(
        "[[target]]\nid = \"{id}\"\nname = {{ vi = \"{id}\", en = \"{id}\" }}\n\
         indicator = \"{indicator}\"\nhorizon = 2030\nbullet = \"B\"\n{more}\n"
    )
}

/// One target for each method over one series, a long series, and a task group.
fn catalogue() -> String {
    let mut text = HEAD.to_owned();
    text += &indicator("share", "");
    text += &indicator("long", "");
    text += &indicator("planned", "");
    text += &indicator("completed", "");
    text +=
        &indicator("done", "formula = { ratio = [\"completed\", \"planned\"], scale = \"100\" }");
    let scale = r#"sdsn = { lower_bound = "0", optimum = "40", green = "20", red = "10" }"#;
    for (n, method) in METHODS.iter().enumerate() {
        let more = format!("comparator = {{ at_least = \"20\" }}\nmethod = \"{method}\"\n{scale}");
        text += &target(&format!("M{n}"), "share", &more);
    }
    text += &target("L1", "long", "comparator = { at_least = \"30\" }\nmethod = \"linear_gap\"");
    text += &target("T1", "done", "comparator = { share_done = \"100\" }\nmethod = \"linear\"");
    text
}

const METHODS: [&str; 5] = ["ratio", "linear", "un_chart", "linear_gap", "sdsn"];

async fn get(clients: &Clients, target: &str) -> v1::GetTargetStatusResponse {
    let request = v1::GetTargetStatusRequest { target: target.to_owned(), ..Default::default() };
    clients.status().get_target_status(request).await.unwrap().into_inner()
}

fn verdict(verdict: v1::Verdict) -> String {
    verdict.as_str_name().trim_start_matches("VERDICT_").replace('_', " ").to_lowercase()
}

/// A row as the document has it.
fn row(outcome: &v1::MethodOutcome) -> String {
    let rounded = |number: Option<f64>| number.map_or(String::new(), |it| format!("{it:.3}"));
    let year = outcome.year_met.map_or(String::new(), |year| year.to_string());
    let cells = [
        format!("`{}`", outcome.method),
        verdict(outcome.verdict()),
        outcome.symbol.clone(),
        rounded(outcome.progress),
        rounded(outcome.score),
        outcome.projected.clone(),
        year,
    ];
    let cells = cells.map(|cell| if cell.is_empty() { String::new() } else { format!("{cell} ") });
    format!("| {}|", cells.join("| "))
}

/// What the target's own method says, in the words of the others.
fn own(status: &v1::TargetStatus) -> v1::MethodOutcome {
    let explanation = status.explanation.as_ref().unwrap();
    v1::MethodOutcome {
        method: explanation.method.clone(),
        method_note: explanation.method_note.clone(),
        verdict: status.verdict,
        reason: status.reason.clone(),
        symbol: explanation.symbol.clone(),
        progress: explanation.progress,
        score: explanation.score,
        projected: explanation.projected.clone(),
        year_met: explanation.year_met,
    }
}

#[tokio::test]
async fn each_method_says_what_the_document_says() {
    let server = Server::start_with(Options::with_catalogue(&catalogue())).await;
    let clients = server.clients().await;
    let figures =
        [group("2023", [number("share", "5.28")]), group("2024", [number("share", "5.99")])];
    let mut collection = clients.collection(DEPARTMENT);
    let answer = collection.submit_measurements(submission(figures)).await.unwrap().into_inner();
    assert_eq!(counts(&answer), [2, 0, 0, 0], "{:?}", answer.rejections);
    let document = std::fs::read_to_string(root().join("docs/methods.md")).unwrap();
    let mut outcomes = Vec::new();
    for (n, method) in METHODS.iter().enumerate() {
        let answer = get(&clients, &format!("M{n}")).await;
        let outcome = own(answer.status.as_ref().unwrap());
        assert_eq!(outcome.method, *method);
        let row = row(&outcome);
        assert!(document.lines().any(|line| line == row), "the document lacks\n{row}");
        let explanation = answer.status.unwrap().explanation.unwrap();
        let near = |found: Option<f64>, expect: f64| (found.unwrap() - expect).abs() < 0.05;
        assert!(near(explanation.current_status_index, 0.48));
        assert!(near(explanation.anticipated_gap, 66.2));
        assert_eq!(answer.other_methods.len(), METHODS.len() - 1, "{method}");
        outcomes.push((outcome, answer.other_methods));
    }
    // Each says of itself what the others say of it.
    for (outcome, _) in &outcomes {
        for (own, others) in &outcomes {
            let told = others.iter().find(|other| other.method == outcome.method);
            assert_eq!(told, (own != outcome).then_some(outcome));
        }
    }
    let request = v1::ListTargetsRequest::default();
    let listed = clients.catalogue().list_targets(request).await.unwrap().into_inner().targets;
    let light = listed.iter().find(|target| target.method == "sdsn").unwrap();
    assert_eq!(light.sdsn.as_ref().unwrap().optimum, "40");
    assert_eq!(light.un_chart.as_ref().unwrap().on_track, "0.95");
}

#[tokio::test]
async fn a_long_series_has_a_forecast() {
    let server = Server::start_with(Options::with_catalogue(&catalogue())).await;
    let clients = server.clients().await;
    let figures =
        (2017..=2025).zip(["10.0", "11.2", "11.9", "13.4", "13.8", "15.1", "16.2", "16.9", "18.3"]);
    let figures = figures.map(|(year, value)| group(&year.to_string(), [number("long", value)]));
    let mut collection = clients.collection(DEPARTMENT);
    let answer = collection.submit_measurements(submission(figures)).await.unwrap().into_inner();
    assert_eq!(counts(&answer), [9, 0, 0, 0], "{:?}", answer.rejections);
    let status = get(&clients, "L1").await.status.unwrap();
    let explanation = status.explanation.unwrap();
    let forecast = explanation.forecast.unwrap();
    assert_eq!(forecast.name, "forecast, exponential smoothing, 80 % interval");
    assert_eq!((forecast.period.as_str(), forecast.values), ("2030", 9));
    // What statsmodels finds: 23.179, and 0.326 to either side.
    let number = |text: &str| text.parse::<f64>().unwrap();
    assert!((number(&forecast.value) - 23.18).abs() < 0.02, "{forecast:?}");
    assert!((number(&forecast.lower) - 22.85).abs() < 0.02, "{forecast:?}");
    assert!((number(&forecast.upper) - 23.50).abs() < 0.02, "{forecast:?}");
    assert_eq!(
        (status.verdict, explanation.symbol.as_str()),
        (v1::Verdict::OffTrack as i32, "cloud")
    );
}

#[tokio::test]
async fn a_task_group_shows_its_actions_and_their_evidence() {
    let server = Server::start_with(Options::with_catalogue(&catalogue())).await;
    let clients = server.clients().await;
    let evidence = "https://angiang.gov.vn/bao-cao/nhiem-vu-1.pdf";
    let proven = v1::Measurement { evidence: evidence.to_owned(), ..number("completed", "12") };
    let figures = [
        group("2024", [number("planned", "40"), number("completed", "4")]),
        group("2025", [number("planned", "40"), proven]),
    ];
    let mut collection = clients.collection(DEPARTMENT);
    let answer = collection.submit_measurements(submission(figures)).await.unwrap().into_inner();
    assert_eq!(counts(&answer), [4, 0, 0, 0], "{:?}", answer.rejections);
    let explanation = get(&clients, "T1").await.status.unwrap().explanation.unwrap();
    let share: f64 = explanation.current.unwrap().value.parse().unwrap();
    assert!((share - 30.0).abs() < 1e-9, "{share}");
    let inputs: Vec<_> = explanation
        .inputs
        .iter()
        .map(|input| (input.indicator.as_str(), input.value.as_str()))
        .collect();
    assert_eq!(inputs, [("completed", "12"), ("planned", "40")]);
    let links: Vec<_> = explanation
        .sources
        .iter()
        .filter(|source| !source.evidence.is_empty())
        .map(|source| (source.indicator.as_str(), source.period.as_str(), source.evidence.as_str()))
        .collect();
    assert_eq!(links, [("completed", "2025", evidence)]);
}
