//! Reads a file on a thread of its own: rows, checked as the server checks them, packed to be sent.
//!
//! The thread waits while what it read is not taken, so that memory does not grow
//! with the file. What does grow is the set of keys seen, eight bytes for each,
//! because a key that stands twice in a file is refused wherever it stands.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::check::{Checked, Checker, Content as Draft, Draft as DraftRow, GroupDraft};
use tiendo_shared::department::Department;
use tiendo_shared::indicator::Indicator;
use tiendo_shared::submission::{Reason, Refusal};
use tiendo_shared::wire::v1;
use tokio::sync::mpsc;

use crate::form::read as form;
use crate::mapping::{Content, Mapping, Outcome, RawMeasurement};
use crate::pack::{Bounds, Item, Pack, Packer};
use crate::refused::Refused;
use crate::source::cell::{Place, letters};
use crate::source::{self, Options, Warning, Workbook};
use crate::text::{About, Lang};
use crate::world;

/// Most refusals that are handed over together.
const MOST_REFUSED: usize = 256;

/// What to read, and how.
#[derive(Debug)]
pub(crate) struct Task {
    /// The file.
    pub(crate) path: PathBuf,
    /// How it is read; none for a form.
    pub(crate) mapping: Option<Box<Mapping>>,
    /// What rows are checked by.
    pub(crate) catalogue: Arc<Catalogue>,
    /// Who reports.
    pub(crate) department: Department,
    /// The instant it is, by the server's clock as far as that is known.
    pub(crate) now: Timestamp,
    /// How large submissions get.
    pub(crate) bounds: Bounds,
    /// Language of refusals.
    pub(crate) lang: Lang,
}

/// What was read since the last time.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// Rows that are not taken.
    pub(crate) refused: Vec<Refused>,
    /// A full submission.
    pub(crate) pack: Option<Pack>,
}

/// What a file held.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Measurements that could be read.
    pub(crate) measurements: u64,
    /// Cells, rows and sheets that could not.
    pub(crate) unread: u64,
    /// Measurements that this computer's checks refuse.
    pub(crate) refused: u64,
    /// Rows of a form left blank.
    pub(crate) blank: u64,
    /// What the officer should know of the file.
    pub(crate) warnings: Vec<Warning>,
    /// The catalogue a form was made with.
    pub(crate) form_catalogue: Option<String>,
}

/// Why a file could not be read to its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The file.
    Source(source::Error),
    /// It is not a form.
    NotAForm,
    /// It is a form of another version.
    OtherVersion(String),
    /// It is another department's form.
    OtherDepartment(String),
    /// It is a form whose row of keys is gone.
    NoKeys,
    /// The program failed.
    Broken,
}

impl From<form::Error> for Failure {
    fn from(error: form::Error) -> Self {
        match error {
            form::Error::Source(error) => Self::Source(error),
            form::Error::NotAForm => Self::NotAForm,
            form::Error::OtherVersion(version) => Self::OtherVersion(version),
            form::Error::NoKeys => Self::NoKeys,
        }
    }
}

/// Most steps of a file in a simulation.
const SIMULATED_STEPS: usize = 1_000;

/// A file that is being read.
#[derive(Debug)]
pub(crate) struct Reading {
    steps: mpsc::Receiver<Step>,
    thread: std::thread::JoinHandle<Result<Summary, Failure>>,
}

impl Reading {
    /// Begins to read.
    pub(crate) fn start(task: Task) -> Self {
        let simulated = world::is_simulated();
        let (sender, steps) = mpsc::channel(if simulated { SIMULATED_STEPS } else { 1 });
        let thread = std::thread::spawn(move || read(&task, sender));
        while simulated && !thread.is_finished() {
            // What it reads must not depend on which thread is faster.
            std::thread::yield_now();
        }
        Self { steps, thread }
    }

    /// What was read next; none at the end.
    pub(crate) async fn next(&mut self) -> Option<Step> {
        self.steps.recv().await
    }

