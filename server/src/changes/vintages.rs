//! Vintages: what was said at an instant is what is said as of it, after anything that came later.
//!
//! A random history of submissions and review acts runs against the use cases; every
//! answer is kept with its instant and asked for again at the end, from the model and
//! from the engine on disk after it was closed and opened. `TIENDO_VINTAGE_STEPS` makes
//! the history longer; a failure prints its seed.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use prost::Message as _;
use tiendo_shared::act::Act;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::check::Checker;
use tiendo_shared::submission::{SubmissionId, content_hash};
use tiendo_shared::wire::{self, v1};
use v1::measurement::Content;

use crate::changes::Changes;
use crate::clock::Clock;
use crate::figures::Figures;
use crate::identity::{Caller, Role};
use crate::reports::Reports;
use crate::review::Review;
use crate::standing::Standing;
use crate::store::memory::MemoryStore;
use crate::store::sled::{Options, SledStore};
use crate::store::{Error, Performed, Store, Submission};

/// When the history begins.
const BEGIN: i64 = 1_790_000_000;

/// A submission of rows of indicator, period and value.
pub(crate) fn submission(
    catalogue: &Catalogue,
    department: &str,
    id: u128,
    received: Timestamp,
    rows: &[(&str, &str, &str)],
) -> Submission {
    let group = |(indicator, period, value): &(&str, &str, &str)| v1::MeasurementGroup {
        period: (*period).to_owned(),
        measurements: vec![v1::Measurement {
            indicator: (*indicator).to_owned(),
            content: Some(Content::Value((*value).to_owned())),
            confirmed: true,
            ..v1::Measurement::default()
        }],
        ..v1::MeasurementGroup::default()
    };
    let groups: Vec<_> = rows.iter().map(group).collect();
    let department = catalogue.department(department).unwrap();
    let checker = Checker { catalogue, department, now: received };
    let items = wire::check_all(&checker, &groups);
    let content = v1::SubmissionContent { groups }.encode_to_vec();
    Submission {
        id: SubmissionId::from_bytes(id.to_be_bytes()),
        department: department.id.clone(),
        agent: "pc-1".to_owned(),
        received,
        first_received: None,
        content_hash: content_hash(&content),
        content,
        items,
        all_or_nothing: false,
    }
}

/// Indicators with targets, and the department that reports them.
const REPORTED: [(&str, &str); 4] = [
    ("digital-economy-share", "thong-ke-tinh"),
    ("income-per-head", "thong-ke-tinh"),
    ("income-per-head-national", "thong-ke-tinh"),
    ("tfp-growth-share", "thong-ke-tinh"),
];

#[derive(Debug, Clone)]
enum Step {
    Say { what: usize, year: i16, value: u32 },
    Judge { year: i16, kind: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..REPORTED.len(), 2018_i16..2026, 1_u32..60)
            .prop_map(|(what, year, value)| Step::Say { what, year, value }),
        1 => (2018_i16..2026, 0_u8..3).prop_map(|(year, kind)| Step::Judge { year, kind }),
    ]
}

/// The use cases over a store, and the instant it is.
struct World {
    store: Arc<dyn Store>,
    catalogue: Arc<Catalogue>,
    now: Arc<AtomicI64>,
}

/// Every answer of an instant.
#[derive(Debug, PartialEq)]
struct Answers {
    statuses: Vec<v1::TargetStatus>,
    /// Those by approved figures.
    approved: Vec<v1::TargetStatus>,
    known: Vec<v1::StoredMeasurement>,
    reports: Vec<v1::Report>,
    rates: Vec<v1::ReportingRate>,
}

