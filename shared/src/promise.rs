//! Promises and formulas in words, for people; nothing reads them back.

use std::fmt;

use rust_decimal::Decimal;

use crate::catalogue::Catalogue;
use crate::indicator::{Formula, Kind, Text, Unit};
use crate::target::{Comparator, Target};

/// What `target` promises, such as `≥ 20 %`.
pub fn in_words(target: &Target, catalogue: &Catalogue) -> Text {
    let indicator = catalogue.indicator(&target.indicator);
    let unit = indicator.map(|indicator| indicator.unit.as_str()).unwrap_or_default();
    let with_unit = |sign: &str, value: Decimal| {
        let (vi, en) = unit_words(catalogue, unit);
        Text { vi: format!("{sign} {}{vi}", comma(&value)), en: format!("{sign} {value}{en}") }
    };
    let name = |id: &str| catalogue.indicator(id).map(|found| found.name.clone());
    let of_reference = |vi: &str, en: &str, id: &str| {
        let name = name(id).unwrap_or_else(|| both(id));
        Text { vi: format!("{vi} {}", name.vi), en: format!("{en} {}", name.en) }
    };
    match &target.comparator {
        Comparator::AtLeast(value) | Comparator::ShareDone(value) => with_unit("≥", *value),
        Comparator::Above(value) => with_unit(">", *value),
        Comparator::AtMost(value) => with_unit("≤", *value),
        Comparator::Below(value) => with_unit("<", *value),
        Comparator::RankWithin { rank, among } => Text {
            vi: format!("hạng 1–{rank} trong {among}"),
            en: format!("rank 1–{rank} of {among}"),
        },
        Comparator::EveryPeriodAtLeast { value, strict, from } => {
            let Text { vi, en } = with_unit(if *strict { ">" } else { "≥" }, *value);
            Text {
                vi: format!("{vi} mỗi năm từ {from}"),
                en: format!("{en} every year from {from}"),
            }
        }
        Comparator::AverageGrowthAtLeast { percent, base } => Text {
            vi: format!("tăng bình quân ≥ {} %/năm so với {base}", comma(percent)),
            en: format!("average growth ≥ {percent} % a year from {base}"),
        },
        Comparator::AverageGrowthWithin { lower, upper, base } => Text {
            vi: format!("tăng bình quân {}–{} %/năm so với {base}", comma(lower), comma(upper)),
            en: format!("average growth {lower}–{upper} % a year from {base}"),
        },
        Comparator::Within { lower, upper } => {
            let (vi, en) = unit_words(catalogue, unit);
            let band = format!("{}–{}{vi}", comma(lower), comma(upper));
            Text { vi: band, en: format!("{lower}–{upper}{en}") }
        }
        Comparator::InGroup { level } => {
            of_level(indicator.map(|indicator| &indicator.kind), level)
        }
        Comparator::AboveReference { reference } => of_reference(">", ">", reference),
        Comparator::AtParWithReference { reference, tolerance } => {
            let Text { vi, en } = of_reference("ngang bằng", "at par with", reference);
            let (unit_vi, unit_en) = unit_words(catalogue, unit);
            Text {
                vi: format!("{vi} (± {}{unit_vi})", comma(tolerance)),
                en: format!("{en} (± {tolerance}{unit_en})"),
            }
        }
        Comparator::Increasing => words("năm sau cao hơn năm trước", "higher every year"),
        Comparator::MilestoneDone => words("hoàn thành", "done"),
    }
}

/// A decimal as it is written in Vietnamese.
fn comma(decimal: &Decimal) -> String {
    decimal.to_string().replace('.', ",")
}

fn of_level(kind: Option<&Kind>, id: &str) -> Text {
    let level = match kind {
        Some(Kind::Level(scale)) => scale.levels.iter().find(|known| known.id == id),
        _ => None,
    };
    let name = level.map_or_else(|| both(id), |level| level.name.clone());
    Text { vi: format!("từ nhóm {} trở lên", name.vi), en: format!("at least {}", name.en) }
}

fn words(vi: &str, en: &str) -> Text {
    Text { vi: vi.to_owned(), en: en.to_owned() }
}

fn both(id: &str) -> Text {
    words(id, id)
}

/// The unit as it stands behind a number, with the space before it; nothing for an index.
fn unit_words(catalogue: &Catalogue, id: &str) -> (String, String) {
    let spaced = |word: &str| if word.is_empty() { String::new() } else { format!(" {word}") };
    match catalogue.unit(id) {
        Some(Unit { symbol: Some(symbol), .. }) => (spaced(symbol), spaced(symbol)),
        Some(unit) => (spaced(&unit.name.vi), spaced(&unit.name.en)),
        None => (spaced(id), spaced(id)),
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ratio { numerator, denominator, scale } if *scale == Decimal::ONE => {
                write!(f, "{numerator} ÷ {denominator}")
            }
            Self::Ratio { numerator, denominator, scale } => {
                write!(f, "{scale} × {numerator} ÷ {denominator}")
            }
            Self::Sum { parts, .. } => f.write_str(&parts.join(" + ")),
            Self::Difference(minuend, subtrahend) => write!(f, "{minuend} − {subtrahend}"),
            Self::Growth(of) => write!(f, "growth of {of} over the year before, in percent"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{Method, UnChartBands};

    #[track_caller]
    fn check(comparator: Comparator, vi: &str, en: &str) {
        let catalogue = Catalogue::from_parts(String::new(), vec![], vec![], vec![]);
        let target = Target {
            id: "A07".to_owned(),
            name: words("", ""),
            indicator: "none".to_owned(),
            horizon: 2030,
            comparator,
            baseline: None,
            method: Method::Ratio,
            un_chart: UnChartBands::default(),
            sdsn: None,
            bullet: "B2".to_owned(),
            note: None,
            informative: false,
        };
        assert_eq!(in_words(&target, &catalogue), words(vi, en));
    }

    #[test]
    fn promises_are_put_in_words() {
        let five = Decimal::new(55, 1);
        check(Comparator::Above(five), "> 5,5", "> 5.5");
        check(
            Comparator::RankWithin { rank: 20, among: 63 },
            "hạng 1–20 trong 63",
            "rank 1–20 of 63",
        );
        check(
            Comparator::EveryPeriodAtLeast { value: five, strict: false, from: 2026 },
            "≥ 5,5 mỗi năm từ 2026",
            "≥ 5.5 every year from 2026",
        );
        check(
            Comparator::AtParWithReference { reference: "mekong".to_owned(), tolerance: five },
            "ngang bằng mekong (± 5,5)",
            "at par with mekong (± 5.5)",
        );
    }

    #[test]
    fn formulas_are_put_in_words() {
        let ratio = |scale| Formula::Ratio {
            numerator: "part".to_owned(),
            denominator: "whole".to_owned(),
            scale,
        };
        assert_eq!(ratio(Decimal::ONE).to_string(), "part ÷ whole");
        assert_eq!(ratio(Decimal::ONE_HUNDRED).to_string(), "100 × part ÷ whole");
        assert_eq!(
            Formula::Sum { parts: vec!["a".into(), "b".into()], skip_missing: false }.to_string(),
            "a + b"
        );
        assert_eq!(Formula::Difference("a".into(), "b".into()).to_string(), "a − b");
    }
}
