//! Logs for whoever looks into a problem: to stderr, warnings only unless more is asked for.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::EnvFilter;

/// Starts logging; `RUST_LOG` goes before `-v`.
pub(crate) fn start(verbose: u8, env: &dyn Fn(&str) -> Option<String>) {
    let level = match verbose {
        0 => LevelFilter::ERROR,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let filter = env("RUST_LOG")
        .filter(|directives| !directives.is_empty())
        .and_then(|directives| EnvFilter::try_new(directives).ok())
        .unwrap_or_else(|| EnvFilter::default().add_directive(level.into()));
    let logger = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // In a process that runs several commands the first one has started it.
    if let Err(error) = logger.try_init() {
        tracing::trace!("logging goes on as it was: {error}");
    }
}
