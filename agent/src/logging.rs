//! Logs for whoever looks into a problem: to stderr, warnings only unless more is asked for.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts logging; `RUST_LOG` goes before `-v`.
pub(crate) fn start(verbose: u8, env: &dyn Fn(&str) -> Option<String>) {
    let level = match verbose {
        0 => LevelFilter::ERROR,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    // Levels of modules, as `info,tiendo_agent=debug`: filters by fields of spans would
    // bring an engine for regular expressions into what departments download.
    let filter = env("RUST_LOG")
        .filter(|directives| !directives.is_empty())
        .and_then(|directives| directives.parse::<Targets>().ok())
        .unwrap_or_else(|| Targets::new().with_default(level));
    let logger =
        tracing_subscriber::registry().with(fmt::layer().with_writer(std::io::stderr)).with(filter);
    // In a process that runs several commands the first one has started it.
    if let Err(error) = logger.try_init() {
        tracing::trace!("logging goes on as it was: {error}");
    }
}
