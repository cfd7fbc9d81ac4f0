//! What becomes of the submissions sent by a command, told as the answers come.

use std::time::Duration;

use prost::Message as _;
use tiendo_shared::submission::{Reason, SubmissionId};
use tiendo_shared::wire::v1;
use tonic::Status;

use crate::app::{App, Failed};
use crate::clock;
use crate::collected::Collected;
use crate::connection::Connection;
use crate::console::Tone;
use crate::contact::Contact;
use crate::exit::Exit;
use crate::outbox::record::{Prepared, Waiting};
use crate::outbox::{Outbox, id_of};
use crate::pack::Item;
use crate::progress::Progress;
use crate::push::retry::Policy;
use crate::push::{Listener, Pusher, Stopped};
use crate::refused::{Context, Refused, measurement_at, place};
use crate::report::{FailedWhole, Report};

/// Most large changes that are asked about at once; more are refused.
const MOST_DOUBTS: usize = 5_000;

/// A measurement the server does not believe without a confirmation.
#[derive(Debug)]
pub(crate) struct Doubt {
    /// The refusal it is, unless it is confirmed.
    pub(crate) refused: Refused,
    /// The measurement, confirmed, to be sent again.
    pub(crate) item: Item,
}

/// Hears what becomes of submissions and keeps what is to be told.
struct Tally<'t> {
    report: &'t mut Report,
    collected: &'t mut Collected,
    doubts: &'t mut Vec<Doubt>,
    context: Context<'t>,
    act: Option<SubmissionId>,
    progress: Progress,
    /// Submissions that the server lost.
    lost: usize,
}

/// What a command that sends has open.
#[derive(Debug)]
pub(crate) struct Sending<'s> {
    /// The way to the server.
    pub(crate) connection: Connection,
    /// What waits.
    pub(crate) outbox: Outbox,
    /// What is told at the end.
    pub(crate) report: Report,
    /// Rows that are refused.
    pub(crate) collected: Collected,
    /// Rows the server would take if they were confirmed.
    pub(crate) doubts: Vec<Doubt>,
    /// How refusals are told.
    pub(crate) context: Context<'s>,
    /// The act whose large changes may be confirmed; none for no act.
    pub(crate) act: Option<SubmissionId>,
}

impl Sending<'_> {
    /// Sends everything that waits, and keeps what became of it. That the server
    /// is away is no failure: what waits is safe.
    pub(crate) async fn send_all(&mut self, app: &mut App<'_>) -> Result<(), Failed> {
        let items = self.outbox.index().waiting().map(|waiting| u64::from(waiting.items)).sum();
        let progress = Progress::new(app.console, app.lang().progress_sending(), Some(items));
        let mut tally = Tally {
            report: &mut self.report,
            collected: &mut self.collected,
            doubts: &mut self.doubts,
            context: self.context,
            act: self.act,
            progress,
            lost: 0,
        };
        let department = app.config.department.clone().unwrap_or_default();
        let as_whom = (app.config.agent.as_str(), department.as_str());
        let (connection, outbox) = (&mut self.connection, &mut self.outbox);
        let mut pusher = Pusher::new(connection, outbox, Policy::INTERACTIVE, as_whom);
        let ended = pusher.send_all(&mut tally).await;
        tally.progress.end();
        let lost = tally.lost;
        self.report.waiting = self.outbox.index().waiting().count();
        self.report.stopped = match ended {
            Ok(()) => None,
            Err(Stopped::Ledger(error)) => return Err(app.ledger(&error)),
            Err(stopped) => Some(app.lang().stopped(&stopped)),
        };
        if lost > 0 {
            app.warn(&app.lang().server_lost(lost));
        }
        if let Some(why) = &self.report.stopped {
            let mut contact = Contact::load(&app.home);
            contact.failed(clock::now(), why);
            contact.save(&app.home);
        }
        Ok(())
    }

    /// Tells what became of everything, and how the command ends.
    pub(crate) fn end(mut self, app: &mut App<'_>, rejects: &str) -> Result<Exit, Failed> {
        for doubt in self.doubts.drain(..) {
            self.collected.add(doubt.refused);
        }
        let lang = app.lang();
        self.report.refused_total = self.collected.total;
        self.report.counts.rejected = self.collected.total;
        (self.report.refused, self.report.rejects) = self.collected.finish(app, rejects);
        for failed in &self.report.failed {
            app.warn(&lang.failed_whole(&failed.submission, &failed.message));
        }
        if self.report.asked_server {
            self.report.tell_counts(app);
        }
        if self.report.waiting > 0 {
            let why = self.report.stopped.as_deref().unwrap_or_default();
            let saved = lang.saved_not_sent(self.report.waiting);
            app.console.toned(Tone::Warn, format!("{why} {saved}").trim());
        }
        let exit = match &self.report {
            Report { waiting: 1.., .. } => Exit::SavedNotSent,
            Report { failed, .. } if !failed.is_empty() => Exit::Failed,
            Report { refused_total: 1.., .. } => Exit::SomeRefused,
            _ => Exit::Done,
        };
        self.outbox.close().map_err(|error| app.ledger(&error))?;
        Ok(self.report.end(app, exit))
    }
}

