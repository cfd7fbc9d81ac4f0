//! The way to a value that is not met: what the target's method makes of its course.
//!
//! Every method writes base, paces, projection and its own class into the explanation, and
//! says which of our verdicts that is. Where compound growth has no meaning the straight
//! line judges instead, and a note says why.

use crate::indicator::Range;
use crate::target::{Baseline, Method};

use super::answer::MethodUsed;
use super::finding::{Finding, Reason};
use super::notes::{Notes, years_to};
use super::number::to_float;
use super::pace::{Movement, Paces, towards};
use super::ratio::{self, Course, TO_TARGET};
use super::series::{Base, Series};
use super::threshold::Promise;
use super::{Question, escap, linear, linear_gap, sdsn, un_chart};

/// How the way to a bound is judged and written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way<'a> {
    /// The method asked for.
    pub(super) method: Method,
    /// What a pace of the straight line is called.
    pub(super) used: MethodUsed,
    /// Unit of the value, for the pace of the straight line.
    pub(super) unit: &'a str,
    /// Where progress is counted from.
    pub(super) baseline: Option<&'a Baseline>,
    /// Values there can be.
    pub(super) range: Range,
}

impl<'a> Way<'a> {
    /// The way a target itself asks for.
    pub(super) fn of(question: &Question<'a>) -> Self {
        Self {
            method: question.target.method,
            used: MethodUsed::Linear,
            unit: &question.indicator.unit,
            baseline: question.target.baseline.as_ref(),
            range: question.indicator.range,
        }
    }
}

/// Writes base, paces and class; the movement says what the method makes of them.
pub(super) fn follow(
    question: &Question<'_>,
    series: &Series,
    promise: &Promise,
    way: Way<'_>,
    notes: &mut Notes,
) -> Result<Movement, Reason> {
    let base = match way.method {
        Method::LinearGap => linear_gap::start(series),
        _ => series.base(way.baseline, notes),
    };
    let trip = base.map(|base| Trip::begin(question, series, promise, base, way, notes));
    if way.method == Method::Sdsn {
        return light(question, series, trip.ok(), notes);
    }
    let trip = trip?;
    let note = why_not_growth(&trip.course)
        .filter(|_| matches!(way.method, Method::Ratio | Method::UnChart));
    notes.explanation.method_note = note;
    match way.method {
        Method::Ratio if note.is_none() => Ok(trip.by_ratio(notes)),
        Method::UnChart if note.is_none() => Ok(trip.by_un_chart(question, notes)),
        Method::LinearGap => trip.by_linear_gap(series, notes),
        _ => Ok(trip.by_line(notes)),
    }
}

/// The light judges the value alone; a base, if there is one, shows the pace beside it.
fn light(
    question: &Question<'_>,
    series: &Series,
    trip: Option<Trip<'_>>,
    notes: &mut Notes,
) -> Result<Movement, Reason> {
    if let Some(trip) = &trip {
        trip.write(&Paces { progress: None, ..linear::paces(&trip.course) }, notes);
        if trip.towards.is_lt() {
            notes.find(Finding::MovedAway { since: trip.base });
        }
    }
    let scale = question.target.sdsn.ok_or(Reason::NoScale)?;
    let light = sdsn::light(&scale, series.current.value);
    notes.explanation.method = MethodUsed::Sdsn;
    notes.explanation.score = sdsn::score(&scale, series.current.value);
    notes.explanation.thresholds = sdsn::thresholds(&scale);
    notes.explanation.symbol = Some(light.name());
    let towards = trip.map_or(std::cmp::Ordering::Equal, |trip| trip.towards);
    Ok(Movement { judged: Some(light.verdict()), towards })
}

/// A course with what is needed to judge and to write it.
struct Trip<'a> {
    way: Way<'a>,
    course: Course,
    base: crate::period::ReportingPeriod,
    current: crate::period::ReportingPeriod,
    strict: bool,
    towards: std::cmp::Ordering,
    decimals: u8,
}

