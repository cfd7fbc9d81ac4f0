//! The commands, one file each; none knows another.

mod check;
mod completions;
mod due;
pub(crate) mod enrol;
mod export;
mod file;
mod overview;
mod receipts;
mod repair;
mod service;
mod status;
mod submit;
mod template;
mod verify;

use crate::app::{App, Failed};
use crate::cli::Command;
use crate::exit::Exit;
use crate::run::{self, Reread};

/// Does what the command line asks for.
pub(crate) async fn run(
    app: &mut App<'_>,
    command: Command,
    reread: &Reread<'_>,
) -> Result<Exit, Failed> {
    match command {
        Command::Overview => overview::run(app).await,
        Command::Completions { shell } => Ok(completions::run(app, shell)),
        Command::Due => due::run(app).await,
        Command::Template { period, out, force } => template::run(app, period, out, force).await,
        Command::Check { input, offline } => check::run(app, &input, offline).await,
        Command::Submit { input, confirm, all_or_nothing } => {
            submit::run(app, &input, submit::Options { confirm, all_or_nothing }).await
        }
        Command::Status { send } => status::run(app, send).await,
        Command::Receipts { id: Some(id), .. } => receipts::show(app, &id),
        Command::Receipts { id: None, last } => receipts::list(app, last),
        Command::Enrol(options) => enrol::run(app, &options).await,
        Command::Verify { trust: true, .. } => verify::trust(app).await,
        Command::Verify { trust: false, accept_key } => verify::run(app, accept_key.as_deref()),
        Command::Export { file } => export::run(app, &file),
        Command::Repair { release } => repair::run(app, release).await,
        Command::Run => run::run(app, reread).await,
        Command::InstallService { user, dry_run } => service::install(app, user, dry_run),
    }
}
