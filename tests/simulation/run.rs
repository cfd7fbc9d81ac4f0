//! One run: a province whose officers send files while everything fails, then heals.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::SignedDuration;
use tiendo_agent::Exit;
use tiendo_shared::catalogue::Catalogue;
use tokio::task::JoinHandle;

use crate::agent::{Agent, HEAD};
use crate::disk::Faults;
use crate::fate;
use crate::log::{Log, pass};
use crate::network::Network;
use crate::server::Server;

/// The department of each agent.
pub(crate) const DEPARTMENTS: [&str; 3] = ["so-mot", "so-mot", "so-hai"];

/// Rows in a file, at most.
const ROWS: u32 = 6;

/// Until when everything has healed: a job whose source failed waits for half an hour at most,
/// and an agent that failed to reach the server for five minutes.
const HEALS: Duration = Duration::from_mins(45);
/// How long a machine takes to come back after its power was cut.
const BOOTS: Duration = Duration::from_secs(15);

/// Something that is done wrong on purpose: the simulation has to find it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The server answers before the ledger is on its disk.
    pub(crate) unsynced_server: bool,
    /// The agent says that a file is safe before it is.
    pub(crate) unsynced_agent: bool,
    /// What was not answered is sent again under another id.
    pub(crate) forgets_ids: bool,
}

/// Period and commune.
pub(crate) type Key = (String, String);

/// What became of a row, as far as the officer was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is safe, or will be.
    Safe,
    /// Nobody said.
    Unknown,
}

/// A province.
pub(crate) struct Province {
    pub(crate) log: Arc<Log>,
    pub(crate) network: Network,
    pub(crate) server: Server,
    pub(crate) agents: Vec<Agent>,
    pub(crate) services: Vec<Option<JoinHandle<()>>>,
    pub(crate) desks: Vec<Rc<RefCell<Desk>>>,
    pub(crate) wrong: Wrong,
    /// Whether a backup was restored: receipts may then be given anew.
    pub(crate) restored: bool,
}

/// What an officer did, and knows.
#[derive(Default)]
pub(crate) struct Desk {
    /// Value by period and commune, with what became of it.
    pub(crate) rows: BTreeMap<Key, (String, Fate)>,
    /// The value in the file that is read again and again.
    pub(crate) again: Option<String>,
    made: u32,
    files: u32,
    pub(crate) busy: Option<JoinHandle<()>>,
}

impl Desk {
    /// A file of rows that nobody sent before, with its name.
    fn next(&mut self, agent: usize, chance: &mut fastrand::Rng) -> (String, String, Vec<Key>) {
        let agent = u32::try_from(agent).unwrap();
        self.files += 1;
        let mut text = HEAD.to_owned();
        let mut keys = Vec::new();
        for _ in 0..chance.u32(1..=ROWS) {
            self.made += 1;
            // Each agent has forty communes, each month is used once for each.
            let commune = format!("xa-{:03}", agent * 40 + 1 + self.made % 40);
            let month = self.made / 40;
            let period = format!("{}-{:02}", 2000 + month / 12, month % 12 + 1);
            let value = (self.made * 7 + 100_000 * agent).to_string();
            text.push_str(&format!("{period};{commune};{value}\n"));
            self.rows.insert((period.clone(), commune.clone()), (value, Fate::Unknown));
            keys.push((period, commune));
        }
        (format!("file-{}.csv", self.files), text, keys)
    }

    fn safe(&mut self, keys: &[Key]) {
        for key in keys {
            self.rows.get_mut(key).expect("it was sent").1 = Fate::Safe;
        }
    }
}

impl Province {
    /// One whose server runs, and whose agents do.
    pub(crate) fn new(seed: u64, catalogue: &Arc<Catalogue>, wrong: Wrong, prints: bool) -> Self {
        let log = Arc::new(Log::new(prints));
        let mut seeds = fastrand::Rng::with_seed(seed);
        let network = Network::new(seeds.u64(..), DEPARTMENTS.len(), Arc::clone(&log));
        let unsynced = |no_file_sync| Faults { no_file_sync, ..Faults::default() };
        let server = Server::new(
            seeds.u64(..),
            Arc::clone(catalogue),
            network.clone(),
            Arc::clone(&log),
            unsynced(wrong.unsynced_server),
        );
        let agents: Vec<_> = (0..)
            .zip(DEPARTMENTS)
            .map(|(number, department)| {
                let (network, log) = (network.clone(), Arc::clone(&log));
                let faults = unsynced(wrong.unsynced_agent);
                Agent::new(number, department, seeds.u64(..), network, log, faults)
            })
            .collect();
        let mut province = Self {
            services: agents.iter().map(|_| None).collect(),
            desks: agents.iter().map(|_| Rc::default()).collect(),
            log,
            network,
            server,
            agents,
            wrong,
            restored: false,
        };
        assert!(province.server.start());
        for agent in 0..province.agents.len() {
            province.start_agent(agent);
        }
        province
    }

