//! Texts under every format, and floats as cells hold them.

use proptest::prelude::*;

use super::*;

const POINT: Style = Style { format: Some(Format::Point), parentheses: false, scientific: false };
const COMMA: Style = Style { format: Some(Format::Comma), ..POINT };
const PLAIN: Style = Style { format: Some(Format::Plain), ..POINT };
const UNDECLARED: Style = Style { format: None, ..POINT };

#[track_caller]
fn check(style: Style, text: &str, expected: Result<&str, Error>) {
    let read = parse(text, style).map(|number| number.value.to_string());
    assert_eq!(read, expected.map(str::to_owned), "`{text}` under {style:?}");
}

#[test]
fn numbers_follow_the_declared_format() {
    for (point, comma, value) in [
        ("0", "0", "0"),
        ("1234.5", "1234,5", "1234.5"),
        ("1,234.5", "1.234,5", "1234.5"),
        ("12,345,678", "12.345.678", "12345678"),
        ("1 234 567.25", "1 234 567,25", "1234567.25"),
        ("1\u{a0}234.5", "1\u{202f}234,5", "1234.5"),
        ("  81.25\u{a0}", "\t81,25 ", "81.25"),
        (".5", ",5", "0.5"),
        ("0.50", "0,50", "0.50"),
        ("-12.5", "-12,5", "-12.5"),
        ("−12.5", "–12,5", "-12.5"),
        ("\u{2011} 3", "-3", "-3"),
        ("+3", "+3", "3"),
    ] {
        check(POINT, point, Ok(value));
        check(COMMA, comma, Ok(value));
    }
}

#[test]
fn grouping_is_strict() {
    for text in [
        "12,5",
        "1,23",
        "1,2345",
        "1234,567",
        ",234",
        "1,,234",
        "1.2.3",
        "1,234 567",
        "0,123",
        "5.",
    ] {
        check(POINT, text, Err(Error::Grouping));
    }
    for text in ["12.5", "1.23", "0.123", "1,234,567", "1.234.5", "1 234.5"] {
        check(COMMA, text, Err(Error::Grouping));
    }
    for text in ["1,234", "1 234", "1,5"] {
        check(PLAIN, text, Err(Error::Grouping));
    }
}

#[test]
fn marks_without_a_declared_format_are_refused() {
    for text in ["1.234", "12,5", "1.5", "1,234.5", "1.234.567"] {
        check(UNDECLARED, text, Err(Error::Undeclared));
    }
    check(UNDECLARED, "1234", Ok("1234"));
    check(UNDECLARED, "-1 234 567", Ok("-1234567"));
}

#[test]
fn other_texts_are_not_numbers() {
    for text in ["", " ", "-", "%", "khá", "12a", "1.5 triệu", "--5", "5-", "e5", "1e", "1ex", "١٢"]
    {
        check(POINT, text, Err(Error::NotANumber));
    }
    for text in ["NaN", "inf", "-Infinity", "∞"] {
        check(POINT, text, Err(Error::NotFinite));
    }
}

#[test]
fn exponents_and_parentheses_are_taken_only_if_declared() {
    check(POINT, "1e+05", Err(Error::Scientific));
    check(POINT, "(12)", Err(Error::Parentheses));
    let open = Style { parentheses: true, scientific: true, ..POINT };
    check(open, "1e+05", Ok("100000"));
    check(open, "-2.4745905807818797e-05", Ok("-0.000024745905807818797"));
    check(open, "1.5E3", Ok("1500"));
    check(open, "(1,234.5)", Ok("-1234.5"));
    check(open, "(-5)", Err(Error::NotANumber));
    check(open, "1e999999999999", Err(Error::TooManyDigits));
    check(open, "1e-29", Err(Error::TooManyDigits));
    check(open, "0e99", Ok("0"));
}

#[test]
fn percent_signs_are_reported_and_change_nothing() {
    let number = parse("81,5 %", COMMA).unwrap();
    assert_eq!((number.value.to_string(), number.percent), ("81.5".to_owned(), true));
    assert!(!parse("81,5", COMMA).unwrap().percent);
}

#[test]
fn at_most_28_digits_are_kept() {
    let most = "9".repeat(28);
    check(POINT, &most, Ok(&most));
    check(POINT, &format!("0{most}"), Ok(&most));
    check(POINT, &"9".repeat(29), Err(Error::TooManyDigits));
    check(POINT, &"1".repeat(40), Err(Error::TooManyDigits));
    check(POINT, &format!("0.{}", "1".repeat(29)), Err(Error::TooManyDigits));
}

#[test]
fn number_cells_keep_every_digit_of_the_float() {
    for (float, text) in [
        (0.1 + 0.2, "0.30000000000000004"),
        (1e21, "1000000000000000000000"),
        (1e-7, "0.0000001"),
        (1319.0, "1319"),
        (81.5, "81.5"),
        (-0.0, "-0"),
    ] {
        assert_eq!(shortest(float), text);
    }
    assert_eq!(parse_cell("1e21").unwrap().to_string(), "1000000000000000000000");
    assert_eq!(parse_cell("1E-7").unwrap().to_string(), "0.0000001");
    assert_eq!(parse_cell("1e300"), Err(Error::TooManyDigits));
    assert_eq!(parse_cell("NaN"), Err(Error::NotFinite));
}

#[test]
fn multiplying_never_rounds() {
    let product = |left: &str, right: &str| {
        let of = |text| parse_cell(text).unwrap();
        multiply_exactly(of(left), of(right)).map(|value| value.to_string())
    };
    assert_eq!(product("0.815", "100").as_deref(), Some("81.5"));
    assert_eq!(product("0.30000000000000004", "1000").as_deref(), Some("300.00000000000004"));
    assert_eq!(product("2.5", "0.4").as_deref(), Some("1"));
    assert_eq!(product("0", "1000000").as_deref(), Some("0"));
    assert_eq!(product(&"9".repeat(28), "10"), None);
    assert_eq!(product("0.0000000000000000000000000001", "0.1"), None);
}

proptest! {
    #[test]
    fn every_float_cell_is_read_back_exactly(value in -1e12..1e12f64) {
        let text = shortest(value);
        if let Ok(decimal) = parse_cell(&text) {
            let back: f64 = decimal.to_string().parse().unwrap();
            prop_assert_eq!(back.to_bits(), value.to_bits());
        } else {
            // Seventeen digits behind many zeros do not fit.
            prop_assert!(text.len() > MAX_DIGITS);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
        for style in [POINT, COMMA, PLAIN, UNDECLARED] {
            if let Ok(number) = parse(&text, style) {
                prop_assert!(number.value.scale() <= 28);
            }
        }
    }

    #[test]
    fn grouped_and_plain_texts_agree(whole in 0u64..1_000_000_000_000, cents in 0u8..100) {
        let digits = whole.to_string();
        let mut grouped = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place) % 3 == 0 {
                grouped.push('.');
            }
            grouped.push(digit);
        }
        let comma = parse(&format!("{grouped},{cents:02}"), COMMA);
        let plain = parse(&format!("{digits}.{cents:02}"), PLAIN);
        prop_assert_eq!(comma, plain);
    }
}
