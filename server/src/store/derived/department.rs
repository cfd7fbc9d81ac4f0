//! What is known of one department: its chain, the ids it used and its series.
//!
//! State is applied when an entry is queued for the journal and may be ahead of
//! what is durable; reads name the last entry they may show, their *horizon*.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use jiff::Timestamp;
use rust_decimal::Decimal;
use tiendo_shared::act::Act;
use tiendo_shared::catalogue::{Catalogue, IndicatorIndex};
use tiendo_shared::check::{Checked, Known, decide};
use tiendo_shared::measurement::Measurement;
use tiendo_shared::review;
use tiendo_shared::submission::{Hash, Outcome, Recorded, Refusal, Rejection, SubmissionId};

use super::durable::Durable;
use super::moves::Moves;
use super::point::Point;
use super::series::Series;
use crate::store::{Error, others_rejected};

/// A department: its state, and how much of its chain is durable.
#[derive(Debug)]
pub(in crate::store) struct Department {
    pub(in crate::store) id: String,
    state: RwLock<State>,
    durable: Mutex<Durable>,
}

/// Everything derived from a chain.
#[derive(Debug, Default)]
pub(in crate::store) struct State {
    /// Sequence and hash of the last entry applied; 0 and zeros for none.
    pub(in crate::store) last: u32,
    pub(in crate::store) head: Hash,
    /// Sequences up to here are not to be used: damage may have swallowed them.
    pub(in crate::store) burned: u32,
    /// From when each entry counts, in microseconds, from sequence 1 on.
    received: Vec<i64>,
    /// First receipts of entries that had been lost, in microseconds, by sequence.
    first_received: BTreeMap<u32, i64>,
    ids: HashMap<SubmissionId, u32>,
    /// How its reports moved, and its acts.
    pub(in crate::store) moves: Moves,
    /// Entries whose rows are not saved.
    pub(in crate::store) unsaved_rows: Vec<(u32, SubmissionId)>,
    /// By indicator.
    folders: Vec<Folder>,
    series: Vec<Series>,
    /// Numbers that do not fit into a point.
    wide: Vec<Decimal>,
    /// Series that have points that are not saved.
    pub(in crate::store) unsaved: Vec<SeriesId>,
}

/// Place of a series in its department.
pub(in crate::store) type SeriesId = u32;

/// The series of one indicator.
#[derive(Debug, Default)]
struct Folder {
    total: Option<SeriesId>,
    parts: BTreeMap<Arc<str>, SeriesId>,
}

/// What becomes of the items of a submission.
#[derive(Debug)]
pub(in crate::store) struct Decision {
    pub(in crate::store) outcomes: Vec<Outcome>,
    pub(in crate::store) rejections: Vec<Rejection>,
    /// The series of each item, where there is one.
    pub(in crate::store) places: Vec<Option<SeriesId>>,
}

impl Department {
    /// A department in this state.
    pub(in crate::store) fn new(id: String, state: State, durable: Durable) -> Self {
        Self { id, state: RwLock::new(state), durable: Mutex::new(durable) }
    }

    /// The state, to read it.
    pub(in crate::store) fn read(&self) -> Result<RwLockReadGuard<'_, State>, Error> {
        self.state.read().map_err(|_| self.broken())
    }

    /// The state, to change it.
    pub(in crate::store) fn write(&self) -> Result<RwLockWriteGuard<'_, State>, Error> {
        self.state.write().map_err(|_| self.broken())
    }

    /// What of the chain is durable.
    pub(in crate::store) fn durable(&self) -> MutexGuard<'_, Durable> {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn broken(&self) -> Error {
        let id = &self.id;
        Error::Unavailable(format!("a submission of `{id}` panicked; start the server again"))
    }
}

pub(in crate::store) fn index(sequence: u32) -> usize {
    sequence.saturating_sub(1) as usize
}

impl State {
    /// The state at the end of a chain, with no series yet.
    pub(in crate::store) fn new(last: u32, head: Hash, burned: u32) -> Self {
        Self { last, head, burned, ..Self::default() }
    }

    /// The entry that an id was used for.
    pub(in crate::store) fn earlier(&self, id: SubmissionId) -> Option<u32> {
        self.ids.get(&id).copied()
    }

    /// The sequence of the next entry.
    pub(in crate::store) fn next(&self) -> Result<u32, Error> {
        let last = self.last.max(self.burned);
        last.checked_add(1).ok_or_else(|| Error::Unavailable("a chain is full".to_owned()))
    }

    /// When an entry counts as received that came at `received`.
    pub(in crate::store) fn received(&self, received: Timestamp) -> Timestamp {
        let last = self.received.last().map(|last| Timestamp::from_microsecond(*last));
        last.and_then(Result::ok).map_or(received, |last| received.max(last))
    }

