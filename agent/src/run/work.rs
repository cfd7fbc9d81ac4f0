//! One run of a job: fetch, take into the ledger, note what came of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::state::{Disabled, Last, Outcome};
use super::take::{Held, Rules};
use super::{Runner, pace};
use crate::clock;
use crate::config::{self, Source};
use crate::gather::folder::{self, Looks, Whole};
use crate::gather::{Trouble, command, sql};
use crate::job::Job;
use crate::push::retry::{Policy, random};
use crate::reading::Failure;
use crate::refused::Refused;
use crate::rejects::Rejects;
use crate::source;
use crate::world;

/// How long a file that cannot be whole is waited for before it is refused.
const PATIENCE: Duration = Duration::from_mins(10);

/// What came of a run; none if there was nothing to do.
type Ran = Option<(Outcome, String)>;

/// A file that was not taken.
enum NotTaken {
    /// It will be whole, or closed, later.
    Later(String),
    /// It cannot be read as it is.
    Bad(String),
    /// Something else is wrong.
    Trouble(Trouble),
}

impl Runner<'_, '_> {
    /// Runs a job that is due.
    pub(super) async fn work(&mut self, at: usize) {
        let Ok(job) = self.jobs[at].job.clone() else { return };
        let now = clock::now();
        let covered = self.states.of(&job.name).covered.unwrap_or(now);
        let timing = job.timing.as_ref();
        let due = timing.and_then(|timing| timing.due(covered, now, self.calendar()));
        if let Some(due) = due.filter(|due| due.missed > 0) {
            let said = self.app.lang().job_made_up(&job.name, due.missed);
            self.say(&said);
        }
        let ran = self.fetch(&job).await;
        let before = self.states.jobs.get(&job.name).cloned();
        match ran {
            Ok(ran) => self.ran(&job.name, ran, due.map(|due| due.covers)),
            Err(trouble) => self.failed(at, &job.name, trouble),
        }
        if self.states.jobs.get(&job.name) != before.as_ref() {
            self.save();
        }
    }

    fn ran(&mut self, name: &str, ran: Ran, covers: Option<jiff::Timestamp>) {
        let at = clock::now();
        let state = self.states.of(name);
        (state.failures, state.again) = (0, None);
        state.covered = covers.or(state.covered);
        let Some((outcome, said)) = ran else { return };
        state.last = Some(Last { at, outcome, said: said.clone() });
        self.fresh |= matches!(outcome, Outcome::Recorded | Outcome::SomeRefused);
        self.say(&format!("{name}: {said}"));
    }

    fn failed(&mut self, at: usize, name: &str, Trouble { why, lasting }: Trouble) {
        let now = clock::now();
        let lang = self.app.lang();
        let fingerprint = self.jobs[at].fingerprint.clone();
        let state = self.states.of(name);
        state.failures = state.failures.saturating_add(1);
        state.last = Some(Last { at: now, outcome: Outcome::Failed, said: why.clone() });
        let said = if lasting {
            state.disabled = Some(Disabled { since: now, why: why.clone(), fingerprint });
            lang.job_disabled(name, &why)
        } else {
            let wait = Policy::SOURCE.wait(state.failures, None, random());
            let again = pace::after(now, wait.unwrap_or(Policy::SOURCE.cap));
            state.again = Some(again);
            lang.job_again(name, &why, &clock::for_people(again))
        };
        self.app.warn(&said);
    }

