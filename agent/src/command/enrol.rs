//! `enrol`: a join token becomes the identity of this computer.
//!
//! The token tells which server is the right one, and its secret goes to no other. The
//! key is on the disk before the server hears of it, so a lost answer can be asked for
//! again with the same token.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use tiendo_shared::token::{self, JoinToken};
use tiendo_shared::wire::{instant, v1};
use tonic::Status;

use crate::app::{App, Failed};
use crate::clock;
use crate::config;
use crate::connection::{ANSWER, Connection, Error as NoConnection, reason, within};
use crate::console::Tone;
use crate::exit::Exit;
use crate::home;
use crate::identity::{self, AGENT, Enrolment, Identity};
use crate::passport;
use crate::push::retry::{Next, after_status};
use crate::trust::{self, Authority, Verifier};

/// Longest file or input that is read for a token.
const MOST_BYTES: u64 = 4_096;

/// Most lines a token may be broken into where it is pasted.
const MOST_LINES: usize = 20;

/// How to enrol.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Options {
    /// The token, if it stands on the command line.
    pub(crate) token: Option<String>,
    /// The file it stands in.
    pub(crate) token_file: Option<PathBuf>,
    /// The role it has to give.
    pub(crate) role: Option<String>,
    /// Whether a computer that is enrolled gets a new key and identity.
    pub(crate) replace: bool,
    /// The file for a browser to import.
    pub(crate) p12: Option<PathBuf>,
}

/// What was enrolled, for programs.
#[derive(Debug, Serialize)]
struct Enrolled<'e> {
    command: &'static str,
    server: &'e str,
    department: Option<&'e str>,
    role: &'e str,
    agent: &'e str,
    not_after: Timestamp,
    authority: String,
    certificate: String,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    p12_password: Option<String>,
    exit: u8,
}

/// What was written for a browser, for programs.
#[derive(Debug, Serialize)]
struct Passport {
    command: &'static str,
    p12_password: String,
    exit: u8,
}

pub(super) async fn run(app: &mut App<'_>, options: &Options) -> Result<Exit, Failed> {
    let lang = app.lang();
    if app.config.insecure_loopback {
        return Err(Failed::configuration(lang.enrol_insecure()));
    }
    let no_way = |error| Failed::configuration(lang.no_connection(&error));
    if app.config.servers.is_empty() {
        return Err(no_way(NoConnection::NoServer));
    }
    if let Some(identity) = app.identity.clone().filter(|_| !options.replace) {
        if let Some(path) = &options.p12 {
            let p12_password = write_passport(app, &identity, path)?;
            let exit = Exit::Done as u8;
            app.console.document(&Passport { command: "enrol", p12_password, exit });
            return Ok(Exit::Done);
        }
        let Identity { bearer, not_after, .. } = &identity;
        let until = clock::for_people(*not_after);
        return Err(Failed::because(lang.enrolled_before(bearer, &until)));
    }
    let token = token(app, options)?;
    let home = app.home.path().display().to_string();
    let unkept =
        |error: &dyn ToString| Failed::because(lang.cannot_write(&home, &error.to_string()));
    app.home.create().map_err(|error| unkept(&error))?;
    let verifier = Verifier::of(Authority::Fingerprint(token.authority));
    let mut connection =
        Connection::to_enrol(&app.config, Arc::clone(&verifier)).map_err(no_way)?;
    let enrolment = Enrolment::in_home(&app.home);
    let response = redeem(app, &mut connection, &enrolment, &token).await?;
    if let Some(role) = options.role.as_deref().filter(|role| *role != response.role) {
        return Err(Failed::because(lang.enrolled_role(&response.role, role)));
    }
    let authority = verifier.found().ok_or_else(|| unkept(&"no authority"))?;
    let identity = enrolment
        .complete(&authority, &response.certificate_chain)
        .map_err(|error| unkept(&error))?;
    remember(app).map_err(|error| unkept(&error))?;
    let p12 =
        options.p12.as_deref().map(|path| write_passport(app, &identity, path)).transpose()?;
    tell(app, &identity, connection.ways().address(), p12);
    let ahead = response.server_time.as_ref().and_then(instant);
    let ahead = ahead.map_or(0, |server| clock::now().duration_since(server).as_secs());
    if clock::is_off(ahead) {
        app.warn(&lang.clock_wrong(ahead));
    }
    Ok(Exit::Done)
}

/// Writes the file for a browser; its password goes to people alone, and once.
fn write_passport(app: &mut App<'_>, identity: &Identity, path: &Path) -> Result<String, Failed> {
    let (lang, file) = (app.lang(), path.display().to_string());
    let written = passport::write(identity, path);
    let password =
        written.map_err(|error| Failed::because(lang.cannot_write(&file, &error.to_string())))?;
    let until = clock::for_people(identity.not_after);
    app.console.line(&lang.p12_written(&file, &password, &until));
    Ok(password)
}