    /// When an entry counts as received, in microseconds.
    pub(in crate::store) fn received_at(&self, sequence: u32) -> i64 {
        self.received.get(index(sequence)).copied().unwrap_or_default()
    }

    /// The last entry known at `as_of`, as far as `durable`.
    pub(in crate::store) fn horizon(&self, durable: u32, as_of: Option<Timestamp>) -> u32 {
        let Some(as_of) = as_of else { return durable };
        let known = self.received.partition_point(|it| *it <= as_of.as_microsecond());
        u32::try_from(known).unwrap_or(u32::MAX).min(durable)
    }

    /// Decides the items of a submission and changes nothing.
    pub(in crate::store) fn decide(
        &self,
        catalogue: &Catalogue,
        items: &[Result<Checked, Refusal>],
        all_or_nothing: bool,
    ) -> Decision {
        let mut decision = Decision {
            outcomes: Vec::with_capacity(items.len()),
            rejections: Vec::new(),
            places: Vec::with_capacity(items.len()),
        };
        for (item, index) in items.iter().zip(0..) {
            let (place, decided) = match item {
                Ok(checked) => {
                    let place = self.find(checked.indicator, &checked.members);
                    (place, self.decide_one(catalogue, checked, place))
                }
                Err(refusal) => (None, Err(refusal.clone())),
            };
            decision.places.push(place);
            decision.outcomes.push(decided.unwrap_or_else(|refusal| {
                decision.rejections.push(refusal.at(index));
                Outcome::Rejected
            }));
        }
        if all_or_nothing && !decision.rejections.is_empty() {
            decision.refuse_all();
        }
        decision
    }

    fn decide_one(
        &self,
        catalogue: &Catalogue,
        checked: &Checked,
        place: Option<SeriesId>,
    ) -> Result<Outcome, Refusal> {
        let indicator = &catalogue.indicators()[usize::from(checked.indicator)];
        let known = place.map_or_else(Known::default, |place| {
            let matters = indicator.largest_change.is_some();
            self.series[place as usize].known(checked.period, &self.wide, matters)
        });
        let approved = self.moves.state(checked.period) == review::State::Approved;
        decide(indicator, checked, &Known { approved, ..known })
    }

    /// Applies an entry. `items` are its measurements, `places` their series as
    /// far as they are known.
    pub(in crate::store) fn apply(
        &mut self,
        recorded: &Recorded,
        sequence: u32,
        items: &[Result<Checked, Refusal>],
        places: &[Option<SeriesId>],
    ) {
        let mut period = None;
        for (index, (item, outcome)) in items.iter().zip(&recorded.outcomes).enumerate() {
            let (Ok(checked), true) = (item, *outcome != Outcome::Rejected) else { continue };
            if *outcome != Outcome::Unchanged {
                let place = places.get(index).copied().flatten();
                self.put(place, checked, sequence);
            }
            if period.replace(checked.period) != Some(checked.period) {
                self.moves.receive(checked.period, sequence);
            }
        }
        self.end(recorded, sequence);
    }

    /// Applies an act.
    pub(in crate::store) fn apply_act(&mut self, recorded: &Recorded, sequence: u32, act: &Act) {
        self.moves.act(act, sequence);
        self.end(recorded, sequence);
    }

    /// An entry that is applied is the last one.
    fn end(&mut self, recorded: &Recorded, sequence: u32) {
        (self.last, self.head) = (sequence, recorded.link.entry_hash);
        self.unsaved_rows.push((sequence, recorded.id));
        let first = recorded.first_received.map(Timestamp::as_microsecond);
        self.note(sequence, recorded.id, recorded.received.as_microsecond(), first);
    }

    /// Remembers the id and the receipt time of an entry, the first one if it was lost.
    pub(in crate::store) fn note(
        &mut self,
        sequence: u32,
        id: SubmissionId,
        received: i64,
        first: Option<i64>,
    ) {
        let counts = first.unwrap_or(received);
        let before = self.received.last().copied().unwrap_or(counts);
        self.received.resize(index(sequence), before);
        self.received.push(counts.max(before));
        self.ids.insert(id, sequence);
        if let Some(first) = first {
            self.first_received.insert(sequence, first);
        }
    }

    /// When an entry that had been lost was received for the first time, in microseconds.
    pub(in crate::store) fn first_received(&self, sequence: u32) -> Option<i64> {
        self.first_received.get(&sequence).copied()
    }

