//! Fetches the province's figures: what departments reported, combined or computed as the catalogue says.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use rust_decimal::Decimal;
use tiendo_shared::formula;
use tiendo_shared::indicator::{Combination, Formula, Indicator};
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::province::{self, Combined, Coverage, History, Part};
use tiendo_shared::wire::v1;

use crate::failure::Failure;
use crate::figures::Figures;
use crate::store::{CombinedQuery, Series, SeriesQuery};

/// The figures of the whole province, read once for one answer.
#[derive(Debug)]
pub(super) struct Province<'a> {
    figures: &'a Figures,
    /// As it is known at this instant, which is settled.
    pub(super) as_of: Timestamp,
    /// Of approved reports alone.
    pub(super) approved_only: bool,
    histories: HashMap<String, Arc<History>>,
    combined: HashMap<Asked, Arc<Vec<Combined>>>,
    /// What is above and below the line of ratios over the same departments, by input.
    above_below: HashMap<(String, String), Arc<History>>,
}

/// A reported indicator, and the one that departments have to have reported too.
type Asked = (String, Option<String>);

/// The ledger entries of figures, up to a number.
#[derive(Debug)]
pub(super) struct Sources {
    /// As many as were wanted.
    pub(super) listed: Vec<v1::Source>,
    /// How many there are besides.
    pub(super) left_out: usize,
    /// Whether some may still change: provisional or estimated, or of a report that
    /// nobody has approved.
    pub(super) provisional: bool,
    most: usize,
}

impl Sources {
    /// Of no figure yet.
    pub(super) fn up_to(most: usize) -> Self {
        Self { listed: Vec::new(), left_out: 0, provisional: false, most }
    }
}

impl<'a> Province<'a> {
    /// What is known at an instant.
    pub(super) fn new(figures: &'a Figures, as_of: Timestamp, approved_only: bool) -> Self {
        Self {
            figures,
            as_of,
            approved_only,
            histories: HashMap::new(),
            combined: HashMap::new(),
            above_below: HashMap::new(),
        }
    }

    /// The indicator's values: reported, combined or computed.
    pub(super) async fn history(&mut self, id: &str) -> Result<Arc<History>, Failure> {
        // Inputs come before what is computed of them; the catalogue has no cycles.
        for needed in self.needed(id) {
            if self.histories.contains_key(&needed) {
                continue;
            }
            let catalogue = Arc::clone(&self.figures.catalogue);
            let Some(indicator) = catalogue.indicator(&needed) else { continue };
            let history = match &indicator.formula {
                Some(formula) => self.computed(indicator, formula).await?,
                None => self.reported(indicator, None, indicator.complete_from).await?,
            };
            self.histories.insert(needed, Arc::new(history));
        }
        Ok(self.histories.get(id).cloned().unwrap_or_default())
    }

    /// The values of an input as an indicator was computed of them.
    pub(super) async fn input(&mut self, of: &str, input: &str) -> Result<Arc<History>, Failure> {
        self.history(of).await?;
        let paired = self.above_below.get(&(of.to_owned(), input.to_owned()));
        match paired.map(Arc::clone) {
            Some(history) => Ok(history),
            None => self.history(input).await,
        }
    }

    /// The figures of departments that the values of an indicator rest on.
    pub(super) async fn rests_on(&mut self, id: &str) -> Result<Vec<Arc<Vec<Combined>>>, Failure> {
        let catalogue = Arc::clone(&self.figures.catalogue);
        let mut found = Vec::new();
        for needed in self.needed(id) {
            let Some(indicator) = catalogue.indicator(&needed) else { continue };
            match province::paired(&catalogue, indicator) {
                Some([above, below]) => {
                    found.push(self.fetch(above, Some(below)).await?);
                    found.push(self.fetch(below, Some(above)).await?);
                }
                None if indicator.formula.is_none() => {
                    found.push(self.fetch(indicator, None).await?);
                }
                None => {}
            }
        }
        Ok(found)
    }

    /// How many departments are in a figure of the indicator; none if it is not of sums.
    pub(super) fn coverage(
        &self,
        id: &str,
        history: &History,
        period: ReportingPeriod,
    ) -> Option<Coverage> {
        let expected = province::expected(&self.figures.catalogue, id, period);
        (expected > 0).then(|| history.coverage(period, expected))
    }

    /// Adds the ledger entries that the figure of a period came from.
    pub(super) async fn sources(
        &self,
        id: &str,
        period: ReportingPeriod,
        sources: &mut Sources,
    ) -> Result<(), Failure> {
        let catalogue = &self.figures.catalogue;
        let mut ahead = vec![(id.to_owned(), None, period)];
        while let Some((id, other, period)) = ahead.pop() {
            let Some(indicator) = catalogue.indicator(&id) else { continue };
            let Some(formula) = &indicator.formula else {
                self.reported_sources(indicator, other, period, sources).await?;
                continue;
            };
            let pair = province::paired(catalogue, indicator);
            let inputs = formula::sources(formula, period).into_iter().map(|(input, period)| {
                let other = pair.and_then(|pair| pair.into_iter().find(|it| it.id != input));
                (input.to_owned(), other.map(|other| other.id.clone()), period)
            });
            let first = ahead.len();
            ahead.extend(inputs);
            ahead[first..].reverse();
        }
        Ok(())
    }

