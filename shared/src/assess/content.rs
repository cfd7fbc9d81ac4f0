//! What each measurement of a history says in the terms the comparator judges.
//!
//! Numbers stay numbers; levels and states of a milestone become their position; a rank on
//! an ordinal scale becomes the level the scale's table gives it (the highest level whose
//! `top_percent` it reaches, the lowest where it reaches none).

use rust_decimal::Decimal;

use crate::formula::Uncomputable;
use crate::indicator::{Kind, MILESTONE_LEVELS, Scale};
use crate::measurement::{Measurement, Observation, Value};
use crate::period::ReportingPeriod;
use crate::target::Comparator;

use super::Question;
use super::finding::Reason;
use super::series::Point;

/// A measurement and what it says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content {
    pub(super) measurement: Measurement,
    reading: Reading,
}

#[derive(Debug, Clone, Copy)]
enum Reading {
    /// Compared, and shown.
    Usable(Decimal, Value),
    /// There is something, and it cannot be used.
    Refused(Reason),
    /// Missing or withdrawn.
    Absent,
}

impl Content {
    pub(super) fn period(&self) -> ReportingPeriod {
        self.measurement.period
    }

    pub(super) fn is_usable(&self) -> bool {
        matches!(self.reading, Reading::Usable(..))
    }

    pub(super) fn usable(&self) -> Option<Point> {
        match self.reading {
            Reading::Usable(value, shown) => {
                Some(Point { value, shown, measurement: self.measurement })
            }
            _ => None,
        }
    }

    pub(super) fn refused(&self) -> Option<(ReportingPeriod, Reason)> {
        match self.reading {
            Reading::Refused(reason) => Some((self.period(), reason)),
            _ => None,
        }
    }
}

/// The judged history in order, one measurement a period: the latest revision.
pub(super) fn of_history(question: &Question<'_>) -> Vec<Content> {
    let kind = &question.indicator.kind;
    let comparator = &question.target.comparator;
    latest(question.history)
        .into_iter()
        .map(|measurement| Content {
            measurement,
            reading: read(comparator, kind, &measurement.observation),
        })
        .collect()
}

/// The numbers of a reference series in order, of the frequency of `like`.
pub(super) fn of_reference(reference: &[Measurement], like: ReportingPeriod) -> Vec<Point> {
    latest(reference)
        .into_iter()
        .filter(|measurement| measurement.period.frequency() == like.frequency())
        .filter_map(|measurement| match measurement.observation.value {
            shown @ Value::Number(value) => Some(Point { value, shown, measurement }),
            _ => None,
        })
        .collect()
}

/// Why a history without usable values is not simply empty; none if it is.
pub(super) fn why_nothing_usable(question: &Question<'_>, contents: &[Content]) -> Option<Reason> {
    if let Some((_, reason)) = contents.iter().rev().find_map(Content::refused) {
        return Some(reason);
    }
    let latest = question.uncomputed.iter().max_by_key(|uncomputed| uncomputed.period)?;
    Some(match latest.reason {
        Uncomputable::ZeroDenominator { .. } => Reason::ZeroDenominator,
        Uncomputable::ZeroBase { .. } => Reason::ZeroBase,
        Uncomputable::Incomplete { .. } => Reason::Incomplete,
        Uncomputable::Overflow => Reason::TooManyDigits,
        Uncomputable::OutOfRange { .. } => Reason::Impossible,
        _ => Reason::NotComputed,
    })
}

fn latest(history: &[Measurement]) -> Vec<Measurement> {
    let mut sorted = history.to_vec();
    sorted.sort_by_key(|it| (it.period, it.revision, it.received, it.sequence));
    let mut latest: Vec<Measurement> = Vec::with_capacity(sorted.len());
    for measurement in sorted {
        if latest.last().is_some_and(|before| before.period == measurement.period) {
            latest.pop();
        }
        latest.push(measurement);
    }
    latest
}

fn read(comparator: &Comparator, kind: &Kind, observation: &Observation) -> Reading {
    let shown = observation.value;
    match (comparator, kind, shown) {
        (_, _, Value::Missing(_) | Value::Withdrawn) => Reading::Absent,
        (Comparator::InGroup { .. }, Kind::Level(scale), Value::Level(level)) => {
            position(level, scale.levels.len())
        }
        (Comparator::InGroup { .. }, Kind::Level(scale), Value::Number(rank)) => {
            match level_of_rank(scale, rank, observation.ranked_among) {
                Ok(level) => position(level, scale.levels.len()),
                Err(reason) => Reading::Refused(reason),
            }
        }
        (Comparator::MilestoneDone, Kind::Milestone, Value::Level(level)) => {
            position(level, MILESTONE_LEVELS.len())
        }
        (Comparator::InGroup { .. } | Comparator::MilestoneDone, _, _) => {
            Reading::Refused(Reason::WrongKind)
        }
        (_, Kind::Quantity | Kind::Rank, Value::Number(value)) => Reading::Usable(value, shown),
        _ => Reading::Refused(Reason::WrongKind),
    }
}

fn position(level: u8, levels: usize) -> Reading {
    if usize::from(level) < levels {
        Reading::Usable(Decimal::from(level), Value::Level(level))
    } else {
        Reading::Refused(Reason::UnknownLevel)
    }
}

fn level_of_rank(scale: &Scale, rank: Decimal, among: Option<u16>) -> Result<u8, Reason> {
    if scale.levels.iter().all(|level| level.top_percent.is_none()) {
        return Err(Reason::NoRankTable);
    }
    let among = Decimal::from(among.ok_or(Reason::NoRankedAmong)?);
    if rank < Decimal::ONE || rank > among {
        return Err(Reason::RankOutOfRange);
    }
    let reached = scale.levels.iter().rposition(|level| {
        level
            .top_percent
            .and_then(|top| top.checked_mul(among))
            .is_some_and(|places| rank * Decimal::ONE_HUNDRED <= places)
    });
    Ok(reached.and_then(|at| u8::try_from(at).ok()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicator::{Level, Text};

    fn thirds_missing_the_lowest() -> Scale {
        let level = |id: &str, top: Option<i64>| Level {
            id: id.to_owned(),
            name: Text::default(),
            top_percent: top.map(Decimal::from),
        };
        Scale {
            id: "level".to_owned(),
            levels: vec![level("low", None), level("middle", Some(75)), level("high", Some(25))],
        }
    }

    #[track_caller]
    fn check(rank: &str, among: Option<u16>, level: Result<u8, Reason>) {
        let scale = thirds_missing_the_lowest();
        assert_eq!(level_of_rank(&scale, rank.parse().unwrap(), among), level, "{rank} {among:?}");
    }

    #[test]
    fn a_rank_reaches_the_highest_level_whose_share_it_is_in() {
        check("1", Some(34), Ok(2));
        check("8", Some(34), Ok(2));
        check("9", Some(34), Ok(1));
        check("25", Some(34), Ok(1));
        check("26", Some(34), Ok(0));
        check("5", Some(20), Ok(2));
        check("0", Some(34), Err(Reason::RankOutOfRange));
        check("35", Some(34), Err(Reason::RankOutOfRange));
        check("5", None, Err(Reason::NoRankedAmong));
    }

    #[test]
    fn a_scale_without_shares_does_not_take_ranks() {
        let mut scale = thirds_missing_the_lowest();
        scale.levels.iter_mut().for_each(|level| level.top_percent = None);
        assert_eq!(level_of_rank(&scale, Decimal::ONE, Some(34)), Err(Reason::NoRankTable));
    }
}
