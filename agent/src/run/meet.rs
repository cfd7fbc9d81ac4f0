//! A contact with the server: who it is, whether it still has everything, what is new, what waits.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tonic_types::StatusExt as _;

use super::Runner;
use super::answers::{Answers, Told};
use super::state::{Last, Outcome};
use crate::catalogue;
use crate::clock;
use crate::config::Source;
use crate::connection::{Met, is_of_network};
use crate::contact::Contact;
use crate::gather::folder;
use crate::outbox::Outbox;
use crate::push::retry::{Policy, random};
use crate::push::{Pusher, Stopped};
use crate::reconcile;
use crate::refused::Context;
use crate::report::Counts;

/// Tries once: the next try is planned with everything else.
const ONCE: Policy = Policy { tries: 1, ..Policy::SERVICE };

/// Why a contact came to nothing, and how long the server wants to be left alone.
struct Away {
    why: String,
    wish: Option<Duration>,
}

impl From<String> for Away {
    fn from(why: String) -> Self {
        Self { why, wish: None }
    }
}

impl Runner<'_, '_> {
    /// Meets the server, and plans when to meet it next.
    pub(super) async fn meet(&mut self) {
        let was_good = self.pace.is_good();
        match self.contact().await {
            Ok(()) => {
                self.fresh = false;
                self.pace.reached(clock::now(), random());
                if !was_good {
                    let said = self.app.lang().run_in_contact();
                    self.say(said);
                }
            }
            Err(Away { why, wish }) => {
                self.pace.failed(clock::now(), wish, random());
                if was_good {
                    let said = self.app.lang().run_away(&why);
                    self.app.warn(&said);
                }
            }
        }
    }

    async fn contact(&mut self) -> Result<(), Away> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.app.connection().map_err(|failed| failed.said)?,
        };
        let met = match self.app.try_to_meet(&mut connection).await {
            Ok(met) => met,
            Err(status) => {
                // Kept if the network failed: it counts failures, and is built anew after
                // some. A refusal may be over with another certificate.
                self.connection = Some(connection).filter(|_| is_of_network(&status));
                return Err(Away {
                    why: self.app.lang().unanswered(&status),
                    wish: status.get_details_retry_info().and_then(|info| info.retry_delay),
                });
            }
        };
        let connection = self.connection.insert(connection);
        let mut outbox = self.app.outbox().map_err(|failed| failed.said)?;
        let compared = reconcile::compare(self.app, connection, &mut outbox).await;
        compared.map_err(|failed| failed.said)?;
        self.renew_catalogue(&met).await?;
        self.push(outbox).await
    }

    async fn renew_catalogue(&mut self, met: &Met) -> Result<(), Away> {
        let known = self.catalogue.as_ref().map(|catalogue| catalogue.version.as_str());
        if known == Some(&met.info.catalogue_version) {
            return Ok(());
        }
        let Some(connection) = &self.connection else { return Ok(()) };
        let fetched = catalogue::fetch(connection, &self.app.home).await;
        let fetched = fetched.map_err(|status| self.app.lang().server_said(&status))?;
        if self.catalogue.is_none() {
            // Jobs that waited for it need not wait any longer.
            self.states.jobs.values_mut().for_each(|state| state.again = None);
        }
        self.catalogue = Some(Arc::new(fetched));
        Ok(())
    }

    async fn push(&mut self, mut outbox: Outbox) -> Result<(), Away> {
        let lang = self.app.lang();
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let department = self.app.config.department.clone().unwrap_or_default();
        let catalogue = self.catalogue.clone();
        let context = Context { catalogue: catalogue.as_deref(), department: &department, lang };
        let home = self.app.home.clone();
        let mut answers = Answers::new(&home, context);
        let as_whom = (self.app.config.agent.as_str(), department.as_str());
        let mut pusher = Pusher::new(connection, &mut outbox, ONCE, as_whom);
        let sent = pusher.send_all(&mut answers).await;
        answers.close();
        let Answers { counts, told, failed, lost, .. } = answers;
        let closed = outbox.close();
        if lost > 0 {
            self.app.warn(&lang.server_lost(lost));
        }
        self.tell(counts, told, failed);
        if let Err(stopped) = sent {
            let why = lang.stopped(&stopped);
            let mut contact = Contact::load(&self.app.home);
            contact.failed(clock::now(), &why);
            contact.save(&self.app.home);
            let wish = if let Stopped::Away { wish, .. } = stopped { wish } else { None };
            return Err(Away { why, wish });
        }
        closed.map_err(|error| lang.no_ledger(&error).into())
    }

    fn tell(&mut self, counts: Counts, told: Vec<Told>, failed: Vec<(String, String)>) {
        let lang = self.app.lang();
        let Counts { accepted, revised, unchanged, rejected } = counts;
        if counts != Counts::default() {
            let said = lang.answer_summary(accepted, revised, unchanged, rejected);
            self.say(&said);
        }
        for (submission, message) in failed {
            let said = lang.failed_whole(&submission, &message);
            self.app.warn(&said);
        }
        let any = !told.is_empty();
        for Told { file, rows, report } in told {
            let said = match report {
                Ok(report) => lang.job_refused_by_server(rows, &file, &report.display()),
                Err(cause) => lang.cannot_write(&file, &cause),
            };
            if let Some(name) = self.job_of(Path::new(&file)) {
                let last =
                    Last { at: clock::now(), outcome: Outcome::SomeRefused, said: said.clone() };
                self.states.of(&name).last = Some(last);
            }
            self.app.warn(&said);
        }
        if any {
            self.save();
        }
    }

    /// The job a recorded file came from.
    fn job_of(&self, file: &Path) -> Option<String> {
        let fetched = self.app.home.fetched();
        let is_of = |source: &Source, name: &str| match source {
            Source::Folder(watched) => folder::taken_from(file) == Some(&watched.path),
            Source::File(path) => path == file,
            _ => {
                file.parent() == Some(&fetched) && file.file_stem().is_some_and(|stem| stem == name)
            }
        };
        let jobs = self.jobs.iter().filter_map(|loaded| loaded.job.as_ref().ok());
        jobs.into_iter().find(|job| is_of(&job.source, &job.name)).map(|job| job.name.clone())
    }
}
