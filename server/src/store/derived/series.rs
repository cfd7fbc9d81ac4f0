//! One series in memory: its points by period, and the ones they superseded.
//!
//! A series knows which of its points were not yet saved in pages of the
//! checkpoint; points are never removed.

use std::sync::Arc;

use rust_decimal::Decimal;
use tiendo_shared::catalogue::IndicatorIndex;
use tiendo_shared::check::Known;
use tiendo_shared::period::ReportingPeriod;

use super::list::PointList;
use super::page;
use super::point::{NOTHING, Period, Point};

/// All periods of an indicator for a department and members.
#[derive(Debug)]
pub(in crate::store) struct Series {
    pub(in crate::store) indicator: IndicatorIndex,
    /// Sequence of the last entry that brought a point.
    pub(in crate::store) last: u32,
    pub(in crate::store) members: Arc<str>,
    /// The latest point of each period, by period.
    points: Points,
    /// Earlier points in the order in which they were superseded; each point
    /// knows the one it superseded.
    superseded: Points,
}

/// A list of points, of which a tail is not saved.
#[derive(Debug, Default)]
struct Points {
    all: PointList,
    /// Points from here on are not saved as they are now.
    saved: usize,
}

/// A page of a series that is to be saved.
#[derive(Debug)]
pub(in crate::store) struct Unsaved {
    pub(in crate::store) superseded: bool,
    pub(in crate::store) number: u32,
    pub(in crate::store) bytes: Vec<u8>,
}

impl Series {
    /// A series without points.
    pub(in crate::store) fn new(indicator: IndicatorIndex, members: Arc<str>) -> Self {
        let (points, superseded) = (Points::default(), Points::default());
        Self { indicator, last: 0, members, points, superseded }
    }

    /// What is known of a period, and of the latest number before it if that `matters`.
    pub(in crate::store) fn known(
        &self,
        period: ReportingPeriod,
        wide: &[Decimal],
        matters: bool,
    ) -> Known {
        let period = Period::from(period);
        let (place, current) = match self.points.all.find(period) {
            Ok(place) => (place, self.points.all.get(place).map(|it| it.observation(wide))),
            Err(place) => (place, None),
        };
        let earlier = self.points.all.range(0..if matters { place } else { 0 });
        let before = earlier
            .rev()
            .filter(|point| point.period.is_like(period))
            .find_map(|point| Some((point.period.into(), point.number(wide)?)));
        Known { current, before, approved: false }
    }

