//! The commands of `tiendo-server`, from configuration to exit code.

pub mod keeping;
mod opening;

use std::io::{IsTerminal as _, Write as _};
use std::net::{SocketAddr, TcpListener as StdListener};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::CommandFactory as _;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::submission::hexadecimal;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::{Cli, Serve, Storage};
use crate::clock::Clock;
use crate::config::{Config, Engine, LogFormat};
use crate::identity::{Authority, Files, Host};
use crate::security::Security;
use crate::{Ended, Listeners};

/// A configuration that cannot be used.
const BAD_CONFIGURATION: u8 = 64;

/// A catalogue or a ledger with errors.
const FOUND_ERRORS: u8 = 2;

/// Serves until told to stop.
pub fn serve(arguments: &Serve) -> ExitCode {
    let config = match arguments.settings().and_then(crate::config::Settings::check) {
        Ok(config) => config,
        Err(error) => return misconfigured(&error),
    };
    if arguments.print_config {
        say(&format!("{config:#?}"));
        return ExitCode::SUCCESS;
    }
    start_logging(config.log_format);
    allow_files();
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("tiendo")
        .build()
        .context("starting the runtime")
        .and_then(|runtime| runtime.block_on(serve_until_told(&config)));
    exit(done)
}

/// Prints what a shell completes commands by.
pub fn complete(shell: clap_complete::Shell) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tiendo-server", &mut script);
    say(String::from_utf8_lossy(&script).trim_end());
    ExitCode::SUCCESS
}

/// As many open files as the system allows: each connection is one.
fn allow_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the number of open files could not be raised");
    }
}

async fn serve_until_told(config: &Config) -> anyhow::Result<()> {
    // Before anything is served: a signal that comes early stops gracefully too.
    let told = told_to_stop().context("waiting for signals")?;
    let stop = CancellationToken::new();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            told.await;
            stop.cancel();
        }
    });
    let calls = listen(config.listen).await?;
    let pages = match config.http {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let clock = clock(config)?;
    let security =
        if config.insecure_loopback { None } else { Some(Security::open(&config.data, &clock)?) };
    if let Some(security) = &security {
        tokio::spawn(Arc::clone(&security.served).keep_fresh(clock.clone()));
    }
    let again = |listener: &StdListener| -> std::io::Result<_> {
        Ok(crate::tls::tcp(TcpListener::from_std(listener.try_clone()?)?))
    };
    loop {
        let catalogue = Arc::new(catalogue(config)?);
        let opening = opening::open(config, catalogue, security.as_ref(), again(&calls)?);
        let Some(opened) = stop.run_until_cancelled(opening).await else { return Ok(()) };
        let opened = opened?;
        let address = calls.local_addr()?;
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            engine = opened.store.engine(),
            catalogue = opened.catalogue.version,
            data = %config.data.display(),
            board = config.http.map(|address| address.to_string()),
            "serving {} on {address}",
            if security.is_some() { "with TLS" } else { "without TLS, for trying things out," }
        );
        let listeners =
            Listeners { calls: again(&calls)?, pages: pages.as_ref().map(again).transpose()? };
        let told = stop.cancelled();
        let ended =
            crate::run(config, opened, security.as_ref(), listeners, clock.clone(), told).await?;
        if ended == Ended::Told {
            return Ok(());
        }
        tracing::info!("the catalogue was replaced; everything is opened anew");
    }
}

async fn listen(address: SocketAddr) -> anyhow::Result<StdListener> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("listening on `{address}`"))?;
    Ok(listener.into_std()?)
}

/// Makes the authority, the server's certificate, the keys, and the first token.
pub fn init(data: &Path, hosts: &[Host], storage: &Storage) -> ExitCode {
    let engine = match storage.engine() {
        Ok(engine) => engine,
        Err(error) => return misconfigured(&error),
    };
    exit(quiet_runtime().and_then(|runtime| {
        let clock = Clock::system();
        let authority = crate::security::create(data, hosts, &clock)?;
        made(data, &authority, hosts);
        runtime.block_on(administrators_token(data, &engine, authority, clock))
    }))
}

/// Makes what a further server needs of the keys of another one.
pub fn join(from: &Path, data: &Path, hosts: &[Host]) -> ExitCode {
    let joined = crate::security::join(from, data, hosts, &Clock::system());
    exit(joined.map(|authority| made(data, &authority, hosts)).map_err(Into::into))
}

/// Says what is in a data folder now.
fn made(data: &Path, authority: &Authority, hosts: &[Host]) {
    let files = Files::of(data);
    say(&format!("authority    {}", files.authority().display()));
    say(&format!("fingerprint  {}", hexadecimal(&authority.fingerprint())));
    say(&format!("server       {}", files.server().display()));
    let hosts: Vec<_> = hosts.iter().map(ToString::to_string).collect();
    say(&format!("for          {}", hosts.join(", ")));
}

