//! A target: its course, how its verdict came about, and every figure behind it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use tiendo_shared::target::{Comparator, Target};
use tiendo_shared::wire::v1::{self, Basis};

use super::chart::{self, Course, Line, way};
use super::entry::Reader;
use super::lang::Lang;
use super::refusal::{Refusal, page as written};
use super::shell::{Asked, Shell, When};
use super::{Page, Web};
use crate::failure::Failure;
use crate::text::{because, class};

#[derive(Template)]
#[template(path = "target.html")]
struct Shown<'a> {
    shell: Shell<'a>,
    id: String,
    name: String,
    class: &'static str,
    verdict: &'static str,
    reason: String,
    flags: Vec<&'static str>,
    because: String,
    promise: String,
    owner: String,
    course: String,
    steps: Vec<Step>,
    method: String,
    method_id: String,
    method_note: String,
    note: String,
    findings: Vec<String>,
    others: Vec<Other>,
    figures: Vec<Figure>,
    left_out: u32,
}

/// A line of the explanation.
struct Step {
    name: &'static str,
    value: String,
    more: String,
}

/// What another method would say.
struct Other {
    id: String,
    method: String,
    class: &'static str,
    verdict: &'static str,
    reason: String,
}

/// A figure of a department.
struct Figure {
    department: String,
    indicator: String,
    period: String,
    value: String,
    revision: u32,
    received: String,
    receipt: u64,
    comment: String,
    evidence: String,
}

