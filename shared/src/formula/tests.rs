//! Tables of the formulas: exactness, what is missing, what a result inherits.

use jiff::Timestamp;

use super::*;
use crate::measurement::MissingReason;

/// A series on a line: `2024=5.99`, `2024=?` missing, `2024=L1` a level; then `:p`rovisional,
/// `:e`stimated, `:b`reak, `:t1` territory, `:d1` edition. Sequences count from 1.
fn series(line: &str) -> Vec<Measurement> {
    let read = |(word, sequence): (&str, u64)| {
        let (period, rest) = word.split_once('=').unwrap();
        let mut parts = rest.split(':');
        let mut observation = Observation {
            value: match parts.next().unwrap() {
                "?" => Value::Missing(MissingReason::NotCollected),
                "L1" => Value::Level(1),
                number => Value::Number(number.parse().unwrap()),
            },
            status: ObservationStatus::Final,
            ranked_among: None,
            edition: 0,
            territory: 0,
            notes: 0,
        };
        for part in parts {
            match part {
                "p" => observation.status = ObservationStatus::Provisional,
                "e" => observation.status = ObservationStatus::Estimated,
                "b" => observation.status = ObservationStatus::Break,
                "t1" => observation.territory = 1,
                "d1" => observation.edition = 1,
                other => panic!("unknown mark {other}"),
            }
        }
        Measurement {
            period: period.parse().unwrap(),
            observation,
            revision: 0,
            sequence,
            received: Timestamp::UNIX_EPOCH,
        }
    };
    line.split_whitespace().zip(1..).map(read).collect()
}

fn ratio_of(scale: u32) -> Formula {
    Formula::Ratio {
        numerator: "a".to_owned(),
        denominator: "b".to_owned(),
        scale: Decimal::from(scale),
    }
}

fn run(formula: &Formula, a: &str, b: &str) -> Evaluation {
    let (a, b) = (series(a), series(b));
    evaluate(formula, |indicator| if indicator == "a" { &a } else { &b })
}

/// Values as `2024=5.99 Final`, what could not be computed as `2024 CODE`, in that order.
#[track_caller]
fn check(formula: &Formula, a: &str, b: &str, expected: &[&str]) {
    let evaluation = run(formula, a, b);
    let values = evaluation.measurements.iter().map(|it| {
        let Value::Number(value) = it.observation.value else { panic!("{it:?}") };
        format!("{}={value} {:?}", it.period, it.observation.status)
    });
    let reasons =
        evaluation.uncomputed.iter().map(|it| format!("{} {}", it.period, it.reason.code()));
    assert_eq!(values.chain(reasons).collect::<Vec<_>>(), expected, "{a} | {b}");
}

#[test]
fn a_ratio_is_exact_and_of_the_same_period() {
    check(&ratio_of(100), "2024=5.99", "2024=100", &["2024=5.99 Final"]);
    check(&ratio_of(10_000), "2024=2292", "2024=1910000", &["2024=12 Final"]);
    check(&ratio_of(100), "2024=1", "2024=3", &["2024=33.333333333333333333333333333 Final"]);
    check(
        &ratio_of(100),
        "2024=-1 2025=1",
        "2024=4 2025=8",
        &["2024=-25 Final", "2025=12.5 Final"],
    );
    check(&ratio_of(100), "2024=0", "2024=4", &["2024=0 Final"]);
}

#[test]
fn a_period_without_a_value_has_its_reason() {
    check(&ratio_of(100), "2024=1", "2024=0", &["2024 ZERO_DENOMINATOR"]);
    check(&ratio_of(100), "2024=1", "2024=0.00", &["2024 ZERO_DENOMINATOR"]);
    check(&ratio_of(100), "2024=1 2025=1", "2024=4", &["2024=25 Final", "2025 MISSING_INPUT"]);
    check(&ratio_of(100), "2024=1", "2024=?", &["2024 MISSING_INPUT"]);
    check(&ratio_of(100), "2024=1", "2024-Q4=4", &["2024 MISSING_INPUT", "2024-Q4 MISSING_INPUT"]);
    check(&ratio_of(100), "2024=L1", "2024=4", &["2024 NOT_A_NUMBER"]);
    check(&ratio_of(100), "2024=79228162514264337593543950335", "2024=0.1", &["2024 OVERFLOW"]);
    check(&ratio_of(100), "", "", &[]);
    let zero = run(&ratio_of(100), "2024=1", "2024=0");
    assert_eq!(
        zero.uncomputed[0].reason.to_string(),
        "`b` is zero in `2024` and stands below the line"
    );
}

#[test]
fn sums_and_differences_are_exact() {
    let sum = Formula::Sum { parts: vec!["a".to_owned(), "b".to_owned()], skip_missing: false };
    check(&sum, "2024=0.1 2025=1", "2024=0.2 2025=?", &["2024=0.3 Final", "2025 MISSING_INPUT"]);
    check(&sum, "2024=79228162514264337593543950335", "2024=1", &["2024 OVERFLOW"]);
    let difference = Formula::Difference("a".to_owned(), "b".to_owned());
    check(&difference, "2024=0.3", "2024=0.1", &["2024=0.2 Final"]);
    check(&difference, "2024=1", "2024=1", &["2024=0 Final"]);
}

