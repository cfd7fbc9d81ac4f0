//! The agent of Tiendo: reads an officer's file, checks it, and sends it to the province.
//!
//! A submission is on the disk of this computer before the first byte of it is
//! sent, and waits there until the server's answer is on the disk too. What
//! officers read is in `text`, in Vietnamese and English.

pub mod source;

pub mod mapping;

pub mod number;

mod app;
mod asking;
mod catalogue;
mod cli;
mod clock;
mod collected;
mod command;
mod config;
mod connection;
mod console;
mod contact;
mod due;
mod exit;
mod exported;
mod form;
mod gather;
mod home;
mod identity;
mod job;
mod keys;
mod logging;
mod outbox;
mod pack;
mod passport;
mod progress;
mod proof;
mod push;
mod reading;
mod reconcile;
mod refused;
mod rejects;
mod renewal;
mod report;
mod rpc;
mod run;
mod schedule;
mod sending;
mod system;
mod table;
mod text;
mod trust;
mod way;
#[doc(hidden)]
pub mod world;

use std::ffi::OsString;

use crate::app::{App, Failed};
use crate::cli::{Command, Invocation, Stop};
use crate::config::Config;
pub use crate::console::Console;
pub use crate::exit::Exit;
use crate::home::Home;
use crate::identity::Identity;
pub use crate::text::Lang;

/// Does what a command line asks for; the first argument is the program's name.
///
/// `env` looks environment variables up. What is said goes to `console`.
pub async fn run(
    args: impl IntoIterator<Item = OsString>,
    env: &dyn Fn(&str) -> Option<String>,
    mut console: Console,
) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    console.lang = cli::language(&args, env);
    let invocation = match cli::parse(&args, console.lang) {
        Ok(invocation) => invocation,
        Err(Stop::Shown(text)) => {
            console.line(&text);
            return Exit::Done;
        }
        Err(Stop::Wrong(text)) => {
            console.note(&text);
            return Exit::Usage;
        }
    };
    logging::start(invocation.verbose, env);
    if let Some(seconds) = env("TIENDO_CLOCK_AHEAD").and_then(|text| text.parse().ok()) {
        tracing::warn!("the clock runs {seconds} seconds ahead, as TIENDO_CLOCK_AHEAD says");
        clock::run_ahead(jiff::SignedDuration::from_secs(seconds));
    }
    console.json = invocation.json;
    match configured(invocation, env, &mut console).await {
        Ok(exit) => exit,
        Err(Failed { exit, said }) => {
            console.note(&said);
            console.document(&serde_json::json!({ "error": said, "exit": exit as u8 }));
            exit
        }
    }
}

async fn configured(
    invocation: Invocation,
    env: &dyn Fn(&str) -> Option<String>,
    console: &mut Console,
) -> Result<Exit, Failed> {
    let Invocation { home, flags, command, .. } = invocation;
    let home = Home::find(home, env);
    let lang = console.lang;
    let enrols = matches!(command, Command::Enrol(_));
    let read = || {
        let config = configuration(&home, env, &flags, lang)?;
        if enrols { Ok(config) } else { certified(config, &home) }
    };
    let config = read()?;
    console.lang = config.lang;
    let identity = if config.insecure_loopback { Ok(None) } else { Identity::load(&home) };
    let identity = identity.unwrap_or_else(|error| {
        console.note(&config.lang.identity_unusable(&error.to_string()));
        None
    });
    let mut app = App { home: home.clone(), config, identity, console };
    // Boxed: the state of the largest command is large, and few are ever made.
    Box::pin(command::run(&mut app, command, &read)).await
}

/// What the configuration says now; every problem is told at once.
fn configuration(
    home: &Home,
    env: &dyn Fn(&str) -> Option<String>,
    flags: &[(&'static str, String)],
    lang: Lang,
) -> Result<Config, Failed> {
    let path = home.config();
    let text = home::read_if_present(&path)
        .and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other))
        .map_err(|error| Failed::configuration(format!("`{}`: {error}", path.display())))?;
    Config::parse(&text, env, flags, &home::host(env)).map_err(|problems| {
        let lines = problems.iter().map(|problem| format!("\n  {}", lang.problem(problem)));
        let wrong = lang.configuration_wrong();
        Failed::configuration(format!("{wrong}{}", lines.collect::<String>()))
    })
}

/// Takes department and name from the certificate, if there is one: the server believes
/// nothing else.
fn certified(mut config: Config, home: &Home) -> Result<Config, Failed> {
    let identity = if config.insecure_loopback { Ok(None) } else { Identity::load(home) };
    // Why it cannot be used is told where it is needed.
    let Ok(Some(Identity { bearer, .. })) = identity else { return Ok(config) };
    match (bearer.department, &config.department) {
        (Some(ours), Some(configured)) if ours != *configured => {
            let said = config.lang.other_department(&ours, configured);
            return Err(Failed::configuration(said));
        }
        (department, _) => config.department = department,
    }
    config.agent = bearer.name;
    Ok(config)
}
