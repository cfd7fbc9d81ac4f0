//! Certificates over years of a clock that tests turn.

use std::sync::Mutex;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tiendo_shared::catalogue::Catalogue;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::administration::{Administration, SERVER};
use crate::clock::Clock;
use crate::identity::{Files, Host, Judge, Members};
use crate::store::memory::MemoryStore;
use crate::tls::Served;

const DEPARTMENT: &str = "thong-ke-tinh";

/// A server whose days are told by a test.
struct Office {
    today: Arc<Mutex<Timestamp>>,
    enrolment: Enrolment,
    administration: Administration,
    judge: Judge,
    served: Served,
    _folder: tempfile::TempDir,
}

/// An agent as it keeps itself certified.
struct Agent {
    key: KeyPair,
    chain: String,
}

impl Office {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let today = Arc::new(Mutex::new("2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap()));
        let clock = Clock::of({
            let today = Arc::clone(&today);
            move || *today.lock().unwrap()
        });
        let files = Files::of(folder.path());
        let hosts = [Host::parse("tiendo.vn").unwrap()];
        let authority = Arc::new(Authority::create(&files, &hosts, clock.now()).unwrap());
        let catalogue = Arc::new(Catalogue::parse(crate::SHIPPED_CATALOGUE).unwrap());
        let store = Arc::new(MemoryStore::new(Arc::clone(&catalogue)));
        let acts = Acts::open(store, clock.clone()).await.unwrap();
        Self {
            enrolment: Enrolment {
                authority: Some(Arc::clone(&authority)),
                acts: acts.clone(),
                guesses: Arc::default(),
                renew_expired_for: SignedDuration::from_hours(365 * 24),
            },
            administration: Administration {
                authority: Some(Arc::clone(&authority)),
                acts,
                catalogue,
                catalogue_file: None,
                reopen: CancellationToken::new(),
            },
            judge: Judge::new(&authority).unwrap(),
            served: Served::open(authority, files, clock.now()).unwrap(),
            today,
            _folder: folder,
        }
    }

    fn pass(&self, days: i64) {
        *self.today.lock().unwrap() += SignedDuration::from_hours(24 * days);
    }

    fn now(&self) -> Timestamp {
        *self.today.lock().unwrap()
    }

    async fn enrol(&self, name: &str) -> Agent {
        let request = v1::CreateJoinTokenRequest {
            role: "agent".to_owned(),
            department: DEPARTMENT.to_owned(),
            agent: name.to_owned(),
            lifetime: None,
        };
        let made = self.administration.create_token(SERVER, &request).await.unwrap();
        let key = KeyPair::generate().unwrap();
        let request = v1::EnrolRequest {
            token: made.token,
            signing_request: bare(&key),
            ..v1::EnrolRequest::default()
        };
        let address = IpAddr::from([127, 0, 0, 1]);
        let chain = self.enrolment.enrol(address, &request).await.unwrap().certificate_chain;
        Agent { key, chain }
    }

    fn credential(&self, agent: &Agent) -> Credential {
        self.judge.judge(&[CertificateDer::from_pem_slice(agent.chain.as_bytes()).unwrap()])
    }

    /// Whether a call of this agent is answered now.
    fn answers(&self, agent: &Agent) -> bool {
        let members: &Members = self.enrolment.acts.members();
        members.welcome(&self.credential(agent), self.now()).is_ok()
    }

    async fn renew(&self, agent: &mut Agent) -> Result<(), Failure> {
        let request = v1::RenewRequest { signing_request: bare(&agent.key) };
        let answer = self.enrolment.renew(&self.credential(agent), &request).await?;
        agent.chain = answer.certificate_chain;
        Ok(())
    }

    /// A day on which the server runs and the agent is on: it renews from half-life on.
    async fn day(&self, agent: &mut Agent) {
        self.served.renew_if_due(self.now()).unwrap();
        assert!(self.served.not_after() > self.now(), "the server's certificate ended");
        let credential = self.credential(agent);
        let left = self.now().duration_until(credential.certified().unwrap().not_after);
        if left < LIFE / 2 {
            self.renew(agent).await.unwrap();
        }
        assert!(self.answers(agent), "locked out on {}", self.now());
        self.pass(1);
    }
}

fn bare(key: &KeyPair) -> Vec<u8> {
    CertificateParams::default().serialize_request(key).unwrap().der().to_vec()
}

#[tokio::test]
async fn nobody_is_locked_out_in_a_year_with_an_outage_and_a_long_absence() {
    let office = Office::open().await;
    let (mut steady, mut away) = (office.enrol("may-1").await, office.enrol("may-2").await);
    for _ in 0..100 {
        office.day(&mut steady).await;
    }
    // The server is down for sixty days; nobody can renew meanwhile.
    office.pass(60);
    for _ in 0..100 {
        office.day(&mut steady).await;
    }
    // One was off since the beginning, for 260 days in which the other lived on.
    assert!(!office.answers(&away));
    office.renew(&mut away).await.unwrap();
    for _ in 0..50 {
        office.day(&mut away).await;
    }
    // Off for a hundred days once more, and on until the year is over.
    office.pass(100);
    assert!(!office.answers(&away));
    office.renew(&mut away).await.unwrap();
    for _ in 0..50 {
        office.day(&mut away).await;
    }
}

#[tokio::test]
async fn after_too_long_a_time_a_new_token_is_needed() {
    let office = Office::open().await;
    let mut agent = office.enrol("may").await;
    office.pass(90 + 365);
    office.renew(&mut agent).await.unwrap();
    office.pass(90 + 366);
    let refused = office.renew(&mut agent).await.unwrap_err();
    let Failure::Unauthenticated { reason, server_time, .. } = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((reason, server_time), ("RENEWAL_TOO_LATE", Some(office.now())));
    let again = office.enrol("may").await;
    assert!(office.answers(&again));
}

#[tokio::test]
async fn a_renewal_repeated_is_the_same_one() {
    let office = Office::open().await;
    let mut agent = office.enrol("may").await;
    office.pass(50);
    office.renew(&mut agent).await.unwrap();
    let first = office.credential(&agent);
    office.renew(&mut agent).await.unwrap();
    assert_eq!(office.credential(&agent), first);
    office.pass(1);
    office.renew(&mut agent).await.unwrap();
    assert_ne!(office.credential(&agent), first);
}

#[tokio::test]
async fn clocks_that_differ_an_hour_do_not_matter_and_a_revoked_one_does_not_renew() {
    let office = Office::open().await;
    let mut agent = office.enrol("may").await;
    *office.today.lock().unwrap() -= SignedDuration::from_mins(59);
    assert!(office.answers(&agent));
    *office.today.lock().unwrap() -= SignedDuration::from_mins(2);
    assert!(!office.answers(&agent));
    office.pass(1);
    let request = v1::RevokeAgentRequest {
        department: DEPARTMENT.to_owned(),
        agent: "may".to_owned(),
        reason: "lost".to_owned(),
    };
    office.administration.revoke(SERVER, &request).await.unwrap();
    assert!(!office.answers(&agent));
    let refused = office.renew(&mut agent).await.unwrap_err();
    assert!(matches!(refused, Failure::Unauthenticated { reason: "IDENTITY_REVOKED", .. }));
}
