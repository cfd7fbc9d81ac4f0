//! Reads an exact decimal as it stands in a message: `-12.50`, never grouped, never a float.

use rust_decimal::Decimal;

use super::{refuse, shorten};
use crate::submission::{Reason, Refusal};

/// Most digits that are kept exactly.
const MOST_DIGITS: usize = 28;

/// The decimal `text` states: an optional minus, digits, and optionally a point
/// and digits. Refuses everything else, and more than 28 significant digits.
pub fn parse_decimal(text: &str) -> Result<Decimal, Refusal> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if text.len() > 60 || !all_digits(whole) || !all_digits(fraction) {
        let message = format!(
            "`{}` is not a decimal; accepted: digits with at most one point, such as `81.25`",
            shorten(text)
        );
        return Err(refuse(Reason::NumberForm, "value", message));
    }
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    if whole.len() + fraction.len() > MOST_DIGITS {
        let message = format!("`{text}` has more than {MOST_DIGITS} digits");
        return Err(refuse(Reason::TooManyDigits, "value", message));
    }
    let mantissa = whole
        .bytes()
        .chain(fraction.bytes())
        .fold(0_i128, |mantissa, digit| mantissa * 10 + i128::from(digit - b'0'));
    let signed = if negative { -mantissa } else { mantissa };
    let scale = u32::try_from(fraction.len()).unwrap_or(u32::MAX);
    Decimal::try_from_i128_with_scale(signed, scale).map_err(|_| {
        let message = format!("`{text}` has more than {MOST_DIGITS} digits");
        refuse(Reason::TooManyDigits, "value", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_kept_exactly() {
        for (text, expect) in [
            ("0", "0"),
            ("-0", "0"),
            ("0.000", "0"),
            ("81.25", "81.25"),
            ("81.250", "81.25"),
            ("-3", "-3"),
            ("007.50", "7.5"),
            ("0.3000000000000000444089209850", "0.300000000000000044408920985"),
            ("9999999999999999999999999999", "9999999999999999999999999999"),
            ("-0.0000000000000000000000000001", "-0.0000000000000000000000000001"),
        ] {
            assert_eq!(parse_decimal(text).unwrap().to_string(), expect, "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "", "-", ".", ".5", "5.", "+5", "12,5", "1.234,5", "1,234", "1e3", "NaN", "inf", "--1",
            "1.2.3", " 1", "1 ", "１", "0x10", "1_000", "năm",
        ] {
            assert_eq!(parse_decimal(text).unwrap_err().reason, Reason::NumberForm, "{text}");
        }
        for text in ["12345678901234567890123456789", "0.12345678901234567890123456789"] {
            assert_eq!(parse_decimal(text).unwrap_err().reason, Reason::TooManyDigits, "{text}");
        }
        let long = "9".repeat(1_000_000);
        assert!(parse_decimal(&long).unwrap_err().message.len() < 200);
    }
}
