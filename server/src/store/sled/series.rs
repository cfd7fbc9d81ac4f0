//! One series in memory: its points by period, and the ones they superseded.
//!
//! A series knows which of its points were not yet saved in pages of the
//! checkpoint; points are never removed.

use std::ops::Range;
use std::sync::Arc;

use rust_decimal::Decimal;
use tiendo_shared::catalogue::IndicatorIndex;
use tiendo_shared::check::Known;
use tiendo_shared::period::ReportingPeriod;

use super::page;
use super::point::{NOTHING, Period, Point};

/// All periods of an indicator for a department and members.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) indicator: IndicatorIndex,
    pub(super) members: Arc<str>,
    /// The latest point of each period, by period.
    points: Points,
    /// Earlier points in the order in which they were superseded; each point
    /// knows the one it superseded.
    superseded: Points,
}

/// A list of points, of which a tail is not saved.
#[derive(Debug, Default)]
struct Points {
    all: Vec<Point>,
    /// Points from here on are not saved as they are now.
    saved: usize,
}

/// A page of a series that is to be saved.
#[derive(Debug)]
pub(super) struct Unsaved {
    pub(super) superseded: bool,
    pub(super) number: u32,
    pub(super) bytes: Vec<u8>,
}

impl Series {
    /// A series without points.
    pub(super) fn new(indicator: IndicatorIndex, members: Arc<str>) -> Self {
        Self { indicator, members, points: Points::default(), superseded: Points::default() }
    }

    /// What is known of a period, and of the latest number before it if that `matters`.
    pub(super) fn known(&self, period: ReportingPeriod, wide: &[Decimal], matters: bool) -> Known {
        let period = Period::from(period);
        let (place, current) = match self.points.find(period) {
            Ok(place) => (place, Some(self.points.all[place].observation(wide))),
            Err(place) => (place, None),
        };
        let earlier = if matters { &self.points.all[..place] } else { &[] };
        let before = earlier
            .iter()
            .rev()
            .filter(|point| point.period.is_like(period))
            .find_map(|point| Some((point.period.into(), point.number(wide)?)));
        Known { current, before, approved: false }
    }

    /// Takes a point, unless it or a later one of its period is there already.
    /// Whether the series had been saved as it was.
    pub(super) fn put(&mut self, point: Point) -> bool {
        let was_saved = self.is_saved();
        match self.points.find(point.period) {
            Err(place) => self.points.insert(place, point),
            Ok(place) => {
                let current = self.points.all[place];
                if current.sequence >= point.sequence {
                    return false;
                }
                let mut point = point;
                point.superseded = self.superseded.push(current);
                self.points.replace(place, point);
            }
        }
        was_saved
    }

    /// The latest point of each period as far as the entry `horizon`, with its revision.
    pub(super) fn as_of(&self, horizon: u32) -> impl Iterator<Item = (Point, u32)> {
        self.points.all.iter().filter_map(move |point| self.latest(point, horizon))
    }

    /// As [`Self::as_of`], of one period.
    pub(super) fn as_of_period(&self, period: Period, horizon: u32) -> Option<(Point, u32)> {
        let place = self.points.find(period).ok()?;
        self.latest(&self.points.all[place], horizon)
    }

    /// Every point a period ever had as far as the entry `horizon`, oldest first.
    pub(super) fn revisions(&self, period: Period, horizon: u32) -> Vec<Point> {
        let current = self.points.find(period).ok().map(|place| &self.points.all[place]);
        let all = current.into_iter().flat_map(|point| self.history(point));
        let mut known: Vec<Point> = all.filter(|it| it.sequence <= horizon).copied().collect();
        known.reverse();
        known
    }

    /// A point and the ones it superseded, latest first.
    fn history<'a>(&'a self, point: &'a Point) -> impl Iterator<Item = &'a Point> {
        std::iter::successors(Some(point), |it| self.superseded.all.get(it.superseded as usize))
    }

    /// Of a point and the ones it superseded, the latest that the entry `horizon` knew.
    fn latest(&self, point: &Point, horizon: u32) -> Option<(Point, u32)> {
        let mut known = self.history(point).skip_while(|it| it.sequence > horizon);
        let latest = known.next()?;
        Some((*latest, u32::try_from(known.count()).unwrap_or(u32::MAX)))
    }

    fn is_saved(&self) -> bool {
        self.points.is_saved() && self.superseded.is_saved()
    }

    /// Takes the pages that are to be saved; they count as saved from now on.
    pub(super) fn take_unsaved(&mut self, wide: &[Decimal]) -> Vec<Unsaved> {
        let mut pages = self.points.take_unsaved(false, wide);
        pages.extend(self.superseded.take_unsaved(true, wide));
        pages
    }

    /// Adds a page of points that was saved. Pages come in order, those of
    /// superseded points after the others. None if the page does not fit.
    pub(super) fn load(&mut self, page: &[Point]) -> Option<()> {
        let end = self.points.all.last().map(|point| point.period);
        let is_ordered = page.is_sorted_by(|a, b| a.period < b.period)
            && page.first().is_none_or(|first| end.is_none_or(|end| end < first.period));
        self.points.load(page);
        is_ordered.then_some(())
    }

    /// As [`Self::load`], for superseded points.
    pub(super) fn load_superseded(&mut self, page: &[Point]) -> Option<()> {
        let first = self.superseded.all.len();
        self.superseded.load(page);
        for place in first..self.superseded.all.len() {
            let current = self.points.find(self.superseded.all[place].period).ok()?;
            let current = &mut self.points.all[current];
            let before = self.superseded.all.get(current.superseded as usize);
            let point = self.superseded.all[place];
            if point.sequence >= current.sequence
                || before.is_some_and(|before| before.sequence >= point.sequence)
            {
                return None;
            }
            self.superseded.all[place].superseded = current.superseded;
            current.superseded = u32::try_from(place).ok()?;
        }
        Some(())
    }
}

