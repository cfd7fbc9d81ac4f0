//! An agent in a simulation: the whole program, with a clock, chance, disk and network of its own.

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use tiendo_agent::world::{Surroundings, within};
use tiendo_agent::{Console, Exit};
use tiendo_shared::journal::Disk;
use tonic::transport::{Channel, Endpoint};

use crate::disk::{Faults, ModelDisk, Random};
use crate::log::{Log, pass};
use crate::network::Network;
use crate::server::now;

const MAPPING: &str = r#"
layout = "long"
header = { row = 1 }
number = { format = "point" }
fixed = { indicator = "so-luong" }
[columns]
period = "Kỳ"
value = "Giá trị"
dimensions = { commune = "Xã" }
"#;

/// The head of every file.
pub(crate) const HEAD: &str = "Kỳ;Xã;Giá trị\n";

/// The only variables there are.
fn variable(name: &str) -> Option<String> {
    let value = match name {
        "HOSTNAME" => "pc",
        "RUST_LOG" => "off",
        _ => return None,
    };
    Some(value.to_owned())
}

/// A computer of a department. Cheap to clone; the clones are one computer.
#[derive(Clone)]
pub(crate) struct Agent(Arc<Computer>);

struct Computer {
    number: usize,
    department: &'static str,
    folder: tempfile::TempDir,
    network: Network,
    log: Arc<Log>,
    state: Mutex<State>,
    /// What it said to the officer, and beside.
    said: Said,
}

struct State {
    disk: ModelDisk,
    chance: fastrand::Rng,
    ahead: SignedDuration,
}

