//! Reports under review: how the report of a department for a period went from state to state.
//!
//! A report is what a department reported for a period. Submissions and review
//! acts move it; [`State::permits`] says which moves there are, and the ledger
//! keeps each. An approved report is locked for agents.

use std::fmt;

use jiff::Timestamp;

use crate::period::ReportingPeriod;

/// Where a report stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum State {
    /// Nothing was received.
    #[default]
    Missing = 0,
    /// Something was received and nobody has judged it.
    Received = 1,
    /// A reviewer stands by it.
    Approved = 2,
    /// A reviewer sent it back.
    Returned = 3,
    /// It was approved and is open again.
    Reopened = 4,
}

impl State {
    /// The state of this number.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Missing, Self::Received, Self::Approved, Self::Returned, Self::Reopened]
            .into_iter()
            .find(|state| *state as u8 == number)
    }

    /// Whether a report in this state can move to `next`. A submission receives what
    /// is missing, returned or reopened; a reviewer approves or returns what is
    /// received or reopened, and reopens what is approved.
    pub fn permits(self, next: Self) -> bool {
        match next {
            Self::Missing => false,
            Self::Received => matches!(self, Self::Missing | Self::Returned | Self::Reopened),
            Self::Approved | Self::Returned => matches!(self, Self::Received | Self::Reopened),
            Self::Reopened => self == Self::Approved,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing",
            Self::Received => "received",
            Self::Approved => "approved",
            Self::Returned => "returned",
            Self::Reopened => "reopened",
        })
    }
}

/// A move of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// Where it stands since.
    pub state: State,
    /// Sequence of the entry that moved it, in its department's chain.
    pub sequence: u64,
    /// When that was received.
    pub at: Timestamp,
}

/// How a report went from state to state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Id of the department that owes it.
    pub department: String,
    /// Reporting period.
    pub period: ReportingPeriod,
    /// Its moves, oldest first.
    pub moves: Vec<Move>,
}

impl Report {
    /// Where it stands.
    pub fn state(&self) -> State {
        self.moves.last().map_or(State::Missing, |last| last.state)
    }
}

/// A review act that does not fit the state of its report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the report of `{department}` for `{period}` is {state}, so it cannot be {wanted}")]
pub struct Refused {
    /// Id of the department that owes it.
    pub department: String,
    /// Reporting period.
    pub period: ReportingPeriod,
    /// Where it stands.
    pub state: State,
    /// Where the act would have moved it.
    pub wanted: State,
}

#[cfg(test)]
mod tests {
    use super::State::{self, Approved, Missing, Received, Reopened, Returned};

    const ALL: [State; 5] = [Missing, Received, Approved, Returned, Reopened];

    #[test]
    fn a_report_moves_as_its_review_goes() {
        let moves: Vec<(State, State)> = ALL
            .into_iter()
            .flat_map(|from| ALL.map(|to| (from, to)))
            .filter(|(from, to)| from.permits(*to))
            .collect();
        let expect = [
            (Missing, Received),
            (Received, Approved),
            (Received, Returned),
            (Approved, Reopened),
            (Returned, Received),
            (Reopened, Received),
            (Reopened, Approved),
            (Reopened, Returned),
        ];
        assert_eq!(moves, expect);
    }

    #[test]
    fn states_have_their_numbers() {
        for state in ALL {
            assert_eq!(State::from_number(state as u8), Some(state));
        }
        assert_eq!(State::from_number(5), None);
    }
}
