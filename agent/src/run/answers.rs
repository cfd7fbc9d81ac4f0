//! What the server answers to the submissions of jobs: refused rows go into reports.

use std::path::{Path, PathBuf};
use std::time::Duration;

use prost::Message as _;
use tiendo_shared::wire::v1;
use tonic::Status;

use crate::gather::folder;
use crate::home::Home;
use crate::outbox::id_of;
use crate::outbox::record::{Prepared, Waiting};
use crate::push::Listener;
use crate::refused::{Context, Refused, measurement_at};
use crate::rejects::Rejects;
use crate::report::Counts;

/// Most reports that are told of; more are written all the same.
const MOST_TOLD: usize = 1_000;

/// What came of the submissions that were sent.
#[derive(Debug)]
pub(super) struct Answers<'a> {
    home: &'a Home,
    context: Context<'a>,
    /// The report of the act whose answers come now.
    open: Option<Open>,
    /// What the server took.
    pub(super) counts: Counts,
    /// Reports written.
    pub(super) told: Vec<Told>,
    /// Submissions refused as a whole, and why.
    pub(super) failed: Vec<(String, String)>,
    /// Submissions that the server lost.
    pub(super) lost: usize,
}

/// A report that was written.
#[derive(Debug)]
pub(super) struct Told {
    /// The file whose rows were refused, as it was recorded.
    pub(super) file: String,
    /// How many rows.
    pub(super) rows: u64,
    /// The report, or why there is none.
    pub(super) report: Result<PathBuf, String>,
}

#[derive(Debug)]
struct Open {
    act: Vec<u8>,
    file: String,
    rows: u64,
    rejects: Rejects,
}

impl<'a> Answers<'a> {
    /// None yet.
    pub(super) fn new(home: &'a Home, context: Context<'a>) -> Self {
        Self {
            home,
            context,
            open: None,
            counts: Counts::default(),
            told: Vec::new(),
            failed: Vec::new(),
            lost: 0,
        }
    }

    /// Writes the report of the last act.
    pub(super) fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let report = self.place(Path::new(&open.file)).map_err(|error| error.to_string());
        let report = report.and_then(|path| {
            open.rejects.finish_at(path.clone()).map(|_| path).map_err(|error| error.to_string())
        });
        if self.told.len() < MOST_TOLD {
            self.told.push(Told { file: open.file, rows: open.rows, report });
        }
    }

    /// Where the report on a file goes; the file of a watched folder goes there too.
    fn place(&self, file: &Path) -> std::io::Result<PathBuf> {
        let near = if folder::taken_from(file).is_some() {
            folder::refuse_later(file)?
        } else {
            std::fs::create_dir_all(self.home.reports())?;
            self.home.reports().join(file.file_name().unwrap_or_default())
        };
        Ok(folder::free(&Rejects::beside(&near, self.context.lang)))
    }

    fn refused(&mut self, act: &[u8], prepared: &Prepared, rejections: &[v1::Rejection]) {
        let Ok(request) = v1::SubmitMeasurementsRequest::decode(&*prepared.request) else { return };
        let places = prepared.places.clone().unwrap_or_default();
        let (file, lang) = (places.file.clone(), self.context.lang);
        let open = self.open.get_or_insert_with(|| Open {
            act: act.to_vec(),
            rejects: Rejects::new(PathBuf::new(), lang),
            file,
            rows: 0,
        });
        for rejection in rejections {
            let Some(sent) = measurement_at(&request.groups, rejection.index as usize) else {
                continue;
            };
            open.rows += 1;
            let refused = Refused::by_server(rejection, sent, &places, &self.context);
            if let Err(error) = open.rejects.add(&refused) {
                tracing::warn!("a refused row cannot be written: {error}");
            }
        }
    }
}

impl Listener for Answers<'_> {
    fn answered(
        &mut self,
        waiting: &Waiting,
        prepared: Option<&Prepared>,
        response: &v1::SubmitMeasurementsResponse,
    ) {
        if self.open.as_ref().is_some_and(|open| open.act != waiting.act) {
            self.close();
        }
        let counts = response.counts.unwrap_or_default();
        self.counts.add(&counts);
        self.counts.rejected += u64::from(counts.rejected);
        if let Some(prepared) = prepared {
            self.refused(&waiting.act, prepared, &response.rejections);
        }
    }

    fn failed(&mut self, waiting: &Waiting, message: &str) {
        if self.failed.len() < MOST_TOLD {
            self.failed.push((id_of(&waiting.id).to_string(), message.to_owned()));
        }
    }

    fn lost(&mut self, count: usize) {
        self.lost += count;
    }

    fn waits(&mut self, wait: Duration, status: &Status) {
        tracing::info!("trying again in {:.1} s: {}", wait.as_secs_f64(), status.message());
    }
}
