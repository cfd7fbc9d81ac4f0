//! What `check` and `submit` have in common: a file, how it is read, and by what it is checked.

use std::sync::Arc;

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::department::Department;

use crate::app::{App, Failed};
use crate::cli::{Input, Reading as How};
use crate::clock;
use crate::config::Mapping as Where;
use crate::connection::Met;
use crate::contact::Contact;
use crate::mapping::{self, Mapping};
use crate::pack::Bounds;
use crate::reading::{Failure, Task};

/// The mapping a file is read by; none for a form.
pub(super) fn mapping(app: &App<'_>, input: &Input) -> Result<Option<Box<Mapping>>, Failed> {
    let lang = app.lang();
    let source = match &input.reading {
        How::Form => return Ok(None),
        How::Mapping(path) => Where::File(path.clone()),
        How::Job(name) => {
            let known: Vec<_> =
                app.config.jobs.iter().map(|job| format!("`{}`", job.name)).collect();
            let job = app.config.job(name);
            let unknown = || Failed::configuration(lang.unknown_job(name, &known.join(", ")));
            job.ok_or_else(unknown)?.mapping.clone()
        }
    };
    let (place, text) = match source {
        Where::Inline(text) => ("agent.toml".to_owned(), text),
        Where::File(path) => {
            let place = path.display().to_string();
            let text = std::fs::read_to_string(&path).map_err(|error| {
                Failed::configuration(lang.mapping_wrong(&place, &error.to_string()))
            })?;
            (place, text)
        }
    };
    let wrong = |error: mapping::Error| {
        let place = format!("{place}:{}:{}", error.line, error.column);
        let hint = error.suggestion.map(|word| format!(" {}", lang.did_you_mean(&word)));
        let message = format!("{}.{}", error.message, hint.unwrap_or_default());
        Failed::configuration(lang.mapping_wrong(&place, &message))
    };
    Mapping::from_toml(&text).map(|mapping| Some(Box::new(mapping))).map_err(wrong)
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
    let lang = app.lang();
    let file = input.file.display().to_string();
    let ours = app.config.department.as_deref().unwrap_or_default();
    Failed::because(match failure {
        Failure::Source(error) => lang.source_error(error),
        Failure::NotAForm => lang.form_not_a_form(&file),
        Failure::OtherVersion(version) => lang.form_other_version(&file, version),
        Failure::OtherDepartment(theirs) => lang.form_other_department(&file, theirs, ours),
        Failure::NoKeys => lang.form_damaged(&file),
        Failure::Broken => lang.reading_broke(&file),
    })
}