    /// Nothing is saved entry by entry: their rows need not wait for it.
    pub(in crate::store) fn forget_unsaved(&mut self) {
        self.unsaved_rows.clear();
    }

    /// Forgets what was applied after the entry `last`, whose hash is `head`: it will not
    /// become durable.
    pub(in crate::store) fn undo(&mut self, last: u32, head: Hash) {
        if self.last <= last {
            return;
        }
        for series in self.series.iter_mut().filter(|series| series.last > last) {
            series.undo(last);
        }
        self.moves.undo(last);
        self.received.truncate(index(last + 1));
        self.first_received.split_off(&(last + 1));
        self.ids.retain(|_, sequence| *sequence <= last);
        self.unsaved_rows.retain(|(sequence, _)| *sequence <= last);
        (self.last, self.head) = (last, head);
    }

    fn put(&mut self, place: Option<SeriesId>, checked: &Checked, sequence: u32) {
        let place = place.unwrap_or_else(|| self.open(checked.indicator, &checked.members));
        let point = Point::new(checked.period, sequence, &checked.observation, &mut self.wide);
        if self.series[place as usize].put(point) {
            self.unsaved.push(place);
        }
    }

    /// The series of an indicator and members.
    pub(in crate::store) fn find(
        &self,
        indicator: IndicatorIndex,
        members: &str,
    ) -> Option<SeriesId> {
        let folder = self.folders.get(usize::from(indicator))?;
        if members.is_empty() { folder.total } else { folder.parts.get(members).copied() }
    }

    fn open(&mut self, indicator: IndicatorIndex, members: &str) -> SeriesId {
        if let Some(place) = self.find(indicator, members) {
            return place;
        }
        let place = SeriesId::try_from(self.series.len()).unwrap_or(SeriesId::MAX);
        let folder = usize::from(indicator);
        if self.folders.len() <= folder {
            self.folders.resize_with(folder + 1, Folder::default);
        }
        let members: Arc<str> = members.into();
        let folder = &mut self.folders[folder];
        if members.is_empty() {
            folder.total = Some(place);
        } else {
            folder.parts.insert(Arc::clone(&members), place);
        }
        self.series.push(Series::new(indicator, members));
        place
    }

    /// The series in its place.
    pub(in crate::store) fn series(&self, place: SeriesId) -> &Series {
        &self.series[place as usize]
    }

    /// The entries that ids were used for, in no order.
    pub(in crate::store) fn ids(&self) -> impl Iterator<Item = (u32, SubmissionId)> {
        self.ids.iter().map(|(id, sequence)| (*sequence, *id))
    }

    /// All series, and the wide numbers their points refer to.
    pub(in crate::store) fn all_series(&self) -> (&[Series], &[Decimal]) {
        (&self.series, &self.wide)
    }

    /// The series in its place, and the wide numbers its points refer to, to save it.
    pub(in crate::store) fn series_mut(&mut self, place: SeriesId) -> (&mut Series, &[Decimal]) {
        (&mut self.series[place as usize], &self.wide)
    }

    /// The series of these members, opened if need be, and the wide numbers, to load it.
    pub(in crate::store) fn load(
        &mut self,
        indicator: IndicatorIndex,
        members: &str,
    ) -> (&mut Series, &mut Vec<Decimal>) {
        let place = self.open(indicator, members);
        (&mut self.series[place as usize], &mut self.wide)
    }

    /// The series of an indicator by members: the total first.
    pub(in crate::store) fn folder(
        &self,
        indicator: IndicatorIndex,
    ) -> impl Iterator<Item = &Series> {
        let folder = self.folders.get(usize::from(indicator));
        let places =
            folder.into_iter().flat_map(|folder| folder.total.iter().chain(folder.parts.values()));
        places.map(|place| &self.series[*place as usize])
    }

    /// A point as a measurement.
    pub(in crate::store) fn measurement(&self, (point, revision): (Point, u32)) -> Measurement {
        let first = self.first_received(point.sequence);
        let received = first.unwrap_or_else(|| self.received_at(point.sequence));
        Measurement {
            period: point.period.into(),
            observation: point.observation(&self.wide),
            revision,
            sequence: point.sequence.into(),
            received: Timestamp::from_microsecond(received).unwrap_or_default(),
        }
    }
}

impl Decision {
    fn refuse_all(&mut self) {
        let mut rejections = std::mem::take(&mut self.rejections).into_iter().peekable();
        for (outcome, index) in self.outcomes.iter_mut().zip(0..) {
            let rejection = rejections.next_if(|rejection| rejection.index == index);
            self.rejections.push(rejection.unwrap_or_else(|| others_rejected().at(index)));
            *outcome = Outcome::Rejected;
        }
    }
}
