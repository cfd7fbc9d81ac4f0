//! The generated clients of `tiendo.v1`.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated; the protos carry the comments"
)]

include!(concat!(env!("OUT_DIR"), "/tiendo.v1.rs"));