/// The page.
pub(super) async fn page(
    State(web): State<Arc<Web>>,
    lang: Lang,
    reader: Reader,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Page {
    let made = web.target(lang, reader, id, &asked).await;
    Ok(written(&made.map_err(|failure| Refusal::new(lang, failure))?))
}

impl Web {
    async fn target(
        &self,
        lang: Lang,
        reader: Reader,
        id: String,
        asked: &Asked,
    ) -> Result<Shown<'_>, Failure> {
        let when = self.when(asked)?;
        let missing = || Failure::not_found("target", &id);
        let target = self.services.catalogue.target(&id).ok_or_else(missing)?;
        let (as_of, basis) = (when.asked(), reader.basis as i32);
        let request = v1::GetTargetStatusRequest { target: id.clone(), as_of, basis };
        let told = self.services.standing.get(request, when.now).await?;
        let status = told.status.unwrap_or_default();
        let explanation = status.explanation.clone().unwrap_or_default();
        let reference = self.reference(target, told.as_of, reader.basis, &when).await?;
        let course = self.course(lang, target, &explanation, (&told.series, &reference));
        let owner = self.services.catalogue.department(&status.department);
        Ok(Shown {
            name: lang.local(status.name.as_ref()).to_owned(),
            class: class(status.verdict()),
            verdict: lang.verdict(status.verdict()),
            reason: lang.reason(&status.reason),
            flags: status.flags().map(|flag| lang.flag(flag)).collect(),
            because: because(
                lang,
                &self.services.catalogue,
                target,
                status.verdict(),
                &explanation,
            ),
            promise: lang.local(status.promise.as_ref()).to_owned(),
            owner: owner.map_or("", |found| lang.text(&found.name)).to_owned(),
            course: Course { colour: chart::colour(status.verdict()), ..course }.svg(),
            steps: self.steps(lang, target, &explanation),
            method: lang.method(&explanation.method),
            method_id: explanation.method.clone(),
            method_note: lang.method_note(&explanation.method_note).to_owned(),
            note: target.note.as_ref().map_or("", |note| lang.text(note)).to_owned(),
            findings: explanation.findings.iter().map(|it| lang.remark(it)).collect(),
            others: told.other_methods.iter().map(|other| other_of(lang, other)).collect(),
            figures: told.history.iter().rev().map(|it| self.figure(lang, it)).collect(),
            left_out: told.history_left_out,
            shell: self.shell(lang, reader, asked, &when, "target"),
            id,
        })
    }

    /// The series it is compared with, if it is.
    async fn reference(
        &self,
        target: &Target,
        as_of: Option<prost_types::Timestamp>,
        basis: Basis,
        when: &When,
    ) -> Result<Vec<v1::PeriodValue>, Failure> {
        let Some(id) = target.comparator.reference() else { return Ok(Vec::new()) };
        let series = self.services.standing.series([id], as_of, basis, when.now).await?;
        Ok(series.into_values().next().unwrap_or_default())
    }

    fn course(
        &self,
        lang: Lang,
        target: &Target,
        explanation: &v1::Explanation,
        (observed, reference): (&[v1::PeriodValue], &[v1::PeriodValue]),
    ) -> Course {
        let w = lang.words();
        let indicator = self.services.catalogue.indicator(&target.indicator);
        let compound = explanation.pace_unit.contains("compound");
        // The unit stands at the axis; beside a line there is room for a sign alone.
        let unit = indicator.map(|it| self.unit(lang, it)).unwrap_or_default();
        let labelled = |label: &str, value: &str| match unit.chars().count() {
            0..=2 => format!("{label} {}", self.value(lang, &target.indicator, value)),
            _ => format!("{label} {}", lang.number(value)),
        };
        let horizon = f64::from(target.horizon);
        let current = explanation.current.as_ref();
        let observed = chart::points(observed);
        let to = |end: &str| Some((horizon, end.parse::<f64>().ok()?));
        let base = explanation.base.as_ref().and_then(point).or(observed.first().copied());
        let promised = promised(&target.comparator);
        let promise = promised.as_deref().and_then(to);
        let ways = base.zip(promise).filter(|(base, promise)| base.0 < promise.0);
        let here = current.and_then(point);
        let goes_on = here.zip(to(&explanation.projected)).filter(|(here, to)| here.0 < to.0);
        let interval = explanation.forecast.as_ref().zip(here).and_then(|(forecast, here)| {
            let at = chart::place(forecast.period.parse().ok()?);
            Some(vec![here, (at, forecast.lower.parse().ok()?), (at, forecast.upper.parse().ok()?)])
        });
        let way = |ends: Option<((f64, f64), (f64, f64))>| {
            ends.map(|(from, to)| way(from, to, compound)).unwrap_or_default()
        };
        Course {
            lang,
            unit: unit.clone(),
            observed: Line {
                points: observed,
                label: labelled(w.observed, current.map_or("", |it| it.value.as_str())),
            },
            way: Line {
                points: way(ways),
                label: labelled(w.promised, &promised.unwrap_or_default()),
            },
            projected: Line {
                points: way(goes_on),
                label: labelled(w.if_it_goes_on, &explanation.projected),
            },
            reference: Line { points: chart::points(reference), label: w.reference.to_owned() },
            interval: interval.unwrap_or_default(),
            colour: chart::colour(v1::Verdict::NoData),
        }
    }

    fn steps(&self, lang: Lang, target: &Target, told: &v1::Explanation) -> Vec<Step> {
        let w = lang.words();
        let value = |text: &str| self.value(lang, &target.indicator, text);
        let at = |known: Option<&v1::PeriodValue>| {
            known.map_or_else(Default::default, |it| (value(&it.value), it.period.clone()))
        };
        let pace = |pace: Option<f64>| {
            let number = pace.map(|pace| lang.float(pace, 2)).unwrap_or_default();
            (number, lang.pace(&told.pace_unit))
        };
        let year = told.year_met.map(|year| year.to_string()).unwrap_or_default();
        let forecast = told.forecast.as_ref().map_or_else(Default::default, |forecast| {
            let [middle, lower, upper] = [&forecast.value, &forecast.lower, &forecast.upper];
            let band = format!("{} – {} ({})", value(lower), value(upper), forecast.period);
            (value(middle), band)
        });
        let none = String::new;
        let progress = told.progress.map(|it| lang.float(it, 2)).unwrap_or_default();
        let steps = [
            (w.base, at(told.base.as_ref())),
            (w.latest, at(told.current.as_ref())),
            (w.gap, (lang.number(&told.gap), none())),
            (w.pace_observed, pace(told.observed_pace)),
            (w.pace_required, pace(told.required_pace)),
            (w.progress, (progress, none())),
            (w.pace_from_here, pace(told.pace_from_here)),
            (w.if_it_goes_on, (value(&told.projected), target.horizon.to_string())),
            (w.year_met, (year, none())),
            (w.forecast, forecast),
            (w.reference, at(told.reference.as_ref())),
        ];
        let steps = steps.into_iter().filter(|(_, (value, _))| !value.is_empty());
        steps.map(|(name, (value, more))| Step { name, value, more }).collect()
    }

    fn figure(&self, lang: Lang, stored: &v1::StoredMeasurement) -> Figure {
        let catalogue = &self.services.catalogue;
        let department = catalogue.department(&stored.department);
        let indicator = catalogue.indicator(&stored.indicator);
        let received = stored.received_at.as_ref().and_then(tiendo_shared::wire::instant);
        Figure {
            department: department.map_or("", |it| lang.text(&it.name)).to_owned(),
            indicator: indicator.map_or("", |it| lang.text(&it.name)).to_owned(),
            period: stored.period.clone(),
            value: self.content(lang, stored),
            revision: stored.revision,
            received: received.map(|at| lang.instant(at)).unwrap_or_default(),
            receipt: stored.sequence,
            comment: stored.comment.clone(),
            evidence: stored.evidence.clone(),
        }
    }
}

fn point(value: &v1::PeriodValue) -> Option<(f64, f64)> {
    Some((chart::place(value.period.parse().ok()?), value.value.parse().ok()?))
}

/// The number promised at the horizon, where there is one.
fn promised(comparator: &Comparator) -> Option<String> {
    match comparator {
        Comparator::AtLeast(value)
        | Comparator::Above(value)
        | Comparator::AtMost(value)
        | Comparator::Below(value)
        | Comparator::ShareDone(value)
        | Comparator::EveryPeriodAtLeast { value, .. }
        | Comparator::Within { lower: value, .. } => Some(value.to_string()),
        Comparator::RankWithin { rank, .. } => Some(rank.to_string()),
        _ => None,
    }
}

fn other_of(lang: Lang, other: &v1::MethodOutcome) -> Other {
    Other {
        id: other.method.clone(),
        method: lang.method(&other.method),
        class: class(other.verdict()),
        verdict: lang.verdict(other.verdict()),
        reason: lang.reason(&other.reason),
    }
}
