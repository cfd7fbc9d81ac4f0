//! Use case: a submission comes in, is checked, decided, recorded and receipted.

use std::sync::Arc;

use jiff::Timestamp;
use prost::Message as _;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::check::Checker;
use tiendo_shared::submission::{Counts, Recorded, Rejection, SubmissionId, content_hash};
use tiendo_shared::wire::{self, Answer, v1};

use crate::clock::Clock;
use crate::failure::Failure;
use crate::identity::{Caller, Members};
use crate::signer::Signer;
use crate::store::{Appended, Store, Submission, Together};

/// Above this many measurements the checks leave the threads that serve calls.
const LARGE: usize = 5_000;

/// Takes submissions.
#[derive(Debug, Clone)]
pub struct Intake {
    /// Where they are kept.
    pub store: Arc<dyn Store>,
    /// By what they are checked.
    pub catalogue: Arc<Catalogue>,
    /// Signs receipts.
    pub signer: Arc<Signer>,
    /// Dates receipts.
    pub clock: Clock,
    /// Whose last submission it is, is remembered.
    pub members: Arc<Members>,
    /// Most measurements in one submission.
    pub most_items: usize,
}

impl Intake {
    /// Takes a submission of `caller`; durable when it answers with a receipt.
    pub async fn submit(
        &self,
        caller: &Caller,
        request: v1::SubmitMeasurementsRequest,
    ) -> Result<v1::SubmitMeasurementsResponse, Failure> {
        let department = caller.acts_for(&self.catalogue)?;
        let id = parse_id(&request.submission_id)?;
        let count = self.count(&request)?;
        let validate_only = request.validate_only;
        let submission = if count > LARGE {
            let (intake, department, name) =
                (self.clone(), department.to_owned(), caller.name.clone());
            tokio::task::spawn_blocking(move || intake.check(id, &department, name, request))
                .await
                .map_err(|error| crate::store::Error::Unavailable(error.to_string()))??
        } else {
            self.check(id, department, caller.name.clone(), request)?
        };
        let appended = if validate_only {
            self.store.rehearse(submission).await?
        } else {
            self.store.append(submission).await?
        };
        if let Appended::Recorded { recorded, .. } = &appended {
            self.members.submitted(caller, recorded.link.sequence);
        }
        Ok(self.answer(appended))
    }

    /// What was recorded under an id of the caller's department.
    pub async fn receipt(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<v1::GetReceiptResponse, Failure> {
        let department = caller.acts_for(&self.catalogue)?;
        let found = self.store.recorded(department, parse_id(id)?).await?;
        let recorded = found.ok_or_else(|| Failure::not_found("submission", id))?;
        Ok(v1::GetReceiptResponse {
            receipt: Some(self.sign(&recorded, &Together::alone(recorded.link.clone()), false)),
            outcomes: recorded.outcome_numbers(),
            rejections: recorded.rejection_messages(),
        })
    }

    fn count(&self, request: &v1::SubmitMeasurementsRequest) -> Result<usize, Failure> {
        let count = wire::count_items(&request.groups);
        if let Some(empty) = request.groups.iter().position(|group| group.measurements.is_empty()) {
            let message = format!("group {empty} holds no measurement");
            return Err(Failure::invalid("groups", "EMPTY_GROUP", message));
        }
        if count == 0 {
            let message = "a submission holds at least one measurement";
            return Err(Failure::invalid("groups", "EMPTY_SUBMISSION", message));
        }
        if count > self.most_items {
            let message = format!(
                "{count} measurements in one submission, at most {}; split it",
                self.most_items
            );
            return Err(Failure::invalid("groups", "TOO_MANY_MEASUREMENTS", message));
        }
        Ok(count)
    }

    fn check(
        &self,
        id: SubmissionId,
        department: &str,
        agent: String,
        mut request: v1::SubmitMeasurementsRequest,
    ) -> Result<Submission, Failure> {
        let received = self.clock.now();
        let earlier = request.earlier_answer.take();
        let first_received = earlier.and_then(|earlier| {
            self.first_received(id, department, &request.groups, &earlier, received)
        });
        let department = self
            .catalogue
            .department(department)
            .ok_or_else(|| Failure::not_found("department", department))?;
        // What was taken then is not refused now because its period has locked since.
        let now = first_received.unwrap_or(received);
        let checker = Checker { catalogue: &self.catalogue, department, now };
        let items = wire::check_all(&checker, &request.groups);
        let content = v1::SubmissionContent { groups: request.groups }.encode_to_vec();
        Ok(Submission {
            id,
            department: department.id.clone(),
            agent,
            received,
            first_received,
            content_hash: content_hash(&content),
            content,
            items,
            all_or_nothing: request.all_or_nothing,
        })
    }

    /// When a submission was received for the first time, if the answer that its sender
    /// kept is this server's own. A foreign one is no reason to refuse the figures.
    fn first_received(
        &self,
        id: SubmissionId,
        department: &str,
        groups: &[v1::MeasurementGroup],
        earlier: &v1::EarlierAnswer,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let receipt = earlier.receipt.as_ref()?;
        let answer = Answer {
            receipt,
            outcomes: &earlier.outcomes,
            rejections: &earlier.rejections,
            agent: &earlier.agent,
        };
        let is_ours = receipt.department == department
            && answer.is_for(id, groups)
            && self.signer.has_signed(receipt);
        if !is_ours {
            tracing::warn!(%id, department, "an earlier answer that is not of this server");
            return None;
        }
        let first = receipt.first_received_at.as_ref().or(receipt.received_at.as_ref());
        first.and_then(wire::instant).filter(|first| *first <= now)
    }

    fn answer(&self, appended: Appended) -> v1::SubmitMeasurementsResponse {
        let server_time = Some(wire::timestamp(self.clock.now()));
        match appended {
            Appended::Recorded { recorded, duplicate, together } => {
                v1::SubmitMeasurementsResponse {
                    receipt: Some(self.sign(&recorded, &together, duplicate)),
                    outcomes: recorded.outcome_numbers(),
                    rejections: recorded.rejection_messages(),
                    counts: Some(Counts::of(&recorded.outcomes).into()),
                    server_time,
                }
            }
            Appended::NotRecorded { outcomes, rejections } => v1::SubmitMeasurementsResponse {
                receipt: None,
                counts: Some(Counts::of(&outcomes).into()),
                outcomes: outcomes.iter().map(|o| v1::Outcome::from(*o) as i32).collect(),
                rejections: rejections.iter().map(|r: &Rejection| r.into()).collect(),
                server_time,
            },
        }
    }

    fn sign(&self, recorded: &Recorded, together: &Together, duplicate: bool) -> v1::Receipt {
        recorded.receipt(together.signed(|links| self.signer.sign(links)), duplicate)
    }
}

fn parse_id(text: &str) -> Result<SubmissionId, Failure> {
    text.parse::<SubmissionId>()
        .map_err(|error| Failure::invalid("submission_id", "SUBMISSION_ID_FORM", error.to_string()))
}
