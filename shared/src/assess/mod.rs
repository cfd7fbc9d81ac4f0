//! The status engine: where a target stands, judged from the history of its indicator.
//!
//! [`assess`] is pure and total: no clock, no I/O, no panic, the same answer for the same
//! question. Messy history yields findings beside the verdict, never an error. The method
//! that judged stands beside every verdict, because published methods disagree.
//!
//! | comparator | met | on the way |
//! |---|---|---|
//! | `at_least`, `above`, `at_most`, `below`, `share_done`, `within` | unrounded value against the bound | by the target's method: [`ratio`] (default), [`un_chart`], [`linear_gap`], [`sdsn`], or a straight line, which also judges where compound growth has no meaning |
//! | `rank_within` | the rank against the threshold | places a year on a straight line |
//! | `average_growth_at_least`, `…_within` | compound growth since the base year | growth so far over growth promised |
//! | `every_period_at_least`, `increasing` | kept in every year up to the horizon | years kept and missed |
//! | `in_group`, `milestone_done` | the level reached | which way the level moved |
//! | `above_reference`, `at_par_with_reference` | the value against the reference of the same period | the relative gap on a straight line |
//!
//! How a history is read (frequency, missing values, breaks) stands in `series.rs`, the
//! reading of each comparator in the file of its family.
//!
//! # Time
//! A target "by 2030" is due with the last period of 2030: the year, its last quarter, its
//! December. Once that period is in, a target that is not met is off track, or worsening if
//! it moved away. After the year has ended and before its value is in, the pace still
//! decides, and a finding says so; not so if the series is stale.
//! A series is stale if two whole periods after the latest value have ended.

mod answer;
mod content;
pub mod escap;
mod finding;
pub mod forecast;
mod group;
mod growth;
mod linear;
pub mod linear_gap;
mod notes;
pub(crate) mod number;
mod pace;
mod rank;
pub mod ratio;
mod reference;
pub mod sdsn;
mod series;
mod threshold;
pub mod un_chart;
mod vietnamese;
mod way;
mod yearly;

#[cfg(test)]
mod tests;

use jiff::civil::Date;

use crate::formula::Uncomputed;
use crate::indicator::Indicator;
use crate::measurement::Measurement;
use crate::target::{Comparator, Target};

pub use answer::{
    Assessment, Explanation, Flag, Forecast, MethodUsed, PeriodValue, SeriesRole, Source, Verdict,
};
pub use finding::{Finding, Reason};

use growth::Growth;
use notes::Notes;
use reference::Standing;
use series::{Rules, Separation, Series, Shape};
use threshold::Promise;
use way::Way;

/// Everything an assessment rests on, as it was known on a day.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The promise.
    pub target: &'a Target,
    /// The indicator it judges.
    pub indicator: &'a Indicator,
    /// The indicator's values for the whole province, of all frequencies, in any order.
    /// Of several for one period the latest revision counts.
    pub history: &'a [Measurement],
    /// Values of the comparator's reference indicator; empty where it has none.
    pub reference: &'a [Measurement],
    /// Periods for which a computed indicator has no value; empty for a reported one.
    pub uncomputed: &'a [Uncomputed],
    /// The day the answer speaks of; what became known later is not in the series.
    pub as_of: Date,
}

/// Where the target stands.
pub fn assess(question: &Question<'_>) -> Assessment {
    let mut notes = Notes::new(method(question.target), question.as_of);
    let outcome = judge(question, &mut notes);
    notes.close(outcome)
}

fn judge(question: &Question<'_>, notes: &mut Notes) -> Result<Verdict, Reason> {
    let comparator = &question.target.comparator;
    let Some(series) = Series::read(question, rules(comparator), notes)? else {
        return Ok(Verdict::NoData);
    };
    let reach = |promise: Promise, notes: &mut Notes| {
        threshold::judge(question, &series, &promise, Way::of(question), notes)
    };
    match *comparator {
        Comparator::AtLeast(bound) | Comparator::ShareDone(bound) => {
            reach(Promise::at_least(bound), notes)
        }
        Comparator::Above(bound) => reach(Promise::at_least(bound).strictly(), notes),
        Comparator::AtMost(bound) => reach(Promise::at_most(bound), notes),
        Comparator::Below(bound) => reach(Promise::at_most(bound).strictly(), notes),
        Comparator::Within { lower, upper } => {
            reach(Promise { upper: Some(upper), ..Promise::at_least(lower) }, notes)
        }
        Comparator::RankWithin { rank, among } => {
            rank::judge(question, &series, &Promise::at_most(rank.into()), among, notes)
        }
        Comparator::EveryPeriodAtLeast { value, strict, from } => {
            let promise = Promise { strict, ..Promise::at_least(value) };
            yearly::judge_floor(question, &series, &promise, from, notes)
        }
        Comparator::AverageGrowthAtLeast { percent, base } => {
            growth::judge(question, &series, Growth { lower: percent, upper: None, base }, notes)
        }
        Comparator::AverageGrowthWithin { lower, upper, base } => {
            let promise = Growth { lower, upper: Some(upper), base };
            growth::judge(question, &series, promise, notes)
        }
        Comparator::InGroup { ref level } => group::judge_level(question, &series, level, notes),
        Comparator::MilestoneDone => Ok(group::judge_milestone(question, &series, notes)),
        Comparator::AboveReference { .. } => {
            reference::judge(question, &series, Standing::Above, notes)
        }
        Comparator::AtParWithReference { tolerance, .. } => {
            reference::judge(question, &series, Standing::AtPar(tolerance), notes)
        }
        Comparator::Increasing => yearly::judge_rise(question, &series, notes),
    }
}

/// The method that judges if nothing stands against it.
fn method(target: &Target) -> MethodUsed {
    match target.comparator {
        Comparator::AtLeast(_)
        | Comparator::Above(_)
        | Comparator::AtMost(_)
        | Comparator::Below(_)
        | Comparator::Within { .. }
        | Comparator::ShareDone(_) => target.method.into(),
        Comparator::RankWithin { .. } => MethodUsed::Places,
        Comparator::EveryPeriodAtLeast { .. } => MethodUsed::EveryYear,
        Comparator::AverageGrowthAtLeast { .. } | Comparator::AverageGrowthWithin { .. } => {
            MethodUsed::AverageGrowth
        }
        Comparator::InGroup { .. } => MethodUsed::Levels,
        Comparator::AboveReference { .. } | Comparator::AtParWithReference { .. } => {
            MethodUsed::ReferenceGap
        }
        Comparator::Increasing => MethodUsed::YearlyChange,
        Comparator::MilestoneDone => MethodUsed::Milestone,
    }
}

fn rules(comparator: &Comparator) -> Rules {
    let (shape, separation) = match comparator {
        Comparator::EveryPeriodAtLeast { .. } => (Shape::YearEnd, Separation::Nothing),
        Comparator::AverageGrowthAtLeast { .. }
        | Comparator::AverageGrowthWithin { .. }
        | Comparator::Increasing => (Shape::YearOnYear, Separation::Break),
        Comparator::RankWithin { .. } => (Shape::Every, Separation::NumberRanked),
        _ => (Shape::Every, Separation::Break),
    };
    Rules { shape, separation }
}
