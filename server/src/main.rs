//! `tiendo-server`: reads the command line and hands over.

use std::process::ExitCode;

use clap::Parser as _;
use tiendo_server::cli::{Catalogue, Cli, Command};
use tiendo_server::command::{self, keeping};

/// A submission is thousands of short texts: with the system's allocator, making and
/// dropping them took three quarters of the server's time under load.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Init { data, host, storage } => command::init(&data, &host, &storage),
        Command::Join { from, data, host } => command::join(&from, &data, &host),
        Command::Token { data, storage } => command::token(&data, &storage),
        Command::Verify(what) => keeping::verify(&what),
        Command::Backup(what) => keeping::backup(&what),
        Command::Restore(what) => keeping::restore(&what),
        Command::Export(what) => keeping::export(&what),
        Command::Import(what) => keeping::import(&what),
        Command::Serve(serve) => command::serve(&serve),
        Command::Completions { shell } => command::complete(shell),
        Command::Catalogue(Catalogue::Check { file }) => command::check_catalogue(&file),
        Command::Catalogue(Catalogue::Show) => command::show_catalogue(),
    }
}