    /// How it ended, once there is no next step.
    pub(crate) fn ended(self) -> Result<Summary, Failure> {
        self.thread.join().unwrap_or(Err(Failure::Broken))
    }
}

fn read(task: &Task, sender: mpsc::Sender<Step>) -> Result<Summary, Failure> {
    let options = task.mapping.as_ref().map_or_else(Options::default, |m| m.settings().source);
    let mut workbook = source::open(&task.path, &options).map_err(Failure::Source)?;
    let file = Arc::clone(workbook.file());
    let mut reader = Reader {
        packer: Packer::new(&file, task.bounds),
        seen: Seen::default(),
        step: Step::default(),
        summary: Summary { warnings: workbook.warnings().to_vec(), ..Summary::default() },
        task,
        sender,
    };
    let mut sink = |outcome| reader.take(outcome);
    if let Some(mapping) = &task.mapping {
        mapping.read(&mut workbook, &mut sink).map_err(Failure::Source)?;
    } else {
        let (about, blank) = read_form(&mut workbook, task, &mut sink)?;
        reader.summary.blank = blank;
        reader.summary.form_catalogue = Some(about.catalogue);
    }
    reader.step.pack = reader.packer.finish();
    // Nobody listens any more only if the command has ended.
    let _ended = reader.hand_over();
    Ok(reader.summary)
}

fn read_form(
    workbook: &mut Workbook,
    task: &Task,
    sink: &mut dyn FnMut(Outcome) -> ControlFlow<()>,
) -> Result<(form::About, u64), Failure> {
    let about = form::about(workbook)?;
    if about.department != task.department.id {
        return Err(Failure::OtherDepartment(about.department));
    }
    let blank = form::read(workbook, &about, &task.catalogue, task.lang, sink)?;
    Ok((about, blank))
}

struct Reader<'t> {
    task: &'t Task,
    packer: Packer,
    seen: Seen,
    step: Step,
    summary: Summary,
    sender: mpsc::Sender<Step>,
}

