//! Use case: where targets stand, from the figures known now or at an instant.

mod kept;
mod province;
mod reported;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use tiendo_shared::assess::{self, Assessment, Flag, Question, SeriesRole, Verdict};
use tiendo_shared::target::{Method, Target};
use tiendo_shared::wire::{self, v1};

use crate::failure::Failure;
use crate::figures::{Figures, approved_only, as_of, known_department};
use crate::page;
use kept::Kept;
use province::{Province, Sources};

/// Most sources that a list names of each target.
const LISTED_SOURCES: usize = 16;

/// Verdicts that need attention, the worst first.
const WORRYING: [Verdict; 3] = [Verdict::Worsening, Verdict::OffTrack, Verdict::AtRisk];

/// Says where targets stand.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Where the figures come from.
    pub figures: Figures,
    kept: Kept,
    kept_approved: Kept,
}

impl Standing {
    /// From these figures.
    pub fn new(figures: Figures) -> Self {
        Self { figures, kept: Kept::default(), kept_approved: Kept::default() }
    }

    /// Lists where targets stand, in the plan's order, with the count of every verdict.
    pub async fn list(
        &self,
        request: v1::ListTargetStatusesRequest,
        now: Timestamp,
    ) -> Result<v1::ListTargetStatusesResponse, Failure> {
        Ok(self.list_with_worrying(request, 0, now).await?.0)
    }

    /// The list, and beside it those of all chosen targets that need attention: the worst
    /// first, then in the plan's order, at most `most`.
    pub async fn list_with_worrying(
        &self,
        request: v1::ListTargetStatusesRequest,
        most: usize,
        now: Timestamp,
    ) -> Result<(v1::ListTargetStatusesResponse, Vec<v1::TargetStatus>), Failure> {
        let wanted = verdicts(&request.verdicts)?;
        if !request.department.is_empty() {
            known_department(&self.figures.catalogue, &request.department)?;
        }
        let asked = as_of(request.as_of)?;
        let approved_only = approved_only(request.basis)?;
        let instant = self.figures.store.settle(asked, now).await?;
        let mut province = Province::new(&self.figures, instant, approved_only);
        let mut statuses = Vec::new();
        let mut counts = vec![0; Verdict::ALL.len()];
        let mut worrying: [Vec<v1::TargetStatus>; 3] = Default::default();
        for target in self.targets(&request) {
            let (verdict, status) = self.listed(target, &mut province, asked.is_none()).await?;
            counts[verdict as usize] += 1;
            let worry = WORRYING.iter().position(|worry| *worry == verdict);
            if let Some(alike) = worry.map(|at| &mut worrying[at]).filter(|it| it.len() < most) {
                alike.push(status.clone());
            }
            if wanted.is_empty() || wanted.contains(&verdict) {
                statuses.push(status);
            }
        }
        let (statuses, next_page_token) =
            page::slice(statuses, request.page_size, &request.page_token)?;
        let counts = Verdict::ALL.iter().map(|verdict| v1::VerdictCount {
            verdict: v1::Verdict::from(*verdict) as i32,
            count: counts[*verdict as usize],
        });
        let response = v1::ListTargetStatusesResponse {
            statuses,
            next_page_token,
            as_of: Some(wire::timestamp(instant)),
            counts: counts.filter(|count| count.count > 0).collect(),
        };
        Ok((response, worrying.into_iter().flatten().take(most).collect()))
    }

