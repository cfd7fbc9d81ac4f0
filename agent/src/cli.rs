//! The command line: what can be typed, in the officer's language.

mod program;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::ArgMatches;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap_complete::Shell;
use tiendo_shared::period::ReportingPeriod;

use crate::command::enrol::Options;
use crate::text::Lang;
use program::program;

/// A command line that was understood.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// Folder of configuration and ledger, if it was named.
    pub(crate) home: Option<PathBuf>,
    /// Whether programs read the answer.
    pub(crate) json: bool,
    /// How much to log beside warnings: 0 to 2.
    pub(crate) verbose: u8,
    /// Settings given as flags, by their names in `agent.toml`.
    pub(crate) flags: Vec<(&'static str, String)>,
    /// What to do.
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Nothing was named: show what waits and what is due.
    Overview,
    /// Print what a shell completes commands by.
    Completions {
        /// Which one.
        shell: Shell,
    },
    /// Show what is owed and by when.
    Due,
    /// Make a form.
    Template {
        /// The period; none for the one that is due first.
        period: Option<ReportingPeriod>,
        /// Where to write it.
        out: Option<PathBuf>,
        /// Whether an existing file may be written over.
        force: bool,
    },
    /// Check a file and send nothing.
    Check {
        /// What to check.
        input: Input,
        /// Whether to leave the server alone.
        offline: bool,
    },
    /// Check a file and send it.
    Submit {
        /// What to send.
        input: Input,
        /// Whether implausible changes are confirmed.
        confirm: bool,
        /// Whether a refused row keeps all others back.
        all_or_nothing: bool,
    },
    /// Show what waits.
    Status {
        /// Whether to send it first.
        send: bool,
    },
    /// Show receipts.
    Receipts {
        /// The submission to show in detail.
        id: Option<String>,
        /// How many to list.
        last: usize,
    },
    /// Check the ledger of this computer.
    Verify {
        /// Whether the server is trusted again.
        trust: bool,
        /// The server's new key, which is trusted from when it was first seen.
        accept_key: Option<String>,
    },
    /// Get a certificate for this computer.
    Enrol(Options),
    /// Write everything ever recorded into a file.
    Export {
        /// The file; its name tells the form.
        file: PathBuf,
    },
    /// Set damage in the ledger aside, and get back what can be had.
    Repair {
        /// Whether to send what may have been meant to be sent.
        release: bool,
    },
    /// Run the jobs.
    Run,
    /// Make `run` a service of the system.
    InstallService {
        /// Whether it is this user's.
        user: bool,
        /// Whether to print it only.
        dry_run: bool,
    },
}

/// The roles a certificate can be for.
const ROLES: [&str; 4] = ["agent", "reviewer", "operator", "administrator"];

/// A file and how it is read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// The file.
    pub(crate) file: PathBuf,
    /// What tells how to read it.
    pub(crate) reading: Reading,
    /// Where refused rows go; none for beside the file.
    pub(crate) rejects: Option<PathBuf>,
}

/// What tells how a file is read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The form itself.
    Form,
    /// A job of the configuration.
    Job(String),
    /// A mapping in a file of its own.
    Mapping(PathBuf),
}

/// A command line that ends here: help was asked for, or it is wrong.
#[derive(Debug)]
pub(crate) enum Stop {
    /// What was asked for.
    Shown(String),
    /// What is wrong.
    Wrong(String),
}

/// Understands a command line; the first argument is the program's name.
pub(crate) fn parse(args: &[OsString], lang: Lang) -> Result<Invocation, Stop> {
    let matches = program(lang).try_get_matches_from(args).map_err(|error| stop(&error, lang))?;
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let mut flags: Vec<_> = ["lang", "department", "agent"]
        .into_iter()
        .filter_map(|name| Some((name, text(name)?)))
        .collect();
    if let Some(servers) = matches.get_many::<String>("server") {
        flags.push(("server", servers.map(String::as_str).collect::<Vec<_>>().join(",")));
    }
    if matches.get_flag("insecure-loopback") {
        flags.push(("insecure_loopback", "true".to_owned()));
    }
    let command = match matches.subcommand() {
        None if !matches.get_flag("json") => Command::Overview,
        named => command(named, lang)?,
    };
    Ok(Invocation {
        home: matches.get_one("home").cloned(),
        json: matches.get_flag("json"),
        verbose: matches.get_count("verbose"),
        flags,
        command,
    })
}

