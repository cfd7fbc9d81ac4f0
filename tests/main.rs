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
mod catalogue;
mod crash;
mod due;
mod figures;
mod jobs;
mod ledger;
mod methods;
mod province;
mod resubmit;
mod serving;
mod status;
mod stream;
mod submit;
