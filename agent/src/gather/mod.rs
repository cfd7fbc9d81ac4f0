//! Sources that fetch figures by themselves: a watched folder, a query, a command.
//!
//! A query and a command leave what they brought in a file of the home, which is
//! then read as any other, so that a refused row can be looked up there.

pub(crate) mod command;
pub(crate) mod folder;
pub(crate) mod sql;

/// Why figures could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// What happened and what to do, in the officer's language.
    pub(crate) why: String,
    /// Whether trying again mends nothing before somebody changes the configuration.
    pub(crate) lasting: bool,
}

impl Trouble {
    /// It may pass by itself.
    pub(crate) fn passing(why: impl Into<String>) -> Self {
        Self { why: why.into(), lasting: false }
    }

    /// Somebody has to do something.
    pub(crate) fn lasting(why: impl Into<String>) -> Self {
        Self { why: why.into(), lasting: true }
    }
}
