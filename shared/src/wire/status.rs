//! Where a target stands, as a message.

use rust_decimal::Decimal;

use super::measurement::level_id;
use super::v1;
use crate::assess::{
    self, Assessment, Explanation, Finding, Flag, Forecast, PeriodValue, SeriesRole, Verdict,
    forecast,
};
use crate::catalogue::Catalogue;
use crate::indicator::Indicator;
use crate::measurement::{Measurement, Value};
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
        Self {
            kind: finding.code().to_owned(),
            message: finding.message(),
            message_vi: finding.vietnamese(),
        }
    }
}

impl From<&Forecast> for v1::Forecast {
    fn from(forecast: &Forecast) -> Self {
        Self {
            name: format!("forecast, exponential smoothing, {} % interval", forecast::LEVEL),
            period: forecast.period.to_string(),
            value: forecast.value.to_string(),
            lower: forecast.lower.to_string(),
            upper: forecast.upper.to_string(),
            values: u32::try_from(forecast.values).unwrap_or(u32::MAX),
        }
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
        un_chart: target.comparator.takes_method().then(|| v1::UnChartBands {
            on_track: target.un_chart.on_track.to_string(),
            progress: target.un_chart.progress.to_string(),
        }),
        sdsn: target.sdsn.map(|scale| v1::SdsnScale {
            lower_bound: scale.lower_bound.to_string(),
            optimum: scale.optimum.to_string(),
            green: scale.green.to_string(),
            red: scale.red.to_string(),
        }),
    }
}

/// What a method other than the target's own would say.
pub fn method_outcome(assessment: &Assessment) -> v1::MethodOutcome {
    let explanation = &assessment.explanation;
    v1::MethodOutcome {
        method: explanation.method.name().to_owned(),
        method_note: explanation.method_note.unwrap_or_default().to_owned(),
        verdict: v1::Verdict::from(assessment.verdict) as i32,
        reason: assessment.reason.map(assess::Reason::message).unwrap_or_default(),
        symbol: explanation.symbol.unwrap_or_default().to_owned(),
        progress: explanation.progress,
        score: explanation.score,
        projected: decimal(explanation.projected),
        year_met: year(explanation.year_met),
    }
}

/// The value of an indicator others are computed of, in a period; none where it has none.
pub fn input_value(
    indicator: &Indicator,
    history: &[Measurement],
    period: ReportingPeriod,
) -> Option<v1::InputValue> {
    let measurement = history.iter().find(|measurement| measurement.period == period)?;
    let Value::Number(value) = measurement.observation.value else { return None };
    Some(v1::InputValue {
        indicator: indicator.id.clone(),
        name: Some((&indicator.name).into()),
        value: value.to_string(),
    })
}

fn decimal(number: Option<Decimal>) -> String {
    number.map_or_else(String::new, |number| number.normalize().to_string())
}

fn year(year: Option<i16>) -> Option<u32> {
    year.and_then(|year| u32::try_from(year).ok())
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
        symbol: explanation.symbol.unwrap_or_default().to_owned(),
        thresholds: explanation.thresholds.clone(),
        year_met: year(explanation.year_met),
        current_status_index: explanation.current_status_index,
        anticipated_gap: explanation.anticipated_gap,
        forecast: explanation.forecast.as_ref().map(v1::Forecast::from),
        inputs: Vec::new(),
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
