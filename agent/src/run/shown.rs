//! The jobs as `status` shows them: when each ran, what came of it, when it runs next.

use jiff::Timestamp;
use serde::Serialize;

use super::state::{Last, Outcome, State, States};
use crate::app::App;
use crate::catalogue;
use crate::clock;
use crate::console::Tone;
use crate::job::{self, Loaded};
use crate::schedule::settled;
use crate::table;

/// What is known of the jobs, for programs. Its names: add, never rename.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    /// Whether `run` is running.
    pub(crate) running: bool,
    /// What was wrong with the configuration at the last reload.
    pub(crate) not_reloaded: Vec<String>,
    /// Each job that runs by itself.
    pub(crate) jobs: Vec<ShownJob>,
}

/// What is known of a job.
#[derive(Debug, Serialize)]
pub(crate) struct ShownJob {
    /// Its name.
    pub(crate) name: String,
    /// Whether it watches a folder all the time.
    pub(crate) watches: bool,
    /// When it runs next, on this computer; none if it is disabled or watches a folder.
    pub(crate) next: Option<Timestamp>,
    /// How it last ran.
    pub(crate) last: Option<Last>,
    /// Runs in a row that failed.
    pub(crate) failures: u32,
    /// Why it is disabled.
    pub(crate) disabled: Option<String>,
}

impl Shown {
    /// What is known now.
    pub(crate) fn of(app: &App<'_>) -> Self {
        let mut states = States::load(&app.home);
        let calendar = catalogue::kept(&app.home).map(|catalogue| catalogue.calendar().clone());
        let now = clock::now();
        let shown = |loaded: Loaded| {
            let State { covered, last, failures, again, disabled, .. } =
                states.jobs.remove(&loaded.name).unwrap_or_default();
            // What was corrected since is not disabled, it waits for the reload.
            let disabled = disabled.filter(|one| one.fingerprint == loaded.fingerprint);
            let wrong = loaded.job.as_ref().err().cloned();
            let disabled = disabled.map(|disabled| disabled.why).or(wrong);
            let timing = loaded.job.as_ref().ok().and_then(|job| job.timing.as_ref());
            let covered = settled(covered.unwrap_or(now), now);
            let planned = timing.and_then(|timing| timing.next(covered, calendar.as_ref()));
            let next = if disabled.is_none() { planned.max(again) } else { None };
            let watches = loaded.job.is_ok() && timing.is_none();
            ShownJob { name: loaded.name, watches, next, last, failures, disabled }
        };
        let jobs = job::load(&app.config, app.home.path(), app.lang());
        let jobs = jobs.into_iter().map(shown).collect();
        Self { running: super::is_running(app), not_reloaded: states.not_reloaded, jobs }
    }

    /// Shows it; nothing if there are no jobs.
    pub(crate) fn tell(&self, app: &mut App<'_>) {
        if self.jobs.is_empty() && !self.running {
            return;
        }
        let lang = app.lang();
        if self.running {
            app.console.toned(Tone::Good, lang.run_is_running());
        } else {
            app.console.toned(Tone::Warn, lang.run_is_not_running());
        }
        for wrong in &self.not_reloaded {
            let said = format!("{} {wrong}", lang.run_not_reloaded());
            app.console.toned(Tone::Bad, &said);
        }
        let headings = [
            lang.column_job(),
            lang.column_next_run(),
            lang.column_last_run(),
            lang.column_outcome(),
        ];
        let rows: Vec<_> = self.jobs.iter().map(|job| row(job, app)).collect();
        table::write(app.console, &headings, &rows);
        for job in &self.jobs {
            if let Some(why) = &job.disabled {
                app.console.toned(Tone::Bad, &lang.job_disabled(&job.name, why));
            }
        }
    }
}

fn row(job: &ShownJob, app: &App<'_>) -> Vec<String> {
    let lang = app.lang();
    let next = match (&job.disabled, job.watches, job.next) {
        (Some(_), ..) => lang.job_disabled_word().to_owned(),
        (None, true, None) => lang.job_watches().to_owned(),
        (None, _, next) => next.map(clock::for_people).unwrap_or_default(),
    };
    let (last, outcome) = match &job.last {
        Some(Last { at, outcome, said }) => {
            let word = match outcome {
                Outcome::Failed => lang.job_failed_word(),
                Outcome::SomeRefused => lang.job_refused_word(),
                Outcome::Recorded | Outcome::Unchanged | Outcome::Nothing => lang.job_good_word(),
            };
            let again = if job.failures > 1 {
                format!(" ({})", lang.job_failures(job.failures))
            } else {
                String::new()
            };
            (clock::for_people(*at), format!("{word}{again}: {said}"))
        }
        None => (String::new(), lang.job_never_ran().to_owned()),
    };
    vec![job.name.clone(), next, last, outcome]
}
