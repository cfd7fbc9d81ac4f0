//! Tables of how departments combine: sums, coverage, merges and splits, weighted ratios.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::measurement::{Observation, ObservationStatus};

/// Departments as `id`, `id<2025-06-30>heir,heir` (ended) or `id@2025-07-01` (began).
fn catalogue(departments: &[&str], indicators: &str) -> Catalogue {
    let mut text = String::from(HEAD);
    for written in departments {
        let (written, from) = written.split_once('@').unwrap_or((written, ""));
        let (id, ended) = written.split_once('<').unwrap_or((written, ""));
        let names = format!("name = {{ vi = \"{id}\", en = \"{id}\" }}");
        text.extend(["[[department]]\nid = \"", id, "\"\n", &names, "\nkind = \"commune\"\n"]);
        if !from.is_empty() {
            text.extend(["valid_from = ", from, "\n"]);
        }
        if let Some((to, heirs)) = ended.split_once('>') {
            let heirs: Vec<_> = heirs.split(',').map(|heir| format!("\"{heir}\"")).collect();
            text.extend(["valid_to = ", to, "\nsuccessors = [", &heirs.join(", "), "]\n"]);
        }
    }
    Catalogue::parse(&(text + indicators)).unwrap()
}

const HEAD: &str = r#"
[catalogue]
version = "1"
name = { vi = "Thử", en = "Trial" }
[calendar]
time_zone = "Asia/Ho_Chi_Minh"
cut_off = { month = 14, quarter = 14, half_year = 14, year = 14 }
working_days_to_send = 2
[[unit]]
id = "count"
name = { vi = "số", en = "count" }
"#;

fn indicator(id: &str, rest: &str) -> String {
    format!(
        "[[indicator]]\nid = \"{id}\"\nname = {{ vi = \"{id}\", en = \"{id}\" }}\nunit = \"count\"\n\
         kind = \"quantity\"\ndecimals = 0\ndirection = \"increase\"\nfrequency = \"year\"\n{rest}\n"
    )
}

fn sum_of(owner: &str, reporters: &str) -> String {
    format!("owner = \"{owner}\"\nreporters = [{reporters}]\ncombination = \"sum\"")
}

/// A single source that another department became part of.
fn catalogue_of_one(owner: &str) -> Catalogue {
    let departments = [&format!("x<2024-12-31>{owner}"), owner];
    catalogue(&departments, &indicator("n", &format!("owner = \"{owner}\"")))
}

fn measurement(period: &str, content: &str, sequence: u64) -> Measurement {
    let value = match content {
        "?" => Value::Missing(MissingReason::NotYetAvailable),
        "n/a" => Value::Missing(MissingReason::NotApplicable),
        "x" => Value::Withdrawn,
        number => Value::Number(number.parse().unwrap()),
    };
    let observation = Observation {
        value,
        status: ObservationStatus::Final,
        ranked_among: None,
        edition: 0,
        territory: 0,
        notes: 0,
    };
    let received = Timestamp::UNIX_EPOCH;
    Measurement { period: period.parse().unwrap(), observation, revision: 0, sequence, received }
}

/// What departments reported, as `a 2024=1 2025=2; b 2024=3`.
fn combined(catalogue: &Catalogue, id: &str, reported: &str) -> Vec<Combined> {
    let reporters = catalogue.reporters(id).unwrap();
    let mut parts: BTreeMap<ReportingPeriod, Vec<Part>> = BTreeMap::new();
    for line in reported.split(';').filter(|line| !line.trim().is_empty()) {
        let mut words = line.split_whitespace();
        let place = reporters.place(words.next().unwrap()).unwrap();
        for (word, sequence) in words.zip(1..) {
            let (period, content) = word.split_once('=').unwrap();
            let measurement = measurement(period, content, sequence);
            parts.entry(measurement.period).or_default().push(Part {
                reporter: place,
                measurement,
                is_approved: false,
            });
        }
    }
    let combination = catalogue.indicator(id).unwrap().combination;
    let combine = |(period, parts): (&ReportingPeriod, &Vec<Part>)| {
        combine(combination, reporters, *period, parts)
    };
    parts.iter().filter_map(combine).collect()
}

fn history(catalogue: &Catalogue, id: &str, reported: &str) -> History {
    let indicator = catalogue.indicator(id).unwrap();
    let reporters = catalogue.reporters(id).unwrap();
    let combined = combined(catalogue, id, reported);
    History::of_reported(indicator, reporters, &combined, indicator.complete_from)
}

/// Values as `2024=5`, periods without one as `2025 CODE`, in that order.
#[track_caller]
fn check_history(history: &History, expected: &[&str]) {
    let values = history.measurements.iter().map(|it| match it.observation.value {
        Value::Number(number) => format!("{}={number}", it.period),
        other => format!("{}={other:?}", it.period),
    });
    let reasons = history.uncomputed.iter().map(|it| format!("{} {}", it.period, it.reason.code()));
    assert_eq!(values.chain(reasons).collect::<Vec<_>>(), expected);
}

