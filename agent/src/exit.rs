//! The exit codes, which scripts rely on.

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything was done; every row was taken.
    Done = 0,
    /// It could not be done; what was said on stderr tells why.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Some rows were refused; the others were taken.
    SomeRefused = 3,
    /// Everything is safe in this computer's ledger; the server has not got all of it.
    SavedNotSent = 4,
    /// The ledger of this computer is damaged, or a receipt does not fit it.
    LedgerBroken = 5,
    /// A report is late.
    Late = 6,
    /// The configuration is wrong.
    Configuration = 64,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