impl<'a> Trip<'a> {
    /// Writes where it begins.
    fn begin(
        question: &Question<'_>,
        series: &Series,
        promise: &Promise,
        base: Base,
        way: Way<'a>,
        notes: &mut Notes,
    ) -> Self {
        notes.base(&base);
        if promise.is_kept(base.value()) {
            notes.find(Finding::MetAtBase { period: base.period() });
        }
        let current = series.current.period();
        let elapsed = current.years_since(base.period());
        let course = Course {
            direction: promise.direction,
            base: to_float(base.value()),
            base_year: 0.0,
            current: to_float(series.current.value),
            current_year: elapsed,
            target: Some(to_float(promise.bound)),
            target_year: elapsed + years_to(question.target.horizon, current),
            limit: None,
        };
        notes.explanation.current_status_index = escap::current_status_index(&course);
        notes.explanation.anticipated_gap = escap::anticipated_gap(&course);
        Self {
            way,
            course,
            base: base.period(),
            current,
            strict: promise.strict,
            towards: towards(promise.direction, base.value(), series.current.value),
            decimals: question.indicator.decimals,
        }
    }

    fn by_ratio(&self, notes: &mut Notes) -> Movement {
        let paces = ratio::paces(&self.course);
        self.write_compound(&paces, notes);
        notes.explanation.method = MethodUsed::Ratio;
        notes.explanation.score = paces.progress.map(ratio::score_to_target);
        notes.explanation.symbol = paces.progress.map(|it| TO_TARGET.class(it).name());
        Movement::by_ratio(paces.progress, self.towards)
    }

    fn by_line(&self, notes: &mut Notes) -> Movement {
        let paces = linear::paces(&self.course);
        self.write(&paces, notes);
        notes.explanation.method = self.way.used;
        Movement::by_ratio(paces.progress, self.towards)
    }

    fn by_un_chart(&self, question: &Question<'_>, notes: &mut Notes) -> Movement {
        let progress = un_chart::progress(&self.course);
        self.write_compound(&Paces { progress, ..ratio::paces(&self.course) }, notes);
        notes.explanation.method = MethodUsed::UnChart;
        let bands = un_chart::Bands::of(&question.target.un_chart);
        notes.explanation.thresholds = vec![bands.on_track, bands.progress];
        let limit = un_chart::near_limit(&self.course, self.way.range);
        if let Some(limit) = limit {
            notes.find(Finding::NearLimit { limit });
        }
        let class = limit
            .map(|_| un_chart::Class::OnTrack)
            .or(progress.map(|progress| bands.class(progress)));
        notes.explanation.symbol = class.map(un_chart::Class::symbol);
        Movement { judged: class.map(|class| class.verdict(self.towards)), towards: self.towards }
    }

    fn by_linear_gap(&self, series: &Series, notes: &mut Notes) -> Result<Movement, Reason> {
        let progress = linear_gap::gap(&self.course);
        self.write(&Paces { progress, ..linear::paces(&self.course) }, notes);
        notes.explanation.method = MethodUsed::LinearGap;
        notes.explanation.thresholds = linear_gap::THRESHOLDS.into();
        if !linear_gap::is_assessable(series) {
            return Err(Reason::TooFewPoints);
        }
        let weather = linear_gap::weather(&self.course, self.strict);
        notes.explanation.symbol = Some(weather.name());
        Ok(Movement { judged: Some(weather.verdict(self.towards)), towards: self.towards })
    }

    /// Writes paces in units a year.
    fn write(&self, paces: &Paces, notes: &mut Notes) {
        notes.paces(paces, 1.0, format!("{} a year", self.way.unit));
        self.write_ahead(paces, notes);
    }

    /// Writes paces in percent a year.
    fn write_compound(&self, paces: &Paces, notes: &mut Notes) {
        notes.paces(paces, 100.0, "% a year (compound)".to_owned());
        self.write_ahead(paces, notes);
    }

    fn write_ahead(&self, paces: &Paces, notes: &mut Notes) {
        notes.project(paces.projected, self.decimals, self.way.range);
        notes.year_met(self.current, paces.years_to_target, self.strict);
    }
}

/// Why compound growth has no meaning on this course; none if it has.
fn why_not_growth(course: &Course) -> Option<&'static str> {
    let target = course.target.unwrap_or_default();
    if course.base == 0.0 {
        Some("straight line: the base value is zero, so growth from it is undefined")
    } else if course.base < 0.0 {
        Some("straight line: the base value is negative, so growth from it has no meaning")
    } else if course.current < 0.0 {
        Some("straight line: the value changed its sign since the base")
    } else if target <= 0.0 {
        Some("straight line: no compound growth leads to zero or below")
    } else if course.current_year < 1.0 {
        Some("straight line: compound growth needs a year between base and latest value")
    } else {
        None
    }
}
