//! The server in a simulation: its services and store, on a disk in memory that may be cut off.

use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tiendo_server::Listeners;
use tiendo_server::clock::Clock;
use tiendo_server::config::{Config, Settings};
use tiendo_server::store::Store;
use tiendo_server::store::sled::{Options, SledStore, Stage};
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::journal::{self, Allocation, Position};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_util::sync::CancellationToken;

use crate::disk::{Faults, ModelDisk, Random};
use crate::log::{Log, pass};
use crate::network::Network;

/// When every simulation begins.
const START: &str = "2026-09-10T08:00:00+07:00";

/// Small segments, so that there are many.
const LAYOUT: journal::Options = journal::Options {
    segment_bytes: 32 << 10,
    growth_bytes: 4 << 10,
    committed: Position::START,
    allocation: Allocation::InSteps,
};

/// The true time, and so much.
pub(crate) fn now(log: &Log, ahead: SignedDuration) -> Timestamp {
    let start: Timestamp = START.parse().unwrap();
    start + SignedDuration::try_from(log.elapsed()).unwrap() + ahead
}

/// The machine of the server.
pub(crate) struct Server {
    folder: tempfile::TempDir,
    config: Rc<Config>,
    catalogue: Arc<Catalogue>,
    network: Network,
    log: Arc<Log>,
    disk: ModelDisk,
    chance: Arc<Mutex<fastrand::Rng>>,
    free: Arc<AtomicU64>,
    ahead: Arc<AtomicI64>,
    /// Milliseconds a sync takes at most.
    slow: Arc<AtomicU64>,
    running: Option<Running>,
    /// The disk as it was when it was last backed up.
    backup: Option<ModelDisk>,
}

struct Running {
    store: Arc<SledStore>,
    stop: CancellationToken,
    served: JoinHandle<anyhow::Result<()>>,
    turns: JoinHandle<()>,
}

