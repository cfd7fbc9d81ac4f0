//! Pages, downloads and numbers over HTTP: read-only faces of the use cases, for people.
//!
//! A page is made on the server of templates and the messages the rpcs answer with; the
//! rule of the rpc that tells the same holds for it. Requests have no bodies.

mod assets;
mod changes;
mod chart;
mod crowd;
mod departments;
mod download;
mod entry;
mod headers;
mod lang;
mod live;
mod numbers;
mod overview;
mod refusal;
mod shell;
mod sign_in;
mod target;
mod values;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use sha2::{Digest as _, Sha256};

use crate::config::Config;
use crate::identity::registry::Key;
use crate::metrics::Metrics;
use crate::rpc::Services;
use crate::rpc::gate::Door;

/// What pages are made of.
#[derive(Debug)]
pub struct Web {
    /// The use cases.
    pub services: Services,
    /// How readers are known.
    pub door: Door,
    /// The numbers of the server.
    pub metrics: Metrics,
    /// Hash of the token that reads the numbers.
    pub metrics_token: Option<Key>,
    /// Whether anybody may read approved figures.
    pub public_board: bool,
    crowd: crowd::Crowd,
}

impl Web {
    /// Pages of these use cases, as the configuration says.
    pub fn new(
        config: &Config,
        services: Services,
        door: Door,
        metrics: Metrics,
    ) -> anyhow::Result<Self> {
        let metrics_token = config.metrics_token_file.as_deref().map(metrics_token).transpose()?;
        let public_board = config.public_board;
        let crowd = crowd::Crowd::default();
        Ok(Self { services, door, metrics, metrics_token, public_board, crowd })
    }
}

/// A page, or why there is none.
type Page = Result<axum::response::Response, refusal::Refusal>;

/// Every page.
pub fn router(web: Web) -> Router {
    let web = Arc::new(web);
    Router::new()
        .route("/", get(overview::page))
        .route("/targets/{id}", get(target::page))
        .route("/departments", get(departments::page))
        .route("/changes", get(changes::page))
        .route("/download/{format}", get(download::file))
        .route("/events", get(live::events))
        .route("/sign-in", get(sign_in::ask).post(sign_in::redeem))
        .route("/sign-out", axum::routing::post(sign_in::leave))
        .route("/metrics", get(numbers::text))
        .route("/assets/{name}", get(assets::file))
        .fallback(refusal::not_found)
        .layer(from_fn_with_state(Arc::clone(&web), entry::paced))
        .layer(from_fn_with_state(Arc::clone(&web), numbers::count))
        .layer(from_fn(headers::without_body))
        .layer(from_fn_with_state(Arc::clone(&web), headers::safe))
        .with_state(web)
}

/// The hash of the token in a file.
fn metrics_token(file: &Path) -> anyhow::Result<Key> {
    let named = || format!("the token of the metrics in `{}`", file.display());
    let text = std::fs::read_to_string(file).with_context(named)?;
    let token = text.trim();
    anyhow::ensure!(token.len() >= 16, "{} has fewer than 16 characters", named());
    Ok(Sha256::digest(token).into())
}
