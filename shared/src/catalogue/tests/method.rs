//! The method of a target, and what it needs besides base and bound.

use super::{check, edited};
use crate::catalogue::Catalogue;
use crate::target::{Method, UnChartBands};

const SCALE: &str =
    "sdsn = { lower_bound = \"0\", optimum = \"30\", green = \"20\", red = \"10\" }\n";
const BANDS: &str = "un_chart = { on_track = \"0.9\", progress = \"0.2\" }\n";

/// The problems of the base with its scale replaced.
#[track_caller]
fn refused(scale: &str, expected: &[&str]) {
    check(&[(SCALE, &format!("{scale}\n"))], expected);
}

#[test]
fn every_method_can_be_chosen() {
    for method in Method::ALL {
        let text = edited(&[("method = \"linear\"", &format!("method = \"{}\"", method.name()))]);
        let catalogue = Catalogue::parse(&text).unwrap();
        assert_eq!(catalogue.target("A05").unwrap().method, method);
    }
    let plain = edited(&[("method = \"linear\"\n", ""), (SCALE, ""), (BANDS, "")]);
    let catalogue = Catalogue::parse(&plain).unwrap();
    let target = catalogue.target("A05").unwrap();
    assert_eq!((target.method, target.sdsn), (Method::Ratio, None));
    assert_eq!(target.un_chart, UnChartBands::default());
}

#[test]
fn a_method_has_what_it_needs() {
    check(
        &[("method = \"linear\"", "method = \"sdsn\""), (SCALE, "")],
        &[
            r#"line 171, column 10: method `sdsn` needs a scale, as sdsn = { lower_bound = "0", optimum = "30", green = "20", red = "10" }"#,
        ],
    );
    let order = "line 173, column 8: the scale has to be in this order: `lower_bound` ≤ `red` < `green` ≤ `optimum`";
    for scale in [
        r#"sdsn = { lower_bound = "0", optimum = "30", green = "10", red = "10" }"#,
        r#"sdsn = { lower_bound = "0", optimum = "19", green = "20", red = "10" }"#,
        r#"sdsn = { lower_bound = "11", optimum = "30", green = "20", red = "10" }"#,
        r#"sdsn = { lower_bound = "30", optimum = "0", green = "10", red = "20" }"#,
    ] {
        refused(scale, &[order]);
    }
    refused(
        r#"sdsn = { lower_bound = "0", optimum = "30", grene = "20", red = "10" }"#,
        &[
            "line 173, column 8: `sdsn` lacks `green`",
            "line 173, column 45: `sdsn` has no key `grene`; did you mean `green`?",
        ],
    );
    check(
        &[("id = \"part\"", "id = \"part\"\nrange = { maximum = \"25\" }")],
        &["line 174, column 8: `30` is outside the range of `part`"],
    );
    for (on_track, progress) in [("0.1", "0.95"), ("1.1", "0.5"), ("0.5", "0.5")] {
        let bands =
            format!("un_chart = {{ on_track = \"{on_track}\", progress = \"{progress}\" }}\n");
        check(
            &[(BANDS, &bands)],
            &["line 172, column 12: `progress` has to be below `on_track`, and that at most 1"],
        );
    }
}

#[test]
fn a_comparator_with_a_method_of_its_own_takes_none() {
    let own = "is not for `rank_within`, which has a method of its own";
    check(
        &[(
            "comparator = { rank_within = 20, among = 63 }",
            &format!(
                "comparator = {{ rank_within = 20, among = 63 }}\nmethod = \"linear\"\n{BANDS}{SCALE}"
            ),
        )],
        &[
            &format!("line 140, column 10: `method` {own}"),
            &format!("line 141, column 12: `un_chart` {own}"),
            &format!("line 142, column 8: `sdsn` {own}"),
        ],
    );
}