impl Listener for Tally<'_> {
    fn answered(
        &mut self,
        waiting: &Waiting,
        prepared: Option<&Prepared>,
        response: &v1::SubmitMeasurementsResponse,
    ) {
        self.progress.more(u64::from(waiting.items));
        self.progress.says(self.context.lang.progress_sending().to_owned());
        self.report.asked_server = true;
        self.report.counts.add(&response.counts.unwrap_or_default());
        if let Some(receipt) = &response.receipt {
            self.report.receipt(receipt);
        }
        if let Some(prepared) = prepared {
            self.refused(prepared, &response.rejections);
        }
    }

    fn failed(&mut self, waiting: &Waiting, message: &str) {
        self.progress.more(u64::from(waiting.items));
        let submission = id_of(&waiting.id).to_string();
        self.report.failed.push(FailedWhole { submission, message: message.to_owned() });
    }

    fn lost(&mut self, count: usize) {
        self.lost += count;
    }

    fn waits(&mut self, wait: Duration, status: &Status) {
        tracing::info!("trying again in {:.1} s: {}", wait.as_secs_f64(), status.message());
        let lang = self.context.lang;
        self.progress.says(lang.retrying(wait.as_secs_f64(), &lang.away(status)));
    }
}

impl Tally<'_> {
    fn refused(&mut self, prepared: &Prepared, rejections: &[v1::Rejection]) {
        let Ok(request) = v1::SubmitMeasurementsRequest::decode(&*prepared.request) else {
            tracing::error!("the ledger holds a submission that is none");
            return;
        };
        let places = prepared.places.clone().unwrap_or_default();
        for rejection in rejections {
            let at = rejection.index as usize;
            let Some(sent) = measurement_at(&request.groups, at) else {
                tracing::warn!("a refusal of measurement {at}, which was not sent");
                continue;
            };
            let refused = Refused::by_server(rejection, sent, &places, &self.context);
            let doubted = rejection.reason == Reason::ImplausibleChange as i32;
            // Taken as a whole or not at all, it cannot be sent again without the others.
            let alone = !request.all_or_nothing && self.is_of_act(prepared);
            if doubted && alone && self.doubts.len() < MOST_DOUBTS {
                self.doubts.push(Doubt { refused, item: item(sent, place(&places, at)) });
            } else {
                self.collected.add(refused);
            }
        }
    }
}

impl Tally<'_> {
    /// Only what the officer sends now can be confirmed now.
    fn is_of_act(&self, prepared: &Prepared) -> bool {
        self.act.is_some_and(|act| prepared.act == act.as_bytes())
    }
}

/// A measurement that was sent, on its way into another submission.
fn item(
    (group, measurement): (&v1::MeasurementGroup, &v1::Measurement),
    place: crate::source::cell::Place,
) -> Item {
    let mut measurement = measurement.clone();
    if measurement.indicator.is_empty() {
        measurement.indicator.clone_from(&group.indicator);
    }
    if measurement.status == 0 {
        measurement.status = group.status;
    }
    measurement.confirmed = true;
    Item {
        period: group.period.clone(),
        edition: group.edition.clone(),
        territory: group.territory.clone(),
        measurement,
        place,
    }
}