impl World {
    fn of(store: Arc<dyn Store>, catalogue: &Arc<Catalogue>) -> Self {
        Self { store, catalogue: Arc::clone(catalogue), now: Arc::new(AtomicI64::new(BEGIN)) }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.now.load(Ordering::Relaxed)).unwrap()
    }

    fn figures(&self) -> Figures {
        Figures { store: Arc::clone(&self.store), catalogue: Arc::clone(&self.catalogue) }
    }

    fn reports(&self) -> Reports {
        Reports { store: Arc::clone(&self.store), catalogue: Arc::clone(&self.catalogue) }
    }

    fn standing(&self) -> Standing {
        Standing::new(self.figures())
    }

    /// One step, a second after the one before.
    async fn take(&self, number: u128, step: &Step) {
        self.now.fetch_add(1, Ordering::Relaxed);
        match step {
            Step::Say { what, year, value } => {
                let (indicator, department) = REPORTED[*what];
                let (year, value) = (year.to_string(), value.to_string());
                let rows = [(indicator, year.as_str(), value.as_str())];
                let sent = submission(&self.catalogue, department, number, self.now(), &rows);
                self.store.append(sent).await.unwrap();
            }
            Step::Judge { year, kind } => {
                let period = year.to_string().parse().unwrap();
                let reason = format!("lý do {number}");
                let act = match kind {
                    0 => Act::ReportApproved { period },
                    1 => Act::ReportReturned { period, reason },
                    _ => Act::ReportReopened { period, reason },
                };
                let performed = Performed {
                    id: SubmissionId::from_bytes(number.to_be_bytes()),
                    department: REPORTED[0].1.to_owned(),
                    by: "reviewer".to_owned(),
                    at: self.now(),
                    act,
                    only_after: None,
                };
                let done = self.store.act(performed).await;
                assert!(matches!(done, Ok(_) | Err(Error::Review(_))), "{done:?}");
            }
        }
    }

    /// Everything that is said as of an instant; none for now.
    async fn answers(&self, as_of: Option<Timestamp>) -> Answers {
        let as_of = as_of.map(wire::timestamp);
        let statuses = async |basis: v1::Basis| {
            let basis = basis as i32;
            let request = v1::ListTargetStatusesRequest { as_of, basis, ..Default::default() };
            self.standing().all(request, self.now()).await.unwrap()
        };
        let approved = statuses(v1::Basis::Approved).await;
        let statuses = statuses(v1::Basis::All).await;
        let request = v1::ListMeasurementsRequest { as_of, page_size: 1_000, ..Default::default() };
        let known = self.figures().measurements(request, self.now()).await.unwrap().measurements;
        let now = Arc::clone(&self.now);
        let review = Review {
            store: Arc::clone(&self.store),
            catalogue: Arc::clone(&self.catalogue),
            reports: self.reports(),
            clock: Clock::of(move || Timestamp::from_second(now.load(Ordering::Relaxed)).unwrap()),
        };
        let caller = Caller { role: Role::Reviewer, department: None, name: "r".to_owned() };
        let request = v1::ListReportsRequest { as_of, page_size: 1_000, ..Default::default() };
        let reports = review.list(&caller, request).await.unwrap().reports;
        let request =
            v1::ListReportingRatesRequest { as_of, page_size: 1_000, ..Default::default() };
        let rates = self.reports().rates(&request, self.now()).await.unwrap().rates;
        Answers { statuses, approved, known, reports, rates }
    }

    /// What changed between two instants, all pages of three.
    async fn changes(&self, from: Timestamp, to: Timestamp) -> v1::ListChangesResponse {
        let changes = Changes { figures: self.figures(), standing: self.standing() };
        let mut request = v1::ListChangesRequest {
            from: Some(wire::timestamp(from)),
            to: Some(wire::timestamp(to)),
            page_size: 3,
            ..Default::default()
        };
        let mut all = v1::ListChangesResponse::default();
        loop {
            let page = changes.list(request.clone(), self.now()).await.unwrap();
            all.moves.extend(page.moves);
            all.changes.extend(page.changes);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                return all;
            }
        }
    }
}