    /// Starts the service of an agent, which starts again whenever it ends.
    pub(crate) fn start_agent(&mut self, at: usize) {
        let agent = self.agents[at].clone();
        self.log.note(format_args!("agent {at} runs"));
        self.services[at] = Some(tokio::task::spawn_local(async move {
            loop {
                agent.clone().serve().await;
            }
        }));
    }

    /// Ends an agent, its officer's command too: with the power, or as a process is ended.
    pub(crate) async fn kill_agent(&mut self, at: usize, power: bool) {
        self.log.note(format_args!("agent {at} is killed, power: {power}"));
        self.network.lose_agent(at, !power);
        let busy = self.desks[at].borrow_mut().busy.take();
        for task in self.services[at].take().into_iter().chain(busy) {
            task.abort();
            task.await.ok();
        }
        if power {
            self.agents[at].lose_power();
        }
        self.network.lose_agent(at, true);
    }

    /// What the officer of an agent does next: sends a file, drops one into the folder, or changes
    /// the one that is read again and again.
    pub(crate) fn act(&self, at: usize, chance: &mut fastrand::Rng) {
        let (agent, desk) = (self.agents[at].clone(), Rc::clone(&self.desks[at]));
        let busy = desk.borrow_mut().busy.take();
        match busy {
            Some(busy) if !busy.is_finished() => {
                desk.borrow_mut().busy = Some(busy);
                return;
            }
            // A command that ended as none may is told here.
            Some(busy) => busy.now_or_never().expect("it is finished").unwrap(),
            None => {}
        }
        let (name, text, keys) = desk.borrow_mut().next(at, chance);
        let (first, last) = (&keys[0], &keys[keys.len() - 1]);
        self.log.note(format_args!("{name} of {at} has {first:?} to {last:?}"));
        match chance.u8(..4) {
            0 => {
                agent.put(&format!("in/{name}"), &text);
                desk.borrow_mut().safe(&keys);
                self.log.note(format_args!("{name} is put into the folder of {at}"));
            }
            1 => {
                let value = chance.u32(..1_000_000).to_string();
                let commune = format!("xa-{:03}", 180 + at);
                self.log.note(format_args!("no, {at} reads {value} again and again"));
                agent.put("again.csv", &format!("{HEAD}2020-01;{commune};{value}\n"));
                desk.borrow_mut().again = Some(value);
                // The file that was made has not been used.
                desk.borrow_mut().rows.retain(|key, _| !keys.contains(key));
            }
            _ => {
                agent.put(&name, &text);
                let (log, forgets) = (Arc::clone(&self.log), self.wrong.forgets_ids);
                let busy = tokio::task::spawn_local({
                    let desk = Rc::clone(&desk);
                    async move {
                        let mut exit = agent.submit(&name).await;
                        log.note(format_args!("{name} of {at}: {exit:?}"));
                        if forgets && exit == Exit::SavedNotSent {
                            exit = agent.submit(&name).await;
                        }
                        match exit {
                            Exit::Done | Exit::SavedNotSent => desk.borrow_mut().safe(&keys),
                            // The ledger is in use, cannot be written, or there is no catalogue.
                            Exit::Failed => {}
                            other => {
                                panic!("{name} of {at} ended with {other:?}: {}", agent.said())
                            }
                        }
                    }
                });
                desk.borrow_mut().busy = Some(busy);
            }
        }
    }

