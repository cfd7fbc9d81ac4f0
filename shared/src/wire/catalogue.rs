//! Indicators and targets between messages and the domain; the agent reads what the server lists.

use rust_decimal::Decimal;

use super::v1;
use crate::catalogue::Catalogue;
use crate::indicator::{
    Combination, Dimension, Direction, Formula, Indicator, Kind, LargestChange, Level, Range,
    Scale, Text, Unit,
};
use crate::period::{Frequency, ReportingPeriod};

/// A message that says nothing the domain knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is no `{field}` of `{id}` this program knows; it may be older than the server")]
pub struct Invalid {
    /// Id of the indicator or department.
    pub id: String,
    /// The field.
    pub field: &'static str,
    /// What stands there.
    pub value: String,
}

impl From<&Text> for v1::LocalText {
    fn from(text: &Text) -> Self {
        Self { vi: text.vi.clone(), en: text.en.clone() }
    }
}

impl From<v1::LocalText> for Text {
    fn from(text: v1::LocalText) -> Self {
        Self { vi: text.vi, en: text.en }
    }
}

impl From<Frequency> for v1::Frequency {
    fn from(frequency: Frequency) -> Self {
        match frequency {
            Frequency::Year => Self::Year,
            Frequency::HalfYear => Self::HalfYear,
            Frequency::Quarter => Self::Quarter,
            Frequency::Month => Self::Month,
        }
    }
}

impl v1::Indicator {
    /// The message of `indicator`, with the name `catalogue` has for its unit.
    pub fn of(indicator: &Indicator, catalogue: &Catalogue) -> Self {
        let unit = catalogue.unit(&indicator.unit);
        Self {
            unit_name: unit.map(|unit| (&unit.name).into()),
            unit_symbol: unit.and_then(|unit| unit.symbol.clone()),
            ..indicator.into()
        }
    }

    /// The unit it is counted in.
    pub fn unit_of(&self) -> Unit {
        let named = Text { vi: self.unit.clone(), en: self.unit.clone() };
        Unit {
            id: self.unit.clone(),
            name: self.unit_name.clone().map_or(named, Into::into),
            symbol: self.unit_symbol.clone(),
        }
    }
}

impl From<&Indicator> for v1::Indicator {
    fn from(indicator: &Indicator) -> Self {
        let decimal = |bound: Option<Decimal>| bound.map_or_else(String::new, |b| b.to_string());
        let (kind, scale, levels) = kind_of(&indicator.kind);
        Self {
            id: indicator.id.clone(),
            name: Some((&indicator.name).into()),
            unit: indicator.unit.clone(),
            decimals: indicator.decimals.into(),
            direction: match indicator.direction {
                Direction::Increase => v1::Direction::Increase,
                Direction::Decrease => v1::Direction::Decrease,
            } as i32,
            frequency: v1::Frequency::from(indicator.frequency) as i32,
            also_accepted: indicator
                .also_accepted
                .iter()
                .map(|frequency| v1::Frequency::from(*frequency) as i32)
                .collect(),
            kind: kind as i32,
            levels,
            minimum: decimal(indicator.range.minimum),
            maximum: decimal(indicator.range.maximum),
            largest_change: indicator.largest_change.map_or_else(String::new, |c| c.to_string()),
            owner: indicator.owner.clone(),
            combination: match indicator.combination {
                Combination::SingleSource => v1::Combination::SingleSource,
                Combination::Sum => v1::Combination::Sum,
                Combination::WeightedRatio => v1::Combination::WeightedRatio,
            } as i32,
            dimensions: indicator.dimensions.iter().map(Into::into).collect(),
            editions: indicator.editions.clone(),
            territories: indicator.territories.clone(),
            bullet: indicator.bullet.clone().unwrap_or_default(),
            formula: indicator.formula.as_ref().map_or_else(String::new, ToString::to_string),
            note: indicator.note.as_ref().map(Into::into),
            cumulative: indicator.cumulative,
            reporters: indicator.reporters.clone(),
            first_period: indicator.first_period.map_or_else(String::new, |it| it.to_string()),
            scale,
            computed: indicator.formula.as_ref().map(Into::into),
            complete_from: indicator.complete_from.to_string(),
            unit_name: None,
            unit_symbol: None,
        }
    }
}

fn kind_of(kind: &Kind) -> (v1::IndicatorKind, String, Vec<v1::Level>) {
    match kind {
        Kind::Quantity => (v1::IndicatorKind::Quantity, String::new(), Vec::new()),
        Kind::Rank => (v1::IndicatorKind::Rank, String::new(), Vec::new()),
        Kind::Level(scale) => (v1::IndicatorKind::Level, scale.id.clone(), levels(scale)),
        Kind::Milestone => {
            (v1::IndicatorKind::Milestone, String::new(), levels(&Scale::milestone()))
        }
    }
}

fn levels(scale: &Scale) -> Vec<v1::Level> {
    let levels = scale.levels.iter().map(|level| v1::Level {
        id: level.id.clone(),
        name: Some((&level.name).into()),
        top_percent: level.top_percent.map_or_else(String::new, |top| top.to_string()),
    });
    levels.collect()
}