/// The token that was given, from wherever it was.
fn token(app: &mut App<'_>, options: &Options) -> Result<JoinToken, Failed> {
    let lang = app.lang();
    let wrong = |error| Failed::because(lang.token_wrong(error));
    let unreadable = |place: &str, error: io::Error| {
        Failed::because(lang.token_unreadable(place, &error.to_string()))
    };
    if let Some(text) = &options.token {
        return text.parse().map_err(wrong);
    }
    if let Some(path) = &options.token_file {
        let place = path.display().to_string();
        let text = std::fs::File::open(path)
            .and_then(|file| io::read_to_string(io::Read::take(file, MOST_BYTES)));
        return text.map_err(|error| unreadable(&place, error))?.parse().map_err(wrong);
    }
    let mut text = String::new();
    for _ in 0..MOST_LINES {
        let more = app.console.secret(lang.ask_token(), MOST_BYTES);
        let more = more.map_err(|error| unreadable("stdin", error))?;
        if more.trim().is_empty() {
            break;
        }
        text.push_str(&more);
        match text.parse() {
            // Pasted text that was broken into lines comes line by line.
            Err(token::Error::Incomplete(_)) => {}
            read => return read.map_err(wrong),
        }
    }
    if text.is_empty() {
        return Err(Failed::because(lang.no_token()));
    }
    text.parse().map_err(wrong)
}

/// Asks the server for the certificate, with another name or key where the first is none
/// of the officer's choosing and does not fit.
async fn redeem(
    app: &App<'_>,
    connection: &mut Connection,
    enrolment: &Enrolment<'_>,
    token: &JoinToken,
) -> Result<v1::EnrolResponse, Failed> {
    let lang = app.lang();
    let unkept = |error: identity::Error| Failed::because(error.to_string());
    let mut agent = app.config.agent.clone();
    let mut other_key = true;
    let mut others = connection.ways().count() - 1;
    loop {
        let request = v1::EnrolRequest {
            token: token.text(),
            signing_request: enrolment.signing_request().map_err(unkept)?,
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            agent: agent.clone(),
        };
        let mut client = connection.enrolment();
        let status = match within(ANSWER, client.enrol(request)).await {
            Ok(response) => return Ok(response.into_inner()),
            Err(status) => status,
        };
        let address = connection.ways().address().to_owned();
        if others > 0 && connection.turn(&status) {
            others -= 1;
            continue;
        }
        match reason(&status).as_str() {
            "AGENT_NAME_BOUND" if !app.config.agent_chosen && !agent.is_empty() => agent.clear(),
            // The key of an enrolment that was never completed, certified for another name.
            "KEY_TAKEN" if other_key => {
                enrolment.forget_key().map_err(unkept)?;
                other_key = false;
            }
            _ => {
                return Err(refused(
                    &lang.said_of(&address, &lang.unanswered(&status)),
                    &status,
                    app,
                ));
            }
        }
    }
}

fn refused(said: &str, status: &Status, app: &App<'_>) -> Failed {
    let again = matches!(after_status(status), Next::Retry(_)) && trust::mistrust(status).is_none();
    let hint = if again { format!(" {}", app.lang().enrol_repeat()) } else { String::new() };
    Failed::because(format!("{said}{hint}"))
}

/// Writes the servers' addresses into `agent.toml`, so that no command needs them any more.
fn remember(app: &App<'_>) -> io::Result<()> {
    let path = app.home.config();
    let text = home::read_if_present(&path)?;
    let text = String::from_utf8(text).map_err(io::Error::other)?;
    let changed = config::with_servers(&text, &app.config.servers);
    if changed == text { Ok(()) } else { home::replace(&path, changed.as_bytes()) }
}

fn tell(app: &mut App<'_>, identity: &Identity, address: &str, p12_password: Option<String>) {
    let lang = app.lang();
    let bearer = &identity.bearer;
    let until = clock::for_people(identity.not_after);
    app.console.toned(Tone::Good, &lang.enrolled(bearer, &until));
    let [authority, certificate, key] =
        identity::files(&app.home).map(|path| path.display().to_string());
    match &bearer.department {
        Some(department) if bearer.role == AGENT => {
            app.console.line(&lang.next_template(department));
        }
        _ => {
            app.console.line(&lang.enrolled_files(&authority, &certificate, &key));
            let line = format!(
                "grpcurl -cacert \"{authority}\" -cert \"{certificate}\" -key \"{key}\" {address} list"
            );
            app.console.line(&lang.try_grpcurl(&line));
        }
    }
    app.console.document(&Enrolled {
        command: "enrol",
        server: address,
        department: bearer.department.as_deref(),
        role: &bearer.role,
        agent: &bearer.name,
        not_after: identity.not_after,
        authority,
        certificate,
        key,
        p12_password,
        exit: Exit::Done as u8,
    });
}
