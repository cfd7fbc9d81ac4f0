//! Crossing between exact decimals and floats: by text, so each way is correctly rounded.

use rust_decimal::Decimal;

/// The nearest float. Every decimal has one.
pub(crate) fn to_float(value: Decimal) -> f64 {
    value.to_string().parse().unwrap_or(f64::NAN)
}

/// The float rounded to `decimals` digits after the point; none if it is no number
/// or has more digits than a decimal holds.
pub(super) fn to_decimal(number: f64, decimals: u8) -> Option<Decimal> {
    if !number.is_finite() {
        return None;
    }
    let rounded: Decimal = format!("{number:.*}", usize::from(decimals)).parse().ok()?;
    Some(if rounded.is_zero() { rounded.abs() } else { rounded })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_become_the_nearest_float() {
        for (text, float) in [
            ("0.1", 0.1),
            ("-53.8", -53.8),
            ("79228162514264337593543950335", 79_228_162_514_264_337_593_543_950_335.0),
            ("0.0000000000000000000000000001", 1e-28),
        ] {
            let nearest: f64 = float;
            assert_eq!(to_float(text.parse().unwrap()).to_bits(), nearest.to_bits(), "{text}");
        }
    }

    #[test]
    fn floats_are_rounded_to_the_digits_asked_for() {
        for (number, decimals, text) in [
            (10.250_000_000_000_002, 2, Some("10.25")),
            (-0.001, 2, Some("0.00")),
            (12.765, 0, Some("13")),
            (f64::NAN, 2, None),
            (f64::INFINITY, 2, None),
            (1e40, 0, None),
        ] {
            let decimal = to_decimal(number, decimals).map(|decimal| decimal.to_string());
            assert_eq!(decimal.as_deref(), text, "{number}");
        }
    }
}
