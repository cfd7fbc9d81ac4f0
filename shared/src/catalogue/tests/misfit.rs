//! Targets that their indicator cannot answer.

use super::check;

#[test]
fn each_comparator_judges_one_kind() {
    check(
        &[(r#"indicator = "rank""#, r#"indicator = "share""#)],
        &["line 139, column 14: `rank_within` judges a rank, but `share` is a quantity"],
    );
    check(
        &[
            ("indicator = \"share\"\n", "indicator = \"rank\"\n"),
            ("baseline = { period = \"2025\", value = \"1.5\" }\n", ""),
        ],
        &["line 127, column 14: `at_least` judges a quantity, but `rank` is a rank"],
    );
    check(
        &[(r#"indicator = "milestone""#, r#"indicator = "whole""#)],
        &["line 155, column 14: `milestone_done` judges a milestone, but `whole` is a quantity"],
    );
    check(
        &[(r#"indicator = "level""#, r#"indicator = "rank""#)],
        &["line 147, column 14: `in_group` judges a level, but `rank` is a rank"],
    );
    check(
        &[(r#"comparator = { at_least = "20" }"#, r#"comparator = "milestone_done""#)],
        &["line 127, column 14: `milestone_done` judges a milestone, but `share` is a quantity"],
    );
}

#[test]
fn a_comparator_is_one_and_has_what_it_needs() {
    check(
        &[(r#"comparator = { at_least = "20" }"#, r#"comparator = { at_leest = "20" }"#)],
        &[
            "line 127, column 16: `comparator` cannot be `at_leest`; accepted: `at_least`, `above`, `at_most`, `below`, `rank_within`, `every_period_at_least`, `average_growth_at_least`, `average_growth_within`, `within`, `in_group`, `above_reference`, `at_par_with_reference`, `share_done`; did you mean `at_least`?",
        ],
    );
    check(
        &[(
            r#"comparator = { at_least = "20" }"#,
            r#"comparator = { at_least = "20", above = "20" }"#,
        )],
        &[
            "line 127, column 14: `comparator` has both `at_least` and `above`; only one can stand there",
        ],
    );
    check(
        &[(r#"comparator = { at_least = "20" }"#, "comparator = {}")],
        &[
            "line 127, column 14: `comparator` lacks one of `at_least`, `above`, `at_most`, `below`, `rank_within`, `every_period_at_least`, `average_growth_at_least`, `average_growth_within`, `within`, `in_group`, `above_reference`, `at_par_with_reference`, `share_done`",
        ],
    );
    check(
        &[(r#"comparator = { at_least = "20" }"#, r#"comparator = "at_least""#)],
        &[r#"line 127, column 14: comparator `at_least` needs a value, as { at_least = "20" }"#],
    );
    check(
        &[(r#"comparator = { at_least = "20" }"#, r#"comparator = "increase""#)],
        &["line 127, column 14: there is no comparator `increase`; did you mean `increasing`?"],
    );
    check(
        &[(
            r#"comparator = { at_least = "20" }"#,
            r#"comparator = { at_least = "20", base = 2025 }"#,
        )],
        &["line 127, column 33: `comparator` has no key `base`"],
    );
    check(
        &[("{ rank_within = 20, among = 63 }", "{ rank_within = 20 }")],
        &["line 139, column 14: `comparator` lacks `among`"],
    );
    check(
        &[("{ rank_within = 20, among = 63 }", "{ rank_within = 0, among = 63 }")],
        &["line 139, column 30: `rank_within` must be from 1 to 10000, not `0`"],
    );
    check(
        &[(
            r#"comparator = { at_least = "20" }"#,
            r#"comparator = { average_growth_at_least = "10" }"#,
        )],
        &["line 127, column 14: `comparator` lacks `base`"],
    );
    check(
        &[(
            r#"comparator = { at_least = "20" }"#,
            r#"comparator = { every_period_at_least = "10" }"#,
        )],
        &["line 127, column 14: `comparator` lacks `from`"],
    );
    check(
        &[(r#"comparator = { at_least = "20" }"#, r#"comparator = { within = ["10"] }"#)],
        &["line 127, column 25: `within` must list exactly two"],
    );
}

#[test]
fn bounds_and_years_are_in_order() {
    check(
        &[(r#"comparator = { at_least = "20" }"#, r#"comparator = { within = ["10", "8"] }"#)],
        &["line 127, column 25: the lower bound `10` is not below the upper bound `8`"],
    );
    check(
        &[(
            r#"comparator = { at_least = "20" }"#,
            r#"comparator = { average_growth_within = ["18", "18"], base = 2025 }"#,
        )],
        &["line 127, column 40: the lower bound `18` is not below the upper bound `18`"],
    );
    check(
        &[(
            r#"comparator = { at_least = "20" }"#,
            r#"comparator = { average_growth_at_least = "10", base = 2030 }"#,
        )],
        &["line 127, column 14: `base` is 2030, but the horizon is 2030 already"],
    );
    check(
        &[(
            r#"comparator = { at_least = "20" }"#,
            r#"comparator = { every_period_at_least = "10", from = 2031 }"#,
        )],
        &["line 127, column 14: `from` is 2031, but the horizon is 2030 already"],
    );
    check(
        &[(r#"period = "2025""#, r#"period = "2030""#)],
        &["line 128, column 12: the baseline of `2030` is not before the horizon 2030"],
    );
    check(
        &[("{ rank_within = 20, among = 63 }", "{ rank_within = 64, among = 63 }")],
        &["line 139, column 14: rank 64 among 63 is met by all"],
    );
    check(
        &[(r#"at_least = "20""#, r#"at_least = "100.01""#)],
        &["line 127, column 14: `100.01` is outside the range of `share`"],
    );
}

#[test]
fn directions_agree() {
    check(
        &[(r#"comparator = { at_least = "20" }"#, r#"comparator = { at_most = "20" }"#)],
        &["line 127, column 14: `at_most` asks for less, but `share` is to increase"],
    );
    check(
        &[("decimals = 2\ndirection = \"increase\"", "decimals = 2\ndirection = \"decrease\"")],
        &["line 127, column 14: `at_least` asks for more, but `share` is to decrease"],
    );
    check(
        &[(
            "kind = \"rank\"\ndirection = \"decrease\"",
            "kind = \"rank\"\ndirection = \"increase\"",
        )],
        &[
            "line 99, column 13: the direction of a rank is `decrease`",
            "line 139, column 14: `rank_within` asks for less, but `rank` is to increase",
        ],
    );
    check(
        &[(
            "scale = \"grade\"\ndirection = \"increase\"",
            "scale = \"grade\"\ndirection = \"decrease\"",
        )],
        &["line 109, column 13: the direction of a level is `increase`"],
    );
}

#[test]
fn a_reference_is_comparable() {
    check(
        &[(r#"comparator = { at_least = "20" }"#, r#"comparator = { above_reference = "share" }"#)],
        &["line 127, column 14: `share` cannot be its own reference"],
    );
    check(
        &[(r#"comparator = { at_least = "20" }"#, r#"comparator = { above_reference = "rank" }"#)],
        &["line 127, column 14: a reference is a quantity, but `rank` is a rank"],
    );
    check(
        &[(
            r#"comparator = { at_least = "20" }"#,
            r#"comparator = { at_par_with_reference = "milestone", tolerance = "-1" }"#,
        )],
        &["line 127, column 65: `tolerance` must not be below 0, but is `-1`"],
    );
    check(
        &[
            (
                "symbol = \"%\"\n",
                "symbol = \"%\"\n[[unit]]\nid = \"score\"\nname = { vi = \"điểm\", en = \"score\" }\n",
            ),
            (
                "vi = \"phần\", en = \"part\" }\nunit = \"percent\"",
                "vi = \"phần\", en = \"part\" }\nunit = \"score\"",
            ),
            (r#"comparator = { at_least = "20" }"#, r#"comparator = { above_reference = "part" }"#),
        ],
        &["line 130, column 14: `share` is in `percent`, but its reference in `score`"],
    );
    check(
        &[
            (
                r#"comparator = { at_least = "20" }"#,
                r#"comparator = { above_reference = "whole" }"#,
            ),
            (r#"vi = "toàn bộ", en = "whole" }"#, r#"vi = "toàn bộ", en = "whole" }"#),
            (
                "decimals = 0\ndirection = \"increase\"\nfrequency = \"year\"\nowner",
                "decimals = 0\ndirection = \"increase\"\nfrequency = \"quarter\"\nalso_accepted = [\"month\"]\nowner",
            ),
        ],
        &[
            "line 62, column 11: `whole` has no values for each `year`",
            "line 128, column 14: reference `whole` has no values for each `year`",
        ],
    );
}

#[test]
fn everything_wrong_is_said_at_once_in_the_order_of_lines() {
    check(
        &[
            (r#"version = "1""#, r#"versoin = "1""#),
            ("owner = \"one\"\ncombination", "owner = \"nobody\"\ncombination"),
            ("decimals = 2", "decimals = 2.5"),
            (
                "horizon = 2030\ncomparator = { at_least = \"20\" }",
                "comparator = { rank_within = 3 }",
            ),
            (r#"in_group = "kha""#, r#"in_group = "tot""#),
            (r#"severity = "warning""#, r#"severity = "bad""#),
        ],
        &[
            "line 1, column 1: `catalogue` lacks `version`",
            "line 2, column 1: `catalogue` has no key `versoin`; did you mean `version`?",
            "line 57, column 12: `decimals` must be a whole number, not a float",
            "line 60, column 9: there is no department `nobody`",
            "line 122, column 1: target `A01` lacks `horizon`",
            "line 126, column 14: `comparator` lacks `among`",
            "line 146, column 14: scale `grade` of `level` has no level `tot`",
            "line 162, column 12: `severity` cannot be `bad`; accepted: `warning`, `error`",
        ],
    );
}
