//! Random operations on two servers over one database and on the model: they agree, whichever
//! server an operation meets and whatever happens between.

use proptest::collection::vec;
use proptest::prelude::*;

use super::snapshot::Worth;
use super::test_cluster::database;
use super::{PostgresStore, Target};
use crate::store::conformance::random::{Step, append, cases, compare, step, text};
use crate::store::conformance::samples::catalogue;
use crate::store::memory::MemoryStore;
use crate::store::{Store, Submission};

/// The servers, of which the first can be stopped, killed and started again.
struct Subject {
    target: Target,
    servers: [PostgresStore; 2],
    turn: usize,
}

impl Subject {
    async fn new() -> Option<Self> {
        let target = database().await?;
        let servers = [open(&target).await, open(&target).await];
        Some(Self { target, servers, turn: 0 })
    }

    /// One after the other.
    fn next(&mut self) -> &PostgresStore {
        self.turn += 1;
        &self.servers[self.turn / 2 % 2]
    }

    async fn restart(&mut self) {
        self.servers[0] = open(&self.target).await;
    }
}

async fn open(target: &Target) -> PostgresStore {
    let (store, opened) = PostgresStore::open(target, catalogue()).await.unwrap();
    assert_eq!(opened.unreadable, 0);
    store
}

async fn run(steps: Vec<Step>) {
    let Some(mut subject) = Subject::new().await else { return };
    let model = MemoryStore::new(catalogue());
    let mut appended: Vec<Submission> = Vec::new();
    for step in steps {
        match step {
            Step::Append(submission) => {
                append(&model, subject.next(), &submission).await;
                appended.push(submission);
            }
            Step::Again(index) if !appended.is_empty() => {
                append(&model, subject.next(), index.get(&appended)).await;
            }
            Step::Again(_) => {}
            Step::Rehearse(submission) => {
                let expect = model.rehearse(submission.clone()).await;
                assert_eq!(text(&subject.next().rehearse(submission).await), text(&expect));
            }
            Step::Act(performed) => {
                let expect = model.act(performed.clone()).await;
                assert_eq!(text(&subject.next().act(performed).await), text(&expect));
            }
            Step::Checkpoint => subject.next().core.save_snapshots(Worth::ALWAYS).await,
            Step::Close => {
                subject.servers[0].close().await.unwrap();
                subject.restart().await;
            }
            Step::Kill | Step::Drop => subject.restart().await,
            Step::Compare(at) => compare(&model, subject.next(), at).await,
        }
    }
    subject.restart().await;
    for server in &subject.servers {
        compare(&model, server, 50).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]
    #[test]
    fn the_engine_agrees_with_the_model(steps in vec(step(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(run(steps));
    }
}
