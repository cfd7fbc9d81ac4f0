//! What cannot be read: every problem with its place and its words.

use super::check;

#[test]
fn keys_that_are_unknown_or_missing_are_all_named() {
    check(
        &[(
            "direction = \"increase\"\nfrequency = \"year\"\nowner = \"one\"\ncombination",
            "dirction = \"increase\"\nfrequenzy = \"year\"\nowner = \"one\"\ncolour = 3\ncombination",
        )],
        &[
            "line 52, column 1: indicator `share` lacks `direction`",
            "line 52, column 1: indicator `share` lacks `frequency`",
            "line 58, column 1: indicator `share` has no key `dirction`; did you mean `direction`?",
            "line 59, column 1: indicator `share` has no key `frequenzy`; did you mean `frequency`?",
            "line 61, column 1: indicator `share` has no key `colour`",
        ],
    );
    check(
        &[("[calendar]", "[calender]")],
        &[
            "line 1, column 1: the catalogue lacks `calendar`",
            "line 5, column 2: the catalogue has no key `calender`; did you mean `calendar`?",
        ],
    );
    check(&[("version = \"1\"\n", "")], &["line 1, column 1: `catalogue` lacks `version`"]);
    check(
        &[(
            "{ month = 14, quarter = 14, half_year = 14, year = 14 }",
            "{ month = 14, months = 14 }",
        )],
        &[
            "line 7, column 11: `cut_off` lacks `half_year`",
            "line 7, column 11: `cut_off` lacks `quarter`",
            "line 7, column 11: `cut_off` lacks `year`",
            "line 7, column 25: `cut_off` has no key `months`; did you mean `month`?",
        ],
    );
    check(&[("horizon = 2030\n", "")], &["line 122, column 1: target `A01` lacks `horizon`"]);
    check(&[("kind = \"agency\"\n", "")], &["line 38, column 1: department `one` lacks `kind`"]);
    check(
        &[("bullet = \"B1\"\ninformative", "informative")],
        &["line 122, column 1: target `A01` lacks `bullet`"],
    );
    check(
        &[(
            "kind = \"agency\"\n",
            "kind = \"agency\"\n[[department]]\nid = \"province\"\nname = { vi = \"Tỉnh\", en = \"Province\" }\nkind = \"agency\"\n",
        )],
        &["line 43, column 6: `province` is reserved; no department can have this id"],
    );
    check(
        &[("[[department]]\nid = \"one\"", "[[departments]]\nid = \"one\"")],
        &[
            "line 38, column 3: the catalogue has no key `departments`; did you mean `department`?",
            "line 47, column 10: there is no department `one`",
            "line 50, column 15: there is no department `one`",
            "line 60, column 9: there is no department `one`",
            "line 76, column 9: there is no department `one`",
            "line 92, column 9: there is no department `one`",
            "line 101, column 9: there is no department `one`",
            "line 111, column 9: there is no department `one`",
            "line 120, column 9: there is no department `one`",
        ],
    );
}

