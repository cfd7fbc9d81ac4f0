//! The explanation while it is being written.

use std::collections::BTreeSet;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::indicator::Range;
use crate::measurement::{ObservationStatus, Value};
use crate::period::ReportingPeriod;

use super::Question;
use super::answer::{
    Assessment, Explanation, Flag, MethodUsed, PeriodValue, SeriesRole, Source, Verdict,
};
use super::finding::{Finding, Reason};
use super::linear_gap::Weather;
use super::number::{to_decimal, to_float};
use super::pace::Paces;
use super::ratio::{self, Class, TO_TARGET};
use super::series::{Base, Point};
use super::un_chart;

/// Everything of an [`Assessment`] but its verdict.
#[derive(Debug)]
pub(super) struct Notes {
    pub(super) explanation: Explanation,
    flags: BTreeSet<Flag>,
    /// The day the answer speaks of.
    pub(super) as_of: Date,
}

impl Notes {
    pub(super) fn new(method: MethodUsed, as_of: Date) -> Self {
        let explanation = Explanation {
            method,
            method_note: None,
            base: None,
            current: None,
            observed_pace: None,
            required_pace: None,
            pace_from_here: None,
            pace_unit: String::new(),
            progress: None,
            thresholds: Vec::new(),
            score: None,
            symbol: None,
            gap: None,
            projected: None,
            year_met: None,
            current_status_index: None,
            anticipated_gap: None,
            forecast: None,
            reference: None,
            percentile: None,
            ranked_among: None,
            periods_missed: Vec::new(),
            periods_kept: Vec::new(),
            sources: Vec::new(),
            findings: Vec::new(),
        };
        Self { explanation, flags: BTreeSet::new(), as_of }
    }

    pub(super) fn find(&mut self, finding: Finding) {
        self.explanation.findings.push(finding);
    }

    pub(super) fn flag(&mut self, flag: Flag) {
        self.flags.insert(flag);
    }

    pub(super) fn has(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }

    /// The latest earlier period that kept a promise the latest does not keep.
    pub(super) fn last_met(&mut self, period: Option<ReportingPeriod>) {
        if let Some(period) = period {
            self.flag(Flag::WasMet);
            self.find(Finding::LastMet { period });
        }
    }

    /// The latest usable value: shown, cited, and looked at for its age.
    pub(super) fn current(&mut self, point: &Point) {
        self.explanation.current = Some(self.cite(point, SeriesRole::Judged));
        self.explanation.ranked_among = point.ranked_among();
        if is_stale(point.period(), self.as_of) {
            self.flag(Flag::Stale);
        }
    }

    pub(super) fn base(&mut self, base: &Base) {
        self.explanation.base = Some(match base {
            Base::Measured(point) => self.cite(point, SeriesRole::Judged),
            Base::Stated(period, value) => PeriodValue {
                period: *period,
                value: Value::Number(*value),
                status: ObservationStatus::Final,
            },
        });
    }

    pub(super) fn reference(&mut self, point: &Point) {
        self.explanation.reference = Some(self.cite(point, SeriesRole::Reference));
    }

    /// Names a measurement the verdict rests on.
    pub(super) fn cite(&mut self, point: &Point, series: SeriesRole) -> PeriodValue {
        let source =
            Source { series, period: point.period(), sequence: point.measurement.sequence };
        if !self.explanation.sources.contains(&source) {
            self.explanation.sources.push(source);
        }
        if matches!(point.status(), ObservationStatus::Provisional | ObservationStatus::Estimated) {
            self.flag(Flag::Provisional);
        }
        PeriodValue { period: point.period(), value: point.shown, status: point.status() }
    }

    /// Writes the paces, each multiplied by `scale`, and the thresholds of the ratio
    /// method, which most methods share.
    pub(super) fn paces(&mut self, paces: &Paces, scale: f64, unit: String) {
        let scaled = |pace: Option<f64>| pace.map(|pace| pace * scale).filter(|it| it.is_finite());
        self.explanation.observed_pace = scaled(paces.observed);
        self.explanation.required_pace = scaled(paces.required);
        self.explanation.pace_from_here = scaled(paces.from_here);
        self.explanation.progress = paces.progress;
        self.explanation.thresholds = match paces.progress {
            Some(_) => vec![TO_TARGET.high, TO_TARGET.medium, TO_TARGET.low],
            None => Vec::new(),
        };
        self.explanation.pace_unit = unit;
    }

