//! The model engine: plain maps of everything that was ever said, for tests and as their oracle.
//!
//! It is as naive as the contract allows and shares no code with the other
//! engines, so that a mistake is not made twice. It keeps nothing on a disk.

mod chain;
mod province;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use rust_decimal::Decimal;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::check::{Checked, Known, decide};
use tiendo_shared::measurement::{Measurement, SeriesKey, Value};
use tiendo_shared::period::ReportingPeriod;
use tiendo_shared::province::Combined;
use tiendo_shared::review::{self, Move, State};
use tiendo_shared::submission::{
    Hash, NO_HASH, Outcome, Recorded, Refusal, Rejection, SubmissionId,
};
use tiendo_shared::wire::{Entry, EntryKind};
use tokio::sync::watch;

use self::chain::unchained;
use super::{
    Appended, CombinedQuery, Error, Performed, Series, SeriesQuery, Store, Submission, Together,
    others_rejected,
};

/// Keeps everything in memory.
#[derive(Debug)]
pub struct MemoryStore {
    catalogue: Arc<Catalogue>,
    books: Mutex<Books>,
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Books {
    departments: BTreeMap<String, Vec<Entry>>,
    /// Every value each key ever had, oldest first.
    series: BTreeMap<SeriesKey, BTreeMap<ReportingPeriod, Vec<Measurement>>>,
    /// How each report moved, by department and period.
    moves: BTreeMap<(String, ReportingPeriod), Vec<Move>>,
    /// From when each entry counts, by department.
    counts: BTreeMap<String, Vec<Timestamp>>,
    /// The latest instant that an answer spoke of.
    told: Timestamp,
    closed: bool,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(catalogue: Arc<Catalogue>) -> Self {
        Self { catalogue, books: Mutex::default(), changes: watch::Sender::default() }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self, department: &str, checked: &Checked) -> SeriesKey {
        SeriesKey {
            department: department.to_owned(),
            indicator: self.catalogue.indicators()[usize::from(checked.indicator)].id.clone(),
            members: checked.members.clone(),
        }
    }

    fn decide(&self, books: &Books, submission: &Submission) -> (Vec<Outcome>, Vec<Rejection>) {
        let decided: Vec<Result<Outcome, Refusal>> = submission
            .items
            .iter()
            .map(|item| {
                let checked = item.as_ref().map_err(Clone::clone)?;
                let known = books.known(&self.key(&submission.department, checked), checked.period);
                let indicator = &self.catalogue.indicators()[usize::from(checked.indicator)];
                decide(indicator, checked, &known)
            })
            .collect();
        let refuse_all = submission.all_or_nothing && decided.iter().any(Result::is_err);
        let mut outcomes = Vec::new();
        let mut rejections = Vec::new();
        for (index, decided) in (0..).zip(decided) {
            let decided = if refuse_all { decided.and(Err(others_rejected())) } else { decided };
            match decided {
                Ok(outcome) => outcomes.push(outcome),
                Err(refusal) => {
                    outcomes.push(Outcome::Rejected);
                    rejections.push(refusal.at(index));
                }
            }
        }
        (outcomes, rejections)
    }
}

impl Books {
    fn chain(&self, department: &str) -> &[Entry] {
        self.departments.get(department).map_or(&[], Vec::as_slice)
    }

    fn earlier(&self, submission: &Submission) -> Option<Result<Appended, Error>> {
        let chain = self.chain(&submission.department);
        let entry = chain.iter().find(|entry| entry.recorded.id == submission.id)?;
        let is_same =
            entry.kind == EntryKind::Submission && entry.content_hash == submission.content_hash;
        Some(if is_same {
            let recorded = entry.recorded.clone();
            let together = Together::alone(recorded.link.clone());
            Ok(Appended::Recorded { recorded, duplicate: true, together })
        } else {
            Err(Error::ContentDiffers(submission.id))
        })
    }

    fn state(&self, department: &str, period: ReportingPeriod) -> State {
        let moves = self.moves.get(&(department.to_owned(), period));
        moves.and_then(|moves| moves.last()).map_or(State::Missing, |last| last.state)
    }

    /// Moves a report if it can be moved there.
    fn step(&mut self, recorded: &Recorded, period: ReportingPeriod, state: State) {
        let department = &recorded.link.department;
        if self.state(department, period).permits(state) {
            let sequence = recorded.link.sequence;
            let at = self.counts_from(department, sequence);
            let moves = self.moves.entry((department.clone(), period)).or_default();
            moves.push(Move { state, sequence, at });
        }
    }

