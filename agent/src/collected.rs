//! The refused rows of a command: the first ones to be shown, all of them into the file.

use std::path::PathBuf;

use crate::app::App;
use crate::console::Tone;
use crate::refused::Refused;
use crate::rejects::Rejects;
use crate::table;
use crate::text::Lang;

/// Most refused rows that are shown to people.
const MOST_SHOWN: usize = 50;

/// Most refused rows that are told to programs.
const MOST_TOLD: usize = 10_000;

/// The refused rows of a command.
#[derive(Debug)]
pub(crate) struct Collected {
    /// The first ones.
    pub(crate) first: Vec<Refused>,
    /// How many there are.
    pub(crate) total: u64,
    most: usize,
    rejects: Rejects,
    failure: Option<String>,
}

impl Collected {
    /// None yet; they will stand in the file at `rejects`.
    pub(crate) fn new(rejects: PathBuf, lang: Lang, json: bool) -> Self {
        Self {
            first: Vec::new(),
            total: 0,
            most: if json { MOST_TOLD } else { MOST_SHOWN },
            rejects: Rejects::new(rejects, lang),
            failure: None,
        }
    }

    /// Takes one more.
    pub(crate) fn add(&mut self, refused: Refused) {
        self.total += 1;
        if let Err(error) = self.rejects.add(&refused) {
            self.failure.get_or_insert(error.to_string());
        }
        if self.first.len() < self.most {
            self.first.push(refused);
        }
    }

    /// Shows the first ones and writes the file; the answer is those shown, and the file.
    pub(crate) fn finish(self, app: &mut App<'_>, path: &str) -> (Vec<Refused>, Option<String>) {
        let lang = app.lang();
        show(app, &self.first);
        let hidden = self.total - self.first.len() as u64;
        if hidden > 0 {
            app.console.line(&lang.more_refused(hidden));
        }
        let written = match self.failure {
            None => self.rejects.finish().map_err(|error| error.to_string()),
            Some(failure) => Err(failure),
        };
        let file = match written {
            Ok(file) => file.map(|file| file.display().to_string()),
            Err(cause) => {
                app.warn(&lang.cannot_write(path, &cause));
                None
            }
        };
        if let Some(file) = &file {
            app.console.toned(Tone::Warn, &lang.rejects_written(file));
        }
        (self.first, file)
    }
}

/// Shows refused rows as a table.
pub(crate) fn show(app: &mut App<'_>, refused: &[Refused]) {
    let lang = app.lang();
    let one_file = refused.windows(2).all(|pair| pair[0].file == pair[1].file);
    let headings = [
        lang.column_file(),
        lang.column_sheet(),
        lang.column_row(),
        lang.column_column(),
        lang.column_raw(),
        lang.column_indicator(),
        lang.column_period(),
        lang.column_why(),
        lang.column_accepted(),
        lang.column_todo(),
    ];
    let row = |one: &Refused| {
        vec![
            if one_file { String::new() } else { one.file.clone() },
            one.sheet.clone(),
            one.row.map(|row| row.to_string()).unwrap_or_default(),
            one.column.clone(),
            one.raw.clone(),
            one.indicator.clone(),
            one.period.clone(),
            one.why.clone(),
            one.accepted.clone(),
            one.todo.clone(),
        ]
    };
    let rows: Vec<_> = refused.iter().map(row).collect();
    table::write(app.console, &headings, &rows);
}