/// Runs a history in both engines; both say at the end what was said at the time.
async fn replay(steps: Vec<Step>, catalogue: Arc<Catalogue>) {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let options = Options { checkpoint_bytes: 2_048, ..Options::default() };
        SledStore::open(folder.path(), Arc::clone(&catalogue), options).unwrap().0
    };
    let sled: Arc<dyn Store> = Arc::new(open());
    let mut worlds = [
        World::of(Arc::new(MemoryStore::new(Arc::clone(&catalogue))), &catalogue),
        World::of(sled, &catalogue),
    ];
    let mut recorded: Vec<(Timestamp, Answers)> = Vec::new();
    for (number, step) in (1..).zip(&steps) {
        for world in &worlds {
            world.take(number, step).await;
        }
        let [said, also_said] = [worlds[0].answers(None).await, worlds[1].answers(None).await];
        assert_eq!(said, also_said, "the engines say the same");
        recorded.push((worlds[0].now(), said));
    }
    worlds[1].store.close().await.unwrap();
    let now = Arc::clone(&worlds[1].now);
    worlds[1].store = Arc::new(MemoryStore::new(Arc::clone(&catalogue)));
    worlds[1] = World { now, ..World::of(Arc::new(open()), &catalogue) };
    for world in &worlds {
        world.now.fetch_add(1_000_000, Ordering::Relaxed);
        for (instant, said) in &recorded {
            assert_eq!(&world.answers(Some(*instant)).await, said, "as of {instant}");
        }
        compare_changes(world, &recorded).await;
    }
}

/// Between any two instants changed what differs in the answers recorded at them.
async fn compare_changes(world: &World, recorded: &[(Timestamp, Answers)]) {
    for pair in recorded.windows(4).step_by(3) {
        let [(from, before), .., (to, after)] = pair else { continue };
        let changes = world.changes(*from, *to).await;
        let moved = after.statuses.iter().zip(&before.statuses);
        let moved = moved.filter(|(now, then)| now.verdict != then.verdict);
        let moved: Vec<_> = moved.map(|(now, then)| (now.clone(), then.verdict)).collect();
        let told = changes.moves.into_iter();
        let told: Vec<_> = told.map(|it| (it.status.unwrap(), it.previous_verdict)).collect();
        assert_eq!(told, moved);
        let key = |it: &v1::StoredMeasurement| (it.indicator.clone(), it.period.clone());
        for now in &after.known {
            let then = before.known.iter().find(|then| key(then) == key(now));
            let of_key = changes
                .changes
                .iter()
                .filter(|change| key(change.measurement.as_ref().unwrap()) == key(now));
            let of_key: Vec<_> = of_key.collect();
            let steps = now.revision + 1 - then.map_or(0, |then| then.revision + 1);
            assert_eq!(of_key.len(), steps as usize, "{now:?}");
            if let Some(last) = of_key.last() {
                assert_eq!(last.measurement.as_ref(), Some(now));
                assert_eq!(of_key[0].previous.as_ref(), then);
            }
        }
        let keys = after.known.iter().map(key).collect::<std::collections::BTreeSet<_>>();
        let told = changes.changes.iter().map(|it| key(it.measurement.as_ref().unwrap()));
        assert!(told.into_iter().all(|key| keys.contains(&key)));
    }
}

fn steps() -> usize {
    std::env::var("TIENDO_VINTAGE_STEPS").ok().and_then(|steps| steps.parse().ok()).unwrap_or(30)
}

#[test]
fn what_was_said_at_an_instant_is_said_as_of_it() {
    let catalogue = Arc::new(Catalogue::parse(crate::SHIPPED_CATALOGUE).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(2) });
    let history = prop::collection::vec(step(), steps());
    let ran = runner.run(&history, |steps| {
        runtime.block_on(replay(steps, Arc::clone(&catalogue)));
        Ok(())
    });
    ran.unwrap();
}

/// What is reported, for which year, and the value.
type Row = (usize, i16, u32);

