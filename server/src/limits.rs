//! Every limit of what the server takes: its name, its default, what it may be set to.
//!
//! The defaults let a thousand agents behind one address come at once, and never slow a
//! stream by counting: what is sent in a stream is held back by its flow control alone.

use std::time::Duration;

use tiendo_shared::check::TEXT_CHARACTERS;
use tiendo_shared::submission::MOST_ITEMS;
use tiendo_shared::wire::v1;

use crate::config::Settings;
use crate::page;

/// Most measurements in a submission.
const ITEMS: u32 = 100_000;
const _: () = assert!(ITEMS as usize == MOST_ITEMS, "agents hold themselves to the same");

/// Rates allow for so many seconds' worth at once.
pub const BURST_SECS: u32 = 10;

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $default:expr, $least:expr, $most:expr;)*) => {
        /// What the server takes; published by `GetServerInfo`.
        #[derive(Debug, Clone, Copy)]
        pub struct Limits {
            $($(#[$doc])* pub $name: u32,)*
        }

        impl Limits {
            /// The limits of these settings; tells what is out of range.
            pub fn check(settings: &Settings, problems: &mut Vec<String>) -> Self {
                $(
                    let $name: u32 = settings.$name.unwrap_or($default);
                    if !($least..=$most).contains(&$name) {
                        let name = stringify!($name);
                        problems.push(format!("`{name}` is {}; accepted: {} to {}", $name, $least, $most));
                    }
                )*
                Self { $($name,)* }
            }
        }
    };
}

limits! {
    /// Longest message, in bytes.
    message_bytes: 4 << 20, 64 << 10, 32 << 20;
    /// Most measurements in a submission.
    submission_items: ITEMS, 1, ITEMS;
    /// Most submissions of one stream in flight.
    stream_in_flight: 32, 1, 1_024;
    /// Most concurrent calls on one connection.
    concurrent_streams: 256, 1, 10_000;
    /// Longest headers of a call, in bytes.
    header_bytes: 16 << 10, 4 << 10, 1 << 20;
    /// Most calls taken back before they are looked at, after which a connection ends.
    reset_streams: 50, 1, 10_000;
    /// Seconds a handshake may take.
    handshake_secs: 10, 1, 300;
    /// Most handshakes under way; the oldest of the address with the most gives way.
    handshakes: 1_024, 1, 100_000;
    /// Most connections.
    connections: 4_000, 1, 1_000_000;
    /// Most connections of one address.
    connections_per_address: 2_000, 1, 1_000_000;
    /// New connections of one address in a second, after as many at once as it may have.
    connection_rate: 100, 1, 1_000_000;
    /// Most connections that showed no certificate of ours.
    stranger_connections: 500, 1, 1_000_000;
    /// Seconds until the first call of a connection has to begin.
    first_call_secs: 30, 1, 86_400;
    /// Seconds a connection may be without a call.
    idle_secs: 900, 1, 86_400;
    /// Seconds after which a connection takes no new calls, up to a tenth more or less.
    connection_age_secs: 3_600, 1, 2_592_000;
    /// Seconds the calls of an aged connection have to end.
    connection_grace_secs: 3_600, 1, 2_592_000;
    /// Seconds a peer may take to send a message, or to take a part of an answer.
    message_secs: 300, 1, 86_400;
    /// Calls of one identity in a second.
    calls_per_identity: 100, 1, 1_000_000;
    /// Calls of one address in a second, of everybody there who proves an identity.
    calls_per_address: 2_000, 1, 1_000_000;
    /// Calls of one address in a second without an identity: enrolment, health.
    calls_per_stranger: 10, 1, 1_000_000;
}

/// That many seconds.
pub fn seconds(limit: u32) -> Duration {
    Duration::from_secs(limit.into())
}

impl From<Limits> for v1::Limits {
    fn from(limits: Limits) -> Self {
        Self {
            message_bytes: limits.message_bytes.into(),
            submission_items: limits.submission_items,
            stream_in_flight: limits.stream_in_flight,
            concurrent_streams: limits.concurrent_streams,
            text_characters: u32::try_from(TEXT_CHARACTERS).unwrap_or(u32::MAX),
            page_size: page::MOST,
            header_bytes: limits.header_bytes,
            reset_streams: limits.reset_streams,
            handshake_secs: limits.handshake_secs,
            handshakes: limits.handshakes,
            connections: limits.connections,
            connections_per_address: limits.connections_per_address,
            connection_rate: limits.connection_rate,
            stranger_connections: limits.stranger_connections,
            first_call_secs: limits.first_call_secs,
            idle_secs: limits.idle_secs,
            connection_age_secs: limits.connection_age_secs,
            connection_grace_secs: limits.connection_grace_secs,
            message_secs: limits.message_secs,
            calls_per_identity: limits.calls_per_identity,
            calls_per_address: limits.calls_per_address,
            calls_per_stranger: limits.calls_per_stranger,
        }
    }
}
