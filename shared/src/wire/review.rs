//! States and findings of reports as messages.

use super::v1;
use crate::catalogue::rule::Severity;
use crate::inspect::{Figure, Finding, Kind};
use crate::review::State;

impl From<State> for v1::ReportState {
    fn from(state: State) -> Self {
        match state {
            State::Missing => Self::Missing,
            State::Received => Self::Received,
            State::Approved => Self::Approved,
            State::Returned => Self::Returned,
            State::Reopened => Self::Reopened,
        }
    }
}

impl From<Kind> for v1::ReportFindingKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::RuleBroken => Self::RuleBroken,
            Kind::RuleNotChecked => Self::RuleNotChecked,
            Kind::Unusual => Self::Unusual,
            Kind::LargeChange => Self::LargeChange,
            Kind::Outlier => Self::Outlier,
        }
    }
}

impl From<Severity> for v1::ReportFindingSeverity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Warning => Self::Warning,
            Severity::Error => Self::Error,
        }
    }
}

impl From<Finding> for v1::ReportFinding {
    fn from(finding: Finding) -> Self {
        Self {
            kind: v1::ReportFindingKind::from(finding.kind) as i32,
            severity: v1::ReportFindingSeverity::from(finding.severity) as i32,
            rule: finding.rule.unwrap_or_default(),
            figures: finding.figures.iter().map(Into::into).collect(),
            message: Some((&finding.message).into()),
            score: finding.score,
        }
    }
}

impl From<&Figure> for v1::FindingFigure {
    fn from(figure: &Figure) -> Self {
        Self {
            indicator: figure.indicator.clone(),
            period: figure.period.to_string(),
            value: figure.value.map_or_else(String::new, |value| value.to_string()),
        }
    }
}
