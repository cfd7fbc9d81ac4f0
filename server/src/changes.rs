//! Use case: what changed between two instants, verdicts and figures.

#[cfg(test)]
pub(crate) mod vintages;

use std::collections::HashMap;

use jiff::Timestamp;
use tiendo_shared::measurement::{Measurement, SeriesKey};
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::wire::{self, v1};

use crate::failure::Failure;
use crate::figures::{Figures, approved_only, as_of, known_department};
use crate::page;
use crate::standing::Standing;
use crate::store::{Series, SeriesQuery};

/// Series read at a time while a page fills.
const CHUNK: usize = 64;

/// Compares what was known with what is.
#[derive(Debug, Clone)]
pub struct Changes {
    /// The measurements.
    pub figures: Figures,
    /// The verdicts.
    pub standing: Standing,
}

/// After which value a page goes on.
type Resume = (SeriesKey, ReportingPeriod, u32);

impl Changes {
    /// Lists what became known after one instant and by another.
    pub async fn list(
        &self,
        request: v1::ListChangesRequest,
        now: Timestamp,
    ) -> Result<v1::ListChangesResponse, Failure> {
        let from = as_of(request.from)?.ok_or_else(|| {
            Failure::invalid("from", "INSTANT_MISSING", "name the instant to compare with")
        })?;
        let (resume, first_to) = match resume(&request.page_token)? {
            Some((resume, to)) => (Some(resume), Some(to)),
            None => (None, as_of(request.to)?),
        };
        let to = self.figures.store.settle(first_to, now).await?;
        if to <= from {
            let message = "the second instant has to be after the first";
            return Err(Failure::invalid("to", "INSTANT_ORDER", message));
        }
        if !request.department.is_empty() {
            known_department(&self.figures.catalogue, &request.department)?;
        }
        let moves = match resume {
            None => self.moves(&request, from, to, now).await?,
            Some(_) => Vec::new(),
        };
        let size = page::size(request.page_size);
        let query = SeriesQuery {
            department: (!request.department.is_empty()).then_some(request.department),
            as_of: Some(to),
            approved_only: approved_only(request.basis)?,
            limit: CHUNK,
            ..SeriesQuery::default()
        };
        let (changes, next) = self.recorded(query, from, resume, size).await?;
        let next_page_token = next.map_or_else(String::new, |next| token(&next, to));
        Ok(v1::ListChangesResponse {
            moves,
            changes,
            next_page_token,
            to: Some(wire::timestamp(to)),
        })
    }

