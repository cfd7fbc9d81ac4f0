//! Tables of findings: rules that hold, are skipped or broken, and values that stand out.

use std::collections::HashMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::*;
use crate::indicator::Score;
use crate::measurement::{Observation, ObservationStatus};

const CATALOGUE: &str = r#"
[catalogue]
version = "1"
name = { vi = "Kế hoạch", en = "Plan" }
[calendar]
time_zone = "Asia/Ho_Chi_Minh"
cut_off = { month = 14, quarter = 14, half_year = 14, year = 14 }
working_days_to_send = 2
[[unit]]
id = "count"
name = { vi = "số", en = "count" }
[[department]]
id = "one"
name = { vi = "Sở Một", en = "One" }
kind = "agency"
[[department]]
id = "two"
name = { vi = "Sở Hai", en = "Two" }
kind = "agency"
"#;

const INDICATOR: &str = r#"unit = "count"
kind = "quantity"
decimals = 0
direction = "increase"
frequency = "year"
"#;

fn catalogue() -> Catalogue {
    let mut text = CATALOGUE.to_owned();
    for (id, more) in [
        ("a", "owner = \"one\"\nlargest_change = \"50\"\nusual = { maximum = \"200\" }\n"),
        ("b", "owner = \"one\"\noutliers = { score = \"z_score\" }\n"),
        ("total", "owner = \"two\"\n"),
        ("rate", "owner = \"one\"\nformula = { ratio = [\"a\", \"b\"], scale = \"100\" }\n"),
        ("half", "owner = \"two\"\nformula = { ratio = [\"a\", \"total\"], scale = \"100\" }\n"),
    ] {
        let name = format!("name = {{ vi = \"số {id}\", en = \"number {id}\" }}\n");
        write!(text, "[[indicator]]\nid = \"{id}\"\n{name}{INDICATOR}{more}").unwrap();
    }
    for (id, check, severity) in [
        ("within", "{ at_most = [\"a\", \"total\"] }", "error"),
        ("adds-up", "{ sum_equals = \"total\", parts = [\"a\", \"b\"] }", "warning"),
        ("rates", "{ at_most = [\"half\", \"rate\"] }", "warning"),
    ] {
        let name = format!("name = {{ vi = \"Quy tắc {id}.\", en = \"{id} holds.\" }}\n");
        let missing = "missing = \"skip_if_any_missing\"";
        writeln!(text, "[[rule]]\nid = \"{id}\"\n{name}check = {check}\n{missing}").unwrap();
        writeln!(text, "severity = \"{severity}\"").unwrap();
    }
    Catalogue::parse(&text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A series of years from 2010 on; a mark `b` is a break.
fn series(line: &str) -> Vec<Measurement> {
    let read = |(word, year): (&str, i16)| Measurement {
        period: ReportingPeriod::of_year(year).unwrap(),
        observation: Observation {
            value: Value::Number(word.trim_end_matches('b').parse().unwrap()),
            status: if word.ends_with('b') {
                ObservationStatus::Break
            } else {
                ObservationStatus::Final
            },
            ranked_among: None,
            edition: 0,
            territory: 0,
            notes: 0,
        },
        revision: 0,
        sequence: 1,
        received: Timestamp::UNIX_EPOCH,
    };
    line.split_whitespace().zip(2010..).map(read).collect()
}

/// The findings of the last period of the series.
fn findings(department: &str, known: &[(&str, &str)]) -> Vec<Finding> {
    let catalogue = catalogue();
    let known: HashMap<&str, Vec<Measurement>> =
        known.iter().map(|(id, line)| (*id, series(line))).collect();
    let period = known.values().flatten().map(|it| it.period).max().unwrap();
    let known = |id: &str| known.get(id).map_or(&[][..], Vec::as_slice);
    inspect(&Subject { catalogue: &catalogue, department, period, known })
}

#[track_caller]
fn check(department: &str, known: &[(&str, &str)], expected: &[(Kind, Option<&str>)]) {
    let found = findings(department, known);
    let short: Vec<_> = found.iter().map(|it| (it.kind, it.rule.as_deref())).collect();
    assert_eq!(short, expected, "{found:#?}");
}

#[test]
fn rules_hold_are_skipped_or_broken_by_name() {
    check("one", &[("a", "3"), ("b", "7"), ("total", "10")], &[]);
    check("one", &[("a", "3")], &[]);
    let adds = (Kind::RuleBroken, Some("adds-up"));
    check("one", &[("a", "3"), ("b", "6"), ("total", "10")], &[adds]);
    let within = (Kind::RuleBroken, Some("within"));
    let rates = (Kind::RuleBroken, Some("rates"));
    // Both who reports the part and who reports the whole have it in their report.
    for department in ["one", "two"] {
        let known = [("a", "11"), ("b", "20"), ("total", "10")];
        check(department, &known, &[within, adds, rates]);
    }
    let found = findings("one", &[("a", "11"), ("b", "1"), ("total", "10")]);
    assert_eq!((found[0].severity, found[1].severity), (Severity::Error, Severity::Warning));
    assert_eq!(found[0].message.vi, "Trái quy tắc “Quy tắc within”: số a = 11 > số total = 10.");
    assert_eq!(
        found[1].message.en,
        "Rule “adds-up holds” is broken: number a + number b = 12 ≠ number total = 10."
    );
    let figure = |indicator: &str, value: u32| Figure {
        indicator: indicator.to_owned(),
        period: ReportingPeriod::of_year(2010).unwrap(),
        value: Some(value.into()),
    };
    assert_eq!(found[0].figures, [figure("a", 11), figure("total", 10)]);
}

#[test]
fn what_cannot_be_computed_is_told_and_not_passed_over() {
    let found = findings("one", &[("a", "0"), ("b", "0"), ("total", "0")]);
    let [finding] = &found[..] else { panic!("{found:#?}") };
    assert_eq!((finding.kind, finding.severity), (Kind::RuleNotChecked, Severity::Warning));
    assert!(finding.message.en.contains("is zero in `2010`"), "{}", finding.message.en);
    let most = "79228162514264337593543950335";
    let kinds: Vec<_> = findings("two", &[("a", most), ("b", "1"), ("total", most)])
        .iter()
        .map(|it| it.kind)
        .collect();
    assert!(kinds.contains(&Kind::RuleNotChecked), "{kinds:?}");
}

#[test]
fn a_report_is_told_of_its_own_figures_alone() {
    // Two reported nothing for the period of one's figures.
    let found = findings("two", &[("a", "1 11"), ("total", "10")]);
    assert_eq!(found, []);
    assert_eq!(findings("three", &[("a", "11"), ("b", "20"), ("total", "10")]), []);
}

#[test]
fn values_stand_out_by_range_change_and_score() {
    check("one", &[("a", "100 160")], &[(Kind::LargeChange, None)]);
    check("one", &[("a", "160 201")], &[(Kind::Unusual, None)]);
    check("one", &[("a", "10 12 11 10 12 11")], &[]);
    check("one", &[("a", "10 12 11 10 12 17")], &[(Kind::Outlier, None)]);
    // One value fewer has no score, and a break starts anew.
    check("one", &[("a", "10 12 11 10 17")], &[]);
    check("one", &[("a", "10 12 11 10b 12 17")], &[]);
    check("one", &[("a", "10 12 11 10 12 17b")], &[]);
    let found = findings("one", &[("a", "10 12 11 10 12 17")]);
    assert_eq!(
        found[0].message.en,
        "number a: 17 is far from the 5 periods before (median 11; modified z-score 4.0, \
         threshold 3.5)."
    );
    assert_eq!(
        found[0].message.vi,
        "số a: 17 khác hẳn 5 kỳ trước (trung vị 11; điểm z hiệu chỉnh 4.0, ngưỡng 3.5)."
    );
}

#[track_caller]
fn scored(score: Score, others: &str, value: &str, expected: Option<f64>) {
    let others: Vec<Decimal> = others.split(' ').map(|it| it.parse().unwrap()).collect();
    let found = outlier::score(score, &others, value.parse().unwrap()).map(|it| it.score);
    match (found, expected) {
        (Some(found), Some(expected)) => assert!((found - expected).abs() < 1e-4, "{found}"),
        (found, expected) => assert_eq!(found, expected),
    }
}

#[test]
fn scores_are_those_of_their_formulas() {
    // Mean 11, sample standard deviation 1; median 11, MAD 1.
    scored(Score::Z, "10 12 11 10 12", "14", Some(3.0));
    scored(Score::ModifiedZ, "10 12 11 10 12", "17", Some(0.6745 * 6.0));
    scored(Score::ModifiedZ, "10 12 11 10 12", "5", Some(-0.6745 * 6.0));
    // More than half are equal: the mean absolute deviation, here 1.
    scored(Score::ModifiedZ, "10 10 10 10 15", "20", Some(10.0 / 1.253_314));
    for score in [Score::Z, Score::ModifiedZ] {
        scored(score, "10 10 10 10 10", "20", None);
        scored(score, "10 12 11 10", "17", None);
    }
    // A value among those it is compared with would hide itself; an outlier before does
    // not blur the modified score.
    scored(Score::Z, "10 12 11 10 12 1000", "100", Some((100.0 - 175.83333) / 403.7709));
    scored(Score::ModifiedZ, "10 12 11 10 12 1000", "100", Some(0.6745 * 88.5));
}
