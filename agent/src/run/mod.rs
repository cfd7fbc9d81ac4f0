//! `run`: the service that fetches figures by schedule and sends them.
//!
//! One thing at a time: a contact with the server, a run of a job, or waiting for
//! the next of them. What a job fetched is in the ledger of this computer before it
//! counts as done, so the process may be stopped or killed at any moment. The ledger
//! is open only while it is used: an officer can send a file by hand meanwhile.

mod answers;
#[cfg(test)]
mod herd_tests;
mod meet;
mod notify;
mod pace;
pub(crate) mod shown;
mod state;
mod take;
mod work;

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tiendo_shared::catalogue::Catalogue;

use self::notify::Manager;
use self::pace::Pace;
use self::state::{Disabled, States};
use crate::app::{App, Failed};
use crate::catalogue;
use crate::clock;
use crate::config::{Config, Source};
use crate::connection::Connection;
use crate::exit::Exit;
use crate::gather::folder::Looks;
use crate::job::{self, Loaded};
use crate::schedule::settled;
use crate::system::{Signal, Signals};
use crate::world;

/// Longest wait for anything: clocks jump, and computers sleep.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// Shortest time between two looks at a folder.
const SHORTEST_LOOK: Duration = Duration::from_secs(1);

/// How often, and how long apart, the lock of the home is tried.
const LOCK_TRIES: u32 = 10;
const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// Reads the configuration again.
pub(crate) type Reread<'a> = dyn Fn() -> Result<Config, Failed> + 'a;

/// The jobs, and all that is open.
struct Runner<'r, 'a> {
    app: &'r mut App<'a>,
    jobs: Vec<Loaded>,
    states: States,
    looks: HashMap<String, (Looks, Timestamp)>,
    connection: Option<Connection>,
    catalogue: Option<Arc<Catalogue>>,
    pace: Pace,
    /// Whether something was recorded since the last contact.
    fresh: bool,
}

/// Runs until it is told to stop.
pub(crate) async fn run(app: &mut App<'_>, reread: &Reread<'_>) -> Result<Exit, Failed> {
    let lock = lock(app).await?;
    // Those of the process are not a simulation's.
    let signals = (!world::is_simulated()).then(Signals::new).transpose();
    let mut signals = signals.map_err(|error| Failed::because(error.to_string()))?;
    let manager = Manager::of_process();
    let alive = tokio::spawn(manager.clone().keep_alive());
    let mut runner = Runner::new(app);
    runner.save();
    let said = runner.app.lang().run_started(runner.jobs.len());
    runner.say(&said);
    manager.tell("READY=1");
    loop {
        // A signal ends what is under way; nothing of it is lost.
        let signal = tokio::select! {
            biased;
            Some(signal) = next(&mut signals) => signal,
            () = runner.step() => continue,
        };
        match signal {
            Signal::Stop => break,
            Signal::Reload => runner.reload(reread),
        }
    }
    manager.tell("STOPPING=1");
    alive.abort();
    runner.save();
    let said = runner.app.lang().run_stopped();
    runner.say(said);
    drop(lock);
    Ok(Exit::Done)
}

async fn next(signals: &mut Option<Signals>) -> Option<Signal> {
    match signals {
        Some(signals) => Some(signals.next().await),
        None => std::future::pending().await,
    }
}

/// One `run` for each home.
async fn lock(app: &App<'_>) -> Result<File, Failed> {
    let path = app.home.run_lock();
    let lang = app.lang();
    let unusable =
        |error: &std::io::Error| Failed::because(lang.job_file_unreadable(&path.display(), error));
    app.home.create().map_err(|error| unusable(&error))?;
    let options = File::options().create(true).truncate(false).write(true).open(&path);
    let file = options.map_err(|error| unusable(&error))?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // Perhaps it is only looked at, for a moment.
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
            Err(TryLockError::Error(error)) => return Err(unusable(&error)),
        }
    }
    Err(Failed::because(lang.run_already()))
}

/// Whether a `run` is running in the home.
fn is_running(app: &App<'_>) -> bool {
    let held = File::open(app.home.run_lock()).map(|file| file.try_lock());
    matches!(held, Ok(Err(TryLockError::WouldBlock)))
}

impl<'r, 'a> Runner<'r, 'a> {
    fn new(app: &'r mut App<'a>) -> Self {
        let states = States::load(&app.home);
        let catalogue = catalogue::kept(&app.home).map(Arc::new);
        let pace = Pace::new(clock::now());
        let mut runner = Self {
            app,
            jobs: Vec::new(),
            states,
            looks: HashMap::new(),
            connection: None,
            catalogue,
            pace,
            fresh: false,
        };
        // What failed before may be mended by now: a start is a new try.
        for state in runner.states.jobs.values_mut() {
            (state.disabled, state.again, state.failures) = (None, None, 0);
        }
        runner.states.not_reloaded.clear();
        let jobs = job::load(&runner.app.config, runner.app.home.path(), runner.app.lang());
        runner.install(jobs);
        runner
    }

