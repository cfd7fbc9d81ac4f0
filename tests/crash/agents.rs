//! Agents that send without end, keep an id through every retry, and note what was answered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use tiendo_shared::wire::v1;
use tokio::sync::watch;
use tonic::Code;

use super::{AGENTS, DEPARTMENTS};
use crate::harness::{Clients, Collection, Random, group, number, of_members, trial};

/// Months in which each agent reports.
const MONTHS: u32 = 18;

/// Most submissions an agent has in flight.
const WAVE: u32 = 6;

/// Department, month and commune.
pub(super) type Key = (String, String, u32);

/// What was sent and what was answered.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// Agents begin a new wave.
    working: watch::Sender<bool>,
    /// Agents finish what is in flight and end.
    pub(super) stop: AtomicBool,
    /// For each key how often it was written: sent, and acknowledged.
    writes: Mutex<BTreeMap<Key, (u32, u32)>>,
    receipts: Mutex<Vec<Acknowledged>>,
    count: AtomicU64,
}

/// Department, submission and its receipt.
pub(super) type Acknowledged = (String, v1::SubmitMeasurementsRequest, v1::Receipt);

impl Book {
    pub(super) fn set_working(&self, working: bool) {
        self.working.send_replace(working);
    }

    pub(super) fn acknowledged(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    pub(super) fn writes(&self) -> BTreeMap<Key, (u32, u32)> {
        self.writes.lock().unwrap().clone()
    }

    pub(super) fn writes_of(&self, key: &Key) -> (u32, u32) {
        self.writes.lock().unwrap().get(key).copied().unwrap_or_default()
    }

    /// The receipts from this one on, and how many there are in all.
    pub(super) fn receipts_since(&self, start: usize) -> (Vec<Acknowledged>, usize) {
        let receipts = self.receipts.lock().unwrap();
        (receipts[start..].to_vec(), receipts.len())
    }

    pub(super) fn receipt(&self, at: usize) -> Acknowledged {
        self.receipts.lock().unwrap()[at].clone()
    }

    fn sending(&self, key: Key) -> u32 {
        let mut writes = self.writes.lock().unwrap();
        let (sent, _) = writes.entry(key).or_default();
        *sent += 1;
        *sent
    }

    fn answered(&self, one: &Sent, answer: v1::SubmitMeasurementsResponse) {
        let receipt = answer.receipt.expect("a stored submission has a receipt");
        assert!(answer.rejections.is_empty(), "{:?}", answer.rejections);
        let mut writes = self.writes.lock().unwrap();
        for key in &one.keys {
            writes.get_mut(key).expect("it was sent").1 += 1;
        }
        let receipt = v1::Receipt { duplicate: false, ..receipt };
        self.receipts.lock().unwrap().push((one.keys[0].0.clone(), one.request.clone(), receipt));
        self.count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Key of a measurement that the server knows.
pub(super) fn key_of(known: &v1::StoredMeasurement) -> Key {
    let commune = known.dimensions[0].member.trim_start_matches("xa-").parse().unwrap();
    (known.department.clone(), known.period.clone(), commune)
}

/// The value that the `write`th submission of a key sends: no two of a key are equal.
pub(super) fn value_of(key: &Key, write: u32) -> String {
    format!("{}", u64::from(write) * 1_000 + u64::from(key.2))
}

#[derive(Debug)]
struct Sent {
    request: v1::SubmitMeasurementsRequest,
    keys: Vec<Key>,
}

/// Sends wave after wave until told to stop. The submissions of a wave share no key, so
/// that the order in which they are taken does not matter.
pub(super) async fn work(
    agent: u32,
    mut random: Random,
    clients: Clients,
    book: std::sync::Arc<Book>,
) {
    let department = DEPARTMENTS[agent as usize % DEPARTMENTS.len()];
    let mut collection = clients.collection(department);
    let mut working = book.working.subscribe();
    loop {
        working.wait_for(|working| *working).await.expect("the book outlives its agents");
        if book.stop.load(Ordering::Relaxed) {
            return;
        }
        let first = random.u32(..MONTHS);
        let wave: Vec<_> = (0..random.u32(1..=WAVE))
            .map(|n| submission(agent, department, (first + n) % MONTHS, &mut random, &book))
            .collect();
        if random.bool() {
            by_stream(&mut collection, &wave, &book).await;
        } else {
            by_calls(&collection, &wave, &book).await;
        }
    }
}

fn submission(agent: u32, department: &str, month: u32, random: &mut Random, book: &Book) -> Sent {
    let period = format!("{}-{:02}", 2020 + month / 12, month % 12 + 1);
    let mut communes = BTreeSet::new();
    for _ in 0..random.u32(1..=30) {
        communes.insert(random.u32(..trial::COMMUNES / AGENTS) * AGENTS + agent + 1);
    }
    let keys: Vec<Key> = communes
        .into_iter()
        .map(|commune| (department.to_owned(), period.clone(), commune))
        .collect();
    let measurements = keys.iter().map(|key| {
        let value = value_of(key, book.sending(key.clone()));
        of_members(number("so-luong", &value), &[("commune", &trial::commune(key.2))])
    });
    let request = v1::SubmitMeasurementsRequest {
        submission_id: uuid::Uuid::from_u128(random.u128(1..)).to_string(),
        groups: vec![group(&period, measurements)],
        ..v1::SubmitMeasurementsRequest::default()
    };
    Sent { request, keys }
}

/// One call for each, all at once, repeated with the same id until it is answered.
async fn by_calls(collection: &Collection, wave: &[Sent], book: &Book) {
    let calls = wave.iter().map(async |one| {
        let mut collection = collection.clone();
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        loop {
            ticks.tick().await;
            match collection.submit_measurements(one.request.clone()).await {
                Ok(answer) => return book.answered(one, answer.into_inner()),
                Err(status) => interrupted(&status),
            }
        }
    });
    futures_util::future::join_all(calls).await;
}

/// All on one stream, opened again for those that were not answered.
async fn by_stream(collection: &mut Collection, wave: &[Sent], book: &Book) {
    let mut waiting: BTreeMap<&str, &Sent> =
        wave.iter().map(|one| (one.request.submission_id.as_str(), one)).collect();
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    while !waiting.is_empty() {
        ticks.tick().await;
        let messages: Vec<_> = waiting
            .values()
            .map(|one| v1::StreamSubmissionsRequest { submission: Some(one.request.clone()) })
            .collect();
        let mut answers = match collection.stream_submissions(tokio_stream::iter(messages)).await {
            Ok(answers) => answers.into_inner(),
            Err(status) => {
                interrupted(&status);
                continue;
            }
        };
        while let Some(answer) = answers.next().await {
            use v1::stream_submissions_response::Result::{Failure, Response};
            match answer.map(|answer| (answer.submission_id, answer.result)) {
                Ok((id, Some(Response(response)))) => {
                    let one = waiting.remove(id.as_str()).expect("answered once");
                    book.answered(one, response);
                }
                Ok((_, Some(Failure(failure)))) => {
                    assert_eq!(failure.code, Code::Unavailable as i32, "{failure:?}");
                }
                Ok((_, None)) => panic!("an answer without a result"),
                Err(status) => {
                    interrupted(&status);
                    break;
                }
            }
        }
    }
}

/// Fails unless the call was cut off by the death of the server.
fn interrupted(status: &tonic::Status) {
    let cut_off = [Code::Unavailable, Code::Unknown, Code::Cancelled, Code::Internal];
    assert!(cut_off.contains(&status.code()), "{status:?}");
}
