//! The province's figures: sums over 102 communes to the last digit, who is missing, and the same from the raw ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use tiendo_shared::assess::{Question, assess};
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::measurement::{Measurement, Observation, ObservationStatus, Value};
use tiendo_shared::wire::v1;
use v1::measurement::Content;

use crate::harness::{Clients, Options, Server, counts, group, number, random, submission};
use crate::ledger::chain;

const COMMUNES: usize = 102;
const SUMS: usize = 8;
/// Of a debug build on a busy machine; the benchmark holds the real bound.
const CALL_WITHIN: Duration = Duration::from_millis(500);

fn commune(number: usize) -> String {
    format!("xa-{number:03}")
}

fn sum(number: usize) -> String {
    format!("tong-{number}")
}

/// 102 communes that report sums by month; `ty-le` is the first of them over the second.
fn catalogue() -> String {
    let name = |id: &str| format!("name = {{ vi = \"{id}\", en = \"{id}\" }}\n");
    let mut text = String::from(HEAD);
    let ids: Vec<_> = (0..COMMUNES).map(commune).collect();
    for id in &ids {
        text += &format!("[[department]]\nid = \"{id}\"\n{}kind = \"commune\"\n", name(id));
    }
    let reporters = format!("owner = \"{}\"\nreporters = {:?}\n", ids[0], &ids[1..]);
    let sums: Vec<_> = (0..SUMS).map(sum).collect();
    for id in &sums {
        text += &format!("[[indicator]]\nid = \"{id}\"\n{}{NUMBER}{reporters}", name(id));
        text += "combination = \"sum\"\n";
    }
    text +=
        &format!("[[indicator]]\nid = \"ty-le\"\n{}{NUMBER}owner = \"xa-000\"\n", name("ty-le"));
    text += "combination = \"weighted_ratio\"\n";
    text += "formula = { ratio = [\"tong-0\", \"tong-1\"], scale = \"100\" }\n";
    for (at, indicator) in sums.iter().map(String::as_str).chain(["ty-le"]).enumerate() {
        let head = format!("[[target]]\nid = \"A{:02}\"\n{}", at + 1, name(indicator));
        text += &format!("{head}indicator = \"{indicator}\"\nhorizon = 2030\n");
        text += "comparator = { at_least = \"6000\" }\nbullet = \"B1\"\n";
    }
    text
}

const HEAD: &str = r#"
[catalogue]
version = "province"
name = { vi = "Tỉnh", en = "Province" }
[calendar]
time_zone = "Asia/Ho_Chi_Minh"
cut_off = { month = 14, quarter = 14, half_year = 14, year = 14 }
working_days_to_send = 2
[[unit]]
id = "count"
name = { vi = "số", en = "count" }
"#;

const NUMBER: &str = r#"unit = "count"
kind = "quantity"
decimals = 2
direction = "increase"
frequency = "month"
"#;

async fn status(clients: &Clients, target: &str) -> v1::GetTargetStatusResponse {
    let request = v1::GetTargetStatusRequest { target: target.to_owned(), ..Default::default() };
    clients.status().get_target_status(request).await.unwrap().into_inner()
}

async fn report(clients: &Clients, commune: &str, groups: Vec<v1::MeasurementGroup>) {
    let sent = submission(groups);
    let answer = clients.collection(commune).submit_measurements(sent).await.unwrap();
    assert_eq!(counts(answer.get_ref())[3], 0, "{:?}", answer.get_ref().rejections);
}