    /// The series the indicator, or the inputs of its formula, were reported in.
    pub(super) async fn series(&self, id: &str) -> Result<Vec<Series>, Failure> {
        let catalogue = &self.figures.catalogue;
        let mut all = Vec::new();
        for needed in self.needed(id).into_iter().collect::<BTreeSet<_>>() {
            let Some(indicator) = catalogue.indicator(&needed) else { continue };
            if indicator.formula.is_none() {
                all.extend(self.series_of(indicator, None, 0).await?);
            }
        }
        Ok(all)
    }

    async fn reported(
        &mut self,
        indicator: &Indicator,
        other: Option<&Indicator>,
        complete_from: Decimal,
    ) -> Result<History, Failure> {
        let catalogue = Arc::clone(&self.figures.catalogue);
        let Some(reporters) = catalogue.reporters(&indicator.id) else {
            return Ok(History::default());
        };
        let combined = self.fetch(indicator, other).await?;
        Ok(History::of_reported(indicator, reporters, &combined, complete_from))
    }

    async fn fetch(
        &mut self,
        indicator: &Indicator,
        other: Option<&Indicator>,
    ) -> Result<Arc<Vec<Combined>>, Failure> {
        let asked = (indicator.id.clone(), other.map(|other| other.id.clone()));
        if let Some(known) = self.combined.get(&asked) {
            return Ok(Arc::clone(known));
        }
        let query = CombinedQuery {
            indicator: asked.0.clone(),
            together_with: asked.1.clone(),
            as_of: Some(self.as_of),
            approved_only: self.approved_only,
        };
        let combined = self.figures.store.combined(&query).await?;
        self.combined.insert(asked, Arc::clone(&combined));
        Ok(combined)
    }

    async fn computed(
        &mut self,
        indicator: &Indicator,
        formula: &Formula,
    ) -> Result<History, Failure> {
        let catalogue = Arc::clone(&self.figures.catalogue);
        let Some([above, below]) = province::paired(&catalogue, indicator) else {
            let input = |id: &str| self.histories.get(id).map(Arc::as_ref);
            return Ok(History::of_computed(formula, indicator.range, input));
        };
        let enough = indicator.complete_from;
        let numerator = self.reported(above, Some(below), enough).await?;
        let denominator = self.reported(below, Some(above), enough).await?;
        let input = |id: &str| Some(if id == above.id { &numerator } else { &denominator });
        let history = History::of_computed(formula, indicator.range, input);
        for (input, of) in [(above, numerator), (below, denominator)] {
            self.above_below.insert((indicator.id.clone(), input.id.clone()), Arc::new(of));
        }
        Ok(history)
    }

    async fn reported_sources(
        &self,
        indicator: &Indicator,
        other: Option<String>,
        period: ReportingPeriod,
        sources: &mut Sources,
    ) -> Result<(), Failure> {
        let Some(reporters) = self.figures.catalogue.reporters(&indicator.id) else {
            return Ok(());
        };
        let Some(combined) = self.combined.get(&(indicator.id.clone(), other)) else {
            return Ok(());
        };
        let Ok(place) = combined.binary_search_by_key(&period, |it| it.period) else {
            return Ok(());
        };
        let Combined { lacking, parts: count, unapproved, unfirm, .. } = &combined[place];
        sources.provisional |= *unapproved > 0 || *unfirm > 0;
        let room = sources.most - sources.listed.len();
        // Who stands in for whom is known from all of them.
        let limit = if reporters.change() { 0 } else { (room + lacking.len()).max(1) };
        let series = if room == 0 {
            Vec::new()
        } else {
            self.series_of(indicator, Some(period), limit).await?
        };
        let parts = series.iter().filter_map(|one| {
            let reporter = reporters.place(&one.key.department)?;
            let measurement = *one.measurements.first()?;
            Some(Part { reporter, measurement, is_approved: self.approved_only })
        });
        let parts: Vec<Part> = parts.collect();
        let counted = province::counted(reporters, period, &parts);
        let used = counted.filter(|part| !lacking.contains(&part.reporter)).take(room);
        let before = sources.listed.len();
        sources.listed.extend(used.map(|part| v1::Source {
            department: reporters.department(part.reporter).to_owned(),
            sequence: part.measurement.sequence,
            indicator: indicator.id.clone(),
            period: period.to_string(),
            evidence: String::new(),
        }));
        sources.left_out += count.saturating_sub(sources.listed.len() - before);
        Ok(())
    }

    async fn series_of(
        &self,
        indicator: &Indicator,
        period: Option<ReportingPeriod>,
        limit: usize,
    ) -> Result<Vec<Series>, Failure> {
        let catalogue = &self.figures.catalogue;
        let reporters = catalogue.reporters(&indicator.id);
        let alone = indicator.combination == Combination::SingleSource
            && reporters.is_some_and(|it| it.departments().len() == 1);
        let query = SeriesQuery {
            department: alone.then(|| indicator.owner.clone()),
            indicator: Some(indicator.id.clone()),
            members: Some(String::new()),
            period,
            as_of: Some(self.as_of),
            approved_only: self.approved_only,
            after: None,
            limit,
        };
        Ok(self.figures.store.series(&query).await?)
    }

    /// The indicator and all it is computed from, inputs first.
    fn needed(&self, id: &str) -> Vec<String> {
        let mut order = vec![id.to_owned()];
        let mut at = 0;
        while at < order.len() {
            let formula =
                self.figures.catalogue.indicator(&order[at]).and_then(|i| i.formula.as_ref());
            let inputs = formula.map(|formula| formula.inputs()).unwrap_or_default();
            order.extend(inputs.into_iter().map(str::to_owned));
            at += 1;
        }
        order.reverse();
        order
    }
}