    /// Every status that a request chooses, page after page.
    pub async fn all(
        &self,
        request: v1::ListTargetStatusesRequest,
        now: Timestamp,
    ) -> Result<Vec<v1::TargetStatus>, Failure> {
        let mut all = Vec::new();
        let mut request = v1::ListTargetStatusesRequest { page_size: page::MOST, ..request };
        loop {
            let page = self.list(request.clone(), now).await?;
            all.extend(page.statuses);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return Ok(all);
            }
        }
    }

    /// Says where one target stands, with the series judged.
    pub async fn get(
        &self,
        request: v1::GetTargetStatusRequest,
        now: Timestamp,
    ) -> Result<v1::GetTargetStatusResponse, Failure> {
        let catalogue = &self.figures.catalogue;
        let target = catalogue
            .target(&request.target)
            .ok_or_else(|| Failure::not_found("target", &request.target))?;
        let asked = as_of(request.as_of)?;
        let approved_only = approved_only(request.basis)?;
        let instant = self.figures.store.settle(asked, now).await?;
        let mut province = Province::new(&self.figures, instant, approved_only);
        let sources = Sources::up_to(usize::MAX);
        let (_, mut status) = self.stand(target, &mut province, sources).await?;
        let values = province.history(&target.indicator).await?;
        let indicator = catalogue.indicator(&target.indicator);
        let series = values.measurements.iter().map(|measurement| v1::PeriodValue {
            coverage: province
                .coverage(&target.indicator, &values, measurement.period)
                .map(Into::into),
            ..wire::period_value(indicator, &measurement.into())
        });
        let series = series.collect();
        let other_methods = self.other_methods(target, &mut province).await?;
        let all = province.series(&target.indicator).await?;
        let (history, left_out) = reported::latest(&self.figures, &all).await?;
        if let Some(explanation) = &mut status.explanation {
            explanation.inputs = self.inputs(target, explanation, &mut province).await?;
            reported::add_evidence(&self.figures, &all, &mut explanation.sources).await?;
        }
        Ok(v1::GetTargetStatusResponse {
            status: Some(status),
            as_of: Some(wire::timestamp(instant)),
            history,
            history_left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
            series,
            other_methods,
        })
    }

    /// The province's values of some indicators, oldest first, as charts show them, at an
    /// instant that a list told of.
    pub async fn series(
        &self,
        indicators: impl IntoIterator<Item = &str>,
        as_of: Option<prost_types::Timestamp>,
        basis: v1::Basis,
        now: Timestamp,
    ) -> Result<HashMap<String, Vec<v1::PeriodValue>>, Failure> {
        let instant = self.figures.store.settle(self::as_of(as_of)?, now).await?;
        let approved_only = basis == v1::Basis::Approved;
        let mut province = Province::new(&self.figures, instant, approved_only);
        let mut series = HashMap::new();
        for id in indicators {
            let history = province.history(id).await?;
            let indicator = self.figures.catalogue.indicator(id);
            let values = history.measurements.iter();
            let values = values.map(|value| wire::period_value(indicator, &value.into()));
            series.insert(id.to_owned(), values.collect());
        }
        Ok(series)
    }

    /// The status as lists tell it.
    async fn listed(
        &self,
        target: &Target,
        province: &mut Province<'_>,
        is_now: bool,
    ) -> Result<(Verdict, v1::TargetStatus), Failure> {
        let day = self.figures.catalogue.calendar().today(province.as_of);
        let mut figures = province.rests_on(&target.indicator).await?;
        if let Some(reference) = target.comparator.reference() {
            figures.extend(province.rests_on(reference).await?);
        }
        let kept = if province.approved_only { &self.kept_approved } else { &self.kept };
        if let Some(known) = kept.find(&target.id, day, &figures) {
            return Ok(known);
        }
        let sources = Sources::up_to(LISTED_SOURCES);
        let (assessment, status) = self.stand(target, province, sources).await?;
        if is_now {
            kept.keep(day, figures, assessment.verdict, &status);
        }
        Ok((assessment.verdict, status))
    }

    /// What the current value was computed of: of a task group, its actions completed
    /// and planned.
    async fn inputs(
        &self,
        target: &Target,
        explanation: &v1::Explanation,
        province: &mut Province<'_>,
    ) -> Result<Vec<v1::InputValue>, Failure> {
        let catalogue = &self.figures.catalogue;
        let indicator = catalogue.indicator(&target.indicator);
        let formula = indicator.and_then(|indicator| indicator.formula.as_ref());
        let period = explanation.current.as_ref().and_then(|current| current.period.parse().ok());
        let (Some(formula), Some(period)) = (formula, period) else { return Ok(Vec::new()) };
        let mut inputs = Vec::new();
        for input in formula.inputs().into_iter().filter_map(|id| catalogue.indicator(id)) {
            let history = province.input(&target.indicator, &input.id).await?;
            inputs.extend(wire::input_value(input, &history.measurements, period));
        }
        Ok(inputs)
    }

    /// What every method but the target's own would say; the SDSN light only with a scale.
    async fn other_methods(
        &self,
        target: &Target,
        province: &mut Province<'_>,
    ) -> Result<Vec<v1::MethodOutcome>, Failure> {
        let mut outcomes = Vec::new();
        let others = Method::ALL.into_iter().filter(|method| {
            target.comparator.takes_method()
                && *method != target.method
                && (*method != Method::Sdsn || target.sdsn.is_some())
        });
        for method in others {
            let asked = Target { method, ..target.clone() };
            let (assessment, _) = self.stand(&asked, province, Sources::up_to(0)).await?;
            outcomes.push(wire::method_outcome(&assessment));
        }
        Ok(outcomes)
    }

    fn targets(&self, request: &v1::ListTargetStatusesRequest) -> impl Iterator<Item = &Target> {
        let catalogue = &self.figures.catalogue;
        let (horizon, department) = (request.horizon, request.department.clone());
        catalogue.targets().iter().filter(move |target| {
            let owner = catalogue.indicator(&target.indicator).map(|found| found.owner.as_str());
            (horizon == 0 || u32::try_from(target.horizon) == Ok(horizon))
                && (department.is_empty() || owner == Some(department.as_str()))
        })
    }

    async fn stand(
        &self,
        target: &Target,
        province: &mut Province<'_>,
        mut sources: Sources,
    ) -> Result<(Assessment, v1::TargetStatus), Failure> {
        let catalogue = &self.figures.catalogue;
        let indicator = catalogue
            .indicator(&target.indicator)
            .ok_or_else(|| Failure::not_found("indicator", &target.indicator))?;
        let judged = province.history(&target.indicator).await?;
        let compared = target.comparator.reference().unwrap_or_default();
        let reference = match compared {
            "" => Arc::default(),
            id => province.history(id).await?,
        };
        let mut assessment = assess::assess(&Question {
            target,
            indicator,
            history: &judged.measurements,
            reference: &reference.measurements,
            uncomputed: &judged.uncomputed,
            as_of: catalogue.calendar().today(province.as_of),
        });
        let series = |role| match role {
            SeriesRole::Judged => (target.indicator.as_str(), &judged),
            SeriesRole::Reference => (compared, &reference),
        };
        for source in &assessment.explanation.sources {
            province.sources(series(source.series).0, source.period, &mut sources).await?;
        }
        if sources.provisional {
            assessment.flags.insert(Flag::Provisional);
        }
        let coverage = |role, period| {
            let (id, history) = series(role);
            province.coverage(id, history, period)
        };
        let mut status = wire::target_status(catalogue, target, &assessment, coverage);
        if let Some(explanation) = &mut status.explanation {
            explanation.sources = sources.listed;
            explanation.sources_left_out = u32::try_from(sources.left_out).unwrap_or(u32::MAX);
        }
        Ok((assessment, status))
    }
}

fn verdicts(numbers: &[i32]) -> Result<Vec<Verdict>, Failure> {
    let known = |number: i32| {
        Verdict::ALL.into_iter().find(|verdict| v1::Verdict::from(*verdict) as i32 == number)
    };
    numbers
        .iter()
        .map(|number| {
            known(*number).ok_or_else(|| {
                let message = format!("no verdict has the number {number}");
                Failure::invalid("verdicts", "UNKNOWN_VERDICT", message)
            })
        })
        .collect()
}