#[tokio::test]
async fn half_of_the_communes_do_not_look_like_a_fall() {
    let server = Server::start_with(Options::with_catalogue(&catalogue())).await;
    let clients = server.clients().await;
    let figures = |month: &str, first: &str| {
        vec![group(month, [number("tong-0", first), number("tong-1", "0.1")])]
    };
    for number in 0..COMMUNES {
        let mut groups = figures("2025-01", "0.01");
        groups.extend(figures("2025-02", "0.02"));
        if number < COMMUNES / 2 {
            groups.extend(figures("2025-03", "0.03"));
        }
        report(&clients, &commune(number), groups).await;
    }
    for target in ["A01", "A09"] {
        let answer = status(&clients, target).await;
        let status = answer.status.unwrap();
        assert!(status.flags().any(|flag| flag == v1::StatusFlag::Incomplete), "{status:?}");
        let explanation = status.explanation.unwrap();
        let current = explanation.current.unwrap();
        let value = if target == "A01" { "2.04" } else { "20" };
        assert_eq!((current.period.as_str(), current.value.as_str()), ("2025-02", value));
        let coverage = current.coverage.unwrap();
        assert_eq!((coverage.reported, coverage.expected), (102, 102));
        let finding = explanation.findings.iter().find(|it| it.kind == "NOT_COMPUTED").unwrap();
        assert_eq!(
            finding.message,
            "`2025-03` could not be computed: `tong-0` is in from 51 of 102 departments for \
             `2025-03`; missing: `xa-051`, `xa-052`, `xa-053`, `xa-054`, `xa-055` and 46 more"
        );
        let periods: Vec<_> = answer.series.iter().map(|value| value.period.as_str()).collect();
        assert_eq!(periods, ["2025-01", "2025-02"]);
    }
    for number in COMMUNES / 2..COMMUNES {
        report(&clients, &commune(number), figures("2025-03", "0.03")).await;
    }
    let answer = status(&clients, "A09").await.status.unwrap();
    assert!(answer.flags().all(|flag| flag != v1::StatusFlag::Incomplete));
    let explanation = answer.explanation.unwrap();
    assert_eq!(explanation.current.unwrap().value, "30");
    assert_eq!(explanation.sources_left_out, 0);
    // Every commune stands above and below the line, at the base and now.
    assert_eq!(explanation.sources.len(), COMMUNES * 4);
    let list = v1::ListTargetStatusesRequest::default();
    let list = clients.status().list_target_statuses(list).await.unwrap().into_inner();
    let listed = list.statuses.into_iter().find(|status| status.target == "A09").unwrap();
    let listed = listed.explanation.unwrap();
    let all = listed.sources.len() + listed.sources_left_out as usize;
    assert_eq!((listed.sources.len(), all), (16, COMMUNES * 4));
}

/// `TIENDO_PROVINCE_MONTHS=1226` makes it a million measurements.
fn months() -> usize {
    std::env::var("TIENDO_PROVINCE_MONTHS").map_or(20, |text| text.parse().unwrap())
}

#[tokio::test]
async fn statuses_are_those_of_an_independent_recomputation_from_the_ledger() {
    let mut random = random("province");
    let text = catalogue();
    let server = Server::start_with(Options::with_catalogue(&text)).await;
    let clients = server.clients().await;
    let months: Vec<String> =
        (0..months()).map(|at| format!("{}-{:02}", 1910 + at / 12, at % 12 + 1)).collect();
    // Communes report in any order, months in batches of any size, and revise some figures.
    let mut work: Vec<(usize, &[String])> = Vec::new();
    for number in 0..COMMUNES {
        // The last month stays open: one commune does not report it.
        let reported = &months[..months.len() - usize::from(number == 57)];
        let mut rest = reported;
        while !rest.is_empty() {
            let (batch, after) = rest.split_at(random.usize(1..=rest.len().min(600)));
            work.push((number, batch));
            rest = after;
        }
        if random.bool() {
            work.push((number, &reported[random.usize(..reported.len())..][..1]));
        }
    }
    random.shuffle(&mut work);
    for (at, batch) in work {
        let groups = batch.iter().map(|month| {
            let value = |random: &mut fastrand::Rng| {
                format!("{}.{:02}", random.u32(10..90), random.u32(..100))
            };
            group(month, (0..SUMS).map(|at| number(&sum(at), &value(&mut random))))
        });
        report(&clients, &commune(at), groups.collect()).await;
    }
    let ledger = Ledger::read(&clients).await;
    let catalogue = Catalogue::parse(&text).unwrap();
    shares_are_sums_over_sums(&clients, &ledger).await;
    for target in catalogue.targets().iter().filter(|target| target.indicator != "ty-le") {
        let answer = status(&clients, &target.id).await;
        let expected = ledger.sums(&target.indicator);
        let told: Vec<_> = answer
            .series
            .iter()
            .map(|value| (value.period.clone(), hundredths(&value.value)))
            .collect();
        assert_eq!(told, expected, "{}", target.id);
        let instant = answer.as_of.as_ref().and_then(tiendo_shared::wire::instant).unwrap();
        let history: Vec<Measurement> = expected.iter().map(measurement).collect();
        let assessment = assess(&Question {
            target,
            indicator: catalogue.indicator(&target.indicator).unwrap(),
            history: &history,
            reference: &[],
            uncomputed: &[],
            as_of: catalogue.calendar().today(instant),
        });
        let status = answer.status.unwrap();
        assert_eq!(status.verdict(), assessment.verdict.into(), "{}", target.id);
        let explanation = status.explanation.unwrap();
        assert_eq!(explanation.progress, assessment.explanation.progress, "{}", target.id);
        assert_eq!(explanation.observed_pace, assessment.explanation.observed_pace);
    }
    as_of_now_is_now_and_quick(&clients).await;
}

