//! Behaviour tests of Tiendo, and of the tree it is built from.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::format_collect,
    clippy::format_push_string,
    clippy::print_stdout,
    reason = "texts of tests are small, and what a test prints is shown where it fails"
)]

mod harness;
mod rust_text;
mod setting;

mod breaking;
mod tidy;

mod access;
mod agent;
mod board;
mod books;
mod catalogue;
mod crash;
mod due;
mod enrol;
mod export;
mod figures;
mod guide;
mod jobs;
mod keeping;
mod ledger;
mod methods;
mod network;
mod packages;
mod province;
mod reasons;
mod reconcile;
mod resubmit;
mod review;
mod servers;
mod serving;
mod status;
mod stream;
mod submit;
mod vintages;
mod watch;