/// Sends rows of one instant, so many in each submission, and says where targets stand;
/// the sequences of the entries alone may differ.
async fn standing_of(
    store: Arc<dyn Store>,
    catalogue: &Arc<Catalogue>,
    rows: &[Row],
    batch: usize,
) -> (World, Vec<v1::TargetStatus>) {
    let world = World::of(store, catalogue);
    for (number, rows) in (1..).zip(rows.chunks(batch)) {
        let texts: Vec<_> = rows
            .iter()
            .map(|(what, year, value)| (*what, year.to_string(), value.to_string()))
            .collect();
        let rows: Vec<_> = texts
            .iter()
            .map(|(what, year, value)| (REPORTED[*what].0, year.as_str(), value.as_str()))
            .collect();
        let sent = submission(catalogue, REPORTED[0].1, number, world.now(), &rows);
        world.store.append(sent).await.unwrap();
    }
    let statuses = world.answers(None).await.statuses;
    (world, without_sequences(statuses))
}

fn without_sequences(mut statuses: Vec<v1::TargetStatus>) -> Vec<v1::TargetStatus> {
    let explanations = statuses.iter_mut().filter_map(|status| status.explanation.as_mut());
    for source in explanations.flat_map(|explanation| &mut explanation.sources) {
        source.sequence = 0;
    }
    statuses
}

/// One value for each key that has one, in an order, and the same in another.
fn orders() -> impl Strategy<Value = (Vec<Row>, Vec<Row>, usize)> {
    let keys = prop::collection::btree_map((0..REPORTED.len(), 2018_i16..2026), 1_u32..60, 1..24);
    let rows = keys.prop_map(|keys| {
        keys.into_iter().map(|((what, year), value)| (what, year, value)).collect::<Vec<_>>()
    });
    (rows.clone().prop_shuffle(), 1_usize..9)
        .prop_flat_map(|(rows, batch)| (Just(rows.clone()), Just(rows).prop_shuffle(), Just(batch)))
}

#[test]
fn order_batches_engine_and_approval_change_no_verdict() {
    let catalogue = Arc::new(Catalogue::parse(crate::SHIPPED_CATALOGUE).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(6) });
    let ran = runner.run(&orders(), |(rows, shuffled, batch)| {
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let memory = Arc::new(MemoryStore::new(Arc::clone(&catalogue)));
            let options = Options::default();
            let sled = SledStore::open(folder.path(), Arc::clone(&catalogue), options).unwrap().0;
            let (mut world, one) = standing_of(memory, &catalogue, &rows, rows.len()).await;
            let (_, other) = standing_of(Arc::new(sled), &catalogue, &shuffled, batch).await;
            assert_eq!(one, other, "by order, batches and engine");
            let now = world.answers(Some(world.now())).await;
            assert_eq!(without_sequences(now.statuses), one, "as of now is now");
            let is_blank = |status: &v1::TargetStatus| status.verdict() == v1::Verdict::NoData;
            assert!(now.approved.iter().all(is_blank), "nothing is approved");
            for (number, (_, year, _)) in (100..).zip(&rows) {
                world.take(number, &Step::Judge { year: *year, kind: 0 }).await;
            }
            world.now = Arc::new(AtomicI64::new(BEGIN));
            let judged = world.answers(None).await;
            assert_eq!(judged.approved, judged.statuses, "everything is approved");
            let is_open = |status: &v1::TargetStatus| {
                let flags = |status: &v1::TargetStatus| status.flags.clone();
                let provisional = v1::StatusFlag::Provisional as i32;
                flags(status).contains(&provisional) != is_blank(status)
            };
            assert!(one.iter().all(is_open), "what nobody approved is provisional");
            let without_flags = |mut statuses: Vec<v1::TargetStatus>| {
                for status in &mut statuses {
                    status.flags.clear();
                }
                without_sequences(statuses)
            };
            assert!(judged.statuses.iter().all(|status| !is_open(status) || is_blank(status)));
            assert_eq!(
                without_flags(judged.statuses),
                without_flags(one),
                "approving changes flags alone"
            );
        });
        Ok(())
    });
    ran.unwrap();
}