#[test]
fn a_sum_of_some_is_not_a_value_of_the_province() {
    let catalogue = catalogue(&["a", "b", "c"], &indicator("n", &sum_of("a", r#""b", "c""#)));
    let reported = "a 2023=1 2024=1 2025=1 2026=?; b 2023=2 2024=n/a 2025=x; c 2023=3 2024=3";
    let history = history(&catalogue, "n", reported);
    check_history(&history, &["2023=6", "2024=4", "2025 INCOMPLETE", "2026 INCOMPLETE"]);
    assert_eq!(
        history.uncomputed[0].reason.to_string(),
        "`n` is in from 1 of 3 departments for `2025`; missing: `b`, `c`"
    );
    let period = "2025".parse().unwrap();
    let expected = expected(&catalogue, "n", period);
    let coverage = history.coverage(period, expected);
    assert_eq!((coverage.reported(), coverage.expected), (1, 3));
}

#[test]
fn the_catalogue_says_how_many_are_enough() {
    let rest = sum_of("a", r#""b", "c""#) + "\ncomplete_from = \"66\"";
    let catalogue = catalogue(&["a", "b", "c"], &indicator("n", &rest));
    let history = history(&catalogue, "n", "a 2024=1 2025=1; b 2024=2");
    check_history(&history, &["2024=3", "2025 INCOMPLETE"]);
    assert_eq!(history.coverage("2024".parse().unwrap(), 3).missing, ["c"]);
}

#[test]
fn a_break_does_not_hide_that_a_part_may_change() {
    use crate::measurement::ObservationStatus::{Break, Final, Provisional};
    let catalogue = catalogue(&["a", "b"], &indicator("n", &sum_of("a", r#""b""#)));
    let reporters = catalogue.reporters("n").unwrap();
    for (statuses, unfirm) in [([Break, Provisional], 1), ([Break, Final], 0)] {
        let parts = statuses.into_iter().enumerate().map(|(reporter, status)| {
            let mut measurement = measurement("2024", "1", 1);
            measurement.observation.status = status;
            Part { reporter, measurement, is_approved: true }
        });
        let parts: Vec<Part> = parts.collect();
        let period = "2024".parse().unwrap();
        let combined = combine(Combination::Sum, reporters, period, &parts).unwrap();
        assert_eq!((combined.unfirm, combined.unapproved), (unfirm, 0));
    }
}

#[test]
fn digits_that_cannot_be_kept_are_no_value() {
    let catalogue = catalogue(&["a", "b"], &indicator("n", &sum_of("a", r#""b""#)));
    let most = "79228162514264337593543950335";
    let history = history(&catalogue, "n", &format!("a 2024={most} 2025={most}; b 2024=1 2025=0"));
    check_history(&history, &[&format!("2025={most}"), "2024 OVERFLOW"]);
}

#[test]
fn a_merge_keeps_both_histories_and_counts_nothing_twice() {
    // `x` and `y` became `z` in the middle of 2025; the catalogue lists `z` alone.
    let departments = ["x<2025-06-30>z", "y<2025-06-30>z", "z@2025-07-01", "a"];
    let catalogue = catalogue(&departments, &indicator("n", &sum_of("a", r#""z""#)));
    let old = "a 2024=1 2025=1 2026=1; x 2024=10 2025=20; y 2024=100 2025=200";
    check_history(
        &history(&catalogue, "n", old),
        &["2024=111", "2025 INCOMPLETE", "2026 INCOMPLETE"],
    );
    // Until the new one reports 2025, the old ones stand in for it.
    let stand_in = &combined(&catalogue, "n", old)[1];
    let value = stand_in.value.as_ref().unwrap().observation.value;
    assert_eq!((value, stand_in.lacking.as_slice()), (Value::Number(221.into()), &[3][..]));
    let both = format!("{old}; z 2025=300 2026=400");
    check_history(&history(&catalogue, "n", &both), &["2024=111", "2025=301", "2026=401"]);
}

#[test]
fn a_department_that_took_another_in_goes_on() {
    let departments = ["x<2024-12-31>a", "a", "b"];
    let catalogue = catalogue(&departments, &indicator("n", &sum_of("a", r#""b", "x""#)));
    check_history(
        &history(&catalogue, "n", "x 2024=1; a 2024=10 2025=20; b 2024=100 2025=200"),
        &["2024=111", "2025=220"],
    );
    check_history(
        &history(&catalogue, "n", "a 2024=10 2025=20; b 2024=100 2025=200"),
        &["2025=220", "2024 INCOMPLETE"],
    );
}

#[test]
fn a_split_hands_on_what_is_owed() {
    let departments = ["x<2025-06-30>y,z", "y@2025-07-01", "z@2025-07-01", "a"];
    let catalogue = catalogue(&departments, &indicator("n", &sum_of("a", r#""x""#)));
    let half = "a 2024=1 2025=1 2026=1; x 2024=10 2025=11; y 2025=20 2026=30";
    check_history(
        &history(&catalogue, "n", half),
        &["2024=11", "2025 INCOMPLETE", "2026 INCOMPLETE"],
    );
    let whole = format!("{half}; z 2025=200 2026=300");
    check_history(&history(&catalogue, "n", &whole), &["2024=11", "2025=221", "2026=331"]);
    let reporters = catalogue.reporters("n").unwrap();
    assert_eq!(reporters.departments().collect::<Vec<_>>(), ["a", "x", "y", "z"]);
}

#[test]
fn a_single_source_may_have_had_another_owner() {
    let departments = ["x<2024-12-31>a", "y<2024-12-31>a", "a@2025-01-01"];
    let catalogue = catalogue(&departments, &indicator("n", "owner = \"a\""));
    check_history(&history(&catalogue, "n", "x 2024=1; a 2025=2"), &["2024=1", "2025=2"]);
    check_history(
        &history(&catalogue, "n", "x 2024=1; y 2024=1; a 2025=2"),
        &["2025=2", "2024 SEVERAL_SOURCES"],
    );
    // One that was there before has its own history alone.
    let other = catalogue_of_one("a");
    assert_eq!(other.reporters("n").unwrap().departments().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn a_weighted_ratio_is_of_sums_and_of_those_that_have_both() {
    let same = sum_of("a", r#""b", "c""#);
    let ratio = "owner = \"a\"\ncombination = \"weighted_ratio\"\nrange = { maximum = \"100\" }\n\
                 formula = { ratio = [\"part\", \"whole\"], scale = \"100\" }";
    let indicators =
        [indicator("part", &same), indicator("whole", &same), indicator("share", ratio)].concat();
    let catalogue = catalogue(&["a", "b", "c"], &indicators);
    let share = catalogue.indicator("share").unwrap();
    assert_eq!(paired(&catalogue, share).unwrap().map(|it| it.id.as_str()), ["part", "whole"]);
    let compute = |part: &str, whole: &str| {
        let inputs = [history(&catalogue, "part", part), history(&catalogue, "whole", whole)];
        let input = |id: &str| Some(&inputs[usize::from(id == "whole")]);
        History::of_computed(share.formula.as_ref().unwrap(), share.range, input)
    };
    // The mean of the shares would be (10 + 50 + 100) / 3.
    let whole = "a 2024=10 2025=10; b 2024=100 2025=100; c 2024=1 2025=1";
    let part = "a 2024=1 2025=1; b 2024=50 2025=50; c 2024=1";
    check_history(
        &compute(part, whole),
        &["2024=46.846846846846846846846846847", "2025 INCOMPLETE"],
    );
    // More than all is found, not judged.
    let more = compute("a 2024=11; b 2024=100; c 2024=1", whole);
    check_history(&more, &["2024 OUT_OF_RANGE", "2025 MISSING_INPUT"]);
    assert!(more.uncomputed[0].reason.to_string().contains("beyond 100"), "{more:?}");
}

proptest! {
    #[test]
    fn the_order_of_parts_never_matters(
        values in proptest::collection::vec((0..1_000_000_i64, 0_u32..6), 1..102),
        at in any::<prop::sample::Index>(),
    ) {
        let ids: Vec<String> = (0..102).map(|n| format!("xa-{n:03}")).collect();
        let departments: Vec<&str> = ids.iter().map(String::as_str).collect();
        let listed: Vec<_> = ids[1..].iter().map(|id| format!("\"{id}\"")).collect();
        let catalogue =
            catalogue(&departments, &indicator("n", &sum_of("xa-000", &listed.join(", "))));
        let reporters = catalogue.reporters("n").unwrap();
        let period = "2024".parse().unwrap();
        let parts: Vec<Part> = values.iter().enumerate().map(|(reporter, (mantissa, scale))| {
            let text = Decimal::new(*mantissa, *scale).to_string();
            let measurement = measurement("2024", &text, 1);
            Part { reporter, measurement, is_approved: reporter % 2 == 0 }
        }).collect();
        let mut turned = parts.clone();
        turned.rotate_left(at.index(parts.len()));
        let one = combine(Combination::Sum, reporters, period, &parts).unwrap();
        prop_assert_eq!(&one, &combine(Combination::Sum, reporters, period, &turned).unwrap());
        // In whole millionths nothing is rounded.
        let millionths = values.iter().map(|(mantissa, scale)| i128::from(*mantissa) * 10_i128.pow(6 - scale));
        let total = Decimal::from_i128_with_scale(millionths.sum(), 6);
        prop_assert_eq!(one.value.unwrap().observation.value, Value::Number(total));
        prop_assert_eq!(one.lacking.len(), 102 - values.len());
        prop_assert_eq!((one.parts, one.unapproved), (values.len(), values.len() / 2));
        prop_assert_eq!(one.unfirm, 0);
    }
}