    /// Takes a point, unless it or a later one of its period is there already.
    /// Whether the series had been saved as it was.
    pub(in crate::store) fn put(&mut self, point: Point) -> bool {
        let was_saved = self.is_saved();
        self.last = self.last.max(point.sequence);
        match self.points.all.find(point.period) {
            Err(place) => self.points.insert(place, point),
            Ok(place) => {
                let Some(&current) = self.points.all.get(place) else { return false };
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

    /// Forgets the points of entries after `last`.
    pub(in crate::store) fn undo(&mut self, last: u32) {
        let mut restored = 0;
        for place in (0..self.points.all.len()).rev() {
            while let Some(point) = self.points.all.get(place).filter(|it| it.sequence > last) {
                match self.superseded.all.get(point.superseded as usize).copied() {
                    Some(before) => {
                        self.points.replace(place, before);
                        restored += 1;
                    }
                    None => self.points.remove(place),
                }
            }
        }
        // Each of those entries put one there, and no other did since.
        for _ in 0..restored {
            self.superseded.forget_last();
        }
        self.last = self.last.min(last);
    }

    /// The latest point of each period as far as the entry `horizon`, with its revision.
    pub(in crate::store) fn as_of(&self, horizon: u32) -> impl Iterator<Item = (Point, u32)> {
        self.points.iter().filter_map(move |point| self.latest(point, horizon))
    }

    /// As [`Self::as_of`], of one period.
    pub(in crate::store) fn as_of_period(
        &self,
        period: Period,
        horizon: u32,
    ) -> Option<(Point, u32)> {
        let place = self.points.all.find(period).ok()?;
        self.latest(self.points.all.get(place)?, horizon)
    }

    /// Every point a period ever had as far as the entry `horizon`, oldest first.
    pub(in crate::store) fn revisions(&self, period: Period, horizon: u32) -> Vec<Point> {
        let current =
            self.points.all.find(period).ok().and_then(|place| self.points.all.get(place));
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
    pub(in crate::store) fn take_unsaved(&mut self, wide: &[Decimal]) -> Vec<Unsaved> {
        let mut pages = self.points.take_unsaved(false, wide);
        pages.extend(self.superseded.take_unsaved(true, wide));
        pages
    }

    /// All pages, those of superseded points after the others.
    pub(in crate::store) fn pages(&self, wide: &[Decimal]) -> Vec<Unsaved> {
        let mut pages = self.points.pages(0, false, wide);
        pages.extend(self.superseded.pages(0, true, wide));
        pages
    }

    /// Adds a page of points that was saved. Pages come in order, those of
    /// superseded points after the others. None if the page does not fit.
    pub(in crate::store) fn load(&mut self, page: &[Point]) -> Option<()> {
        let end = self.points.all.last().map(|point| point.period);
        let last = page.iter().map(|point| point.sequence).max();
        self.last = self.last.max(last.unwrap_or_default());
        let is_ordered = page.is_sorted_by(|a, b| a.period < b.period)
            && page.first().is_none_or(|first| end.is_none_or(|end| end < first.period));
        self.points.load(page);
        is_ordered.then_some(())
    }

    /// As [`Self::load`], for superseded points.
    pub(in crate::store) fn load_superseded(&mut self, page: &[Point]) -> Option<()> {
        let first = self.superseded.all.len();
        self.superseded.load(page);
        for (place, point) in (first..).zip(page) {
            let current = self.points.all.find(point.period).ok()?;
            let current = self.points.all.get_mut(current)?;
            let before = self.superseded.all.get(current.superseded as usize);
            if point.sequence >= current.sequence
                || before.is_some_and(|before| before.sequence >= point.sequence)
            {
                return None;
            }
            self.superseded.all.get_mut(place)?.superseded = current.superseded;
            current.superseded = u32::try_from(place).ok()?;
        }
        Some(())
    }
}

impl Points {
    fn iter(&self) -> impl Iterator<Item = &Point> {
        self.all.range(0..self.all.len())
    }

    fn insert(&mut self, place: usize, point: Point) {
        self.all.insert(place, point);
        self.saved = self.saved.min(place);
    }

    /// Adds a point at the end and tells its place.
    fn push(&mut self, point: Point) -> u32 {
        self.all.push(point);
        u32::try_from(self.all.len() - 1).unwrap_or(NOTHING)
    }

    fn remove(&mut self, place: usize) {
        self.all.remove(place);
        self.saved = self.saved.min(place);
    }

    /// What it held is held elsewhere again.
    fn forget_last(&mut self) {
        self.all.pop();
        self.saved = self.saved.min(self.all.len());
    }

    fn replace(&mut self, place: usize, point: Point) {
        if let Some(current) = self.all.get_mut(place) {
            *current = point;
        }
        self.saved = self.saved.min(place);
    }

    fn load(&mut self, page: &[Point]) {
        for point in page {
            self.all.push(*point);
        }
        self.saved = self.all.len();
    }

    fn is_saved(&self) -> bool {
        self.saved == self.all.len()
    }

    /// Pages from the first one on that holds a point which is not saved.
    fn take_unsaved(&mut self, superseded: bool, wide: &[Decimal]) -> Vec<Unsaved> {
        let saved = std::mem::replace(&mut self.saved, self.all.len());
        if saved == self.all.len() {
            return Vec::new();
        }
        self.pages(saved / page::POINTS, superseded, wide)
    }

    /// Pages from this one on.
    fn pages(&self, first: usize, superseded: bool, wide: &[Decimal]) -> Vec<Unsaved> {
        let pages = first..self.all.len().div_ceil(page::POINTS);
        let unsaved = pages.map(|page| {
            let points = page * page::POINTS..(page + 1) * page::POINTS;
            Unsaved {
                superseded,
                number: u32::try_from(page).unwrap_or(u32::MAX),
                bytes: page::encode_points(self.all.range(points), wide),
            }
        });
        unsaved.collect()
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
    fn what_is_undone_was_never_there() {
        for last in 0..10 {
            let mut undone = series(&POINTS);
            undone.undo(last);
            let known: Vec<(i16, u32)> =
                POINTS.into_iter().filter(|(_, sequence)| *sequence <= last).collect();
            for horizon in 0..10 {
                assert_eq!(told(&undone, horizon), told(&series(&known), horizon), "{last}");
            }
            assert_eq!(undone.superseded.all.len(), series(&known).superseded.all.len());
            undone.put(point(2024, 9));
            assert_eq!(told(&undone, 9).last().map(|it| it.0), Some(9));
        }
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
