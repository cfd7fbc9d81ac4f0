//! Sends what waits in the ledger, in order, until the server has answered for all of it.
//!
//! Several submissions of one act are in flight at once; the next act begins when
//! each of them is answered, because a later file may correct an earlier one. The
//! answer is in the ledger before the next submission takes its place in flight.
//!
//! The ledgers are compared at the beginning of every stream, once the server has opened it
//! and before anything is sent on it: a server that was restored a moment ago, perhaps between
//! two tries, must not give receipts that hide those it lost.

pub(crate) mod retry;
mod split;

use std::collections::HashMap;
use std::time::Duration;

use prost::Message as _;
use tiendo_shared::wire::{self, v1};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};

use self::retry::{Next, Policy, after, after_status, random};
use crate::clock;
use crate::connection::{ANSWER, Connection, within};
use crate::outbox::record::{Prepared, Waiting};
use crate::outbox::{self, Outbox, id_of};
use crate::reconcile::{self, Found};

/// Submissions in flight at once. Few, so that memory stays small; a server that
/// allows fewer takes them one after the other.
const IN_FLIGHT: usize = 4;

/// Longest wait before another server is asked after one failed.
const TURN: Duration = Duration::from_millis(250);

/// Sends what waits.
#[derive(Debug)]
pub(crate) struct Pusher<'a> {
    /// The way to the server.
    pub(crate) connection: &'a mut Connection,
    /// What waits.
    pub(crate) outbox: &'a mut Outbox,
    /// How long to try.
    pub(crate) policy: Policy,
    /// Name under which this computer sends.
    pub(crate) agent: &'a str,
    /// For whom.
    pub(crate) department: &'a str,
}

/// Hears what becomes of each submission.
pub(crate) trait Listener {
    /// The server answered; `prepared` is there if it refused measurements.
    fn answered(
        &mut self,
        waiting: &Waiting,
        prepared: Option<&Prepared>,
        response: &v1::SubmitMeasurementsResponse,
    );
    /// The submission can never be taken as it is.
    fn failed(&mut self, waiting: &Waiting, message: &str);
    /// The server lost so many submissions, which are sent again first.
    fn lost(&mut self, count: usize);
    /// It failed for now and is tried again after `wait`.
    fn waits(&mut self, wait: Duration, status: &Status);
}

/// Why not everything was sent. What was not goes on waiting.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stopped {
    /// The server cannot be reached, or takes nothing now.
    #[error("the server does not take submissions now: {}", .status.message())]
    Away {
        /// What it said, or what failed on the way to it.
        status: Status,
        /// How long it wants to be left alone.
        wish: Option<Duration>,
    },
    /// The server refuses this computer, or is broken in a way that trying again does not mend.
    #[error("the server refuses: {}", .0.message())]
    Refused(Status),
    /// The server's ledger was changed, and nobody said that it is to be trusted again.
    #[error("the server tells another receipt no. {0} than the one it gave")]
    Distrusted(u64),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] outbox::Error),
}

/// How a stream ended.
struct Round<'w> {
    answered: usize,
    failure: Option<(Next, Status)>,
    /// What was in flight when it ended.
    flying: Vec<&'w Waiting>,
}

impl<'a> Pusher<'a> {
    /// Sends from `outbox` over `connection` as `agent` of `department`.
    pub(crate) fn new(
        connection: &'a mut Connection,
        outbox: &'a mut Outbox,
        policy: Policy,
        (agent, department): (&'a str, &'a str),
    ) -> Self {
        Self { connection, outbox, policy, agent, department }
    }

    /// Sends until nothing waits.
    pub(crate) async fn send_all(&mut self, listener: &mut dyn Listener) -> Result<(), Stopped> {
        let (mut failures, mut turns) = (0, 0);
        let mut most = IN_FLIGHT;
        loop {
            let act = self.outbox.index().first_act();
            if act.is_empty() {
                return Ok(());
            }
            if let Some(doubt) = self.outbox.index().doubt() {
                return Err(Stopped::Distrusted(doubt.sequence()));
            }
            let round = self.round(&act, most, listener).await?;
            if round.answered > 0 {
                (failures, turns) = (0, 0);
            }
            match (round.failure, round.flying.as_slice()) {
                (None, _) => {}
                (Some((Next::Retry(wish), status)), _) => {
                    turns += 1;
                    if self.connection.turn(&status) && turns < self.connection.ways().count() {
                        // Not in the same moment as all others that the server served.
                        tokio::time::sleep(TURN.mul_f64(random())).await;
                        continue;
                    }
                    turns = 0;
                    failures += 1;
                    let Some(wait) = self.policy.wait(failures, wish, random()) else {
                        return Err(Stopped::Away { status, wish });
                    };
                    listener.waits(wait, &status);
                    tokio::time::sleep(wait).await;
                }
                // One of them was too long; alone, it will be known which.
                (Some((Next::Split, _)), _) if most > 1 => most = 1,
                (Some((Next::Split, status)), [alone]) => {
                    self.split(alone, status.message(), listener)?;
                }
                (Some((_, status)), _) => return Err(Stopped::Refused(status)),
            }
        }
    }