impl From<&Dimension> for v1::Dimension {
    fn from(dimension: &Dimension) -> Self {
        Self {
            id: dimension.id.clone(),
            name: Some((&dimension.name).into()),
            members: dimension.members.clone(),
            labels: dimension.labels.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Formula> for v1::Formula {
    fn from(formula: &Formula) -> Self {
        use v1::formula::{Difference, Kind, Ratio, Sum};
        let kind = match formula {
            Formula::Ratio { numerator, denominator, scale } => Kind::Ratio(Ratio {
                numerator: numerator.clone(),
                denominator: denominator.clone(),
                scale: scale.to_string(),
            }),
            Formula::Sum { parts, skip_missing } => {
                Kind::Sum(Sum { parts: parts.clone(), skip_missing: *skip_missing })
            }
            Formula::Difference(minuend, subtrahend) => Kind::Difference(Difference {
                minuend: minuend.clone(),
                subtrahend: subtrahend.clone(),
            }),
            Formula::Growth(of) => Kind::Growth(of.clone()),
        };
        Self { kind: Some(kind) }
    }
}

impl TryFrom<v1::Indicator> for Indicator {
    type Error = Invalid;

    fn try_from(message: v1::Indicator) -> Result<Self, Invalid> {
        let read = Reader { id: message.id.clone() };
        let bound = |field, text: &str| match text {
            "" => Ok(None),
            text => read.decimal(field, text).map(Some),
        };
        Ok(Self {
            decimals: u8::try_from(message.decimals)
                .map_err(|_| read.invalid("decimals", message.decimals.to_string()))?,
            direction: match message.direction() {
                v1::Direction::Increase => Direction::Increase,
                v1::Direction::Decrease => Direction::Decrease,
                v1::Direction::Unspecified => {
                    return Err(read.invalid("direction", message.direction.to_string()));
                }
            },
            frequency: read.frequency(message.frequency)?,
            also_accepted: message
                .also_accepted
                .iter()
                .map(|number| read.frequency(*number))
                .collect::<Result<_, _>>()?,
            first_period: read.period("first_period", &message.first_period)?,
            cumulative: message.cumulative,
            kind: read.kind(&message)?,
            range: Range {
                minimum: bound("minimum", &message.minimum)?,
                maximum: bound("maximum", &message.maximum)?,
            },
            largest_change: read.largest_change(&message.largest_change)?,
            combination: match message.combination() {
                v1::Combination::SingleSource => Combination::SingleSource,
                v1::Combination::Sum => Combination::Sum,
                v1::Combination::WeightedRatio => Combination::WeightedRatio,
                v1::Combination::Unspecified => {
                    return Err(read.invalid("combination", message.combination.to_string()));
                }
            },
            scrutiny: crate::indicator::Scrutiny::default(),
            complete_from: match message.complete_from.as_str() {
                "" => Decimal::ONE_HUNDRED,
                percent => read.decimal("complete_from", percent)?,
            },
            dimensions: message.dimensions.into_iter().map(Into::into).collect(),
            formula: message.computed.map(|formula| read.formula(formula)).transpose()?,
            id: message.id,
            name: message.name.map(Into::into).unwrap_or_default(),
            unit: message.unit,
            owner: message.owner,
            reporters: message.reporters,
            editions: message.editions,
            territories: message.territories,
            bullet: Some(message.bullet).filter(|bullet| !bullet.is_empty()),
            note: message.note.map(Into::into),
        })
    }
}

impl From<v1::Dimension> for Dimension {
    fn from(message: v1::Dimension) -> Self {
        let name = message.name.map(Into::into).unwrap_or_default();
        let labels = message.labels.into_iter().map(Into::into).collect();
        Self { id: message.id, name, members: message.members, labels }
    }
}

/// Reads the fields of the message with this id.
struct Reader {
    id: String,
}

impl Reader {
    fn invalid(&self, field: &'static str, value: impl Into<String>) -> Invalid {
        Invalid { id: self.id.clone(), field, value: value.into() }
    }

    fn decimal(&self, field: &'static str, text: &str) -> Result<Decimal, Invalid> {
        text.parse().map_err(|_| self.invalid(field, text))
    }

    /// A period; none for an empty text.
    fn period(&self, field: &'static str, text: &str) -> Result<Option<ReportingPeriod>, Invalid> {
        let given = Some(text).filter(|text| !text.is_empty());
        given.map(|text| text.parse().map_err(|_| self.invalid(field, text))).transpose()
    }

    fn frequency(&self, number: i32) -> Result<Frequency, Invalid> {
        match v1::Frequency::try_from(number) {
            Ok(v1::Frequency::Year) => Ok(Frequency::Year),
            Ok(v1::Frequency::HalfYear) => Ok(Frequency::HalfYear),
            Ok(v1::Frequency::Quarter) => Ok(Frequency::Quarter),
            Ok(v1::Frequency::Month) => Ok(Frequency::Month),
            Ok(v1::Frequency::Unspecified) | Err(_) => {
                Err(self.invalid("frequency", number.to_string()))
            }
        }
    }

    fn kind(&self, message: &v1::Indicator) -> Result<Kind, Invalid> {
        match message.kind() {
            v1::IndicatorKind::Quantity => Ok(Kind::Quantity),
            v1::IndicatorKind::Rank => Ok(Kind::Rank),
            v1::IndicatorKind::Milestone => Ok(Kind::Milestone),
            v1::IndicatorKind::Level => {
                let levels = message.levels.iter().map(|level| {
                    let top = Some(level.top_percent.as_str()).filter(|top| !top.is_empty());
                    let top = top.map(|top| self.decimal("top_percent", top));
                    let name = level.name.clone().map(Into::into).unwrap_or_default();
                    Ok(Level { id: level.id.clone(), name, top_percent: top.transpose()? })
                });
                let levels = levels.collect::<Result<_, _>>()?;
                Ok(Kind::Level(Scale { id: message.scale.clone(), levels }))
            }
            v1::IndicatorKind::Unspecified => Err(self.invalid("kind", message.kind.to_string())),
        }
    }

    fn largest_change(&self, text: &str) -> Result<Option<LargestChange>, Invalid> {
        match text.strip_suffix('%') {
            None if text.is_empty() => Ok(None),
            None => self.decimal("largest_change", text).map(LargestChange::Absolute).map(Some),
            Some(percent) => {
                self.decimal("largest_change", percent).map(LargestChange::Percent).map(Some)
            }
        }
    }

    fn formula(&self, message: v1::Formula) -> Result<Formula, Invalid> {
        use v1::formula::Kind;
        match message.kind {
            Some(Kind::Ratio(ratio)) => Ok(Formula::Ratio {
                scale: self.decimal("scale", &ratio.scale)?,
                numerator: ratio.numerator,
                denominator: ratio.denominator,
            }),
            Some(Kind::Sum(sum)) => {
                Ok(Formula::Sum { parts: sum.parts, skip_missing: sum.skip_missing })
            }
            Some(Kind::Difference(difference)) => {
                Ok(Formula::Difference(difference.minuend, difference.subtrahend))
            }
            Some(Kind::Growth(of)) => Ok(Formula::Growth(of)),
            None => Err(self.invalid("formula", "")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indicator(kind: Kind, formula: Option<Formula>) -> Indicator {
        Indicator {
            id: "share".to_owned(),
            name: Text { vi: "Tỷ lệ".to_owned(), en: "Share".to_owned() },
            unit: "percent".to_owned(),
            decimals: 2,
            direction: Direction::Increase,
            frequency: Frequency::Year,
            also_accepted: vec![Frequency::Quarter, Frequency::Month],
            first_period: ReportingPeriod::of_year(2026),
            cumulative: true,
            kind,
            range: Range { minimum: Some(Decimal::ZERO), maximum: Some(Decimal::new(1005, 1)) },
            largest_change: Some(LargestChange::Percent(Decimal::new(25, 1))),
            owner: "so-khcn".to_owned(),
            reporters: vec!["so-tai-chinh".to_owned()],
            combination: Combination::WeightedRatio,
            scrutiny: crate::indicator::Scrutiny::default(),
            complete_from: Decimal::from(90),
            dimensions: vec![Dimension {
                id: "sex".to_owned(),
                name: Text::default(),
                members: vec!["female".to_owned(), "male".to_owned()],
                labels: vec![Text::default(), Text::default()],
            }],
            editions: vec!["2023".to_owned()],
            territories: vec!["new".to_owned()],
            bullet: Some("B2".to_owned()),
            formula,
            note: Some(Text::default()),
        }
    }

    #[test]
    fn indicators_come_back_as_they_were_listed() {
        let scale = Scale {
            id: "groups".to_owned(),
            levels: vec![Level {
                id: "kha".to_owned(),
                name: Text { vi: "Khá".to_owned(), en: "Fairly good".to_owned() },
                top_percent: Some(Decimal::new(505, 1)),
            }],
        };
        let ratio = Formula::Ratio {
            numerator: "part".to_owned(),
            denominator: "whole".to_owned(),
            scale: Decimal::ONE_HUNDRED,
        };
        for original in [
            indicator(Kind::Quantity, None),
            indicator(Kind::Rank, Some(Formula::Growth("part".to_owned()))),
            indicator(
                Kind::Level(scale),
                Some(Formula::Sum { parts: vec!["part".to_owned()], skip_missing: true }),
            ),
            indicator(Kind::Milestone, Some(ratio)),
            Indicator { largest_change: None, ..indicator(Kind::Quantity, None) },
        ] {
            assert_eq!(Indicator::try_from(v1::Indicator::from(&original)), Ok(original));
        }
    }

    #[test]
    fn an_unknown_kind_is_named() {
        let mut message = v1::Indicator::from(&indicator(Kind::Quantity, None));
        message.kind = 77;
        let error = Indicator::try_from(message).unwrap_err();
        assert!(error.to_string().starts_with("`77` is no `kind` of `share`"), "{error}");
    }
}
