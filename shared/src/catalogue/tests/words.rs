//! Ids, references to them, and words from a list.

use super::check;

#[test]
fn ids_have_their_form_and_stand_once() {
    check(
        &[
            (r#"id = "two""#, r#"id = "one""#),
            ("parent = \"one\"\n", ""),
            ("reporters = [\"two\"]\ncombination = \"sum\"\n", ""),
        ],
        &["line 44, column 6: department id `one` is taken already, on line 39"],
    );
    check(
        &[
            (r#"id = "whole""#, r#"id = "part""#),
            (r#"["part", "whole"]"#, r#"["part", "share"]"#),
            (r#"["part", "whole"]"#, r#"["part", "share"]"#),
            ("formula = { ratio = [\"part\", \"share\"], scale = \"100\" }\n", ""),
            ("combination = \"weighted_ratio\"\n", ""),
        ],
        &["line 83, column 6: indicator id `part` is taken already, on line 64"],
    );
    check(
        &[(r#"id = "A02""#, r#"id = "A01""#), (r#"id = "A03""#, r#"id = "A01""#)],
        &[
            "line 135, column 6: target id `A01` is taken already, on line 123",
            "line 143, column 6: target id `A01` is taken already, on line 123",
        ],
    );
    check(
        &[
            (r#"id = "A01""#, r#"id = "a01""#),
            (r#"id = "A02""#, r#"id = "A""#),
            (r#"id = "A03""#, r#"id = "A00001""#),
        ],
        &[
            "line 123, column 6: id `a01` has to be a capital letter and one to four digits, as `A07`",
            "line 135, column 6: id `A` has to be a capital letter and one to four digits, as `A07`",
            "line 143, column 6: id `A00001` has to be a capital letter and one to four digits, as `A07`",
        ],
    );
    check(
        &[
            (r#"id = "milestone""#, r#"id = "Mile_stone""#),
            (r#"indicator = "milestone""#, r#"indicator = "Mile_stone""#),
        ],
        &[
            "line 114, column 6: id `Mile_stone` has to be in kebab-case: small letters and digits in groups joined by single hyphens, at most 64",
            "line 153, column 13: there is no indicator `Mile_stone`",
        ],
    );
    check(
        &[("id = \"percent\"\n", "")],
        &[
            "line 13, column 1: unit lacks `id`",
            "line 54, column 8: there is no unit `percent`",
            "line 67, column 8: there is no unit `percent`",
            "line 86, column 8: there is no unit `percent`",
            "line 96, column 8: there is no unit `percent`",
            "line 105, column 8: there is no unit `percent`",
            "line 115, column 8: there is no unit `percent`",
        ],
    );
    check(
        &[(r#"id = "kha", name"#, r#"id = "yeu", name"#)],
        &["line 35, column 5: `yeu` is listed already, on line 34"],
    );
    check(
        &[(r#"{ id = "nu","#, r#"{ id = "nam","#)],
        &["line 29, column 64: `nam` is listed already, on line 29"],
    );
    check(
        &[(
            r#"day = 2026-01-01, name = { vi = "Tết Dương lịch", en = "New Year" } }"#,
            r#"day = 2026-01-01, name = { vi = "a", en = "b" } }, { day = 2026-01-01, name = { vi = "a", en = "b" } }"#,
        )],
        &["line 11, column 66: holiday 2026-01-01 is listed already"],
    );
}

#[test]
fn references_to_nothing_say_what_was_probably_meant() {
    check(
        &[
            (r#"parent = "one""#, r#"parent = "on""#),
            (r#"successors = ["one"]"#, r#"successors = ["three"]"#),
        ],
        &[
            "line 47, column 10: there is no department `on`; did you mean `one`?",
            "line 50, column 15: there is no department `three`",
        ],
    );
    check(
        &[
            ("owner = \"one\"\ncombination", "owner = \"oen\"\ncombination"),
            (r#"reporters = ["two"]"#, r#"reporters = ["tow"]"#),
        ],
        &[
            "line 60, column 9: there is no department `oen`; did you mean `one`?",
            "line 77, column 14: there is no department `tow`; did you mean `two`?",
        ],
    );
    check(
        &[
            (r#"unit = "percent""#, r#"unit = "percents""#),
            (r#"dimensions = ["sex"]"#, r#"dimensions = ["age"]"#),
            (r#"editions = ["first"]"#, r#"editions = ["frist"]"#),
            (r#"territories = ["old"]"#, r#"territories = ["odl"]"#),
        ],
        &[
            "line 55, column 8: there is no unit `percents`; did you mean `percent`?",
            "line 79, column 15: there is no dimension `age`",
            "line 80, column 13: there is no edition `frist`; did you mean `first`?",
            "line 81, column 16: there is no territory `odl`; did you mean `old`?",
        ],
    );
    check(
        &[(r#"scale = "grade""#, r#"scale = "grades""#)],
        &["line 108, column 9: there is no scale `grades`; did you mean `grade`?"],
    );
    check(
        &[(r#"ratio = ["part", "whole"]"#, r#"ratio = ["parts", "hole"]"#)],
        &[
            "line 62, column 22: there is no indicator `parts`; did you mean `part`?",
            "line 62, column 31: there is no indicator `hole`; did you mean `whole`?",
        ],
    );
    check(
        &[(r#"indicator = "share""#, r#"indicator = "shares""#)],
        &["line 125, column 13: there is no indicator `shares`; did you mean `share`?"],
    );
    check(
        &[(
            r#"comparator = { at_least = "20" }"#,
            r#"comparator = { above_reference = "shares" }"#,
        )],
        &["line 127, column 34: there is no indicator `shares`; did you mean `share`?"],
    );
    check(
        &[(
            r#"comparator = { at_least = "20" }"#,
            r#"comparator = { at_par_with_reference = "shares" }"#,
        )],
        &[
            "line 127, column 14: `comparator` lacks `tolerance`",
            "line 127, column 40: there is no indicator `shares`; did you mean `share`?",
        ],
    );
    check(
        &[(r#"at_most = ["part", "whole"]"#, r#"at_most = ["part", "hole"]"#)],
        &["line 161, column 30: there is no indicator `hole`; did you mean `whole`?"],
    );
    check(
        &[(r#"in_group = "kha""#, r#"in_group = "khaa""#)],
        &["line 147, column 14: scale `grade` of `level` has no level `khaa`; did you mean `kha`?"],
    );
}

#[test]
fn words_outside_their_list_are_named_with_the_list() {
    check(
        &[(r#"kind = "agency""#, r#"kind = "agencies""#)],
        &[
            "line 41, column 8: `kind` cannot be `agencies`; accepted: `agency`, `commune`; did you mean `agency`?",
        ],
    );
    check(
        &[(r#"kind = "quantity""#, r#"kind = "number""#)],
        &[
            "line 56, column 8: `kind` cannot be `number`; accepted: `quantity`, `rank`, `level`, `milestone`",
        ],
    );
    check(
        &[(r#"frequency = "quarter""#, r#"frequency = "quarterly""#)],
        &[
            "line 119, column 13: `frequency` cannot be `quarterly`; accepted: `year`, `half_year`, `quarter`, `month`; did you mean `quarter`?",
        ],
    );
    check(
        &[(r#"direction = "decrease""#, r#"direction = "down""#)],
        &["line 99, column 13: `direction` cannot be `down`; accepted: `increase`, `decrease`"],
    );
    check(
        &[(r#"combination = "sum""#, r#"combination = "summ""#)],
        &[
            "line 78, column 15: `combination` cannot be `summ`; accepted: `single_source`, `sum`, `weighted_ratio`; did you mean `sum`?",
        ],
    );
    check(
        &[(r#"method = "linear""#, r#"method = "log""#)],
        &[
            "line 171, column 10: `method` cannot be `log`; accepted: `ratio`, `linear`, `un_chart`, `linear_gap`, `sdsn`",
        ],
    );
    check(
        &[
            (r#"missing = "skip_if_any_missing""#, r#"missing = "skip""#),
            (r#"severity = "warning""#, r#"severity = "fatal""#),
        ],
        &[
            "line 162, column 11: `missing` cannot be `skip`; accepted: `skip_if_any_missing`, `skip_if_all_missing`, `never_skip`",
            "line 163, column 12: `severity` cannot be `fatal`; accepted: `warning`, `error`",
        ],
    );
    check(
        &[(r#"period = "2025""#, r#"period = "2025Q1""#)],
        &[
            "line 128, column 23: `2025Q1` is not a reporting period; accepted: `2026`, `2026-S1`, `2026-Q3`, `2026-09`",
        ],
    );
}

#[test]
fn a_calendar_is_possible() {
    check(
        &[("month = 14, quarter = 14", "month = 0, quarter = 32")],
        &[
            "line 7, column 21: `month` must be from 1 to 31, not `0`",
            "line 7, column 34: `quarter` must be from 1 to 31, not `32`",
        ],
    );
    check(
        &[("working_days_to_send = 2", "working_days_to_send = -1")],
        &["line 8, column 24: `working_days_to_send` must be from 0 to 60, not `-1`"],
    );
    check(
        &[("lock_after_days = 30", "lock_after_days = 0")],
        &["line 10, column 19: reports lock after 0 days but have 1 days of grace"],
    );
    let moved = |entries: &str| format!("lock_after_days = 30\nexceptions = [{entries}]");
    let one = r#"{ period = "2026-Q1", due = 2026-04-20, reason = { vi = "bão", en = "storm" } }"#;
    check(
        &[("lock_after_days = 30", &moved(&format!("{one}, {one}")))],
        &["line 11, column 96: the due day of `2026-Q1` is moved already"],
    );
    check(
        &[("lock_after_days = 30", &moved(&one.replace("2026-04-20", "2025-12-14")))],
        &["line 11, column 14: `2026-Q1` opens on 2025-12-15 and cannot be due on 2025-12-14"],
    );
    check(
        &[("cumulative = true", "first_period = \"2026-Q1\"")],
        &["line 74, column 16: `2026-Q1` is a quarter, but indicator `part` is owed by year"],
    );
    check(
        &[("Asia/Ho_Chi_Minh", "Asia/Saigon")],
        &[
            "line 6, column 13: time zone `Asia/Saigon` is not supported; accepted: `Asia/Ho_Chi_Minh`",
        ],
    );
    check(
        &[("valid_from = 2020-01-01", "valid_from = 2026-01-01")],
        &[
            "line 49, column 12: department `two` ends on 2025-06-30, before it begins on 2026-01-01",
        ],
    );
    check(
        &[("valid_to = 2025-06-30\n", "")],
        &["line 49, column 14: department `two` has successors but no `valid_to`"],
    );
}
