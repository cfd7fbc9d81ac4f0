//! Points of a series in blocks of one size: growing copies nothing and leaves no gaps behind.
//!
//! A vector that doubles leaves up to half of itself unused, and one that grows in
//! small steps leaves blocks of many sizes that nothing else fits into.

use std::ops::Range;

use super::point::{Period, Point};

/// Points in a block: 896 bytes, which allocators hand out without a rest.
const BLOCK: usize = 32;

/// A list of points.
#[derive(Debug, Default)]
pub(in crate::store) struct PointList {
    full: Vec<Box<[Point]>>,
    /// The block that is being filled, never full.
    last: Vec<Point>,
}

impl PointList {
    /// How many points there are.
    pub(in crate::store) fn len(&self) -> usize {
        self.full.len() * BLOCK + self.last.len()
    }

    /// The point in this place.
    pub(in crate::store) fn get(&self, place: usize) -> Option<&Point> {
        match self.full.get(place / BLOCK) {
            Some(block) => block.get(place % BLOCK),
            None if place / BLOCK == self.full.len() => self.last.get(place % BLOCK),
            None => None,
        }
    }

    /// The point in this place, to change it.
    pub(in crate::store) fn get_mut(&mut self, place: usize) -> Option<&mut Point> {
        let (block, place) = (place / BLOCK, place % BLOCK);
        if block == self.full.len() {
            return self.last.get_mut(place);
        }
        self.full.get_mut(block).and_then(|block| block.get_mut(place))
    }

    /// The last point.
    pub(in crate::store) fn last(&self) -> Option<&Point> {
        self.len().checked_sub(1).and_then(|last| self.get(last))
    }

    /// The points in these places.
    pub(in crate::store) fn range(
        &self,
        places: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = &Point> + ExactSizeIterator {
        let end = places.end.min(self.len());
        (places.start.min(end)..end).map(|place| match self.full.get(place / BLOCK) {
            Some(block) => &block[place % BLOCK],
            None => &self.last[place % BLOCK],
        })
    }

    /// Adds a point at the end.
    pub(in crate::store) fn push(&mut self, point: Point) {
        if self.last.capacity() == 0 && !self.full.is_empty() {
            self.last.reserve_exact(BLOCK);
        }
        self.last.push(point);
        if self.last.len() == BLOCK {
            self.full.push(std::mem::take(&mut self.last).into_boxed_slice());
        }
    }

    /// Puts a point into this place; those from there on move up.
    pub(in crate::store) fn insert(&mut self, place: usize, point: Point) {
        let mut carried = point;
        for place in place..self.len() {
            if let Some(point) = self.get_mut(place) {
                std::mem::swap(point, &mut carried);
            }
        }
        self.push(carried);
    }

    /// Takes the last point away.
    pub(in crate::store) fn pop(&mut self) -> Option<Point> {
        if self.last.is_empty() {
            self.last = self.full.pop()?.into_vec();
        }
        self.last.pop()
    }

    /// Takes the point in this place away; those behind move down.
    pub(in crate::store) fn remove(&mut self, place: usize) {
        let mut carried = self.pop();
        for place in (place..self.len()).rev() {
            if let (Some(point), Some(carried)) = (self.get_mut(place), &mut carried) {
                std::mem::swap(point, carried);
            }
        }
    }

    /// Where a period is, or would be, in a list ordered by period.
    pub(in crate::store) fn find(&self, period: Period) -> Result<usize, usize> {
        match self.last() {
            Some(last) if last.period >= period => {
                // The block whose last point is not before the period, then its place in it.
                let block = self.full.partition_point(|block| block[BLOCK - 1].period < period);
                let points = self.full.get(block).map_or(&self.last[..], |block| block);
                let found = points.binary_search_by_key(&period, |point| point.period);
                found.map(|at| block * BLOCK + at).map_err(|at| block * BLOCK + at)
            }
            _ => Err(self.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tiendo_shared::measurement::{Observation, ObservationStatus, Value};
    use tiendo_shared::period::ReportingPeriod;

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
        Point::new(ReportingPeriod::of_year(year).unwrap(), sequence, &observation, &mut Vec::new())
    }

    proptest! {
        /// In whatever order periods come, the list is what a vector would be.
        #[test]
        fn a_list_is_what_a_vector_would_be(
            years in prop::collection::vec(1900_i16..2100, 0..300), removed in 0_usize..300,
        ) {
            let (mut list, mut vector) = (PointList::default(), Vec::<Point>::new());
            for (year, sequence) in years.into_iter().zip(1..) {
                let point = point(year, sequence);
                let found = vector.binary_search_by_key(&point.period, |it| it.period);
                prop_assert_eq!(list.find(point.period), found);
                match found {
                    Ok(place) => {
                        vector[place] = point;
                        *list.get_mut(place).unwrap() = point;
                    }
                    Err(place) => {
                        vector.insert(place, point);
                        list.insert(place, point);
                    }
                }
                prop_assert_eq!(list.len(), vector.len());
                prop_assert_eq!(list.last(), vector.last());
            }
            let all: Vec<Point> = list.range(0..list.len()).copied().collect();
            prop_assert_eq!(&all, &vector);
            for place in 0..vector.len() {
                prop_assert_eq!(list.get(place), vector.get(place));
            }
            prop_assert_eq!(list.get(vector.len()), None);
            prop_assert_eq!(list.get(vector.len() + 2 * BLOCK), None);
            prop_assert!(list.get_mut(vector.len() + 2 * BLOCK).is_none());
            if let Some(place) = vector.len().checked_sub(1).map(|last| removed % (last + 1)) {
                vector.remove(place);
                list.remove(place);
                let all: Vec<Point> = list.range(0..list.len()).copied().collect();
                prop_assert_eq!(&all, &vector);
                prop_assert_eq!(list.last(), vector.last());
            }
            let tail: Vec<Point> = list.range(7..usize::MAX).rev().copied().collect();
            let expected: Vec<Point> = vector.iter().skip(7).rev().copied().collect();
            prop_assert_eq!(tail, expected);
        }
    }
}