    fn known(&self, key: &SeriesKey, period: ReportingPeriod) -> Known {
        let approved = self.is_approved(&key.department, period, None);
        let Some(series) = self.series.get(key) else {
            return Known { approved, ..Known::default() };
        };
        let latest = |values: &Vec<Measurement>| values.last().map(|last| last.observation);
        let number = |(earlier, values): (&ReportingPeriod, &Vec<Measurement>)| {
            let same_frequency = earlier.frequency() == period.frequency();
            match latest(values).map(|observation| observation.value) {
                Some(Value::Number(number)) if same_frequency => Some((*earlier, number)),
                _ => None,
            }
        };
        let before: Option<(ReportingPeriod, Decimal)> =
            series.range(..period).filter_map(number).next_back();
        Known { current: series.get(&period).and_then(latest), before, approved }
    }

    fn apply(&mut self, key: SeriesKey, checked: &Checked, sequence: u64, received: Timestamp) {
        let values = self.series.entry(key).or_default().entry(checked.period).or_default();
        values.push(Measurement {
            period: checked.period,
            observation: checked.observation,
            revision: u32::try_from(values.len()).unwrap_or(u32::MAX),
            sequence,
            received,
        });
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn append(&self, submission: Submission) -> Result<Appended, Error> {
        let mut books = self.books();
        if books.closed {
            return Err(Error::Unavailable("it is closed".to_owned()));
        }
        if let Some(earlier) = books.earlier(&submission) {
            return earlier;
        }
        let (outcomes, rejections) = self.decide(&books, &submission);
        if submission.all_or_nothing && !rejections.is_empty() {
            return Ok(Appended::NotRecorded { outcomes, rejections });
        }
        let recorded = Recorded {
            first_received: submission.first_received,
            outcomes,
            rejections,
            ..unchained(submission.id, submission.received)
        };
        let recorded = books.chained(&submission.department, recorded);
        let entry = Entry::seal(
            recorded,
            submission.agent.clone(),
            &submission.content,
            submission.content_hash,
        );
        let recorded = entry.recorded.clone();
        books.count(&recorded);
        let received = recorded.first_received.unwrap_or(recorded.received);
        for (item, outcome) in submission.items.iter().zip(&recorded.outcomes) {
            if let (Ok(checked), Outcome::Accepted | Outcome::Revised) = (item, outcome) {
                let key = self.key(&submission.department, checked);
                books.apply(key, checked, recorded.link.sequence, received);
            }
            if let (Ok(checked), true) = (item, *outcome != Outcome::Rejected) {
                books.step(&recorded, checked.period, State::Received);
            }
        }
        books.departments.entry(submission.department).or_default().push(entry);
        self.changes.send_modify(|count| *count += 1);
        let together = Together::alone(recorded.link.clone());
        Ok(Appended::Recorded { recorded, duplicate: false, together })
    }

    async fn rehearse(&self, submission: Submission) -> Result<Appended, Error> {
        let books = self.books();
        if let Some(earlier) = books.earlier(&submission) {
            return earlier;
        }
        let (outcomes, rejections) = self.decide(&books, &submission);
        Ok(Appended::NotRecorded { outcomes, rejections })
    }

    async fn act(&self, performed: Performed) -> Result<Recorded, Error> {
        let Performed { id, department, by, at, act, only_after } = performed;
        let mut books = self.books();
        if books.closed {
            return Err(Error::Unavailable("it is closed".to_owned()));
        }
        let earlier = books.chain(&department).iter().find(|entry| entry.recorded.id == id);
        if let Some(entry) = earlier {
            let is_same = entry.act().ok().flatten().as_ref() == Some(&act);
            return is_same.then(|| entry.recorded.clone()).ok_or(Error::ContentDiffers(id));
        }
        let last = books.chain(&department).last().map_or(0, |it| it.recorded.link.sequence);
        if only_after.is_some_and(|after| after != last) {
            return Err(Error::Overtaken(department));
        }
        if let Some((period, wanted)) = act.moves() {
            let state = books.state(&department, period);
            if !state.permits(wanted) {
                return Err(review::Refused { department, period, state, wanted }.into());
            }
        }
        let recorded = books.chained(&department, unchained(id, at));
        let entry = Entry::seal_act(recorded, by, &act.encode());
        let recorded = entry.recorded.clone();
        books.count(&recorded);
        if let Some((period, state)) = act.moves() {
            books.step(&recorded, period, state);
        }
        books.departments.entry(department).or_default().push(entry);
        self.changes.send_modify(|count| *count += 1);
        Ok(recorded)
    }

    async fn acts(
        &self,
        department: &str,
        sequence: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let mut entries = self.entries(department, sequence, usize::MAX).await?;
        entries.retain(|entry| entry.kind == EntryKind::Act);
        entries.truncate(limit);
        Ok(entries)
    }

    async fn reports(
        &self,
        department: Option<&str>,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<review::Report>, Error> {
        let books = self.books();
        let wanted = books.moves.iter().filter(|((of, _), _)| department.is_none_or(|it| it == of));
        let reports = wanted.map(|((department, period), moves)| {
            let known = moves.iter().filter(|it| as_of.is_none_or(|as_of| it.at <= as_of));
            let moves = known.copied().collect();
            review::Report { department: department.clone(), period: *period, moves }
        });
        Ok(reports.filter(|report| !report.moves.is_empty()).collect())
    }

    async fn recorded(
        &self,
        department: &str,
        id: SubmissionId,
    ) -> Result<Option<Recorded>, Error> {
        let books = self.books();
        let entry = books.chain(department).iter().find(|entry| entry.recorded.id == id);
        Ok(entry.map(|entry| entry.recorded.clone()))
    }

    async fn entries(
        &self,
        department: &str,
        sequence: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let books = self.books();
        let chain = books.chain(department).iter();
        let wanted = chain.filter(|entry| entry.recorded.link.sequence >= sequence);
        Ok(wanted.take(limit).cloned().collect())
    }

    async fn head(&self, department: &str) -> Result<(u64, Hash), Error> {
        let books = self.books();
        let last = books.chain(department).last().map(|entry| &entry.recorded.link);
        Ok(last.map_or((0, NO_HASH), |link| (link.sequence, link.entry_hash)))
    }

    async fn series(&self, query: &SeriesQuery) -> Result<Vec<Series>, Error> {
        let books = self.books();
        let is_wanted = |key: &&SeriesKey| {
            query.department.as_ref().is_none_or(|department| *department == key.department)
                && query.indicator.as_ref().is_none_or(|indicator| *indicator == key.indicator)
                && query.members.as_ref().is_none_or(|members| *members == key.members)
                && query.after.as_ref().is_none_or(|after| *key > after)
        };
        let known = |key: &SeriesKey, value: &Measurement| {
            books.counted(&key.department, value.sequence, query.as_of)
        };
        let series = books.series.iter().filter(|(key, _)| is_wanted(key)).map(|(key, periods)| {
            let values = periods
                .iter()
                .filter(|(period, _)| query.period.is_none_or(|wanted| wanted == **period))
                .filter(|(period, _)| {
                    !query.approved_only
                        || books.is_approved(&key.department, **period, query.as_of)
                })
                .filter_map(|(_, values)| values.iter().rfind(|value| known(key, value)).copied());
            Series { key: key.clone(), measurements: values.collect() }
        });
        let limit = if query.limit == 0 { usize::MAX } else { query.limit };
        Ok(series.filter(|series| !series.measurements.is_empty()).take(limit).collect())
    }

    async fn combined(&self, query: &CombinedQuery) -> Result<Arc<Vec<Combined>>, Error> {
        Ok(Arc::new(self.books().combined(&self.catalogue, query)))
    }

    async fn revisions(
        &self,
        key: &SeriesKey,
        period: ReportingPeriod,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<Measurement>, Error> {
        let books = self.books();
        let values = books.series.get(key).and_then(|series| series.get(&period));
        let known = |value: &Measurement| books.counted(&key.department, value.sequence, as_of);
        Ok(values.into_iter().flatten().copied().filter(known).collect())
    }

    async fn settle(&self, asked: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Error> {
        let mut books = self.books();
        let newest = books.counts.values().flatten().max().copied().unwrap_or_default();
        let latest = newest.max(now);
        let told = asked.unwrap_or(latest).min(latest).as_microsecond();
        books.told = books.told.max(Timestamp::from_microsecond(told).unwrap_or_default());
        Ok(asked.unwrap_or(latest))
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn engine(&self) -> &'static str {
        "memory"
    }

    async fn close(&self) -> Result<(), Error> {
        self.books().closed = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};
    use std::sync::Arc;

    use tiendo_shared::catalogue::Catalogue;

    use super::MemoryStore;
    use crate::store::conformance::Fixture;

    fn make(catalogue: Arc<Catalogue>) -> Ready<Fixture> {
        ready(Fixture::new(MemoryStore::new(catalogue), ()))
    }

    crate::store::conformance::store_conformance!(make);
}
