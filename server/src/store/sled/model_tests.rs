//! Random operations on this engine and on the model: they agree, whatever happens between.

use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;

use super::tests::copy_directory;
use super::{Opened, Options, SledStore};
use crate::store::conformance::random::{Step, append, cases, compare, step, text};
use crate::store::conformance::samples::catalogue;
use crate::store::memory::MemoryStore;
use crate::store::{Store, Submission};

/// The engine, which can be closed, killed and opened again.
struct Subject {
    directory: TempDir,
    store: Option<SledStore>,
    options: Options,
}

impl Subject {
    fn new(options: Options) -> Self {
        let mut subject = Self { directory: tempfile::tempdir().unwrap(), store: None, options };
        subject.open();
        subject
    }

    fn open(&mut self) -> Opened {
        let (store, opened) =
            SledStore::open(self.directory.path(), catalogue(), self.options).unwrap();
        assert_eq!((&opened.faults, opened.unreadable), (&vec![], 0));
        self.store = Some(store);
        opened
    }

    fn store(&self) -> &SledStore {
        self.store.as_ref().unwrap()
    }

    fn kill(&mut self) {
        let copy = tempfile::tempdir().unwrap();
        // The checkpoint first: it may be behind the journal, never ahead.
        for part in ["state", "journal"] {
            copy_directory(&self.directory.path().join(part), &copy.path().join(part));
        }
        self.store = None;
        self.directory = copy;
        self.open();
    }
}

async fn run(steps: Vec<Step>, options: Options) {
    let model = MemoryStore::new(catalogue());
    let mut subject = Subject::new(options);
    let mut appended: Vec<Submission> = Vec::new();
    for step in steps {
        match step {
            Step::Append(submission) => {
                append(&model, subject.store(), &submission).await;
                appended.push(submission);
            }
            Step::Again(index) if !appended.is_empty() => {
                append(&model, subject.store(), index.get(&appended)).await;
            }
            Step::Again(_) => {}
            Step::Rehearse(submission) => {
                let expect = model.rehearse(submission.clone()).await;
                let answer = subject.store().rehearse(submission).await;
                assert_eq!(text(&answer), text(&expect));
            }
            Step::Act(performed) => {
                let expect = model.act(performed.clone()).await;
                assert_eq!(text(&subject.store().act(performed).await), text(&expect));
            }
            Step::Checkpoint => subject.store().checkpoint().await.unwrap(),
            Step::Close => {
                subject.store().close().await.unwrap();
                subject.store = None;
                let opened = subject.open();
                assert_eq!((opened.replayed, opened.rebuilt), (0, None));
                compare(&model, subject.store(), 50).await;
            }
            Step::Kill => {
                subject.kill();
                compare(&model, subject.store(), 50).await;
            }
            Step::Drop => {
                subject.store = None;
                assert_eq!(subject.open().rebuilt, None);
                compare(&model, subject.store(), 50).await;
            }
            Step::Compare(at) => compare(&model, subject.store(), at).await,
        }
    }
    subject.kill();
    compare(&model, subject.store(), 50).await;
    assert!(super::verify(subject.directory.path()).unwrap().is_sound());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]
    #[test]
    fn the_engine_agrees_with_the_model(
        steps in vec(step(), 1..80), checkpoint_bytes in prop_oneof![Just(512_u64), Just(1 << 20)]
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let options = Options { checkpoint_bytes, ..Options::default() };
        runtime.block_on(run(steps, options));
    }
}
