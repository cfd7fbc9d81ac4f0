//! Use case: who watches learns of every verdict that moves.
//!
//! A task keeps the board of all targets up to date while somebody watches: one by all
//! figures, one by approved ones.
//! Watchers share it and queue nothing: each compares the latest board with what it
//! told last. So a writer never waits for a reader, a slow reader costs no memory,
//! and what it was told of last is all that has to be known to resume.

mod token;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::wire::v1;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::failure::Failure;
use crate::figures::approved_only;
use crate::standing::Standing;

/// How long changes are gathered before the board is made again.
const GATHER: Duration = Duration::from_millis(200);

/// The board is made at most for one part in so many of the time.
const SHARE: u32 = 5;

/// How often the board is made without a change, for what moves with the day.
const AGAIN: Duration = Duration::from_mins(1);

/// Where all targets stand.
#[derive(Debug)]
struct Board {
    /// Everything recorded up to this count is in it.
    changes: u64,
    /// In the catalogue's order.
    places: Vec<Place>,
}

/// Where one target stands.
#[derive(Debug, Clone)]
struct Place {
    status: Arc<v1::TargetStatus>,
    /// How often its verdict moved since the task began.
    moves: u64,
}

/// Lets callers watch.
#[derive(Debug, Clone)]
pub struct Watch {
    catalogue: Arc<Catalogue>,
    changes: watch::Receiver<u64>,
    /// By all figures, and by approved ones.
    kept: [Kept; 2],
}

/// A board that a task keeps.
#[derive(Debug, Clone)]
struct Kept {
    /// Behind an `Arc`, so that clones do not count as watchers.
    boards: Arc<watch::Receiver<Option<Arc<Board>>>>,
    wake: Arc<Notify>,
}

impl Watch {
    /// Starts the tasks that keep the boards, which end with `stopping`; needs to be
    /// called within a runtime.
    pub fn start(standing: &Standing, clock: &Clock, stopping: &CancellationToken) -> Self {
        let changes = standing.figures.store.changes();
        let kept = [v1::Basis::All, v1::Basis::Approved].map(|basis| {
            let (sender, boards) = watch::channel(None);
            let wake = Arc::new(Notify::new());
            let keeper = Keeper {
                standing: standing.clone(),
                basis,
                clock: clock.clone(),
                changes: changes.clone(),
                sender,
                wake: Arc::clone(&wake),
            };
            let stopping = stopping.clone();
            tokio::spawn(async move { stopping.run_until_cancelled(keeper.run()).await });
            Kept { boards: Arc::new(boards), wake }
        });
        Self { catalogue: Arc::clone(&standing.figures.catalogue), changes, kept }
    }

    /// Where a stream begins, and what it tells from there on. It ends when the task
    /// does; dropping it ends it too.
    pub async fn stream(
        &self,
        request: &v1::WatchTargetStatusesRequest,
    ) -> Result<(String, impl Stream<Item = v1::WatchTargetStatusesResponse> + use<>), Failure>
    {
        let resumed = token::read(&request.resume_token, &self.catalogue)?;
        let kept = &self.kept[usize::from(approved_only(request.basis)?)];
        let recorded = *self.changes.borrow();
        let mut boards = watch::Receiver::clone(&kept.boards);
        kept.wake.notify_one();
        let is_new = |board: &Option<Arc<Board>>| {
            board.as_ref().is_some_and(|board| board.changes >= recorded)
        };
        let board = boards.wait_for(is_new).await.ok().and_then(|board| board.clone());
        let Some(board) = board else {
            let stops = "the server stops".to_owned();
            return Err(Failure::Store(crate::store::Error::Unavailable(stops)));
        };
        let told = board.places.iter().enumerate().map(|(at, place)| Told {
            verdict: resumed.as_ref().map_or(place.status.verdict, |known| known[at]),
            moves: place.moves,
        });
        let watcher = Watcher {
            told: told.collect(),
            horizon: request.horizon,
            catalogue: Arc::clone(&self.catalogue),
            board,
            boards,
            at: 0,
            missed: 0,
        };
        Ok((watcher.token(), futures_util::stream::unfold(watcher, Watcher::next)))
    }
}

/// What a watcher was told of a target.
#[derive(Debug, Clone, Copy)]
struct Told {
    verdict: i32,
    /// The target's count of moves then.
    moves: u64,
}

