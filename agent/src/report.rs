//! What `check` and `submit` tell of a file: in words, and as one JSON document.

use serde::Serialize;
use tiendo_shared::wire::v1;

use crate::app::App;
use crate::console::Tone;
use crate::exit::Exit;
use crate::reading::Summary;
use crate::refused::Refused;

/// Most receipts that are listed one by one.
const MOST_RECEIPTS: usize = 1_000;

/// What a command did with a file. Its names are for programs: add, never rename.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// The command.
    pub(crate) command: &'static str,
    /// The file.
    pub(crate) file: String,
    /// Who reports.
    pub(crate) department: String,
    /// Measurements that could be read from the file.
    pub(crate) measurements: u64,
    /// Cells, rows and sheets that could not be read.
    pub(crate) unread: u64,
    /// Rows of a form left blank.
    pub(crate) blank: u64,
    /// Whether the server was asked or has answered.
    pub(crate) asked_server: bool,
    /// Rows refused, by this computer or the server.
    pub(crate) refused_total: u64,
    /// The first of them.
    pub(crate) refused: Vec<Refused>,
    /// The file that holds all of them.
    pub(crate) rejects: Option<String>,
    /// What became of the measurements; of a check, what would have become.
    pub(crate) counts: Counts,
    /// Large changes that were confirmed.
    pub(crate) confirmed: u64,
    /// The first receipts.
    pub(crate) receipts: Vec<Receipt>,
    /// Submissions refused as a whole, and why.
    pub(crate) failed: Vec<FailedWhole>,
    /// Submissions that wait.
    pub(crate) waiting: usize,
    /// Why they wait.
    pub(crate) stopped: Option<String>,
    /// How the command ended.
    pub(crate) exit: u8,
}

/// How many measurements had which outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    /// New values; of a check without the server, good ones.
    pub(crate) accepted: u64,
    /// Values that replaced another.
    pub(crate) revised: u64,
    /// Values known already.
    pub(crate) unchanged: u64,
    /// Refused, by this computer or the server.
    pub(crate) rejected: u64,
}

impl Counts {
    /// Adds what the server answered for a submission, but for what it refused:
    /// refused rows are counted where they are collected.
    pub(crate) fn add(&mut self, counts: &v1::OutcomeCounts) {
        self.accepted += u64::from(counts.accepted);
        self.revised += u64::from(counts.revised);
        self.unchanged += u64::from(counts.unchanged);
    }
}

/// A receipt, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Receipt {
    /// Id of the submission.
    pub(crate) submission: String,
    /// Its place in the department's chain.
    pub(crate) sequence: u64,
}

/// A submission refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FailedWhole {
    /// Id of the submission.
    pub(crate) submission: String,
    /// What the server said.
    pub(crate) message: String,
}

impl Report {
    /// Takes what was read.
    pub(crate) fn read(&mut self, summary: &Summary) {
        self.measurements = summary.measurements;
        self.unread = summary.unread;
        self.blank = summary.blank;
    }

    /// Takes a receipt.
    pub(crate) fn receipt(&mut self, receipt: &v1::Receipt) {
        if self.receipts.len() < MOST_RECEIPTS {
            let (submission, sequence) = (receipt.submission_id.clone(), receipt.sequence);
            self.receipts.push(Receipt { submission, sequence });
        }
    }

    /// Tells what was read of the file, and what to know of it.
    pub(crate) fn tell_read(&self, app: &mut App<'_>, summary: &Summary, catalogue: &str) {
        let lang = app.lang();
        app.console.line(&lang.read_summary(&self.file, self.measurements, self.unread));
        if self.blank > 0 {
            app.console.line(&lang.blank_summary(self.blank));
        }
        for warning in &summary.warnings {
            let said = lang.source_warning(*warning);
            app.warn(&said);
        }
        if let Some(form) = summary.form_catalogue.as_deref().filter(|form| *form != catalogue) {
            app.console.note(&lang.form_of_other_catalogue(form, catalogue));
        }
    }

    /// Ends the command: the document for programs, the exit code for all.
    pub(crate) fn end(mut self, app: &mut App<'_>, exit: Exit) -> Exit {
        self.exit = exit as u8;
        app.console.document(&self);
        exit
    }

    /// Tells what the server took.
    pub(crate) fn tell_counts(&self, app: &mut App<'_>) {
        let lang = app.lang();
        let Counts { accepted, revised, unchanged, rejected } = self.counts;
        let tone = if rejected > 0 { Tone::Warn } else { Tone::Good };
        let said = lang.answer_summary(accepted, revised, unchanged, rejected);
        app.console.toned(tone, &said);
        let sequences = self.receipts.iter().map(|receipt| receipt.sequence);
        match (sequences.clone().min(), sequences.max()) {
            (Some(first), Some(last)) if first < last => {
                app.console.line(&lang.receipts_range(self.receipts.len(), first, last));
            }
            (Some(only), _) => app.console.line(&lang.receipt_one(only)),
            (None, _) => {}
        }
    }
}