    async fn fetch(&mut self, job: &Job) -> Result<Ran, Trouble> {
        let lang = self.app.lang();
        let rules = self.rules(job)?;
        let fetched = |end: &str| -> Result<PathBuf, Trouble> {
            let folder = self.app.home.fetched();
            std::fs::create_dir_all(&folder).map_err(|error| {
                Trouble::passing(lang.job_file_unreadable(&folder.display(), &error))
            })?;
            Ok(folder.join(format!("{}.{end}", job.name)))
        };
        let path = match &job.source {
            Source::Folder(folder) => return self.take_folder(job, &rules, folder).await,
            Source::File(path) => path.clone(),
            Source::Command(command) => {
                let path = fetched("csv")?;
                command::run(command, self.app.home.path(), &path, lang).await?;
                path
            }
            Source::Database(database) => {
                let path = fetched("rows")?;
                if sql::fetch(database, self.app.home.path(), &path, lang).await? == 0 {
                    return Ok(Some((Outcome::Nothing, lang.job_nothing().to_owned())));
                }
                path
            }
        };
        match self.take(&job.name, &rules, &path, None).await {
            Ok(ran) => Ok(Some(ran)),
            Err(NotTaken::Later(why) | NotTaken::Bad(why)) => Err(Trouble::passing(why)),
            Err(NotTaken::Trouble(trouble)) => Err(trouble),
        }
    }

    fn rules(&self, job: &Job) -> Result<Rules, Trouble> {
        let lang = self.app.lang();
        let catalogue =
            self.catalogue.as_ref().ok_or_else(|| Trouble::passing(lang.no_catalogue()))?;
        let department = self.app.department(catalogue);
        let department = department.map_err(|failed| Trouble::passing(failed.said))?;
        Ok(Rules { catalogue: Arc::clone(catalogue), department, mapping: job.mapping.clone() })
    }

    async fn take_folder(
        &mut self,
        job: &Job,
        rules: &Rules,
        watched: &config::Folder,
    ) -> Result<Ran, Trouble> {
        let lang = self.app.lang();
        let unreadable = |error: std::io::Error| {
            Trouble::passing(lang.job_file_unreadable(&watched.path.display(), &error))
        };
        let now = clock::now();
        let (mut looks, _) = self.looks.remove(&job.name).unwrap_or((Looks::default(), now));
        let (path, settle) = (watched.path.clone(), watched.settle);
        // A share that hangs must not hold up the other jobs, nor the contact with the server.
        let look = world::beside(move || {
            let whole = looks.look(&path, settle, now);
            (looks, whole)
        });
        let (looks, whole) = tokio::time::timeout(Duration::from_mins(1), look)
            .await
            .map_err(|_| unreadable(std::io::ErrorKind::TimedOut.into()))?
            .map_err(|error| Trouble::passing(error.to_string()))?;
        self.looks.insert(job.name.clone(), (looks, now));
        let mut trouble = None;
        for file in whole.map_err(unreadable)? {
            match self.take_file(job, rules, &file).await {
                Ok(Some(ran)) => {
                    // Noted file by file: the next may take long, or the process be stopped.
                    self.ran(&job.name, Some(ran), None);
                    self.save();
                }
                Ok(None) => {}
                // One that may not be read does not hold up the others.
                Err(error) => trouble = Some(error),
            }
        }
        trouble.map_or(Ok(None), Err)
    }

    async fn take_file(&mut self, job: &Job, rules: &Rules, file: &Whole) -> Result<Ran, Trouble> {
        let shown = file.path.file_name().unwrap_or_default().display().to_string();
        match self.take(&job.name, rules, &file.path, Some(&file.path)).await {
            Ok((outcome, said)) => Ok(Some((outcome, format!("{shown}: {said}")))),
            Err(NotTaken::Later(_)) if file.still < PATIENCE => Ok(None),
            Err(NotTaken::Later(why) | NotTaken::Bad(why)) => {
                self.refuse(&file.path, why).map(Some)
            }
            Err(NotTaken::Trouble(trouble)) => Err(trouble),
        }
    }

    /// Puts a file that cannot be read where the refused ones are, with a report that says why.
    fn refuse(&self, path: &Path, why: String) -> Result<(Outcome, String), Trouble> {
        let lang = self.app.lang();
        let unmoved = |error: std::io::Error| {
            Trouble::passing(lang.job_file_unreadable(&path.display(), &error))
        };
        let to = folder::goes_to(path, true).map_err(unmoved)?;
        let mut report = Rejects::new(folder::free(&Rejects::beside(&to, lang)), lang);
        let refused = Refused::whole_file(&path.display().to_string(), why.clone());
        let written = report.add(&refused).and_then(|()| report.finish());
        written.map_err(|error| Trouble::passing(error.to_string()))?;
        std::fs::rename(path, &to).map_err(unmoved)?;
        Ok((Outcome::SomeRefused, why))
    }

