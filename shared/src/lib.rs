//! The domain of Tiendo: what departments report and where each target stands.
//!
//! Pure but for [`journal`]: no I/O, no clock, no transport.
//!
//! # The words
//! * **Indicator**: a defined quantity with unit, direction, frequency and owner.
//! * **Measurement**: one value of an indicator for a department and a reporting period.
//! * **Target**: the value promised by a horizon, with the comparator that judges it.
//! * **Submission**: one act of sending; its id is chosen by the agent.
//! * **Receipt**: proof that a submission is durable; **Rejection**: why a measurement was not.
//! * **Revision**: ordinal of a later value for the same key; earlier ones are kept.
//! * **Act**: what a reviewer or administrator did, kept in the ledger beside submissions.
//! * **Vintage**: what was known at an instant, asked for by an as-of read.

pub mod act;
pub mod assess;
pub mod calendar;
pub mod catalogue;
pub mod check;
pub mod coverage;
pub mod department;
pub mod formula;
pub mod indicator;
pub mod inspect;
pub mod journal;
pub mod measurement;
pub mod period;
pub mod promise;
pub mod province;
pub mod review;
pub mod signed;
pub mod submission;
pub mod target;
pub mod token;
pub mod wire;
