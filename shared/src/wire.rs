//! The generated messages, and the only place that knows both them and the domain.

use jiff::Timestamp;

mod act;
mod calendar;
mod catalogue;
mod department;
mod entry;
mod measurement;
mod proof;
mod review;
mod status;
mod submission;

pub use catalogue::Invalid;
pub use entry::{Entry, EntryError, EntryKind};
pub use measurement::{add_notes, stored_measurement};
pub use proof::{Answer, signed_root};
pub use status::{input_value, method_outcome, period_value, target, target_status};
pub use submission::{check_all, count_items, read_all};

/// Messages of package `tiendo.v1`, generated from `proto/`.
#[allow(
    missing_docs,
    clippy::pedantic,
    clippy::large_enum_variant,
    reason = "generated; the protos carry the comments"
)]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/tiendo.v1.rs"));
}

/// The encoded file descriptors of the protos, for reflection and for tests of the protos.
pub const DESCRIPTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

/// An instant as a message, to the nanosecond.
pub fn timestamp(instant: Timestamp) -> prost_types::Timestamp {
    let nanos = instant.as_nanosecond();
    let seconds = i64::try_from(nanos.div_euclid(1_000_000_000)).unwrap_or(i64::MAX);
    let rest = i32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or(0);
    prost_types::Timestamp { seconds, nanos: rest }
}

/// The instant of a message; none outside the years -9999 to 9999.
pub fn instant(timestamp: &prost_types::Timestamp) -> Option<Timestamp> {
    Timestamp::new(timestamp.seconds, timestamp.nanos).ok()
}
