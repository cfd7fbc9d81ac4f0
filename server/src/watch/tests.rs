//! Watchers against a store: what moves is told once, what was passed over is counted.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{FutureExt as _, Stream, StreamExt as _};
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::wire::v1;
use tokio_util::sync::CancellationToken;

use super::Watch;
use crate::changes::vintages::submission;
use crate::clock::Clock;
use crate::figures::Figures;
use crate::standing::Standing;
use crate::store::Store;
use crate::store::memory::MemoryStore;

type Messages = Pin<Box<dyn Stream<Item = v1::WatchTargetStatusesResponse>>>;

/// A store that is watched.
struct Subject {
    store: Arc<dyn Store>,
    catalogue: Arc<Catalogue>,
    watch: Watch,
    stopping: CancellationToken,
    sent: u128,
}

impl Subject {
    fn start() -> Self {
        let catalogue = Arc::new(Catalogue::parse(crate::SHIPPED_CATALOGUE).unwrap());
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::clone(&catalogue)));
        let figures = Figures { store: Arc::clone(&store), catalogue: Arc::clone(&catalogue) };
        let clock = Clock::of(|| "2026-11-01T00:00:00Z".parse().unwrap());
        let stopping = CancellationToken::new();
        let watch = Watch::start(&Standing::new(figures), &clock, &stopping);
        Self { store, catalogue, watch, stopping, sent: 0 }
    }

    /// A share of 2023 is at risk or on track with what is said for 2024.
    async fn says(&mut self, period: &str, value: &str) {
        self.sent += 1;
        let at = "2026-10-01T00:00:00Z".parse().unwrap();
        let row = ("digital-economy-share", period, value);
        let sent = submission(&self.catalogue, "thong-ke-tinh", self.sent, at, &[row]);
        self.store.append(sent).await.unwrap();
    }

    async fn stream(&self, token: &str) -> (String, Messages) {
        self.stream_of(token, v1::Basis::Unspecified).await
    }

    async fn stream_of(&self, token: &str, basis: v1::Basis) -> (String, Messages) {
        let request = v1::WatchTargetStatusesRequest {
            horizon: 2030,
            resume_token: token.to_owned(),
            basis: basis as i32,
        };
        let (token, messages) = self.watch.stream(&request).await.unwrap();
        (token, Box::pin(messages))
    }
}

fn told(message: &v1::WatchTargetStatusesResponse) -> (&str, v1::Verdict, v1::Verdict, u32) {
    let status = message.status.as_ref().unwrap();
    (&status.target, message.previous_verdict(), status.verdict(), message.missed)
}

use v1::Verdict::{AtRisk, NoData, NotAssessable, OnTrack};

#[tokio::test]
async fn each_verdict_that_moves_is_told_once_to_everyone() {
    let mut subject = Subject::start();
    let (_, mut first) = subject.stream("").await;
    let (_, mut second) = subject.stream("").await;
    subject.says("2023", "5.28").await;
    for messages in [&mut first, &mut second] {
        let message = messages.next().await.unwrap();
        assert_eq!(told(&message), ("A07", NoData, NotAssessable, 0));
    }
    subject.says("2024", "5.99").await;
    assert_eq!(told(&first.next().await.unwrap()), ("A07", NotAssessable, AtRisk, 0));
    // What changes no verdict is not told.
    subject.says("2024", "5.98").await;
    subject.says("2024", "6.5").await;
    assert_eq!(told(&first.next().await.unwrap()), ("A07", AtRisk, OnTrack, 0));
    assert!(first.next().now_or_never().is_none());
}

#[tokio::test]
async fn a_stream_resumes_with_every_move_that_still_stands() {
    let mut subject = Subject::start();
    let (began, messages) = subject.stream("").await;
    drop(messages);
    subject.says("2023", "5.28").await;
    subject.says("2024", "5.99").await;
    let (_, mut messages) = subject.stream(&began).await;
    let message = messages.next().await.unwrap();
    assert_eq!(told(&message), ("A07", NoData, AtRisk, 0));
    drop(messages);
    // Resumed after that message there is nothing to tell.
    let (token, mut messages) = subject.stream(&message.resume_token).await;
    assert_eq!(token, message.resume_token);
    assert!(messages.next().now_or_never().is_none());
    // A move that was undone meanwhile does not stand.
    drop(messages);
    subject.says("2024", "6.5").await;
    subject.says("2024", "5.99").await;
    let (_, mut messages) = subject.stream(&token).await;
    assert!(messages.next().now_or_never().is_none());
    let request =
        v1::WatchTargetStatusesRequest { horizon: 0, resume_token: "x".to_owned(), basis: 0 };
    assert!(subject.watch.stream(&request).await.is_err());
}

#[tokio::test]
async fn a_slow_reader_holds_nobody_up_and_learns_what_it_missed() {
    let mut subject = Subject::start();
    let (_, mut slow) = subject.stream("").await;
    let (_, mut quick) = subject.stream("").await;
    subject.says("2023", "5.28").await;
    subject.says("2024", "5.99").await;
    while told(&quick.next().await.unwrap()).2 != AtRisk {}
    for round in 0..5 {
        for (value, verdict) in [("6.5", OnTrack), ("5.99", AtRisk)] {
            subject.says("2024", value).await;
            let message = quick.next().await.unwrap();
            assert_eq!(told(&message).2, verdict, "round {round}");
        }
    }
    let message = slow.next().await.unwrap();
    let (target, before, now, missed) = told(&message);
    assert_eq!((target, before, now), ("A07", NoData, AtRisk));
    // Ten there and back; the first two may have been one.
    assert!((10..=11).contains(&missed), "{missed}");
}

#[tokio::test]
async fn streams_end_when_the_server_stops() {
    let subject = Subject::start();
    let (_, mut messages) = subject.stream("").await;
    subject.stopping.cancel();
    assert!(messages.next().await.is_none());
}
