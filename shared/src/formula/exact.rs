//! Sums of decimals to the last digit: exact, or none, whatever the order.

use rust_decimal::Decimal;

/// The exact sum; none if it has more digits than a decimal keeps.
pub fn sum(numbers: impl Iterator<Item = Decimal> + Clone) -> Option<Decimal> {
    // Zeros at the end can push the others out of reach.
    aligned(numbers.clone()).or_else(|| aligned(numbers.map(|number| number.normalize())))
}

fn aligned(numbers: impl Iterator<Item = Decimal> + Clone) -> Option<Decimal> {
    let scale = numbers.clone().map(|number| number.scale()).max().unwrap_or(0);
    // Apart, so that neither can overflow on the way to a sum that does not.
    let (mut above, mut below) = (0_i128, 0_i128);
    for number in numbers {
        let shift = 10_i128.checked_pow(scale - number.scale())?;
        let shifted = number.mantissa().checked_mul(shift)?;
        let side = if shifted < 0 { &mut below } else { &mut above };
        *side = side.checked_add(shifted)?;
    }
    fit(above.checked_add(below)?, scale)
}

/// A decimal of this mantissa, without zeros at its end where they do not fit.
fn fit(mut mantissa: i128, mut scale: u32) -> Option<Decimal> {
    loop {
        match Decimal::try_from_i128_with_scale(mantissa, scale) {
            Ok(number) => return Some(number),
            Err(_) if scale > 0 && mantissa % 10 == 0 => {
                (mantissa, scale) = (mantissa / 10, scale - 1);
            }
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(numbers: &[&str], expected: Option<&str>) {
        let numbers: Vec<Decimal> = numbers.iter().map(|text| text.parse().unwrap()).collect();
        let found = sum(numbers.iter().copied());
        assert_eq!(found, expected.map(|text| text.parse().unwrap()), "{numbers:?}");
    }

    #[test]
    fn sums_are_exact_or_none() {
        check(&[], Some("0"));
        check(&["0.1", "0.2", "-0.3"], Some("0"));
        check(&["79228162514264337593543950335", "1"], None);
        check(&["79228162514264337593543950335", "1", "-1"], Some("79228162514264337593543950335"));
        check(&["79228162514264337593543950335", "0.1"], None);
        check(
            &["7922816251426433759354395033", "1.0000000000000000000000000000"],
            Some("7922816251426433759354395034"),
        );
        check(&["9999999999999999999999999999", "0.9999999999999999999999999999"], None);
        check(&["0.9999999999999999999999999999", "0.0000000000000000000000000001"], Some("1"));
    }

    proptest! {
        #[test]
        fn the_order_never_matters(
            parts in proptest::collection::vec((any::<i64>(), 0_u32..20), 0..40)
        ) {
            let numbers: Vec<Decimal> =
                parts.iter().map(|(mantissa, scale)| Decimal::new(*mantissa, *scale)).collect();
            prop_assert_eq!(sum(numbers.iter().copied()), sum(numbers.iter().rev().copied()));
        }
    }
}
