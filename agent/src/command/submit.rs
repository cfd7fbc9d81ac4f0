//! `submit`: check, record in the ledger of this computer, send.
//!
//! Nothing of a file is sent before it was read to its end, and nothing before it
//! is on the disk: submissions are prepared one by one, and released together.

use prost::Message as _;
use tiendo_shared::submission::SubmissionId;
use tiendo_shared::wire::v1;

use super::file;
use crate::app::{App, Failed};
use crate::cli::Input;
use crate::clock;
use crate::collected::{self, Collected};
use crate::exit::Exit;
use crate::outbox::Outbox;
use crate::outbox::record::Prepared;
use crate::pack::{Bounds, Pack, Packer};
use crate::progress::Progress;
use crate::reading::{Reading, Summary};
use crate::reconcile;
use crate::refused::Context;
use crate::rejects::Rejects;
use crate::report::Report;
use crate::sending::Sending;

/// How to send.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    /// Large changes are confirmed without a question.
    pub(super) confirm: bool,
    /// A refused row keeps all others back.
    pub(super) all_or_nothing: bool,
}

/// One act of sending: what a file becomes in the ledger.
struct Act {
    id: SubmissionId,
    department: String,
    options: Options,
    packs: u32,
}

pub(super) async fn run(
    app: &mut App<'_>,
    input: &Input,
    options: Options,
) -> Result<Exit, Failed> {
    let lang = app.lang();
    file::there(app, input)?;
    let mapping = file::mapping(app, input)?;
    let mut connection = app.connection()?;
    let mut outbox = app.free_outbox().await?;
    let met = app.meet(&mut connection).await;
    if met.is_some() {
        reconcile::compare(app, &connection, &mut outbox).await?;
    }
    let catalogue = app.catalogue(met.as_ref().map(|_| &connection)).await?;
    let department = app.department(&catalogue)?;
    let known = (&catalogue, &department);
    let task = file::task(app, input, mapping, known, met.as_ref(), options.all_or_nothing);
    let bounds = task.bounds;
    let rejects = input.rejects.clone().unwrap_or_else(|| Rejects::beside(&input.file, lang));
    let shown = rejects.display().to_string();
    let id = clock::new_id(clock::now());
    let mut act = Act { id, department: department.id.clone(), options, packs: 0 };
    let mut sending = Sending {
        connection,
        outbox,
        report: Report {
            command: "submit",
            file: input.file.display().to_string(),
            department: department.id.clone(),
            ..Report::default()
        },
        collected: Collected::new(rejects, lang, app.console.json),
        doubts: Vec::new(),
        context: Context { catalogue: Some(&catalogue), department: &department.id, lang },
        act: Some(act.id),
    };
    let earlier = sending.outbox.index().waiting().count();
    let summary = prepare(app, input, Reading::start(task), &mut act, &mut sending).await?;
    sending.report.read(&summary);
    sending.report.tell_read(app, &summary, &catalogue.version);
    if act.may_go(app, &sending.collected)? {
        sending.outbox.release(act.id).map_err(|error| app.ledger(&error))?;
    }
    if earlier > 0 {
        app.console.line(&lang.waiting_first(earlier));
    }
    sending.send_all(app).await?;
    if confirmed(app, options, &sending) {
        act.confirm(app, &mut sending, bounds)?;
        sending.send_all(app).await?;
    }
    sending.end(app, &shown)
}

/// Reads the file to its end and prepares its submissions; none of them is released.
async fn prepare(
    app: &mut App<'_>,
    input: &Input,
    mut reading: Reading,
    act: &mut Act,
    sending: &mut Sending<'_>,
) -> Result<Summary, Failed> {
    let progress = Progress::new(app.console, app.lang().progress_reading(), None);
    while let Some(step) = reading.next().await {
        progress.more(step.pack.as_ref().map_or(0, |pack| u64::from(pack.items)));
        step.refused.into_iter().for_each(|refused| sending.collected.add(refused));
        if let Some(pack) = step.pack {
            act.prepare(app, &mut sending.outbox, pack)?;
        }
    }
    progress.end();
    reading.ended().map_err(|failure| file::unreadable(app, input, &failure))
}

/// Whether the officer stands by the large changes; those not asked about are refused.
fn confirmed(app: &mut App<'_>, options: Options, sending: &Sending<'_>) -> bool {
    if sending.doubts.is_empty() || options.confirm {
        return !sending.doubts.is_empty();
    }
    if app.console.answers.is_none() || app.console.json {
        return false;
    }
    let doubted: Vec<_> = sending.doubts.iter().map(|doubt| doubt.refused.clone()).collect();
    collected::show(app, &doubted);
    let question = app.lang().ask_confirm(doubted.len());
    app.console.ask(&question).unwrap_or(false)
}

impl Act {
    fn prepare(
        &mut self,
        app: &App<'_>,
        outbox: &mut Outbox,
        mut pack: Pack,
    ) -> Result<(), Failed> {
        let now = clock::now();
        // The first submission of an act carries its id.
        let id = if self.packs == 0 { self.id } else { clock::new_id(now) };
        self.packs += 1;
        let Options { confirm, all_or_nothing } = self.options;
        if confirm && all_or_nothing {
            let groups = pack.groups.iter_mut();
            groups.flat_map(|group| &mut group.measurements).for_each(|one| one.confirmed = true);
        }
        let request = v1::SubmitMeasurementsRequest {
            submission_id: id.to_string(),
            groups: pack.groups,
            all_or_nothing,
            ..v1::SubmitMeasurementsRequest::default()
        };
        let prepared = Prepared {
            id: id.as_bytes().to_vec(),
            act: self.id.as_bytes().to_vec(),
            department: self.department.clone(),
            request: request.encode_to_vec(),
            items: pack.items,
            at_us: now.as_microsecond(),
            places: Some(pack.places),
            replaces: Vec::new(),
        };
        outbox.prepare(prepared).map_err(|error| app.ledger(&error))
    }

    /// Whether what was prepared is sent.
    fn may_go(&self, app: &mut App<'_>, collected: &Collected) -> Result<bool, Failed> {
        let lang = app.lang();
        if self.options.all_or_nothing && self.packs > 1 {
            return Err(Failed::because(lang.too_long_for_one()));
        }
        if self.options.all_or_nothing && collected.total > 0 {
            app.console.line(lang.nothing_sent_all_or_nothing());
            return Ok(false);
        }
        if self.packs == 0 {
            app.console.line(lang.nothing_to_send());
        }
        Ok(self.packs > 0)
    }

    /// Sends the doubted measurements again, confirmed, as an act of its own.
    fn confirm(
        &mut self,
        app: &mut App<'_>,
        sending: &mut Sending<'_>,
        bounds: Bounds,
    ) -> Result<(), Failed> {
        (self.id, self.packs) = (clock::new_id(clock::now()), 0);
        let mut packer = Packer::new(&sending.report.file, bounds);
        let doubts = std::mem::take(&mut sending.doubts);
        sending.report.confirmed = doubts.len() as u64;
        let confirmed = app.lang().confirmed_sent(doubts.len());
        for doubt in doubts {
            if let Some(pack) = packer.push(doubt.item) {
                self.prepare(app, &mut sending.outbox, pack)?;
            }
        }
        if let Some(pack) = packer.finish() {
            self.prepare(app, &mut sending.outbox, pack)?;
        }
        sending.outbox.release(self.id).map_err(|error| app.ledger(&error))?;
        app.console.line(&confirmed);
        Ok(())
    }
}
