//! Use case: the measurements and revisions as they are or were known.

use std::sync::Arc;

use jiff::Timestamp;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::check;
use tiendo_shared::indicator::Indicator;
use tiendo_shared::measurement::{Measurement, SeriesKey};
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::wire::{self, v1};

use crate::failure::Failure;
use crate::page;
use crate::store::{Series, SeriesQuery, Store};

/// Series read at a time while a page fills.
const CHUNK: usize = 64;

/// Answers with measurements.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Where they are kept.
    pub store: Arc<dyn Store>,
    /// What their positions mean.
    pub catalogue: Arc<Catalogue>,
}

impl Figures {
    /// Lists measurements by series and period.
    pub async fn measurements(
        &self,
        request: v1::ListMeasurementsRequest,
        now: Timestamp,
    ) -> Result<v1::ListMeasurementsResponse, Failure> {
        let instant = self.store.settle(as_of(request.as_of)?, now).await?;
        let mut query = self.query(&request, instant)?;
        let size = page::size(request.page_size);
        let mut resume = resume(&request.page_token)?;
        let mut measurements = Vec::with_capacity(size);
        loop {
            let series = self.chunk(&query, resume.as_ref()).await?;
            for one in &series {
                for measurement in after(one, resume.as_ref()) {
                    if measurements.len() == size {
                        return Ok(full(measurements, instant));
                    }
                    measurements.push(self.stored(&one.key, measurement).await?);
                }
            }
            let Some(last) = series.into_iter().next_back() else {
                return Ok(v1::ListMeasurementsResponse {
                    measurements,
                    next_page_token: String::new(),
                    as_of: Some(wire::timestamp(instant)),
                });
            };
            query.after = Some(last.key);
            resume = None;
        }
    }

    /// Lists every value a key ever had.
    pub async fn revisions(
        &self,
        request: v1::ListRevisionsRequest,
        now: Timestamp,
    ) -> Result<v1::ListRevisionsResponse, Failure> {
        self.known_department(&request.department)?;
        let indicator = self.known_indicator(&request.indicator)?;
        let dimensions: Vec<_> = request
            .dimensions
            .iter()
            .map(|member| (member.dimension.as_str(), member.member.as_str()))
            .collect();
        let members = check::members(indicator, &dimensions).map_err(|refusal| {
            Failure::invalid("dimensions", "UNKNOWN_DIMENSION", refusal.message)
        })?;
        let key =
            SeriesKey { department: request.department, indicator: request.indicator, members };
        let period = period(&request.period)?;
        let instant = self.store.settle(as_of(request.as_of)?, now).await?;
        let found = self.store.revisions(&key, period, Some(instant)).await?;
        let (page, next_page_token) = page::slice(found, request.page_size, &request.page_token)?;
        let mut revisions = Vec::with_capacity(page.len());
        for measurement in &page {
            revisions.push(self.stored(&key, measurement).await?);
        }
        let as_of = Some(wire::timestamp(instant));
        Ok(v1::ListRevisionsResponse { revisions, next_page_token, as_of })
    }

    /// A measurement as a message, with its notes from the ledger.
    pub async fn stored(
        &self,
        key: &SeriesKey,
        measurement: &Measurement,
    ) -> Result<v1::StoredMeasurement, Failure> {
        let mut message = wire::stored_measurement(&self.catalogue, key, measurement);
        if measurement.observation.notes != 0 {
            let entries = self.store.entries(&key.department, measurement.sequence, 1).await?;
            if let Some(entry) = entries.first() {
                wire::add_notes(&mut message, entry);
            }
        }
        Ok(message)
    }

    /// The query of a request.
    pub(crate) fn query(
        &self,
        request: &v1::ListMeasurementsRequest,
        instant: Timestamp,
    ) -> Result<SeriesQuery, Failure> {
        if !request.department.is_empty() {
            self.known_department(&request.department)?;
        }
        if !request.indicator.is_empty() {
            self.known_indicator(&request.indicator)?;
        }
        let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Ok(SeriesQuery {
            department: named(&request.department),
            indicator: named(&request.indicator),
            period: if request.period.is_empty() { None } else { Some(period(&request.period)?) },
            as_of: Some(instant),
            approved_only: approved_only(request.basis)?,
            members: None,
            after: None,
            limit: CHUNK,
        })
    }

