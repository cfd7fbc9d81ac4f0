//! How the reports of a department moved and which of its entries are acts, in the chain's order.
//!
//! ```text
//! struct MovesPage {            // body: up to MARKS marks
//!     marks: [{ sequence: varint, state: u8, period: varint }],
//! }                             // sequence: difference to the mark before; period: 0 for none
//! ```

use std::collections::BTreeMap;

use tiendo_shared::act::Act;
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::review::State;

use super::page::{Bytes, put_varint};
use super::point::Period;

/// Most marks in a page, so that the longest fit.
const MARKS: usize = 400;

/// What an entry did to a report. An act on none has a mark too, with no period and
/// the state [`State::Missing`], to which nothing moves: so every mark that does not
/// say that something was received is of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    sequence: u32,
    period: Option<Period>,
    state: State,
}

/// The marks of a chain, of which a tail is not saved.
#[derive(Debug, Default)]
pub(in crate::store) struct Moves {
    marks: Vec<Mark>,
    states: BTreeMap<Period, State>,
    /// Marks from here on are not saved.
    saved: usize,
}

/// The moves of one report: its states and the entries that moved it there.
pub(in crate::store) type ReportMoves = Vec<(State, u32)>;

impl Moves {
    /// Where the report of a period stands.
    pub(in crate::store) fn state(&self, period: ReportingPeriod) -> State {
        if self.states.is_empty() {
            return State::Missing;
        }
        self.states.get(&period.into()).copied().unwrap_or_default()
    }

    /// Whether the report of a period is approved by the last entry up to `horizon`.
    pub(in crate::store) fn is_approved(&self, period: Period, horizon: u32) -> bool {
        if self.marks.last().is_none_or(|last| last.sequence <= horizon) {
            return self.states.get(&period) == Some(&State::Approved);
        }
        let known = self.marks.partition_point(|mark| mark.sequence <= horizon);
        let mut moves = self.marks[..known].iter().rev().filter(|it| it.period == Some(period));
        moves.next().is_some_and(|mark| mark.state == State::Approved)
    }

    /// The periods whose reports were moved by entries after `from`, as far as `to`.
    pub(in crate::store) fn moved(&self, from: u32, to: u32) -> impl Iterator<Item = Period> {
        let first = self.marks.partition_point(|mark| mark.sequence <= from);
        let marks = self.marks[first..].iter().take_while(move |mark| mark.sequence <= to);
        marks.filter_map(|mark| mark.period)
    }

    /// Takes note of a submission with something for the period.
    pub(in crate::store) fn receive(&mut self, period: ReportingPeriod, sequence: u32) {
        if self.state(period).permits(State::Received) {
            self.add(Mark { sequence, period: Some(period.into()), state: State::Received });
        }
    }

    /// Takes note of an act.
    pub(in crate::store) fn act(&mut self, act: &Act, sequence: u32) {
        let (period, state) = match act.moves() {
            Some((period, state)) => (Some(period.into()), state),
            None => (None, State::Missing),
        };
        self.add(Mark { sequence, period, state });
    }

    fn add(&mut self, mark: Mark) {
        if let Some(period) = mark.period {
            self.states.insert(period, mark.state);
        }
        self.marks.push(mark);
    }

    /// Forgets what entries after `last` did.
    pub(in crate::store) fn undo(&mut self, last: u32) {
        let known = self.marks.partition_point(|mark| mark.sequence <= last);
        for mark in self.marks.split_off(known) {
            let Some(period) = mark.period else { continue };
            let before = self.marks.iter().rev().find(|it| it.period == Some(period));
            match before {
                Some(before) => self.states.insert(period, before.state),
                None => self.states.remove(&period),
            };
        }
        self.saved = self.saved.min(known);
    }

    /// Sequences of acts from one on, as far as `horizon`.
    pub(in crate::store) fn acts(&self, from: u32, horizon: u32) -> impl Iterator<Item = u32> {
        let first = self.marks.partition_point(|mark| mark.sequence < from);
        self.marks[first..]
            .iter()
            .take_while(move |mark| mark.sequence <= horizon)
            .filter(|mark| mark.state != State::Received)
            .map(|mark| mark.sequence)
    }

    /// The reports that moved, as far as `horizon`.
    pub(in crate::store) fn reports(&self, horizon: u32) -> BTreeMap<ReportingPeriod, ReportMoves> {
        let mut reports: BTreeMap<_, ReportMoves> = BTreeMap::new();
        for mark in self.marks.iter().take_while(|mark| mark.sequence <= horizon) {
            if let Some(period) = mark.period {
                reports.entry(period.into()).or_default().push((mark.state, mark.sequence));
            }
        }
        reports
    }