#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Agent {
    /// A computer that has just been set up: a watched folder, and a file that is read anew.
    pub(crate) fn new(
        number: usize,
        department: &'static str,
        seed: u64,
        network: Network,
        log: Arc<Log>,
        faults: Faults,
    ) -> Self {
        let folder = crate::quick_folder();
        let desk = folder.path().join("desk");
        std::fs::create_dir_all(desk.join("in")).unwrap();
        std::fs::create_dir_all(folder.path().join("home")).unwrap();
        std::fs::write(folder.path().join("home/map.toml"), MAPPING).unwrap();
        std::fs::write(desk.join("again.csv"), HEAD).unwrap();
        let desk = desk.display();
        let config = format!(
            "server = '127.0.0.1:7443'\ninsecure_loopback = true\ndepartment = '{department}'\n\
             agent = 'pc-{number}'\n\
             [[job]]\nname = 'in'\nfolder = '{desk}/in'\nsettle = '20s'\nmapping = 'map.toml'\n\
             [[job]]\nname = 'again'\nfile = '{desk}/again.csv'\nschedule = '*/7 * * * *'\n\
             spread = '60s'\nmapping = 'map.toml'\n"
        );
        std::fs::write(folder.path().join("home/agent.toml"), config).unwrap();
        let state = State {
            disk: ModelDisk::with(faults),
            chance: fastrand::Rng::with_seed(seed),
            ahead: SignedDuration::ZERO,
        };
        Self(Arc::new(Computer {
            number,
            department,
            folder,
            network,
            log,
            state: Mutex::new(state),
            said: Said::default(),
        }))
    }

    /// What the simulation puts around it.
    pub(crate) fn surroundings(&self) -> Arc<dyn Surroundings> {
        Arc::clone(&self.0) as Arc<dyn Surroundings>
    }

    /// Its place among the agents.
    pub(crate) fn number(&self) -> usize {
        self.0.number
    }

    /// Whose figures it sends.
    pub(crate) fn department(&self) -> &'static str {
        self.0.department
    }

    /// A file on the officer's desk.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.folder.path().join("desk").join(name)
    }

    /// Puts a whole file on the desk.
    pub(crate) fn put(&self, name: &str, text: &str) {
        std::fs::write(self.path("half.tmp"), text).unwrap();
        std::fs::rename(self.path("half.tmp"), self.path(name)).unwrap();
    }

    /// Runs `tiendo-agent` with these words. What it writes for programs comes back with how it
    /// ended.
    pub(crate) async fn run(&self, words: &[&str]) -> (Exit, String) {
        let home = self.0.folder.path().join("home").display().to_string();
        let args = [&["tiendo-agent", "--home", &home], words].concat();
        let args: Vec<_> = args.into_iter().map(Into::into).collect();
        let out = Said::default();
        let console = Console::plain(out.clone(), self.0.said.clone());
        let run = async move { tiendo_agent::run(args, &variable, console).await };
        let exit = within(self.surroundings(), run).await;
        let text = std::mem::take(&mut *out.0.lock().unwrap_or_else(PoisonError::into_inner));
        (exit, String::from_utf8(text).unwrap())
    }

    /// Sends a file from the desk.
    pub(crate) async fn submit(&self, name: &str) -> Exit {
        let path = self.path(name).display().to_string();
        let map = self.0.folder.path().join("home/map.toml").display().to_string();
        self.run(&["submit", &path, "--mapping", &map, "--yes"]).await.0
    }

    /// What it still has to do; none if nothing waits, no file is to be taken, and no job has to
    /// be tried again.
    pub(crate) async fn is_behind(&self) -> Option<String> {
        let (exit, text) = self.run(&["--json", "status"]).await;
        let told: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let waiting = &told["waiting_submissions"];
        let failures: Vec<_> =
            told["jobs"].as_array().into_iter().flatten().map(|job| &job["failures"]).collect();
        let files = std::fs::read_dir(self.path("in")).unwrap().flatten();
        let files = files.filter(|entry| entry.path().is_file()).count();
        let is_done = exit == Exit::Done && *waiting == 0 && failures == [0, 0] && files == 0;
        (!is_done).then(|| {
            format!("{exit:?}, {waiting} wait, {files} files, the jobs failed {failures:?} times")
        })
    }

    /// How far its clock is ahead of the true time.
    pub(crate) fn set_clock(&self, ahead: SignedDuration) {
        self.state().ahead = ahead;
    }

    /// Changes what is wrong with its disk.
    pub(crate) fn change_disk(&self, change: impl FnOnce(&mut Faults)) {
        self.state().disk.change(change);
    }

    /// From one of its next calls on the disk does nothing any more, as if the power was cut then.
    pub(crate) fn disk_dies_soon(&self) {
        let mut state = self.state();
        let at = state.disk.calls() + state.chance.usize(1..8);
        state.disk.change(|faults| faults.dies_at = Some(at));
    }

    /// The power was cut: its disk is as it then comes back.
    pub(crate) fn lose_power(&self) {
        let mut state = self.state();
        let mut chance = Random::new(state.chance.u64(..));
        let mut faults = Faults::default();
        state.disk.change(|was| faults.no_file_sync = was.no_file_sync);
        state.disk = state.disk.after_power_cut(&mut chance, faults);
    }

    /// Runs the service until it is dropped.
    pub(crate) async fn serve(self) {
        let (exit, _) = self.run(&["run"]).await;
        self.0.log.note(format_args!("the service of {} ended: {exit:?}", self.0.number));
        // The system starts it again.
        pass(Duration::from_secs(10)).await;
    }

    /// What it said so far.
    pub(crate) fn said(&self) -> String {
        let said = self.0.said.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&said).into_owned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state()
    }
}

impl Computer {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Surroundings for Computer {
    fn now(&self) -> Timestamp {
        now(&self.log, self.state().ahead)
    }

    fn random(&self) -> u64 {
        self.state().chance.u64(..)
    }

    fn ledger(&self) -> Arc<dyn Disk> {
        Arc::new(self.state().disk.clone())
    }

    fn channel(&self, endpoint: &Endpoint) -> Channel {
        let (network, number) = (self.network.clone(), self.number);
        let dial = tower::service_fn(move |_: http::Uri| {
            let network = network.clone();
            async move { network.dial(number).await.map(TokioIo::new) }
        });
        endpoint.connect_with_connector_lazy(dial)
    }
}
