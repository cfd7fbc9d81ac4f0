//! What differs between the systems the agent runs on; everything else is the same.
//!
//! Windows: compiled, and tried under Wine by hand; no test runs it.

#[cfg(not(windows))]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(not(windows))]
pub(crate) use unix::{
    IS_WINDOWS, Signals, is_held, keep_private, notify, only_for_owner, owner, usual_home,
};
#[cfg(windows)]
pub(crate) use windows::{
    IS_WINDOWS, Signals, is_held, keep_private, notify, only_for_owner, owner, usual_home,
};

/// What the service is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGTERM, SIGINT or Ctrl-C.
    Stop,
    /// SIGHUP, where there is one.
    #[cfg_attr(windows, expect(dead_code, reason = "Windows has no such signal"))]
    Reload,
}