    /// Takes the pages that are to be saved, by number; they count as saved from now on.
    pub(in crate::store) fn take_unsaved(&mut self) -> Vec<(u32, Vec<u8>)> {
        if self.saved == self.marks.len() {
            return Vec::new();
        }
        let first = self.saved / MARKS;
        self.saved = self.marks.len();
        self.marks
            .chunks(MARKS)
            .zip(0..)
            .skip(first)
            .map(|(marks, at)| (at, encode(marks)))
            .collect()
    }

    /// All pages, in order.
    pub(in crate::store) fn pages(&self) -> impl Iterator<Item = Vec<u8>> {
        self.marks.chunks(MARKS).map(encode)
    }

    /// Adds a page that was saved. None if it does not fit.
    pub(in crate::store) fn load(&mut self, body: &[u8]) -> Option<()> {
        for mark in decode(body)? {
            let end = self.marks.last().map_or(0, |last| last.sequence);
            if mark.sequence < end {
                return None;
            }
            self.add(mark);
        }
        self.saved = self.marks.len();
        Some(())
    }
}

fn encode(marks: &[Mark]) -> Vec<u8> {
    let mut body = Vec::with_capacity(marks.len() * 5);
    let mut sequence = 0;
    for mark in marks {
        put_varint(&mut body, u64::from(mark.sequence - sequence));
        sequence = mark.sequence;
        body.push(mark.state as u8);
        put_varint(&mut body, mark.period.map_or(0, |period| u64::from(period.code())));
    }
    body
}

fn decode(body: &[u8]) -> Option<Vec<Mark>> {
    let mut bytes = Bytes(body);
    let mut marks = Vec::with_capacity(MARKS);
    let mut sequence = 0_u32;
    while !bytes.0.is_empty() {
        sequence = sequence.checked_add(u32::try_from(bytes.varint()?).ok()?)?;
        let state = State::from_number(bytes.byte()?)?;
        let period = match u16::try_from(bytes.varint()?).ok()? {
            0 => None,
            code => Some(Period::from_code(code)?.into()),
        };
        marks.push(Mark { sequence, period, state });
    }
    Some(marks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::derived::page::seal;

    fn period(text: &str) -> ReportingPeriod {
        text.parse().unwrap()
    }

    fn moved() -> Moves {
        let mut moves = Moves::default();
        let year = period("2026");
        moves.receive(year, 1);
        moves.receive(period("2026-Q1"), 1);
        moves.receive(year, 2);
        moves.act(&Act::ReportApproved { period: year }, 3);
        moves.act(
            &Act::CatalogueReplaced { old: String::new(), new: String::new(), hash: [0; 32] },
            4,
        );
        moves.act(&Act::ReportReopened { period: year, reason: String::new() }, 6);
        moves.receive(year, 7);
        moves
    }

    #[test]
    fn moves_are_kept_and_nothing_else() {
        use State::{Approved, Received, Reopened};
        let moves = moved();
        assert_eq!(moves.state(period("2026")), Received);
        assert_eq!(moves.state(period("2027")), State::Missing);
        assert_eq!(moves.acts(0, 9).collect::<Vec<_>>(), [3, 4, 6]);
        assert_eq!(moves.acts(4, 5).collect::<Vec<_>>(), [4]);
        let reports = moves.reports(6);
        assert_eq!(reports[&period("2026")], [(Received, 1), (Approved, 3), (Reopened, 6)]);
        assert_eq!(reports[&period("2026-Q1")], [(Received, 1)]);
    }

    #[test]
    fn what_is_undone_was_never_done() {
        let mut moves = moved();
        moves.undo(3);
        assert_eq!(moves.state(period("2026")), State::Approved);
        assert_eq!(moves.acts(0, 9).collect::<Vec<_>>(), [3]);
        moves.undo(0);
        assert_eq!(moves.state(period("2026")), State::Missing);
        assert!(moves.reports(9).is_empty());
    }

    #[test]
    fn pages_load_as_they_were_saved() {
        let mut moves = moved();
        for (sequence, year) in (10..).zip(1900..2100) {
            let year = ReportingPeriod::of_year(year).unwrap();
            moves.receive(year, sequence);
            moves.act(&Act::ReportApproved { period: year }, sequence);
        }
        let mut saved: BTreeMap<u32, Vec<u8>> = moves.take_unsaved().into_iter().collect();
        assert!(moves.take_unsaved().is_empty());
        moves.receive(period("2150"), 500);
        saved.extend(moves.take_unsaved());
        let mut loaded = Moves::default();
        for body in saved.values() {
            assert!(seal(b"key", body.clone()).len() <= 4096);
            loaded.load(body).unwrap();
        }
        assert_eq!(loaded.marks, moves.marks);
        assert_eq!(loaded.states, moves.states);
        assert_eq!(loaded.load(&saved[&0]), None, "it does not follow");
        assert_eq!(loaded.load(&[1, 9, 0]), None, "there is no such state");
    }
}