    /// The next series: the rest of the one a page ended in, or those after it.
    async fn chunk(
        &self,
        query: &SeriesQuery,
        resume: Option<&(SeriesKey, ReportingPeriod)>,
    ) -> Result<Vec<Series>, Failure> {
        let Some((key, _)) = resume else {
            return Ok(self.store.series(query).await?);
        };
        let within = SeriesQuery {
            department: Some(key.department.clone()),
            indicator: Some(key.indicator.clone()),
            limit: 0,
            ..query.clone()
        };
        let mut series = self.store.series(&within).await?;
        series.retain(|one| one.key >= *key);
        if series.is_empty() {
            let rest = SeriesQuery { after: Some(key.clone()), ..query.clone() };
            return Ok(self.store.series(&rest).await?);
        }
        Ok(series)
    }

    fn known_department(&self, id: &str) -> Result<(), Failure> {
        known_department(&self.catalogue, id)
    }

    fn known_indicator(&self, id: &str) -> Result<&Indicator, Failure> {
        self.catalogue.indicator(id).ok_or_else(|| {
            let short: String = id.chars().take(60).collect();
            let message = format!("the catalogue has no indicator `{short}`");
            Failure::invalid("indicator", "UNKNOWN_INDICATOR", message)
        })
    }
}

/// Refuses a department the catalogue does not have.
pub fn known_department(catalogue: &Catalogue, id: &str) -> Result<(), Failure> {
    if catalogue.department(id).is_some() {
        return Ok(());
    }
    let short: String = id.chars().take(60).collect();
    let message = format!("the catalogue has no department `{short}`");
    Err(Failure::invalid("department", "UNKNOWN_DEPARTMENT", message))
}

/// The instant of a request, if it names one.
pub fn as_of(message: Option<prost_types::Timestamp>) -> Result<Option<Timestamp>, Failure> {
    let Some(message) = message else { return Ok(None) };
    wire::instant(&message).map(Some).ok_or_else(|| {
        Failure::invalid("as_of", "INSTANT_FORM", "the instant is outside the years 0 to 9999")
    })
}

/// Whether a request asks for figures of approved reports alone.
pub fn approved_only(basis: i32) -> Result<bool, Failure> {
    let basis = v1::Basis::try_from(basis).map_err(|_| {
        let message = format!("no basis has the number {basis}");
        Failure::invalid("basis", "UNKNOWN_BASIS", message)
    })?;
    Ok(basis == v1::Basis::Approved)
}

/// The period of a request.
pub fn period(text: &str) -> Result<ReportingPeriod, Failure> {
    text.parse().map_err(|error: tiendo_shared::period::ParseError| {
        Failure::invalid("period", "PERIOD_FORM", error.to_string())
    })
}

fn resume(page_token: &str) -> Result<Option<(SeriesKey, ReportingPeriod)>, Failure> {
    let Some([department, indicator, members, period]) = page::words(page_token)? else {
        return Ok(None);
    };
    let period = period.parse().map_err(|_| page::invalid())?;
    Ok(Some((SeriesKey { department, indicator, members }, period)))
}

fn after<'a>(
    series: &'a Series,
    resume: Option<&(SeriesKey, ReportingPeriod)>,
) -> impl Iterator<Item = &'a Measurement> {
    let from = resume.filter(|(key, _)| *key == series.key).map(|(_, period)| *period);
    series.measurements.iter().filter(move |m| from.is_none_or(|from| from < m.period))
}

fn full(
    measurements: Vec<v1::StoredMeasurement>,
    instant: Timestamp,
) -> v1::ListMeasurementsResponse {
    let next_page_token = measurements.last().map_or_else(String::new, |last| {
        let members = last
            .dimensions
            .iter()
            .map(|member| format!("{}={}", member.dimension, member.member))
            .collect::<Vec<_>>()
            .join(",");
        page::token(&[&last.department, &last.indicator, &members, &last.period])
    });
    let as_of = Some(wire::timestamp(instant));
    v1::ListMeasurementsResponse { measurements, next_page_token, as_of }
}
