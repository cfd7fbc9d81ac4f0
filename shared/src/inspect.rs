//! What of a report a reviewer looks at twice: broken rules, and values that stand out; pure.
//!
//! Nothing is refused, changed or left out for a finding. A rule is looked at for the
//! report of a department and period that holds one of its figures; what it compares may
//! also be what another department answers for alone, or be computed. A value of the
//! report stands out if it is outside the usual range of its indicator, if it went farther
//! from the one before than is credible (the department confirmed it then), or by its
//! score among those before ([`outlier`]).

pub mod outlier;
mod words;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use rust_decimal::Decimal;

use crate::catalogue::Catalogue;
use crate::catalogue::rule::{Check, Outcome, Rule, Severity};
use crate::formula::Uncomputable;
use crate::indicator::{Indicator, Text};
use crate::measurement::{Measurement, Value};
use crate::period::ReportingPeriod;
use crate::province::History;

/// A report to be inspected.
#[derive(Debug)]
pub struct Subject<'a, F> {
    /// What the figures mean, and the rules.
    pub catalogue: &'a Catalogue,
    /// Whose report it is.
    pub department: &'a str,
    /// Which period it is for.
    pub period: ReportingPeriod,
    /// The totals known of a reported indicator, by period: those of the department where
    /// it reports the indicator, of the owner where that reports it alone.
    pub known: F,
}

/// What a reviewer looks at twice.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// Whether the report can be approved with it.
    pub severity: Severity,
    /// Id of the rule; none for a value that stands out.
    pub rule: Option<String>,
    /// The figures it is about.
    pub figures: Vec<Figure>,
    /// What was found, for people.
    pub message: Text,
    /// The score of an outlier.
    pub score: Option<f64>,
}

/// What a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A rule is broken.
    RuleBroken,
    /// A rule could not be looked at, for what it compares cannot be computed.
    RuleNotChecked,
    /// Outside the usual range.
    Unusual,
    /// Farther from the value before than is credible.
    LargeChange,
    /// Far from the values before, by its score.
    Outlier,
}

/// A figure of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Id of the indicator.
    pub indicator: String,
    /// Which period it is of.
    pub period: ReportingPeriod,
    /// Its value; none if it is missing.
    pub value: Option<Decimal>,
}

/// Inspects a report: broken rules in the catalogue's order, then values by indicator.
pub fn inspect<'a, F>(subject: &Subject<'a, F>) -> Vec<Finding>
where
    F: Fn(&str) -> &'a [Measurement],
{
    let figures = Figures { subject, histories: RefCell::default() };
    let own: Vec<&Indicator> = subject.catalogue.reported_by(subject.department).collect();
    let said = |id: &str| {
        own.iter().any(|it| it.id == id)
            && (subject.known)(id).iter().any(|it| it.period == subject.period)
    };
    let mut findings = Vec::new();
    for rule in subject.catalogue.rules() {
        if roots(subject.catalogue, rule).into_iter().any(said) {
            findings.extend(figures.judge(rule));
        }
    }
    for indicator in own {
        let history = (subject.known)(&indicator.id);
        findings.extend(standing_out(indicator, history, subject.period));
    }
    findings
}

/// Ids of the reported indicators that a rule compares, or that what it compares is
/// computed of.
pub fn roots<'a>(catalogue: &'a Catalogue, rule: &'a Rule) -> Vec<&'a str> {
    let mut ahead = rule.check.operands();
    let mut roots = Vec::new();
    while let Some(id) = ahead.pop() {
        match catalogue.indicator(id).and_then(|indicator| indicator.formula.as_ref()) {
            Some(formula) => ahead.extend(formula.inputs()),
            None => roots.push(id),
        }
    }
    roots
}

/// The figures of a report, computed once where they are computed.
struct Figures<'s, 'a, F> {
    subject: &'s Subject<'a, F>,
    histories: RefCell<HashMap<String, Rc<History>>>,
}

