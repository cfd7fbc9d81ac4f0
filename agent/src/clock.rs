//! Where time enters the program, and what is made of it.

use std::cell::Cell;

use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use tiendo_shared::submission::SubmissionId;
use uuid::Uuid;

use crate::world;

/// Viet Nam is seven hours ahead of UTC and has had no summer time since 1975.
const VIET_NAM: Offset = Offset::constant(7);

thread_local! {
    static AHEAD: Cell<SignedDuration> = const { Cell::new(SignedDuration::ZERO) };
}

/// The computer's clock.
#[expect(clippy::disallowed_methods, reason = "the one place that asks the clock")]
pub(crate) fn now() -> Timestamp {
    if let Some(now) = world::simulated(|around| around.now()) {
        return now;
    }
    let now = Timestamp::now();
    now.saturating_add(AHEAD.get()).unwrap_or(now)
}

/// Lets the clock of this thread run ahead of the computer's, to rehearse what
/// months bring: renewals, certificates that end, clocks that are wrong.
pub(crate) fn run_ahead(by: SignedDuration) {
    AHEAD.set(by);
}

/// The day in Viet Nam at `instant`.
pub(crate) fn day(instant: Timestamp) -> Date {
    VIET_NAM.to_datetime(instant).date()
}

/// What clocks in Viet Nam show at `instant`.
pub(crate) fn local(instant: Timestamp) -> DateTime {
    VIET_NAM.to_datetime(instant)
}

/// The instant at which clocks in Viet Nam show this; none past the end of time.
pub(crate) fn instant(local: DateTime) -> Option<Timestamp> {
    VIET_NAM.to_timestamp(local).ok()
}

/// `instant` for people: local time of Viet Nam to the second.
pub(crate) fn for_people(instant: Timestamp) -> String {
    VIET_NAM.to_datetime(instant).strftime("%d/%m/%Y %H:%M:%S").to_string()
}

/// How far this clock is ahead of the server's, when the call that told took
/// from `asked` to `answered`.
pub(crate) fn ahead(asked: Timestamp, answered: Timestamp, server: Timestamp) -> SignedDuration {
    let middle = asked.saturating_add(answered.duration_since(asked) / 2).unwrap_or(answered);
    middle.duration_since(server)
}

/// Whether clocks that differ by so many seconds are worth telling the officer.
pub(crate) fn is_off(seconds: i64) -> bool {
    seconds.abs() >= 300
}

/// A new submission id: a UUID of version 7.
pub(crate) fn new_id(now: Timestamp) -> SubmissionId {
    if let Some(bits) = world::simulated(|around| [around.random(), around.random()]) {
        let [first, second] = bits.map(u64::to_be_bytes);
        let mut chance = [0; 10];
        chance[..8].copy_from_slice(&first);
        chance[8..].copy_from_slice(&second[..2]);
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &chance).into_uuid();
        return SubmissionId::from_bytes(uuid.into_bytes());
    }
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    let timestamp = uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos);
    SubmissionId::from_bytes(Uuid::new_v7(timestamp).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_day_is_that_of_viet_nam() {
        assert_eq!(day(at("2026-09-30T16:59:59Z")).to_string(), "2026-09-30");
        assert_eq!(day(at("2026-09-30T17:00:00Z")).to_string(), "2026-10-01");
        assert_eq!(for_people(at("2026-09-30T17:00:00Z")), "01/10/2026 00:00:00");
    }

    #[test]
    fn half_the_time_of_the_call_is_taken_for_the_way_there() {
        let (asked, answered) = (at("2026-01-01T00:00:10Z"), at("2026-01-01T00:00:14Z"));
        let skew = ahead(asked, answered, at("2026-01-01T00:00:02Z"));
        assert_eq!(skew.as_secs(), 10);
        let skew = ahead(asked, answered, at("2026-01-01T00:01:12Z"));
        assert_eq!(skew.as_secs(), -60);
    }

    #[test]
    fn a_clock_that_runs_ahead_tells_another_time() {
        let before = now();
        run_ahead(SignedDuration::from_hours(24 * 365));
        let ahead = now().duration_since(before).as_hours();
        run_ahead(SignedDuration::ZERO);
        assert_eq!(ahead, 24 * 365);
        assert!(is_off(-300) && is_off(4_000) && !is_off(299));
    }

    #[test]
    fn ids_are_new_and_begin_with_their_time() {
        let now = at("2026-01-01T00:00:00Z");
        let (one, other) = (new_id(now), new_id(now));
        assert_ne!(one, other);
        assert_eq!(one.as_bytes()[..6], other.as_bytes()[..6]);
        assert_eq!(one.as_bytes()[6] >> 4, 7);
    }
}