/// One who watches.
#[derive(Debug)]
struct Watcher {
    catalogue: Arc<Catalogue>,
    horizon: u32,
    board: Arc<Board>,
    boards: watch::Receiver<Option<Arc<Board>>>,
    /// In the catalogue's order.
    told: Vec<Told>,
    /// Targets before it are told as the board has them.
    at: usize,
    /// Moves passed over since the last message.
    missed: u64,
}

impl Watcher {
    /// The next message; none when the task has ended.
    async fn next(mut self) -> Option<(v1::WatchTargetStatusesResponse, Self)> {
        loop {
            // Whoever was slow learns how it is now, not how it was.
            if self.boards.has_changed().ok()? {
                self.take();
            }
            if let Some(message) = self.tell() {
                return Some((message, self));
            }
            self.boards.changed().await.ok()?;
            self.take();
        }
    }

    fn take(&mut self) {
        if let Some(board) = &*self.boards.borrow_and_update() {
            self.board = Arc::clone(board);
            self.at = 0;
        }
    }

    /// What is to be told next by the board at hand.
    fn tell(&mut self) -> Option<v1::WatchTargetStatusesResponse> {
        while let Some(place) = self.board.places.get(self.at) {
            let status = &place.status;
            let told = &mut self.told[self.at];
            let before =
                std::mem::replace(told, Told { verdict: status.verdict, moves: place.moves });
            self.at += 1;
            if self.horizon != 0 && self.horizon != status.horizon {
                continue;
            }
            let moves = place.moves - before.moves;
            if before.verdict == status.verdict {
                self.missed += moves;
                continue;
            }
            self.missed += moves.saturating_sub(1);
            return Some(v1::WatchTargetStatusesResponse {
                status: Some((**status).clone()),
                previous_verdict: before.verdict,
                missed: u32::try_from(std::mem::take(&mut self.missed)).unwrap_or(u32::MAX),
                resume_token: self.token(),
            });
        }
        None
    }

    fn token(&self) -> String {
        token::write(&self.catalogue, self.told.iter().map(|told| told.verdict))
    }
}

/// The task that keeps a board.
#[derive(Debug)]
struct Keeper {
    standing: Standing,
    basis: v1::Basis,
    clock: Clock,
    changes: watch::Receiver<u64>,
    sender: watch::Sender<Option<Arc<Board>>>,
    wake: Arc<Notify>,
}

impl Keeper {
    async fn run(mut self) {
        loop {
            let began = Instant::now();
            if self.is_watched() {
                self.make().await;
            }
            tokio::time::sleep(GATHER.max(began.elapsed() * SHARE)).await;
            self.wait().await;
        }
    }

    /// The receiver in [`Watch`] is one of them.
    fn is_watched(&self) -> bool {
        self.sender.receiver_count() > 1
    }

    /// Waits for a reason to make the board: a new watcher, a change, or time.
    async fn wait(&mut self) {
        tokio::select! {
            () = self.wake.notified() => {}
            () = tokio::time::sleep(AGAIN) => {}
            changed = self.changes.changed() => if changed.is_err() {
                // Nothing is recorded any more.
                std::future::pending::<()>().await;
            },
        }
    }

    async fn make(&mut self) {
        // Before it is made: what is recorded meanwhile is a reason to make it again.
        let changes = *self.changes.borrow_and_update();
        let basis = self.basis as i32;
        let all = v1::ListTargetStatusesRequest { basis, ..Default::default() };
        match self.standing.all(all, self.clock.now()).await {
            Ok(statuses) => self.put(changes, statuses),
            Err(error) => tracing::warn!(%error, "verdicts could not be watched"),
        }
    }

    fn put(&self, changes: u64, statuses: Vec<v1::TargetStatus>) {
        self.sender.send_modify(|board| {
            let before = board.as_ref().map_or(&[][..], |board| &board.places);
            let places = statuses.into_iter().enumerate().map(|(at, status)| {
                let moves = before.get(at).map_or(0, |before| {
                    before.moves + u64::from(before.status.verdict != status.verdict)
                });
                Place { status: Arc::new(status), moves }
            });
            *board = Some(Arc::new(Board { changes, places: places.collect() }));
        });
    }
}