#[test]
fn a_sum_skips_missing_parts_if_it_is_told_to() {
    let parts = || vec!["a".to_owned(), "b".to_owned()];
    let skips = Formula::Sum { parts: parts(), skip_missing: true };
    check(&skips, "2024=0.1 2025=1", "2024=0.2 2025=?", &["2024=0.3 Final", "2025=1 Final"]);
    check(&skips, "2024=? 2025=L1", "2024=?", &["2024 MISSING_INPUT", "2025 NOT_A_NUMBER"]);
    let strict = Formula::Sum { parts: parts(), skip_missing: false };
    check(&strict, "2025=1", "2025=?", &["2025 MISSING_INPUT"]);
}

#[test]
fn digits_are_never_lost_in_silence() {
    let sum = Formula::Sum { parts: vec!["a".to_owned(), "b".to_owned()], skip_missing: false };
    check(&sum, "2024=9999999999999999999999999999", "2024=0.1", &["2024 OVERFLOW"]);
    let difference = Formula::Difference("a".to_owned(), "b".to_owned());
    check(&difference, "2024=9999999999999999999999999999", "2024=0.1", &["2024 OVERFLOW"]);
    check(
        &difference,
        "2024=1",
        "2024=0.0000000000000000000000000001",
        &["2024=0.9999999999999999999999999999 Final"],
    );
}

#[test]
fn growth_is_over_the_same_period_of_the_year_before() {
    let growth = Formula::Growth("a".to_owned());
    check(&growth, "2023=80 2024=100", "", &["2024=25 Final", "2023 MISSING_INPUT"]);
    check(
        &growth,
        "2023-Q1=10 2023-Q4=40 2024-Q1=9",
        "",
        &["2024-Q1=-10 Final", "2023-Q1 MISSING_INPUT", "2023-Q4 MISSING_INPUT"],
    );
    check(&growth, "2023=0 2024=1", "", &["2023 MISSING_INPUT", "2024 ZERO_BASE"]);
    check(&growth, "2023=-5 2024=1", "", &["2023 MISSING_INPUT", "2024 NEGATIVE_BASE"]);
    check(&growth, "2023=5 2024=1:b", "", &["2023 MISSING_INPUT", "2024 BREAK_IN_SERIES"]);
    check(&growth, "2023=5 2024=1:t1", "", &["2023 MISSING_INPUT", "2024 BREAK_IN_SERIES"]);
    check(
        &growth,
        "2023-Q1=5 2023-Q3=1:b 2024-Q1=6",
        "",
        &["2023-Q1 MISSING_INPUT", "2023-Q3 MISSING_INPUT", "2024-Q1 BREAK_IN_SERIES"],
    );
}

#[test]
fn a_result_is_as_weak_as_its_weakest_input() {
    let cases = [
        ("2024=1", "2024=4:p", "Provisional"),
        ("2024=1:e", "2024=4:p", "Estimated"),
        ("2024=1:p", "2024=4:b", "Break"),
    ];
    for (a, b, status) in cases {
        check(&ratio_of(100), a, b, &[&format!("2024=25 {status}")]);
    }
}

#[test]
fn a_result_breaks_where_an_input_does() {
    check(
        &ratio_of(100),
        "2023=1 2024=1:d1 2025=1:d1",
        "2023=4 2024=4 2025=4",
        &["2023=25 Final", "2024=25 Break", "2025=25 Final"],
    );
    check(
        &ratio_of(100),
        "2023=1 2024=1:b 2025=1",
        "2023=4 2025=4",
        &["2023=25 Final", "2025=25 Break", "2024 MISSING_INPUT"],
    );
    check(
        &ratio_of(100),
        "2023=1 2024=?:d1 2025=1",
        "2023=4 2025=4",
        &["2023=25 Final", "2025=25 Final", "2024 MISSING_INPUT"],
    );
}

#[test]
fn a_result_names_the_input_that_came_last() {
    let a = series("2024=1");
    let mut b = series("2023=9 2024=4:t1");
    b[1].received = Timestamp::from_second(5).unwrap();
    b[1].revision = 3;
    let evaluation = evaluate(&ratio_of(100), |indicator| if indicator == "a" { &a } else { &b });
    let computed = evaluation.measurements[0];
    assert_eq!((computed.sequence, computed.revision), (2, 3));
    assert_eq!(computed.received, b[1].received);
    assert_eq!(computed.observation.territory, 1);
}

#[test]
fn the_sources_of_a_value_are_its_inputs_of_the_periods_read() {
    let period: ReportingPeriod = "2024-Q1".parse().unwrap();
    let before: ReportingPeriod = "2023-Q1".parse().unwrap();
    assert_eq!(sources(&ratio_of(100), period), [("a", period), ("b", period)]);
    let growth = Formula::Growth("a".to_owned());
    assert_eq!(sources(&growth, period), [("a", before), ("a", period)]);
}