    /// Lets the faults end, and waits until nothing waits any more.
    pub(crate) async fn heal(&mut self) {
        self.log.note("the faults end");
        for (at, agent) in self.agents.iter().enumerate() {
            self.network.route(at, |route| *route = crate::network::Route::default());
            agent.set_clock(SignedDuration::ZERO);
            agent.change_disk(|faults| faults.full = false);
        }
        self.server.set_clock(SignedDuration::ZERO);
        self.server.set_sync(Duration::from_millis(200));
        self.server.fill(false, true);
        if !self.server.runs() {
            self.server.kill(false, false).await;
            assert!(self.server.start(), "it starts once its disk is well");
        }
        for at in 0..self.agents.len() {
            if self.services[at].is_none() {
                self.start_agent(at);
            }
        }
        let over = self.log.elapsed() + HEALS;
        // Every job has run once more by then.
        pass(Duration::from_mins(9)).await;
        for (at, agent) in self.agents.iter().enumerate() {
            let busy = self.desks[at].borrow_mut().busy.take();
            if let Some(busy) = busy {
                busy.await.unwrap();
            }
            while let Some(behind) = agent.is_behind().await {
                assert!(self.log.elapsed() < over, "{at} is behind: {behind}: {}", agent.said());
                pass(Duration::from_mins(1)).await;
            }
        }
    }

    /// The server dies; an officer whose file comes when it is back is served at once. If its
    /// power was cut, nothing tells the service of that computer, which may have the ledger
    /// until it waits no longer for an answer.
    pub(crate) async fn fresh(&mut self, chance: &mut fastrand::Rng) {
        let power = chance.bool();
        self.server.kill(power, false).await;
        if power {
            pass(BOOTS).await;
        }
        assert!(self.server.start());
        let (began, most) = (self.log.elapsed(), if power { 70 } else { 10 });
        let (name, text, keys) = self.desks[0].borrow_mut().next(0, chance);
        self.agents[0].put(&name, &text);
        let exit = self.agents[0].submit(&name).await;
        let took = self.log.elapsed().saturating_sub(began);
        assert_eq!(exit, Exit::Done, "{}", self.agents[0].said());
        assert!(took <= Duration::from_secs(most), "it took {took:?}, power cut: {power}");
        self.desks[0].borrow_mut().safe(&keys);
    }
}

/// A backup is restored while an officer's command is between two tries: what the server gives
/// receipts for then must not hide what it lost. Panics if anything stays lost.
pub(crate) async fn restored_between_tries(catalogue: &Arc<Catalogue>) {
    let mut province = Province::new(7, catalogue, Wrong::default(), false);
    let mut chance = fastrand::Rng::with_seed(7);
    pass(Duration::from_secs(30)).await;
    province.kill_agent(0, false).await;
    let mut files = Vec::new();
    for number in 0..8 {
        if number == 2 {
            province.server.back_up();
        }
        let (name, text, keys) = province.desks[0].borrow_mut().next(0, &mut chance);
        province.agents[0].put(&name, &text);
        province.desks[0].borrow_mut().safe(&keys);
        files.push(name);
    }
    for name in &files[..4] {
        assert_eq!(province.agents[0].submit(name).await, Exit::Done);
    }
    province.server.kill(true, false).await;
    province.restored = province.server.restore();
    // The first four go to nobody.
    for name in &files[4..7] {
        assert_eq!(province.agents[0].submit(name).await, Exit::SavedNotSent);
    }
    let agent = province.agents[0].clone();
    let submitted = tokio::task::spawn_local(async move { agent.submit(&files[7]).await });
    pass(Duration::from_millis(300)).await;
    assert!(province.server.start());
    assert_eq!(submitted.await.unwrap(), Exit::Done, "{}", province.agents[0].said());
    province.heal().await;
    crate::books::check(&mut province).await;
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Of all events, in order.
    pub(crate) hash: u64,
    /// How many there were.
    pub(crate) events: u64,
    /// Measurements on the server at the end.
    pub(crate) rows: usize,
    /// Virtual seconds.
    pub(crate) seconds: u64,
}

/// Runs a seed; panics when something is lost, doubled, altered, or does not heal.
pub(crate) async fn run(
    seed: u64,
    catalogue: &Arc<Catalogue>,
    wrong: Wrong,
    prints: bool,
) -> Outcome {
    let mut province = Province::new(seed, catalogue, wrong, prints);
    let mut chance = fastrand::Rng::with_seed(seed ^ 0x5eed);
    fate::rule(&mut province, &mut chance).await;
    province.heal().await;
    province.fresh(&mut chance).await;
    let rows = crate::books::check(&mut province).await;
    let (hash, events) = province.log.sum();
    Outcome { hash, events, rows, seconds: province.log.elapsed().as_secs() }
}
