//! Rules across indicators: what has to hold between the figures of one period.

use rust_decimal::Decimal;

use crate::indicator::Text;

/// A rule between indicators of one period: what a department reports, what others answer
/// for alone, and what is computed of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Id in kebab-case.
    pub id: String,
    /// What has to hold, as a sentence.
    pub name: Text,
    /// What has to hold.
    pub check: Check,
    /// What a missing value does to it.
    pub missing: Missing,
    /// What breaking it means.
    pub severity: Severity,
}

/// What has to hold. Indicators are named by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// The part is at most the whole.
    AtMost {
        /// The smaller.
        part: String,
        /// The larger.
        whole: String,
    },
    /// The parts add up to the total.
    SumEquals {
        /// The total.
        total: String,
        /// The parts.
        parts: Vec<String>,
        /// Largest difference that still counts as equal, in the unit.
        tolerance: Decimal,
    },
}

impl Check {
    /// Ids of the indicators it reads.
    pub fn operands(&self) -> Vec<&str> {
        match self {
            Self::AtMost { part, whole } => vec![part, whole],
            Self::SumEquals { total, parts, .. } => {
                std::iter::once(total).chain(parts).map(String::as_str).collect()
            }
        }
    }
}

/// What a missing value does to a rule. Where the rule is not skipped, a missing
/// value counts as zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The rule is skipped if any of its values is missing.
    SkipIfAny,
    /// The rule is skipped if all of its values are missing.
    SkipIfAll,
    /// The rule is never skipped.
    NeverSkip,
}

/// What breaking a rule means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The figures are taken, the finding is shown.
    Warning,
    /// The figures are taken; their report cannot be approved while it is broken.
    Error,
}

/// What became of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Holds,
    /// It was not looked at for want of values.
    Skipped,
    /// It is broken.
    Broken {
        /// The part, or the sum of the parts.
        left: Decimal,
        /// The whole, or the total.
        right: Decimal,
    },
    /// The parts add up to more digits than can be kept exactly.
    TooLarge,
}

impl Rule {
    /// Whether the rule holds among values, looked up by indicator id; none is missing.
    pub fn evaluate(&self, value: impl Fn(&str) -> Option<Decimal>) -> Outcome {
        let operands = self.check.operands();
        let missing = operands.iter().filter(|id| value(id).is_none()).count();
        let skipped = match self.missing {
            Missing::SkipIfAny => missing > 0,
            Missing::SkipIfAll => missing == operands.len(),
            Missing::NeverSkip => false,
        };
        if skipped {
            return Outcome::Skipped;
        }
        let number = |id: &str| value(id).unwrap_or(Decimal::ZERO);
        match &self.check {
            Check::AtMost { part, whole } => {
                let (left, right) = (number(part), number(whole));
                if left <= right { Outcome::Holds } else { Outcome::Broken { left, right } }
            }
            Check::SumEquals { total, parts, tolerance } => {
                let mut values = parts.iter().map(|part| number(part));
                let sum = values.try_fold(Decimal::ZERO, Decimal::checked_add);
                equal(sum, number(total), *tolerance)
            }
        }
    }
}

fn equal(left: Option<Decimal>, right: Decimal, tolerance: Decimal) -> Outcome {
    let difference = left.and_then(|left| Some((left, left.checked_sub(right)?)));
    match difference {
        None => Outcome::TooLarge,
        Some((_, difference)) if difference.abs() <= tolerance => Outcome::Holds,
        Some((left, _)) => Outcome::Broken { left, right },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(check: Check, missing: Missing) -> Rule {
        Rule { id: "r".into(), name: Text::default(), check, missing, severity: Severity::Error }
    }

    fn at_most() -> Check {
        Check::AtMost { part: "a".into(), whole: "b".into() }
    }

    fn sum_equals(tolerance: &str) -> Check {
        let parts = vec!["a".into(), "b".into()];
        Check::SumEquals { total: "t".into(), parts, tolerance: tolerance.parse().unwrap() }
    }

    #[track_caller]
    fn check(rule: &Rule, values: &[(&str, &str)], expected: Outcome) {
        let value = |id: &str| {
            values.iter().find(|(known, _)| *known == id).map(|(_, value)| value.parse().unwrap())
        };
        assert_eq!(rule.evaluate(value), expected);
    }

    fn broken(left: &str, right: &str) -> Outcome {
        Outcome::Broken { left: left.parse().unwrap(), right: right.parse().unwrap() }
    }

    #[test]
    fn a_part_may_equal_the_whole_and_not_exceed_it() {
        let rule = rule(at_most(), Missing::SkipIfAny);
        check(&rule, &[("a", "3"), ("b", "3.0")], Outcome::Holds);
        check(&rule, &[("a", "3.1"), ("b", "3")], broken("3.1", "3"));
    }

    #[test]
    fn parts_add_up_within_the_tolerance() {
        let rule = rule(sum_equals("0.1"), Missing::SkipIfAny);
        check(&rule, &[("a", "1.1"), ("b", "2"), ("t", "3")], Outcome::Holds);
        check(&rule, &[("a", "1.2"), ("b", "2"), ("t", "3")], broken("3.2", "3"));
        let most = "79228162514264337593543950335";
        check(&rule, &[("a", most), ("b", most), ("t", "3")], Outcome::TooLarge);
    }

    #[test]
    fn missing_values_skip_or_count_as_zero() {
        let part = [("a", "3")];
        let whole = [("b", "3")];
        for (missing, with_part, with_whole, with_none) in [
            (Missing::SkipIfAny, Outcome::Skipped, Outcome::Skipped, Outcome::Skipped),
            (Missing::SkipIfAll, broken("3", "0"), Outcome::Holds, Outcome::Skipped),
            (Missing::NeverSkip, broken("3", "0"), Outcome::Holds, Outcome::Holds),
        ] {
            let rule = rule(at_most(), missing);
            check(&rule, &part, with_part);
            check(&rule, &whole, with_whole);
            check(&rule, &[], with_none);
        }
    }
}