    /// Sends an act on one stream, `most` in flight, until all of it is answered or something fails.
    async fn round<'w>(
        &mut self,
        act: &'w [Waiting],
        most: usize,
        listener: &mut dyn Listener,
    ) -> Result<Round<'w>, Stopped> {
        let (sender, receiver) = mpsc::channel(most);
        let mut queue = act.iter();
        let mut flying = HashMap::new();
        let mut round = Round { answered: 0, failure: None, flying: Vec::new() };
        let mut client = self.connection.collection();
        let call = within(ANSWER, client.stream_submissions(ReceiverStream::new(receiver))).await;
        let mut answers = match self.connection.noted(call) {
            Ok(answers) => answers.into_inner(),
            Err(status) => return Ok(round.ended(status, flying)),
        };
        // What is sent on the stream reaches the server that is asked here, or none.
        match reconcile::look(self.connection, self.outbox, self.department).await? {
            Found::Same | Found::Lost(0) | Found::Changed(_) => {}
            Found::Lost(count) => {
                listener.lost(count);
                return Ok(round);
            }
            Found::Unclear(status) => {
                drop(self.connection.noted(Err::<(), _>(status.clone())));
                return Ok(round.ended(status, flying));
            }
        }
        if let Some(doubt) = self.outbox.index().doubt() {
            return Err(Stopped::Distrusted(doubt.sequence()));
        }
        self.fill(&sender, &mut queue, &mut flying, listener)?;
        while !flying.is_empty() {
            let answer = within(ANSWER, answers.message()).await;
            match self.connection.noted(answer) {
                Ok(Some(answer)) => {
                    let Some(waiting) = flying.remove(&answer.submission_id) else {
                        tracing::warn!("an answer for `{}`, unasked", answer.submission_id);
                        continue;
                    };
                    let failure = self.take(waiting, answer.result, listener)?;
                    round.answered += usize::from(failure.is_none());
                    round.failure = round.failure.or(failure);
                }
                Ok(None) => {
                    return Ok(round.ended(Status::unavailable("the stream ended"), flying));
                }
                Err(status) => return Ok(round.ended(status, flying)),
            }
            if round.failure.is_none() {
                self.fill(&sender, &mut queue, &mut flying, listener)?;
            }
        }
        Ok(round)
    }

    /// Sends as many more as may be in flight.
    fn fill<'w>(
        &mut self,
        sender: &mpsc::Sender<v1::StreamSubmissionsRequest>,
        queue: &mut std::slice::Iter<'w, Waiting>,
        flying: &mut HashMap<String, &'w Waiting>,
        listener: &mut dyn Listener,
    ) -> Result<(), Stopped> {
        while flying.len() < sender.max_capacity() {
            let Some(waiting) = queue.next() else { return Ok(()) };
            let request = self.outbox.load(waiting).and_then(|prepared| {
                v1::SubmitMeasurementsRequest::decode(&*prepared.request)
                    .map_err(|_| outbox::Error::NotThere(waiting.prepared))
            });
            let mut request = match request {
                Ok(request) => request,
                Err(error) => {
                    // Damaged on this disk: it cannot be sent, and must not keep back the others.
                    self.fail(waiting, Code::DataLoss, &error.to_string(), listener)?;
                    continue;
                }
            };
            request.earlier_answer = self.outbox.earlier_answer(waiting);
            request.sent_at = Some(wire::timestamp(clock::now()));
            let message = v1::StreamSubmissionsRequest { submission: Some(request) };
            flying.insert(id_of(&waiting.id).to_string(), waiting);
            if sender.try_send(message).is_err() {
                // The stream is gone; reading from it will tell why.
                return Ok(());
            }
        }
        Ok(())
    }

    /// Records one answer; a failure if the submission has to be sent again.
    fn take(
        &mut self,
        waiting: &Waiting,
        result: Option<v1::stream_submissions_response::Result>,
        listener: &mut dyn Listener,
    ) -> Result<Option<(Next, Status)>, Stopped> {
        use v1::stream_submissions_response::Result as Answer;
        let failure = match result {
            Some(Answer::Response(response)) => {
                let refused = !response.rejections.is_empty();
                let prepared = refused.then(|| self.outbox.load(waiting)).transpose()?;
                self.outbox.answer(waiting, response.clone(), self.agent, clock::now())?;
                listener.answered(waiting, prepared.as_ref(), &response);
                return Ok(None);
            }
            Some(Answer::Failure(failure)) => failure,
            None => {
                let status = Status::unavailable("an answer without a result");
                return Ok(Some((Next::Retry(None), status)));
            }
        };
        let code = Code::from(failure.code);
        let message = if failure.message.is_empty() { failure.reason } else { failure.message };
        match after(code, failure.retry_after_ms.map(Duration::from_millis)) {
            Next::Final => self.fail(waiting, code, &message, listener)?,
            Next::Split => self.split(waiting, &message, listener)?,
            next => return Ok(Some((next, Status::new(code, message)))),
        }
        Ok(None)
    }

    fn split(
        &mut self,
        waiting: &Waiting,
        message: &str,
        listener: &mut dyn Listener,
    ) -> Result<(), Stopped> {
        let now = clock::now();
        let ids = [clock::new_id(now), clock::new_id(now)];
        match split::halves(&self.outbox.load(waiting)?, ids) {
            Some(pieces) => Ok(self.outbox.split(waiting, pieces)?),
            None => self.fail(waiting, Code::OutOfRange, message, listener),
        }
    }

    fn fail(
        &mut self,
        waiting: &Waiting,
        code: Code,
        message: &str,
        listener: &mut dyn Listener,
    ) -> Result<(), Stopped> {
        self.outbox.fail(waiting, code as i32, message.to_owned(), clock::now())?;
        listener.failed(waiting, message);
        Ok(())
    }
}

impl<'w> Round<'w> {
    fn ended(mut self, status: Status, flying: HashMap<String, &'w Waiting>) -> Self {
        self.failure = self.failure.or_else(|| Some((after_status(&status), status)));
        self.flying = flying.into_values().collect();
        self
    }
}