#[test]
fn wrong_types_are_named_with_what_is_wanted() {
    check(
        &[(r#"version = "1""#, "version = 1")],
        &["line 2, column 11: `version` must be a text in quotes, not a whole number"],
    );
    check(
        &[(r#"name = { vi = "Kế hoạch", en = "Plan" }"#, r#"name = "Plan""#)],
        &["line 3, column 8: `name` must be a table with `vi` and `en`, not a text"],
    );
    check(
        &[
            ("decimals = 2", r#"decimals = "2""#),
            ("cumulative = true", r#"cumulative = "yes""#),
            (r#"reporters = ["two"]"#, r#"reporters = "two""#),
        ],
        &[
            "line 57, column 12: `decimals` must be a whole number, not a text",
            "line 74, column 14: `cumulative` must be true or false, not a text",
            "line 77, column 13: `reporters` must be a list, not a text",
        ],
    );
    check(
        &[("horizon = 2030", "horizon = 2030.0")],
        &["line 126, column 11: `horizon` must be a whole number, not a float"],
    );
    check(
        &[
            ("valid_from = 2020-01-01", r#"valid_from = "2020-01-01""#),
            ("valid_to = 2025-06-30", "valid_to = 2025-06-30T00:00:00Z"),
        ],
        &[
            "line 48, column 14: `valid_from` must be a day as 2025-07-01, without quotes, not a text",
            "line 49, column 12: `2025-06-30T00:00:00Z` must be a day alone, as 2025-07-01",
        ],
    );
    check(
        &[(
            r#"formula = { ratio = ["part", "whole"], scale = "100" }"#,
            r#"formula = "part / whole""#,
        )],
        &[
            r#"line 62, column 11: `formula` must be a table, as { ratio = ["part", "whole"], scale = "100" }, not a text"#,
        ],
    );
    check(
        &[("[[indicator]]\nid = \"share\"", "[indicator]\nid = \"share\"")],
        &[
            "line 65, column 3: not TOML: duplicate key",
            "line 84, column 3: not TOML: duplicate key",
            "line 94, column 3: not TOML: duplicate key",
            "line 103, column 3: not TOML: duplicate key",
            "line 113, column 3: not TOML: duplicate key",
        ],
    );
    check(
        &[("holidays = [{", r#"holidays = ["2026-01-01", {"#)],
        &["line 11, column 13: `holidays` must be a table with `day` and `name`, not a text"],
    );
}

#[test]
fn numbers_are_exact_and_within_bounds() {
    check(
        &[(r#"at_least = "20""#, "at_least = 20.5")],
        &[r#"line 127, column 27: `20.5` is a float and not exact; write it in quotes: "20.5""#],
    );
    check(
        &[(r#"at_least = "20""#, r#"at_least = "20,5""#), (r#"value = "1.5""#, r#"value = "1e5""#)],
        &[
            r#"line 127, column 27: `20,5` is not a decimal: digits with a point, at most 28 of them, as in "12.5""#,
            r#"line 128, column 39: `1e5` is not a decimal: digits with a point, at most 28 of them, as in "12.5""#,
        ],
    );
    check(
        &[(r#"at_least = "20""#, r#"at_least = "12345678901234567890123456789""#)],
        &[
            r#"line 127, column 27: `12345678901234567890123456789` is not a decimal: digits with a point, at most 28 of them, as in "12.5""#,
        ],
    );
    check(
        &[(r#"at_least = "20""#, r#"at_least = """#)],
        &["line 127, column 27: `at_least` is empty"],
    );
    check(
        &[("decimals = 2", "decimals = 11"), ("horizon = 2030", "horizon = 20300")],
        &[
            "line 57, column 12: `decimals` must be from 0 to 10, not `11`",
            "line 126, column 11: `horizon` must be from 1900 to 2199, not `20300`",
        ],
    );
    check(
        &[(r#"minimum = "0", maximum = "100""#, r#"minimum = "100", maximum = "0""#)],
        &["line 63, column 9: the minimum `100` is not below the maximum `0`"],
    );
    check(
        &[(r#"largest_change = "50%""#, r#"largest_change = "-50%""#)],
        &[r#"line 75, column 18: `-50%` is not a share above 0, as "50%""#],
    );
    check(
        &[(r#"largest_change = "50%""#, r#"largest_change = "0""#)],
        &["line 75, column 18: `largest_change` must be above 0, not `0`"],
    );
    check(
        &[(r#"scale = "100" }"#, r#"scale = "0" }"#)],
        &["line 62, column 48: `scale` must be above 0, not `0`"],
    );
}

#[test]
fn texts_are_there_in_both_languages() {
    check(
        &[
            (r#"name = { vi = "Sở Một", en = "One" }"#, r#"name = { vi = "Sở Một" }"#),
            (r#"name = { vi = "Sở Hai", en = "Two" }"#, r#"name = { en = "Two" }"#),
        ],
        &["line 40, column 8: `name` lacks `en`", "line 45, column 8: `name` lacks `vi`"],
    );
    check(
        &[(r#"name = { vi = "mục tiêu", en = "target" }"#, r#"name = { vi = "  ", en = "" }"#)],
        &["line 124, column 15: `vi` is empty", "line 124, column 26: `en` is empty"],
    );
    check(
        &[(
            r#"note = { vi = "ghi chú", en = "note" }"#,
            r#"note = { vi = "ghi chú", fr = "note" }"#,
        )],
        &["line 132, column 8: `note` lacks `en`", "line 132, column 26: `note` has no key `fr`"],
    );
    check(
        &[("bullet = \"B1\"\ninformative", "bullet = \"\"\ninformative")],
        &["line 130, column 10: `bullet` is empty"],
    );
}

#[test]
fn what_is_not_toml_is_reported_by_line() {
    check(
        &[(r#"version = "1""#, "version = ")],
        &["line 2, column 11: not TOML: string values must be quoted, expected literal string"],
    );
    check(
        &[
            (r#"version = "1""#, "version = \"1\"\nversion = \"2\""),
            ("decimals = 2", "decimals = 2 2"),
        ],
        &[
            "line 3, column 1: not TOML: duplicate key",
            "line 58, column 12: not TOML: string values must be quoted, expected literal string",
        ],
    );
    check(
        &[("[[unit]]", "[[unit]")],
        &["line 13, column 8: not TOML: unclosed array table, expected `]`"],
    );
    check(
        &[("valid_from = 2020-01-01", "valid_from = 2025-02-30")],
        &["line 48, column 14: not TOML: invalid date, expected day between 01 and 28"],
    );
    check(
        &[(r#"severity = "warning""#, r#"severity = "warning"#)],
        &[r#"line 163, column 20: not TOML: invalid basic string, expected `"`"#],
    );
}
