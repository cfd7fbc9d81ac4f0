//! Reads what a measurement reports: a number, a rank, a level, nothing, or a withdrawal.

use rust_decimal::Decimal;

use super::{Content, Draft, parse_decimal, refuse, shorten};
use crate::indicator::{Indicator, Kind, MILESTONE_LEVELS, Scale};
use crate::measurement::Value;
use crate::submission::{Reason, Refusal};

pub(super) fn read(
    indicator: &Indicator,
    draft: &Draft<'_>,
) -> Result<(Value, Option<u16>), Refusal> {
    match (draft.content, &indicator.kind) {
        (Content::Nothing, _) => Err(refuse(
            Reason::NoContent,
            "value",
            "no value, level, missing reason or withdrawal".to_owned(),
        )),
        (Content::Missing(reason), _) => match reason {
            Some(reason) => Ok((Value::Missing(reason), None)),
            None => Err(refuse(
                Reason::MissingReason,
                "missing",
                "a missing value needs a reason of `MissingReason`".to_owned(),
            )),
        },
        (Content::Withdrawn, _) => Ok((Value::Withdrawn, None)),
        (Content::Number(text), Kind::Quantity) => {
            if draft.ranked_among.is_some() {
                let message = format!("`{}` is not a rank; leave it out", indicator.id);
                return Err(refuse(Reason::WrongKind, "ranked_among", message));
            }
            Ok((Value::Number(number(indicator, text)?), None))
        }
        (Content::Number(text), Kind::Rank) => rank(indicator, text, draft.ranked_among),
        (Content::Number(text), Kind::Level(scale)) if has_rank_table(scale) => {
            rank(indicator, text, draft.ranked_among)
        }
        (Content::Level(id), Kind::Level(scale)) => {
            let names = scale.levels.iter().map(|level| level.id.as_str());
            Ok((level(id, names)?, None))
        }
        (Content::Level(id), Kind::Milestone) => {
            Ok((level(id, MILESTONE_LEVELS.into_iter())?, None))
        }
        (Content::Number(_), _) => Err(wrong_kind(indicator, "value", "a level, not a number")),
        (Content::Level(_), _) => Err(wrong_kind(indicator, "level", "a number, not a level")),
    }
}

fn wrong_kind(indicator: &Indicator, field: &'static str, takes: &str) -> Refusal {
    refuse(Reason::WrongKind, field, format!("`{}` takes {takes}", indicator.id))
}

fn number(indicator: &Indicator, text: &str) -> Result<Decimal, Refusal> {
    let number = parse_decimal(text)?;
    if indicator.range.contains(number) {
        return Ok(number);
    }
    let bound = |bound: Option<Decimal>| bound.map_or("…".to_owned(), |bound| bound.to_string());
    let message = format!(
        "{number} is outside the range of `{}`: {} to {}",
        indicator.id,
        bound(indicator.range.minimum),
        bound(indicator.range.maximum)
    );
    Err(refuse(Reason::OutOfRange, "value", message))
}

fn has_rank_table(scale: &Scale) -> bool {
    scale.levels.iter().any(|level| level.top_percent.is_some())
}

fn rank(
    indicator: &Indicator,
    text: &str,
    among: Option<u32>,
) -> Result<(Value, Option<u16>), Refusal> {
    let rank = number(indicator, text)?;
    let among = among.and_then(|among| u16::try_from(among).ok()).filter(|among| *among > 0);
    let Some(among) = among else {
        let message =
            format!("a rank of `{}` needs how many were ranked, 1 to 65535", indicator.id);
        return Err(refuse(Reason::RankedAmongMissing, "ranked_among", message));
    };
    if !rank.is_integer() || rank < Decimal::ONE || rank > Decimal::from(among) {
        let message = format!("rank {rank} is not a whole number from 1 to {among}");
        return Err(refuse(Reason::RankForm, "value", message));
    }
    Ok((Value::Number(rank), Some(among)))
}

fn level<'a>(id: &str, levels: impl Iterator<Item = &'a str> + Clone) -> Result<Value, Refusal> {
    let position = levels.clone().position(|level| level == id);
    position.and_then(|at| u8::try_from(at).ok()).map(Value::Level).ok_or_else(|| {
        let accepted = levels.collect::<Vec<_>>().join(", ");
        let message = format!("the scale has no level `{}`; accepted: {accepted}", shorten(id));
        refuse(Reason::UnknownLevel, "level", message)
    })
}
