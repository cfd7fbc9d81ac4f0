//! Indicators, scales, departments and rules that contradict themselves or each other.

use super::check;

#[test]
fn circles_are_spelled_out() {
    check(
        &[(
            "owner = \"one\"\n\n[[indicator]]\nid = \"rank\"",
            "owner = \"one\"\nformula = { growth = \"share\" }\n\n[[indicator]]\nid = \"rank\"",
        )],
        &["line 62, column 11: formulas go round in a circle: `share` → `whole` → `share`"],
    );
    check(
        &[(r#"ratio = ["part", "whole"]"#, r#"ratio = ["share", "whole"]"#)],
        &["line 62, column 11: formulas go round in a circle: `share` → `share`"],
    );
    check(
        &[(
            "kind = \"agency\"\n",
            "kind = \"agency\"\nparent = \"two\"\nvalid_to = 2025-01-01\nsuccessors = [\"two\"]\n",
        )],
        &[
            "line 42, column 10: parents go round in a circle: `one` → `two` → `one`",
            "line 44, column 14: successors go round in a circle: `one` → `two` → `one`",
        ],
    );
}

#[test]
fn formulas_read_numbers_of_the_same_periods() {
    check(
        &[(r#"ratio = ["part", "whole"]"#, r#"ratio = ["part", "rank"]"#)],
        &["line 62, column 11: `formula` computes with numbers, but `rank` is a rank"],
    );
    check(
        &[
            (
                "frequency = \"year\"\nowner = \"one\"\ncombination = \"weighted_ratio\"",
                "frequency = \"quarter\"\nowner = \"one\"\ncombination = \"weighted_ratio\"",
            ),
            (r#"period = "2025""#, r#"period = "2025-Q1""#),
        ],
        &["line 62, column 11: `whole` has no values for each `quarter`"],
    );
    check(
        &[(r#"ratio = ["part", "whole"]"#, r#"ratio = ["part", "part"]"#)],
        &["line 62, column 30: `ratio` lists this twice"],
    );
    check(
        &[(r#"ratio = ["part", "whole"]"#, r#"ratio = ["part"]"#)],
        &["line 62, column 21: `ratio` must list exactly two"],
    );
    check(
        &[(
            r#"formula = { ratio = ["part", "whole"], scale = "100" }"#,
            r#"formula = { ratio = ["part", "whole"], sum = ["part"], scale = "100" }"#,
        )],
        &["line 62, column 11: `formula` has both `ratio` and `sum`; only one can stand there"],
    );
    check(
        &[(r#"formula = { ratio = ["part", "whole"], scale = "100" }"#, "formula = { sum = [] }")],
        &["line 62, column 19: `sum` lists nothing"],
    );
    check(
        &[(
            r#"formula = { ratio = ["part", "whole"], scale = "100" }"#,
            r#"formula = { product = ["part", "whole"] }"#,
        )],
        &[
            "line 62, column 13: `formula` cannot be `product`; accepted: `ratio`, `per_capita`, `sum`, `difference`, `growth`",
        ],
    );
    check(
        &[(
            r#"formula = { ratio = ["part", "whole"], scale = "100" }"#,
            r#"formula = { ratio = ["part", "whole"] }"#,
        )],
        &["line 62, column 11: `formula` lacks `scale`"],
    );
}

#[test]
fn departments_combine_as_they_report() {
    check(
        &[("formula = { ratio = [\"part\", \"whole\"], scale = \"100\" }\n", "")],
        &["line 61, column 15: `weighted_ratio` needs a `formula` with `ratio`"],
    );
    check(
        &[(
            r#"formula = { ratio = ["part", "whole"], scale = "100" }"#,
            r#"formula = { sum = ["part", "whole"] }"#,
        )],
        &["line 61, column 15: `weighted_ratio` needs a `formula` with `ratio`"],
    );
    check(
        &[("reporters = [\"two\"]\n", "")],
        &["line 77, column 15: `sum` needs `reporters` to add up"],
    );
    check(
        &[("combination = \"sum\"\n", "")],
        &["line 77, column 13: `single_source` is reported by the owner alone"],
    );
    check(
        &[(r#"reporters = ["two"]"#, r#"reporters = ["two", "one", "two"]"#)],
        &["line 77, column 28: `reporters` lists this twice"],
    );
    check(
        &[(r#"combination = "weighted_ratio""#, "combination = \"sum\"\nreporters = [\"two\"]")],
        &[
            "line 61, column 15: a computed indicator combines as its inputs do, not by `sum`",
            "line 62, column 13: a computed indicator is reported by nobody",
        ],
    );
}

#[test]
fn only_numbers_have_what_numbers_have() {
    check(
        &[(
            r#"kind = "milestone""#,
            "kind = \"milestone\"\ndecimals = 1\nrange = { minimum = \"1\" }\ncumulative = true",
        )],
        &[
            "line 118, column 12: a milestone has no `decimals`",
            "line 119, column 9: a milestone has no `range`",
            "line 120, column 14: a milestone has no `cumulative`",
        ],
    );
    check(&[("decimals = 2\n", "")], &["line 52, column 1: indicator `share` lacks `decimals`"]);
    check(
        &[("scale = \"grade\"\n", "")],
        &["line 103, column 1: indicator `level` lacks `scale`, as it is a level"],
    );
    check(
        &[(r#"kind = "milestone""#, "kind = \"milestone\"\nscale = \"grade\"")],
        &["line 118, column 9: only an indicator of kind `level` has a scale"],
    );
    check(
        &[(r#"period = "2025", value = "1.5""#, r#"period = "2025-Q1""#)],
        &["line 128, column 12: `share` has no values for each `quarter`, as `2025-Q1` is one"],
    );
    check(
        &[(
            r#"comparator = "milestone_done""#,
            "comparator = \"milestone_done\"\nbaseline = { period = \"2025-Q1\" }",
        )],
        &["line 156, column 12: a baseline is a number, but `milestone` is a milestone"],
    );
    check(
        &[(r#"also_accepted = ["quarter"]"#, r#"also_accepted = ["quarter", "year", "quarter"]"#)],
        &["line 73, column 37: `also_accepted` lists this twice"],
    );
    check(
        &[(r#"also_accepted = ["quarter"]"#, r#"also_accepted = ["year"]"#)],
        &["line 73, column 17: `year` is the frequency already"],
    );
}

#[test]
fn scales_turn_ranks_into_levels_or_do_not() {
    check(
        &[(r#", top_percent = "50""#, "")],
        &["line 33, column 10: `top_percent` has to stand at every level or at none"],
    );
    check(
        &[(r#"top_percent = "100""#, r#"top_percent = "90""#)],
        &["line 33, column 10: `top_percent` has to fall from 100 at the lowest level"],
    );
    check(
        &[(r#"top_percent = "50""#, r#"top_percent = "100""#)],
        &["line 33, column 10: `top_percent` has to fall from 100 at the lowest level"],
    );
    check(
        &[(
            r#"members = [{ id = "nam", name = { vi = "nam", en = "male" } }, { id = "nu", name = { vi = "nữ", en = "female" } }]"#,
            "members = []",
        )],
        &["line 29, column 11: `members` must list from 1 to 200, not 0"],
    );
}

#[test]
fn rules_compare_numbers_of_one_period() {
    check(
        &[(r#"at_most = ["part", "whole"]"#, r#"at_most = ["part", "rank"]"#)],
        &["line 161, column 9: `check` computes with numbers, but `rank` is a rank"],
    );
    check(
        &[(r#"at_most = ["part", "whole"]"#, r#"at_most = ["part", "part"]"#)],
        &["line 161, column 30: `at_most` lists this twice"],
    );
    check(
        &[(
            r#"check = { at_most = ["part", "whole"] }"#,
            r#"check = { sum_equals = "whole", parts = ["part", "share"], tolerance = "-1" }"#,
        )],
        &["line 161, column 72: `tolerance` must not be below 0, but is `-1`"],
    );
    check(
        &[(r#"check = { at_most = ["part", "whole"] }"#, r#"check = { sum_equals = "whole" }"#)],
        &["line 161, column 9: `check` lacks `parts`"],
    );
    check(
        &[(
            r#"check = { at_most = ["part", "whole"] }"#,
            r#"check = { at_least = ["part", "whole"] }"#,
        )],
        &[
            "line 161, column 11: `check` cannot be `at_least`; accepted: `at_most`, `sum_equals`; did you mean `at_most`?",
        ],
    );
    check(
        &[(r#"check = { at_most = ["part", "whole"] }"#, "check = {}")],
        &["line 161, column 9: `check` lacks one of `at_most`, `sum_equals`"],
    );
}

#[test]
fn what_a_reviewer_looks_at_twice_is_said_of_reported_numbers() {
    for (written, expected) in [
        (
            "cumulative = true\noutliers = { score = \"zscore\" }",
            "line 75, column 22: `score` cannot be `zscore`; accepted: `z_score`, \
             `modified_z_score`; did you mean `z_score`?",
        ),
        (
            "cumulative = true\noutliers = { threshold = \"3\" }",
            "line 75, column 12: `outliers` lacks `score`",
        ),
        (
            "cumulative = true\noutliers = { score = \"z_score\", threshold = \"0\" }",
            "line 75, column 45: `threshold` must be above 0, not `0`",
        ),
        (
            "cumulative = true\nusual = { minimum = \"9\", maximum = \"1\" }",
            "line 75, column 9: the minimum `9` is not below the maximum `1`",
        ),
    ] {
        check(&[("cumulative = true", written)], &[expected]);
    }
    check(
        &[("range = {", "usual = {")],
        &["line 63, column 9: a computed indicator stands in no report a reviewer looks at"],
    );
    check(
        &[("kind = \"rank\"", "kind = \"rank\"\nusual = { minimum = \"1\" }")],
        &["line 99, column 9: a rank has no `usual`"],
    );
}