    /// Writes the year of the first period in which the target is met, so many years after
    /// the one of `current`; a strict promise is not kept by arriving exactly.
    pub(super) fn year_met(&mut self, current: ReportingPeriod, years: Option<f64>, strict: bool) {
        /// Longer ways end after the last period there is.
        const LONGEST: f64 = 300.0;
        /// Float noise of a way that ends exactly with a period.
        const NOISE: f64 = 1e-9;
        let Some(years) = years.filter(|years| *years <= LONGEST) else { return };
        let exact = years * f64::from(current.frequency().per_year());
        let mut left = (exact - NOISE).ceil();
        if strict && (exact - left).abs() <= NOISE {
            left += 1.0;
        }
        let mut period = Some(current);
        while left > 0.0 {
            period = period.and_then(ReportingPeriod::next);
            left -= 1.0;
        }
        self.explanation.year_met = period.map(ReportingPeriod::year);
    }

    /// Writes what a method says of a target that is met.
    pub(super) fn met(&mut self) {
        let explanation = &mut self.explanation;
        (explanation.pace_from_here, explanation.year_met) = (None, None);
        match explanation.method {
            MethodUsed::Ratio | MethodUsed::AverageGrowth => {
                explanation.score = Some(ratio::ACHIEVED_SCORE);
                explanation.symbol = Some(Class::Achieved.name());
            }
            MethodUsed::UnChart => explanation.symbol = Some(un_chart::Class::OnTrack.symbol()),
            MethodUsed::LinearGap => explanation.symbol = Some(Weather::Sun.name()),
            _ => {}
        }
    }

    /// Writes the projected value, rounded and kept within `range`.
    pub(super) fn project(&mut self, projected: Option<f64>, decimals: u8, range: Range) {
        let Some(value) = projected else { return };
        let limit = [
            range.maximum.filter(|most| value > to_float(*most)),
            range.minimum.filter(|least| value < to_float(*least)),
        ];
        if let Some(limit) = limit.into_iter().flatten().next() {
            self.find(Finding::ProjectionLimited { limit });
            self.explanation.projected = Some(limit);
        } else {
            self.explanation.projected = to_decimal(value, decimals);
        }
    }

    /// Place from the top in percent.
    pub(super) fn percentile(&mut self, rank: Decimal, among: u16) {
        if among > 0 {
            let percent = 100.0 * to_float(rank) / f64::from(among);
            self.explanation.percentile = Some(percent);
        }
    }

    /// Whether time is over for a target that is not met, which is a finding: its last
    /// period is in, or its year has ended and the series is stale besides.
    pub(super) fn horizon_has_passed(&mut self, question: &Question<'_>, at: &Point) -> bool {
        let horizon = question.target.horizon;
        let has_ended = self.as_of.year() > horizon;
        if years_to(horizon, at.period()) <= 0.0 || (has_ended && self.has(Flag::Stale)) {
            self.find(Finding::HorizonPassed { horizon });
            return true;
        }
        if has_ended {
            self.find(Finding::HorizonValuePending { horizon });
        }
        false
    }

    /// Closes the explanation with what was judged.
    pub(super) fn close(self, outcome: Result<Verdict, Reason>) -> Assessment {
        let (verdict, reason) = match outcome {
            Ok(verdict) => (verdict, None),
            Err(reason) => (Verdict::NotAssessable, Some(reason)),
        };
        Assessment { verdict, reason, flags: self.flags, explanation: self.explanation }
    }
}

/// Years from a period to the last period of its frequency in the horizon year.
pub(super) fn years_to(horizon: i16, period: ReportingPeriod) -> f64 {
    let per_year = period.frequency().per_year();
    f64::from(horizon) - f64::from(period.year())
        + f64::from(per_year - period.ordinal()) / f64::from(per_year)
}

/// Two whole periods after `period` have ended: one is being collected, the other
/// should be in.
fn is_stale(period: ReportingPeriod, as_of: Date) -> bool {
    let second = period.next().and_then(ReportingPeriod::next);
    second.is_some_and(|second| second.last_day() < as_of)
}
