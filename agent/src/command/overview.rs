//! No command at all: what waits and what is due; on a new computer, the first step.

use super::{due, status};
use crate::app::{App, Failed};
use crate::exit::Exit;

pub(super) async fn run(app: &mut App<'_>) -> Result<Exit, Failed> {
    let lang = app.lang();
    let is_known = app.identity.is_some() || app.config.insecure_loopback;
    if app.config.servers.is_empty() || !is_known {
        app.console.line(lang.first_steps());
        return Ok(Exit::Done);
    }
    status::run(app, false).await?;
    // Operators and reviewers owe nothing.
    if app.config.department.is_none() {
        return Ok(Exit::Done);
    }
    app.console.line("");
    due::run(app).await
}
