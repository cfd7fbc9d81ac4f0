//! Takes a file of a job into the ledger of this computer: checked, recorded, released.
//!
//! The file is read twice. The first time tells whether it differs from what the
//! job sent last, so that the same figures, fetched every day, leave no trace; the
//! second time what is new is recorded.

use std::path::Path;
use std::sync::Arc;

use prost::Message as _;
use sha2::{Digest as _, Sha256};
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::department::Department;
use tiendo_shared::submission::hexadecimal;
use tiendo_shared::wire::v1;

use super::state::State;
use crate::app::App;
use crate::clock;
use crate::contact::Contact;
use crate::gather::Trouble;
use crate::mapping::Mapping;
use crate::outbox::Outbox;
use crate::outbox::record::Prepared;
use crate::pack::{Bounds, Pack};
use crate::reading::{Failure, Reading, Summary, Task};
use crate::rejects::Rejects;

/// What files are read and checked by.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// The catalogue.
    pub(super) catalogue: Arc<Catalogue>,
    /// Who reports.
    pub(super) department: Department,
    /// How the file is read; none for a form.
    pub(super) mapping: Option<Box<Mapping>>,
}

/// What a file holds.
#[derive(Debug)]
pub(super) struct Held {
    /// Hash of what would be sent; empty if nothing would.
    pub(super) content: String,
    /// What was read.
    pub(super) summary: Summary,
    /// Rows refused by this computer.
    pub(super) refused: u64,
    /// The refused rows, to be written where they belong.
    pub(super) rejects: Rejects,
}

/// Content on its way into a hash or into the ledger.
struct Content<'a> {
    hash: Sha256,
    department: &'a str,
    packs: u32,
}

impl Content<'_> {
    /// Adds a pack; the submission it makes, without its id.
    fn add(&mut self, pack: Pack) -> (Vec<u8>, v1::SubmitMeasurementsRequest) {
        let request = v1::SubmitMeasurementsRequest { groups: pack.groups, ..Default::default() };
        let bytes = request.encode_to_vec();
        if self.packs == 0 {
            self.hash.update(self.department);
        }
        self.packs += 1;
        self.hash.update((bytes.len() as u64).to_be_bytes());
        self.hash.update(&bytes);
        (bytes, request)
    }

    fn finish(self) -> String {
        if self.packs == 0 { String::new() } else { hexadecimal(&self.hash.finalize()) }
    }
}

impl Rules {
    fn task(&self, app: &App<'_>, path: &Path) -> Task {
        let contact = Contact::load(&app.home);
        Task {
            path: path.to_owned(),
            mapping: self.mapping.clone(),
            catalogue: Arc::clone(&self.catalogue),
            department: self.department.clone(),
            now: contact.server_time(clock::now()),
            bounds: Bounds::of(contact.message_bytes, contact.submission_items, false),
            lang: app.lang(),
        }
    }

    fn content(&self) -> Content<'_> {
        Content { hash: Sha256::new(), department: &self.department.id, packs: 0 }
    }

    /// Reads a file and records nothing.
    pub(super) async fn hold(&self, app: &App<'_>, path: &Path) -> Result<Held, Failure> {
        let mut rejects = Rejects::new(path.to_owned(), app.lang());
        let mut content = self.content();
        let mut refused = 0;
        let mut reading = Reading::start(self.task(app, path));
        while let Some(step) = reading.next().await {
            for one in step.refused {
                refused += 1;
                if let Err(error) = rejects.add(&one) {
                    tracing::warn!("a refused row cannot be written: {error}");
                }
            }
            if let Some(pack) = step.pack {
                content.add(pack);
            }
        }
        let summary = reading.ended()?;
        Ok(Held { content: content.finish(), summary, refused, rejects })
    }

    /// Reads a file once more and records it; it is sent from then on. `named` is
    /// where the file will be found.
    pub(super) async fn record(
        &self,
        app: &App<'_>,
        outbox: &mut Outbox,
        state: &mut State,
        path: &Path,
        named: &Path,
    ) -> Result<(), Trouble> {
        let lang = app.lang();
        let ledger = |error| Trouble::passing(lang.no_ledger(&error));
        let mut content = self.content();
        let mut act = None;
        let mut reading = Reading::start(self.task(app, path));
        while let Some(step) = reading.next().await {
            let Some(mut pack) = step.pack else { continue };
            let (items, place) = (pack.items, content.packs);
            pack.places.file = named.display().to_string();
            let places = Some(std::mem::take(&mut pack.places));
            let (bytes, mut request) = content.add(pack);
            let id = state.id(&self.department.id, place, &bytes);
            let act = *act.get_or_insert(id);
            if outbox.index().waiting().any(|waiting| waiting.id == id.as_bytes()) {
                // It was recorded before this program was stopped, and all that belongs to it.
                continue;
            }
            request.submission_id = id.to_string();
            outbox
                .prepare(Prepared {
                    id: id.as_bytes().to_vec(),
                    act: act.as_bytes().to_vec(),
                    department: self.department.id.clone(),
                    request: request.encode_to_vec(),
                    items,
                    at_us: clock::now().as_microsecond(),
                    places,
                    replaces: Vec::new(),
                })
                .map_err(ledger)?;
        }
        let file = path.display().to_string();
        let ended = reading.ended();
        ended.map_err(|failure| {
            Trouble::passing(lang.unreadable(&failure, &file, &self.department.id))
        })?;
        if let Some(act) = act {
            outbox.release(act).map_err(ledger)?;
            state.recorded(content.finish());
        }
        Ok(())
    }
}
