//! What is tried again, and when: pure, so that a thousand agents can be simulated.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::connection::is_of_network;
use crate::world;

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Try again, not before the server's own wish if it has one.
    Retry(Option<Duration>),
    /// The message is too long: split it, it will never pass as it is.
    Split,
    /// This submission will never be taken as it is.
    Final,
    /// Nothing can be sent now; what waits goes on waiting.
    Stop,
}

/// What to do after the server answered with `code`, and asked to be left alone for `wish`.
pub(crate) fn after(code: Code, wish: Option<Duration>) -> Next {
    match (code, wish) {
        (Code::Unavailable | Code::DeadlineExceeded | Code::Aborted, wish) => Next::Retry(wish),
        (Code::ResourceExhausted, Some(wish)) => Next::Retry(Some(wish)),
        // Without a wish it is a message too long after decompression.
        (Code::OutOfRange | Code::ResourceExhausted, _) => Next::Split,
        (Code::InvalidArgument | Code::AlreadyExists | Code::FailedPrecondition, _) => Next::Final,
        _ => Next::Stop,
    }
}

/// What to do after a call ended with `status`.
pub(crate) fn after_status(status: &Status) -> Next {
    if is_of_network(status) {
        return Next::Retry(None);
    }
    let wish = status.get_details_retry_info().and_then(|info| info.retry_delay);
    after(status.code(), wish)
}

/// How long and how often to try.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// Longest wait after the first failure; it doubles with each further one.
    pub(crate) first: Duration,
    /// Longest wait however often it failed.
    pub(crate) cap: Duration,
    /// Failures in a row after which to give up.
    pub(crate) tries: u32,
    /// A server that wants to be left alone for longer is left alone until the next command.
    pub(crate) patience: Duration,
}

impl Policy {
    /// For commands that somebody waits for: about four seconds in all.
    pub(crate) const INTERACTIVE: Self = Self {
        first: Duration::from_millis(250),
        cap: Duration::from_secs(10),
        tries: 5,
        patience: Duration::from_secs(30),
    };

    /// For a service, which never gives up.
    pub(crate) const SERVICE: Self = Self {
        first: Duration::from_secs(4),
        cap: Duration::from_mins(5),
        tries: u32::MAX,
        patience: Duration::MAX,
    };

    /// For a job whose source failed.
    pub(crate) const SOURCE: Self =
        Self { first: Duration::from_secs(10), cap: Duration::from_mins(30), ..Self::SERVICE };

    /// How long to wait after `failures` in a row; none to give up. `random` is
    /// uniform in [0, 1).
    ///
    /// The whole of the capped wait is random, so that agents that failed in the
    /// same moment do not come back in the same moment.
    pub(crate) fn wait(
        &self,
        failures: u32,
        wish: Option<Duration>,
        random: f64,
    ) -> Option<Duration> {
        if failures >= self.tries || wish.is_some_and(|wish| wish > self.patience) {
            return None;
        }
        let doublings = failures.saturating_sub(1).min(20);
        let longest = self.first.saturating_mul(1 << doublings).min(self.cap);
        let wish = wish.unwrap_or_default();
        // All who are asked to come back in a minute do not come in the same second.
        let longest = longest.max((wish / 2).min(self.cap));
        Some(wish.saturating_add(longest.mul_f64(random)))
    }
}

/// A number uniform in [0, 1).
pub(crate) fn random() -> f64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    // Each `RandomState` is keyed anew from the system's randomness.
    let bits = || std::hash::RandomState::new().build_hasher().finish();
    let bits = world::simulated(|around| around.random()).unwrap_or_else(bits);
    f64::from(u32::try_from(bits >> 32).unwrap_or(0)) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy {
        first: Duration::from_secs(1),
        cap: Duration::from_secs(8),
        tries: 10,
        patience: Duration::from_mins(1),
    };

    #[test]
    fn only_what_may_pass_later_is_tried_again() {
        let wish = Some(Duration::from_secs(3));
        for (code, wish, next) in [
            (Code::Unavailable, None, Next::Retry(None)),
            (Code::Unavailable, wish, Next::Retry(wish)),
            (Code::DeadlineExceeded, None, Next::Retry(None)),
            (Code::Aborted, None, Next::Retry(None)),
            (Code::ResourceExhausted, wish, Next::Retry(wish)),
            (Code::ResourceExhausted, None, Next::Split),
            (Code::OutOfRange, wish, Next::Split),
            (Code::InvalidArgument, None, Next::Final),
            (Code::AlreadyExists, None, Next::Final),
            (Code::FailedPrecondition, None, Next::Final),
            (Code::PermissionDenied, None, Next::Stop),
            (Code::Unauthenticated, None, Next::Stop),
            (Code::Unimplemented, None, Next::Stop),
            (Code::Internal, None, Next::Stop),
            (Code::DataLoss, None, Next::Stop),
        ] {
            assert_eq!(after(code, wish), next, "{code:?}");
        }
    }

    #[test]
    fn waits_double_up_to_the_cap_and_are_random_from_nothing_on() {
        for (failures, longest) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (9, 8)] {
            assert_eq!(POLICY.wait(failures, None, 0.0), Some(Duration::ZERO));
            let wait = POLICY.wait(failures, None, 0.999_999).unwrap();
            let longest = Duration::from_secs(longest);
            assert!(wait <= longest && wait > longest.mul_f64(0.99), "{failures}: {wait:?}");
        }
        assert_eq!(POLICY.wait(10, None, 0.5), None);
    }

    #[test]
    fn the_wish_of_the_server_is_waited_for_whole() {
        let wish = Some(Duration::from_secs(5));
        assert_eq!(POLICY.wait(1, wish, 0.0), Some(Duration::from_secs(5)));
        assert_eq!(POLICY.wait(1, wish, 0.5), Some(Duration::from_millis(6250)));
        assert_eq!(POLICY.wait(1, Some(Duration::from_secs(61)), 0.0), None);
    }

    #[test]
    fn a_thousand_agents_do_not_come_back_in_one_second() {
        // Each failed at once and has reached the cap; they come back over its eight seconds.
        let mut seconds = [0; 8];
        for _ in 0..1_000 {
            let wait = POLICY.wait(6, None, random()).unwrap();
            seconds[usize::try_from(wait.as_secs()).unwrap()] += 1;
        }
        let peak = seconds.into_iter().max().unwrap();
        assert!(peak < 3 * 1_000 / 8, "{seconds:?}");
    }
}