impl Reader<'_> {
    fn take(&mut self, outcome: Outcome) -> ControlFlow<()> {
        match outcome {
            Outcome::Refused(refusal) => {
                self.summary.unread += 1;
                self.step.refused.push(Refused::unread(refusal, self.task.lang));
            }
            Outcome::Measurement(raw) => {
                self.summary.measurements += 1;
                match self.check(&raw) {
                    Ok(()) => self.step.pack = self.packer.push(item(raw)),
                    Err(refusal) => self.refuse(&raw, refusal),
                }
            }
        }
        if self.step.pack.is_some() || self.step.refused.len() >= MOST_REFUSED {
            return self.hand_over();
        }
        ControlFlow::Continue(())
    }

    fn hand_over(&mut self) -> ControlFlow<()> {
        match self.sender.blocking_send(std::mem::take(&mut self.step)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    fn check(&mut self, raw: &RawMeasurement) -> Result<(), Refusal> {
        let Task { catalogue, department, now, .. } = self.task;
        let checker = Checker { catalogue, department, now: *now };
        let period = raw.period.to_string();
        let group = checker.group(GroupDraft {
            period: &period,
            indicator: "",
            status: None,
            edition: raw.edition.as_deref().unwrap_or_default(),
            territory: raw.territory.as_deref().unwrap_or_default(),
        });
        let number = match &raw.content {
            Content::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let good = checker.check(&group, &draft(raw, &number))?;
        if self.seen.is_new(&good) {
            return Ok(());
        }
        let reason = Reason::DuplicateInSubmission;
        let message =
            format!("an earlier row has the same key; only the first is taken (`{period}`)");
        Err(Refusal { reason, field: "value", message })
    }

    fn refuse(&mut self, raw: &RawMeasurement, refusal: Refusal) {
        self.summary.refused += 1;
        let indicator = self.task.catalogue.indicator(&raw.indicator);
        let period = raw.period.to_string();
        let about = About {
            id: &raw.indicator,
            indicator,
            period: &period,
            department: &self.task.department.id,
        };
        let place = fault(raw, refusal.field, indicator);
        self.step.refused.push(Refused::unchecked(place, refusal, about, self.task.lang));
    }
}

fn draft<'a>(raw: &'a RawMeasurement, number: &'a str) -> DraftRow<'a> {
    let pairs = raw.dimensions.iter();
    DraftRow {
        indicator: &raw.indicator,
        content: match &raw.content {
            Content::Number(_) => Draft::Number(number),
            Content::Level(level) => Draft::Level(level),
            Content::Missing { reason, .. } => Draft::Missing(Some(*reason)),
            Content::Withdrawn => Draft::Withdrawn,
        },
        dimensions: pairs.map(|(dimension, member)| (&**dimension, &**member)).collect(),
        status: raw.status,
        ranked_among: raw.ranked_among.map(u32::from),
        comment: raw.comment.as_deref().unwrap_or_default(),
        evidence: raw.evidence.as_deref().unwrap_or_default(),
        confirmed: raw.confirmed,
    }
}

fn item(raw: RawMeasurement) -> Item {
    use v1::measurement::Content as Message;
    let content = match raw.content {
        Content::Number(number) => Message::Value(number.to_string()),
        Content::Level(level) => Message::Level(level),
        Content::Missing { reason, .. } => Message::Missing(v1::MissingReason::from(reason) as i32),
        Content::Withdrawn => Message::Withdrawn(true),
    };
    let pairs = raw.dimensions.into_iter();
    Item {
        period: raw.period.to_string(),
        edition: raw.edition.unwrap_or_default(),
        territory: raw.territory.unwrap_or_default(),
        measurement: v1::Measurement {
            indicator: raw.indicator,
            content: Some(content),
            dimensions: pairs
                .map(|(dimension, member)| v1::DimensionMember { dimension, member })
                .collect(),
            status: raw.status.map_or(0, |status| v1::ObservationStatus::from(status) as i32),
            ranked_among: raw.ranked_among.map(u32::from),
            comment: raw.comment.unwrap_or_default(),
            evidence: raw.evidence.unwrap_or_default(),
            confirmed: raw.confirmed,
        },
        place: raw.place,
    }
}

/// The cell at fault, if the row has one for the field; else the value's.
fn fault(raw: &RawMeasurement, field: &str, indicator: Option<&Indicator>) -> Place {
    let told_in = &raw.told_in;
    let member = raw.dimensions.iter().find(|(dimension, member)| {
        let known = indicator.and_then(|indicator| indicator.dimension(dimension));
        known.is_none_or(|known| !known.members.contains(member))
    });
    let column_of = |dimension: &str| {
        told_in.dimensions.iter().find(|(known, _)| known == dimension).map(|(_, at)| *at)
    };
    let column = match field {
        "indicator" => told_in.indicator,
        "period" => told_in.period,
        "dimensions" => member.and_then(|(dimension, _)| column_of(dimension)),
        "status" => told_in.status,
        "ranked_among" => told_in.ranked_among,
        "edition" => told_in.edition,
        "territory" => told_in.territory,
        "comment" => told_in.comment,
        "evidence" => told_in.evidence,
        _ => None,
    };
    let Some(column) = column else { return raw.place.clone() };
    let text = raw.row.cell(column).raw().into_owned();
    Place { column: Some(letters(column)), raw: text, ..raw.place.clone() }
}

/// The keys seen in a file, exactly, in eight bytes each: 16 bits of indicator,
/// 20 of period, 28 of members.
#[derive(Debug, Default)]
struct Seen {
    keys: HashSet<u64>,
    members: HashMap<String, u64>,
}

impl Seen {
    fn is_new(&mut self, checked: &Checked) -> bool {
        let known = self.members.get(&checked.members).copied();
        let members = known.unwrap_or_else(|| {
            let next = self.members.len() as u64;
            self.members.insert(checked.members.clone(), next);
            next
        });
        let key =
            u64::from(checked.indicator) << 48 | u64::from(checked.period.code()) << 28 | members;
        self.keys.insert(key)
    }
}

#[cfg(test)]
mod tests;