    async fn moves(
        &self,
        request: &v1::ListChangesRequest,
        from: Timestamp,
        to: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<v1::VerdictMove>, Failure> {
        let wanted = v1::ListTargetStatusesRequest {
            horizon: request.horizon,
            department: request.department.clone(),
            basis: request.basis,
            ..v1::ListTargetStatusesRequest::default()
        };
        let at = |instant| v1::ListTargetStatusesRequest {
            as_of: Some(wire::timestamp(instant)),
            ..wanted.clone()
        };
        let before = self.standing.all(at(from), now).await?;
        let before: HashMap<String, i32> =
            before.into_iter().map(|status| (status.target, status.verdict)).collect();
        let after = self.standing.all(at(to), now).await?;
        Ok(after
            .into_iter()
            .filter_map(|status| {
                let previous_verdict = before.get(&status.target).copied().unwrap_or_default();
                (previous_verdict != status.verdict)
                    .then_some(v1::VerdictMove { status: Some(status), previous_verdict })
            })
            .collect())
    }

    /// Up to `size` values recorded after the first instant in the series of a query as
    /// of the second, and the last of them if there are more.
    async fn recorded(
        &self,
        mut query: SeriesQuery,
        from: Timestamp,
        resume: Option<Resume>,
        size: usize,
    ) -> Result<(Vec<v1::RecordedChange>, Option<Resume>), Failure> {
        let mut found = Vec::with_capacity(size);
        let mut last: Option<Resume> = None;
        let mut batch = match &resume {
            Some((key, ..)) => self.one(key, &query).await?,
            None => self.figures.store.series(&query).await?,
        };
        loop {
            for series in &batch {
                for (before, now) in self.between(series, from, &query).await? {
                    let at = (series.key.clone(), now.period, now.revision);
                    if resume.as_ref().is_some_and(|resume| at <= *resume) {
                        continue;
                    }
                    if found.len() == size {
                        return Ok((found, last));
                    }
                    found.push(self.change(&series.key, before.as_ref(), &now).await?);
                    last = Some(at);
                }
            }
            let Some(end) = batch.pop() else { return Ok((found, None)) };
            query.after = Some(end.key);
            batch = self.figures.store.series(&query).await?;
        }
    }

    /// The series in which a page ended.
    async fn one(&self, key: &SeriesKey, query: &SeriesQuery) -> Result<Vec<Series>, Failure> {
        let query = SeriesQuery {
            department: Some(key.department.clone()),
            indicator: Some(key.indicator.clone()),
            members: Some(key.members.clone()),
            ..query.clone()
        };
        Ok(self.figures.store.series(&query).await?)
    }

    /// The values of a series recorded between, each with the one before, by period.
    async fn between(
        &self,
        series: &Series,
        from: Timestamp,
        query: &SeriesQuery,
    ) -> Result<Vec<(Option<Measurement>, Measurement)>, Failure> {
        if query.approved_only {
            return self.approved_between(series, from).await;
        }
        let mut found = Vec::new();
        for latest in series.measurements.iter().filter(|latest| from < latest.received) {
            if latest.revision == 0 {
                found.push((None, *latest));
                continue;
            }
            let store = &self.figures.store;
            let all = store.revisions(&series.key, latest.period, query.as_of).await?;
            let before = std::iter::once(None).chain(all.iter().copied().map(Some));
            let pairs = before.zip(all.iter().copied());
            found.extend(pairs.filter(|(_, now)| from < now.received));
        }
        Ok(found)
    }

    /// The approved values of a series that are others than those approved at an instant,
    /// each with the one before.
    async fn approved_between(
        &self,
        series: &Series,
        from: Timestamp,
    ) -> Result<Vec<(Option<Measurement>, Measurement)>, Failure> {
        let query =
            SeriesQuery { as_of: Some(from), approved_only: true, ..SeriesQuery::default() };
        let known = self.one(&series.key, &query).await?.pop();
        let known = known.map(|series| series.measurements).unwrap_or_default();
        let before = |now: &Measurement| {
            let place = known.binary_search_by_key(&now.period, |it| it.period).ok()?;
            Some(known[place])
        };
        let pairs = series.measurements.iter().map(|now| (before(now), *now));
        Ok(pairs
            .filter(|(before, now)| before.is_none_or(|it| it.sequence != now.sequence))
            .collect())
    }

    async fn change(
        &self,
        key: &SeriesKey,
        before: Option<&Measurement>,
        now: &Measurement,
    ) -> Result<v1::RecordedChange, Failure> {
        let previous = match before {
            Some(before) => Some(self.figures.stored(key, before).await?),
            None => None,
        };
        let measurement = Some(self.figures.stored(key, now).await?);
        Ok(v1::RecordedChange { measurement, previous })
    }
}

fn token((key, period, revision): &Resume, to: Timestamp) -> String {
    let (period, revision) = (period.to_string(), revision.to_string());
    let to = to.as_microsecond().to_string();
    page::token(&[&key.department, &key.indicator, &key.members, &period, &revision, &to])
}

fn resume(page_token: &str) -> Result<Option<(Resume, Timestamp)>, Failure> {
    let Some([department, indicator, members, period, revision, to]) = page::words(page_token)?
    else {
        return Ok(None);
    };
    let read = || {
        let to = Timestamp::from_microsecond(to.parse().ok()?).ok()?;
        Some((period.parse().ok()?, revision.parse().ok()?, to))
    };
    let (period, revision, to) = read().ok_or_else(page::invalid)?;
    Ok(Some(((SeriesKey { department, indicator, members }, period, revision), to)))
}
