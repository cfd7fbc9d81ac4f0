//! What behaviour tests stand on: real processes, their clients, and the words to ask with.

mod agent;
mod clients;
mod cluster;
mod database;
mod engine;
mod look;
mod process;
mod proxy;
pub(crate) mod published;
mod random;
pub(crate) mod secrets;
mod secure;
mod server;
mod service;
mod tools;
pub(crate) mod trial;
mod web;
mod words;

pub(crate) use agent::Agent;
pub(crate) use clients::{Clients, Collection};
pub(crate) use cluster::Node;
pub(crate) use database::{Database, PASSWORD, found};
pub(crate) use engine::{Base, Engine, is_postgres};
pub(crate) use look::{follow, look, pictures};
pub(crate) use process::{Outcome, peak_kib, program, run, until};
pub(crate) use proxy::Proxy;
pub(crate) use random::{Random, random};
pub(crate) use secure::{Badge, Key, Wire, grant};
pub(crate) use server::{Options, Server, free_port};
pub(crate) use service::{SOON, Service};
pub(crate) use tools::{buf_curl, grpcurl, grpcurl_secure, python};
pub(crate) use web::Browser;
pub(crate) use words::*;

/// The generated client sides of `tiendo.v1`.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]
mod stubs {
    include!(concat!(env!("OUT_DIR"), "/tiendo.v1.rs"));
}
