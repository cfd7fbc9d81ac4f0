//! What is known of the jobs from one start to the next, in a file that `status` reads too.

use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tiendo_shared::submission::{SubmissionId, hexadecimal};

use crate::home::{self, Home};

/// What is known of all jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct States {
    /// Each job, by its name.
    pub(crate) jobs: BTreeMap<String, State>,
    /// What was wrong with the configuration at the last reload; empty if nothing was.
    pub(crate) not_reloaded: Vec<String>,
}

/// What is known of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// Planned runs up to this instant are done with; none before the first look.
    pub(crate) covered: Option<Timestamp>,
    /// When it last ran, and what came of it.
    pub(crate) last: Option<Last>,
    /// Runs in a row that failed.
    pub(crate) failures: u32,
    /// When it is tried again after a failure.
    pub(crate) again: Option<Timestamp>,
    /// Why it is not run any more.
    pub(crate) disabled: Option<Disabled>,
    /// Hash of what it sent so far, each time over the one before; begins with a random one.
    pub(crate) link: String,
    /// Hash of what it sent last.
    pub(crate) sent: String,
}

/// A run that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Last {
    /// When it ended.
    pub(crate) at: Timestamp,
    /// How.
    pub(crate) outcome: Outcome,
    /// The same in words.
    pub(crate) said: String,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Everything is in the ledger of this computer.
    Recorded,
    /// It is what was sent the last time.
    Unchanged,
    /// There was nothing.
    Nothing,
    /// Some rows are refused.
    SomeRefused,
    /// The figures could not be fetched or read.
    Failed,
}

/// A job that is not run any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Disabled {
    /// Since when.
    pub(crate) since: Timestamp,
    /// Why.
    pub(crate) why: String,
    /// The configuration it failed with; another one is tried.
    pub(crate) fingerprint: String,
}

impl States {
    /// What is known in `home`.
    pub(crate) fn load(home: &Home) -> Self {
        let bytes = home::read_if_present(&home.jobs()).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Keeps it.
    pub(crate) fn save(&self, home: &Home) -> io::Result<()> {
        home.create()?;
        home::replace(&home.jobs(), &serde_json::to_vec_pretty(self)?)
    }

    /// What is known of a job.
    pub(crate) fn of(&mut self, name: &str) -> &mut State {
        self.jobs.entry(name.to_owned()).or_default()
    }
}

impl State {
    /// Begins the chain of what is sent, for a job that never sent anything.
    pub(crate) fn begin(&mut self, salt: SubmissionId) {
        if self.link.is_empty() {
            self.link = hexadecimal(salt.as_bytes());
        }
    }

    /// The id of the submission at `place` of what is sent next.
    ///
    /// It depends on the content and on everything the job sent before: the same
    /// content twice in a row, or once more after a crash, is the same submission;
    /// a value that returns after another one is a new one.
    pub(crate) fn id(&self, department: &str, place: u32, content: &[u8]) -> SubmissionId {
        let mut hash = Sha256::new();
        for part in [self.link.as_bytes(), department.as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(place.to_be_bytes());
        hash.update(content);
        let mut id = [0; 16];
        id.copy_from_slice(&hash.finalize()[..16]);
        // A UUID of version 8: made from other things than time and chance.
        id[6] = (id[6] & 0x0F) | 0x80;
        id[8] = (id[8] & 0x3F) | 0x80;
        SubmissionId::from_bytes(id)
    }

    /// Notes that content with this hash is in the ledger.
    pub(crate) fn recorded(&mut self, content: String) {
        let mut hash = Sha256::new();
        hash.update(&self.link);
        hash.update(&content);
        self.link = hexadecimal(&hash.finalize());
        self.sent = content;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_repeat_with_the_content_and_not_when_it_returns() {
        let mut state = State::default();
        state.begin(SubmissionId::from_bytes([7; 16]));
        let first = state.id("so-khcn", 0, b"a");
        assert_eq!(state.id("so-khcn", 0, b"a"), first, "after a crash");
        for other in
            [state.id("so-khcn", 1, b"a"), state.id("so-khcn", 0, b"b"), state.id("so-tc", 0, b"a")]
        {
            assert_ne!(other, first);
        }
        assert_eq!(first.to_string().as_bytes()[14], b'8');
        state.recorded("a".to_owned());
        state.recorded("b".to_owned());
        assert_ne!(state.id("so-khcn", 0, b"a"), first, "it is sent again after another value");
    }

    #[test]
    fn states_are_kept_and_a_damaged_file_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::find(Some(folder.path().to_owned()), &|_| None);
        let mut states = States::load(&home);
        assert_eq!(states, States::default());
        states.of("dti").covered = Some(Timestamp::UNIX_EPOCH);
        states.save(&home).unwrap();
        assert_eq!(States::load(&home), states);
        std::fs::write(home.jobs(), "{").unwrap();
        assert_eq!(States::load(&home), States::default());
    }
}