impl Points {
    /// Where a period is, or would be.
    fn find(&self, period: Period) -> Result<usize, usize> {
        match self.all.last() {
            Some(last) if last.period >= period => {
                self.all.binary_search_by_key(&period, |point| point.period)
            }
            _ => Err(self.all.len()),
        }
    }

    fn insert(&mut self, place: usize, point: Point) {
        self.make_room();
        self.all.insert(place, point);
        self.saved = self.saved.min(place);
    }

    /// Adds a point at the end and tells its place.
    fn push(&mut self, point: Point) -> u32 {
        self.make_room();
        self.all.push(point);
        u32::try_from(self.all.len() - 1).unwrap_or(NOTHING)
    }

    /// Doubling would leave a third of the memory unused.
    fn make_room(&mut self) {
        if self.all.len() == self.all.capacity() {
            self.all.reserve_exact(self.all.len() / 8 + 2);
        }
    }

    fn replace(&mut self, place: usize, point: Point) {
        self.all[place] = point;
        self.saved = self.saved.min(place);
    }

    fn load(&mut self, page: &[Point]) {
        self.all.reserve_exact(page.len());
        self.all.extend_from_slice(page);
        self.saved = self.all.len();
    }

    fn is_saved(&self) -> bool {
        self.saved == self.all.len()
    }

    fn take_unsaved(&mut self, superseded: bool, wide: &[Decimal]) -> Vec<Unsaved> {
        let Range { start, end } = self.saved / page::POINTS..self.all.len().div_ceil(page::POINTS);
        let is_saved = std::mem::replace(&mut self.saved, self.all.len()) == self.all.len();
        let pages = self.all.chunks(page::POINTS).zip(0..).take(if is_saved { 0 } else { end });
        pages
            .skip(start)
            .map(|(points, number)| Unsaved {
                superseded,
                number,
                bytes: page::encode_points(points, wide),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use tiendo_shared::measurement::{Observation, ObservationStatus, Value};

    use super::*;

    fn point(year: i16, sequence: u32) -> Point {
        let observation = Observation {
            value: Value::Number(sequence.into()),
            status: ObservationStatus::Final,
            ranked_among: None,
            edition: 0,
            territory: 0,
            notes: 0,
        };
        let period = ReportingPeriod::of_year(year).unwrap();
        Point::new(period, sequence, &observation, &mut Vec::new())
    }

    fn series(points: &[(i16, u32)]) -> Series {
        let mut series = Series::new(0, "".into());
        for (year, sequence) in points {
            series.put(point(*year, *sequence));
        }
        series
    }

    fn told(series: &Series, horizon: u32) -> Vec<(u32, u32)> {
        series.as_of(horizon).map(|(point, revision)| (point.sequence, revision)).collect()
    }

    const POINTS: [(i16, u32); 6] =
        [(2024, 1), (2022, 2), (2024, 3), (2023, 3), (2024, 7), (2022, 8)];

    #[test]
    fn points_are_kept_by_period_with_what_they_superseded() {
        let series = series(&POINTS);
        assert_eq!(told(&series, 9), [(8, 1), (3, 0), (7, 2)]);
        assert_eq!(told(&series, 7), [(2, 0), (3, 0), (7, 2)]);
        assert_eq!(told(&series, 6), [(2, 0), (3, 0), (3, 1)]);
        assert_eq!(told(&series, 1), [(1, 0)]);
        assert_eq!(told(&series, 0), []);
    }

    #[test]
    fn what_is_put_again_changes_nothing() {
        let mut series = series(&POINTS);
        series.take_unsaved(&[]);
        for (year, sequence) in POINTS {
            assert!(!series.put(point(year, sequence)), "{year} {sequence}");
        }
        assert_eq!(told(&series, 9), [(8, 1), (3, 0), (7, 2)]);
        assert!(series.take_unsaved(&[]).is_empty());
    }

    #[test]
    fn saved_pages_load_and_later_points_follow() {
        let mut series = series(&POINTS);
        let mut pages = series.take_unsaved(&[]);
        assert!(series.put(point(2024, 9)) && !series.put(point(2021, 9)));
        pages.retain(|page| page.superseded);
        pages.extend(series.take_unsaved(&[]));
        // Of the points everything is new; of the superseded ones only the page's end.
        assert_eq!(
            pages.iter().map(|page| page.superseded).collect::<Vec<_>>(),
            [true, false, true]
        );
        let mut loaded = Series::new(0, "".into());
        let decode = |page: &Unsaved| page::decode_points(&page.bytes, &mut Vec::new()).unwrap();
        loaded.load(&decode(&pages[1])).unwrap();
        loaded.load_superseded(&decode(&pages[2])).unwrap();
        for horizon in 0..10 {
            assert_eq!(told(&loaded, horizon), told(&series, horizon));
        }
    }

    #[test]
    fn pages_that_do_not_fit_are_refused() {
        let mut series = Series::new(0, "".into());
        assert_eq!(series.load(&[point(2022, 5), point(2024, 5)]), Some(()));
        assert_eq!(series.load_superseded(&[point(2024, 3), point(2022, 1)]), Some(()));
        for odd in [point(2023, 1), point(2024, 3), point(2024, 5), point(2024, 6)] {
            assert_eq!(series.load_superseded(&[odd]), None, "{odd:?}");
        }
        assert_eq!(series.load(&[point(2024, 9)]), None);
        assert_eq!(Series::new(0, "".into()).load(&[point(2024, 1), point(2023, 1)]), None);
    }
}