impl Server {
    /// A machine whose server does not run yet.
    pub(crate) fn new(
        seed: u64,
        catalogue: Arc<Catalogue>,
        network: Network,
        log: Arc<Log>,
        faults: Faults,
    ) -> Self {
        let folder = crate::quick_folder();
        let settings = Settings {
            data: Some(folder.path().to_owned()),
            listen: Some("127.0.0.1:7443".to_owned()),
            insecure_loopback: Some(true),
            ..Settings::default()
        };
        // The same key in every run, so that the same bytes are sent.
        std::fs::write(folder.path().join("ledger.key"), [7; 32]).unwrap();
        Self {
            config: Rc::new(settings.check().unwrap()),
            folder,
            catalogue,
            network,
            log,
            disk: ModelDisk::with(faults),
            chance: Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))),
            free: Arc::new(AtomicU64::new(1 << 40)),
            ahead: Arc::default(),
            slow: Arc::new(AtomicU64::new(200)),
            running: None,
            backup: None,
        }
    }

    /// Whether it takes calls.
    pub(crate) fn runs(&self) -> bool {
        self.running.as_ref().is_some_and(|running| !running.turns.is_finished())
    }

    /// Starts it; false if its disk does not let it.
    pub(crate) fn start(&mut self) -> bool {
        let store = match self.open(self.folder.path()) {
            Ok(store) => Arc::new(store),
            Err(error) => {
                self.log.note(format_args!("the server does not start: {error}"));
                return false;
            }
        };
        let stop = CancellationToken::new();
        let served = {
            let (config, log, ahead) =
                (Rc::clone(&self.config), Arc::clone(&self.log), Arc::clone(&self.ahead));
            let clock = Clock::of(move || {
                now(&log, SignedDuration::from_secs(ahead.load(Ordering::Relaxed)))
            });
            let opened = tiendo_server::Opened {
                catalogue: Arc::clone(&self.catalogue),
                store: Arc::clone(&store) as Arc<dyn Store>,
            };
            let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
            self.network.listen(sender);
            let incoming = Box::pin(UnboundedReceiverStream::new(receiver));
            let told = stop.clone().cancelled_owned();
            tokio::task::spawn_local(async move {
                let listeners = Listeners { calls: incoming, pages: None };
                tiendo_server::run(&config, opened, None, listeners, clock, told).await.map(drop)
            })
        };
        let turns = tokio::task::spawn_local(turns(
            Arc::clone(&store),
            Arc::clone(&self.chance),
            Arc::clone(&self.slow),
        ));
        self.log.note("the server runs");
        self.running = Some(Running { store, stop, served, turns });
        true
    }

    /// Opens its store, with what is derived in a directory.
    pub(crate) fn open(&self, directory: &Path) -> Result<SledStore, tiendo_server::store::Error> {
        let stage = Stage {
            disk: Arc::new(self.disk.clone()),
            layout: LAYOUT,
            free: Arc::clone(&self.free),
        };
        let options = Options { floor_bytes: Some(1 << 20), ..Options::default() };
        let catalogue = Arc::clone(&self.catalogue);
        let (store, opened) = SledStore::open_on_stage(directory, catalogue, options, &stage)?;
        assert!(opened.faults.is_empty(), "a fault is told as damage: {opened:?}");
        Ok(store)
    }

    /// Stops it in good order.
    pub(crate) async fn stop(&mut self) {
        let Some(running) = self.running.take() else { return };
        self.network.stop_listening();
        running.stop.cancel();
        let ended = running.served.await.unwrap();
        self.log.note(format_args!("the server stops: {}", ended.is_ok()));
        // What it said last is still on its way.
        running.turns.await.unwrap();
        released(running.store).await;
        self.disk = self.disk.after_death(Faults::default());
    }

    /// Ends it at once, or at one of its next calls of the disk: with the power of the machine,
    /// so that what was not synced is lost and nobody is told, or as the system ends a process.
    pub(crate) async fn kill(&mut self, power: bool, soon: bool) {
        let Some(running) = self.running.take() else { return };
        let (calls, later) = (self.disk.calls(), self.chance.lock().unwrap().usize(1..8));
        if soon && !running.turns.is_finished() {
            self.disk.change(|faults| faults.dies_at = Some(calls + later));
            let patience = self.chance.lock().unwrap().u64(1..30_000);
            tokio::time::timeout(Duration::from_millis(patience), async {
                while !running.turns.is_finished() {
                    pass(Duration::from_millis(50)).await;
                }
            })
            .await
            .ok();
        }
        self.log.note(format_args!("the server is killed, power: {power}"));
        // It is dead from here on: what it still does reaches neither disk nor network.
        self.disk.change(|faults| faults.dies_at = Some(0));
        self.network.lose_server(!power);
        running.stop.cancel();
        running.turns.await.unwrap();
        drop(running.served.await.unwrap());
        released(running.store).await;
        let mut faults = Faults::default();
        self.disk.change(|was| faults.no_file_sync = was.no_file_sync);
        self.disk = if power {
            let mut chance = Random::new(self.chance.lock().unwrap().u64(..));
            self.disk.after_power_cut(&mut chance, faults)
        } else {
            self.disk.after_death(faults)
        };
        // What is derived stands on another disk, and may be gone.
        if self.chance.lock().unwrap().u8(..4) == 0 {
            std::fs::remove_dir_all(self.folder.path().join("state")).ok();
        }
    }

    /// Keeps a copy of the ledger as it is.
    pub(crate) fn back_up(&mut self) {
        let mut chance = Random::new(self.chance.lock().unwrap().u64(..));
        self.backup = Some(self.disk.after_power_cut(&mut chance, Faults::default()));
        self.log.note("a backup is taken");
    }

    /// Puts the last backup in the place of the ledger of a server that does not run; false if
    /// there is none.
    pub(crate) fn restore(&mut self) -> bool {
        assert!(self.running.is_none());
        let Some(backup) = &self.backup else { return false };
        self.disk = backup.after_death(Faults::default());
        std::fs::remove_dir_all(self.folder.path().join("state")).ok();
        self.log.note("the backup is restored");
        true
    }

    /// How far its clock is ahead of the true time.
    pub(crate) fn set_clock(&self, ahead: SignedDuration) {
        self.ahead.store(ahead.as_secs(), Ordering::Relaxed);
    }

    /// How long a sync takes at most.
    pub(crate) fn set_sync(&self, longest: Duration) {
        self.slow.store(u64::try_from(longest.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// Fills its disk, or makes room: `told` is whether the disk tells how full it is.
    pub(crate) fn fill(&self, full: bool, told: bool) {
        self.free.store(if full && told { 0 } else { 1 << 40 }, Ordering::Relaxed);
        self.disk.change(|faults| faults.full = full && !told);
    }

    /// The store of the running server.
    pub(crate) fn store(&self) -> &Arc<SledStore> {
        &self.running.as_ref().expect("it runs").store
    }

    /// By what it checks.
    pub(crate) fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue)
    }

    /// What its time is.
    pub(crate) fn now(&self) -> Timestamp {
        now(&self.log, SignedDuration::from_secs(self.ahead.load(Ordering::Relaxed)))
    }
}

/// Syncs what waits, again and again, until the disk fails or the store is closed.
async fn turns(store: Arc<SledStore>, chance: Arc<Mutex<fastrand::Rng>>, slow: Arc<AtomicU64>) {
    loop {
        let most = slow.load(Ordering::Relaxed).max(2);
        // A slow disk is always slow, a quick one now and then.
        let least = if most > 1_000 { most - 1 } else { most / 4 };
        let time = chance.lock().unwrap().u64(least..most);
        pass(Duration::from_millis(time)).await;
        if !store.turn() {
            return;
        }
    }
}

/// Waits until nobody holds the store any more.
async fn released(store: Arc<SledStore>) {
    for _ in 0..100_000 {
        if Arc::strong_count(&store) == 1 {
            return;
        }
        pass(Duration::from_millis(10)).await;
    }
    panic!("somebody still holds the store of a server that ended");
}
