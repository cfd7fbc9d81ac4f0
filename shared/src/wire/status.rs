//! Where a target stands, as a message.

use super::measurement::level_id;
use super::v1;
use crate::assess::{
    self, Assessment, Explanation, Finding, Flag, PeriodValue, SeriesRole, Verdict,
};
use crate::catalogue::Catalogue;
use crate::indicator::Indicator;
use crate::measurement::Value;
use crate::period::ReportingPeriod;
use crate::promise::in_words;
use crate::province::Coverage;
use crate::target::Target;

impl From<Verdict> for v1::Verdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Met => Self::Met,
            Verdict::OnTrack => Self::OnTrack,
            Verdict::AtRisk => Self::AtRisk,
            Verdict::OffTrack => Self::OffTrack,
            Verdict::Worsening => Self::Worsening,
            Verdict::NoData => Self::NoData,
            Verdict::NotAssessable => Self::NotAssessable,
        }
    }
}

impl From<Flag> for v1::StatusFlag {
    fn from(flag: Flag) -> Self {
        match flag {
            Flag::Provisional => Self::Provisional,
            Flag::Stale => Self::Stale,
            Flag::WasMet => Self::WasMet,
            Flag::BreakInSeries => Self::BreakInSeries,
            Flag::Exceeds => Self::Exceeds,
            Flag::Incomplete => Self::Incomplete,
        }
    }
}

impl From<&Finding> for v1::Finding {
    fn from(finding: &Finding) -> Self {
        Self { kind: finding.code().to_owned(), message: finding.message() }
    }
}

/// A target with its promise in words.
pub fn target(catalogue: &Catalogue, target: &Target) -> v1::Target {
    v1::Target {
        id: target.id.clone(),
        name: Some((&target.name).into()),
        indicator: target.indicator.clone(),
        horizon: u32::try_from(target.horizon).unwrap_or(0),
        every_year: target.comparator.is_every_year(),
        comparator: target.comparator.name().to_owned(),
        promise: Some((&in_words(target, catalogue)).into()),
        method: target.method.name().to_owned(),
        bullet: target.bullet.clone(),
        note: target.note.as_ref().map(Into::into),
        reference: target.comparator.reference().unwrap_or_default().to_owned(),
        informative: target.informative,
    }
}

impl From<Coverage> for v1::Coverage {
    fn from(coverage: Coverage) -> Self {
        let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            reported: count(coverage.reported()),
            expected: count(coverage.expected),
            missing: coverage.missing,
        }
    }
}

/// Where a target stands, still without sources. `coverage` tells who is in a figure.
pub fn target_status(
    catalogue: &Catalogue,
    target: &Target,
    assessment: &Assessment,
    coverage: impl Fn(SeriesRole, ReportingPeriod) -> Option<Coverage>,
) -> v1::TargetStatus {
    let indicator = catalogue.indicator(&target.indicator);
    let promise = in_words(target, catalogue);
    let mut explanation = explain(indicator, catalogue, target, &assessment.explanation);
    explanation.promise.clone_from(&promise.en);
    let judged = [&mut explanation.base, &mut explanation.current].into_iter().flatten();
    let judged = judged.map(|value| (SeriesRole::Judged, value));
    let reference = explanation.reference.iter_mut().map(|value| (SeriesRole::Reference, value));
    for (role, value) in judged.chain(reference) {
        let period = value.period.parse().ok();
        value.coverage = period.and_then(|period| coverage(role, period)).map(Into::into);
    }
    v1::TargetStatus {
        target: target.id.clone(),
        name: Some((&target.name).into()),
        indicator: target.indicator.clone(),
        horizon: u32::try_from(target.horizon).unwrap_or(0),
        department: indicator.map(|indicator| indicator.owner.clone()).unwrap_or_default(),
        verdict: v1::Verdict::from(assessment.verdict) as i32,
        reason: assessment.reason.map(assess::Reason::message).unwrap_or_default(),
        flags: assessment.flags.iter().map(|flag| v1::StatusFlag::from(*flag) as i32).collect(),
        promise: Some((&promise).into()),
        explanation: Some(explanation),
    }
}

fn explain(
    indicator: Option<&Indicator>,
    catalogue: &Catalogue,
    target: &Target,
    explanation: &Explanation,
) -> v1::Explanation {
    let reference = target.comparator.reference().and_then(|id| catalogue.indicator(id));
    let periods = |periods: &[ReportingPeriod]| periods.iter().map(ToString::to_string).collect();
    let decimal = |number: Option<rust_decimal::Decimal>| {
        number.map_or_else(String::new, |number| number.normalize().to_string())
    };
    v1::Explanation {
        method: explanation.method.name().to_owned(),
        method_note: explanation.method_note.unwrap_or_default().to_owned(),
        base: explanation.base.map(|base| period_value(indicator, &base)),
        current: explanation.current.map(|current| period_value(indicator, &current)),
        promise: String::new(),
        observed_pace: explanation.observed_pace,
        required_pace: explanation.required_pace,
        pace_from_here: explanation.pace_from_here,
        pace_unit: explanation.pace_unit.clone(),
        progress: explanation.progress,
        score: explanation.score,
        gap: decimal(explanation.gap),
        projected: decimal(explanation.projected),
        reference: explanation.reference.map(|value| period_value(reference, &value)),
        percentile: explanation.percentile,
        ranked_among: explanation.ranked_among.map(u32::from),
        periods_missed: periods(&explanation.periods_missed),
        periods_kept: periods(&explanation.periods_kept),
        sources: Vec::new(),
        sources_left_out: 0,
        findings: explanation.findings.iter().map(v1::Finding::from).collect(),
    }
}

/// A value with its period, still without coverage.
pub fn period_value(indicator: Option<&Indicator>, value: &PeriodValue) -> v1::PeriodValue {
    let text = match value.value {
        Value::Number(number) => number.to_string(),
        Value::Level(position) => level_id(indicator, position),
        Value::Missing(_) | Value::Withdrawn => String::new(),
    };
    v1::PeriodValue {
        period: value.period.to_string(),
        value: text,
        status: v1::ObservationStatus::from(value.status) as i32,
        coverage: None,
    }
}
