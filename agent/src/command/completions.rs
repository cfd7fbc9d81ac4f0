//! `completions`: what a shell has to know to complete the commands.

use clap_complete::Shell;

use crate::app::App;
use crate::cli;
use crate::exit::Exit;

pub(super) fn run(app: &mut App<'_>, shell: Shell) -> Exit {
    app.console.line(cli::completions(shell, app.lang()).trim_end());
    Exit::Done
}