fn command(named: Option<(&str, &ArgMatches)>, lang: Lang) -> Result<Command, Stop> {
    Ok(match named {
        Some(("due", _)) => Command::Due,
        Some(("template", of)) => Command::Template {
            period: of.get_one("period").copied(),
            out: of.get_one("out").cloned(),
            force: of.get_flag("force"),
        },
        Some(("submit", of)) if of.get_flag("dry-run") => {
            Command::Check { input: input(of), offline: false }
        }
        Some(("submit", of)) => Command::Submit {
            input: input(of),
            confirm: of.get_flag("confirm"),
            all_or_nothing: of.get_flag("all-or-nothing"),
        },
        Some(("check", of)) => Command::Check { input: input(of), offline: of.get_flag("offline") },
        Some(("receipts", of)) => Command::Receipts {
            id: of.get_one("id").cloned(),
            last: of.get_one("last").copied().unwrap_or(20),
        },
        Some(("verify", of)) => Command::Verify {
            trust: of.get_flag("trust"),
            accept_key: of.get_one("accept-key").cloned(),
        },
        Some(("enrol", of)) => Command::Enrol(Options {
            token: of.get_one("token").cloned(),
            token_file: of.get_one("token-file").cloned(),
            role: of.get_one("role").cloned(),
            replace: of.get_flag("replace"),
            p12: of.get_one("p12").cloned(),
        }),
        Some(("export", of)) => {
            Command::Export { file: of.get_one::<PathBuf>("file").cloned().unwrap_or_default() }
        }
        Some(("repair", of)) => Command::Repair { release: of.get_flag("release") },
        Some(("run", _)) => Command::Run,
        Some(("completions", of)) => {
            Command::Completions { shell: of.get_one("shell").copied().unwrap_or(Shell::Bash) }
        }
        Some(("service", of)) => match of.subcommand() {
            Some((_, of)) => Command::InstallService {
                user: of.get_flag("user"),
                dry_run: of.get_flag("dry-run"),
            },
            None => return Err(Stop::Wrong(lang.usage_missing_command().to_owned())),
        },
        Some(("status", of)) => Command::Status { send: of.get_flag("send") },
        _ => return Err(Stop::Wrong(lang.usage_missing_command().to_owned())),
    })
}

/// What a shell completes commands by.
pub(crate) fn completions(shell: Shell, lang: Lang) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut program(lang), "tiendo-agent", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The language a command line asks for, looked up before it is understood, so
/// that help and errors are in it.
pub(crate) fn language(args: &[OsString], env: &dyn Fn(&str) -> Option<String>) -> Lang {
    let mut words = args.iter().filter_map(|word| word.to_str());
    let mut code = None;
    while let Some(word) = words.next() {
        match word.strip_prefix("--lang") {
            Some("") => code = words.next().map(str::to_owned),
            Some(rest) => code = rest.strip_prefix('=').map(str::to_owned),
            None => {}
        }
    }
    code.or_else(|| env("TIENDO_LANG")).and_then(|code| Lang::of_code(&code)).unwrap_or_default()
}

fn input(of: &ArgMatches) -> Input {
    let job = of.get_one::<String>("job").cloned().map(Reading::Job);
    let mapping = || of.get_one::<PathBuf>("mapping").cloned().map(Reading::Mapping);
    Input {
        file: of.get_one::<PathBuf>("file").cloned().unwrap_or_default(),
        reading: job.or_else(mapping).unwrap_or(Reading::Form),
        rejects: of.get_one("rejects").cloned(),
    }
}

fn stop(error: &clap::Error, lang: Lang) -> Stop {
    let get = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join("`, `"),
        _ => String::new(),
    };
    let argument = get(ContextKind::InvalidArg);
    let said = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            return Stop::Shown(error.render().to_string().trim_end().to_owned());
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            return Stop::Wrong(lang.usage_missing_command().to_owned());
        }
        ErrorKind::InvalidSubcommand => {
            lang.usage_unknown_command(&get(ContextKind::InvalidSubcommand))
        }
        ErrorKind::UnknownArgument => lang.usage_unknown_argument(&argument),
        ErrorKind::MissingRequiredArgument => lang.usage_missing_argument(&argument),
        ErrorKind::ArgumentConflict => lang.usage_conflict(&argument, &get(ContextKind::PriorArg)),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let accepted = get(ContextKind::ValidValue);
            let said = lang.usage_invalid_value(&argument, &get(ContextKind::InvalidValue));
            match accepted.as_str() {
                _ if argument.contains("--period") => {
                    format!(
                        "{said} {}",
                        lang.usage_accepted("`2026`, `2026-S1`, `2026-Q3`, `2026-09`")
                    )
                }
                "" => said,
                accepted => format!("{said} {}", lang.usage_accepted(&format!("`{accepted}`"))),
            }
        }
        _ => lang.usage_other(error.render().to_string().trim_end()),
    };
    let suggested =
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let hint = suggested.into_iter().map(get).find(|word| !word.is_empty());
    let hint = hint.map(|word| format!(" {}", lang.did_you_mean(&word))).unwrap_or_default();
    Stop::Wrong(format!("{said}{hint}\n{}", lang.usage_see_help()))
}

#[cfg(test)]
mod tests;