/// Makes a token for an administrator, while the server is down.
pub fn token(data: &Path, storage: &Storage) -> ExitCode {
    let engine = match storage.engine() {
        Ok(engine) => engine,
        Err(error) => return misconfigured(&error),
    };
    exit(quiet_runtime().and_then(|runtime| {
        let authority = Authority::open(&Files::of(data))?;
        runtime.block_on(administrators_token(data, &engine, authority, Clock::system()))
    }))
}

async fn administrators_token(
    data: &Path,
    engine: &Engine,
    authority: Authority,
    clock: Clock,
) -> anyhow::Result<()> {
    // Tokens of administrators depend on no catalogue.
    let catalogue = Arc::new(parse_catalogue("the shipped catalogue", crate::SHIPPED_CATALOGUE)?);
    let store = opening::open_quietly(data, engine, &catalogue).await?;
    let made = crate::security::administrator(Arc::new(authority), store, catalogue, clock).await?;
    let ends = made.expires_at.as_ref().and_then(tiendo_shared::wire::instant);
    say("\nA token for an administrator, good for one use:\n");
    say(&made.token);
    say(&format!(
        "\nIt ends at {} and is shown here only. Redeem it on the administrator's computer:\n\n  \
         tiendo-agent --server HOST:7443 enrol --agent NAME",
        ends.map(|ends| ends.to_string()).unwrap_or_default()
    ));
    Ok(())
}

fn quiet_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("the runtime")
}

fn clock(config: &Config) -> anyhow::Result<Clock> {
    let Some(path) = &config.clock_file else { return Ok(Clock::system()) };
    tracing::warn!("TRIAL: the time is that of `{}`, not of this machine", path.display());
    Clock::of_file(path.clone())
}

/// Ends at the first SIGTERM or SIGINT from this call on; a second one ends the process at once.
fn told_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = interrupt.recv() => (),
        }
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => (),
                _ = interrupt.recv() => (),
            }
            tracing::warn!("told to stop twice; stopping at once");
            #[expect(clippy::exit, reason = "the operator asked for it twice")]
            std::process::exit(1);
        });
    })
}

/// The catalogue of a file, the one that replaced the shipped one, or the shipped one.
fn catalogue(config: &Config) -> anyhow::Result<Catalogue> {
    let replaced = Some(config.replaced_catalogue()).filter(|path| path.exists());
    catalogue_of(config.catalogue.clone().or(replaced).as_deref())
}

/// The catalogue of a file, or the shipped one.
fn catalogue_of(file: Option<&Path>) -> anyhow::Result<Catalogue> {
    match file {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("reading the catalogue `{}`", path.display()))?;
            parse_catalogue(&path.display().to_string(), &text)
        }
        None => parse_catalogue("the shipped catalogue", crate::SHIPPED_CATALOGUE),
    }
}

fn parse_catalogue(name: &str, text: &str) -> anyhow::Result<Catalogue> {
    Catalogue::parse(text).map_err(|problems| anyhow::anyhow!("`{name}` has errors:\n{problems}"))
}

/// Reports every error of a catalogue with its line.
pub fn check_catalogue(file: &Path) -> ExitCode {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            complain(&format!("`{}`: {error}", file.display()));
            return ExitCode::FAILURE;
        }
    };
    match Catalogue::parse(&text) {
        Ok(catalogue) => {
            say(&format!(
                "{}: catalogue {} is sound: {} indicators, {} targets, {} departments",
                file.display(),
                catalogue.version,
                catalogue.indicators().len(),
                catalogue.targets().len(),
                catalogue.departments().len()
            ));
            ExitCode::SUCCESS
        }
        Err(problems) => {
            for problem in problems.as_slice() {
                complain(&format!("{}: {problem}", file.display()));
            }
            complain(&format!("{} errors", problems.as_slice().len()));
            ExitCode::from(FOUND_ERRORS)
        }
    }
}

/// Prints the catalogue that ships with the server.
pub fn show_catalogue() -> ExitCode {
    say(crate::SHIPPED_CATALOGUE.trim_end());
    ExitCode::SUCCESS
}

fn start_logging(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
}

fn misconfigured(error: &crate::config::Error) -> ExitCode {
    complain(error);
    ExitCode::from(BAD_CONFIGURATION)
}

fn exit(done: anyhow::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// A line for whoever called; a closed pipe is no reason to fail.
fn say(text: &str) {
    _ = writeln!(std::io::stdout(), "{text}");
}

fn complain(text: &dyn std::fmt::Display) {
    _ = writeln!(std::io::stderr(), "{text}");
}
