//! What `check` and `submit` have in common: a file, how it is read, and by what it is checked.

use std::path::Path;
use std::sync::Arc;

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::department::Department;

use crate::app::{App, Failed};
use crate::cli::{Input, Reading as How};
use crate::clock;
use crate::config::Mapping as Where;
use crate::connection::Met;
use crate::contact::Contact;
use crate::job;
use crate::mapping::Mapping;
use crate::pack::Bounds;
use crate::reading::{Failure, Task};
use crate::source;

/// The mapping a file is read by; none for a form.
pub(super) fn mapping(app: &App<'_>, input: &Input) -> Result<Option<Box<Mapping>>, Failed> {
    let lang = app.lang();
    // A path on the command line is one of the working folder, one in agent.toml of its own.
    let (source, root) = match &input.reading {
        How::Form => return Ok(None),
        How::Mapping(path) => (Where::File(path.clone()), Path::new("")),
        How::Job(name) => {
            let known: Vec<_> =
                app.config.jobs.iter().map(|job| format!("`{}`", job.name)).collect();
            let job = app.config.job(name);
            let unknown = || Failed::configuration(lang.unknown_job(name, &known.join(", ")));
            match job.ok_or_else(unknown)?.mapping.clone() {
                Some(mapping) => (mapping, app.home.path()),
                None => return Ok(None),
            }
        }
    };
    let mapping = job::mapping(&source, root, lang).map_err(Failed::configuration)?;
    Ok(Some(mapping))
}

/// Fails if the file is not there or may not be read: nothing else matters then.
pub(super) fn there(app: &App<'_>, input: &Input) -> Result<(), Failed> {
    source::there(&input.file).map_err(|error| Failed::because(app.lang().source_error(&error)))
}

/// The reading of `input`, checked by `catalogue` as the server would now.
pub(super) fn task(
    app: &App<'_>,
    input: &Input,
    mapping: Option<Box<Mapping>>,
    (catalogue, department): (&Arc<Catalogue>, &Department),
    met: Option<&Met>,
    undivided: bool,
) -> Task {
    let mut contact = Contact::load(&app.home);
    if let Some(met) = met {
        contact.met(met);
    }
    Task {
        path: input.file.clone(),
        mapping,
        catalogue: Arc::clone(catalogue),
        department: department.clone(),
        now: contact.server_time(clock::now()),
        bounds: Bounds::of(contact.message_bytes, contact.submission_items, undivided),
        lang: app.lang(),
    }
}

/// What is said of a file that cannot be read to its end.
pub(super) fn unreadable(app: &App<'_>, input: &Input, failure: &Failure) -> Failed {
    let ours = app.config.department.as_deref().unwrap_or_default();
    Failed::because(app.lang().unreadable(failure, &input.file.display().to_string(), ours))
}
