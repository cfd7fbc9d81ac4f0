//! `check`: everything `submit` would do to a file, but record and send it.

use tiendo_shared::wire::v1;
use tonic::Status;

use super::file;
use crate::app::{App, Failed};
use crate::cli::Input;
use crate::clock;
use crate::collected::Collected;
use crate::connection::{ANSWER, Connection, within};
use crate::console::Tone;
use crate::exit::Exit;
use crate::pack::Pack;
use crate::progress::Progress;
use crate::reading::Reading;
use crate::refused::{Context, Refused, measurement_at};
use crate::rejects::Rejects;
use crate::report::{Counts, Report};

pub(super) async fn run(app: &mut App<'_>, input: &Input, offline: bool) -> Result<Exit, Failed> {
    let lang = app.lang();
    file::there(app, input)?;
    let mapping = file::mapping(app, input)?;
    let mut connection = if offline { None } else { app.connection().ok() };
    let mut met = None;
    if let Some(way) = &mut connection {
        met = app.meet(way).await;
    }
    let connection = connection.filter(|_| met.is_some());
    let catalogue = app.catalogue(connection.as_ref()).await?;
    let department = app.department(&catalogue)?;
    let task = file::task(app, input, mapping, (&catalogue, &department), met.as_ref(), false);
    let rejects = input.rejects.clone().unwrap_or_else(|| Rejects::beside(&input.file, lang));
    let shown = rejects.display().to_string();
    let mut check = Check {
        asked: connection,
        collected: Collected::new(rejects, lang, app.console.json),
        counts: Counts::default(),
        context: Context { catalogue: Some(&catalogue), department: &department.id, lang },
    };
    let progress = Progress::new(app.console, lang.progress_reading(), None);
    let mut reading = Reading::start(task);
    while let Some(step) = reading.next().await {
        progress.more(step.pack.as_ref().map_or(0, |pack| u64::from(pack.items)));
        step.refused.into_iter().for_each(|refused| check.collected.add(refused));
        if let Some(pack) = step.pack
            && let Err(status) = check.pack(pack).await
        {
            app.console.note(&lang.server_said(&status));
            check.asked = None;
        }
    }
    progress.end();
    let summary = reading.ended().map_err(|failure| file::unreadable(app, input, &failure))?;
    let mut report = Report {
        command: "check",
        file: input.file.display().to_string(),
        department: department.id.clone(),
        asked_server: check.asked.is_some(),
        refused_total: check.collected.total,
        counts: check.counts,
        ..Report::default()
    };
    report.read(&summary);
    report.tell_read(app, &summary, &catalogue.version);
    report.counts.rejected = report.refused_total;
    (report.refused, report.rejects) = check.collected.finish(app, &shown);
    tell(app, &report);
    let exit = if report.refused_total > 0 { Exit::SomeRefused } else { Exit::Done };
    Ok(report.end(app, exit))
}

fn tell(app: &mut App<'_>, report: &Report) {
    let lang = app.lang();
    let Counts { accepted, revised, unchanged, rejected } = report.counts;
    let tone = if rejected > 0 { Tone::Warn } else { Tone::Good };
    let good = accepted + revised + unchanged;
    app.console.toned(tone, &lang.check_summary(good, rejected));
    if report.asked_server {
        app.console.line(&format!("{} {}", lang.checked_by_server(), lang.nothing_sent()));
    } else {
        app.console.line(&format!("{} {}", lang.checked_here_only(), lang.nothing_sent()));
    }
}

struct Check<'c> {
    /// The way to the server, while it answers.
    asked: Option<Connection>,
    collected: Collected,
    counts: Counts,
    context: Context<'c>,
}

impl Check<'_> {
    /// Asks the server what it would make of a submission.
    async fn pack(&mut self, pack: Pack) -> Result<(), Status> {
        let items = u64::from(pack.items);
        let Some(connection) = &self.asked else {
            self.counts.accepted += items;
            return Ok(());
        };
        let request = v1::SubmitMeasurementsRequest {
            submission_id: clock::new_id(clock::now()).to_string(),
            groups: pack.groups.clone(),
            validate_only: true,
            ..v1::SubmitMeasurementsRequest::default()
        };
        let mut client = connection.collection();
        let answer = within(ANSWER, client.submit_measurements(request)).await;
        // What the server could not be asked about is as good as this computer can tell.
        let answer = answer.inspect_err(|_| self.counts.accepted += items)?.into_inner();
        self.counts.add(&answer.counts.unwrap_or_default());
        for rejection in &answer.rejections {
            if let Some(sent) = measurement_at(&pack.groups, rejection.index as usize) {
                let refused = Refused::by_server(rejection, sent, &pack.places, &self.context);
                self.collected.add(refused);
            }
        }
        Ok(())
    }
}
