//! A year in minutes: certificates are renewed in time, through outages and long absences.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};

use jiff::SignedDuration;
use tempfile::TempDir;
use tiendo_server::acts::Acts;
use tiendo_server::administration::Administration;
use tiendo_server::clock::Clock;
use tiendo_server::config::{Config, Settings};
use tiendo_server::identity::Host;
use tiendo_server::security::{self, Security};
use tiendo_server::store::Store;
use tiendo_server::store::sled::{Options, SledStore};
use tiendo_server::tls::tcp;
use tiendo_server::{Listeners, Opened, run};
use tiendo_shared::catalogue::Catalogue;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{SUBMIT, desk, figure};
use crate::harness::{Agent, SOON, free_port, grant, trial, until};

/// What stops a server, what ends when it has, and its store while something holds it.
type Serving = (oneshot::Sender<()>, JoinHandle<()>, Weak<dyn Store>);

/// A province whose clock stands where the test puts it.
struct Province {
    folder: TempDir,
    catalogue: Arc<Catalogue>,
    /// Days since the beginning.
    day: Arc<AtomicI64>,
    address: String,
    serving: Option<Serving>,
}

impl Province {
    /// Made on day 0; not serving yet.
    fn found() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = Arc::new(Catalogue::parse(&trial::catalogue()).unwrap());
        let port = free_port();
        let day = Arc::default();
        let address = format!("127.0.0.1:{port}");
        let province = Self { folder, catalogue, day, address, serving: None };
        std::fs::create_dir_all(province.data()).unwrap();
        let hosts = [Host::parse("127.0.0.1").unwrap()];
        security::create(&province.data(), &hosts, &province.clock()).unwrap();
        province
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn clock(&self) -> Clock {
        let (day, system) = (Arc::clone(&self.day), Clock::system());
        Clock::of(move || {
            system.now() + SignedDuration::from_hours(24 * day.load(Ordering::SeqCst))
        })
    }

    async fn store(&self) -> Arc<dyn Store> {
        let (data, catalogue) = (self.data(), Arc::clone(&self.catalogue));
        let open = move || SledStore::open(&data, catalogue, Options::default());
        Arc::new(tokio::task::spawn_blocking(open).await.unwrap().unwrap().0)
    }

    /// A token for an agent of the trial department, made while the server is down.
    async fn token(&self) -> String {
        let store = self.store().await;
        let administration = Administration {
            authority: Some(Security::open(&self.data(), &self.clock()).unwrap().authority),
            acts: Acts::open(Arc::clone(&store), self.clock()).await.unwrap(),
            catalogue: Arc::clone(&self.catalogue),
            catalogue_file: None,
            reopen: CancellationToken::new(),
        };
        let grant = grant("agent", trial::DEPARTMENT, "");
        let token = administration.create_token("test", &grant).await.unwrap().token;
        store.close().await.unwrap();
        token
    }

    fn config(&self) -> Config {
        let settings = Settings {
            data: Some(self.data()),
            listen: Some(self.address.clone()),
            ..Settings::default()
        };
        settings.check().unwrap()
    }

    /// Serves, as a server that is started on this day.
    async fn serve(&mut self) {
        let security = Security::open(&self.data(), &self.clock()).unwrap();
        let calls = TcpListener::bind(&self.address).await.unwrap();
        let listeners = Listeners { calls: tcp(calls), pages: None };
        let opened = Opened { catalogue: Arc::clone(&self.catalogue), store: self.store().await };
        let store = Arc::downgrade(&opened.store);
        let (config, clock) = (self.config(), self.clock());
        let (stop, told) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let told = async { drop(told.await) };
            run(&config, opened, Some(&security), listeners, clock, told).await.unwrap();
        });
        self.serving = Some((stop, serving, store));
    }

    async fn stop(&mut self) {
        let Some((stop, serving, store)) = self.serving.take() else { return };
        stop.send(()).unwrap();
        serving.await.unwrap();
        // What still looks at it lets go of it soon; a process would have ended.
        let released = until(SOON, async || (store.strong_count() == 0).then_some(()));
        released.await.expect("the store is released");
    }

    /// Lets the days go by until this one; a running server is started anew, as the update
    /// of a system does now and then.
    async fn until_day(&mut self, day: i64) {
        let was_serving = self.serving.is_some();
        self.stop().await;
        self.day.store(day, Ordering::SeqCst);
        if was_serving {
            self.serve().await;
        }
    }
}

/// When the certificate of a computer ends, in days from the beginning.
async fn ends(agent: &Agent) -> i64 {
    let (_, status) = agent.json(&["status"]).await;
    let end: jiff::Timestamp = status["certificate_not_after"].as_str().unwrap().parse().unwrap();
    (end.duration_since(Clock::system().now()).as_hours() + 1) / 24
}

async fn submit(agent: &Agent, day: i64, code: i32) -> String {
    let (year, month) = (2020 + day / 372, day % 372 / 31 + 1);
    figure(agent, &format!("{year}-{month:02}"), "1");
    agent.run_ahead(day * 86_400, &SUBMIT).await.expect_code(code).all()
}

#[tokio::test]
async fn a_year_goes_by_without_anybody_having_to_enrol_again() {
    const OUTAGE: std::ops::Range<i64> = 120..180;
    const AWAY: std::ops::Range<i64> = 150..251;
    let mut province = Province::found();
    let tokens = [province.token().await, province.token().await];
    province.serve().await;
    let (steady, traveller) = (desk(), desk());
    for (agent, token, name) in [(&steady, &tokens[0], "a"), (&traveller, &tokens[1], "b")] {
        let said = agent.enrol(&province.address, token, &["--agent", name]).await;
        said.expect_code(0);
    }
    let (mut waited, mut renewed) = (false, 0);
    for day in (0..366).step_by(12) {
        if OUTAGE.contains(&day) {
            province.stop().await;
        }
        province.until_day(day).await;
        if !OUTAGE.contains(&day) && province.serving.is_none() {
            province.serve().await;
        }
        let before = ends(&steady).await;
        let code = if OUTAGE.contains(&day) { 4 } else { 0 };
        let said = submit(&steady, day, code).await;
        waited |= said.contains("Không mất gì");
        let after = ends(&steady).await;
        renewed += i32::from(after > before);
        assert!(OUTAGE.contains(&day) || after > day, "day {day}: ended on day {after}");
        assert!(!OUTAGE.contains(&day) || after == before, "nobody renews while the line is down");
        if AWAY.contains(&day) {
            continue;
        }
        let had_ended = ends(&traveller).await < day;
        assert_eq!(had_ended, day == 252, "day {day}");
        submit(&traveller, day, code).await;
        assert!(OUTAGE.contains(&day) || ends(&traveller).await > day, "day {day}");
    }
    assert!(waited);
    assert!((5..=8).contains(&renewed), "renewed {renewed} times");
    // A certificate that ended longer ago than the server allows is not renewed.
    province.until_day(366 + 366 + 100).await;
    let said = submit(&traveller, 366 + 366 + 100, 4).await;
    assert!(said.contains("không gia hạn được nữa"), "{said}");
    province.stop().await;
}