    /// Takes jobs over; one that cannot run is disabled and told.
    fn install(&mut self, jobs: Vec<Loaded>) {
        let now = clock::now();
        for loaded in &jobs {
            let state = self.states.of(&loaded.name);
            state.begin(clock::new_id(now));
            state.covered = Some(state.covered.map_or(now, |covered| settled(covered, now)));
            if state.disabled.as_ref().is_some_and(|one| one.fingerprint != loaded.fingerprint) {
                (state.disabled, state.again, state.failures) = (None, None, 0);
            }
            let fingerprint = loaded.fingerprint.clone();
            if let Err(why) = &loaded.job
                && state.disabled.is_none()
            {
                state.disabled = Some(Disabled { since: now, why: why.clone(), fingerprint });
                let said = self.app.lang().job_disabled(&loaded.name, why);
                self.app.warn(&said);
            }
        }
        self.jobs = jobs;
    }

    /// Takes the configuration as it is now; one that is wrong changes nothing.
    fn reload(&mut self, reread: &Reread<'_>) {
        let lang = self.app.lang();
        let config = reread().map_err(|failed| vec![failed.said]);
        let checked = config.and_then(|config| {
            let jobs = job::load(&config, self.app.home.path(), lang);
            let wrong: Vec<_> =
                jobs.iter().filter_map(|loaded| loaded.job.as_ref().err()).cloned().collect();
            if wrong.is_empty() { Ok((config, jobs)) } else { Err(wrong) }
        });
        match checked {
            Ok((config, jobs)) => {
                self.app.console.lang = config.lang;
                self.app.config = config;
                self.connection = None;
                self.pace = Pace::new(clock::now());
                self.states.not_reloaded.clear();
                self.install(jobs);
                let said = self.app.lang().run_reloaded(self.jobs.len());
                self.say(&said);
            }
            Err(wrong) => {
                let said = format!("{}\n{}", lang.run_not_reloaded(), wrong.join("\n"));
                self.app.warn(&said);
                self.states.not_reloaded = wrong;
            }
        }
        self.save();
    }

    /// Does what is due first, or waits for it.
    async fn step(&mut self) {
        let now = clock::now();
        if self.pace.is_due(now) || (self.fresh && self.pace.is_good()) {
            return Box::pin(self.meet()).await;
        }
        if let Some(at) = (0..self.jobs.len()).find(|at| self.is_due(*at, now)) {
            return Box::pin(self.work(at)).await;
        }
        tokio::time::sleep(self.until_next(now)).await;
    }

    /// Whether a job is to run now.
    fn is_due(&mut self, at: usize, now: Timestamp) -> bool {
        let loaded = &self.jobs[at];
        let state = self.states.of(&loaded.name);
        let Ok(job) = &loaded.job else { return false };
        let covered = settled(state.covered.unwrap_or(now), now);
        state.covered = Some(covered);
        // A clock that was set back delays no new try.
        let latest = pace::after(now, crate::push::retry::Policy::SOURCE.cap);
        state.again = state.again.map(|again| again.min(latest));
        if state.disabled.is_some() || state.again.is_some_and(|again| again > now) {
            return false;
        }
        match (&job.source, &job.timing) {
            (Source::Folder(folder), _) => {
                let pause = folder.settle.max(SHORTEST_LOOK);
                let last = self.looks.get(&job.name).map(|(_, last)| *last);
                last.is_none_or(|last| last > now || pace::after(last, pause) <= now)
            }
            (_, Some(timing)) => timing.due(covered, now, self.calendar()).is_some(),
            (_, None) => false,
        }
    }

    fn calendar(&self) -> Option<&tiendo_shared::calendar::Calendar> {
        self.catalogue.as_deref().map(Catalogue::calendar)
    }

    /// How long nothing is due.
    fn until_next(&self, now: Timestamp) -> Duration {
        let mut next = self.pace.next().min(pace::after(now, LONGEST_WAIT));
        for loaded in &self.jobs {
            let (Ok(job), Some(state)) = (&loaded.job, self.states.jobs.get(&loaded.name)) else {
                continue;
            };
            if state.disabled.is_some() {
                continue;
            }
            let planned = match (&job.source, &job.timing, state.covered) {
                (Source::Folder(folder), ..) => {
                    let last = self.looks.get(&job.name).map(|(_, last)| *last);
                    last.map(|last| pace::after(last, folder.settle.max(SHORTEST_LOOK)))
                }
                (_, Some(timing), Some(covered)) => timing.next(covered, self.calendar()),
                _ => None,
            };
            let begins = planned.max(state.again).or(state.again);
            next = begins.map_or(next, |begins| next.min(begins));
        }
        let wait = Duration::try_from(next.duration_since(now)).unwrap_or_default();
        wait.max(Duration::from_millis(20))
    }

    fn say(&mut self, text: &str) {
        let line = format!("{} {text}", clock::for_people(clock::now()));
        self.app.console.line(&line);
    }

    fn save(&mut self) {
        if let Err(error) = self.states.save(&self.app.home) {
            let lang = self.app.lang();
            let said =
                lang.cannot_write(&self.app.home.jobs().display().to_string(), &error.to_string());
            self.app.warn(&said);
        }
    }
}