impl<'a, F> Figures<'_, 'a, F>
where
    F: Fn(&str) -> &'a [Measurement],
{
    fn history(&self, id: &str) -> Rc<History> {
        if let Some(known) = self.histories.borrow().get(id) {
            return Rc::clone(known);
        }
        let indicator = self.subject.catalogue.indicator(id);
        let computed = indicator.and_then(|it| Some((it.range, it.formula.as_ref()?)));
        let history = if let Some((range, formula)) = computed {
            // The catalogue has no circles.
            let inputs: HashMap<&str, Rc<History>> =
                formula.inputs().into_iter().map(|it| (it, self.history(it))).collect();
            History::of_computed(formula, range, |it| inputs.get(it).map(Rc::as_ref))
        } else {
            History::of_one((self.subject.known)(id))
        };
        let history = Rc::new(history);
        self.histories.borrow_mut().insert(id.to_owned(), Rc::clone(&history));
        history
    }

    /// The value of the period; none if it is missing, an error if it cannot be computed.
    fn value(&self, id: &str) -> Result<Option<Decimal>, Uncomputable> {
        let history = self.history(id);
        let uncomputed = history.uncomputed.iter().find(|it| it.period == self.subject.period);
        match uncomputed.map(|it| &it.reason) {
            None => Ok(number(&history.measurements, self.subject.period)),
            Some(Uncomputable::MissingInput { .. }) => Ok(None),
            Some(reason) => Err(reason.clone()),
        }
    }

    fn judge(&self, rule: &Rule) -> Option<Finding> {
        let catalogue = self.subject.catalogue;
        let mut values = HashMap::new();
        let mut broken = None;
        for id in rule.check.operands() {
            match self.value(id) {
                Ok(value) => drop(values.insert(id, value)),
                Err(reason) => broken = broken.or(Some(reason)),
            }
        }
        let figure = |id: &str| Figure {
            indicator: id.to_owned(),
            period: self.subject.period,
            value: values.get(id).copied().flatten(),
        };
        let finding = |kind, severity, message| Finding {
            kind,
            severity,
            rule: Some(rule.id.clone()),
            figures: rule.check.operands().into_iter().map(figure).collect(),
            message,
            score: None,
        };
        if let Some(reason) = broken {
            let message = words::not_checked(rule, &reason);
            return Some(finding(Kind::RuleNotChecked, Severity::Warning, message));
        }
        match rule.evaluate(|id| values.get(id).copied().flatten()) {
            Outcome::Holds | Outcome::Skipped => None,
            Outcome::TooLarge => {
                let message = words::not_checked(rule, &Uncomputable::Overflow);
                Some(finding(Kind::RuleNotChecked, Severity::Warning, message))
            }
            Outcome::Broken { left, right } => {
                let (one, other) = match &rule.check {
                    Check::AtMost { part, whole } => (vec![part.as_str()], whole),
                    Check::SumEquals { total, parts, .. } => {
                        (parts.iter().map(String::as_str).collect(), total)
                    }
                };
                let message = words::broken(catalogue, rule, (&one, left), (other, right));
                Some(finding(Kind::RuleBroken, rule.severity, message))
            }
        }
    }
}

/// Why the value of a period stands out, the plainest reason alone.
fn standing_out(
    indicator: &Indicator,
    history: &[Measurement],
    period: ReportingPeriod,
) -> Option<Finding> {
    let now = history.iter().find(|it| it.period == period)?;
    let Value::Number(value) = now.observation.value else { return None };
    if indicator.kind != crate::indicator::Kind::Quantity {
        return None;
    }
    let before = outlier::comparable(indicator, history, now);
    let figure =
        |(period, value)| Figure { indicator: indicator.id.clone(), period, value: Some(value) };
    let finding = |kind, figures, message, score| Finding {
        kind,
        severity: Severity::Warning,
        rule: None,
        figures,
        message,
        score,
    };
    let usual = indicator.scrutiny.usual;
    if !usual.contains(value) {
        let message = words::unusual(indicator, value, usual);
        return Some(finding(Kind::Unusual, vec![figure((period, value))], message, None));
    }
    if let (Some(most), Some(last)) = (indicator.largest_change, before.last())
        && most.is_exceeded(last.1, value)
    {
        let message = words::large_change(indicator, value, *last, most);
        let figures = vec![figure((period, value)), figure(*last)];
        return Some(finding(Kind::LargeChange, figures, message, None));
    }
    let numbers: Vec<Decimal> = before.iter().map(|(_, number)| *number).collect();
    let scored = outlier::score(indicator.scrutiny.outliers.score, &numbers, value)?;
    let threshold = crate::assess::number::to_float(indicator.scrutiny.outliers.threshold);
    (scored.score.abs() > threshold).then(|| {
        let message = words::outlier(indicator, value, &scored, numbers.len());
        finding(Kind::Outlier, vec![figure((period, value))], message, Some(scored.score))
    })
}

fn number(history: &[Measurement], period: ReportingPeriod) -> Option<Decimal> {
    let measurement = history.iter().find(|it| it.period == period)?;
    match measurement.observation.value {
        Value::Number(number) => Some(number),
        _ => None,
    }
}
