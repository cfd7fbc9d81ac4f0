//! Rows of what was sent on their way into a file: xlsx for people, csv or JSON lines for programs.
//!
//! Written as they come, in constant memory. A file that is there is never written over.

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde::Serialize;

use crate::text::Lang;

/// Rows of a sheet, headings included; Excel takes a few more.
const MOST_ROWS: u32 = 1_048_000;

/// Number of columns.
const COLUMNS: usize = 19;

/// A measurement that was recorded in this computer's ledger.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Sent {
    pub(crate) submission: String,
    /// What became of the submission: `received`, `waiting`, `failed` or `interrupted`.
    pub(crate) state: &'static str,
    pub(crate) department: String,
    pub(crate) period: String,
    pub(crate) indicator: String,
    /// As `dimension=member`, parted by blanks.
    pub(crate) dimensions: String,
    /// The number, the level, `missing` or `withdrawn`.
    pub(crate) value: String,
    pub(crate) file: String,
    pub(crate) sheet: String,
    pub(crate) row: Option<u32>,
    pub(crate) column: String,
    pub(crate) raw: String,
    pub(crate) recorded_at: String,
    pub(crate) received_at: String,
    /// Number of the receipt in the department's chain.
    pub(crate) sequence: Option<u64>,
    /// What became of the measurement: `accepted`, `revised`, `unchanged` or `rejected`.
    pub(crate) outcome: &'static str,
    /// Why it or its submission was refused.
    pub(crate) reason: String,
    pub(crate) entry_hash: String,
    pub(crate) comment: String,
}

/// Why the file cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The sheet cannot be made.
    #[error(transparent)]
    Sheet(#[from] XlsxError),
}

/// The file.
pub(crate) enum Export {
    /// A workbook.
    Sheets { path: PathBuf, workbook: Box<Workbook>, sheets: usize, row: u32, lang: Lang },
    /// Comma-separated values with headings, UTF-8 marked as such.
    Csv(BufWriter<fs::File>),
    /// One JSON object a line.
    Lines(BufWriter<fs::File>),
}

impl std::fmt::Debug for Export {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Export")
    }
}

impl Export {
    /// Begins a file, in the form that its name asks for.
    pub(crate) fn create(path: &Path, lang: Lang) -> Result<Self, Error> {
        let file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
        let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
        match end.to_ascii_lowercase().as_str() {
            "csv" => {
                let mut out = BufWriter::new(file);
                out.write_all("\u{feff}".as_bytes())?;
                write_csv(&mut out, headings(lang).map(str::to_owned))?;
                Ok(Self::Csv(out))
            }
            "jsonl" | "ndjson" | "json" => Ok(Self::Lines(BufWriter::new(file))),
            _ => Ok(Self::Sheets {
                path: path.to_owned(),
                workbook: Box::default(),
                sheets: 0,
                row: MOST_ROWS,
                lang,
            }),
        }
    }

    /// Adds a row.
    pub(crate) fn add(&mut self, one: &Sent) -> Result<(), Error> {
        match self {
            Self::Csv(out) => Ok(write_csv(out, one.cells())?),
            Self::Lines(out) => {
                serde_json::to_writer(&mut *out, one).map_err(io::Error::from)?;
                Ok(out.write_all(b"\n")?)
            }
            Self::Sheets { workbook, sheets, row, lang, .. } => {
                if *row >= MOST_ROWS {
                    *sheets += 1;
                    begin_sheet(workbook, *sheets, *lang)?;
                    *row = 1;
                }
                let sheet = workbook.worksheet_from_index(*sheets - 1)?;
                for (at, text) in (0..).zip(one.cells()) {
                    // Texts are written as texts: what looks like a formula is none.
                    sheet.write_string(*row, at, text)?;
                }
                *row += 1;
                Ok(())
            }
        }
    }

    /// Ends the file; it is on the disk then.
    pub(crate) fn finish(self) -> Result<(), Error> {
        match self {
            Self::Csv(out) | Self::Lines(out) => {
                Ok(out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?)
            }
            Self::Sheets { path, mut workbook, sheets, lang, .. } => {
                if sheets == 0 {
                    begin_sheet(&mut workbook, 1, lang)?;
                }
                workbook.save(&path)?;
                Ok(fs::File::open(path)?.sync_all()?)
            }
        }
    }
}

fn begin_sheet(workbook: &mut Workbook, number: usize, lang: Lang) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name(format!("{} {number}", lang.export_sheet()))?;
    sheet.set_freeze_panes(1, 0)?;
    for (at, heading) in (0..).zip(headings(lang)) {
        sheet.set_column_width(at, 18)?;
        sheet.write_string_with_format(0, at, heading, &bold)?;
    }
    Ok(())
}

fn write_csv(out: &mut impl io::Write, cells: [String; COLUMNS]) -> io::Result<()> {
    let quoted = cells.map(|cell| {
        if cell.contains(['"', ',', ';', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    });
    writeln!(out, "{}\r", quoted.join(","))
}

impl Sent {
    fn cells(&self) -> [String; COLUMNS] {
        // Excel takes no more in a cell.
        let cut = |text: &str| text.chars().take(32_000).collect::<String>();
        [
            self.submission.clone(),
            self.state.to_owned(),
            self.department.clone(),
            self.period.clone(),
            self.indicator.clone(),
            self.dimensions.clone(),
            cut(&self.value),
            self.file.clone(),
            self.sheet.clone(),
            self.row.map(|row| row.to_string()).unwrap_or_default(),
            self.column.clone(),
            cut(&self.raw),
            self.recorded_at.clone(),
            self.received_at.clone(),
            self.sequence.map(|sequence| sequence.to_string()).unwrap_or_default(),
            self.outcome.to_owned(),
            cut(&self.reason),
            self.entry_hash.clone(),
            cut(&self.comment),
        ]
    }
}

fn headings(lang: Lang) -> [&'static str; COLUMNS] {
    [
        lang.column_submission(),
        lang.export_state(),
        lang.column_department(),
        lang.column_period(),
        lang.column_indicator(),
        lang.column_dimensions(),
        lang.column_value(),
        lang.column_file(),
        lang.column_sheet(),
        lang.column_row(),
        lang.column_column(),
        lang.column_raw(),
        lang.column_since(),
        lang.column_received(),
        lang.column_sequence(),
        lang.column_outcome(),
        lang.column_why(),
        lang.column_hash(),
        lang.column_comment(),
    ]
}