    /// Takes a file; one of a watched folder is moved to where it belongs.
    async fn take(
        &mut self,
        name: &str,
        rules: &Rules,
        path: &Path,
        watched: Option<&Path>,
    ) -> Result<(Outcome, String), NotTaken> {
        let lang = self.app.lang();
        let held = rules.hold(self.app, path).await.map_err(|failure| {
            let file = path.display().to_string();
            let said = lang.unreadable(&failure, &file, &rules.department.id);
            not_taken(&failure, said)
        })?;
        let known = held.content.is_empty() || self.states.of(name).sent == held.content;
        let trouble = |why: String| NotTaken::Trouble(Trouble::passing(why));
        let unmoved =
            |error: std::io::Error| trouble(lang.job_file_unreadable(&path.display(), &error));
        let goes = watched.map(|path| folder::goes_to(path, held.refused > 0));
        let to = goes.transpose().map_err(unmoved)?;
        if !known {
            let named = to.as_deref().unwrap_or(path);
            let state = self.states.of(name);
            let mut outbox = self.app.outbox().map_err(|failed| trouble(failed.said))?;
            let recorded = rules.record(self.app, &mut outbox, state, path, named).await;
            recorded.map_err(NotTaken::Trouble)?;
            let closed = outbox.close();
            // Before the file moves: killed between the two, it is known for what was sent.
            self.save();
            closed.map_err(|error| trouble(lang.no_ledger(&error)))?;
            self.fresh = true;
        }
        let said = self.told(&held, known);
        let (outcome, said) =
            self.report(held, known, to.as_deref(), path, said).map_err(trouble)?;
        if let Some(to) = to {
            std::fs::rename(path, to).map_err(unmoved)?;
        }
        Ok((outcome, said))
    }

    fn told(&self, held: &Held, known: bool) -> String {
        let lang = self.app.lang();
        let good = held.summary.measurements - held.summary.refused;
        match (known, held.content.is_empty()) {
            (_, true) => lang.job_nothing().to_owned(),
            (true, false) => lang.job_unchanged().to_owned(),
            (false, false) => lang.job_recorded(good),
        }
    }

    /// Writes the report of refused rows, if there are any.
    fn report(
        &self,
        held: Held,
        known: bool,
        to: Option<&Path>,
        path: &Path,
        said: String,
    ) -> Result<(Outcome, String), String> {
        let lang = self.app.lang();
        if held.refused == 0 {
            let outcome = match (known, held.content.is_empty()) {
                (_, true) => Outcome::Nothing,
                (true, false) => Outcome::Unchanged,
                (false, false) => Outcome::Recorded,
            };
            return Ok((outcome, said));
        }
        let report = if let Some(to) = to {
            folder::free(&Rejects::beside(to, lang))
        } else {
            // Written anew at each run: it speaks of the file as it is.
            let folder = self.app.home.reports();
            std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
            Rejects::beside(&folder.join(path.file_name().unwrap_or_default()), lang)
        };
        held.rejects.finish_at(report.clone()).map_err(|error| error.to_string())?;
        let refused = lang.job_refused(held.refused, &report.display());
        Ok((Outcome::SomeRefused, format!("{said} {refused}")))
    }
}

/// Whether a file may be whole later.
fn not_taken(failure: &Failure, said: String) -> NotTaken {
    use source::Error;
    match failure {
        Failure::Source(
            Error::InUse { .. }
            | Error::Changing { .. }
            | Error::Empty { .. }
            | Error::HalfWritten { .. },
        ) => NotTaken::Later(said),
        Failure::Source(Error::Io { .. } | Error::Denied { .. } | Error::NotFound { .. })
        | Failure::Broken => NotTaken::Trouble(Trouble::passing(said)),
        _ => NotTaken::Bad(said),
    }
}