/// `ty-le` is a hundred times the sum of the one over the sum of the other, month by month.
async fn shares_are_sums_over_sums(clients: &Clients, ledger: &Ledger) {
    let answer = status(clients, "A09").await;
    let (above, below) = (ledger.sums("tong-0"), ledger.sums("tong-1"));
    assert_eq!(answer.series.len(), above.len());
    for (told, ((month, above), (_, below))) in answer.series.iter().zip(above.iter().zip(&below)) {
        assert_eq!(told.period, *month);
        let value: rust_decimal::Decimal = told.value.parse().unwrap();
        let (above, below) =
            (rust_decimal::Decimal::from(*above), rust_decimal::Decimal::from(*below));
        let off = (value * below - above * rust_decimal::Decimal::ONE_HUNDRED).abs();
        assert!(off < below * "0.0000000001".parse::<rust_decimal::Decimal>().unwrap(), "{told:?}");
    }
}

async fn as_of_now_is_now_and_quick(clients: &Clients) {
    let ask = async |as_of| {
        let request = v1::ListTargetStatusesRequest { as_of, ..Default::default() };
        let begun = Instant::now();
        let answer = clients.status().list_target_statuses(request).await.unwrap().into_inner();
        (answer, begun.elapsed())
    };
    let (now, _) = ask(None).await;
    let mut took = Vec::new();
    for _ in 0..9 {
        let (again, time) = ask(None).await;
        assert_eq!(again.statuses, now.statuses);
        took.push(time);
    }
    took.sort();
    println!("status of all targets: {:?}", took[took.len() / 2]);
    assert!(took[took.len() / 2] < CALL_WITHIN, "{took:?}");
    let (then, _) = ask(now.as_of).await;
    assert_eq!(then, now);
    let begun = Instant::now();
    let one = status(clients, "A01").await;
    println!("one status with {} measurements: {:?}", one.history.len(), begun.elapsed());
    let all = SUMS * COMMUNES * months() - SUMS;
    assert_eq!(one.history.len(), (all / SUMS).min(1_000));
    assert_eq!(one.history.len() + one.history_left_out as usize, (all / SUMS));
    let first = &one.history[0];
    let of_first = one.history.iter().filter(|it| it.department == first.department).count();
    assert!(of_first.abs_diff(one.history.len() / COMMUNES) <= 1, "the latest of everybody");
    let begun = Instant::now();
    let request = v1::ListReportsRequest { page_size: 100, ..Default::default() };
    let reports = clients.review("ra").list_reports(request).await.unwrap().into_inner().reports;
    println!("a page of {} reports: {:?}", reports.len(), begun.elapsed());
    let begun = Instant::now();
    let request = v1::ListReportingRatesRequest::default();
    let rates = clients.status().list_reporting_rates(request).await.unwrap().into_inner().rates;
    println!("{} reporting rates: {:?}", rates.len(), begun.elapsed());
}

/// What the raw ledger says last: by indicator and month, each commune's hundredths.
struct Ledger(BTreeMap<(String, String), BTreeMap<String, i128>>);

impl Ledger {
    async fn read(clients: &Clients) -> Self {
        let mut known: BTreeMap<(String, String), BTreeMap<String, i128>> = BTreeMap::new();
        for department in (0..COMMUNES).map(commune) {
            for entry in chain(clients, &department).await.entries {
                for group in entry.content.groups {
                    for measurement in group.measurements {
                        let Some(Content::Value(value)) = measurement.content else { panic!() };
                        let key = (measurement.indicator, group.period.clone());
                        known
                            .entry(key)
                            .or_default()
                            .insert(department.clone(), hundredths(&value));
                    }
                }
            }
        }
        Self(known)
    }

    /// Months that all communes reported, with their sums.
    fn sums(&self, indicator: &str) -> Vec<(String, i128)> {
        let of_indicator = self.0.iter().filter(|((of, _), _)| of == indicator);
        let all: BTreeSet<String> = (0..COMMUNES).map(commune).collect();
        of_indicator
            .filter(|(_, parts)| parts.keys().eq(&all))
            .map(|((_, month), parts)| (month.clone(), parts.values().sum()))
            .collect()
    }
}

/// A decimal of two places, read by hand.
fn hundredths(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<2}").parse().unwrap()
}

fn measurement((period, hundredths): &(String, i128)) -> Measurement {
    let value = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    Measurement {
        period: period.parse().unwrap(),
        observation: Observation {
            value: Value::Number(value.parse().unwrap()),
            status: ObservationStatus::Final,
            ranked_among: None,
            edition: 0,
            territory: 0,
            notes: 0,
        },
        revision: 0,
        sequence: 1,
        received: jiff::Timestamp::UNIX_EPOCH,
    }
}
