//! A place in a ranking: met or not, the places still missing, and the number ranked.
//!
//! A ratio of ranks has no meaning, so the way is judged by places a year on a straight
//! line, among ranks out of the same number only. The verdict follows the words of the plan
//! even where the number ranked changed since (decision 1): a finding says so and the
//! percentile stands beside it.

use rust_decimal::Decimal;

use crate::indicator::Range;
use crate::target::Method;

use super::Question;
use super::answer::{MethodUsed, Verdict};
use super::finding::{Finding, Reason};
use super::notes::Notes;
use super::series::Series;
use super::threshold::{self, Promise};
use super::way::Way;

/// Judges the latest rank against a threshold set among `among`.
pub(super) fn judge(
    question: &Question<'_>,
    series: &Series,
    promise: &Promise,
    among: u32,
    notes: &mut Notes,
) -> Result<Verdict, Reason> {
    let now = series.current.ranked_among();
    match now {
        None => notes.find(Finding::NumberRankedUnknown),
        Some(now) => {
            notes.percentile(series.current.value, now);
            if u32::from(now) != among {
                notes.find(Finding::ThresholdSetAmongOtherNumber { promised: among, now });
            }
        }
    }
    // A rank the catalogue states was taken when the promise was made.
    let baseline = question.target.baseline.as_ref().filter(|baseline| {
        baseline.value.is_none() || now.is_none_or(|now| u32::from(now) == among)
    });
    if let (None, Some(left)) = (baseline, &question.target.baseline) {
        notes.find(Finding::BaselineLeftAside { period: left.period });
    }
    let way = Way {
        method: Method::Linear,
        used: MethodUsed::Places,
        unit: "places",
        baseline,
        range: Range { minimum: Some(Decimal::ONE), maximum: now.map(Decimal::from) },
    };
    threshold::judge(question, series, promise, way, notes)
}
