//! A row that is not taken, with all an officer needs to find and correct it.

use serde::Serialize;
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::submission::{Reason, Refusal};
use tiendo_shared::wire::v1;

use crate::mapping;
use crate::outbox::record::Places;
use crate::source::cell::{Place, letters};
use crate::text::{About, Lang, Told};

/// Who refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum By {
    /// This computer.
    Agent,
    /// The server.
    Server,
}

/// A row that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Refused {
    /// The file.
    pub(crate) file: String,
    /// The sheet; empty in CSV.
    pub(crate) sheet: String,
    /// The row, from 1; none for a sheet as a whole.
    pub(crate) row: Option<u32>,
    /// The letters of the column.
    pub(crate) column: String,
    /// What stands there.
    pub(crate) raw: String,
    /// Id of the indicator, as far as it could be read.
    pub(crate) indicator: String,
    /// The period, as far as it could be read.
    pub(crate) period: String,
    /// The machine code of the reason.
    pub(crate) reason: String,
    /// Who refuses.
    pub(crate) by: By,
    /// What is wrong, in the officer's language.
    pub(crate) why: String,
    /// What would be taken.
    pub(crate) accepted: String,
    /// What to do.
    pub(crate) todo: String,
    /// What the check said, in English.
    pub(crate) detail: String,
}

impl Refused {
    /// A cell that cannot be read.
    pub(crate) fn unread(refusal: mapping::Refusal, lang: Lang) -> Self {
        let told = lang.cell_refusal(&refusal);
        let detail = refusal.reason.to_string();
        Self::at(refusal.place, refusal.reason.code(), By::Agent, told, detail)
    }

    /// A file that cannot be read.
    pub(crate) fn whole_file(file: &str, why: String) -> Self {
        let place =
            Place { file: file.into(), sheet: None, row: None, column: None, raw: String::new() };
        let told = Told { why: why.clone(), accepted: String::new(), todo: String::new() };
        Self::at(place, "FILE_UNREADABLE", By::Agent, told, why)
    }

    /// A measurement that the checks of this computer do not take.
    pub(crate) fn unchecked(place: Place, refusal: Refusal, about: About<'_>, lang: Lang) -> Self {
        let told = lang.refusal(refusal.reason, about);
        let code = code(refusal.reason);
        Self {
            indicator: about.id.to_owned(),
            period: about.period.to_owned(),
            ..Self::at(place, code, By::Agent, told, refusal.message)
        }
    }

    /// A measurement that the server does not take. `at` is its place in the
    /// submission, `group` and `measurement` what was sent.
    pub(crate) fn by_server(
        rejection: &v1::Rejection,
        (group, measurement): (&v1::MeasurementGroup, &v1::Measurement),
        places: &Places,
        context: &Context<'_>,
    ) -> Self {
        let at = rejection.index as usize;
        let id = if measurement.indicator.is_empty() {
            &group.indicator
        } else {
            &measurement.indicator
        };
        let about = About {
            id,
            indicator: context.catalogue.and_then(|catalogue| catalogue.indicator(id)),
            period: &group.period,
            department: context.department,
        };
        let reason = Reason::from_number(rejection.reason);
        let told = reason.map(|reason| context.lang.refusal(reason, about));
        // A reason newer than this program: the server's own words have to do.
        let told = told.unwrap_or_else(|| Told {
            why: rejection.message.clone(),
            accepted: String::new(),
            todo: String::new(),
        });
        let place = place(places, at);
        let code = reason.map_or("UNKNOWN", code);
        Self {
            indicator: id.clone(),
            period: group.period.clone(),
            ..Self::at(place, code, By::Server, told, rejection.message.clone())
        }
    }

    fn at(place: Place, code: &str, by: By, told: Told, detail: String) -> Self {
        Self {
            file: place.file.to_string(),
            sheet: place.sheet.map(|sheet| sheet.to_string()).unwrap_or_default(),
            row: place.row,
            column: place.column.unwrap_or_default(),
            raw: place.raw,
            indicator: String::new(),
            period: String::new(),
            reason: code.to_owned(),
            by,
            why: told.why,
            accepted: told.accepted,
            todo: told.todo,
            detail,
        }
    }
}

/// What refusals of the server are told with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The catalogue, as far as it is known.
    pub(crate) catalogue: Option<&'a Catalogue>,
    /// Who reports.
    pub(crate) department: &'a str,
    /// In which language.
    pub(crate) lang: Lang,
}

/// The name of a reason without its prefix, such as `OUT_OF_RANGE`.
fn code(reason: Reason) -> &'static str {
    let message = v1::RejectionReason::try_from(reason as i32);
    let name = message.as_ref().map_or("UNKNOWN", v1::RejectionReason::as_str_name);
    name.strip_prefix("REJECTION_REASON_").unwrap_or(name)
}

/// The place of the measurement at `at` of a submission.
pub(crate) fn place(places: &Places, at: usize) -> Place {
    let sheet = places.sheet.get(at).and_then(|sheet| sheet.checked_sub(1));
    let sheet = sheet.and_then(|sheet| places.sheets.get(sheet as usize));
    let column = places.column.get(at).and_then(|column| column.checked_sub(1));
    Place {
        file: places.file.as_str().into(),
        sheet: sheet.map(|name| name.as_str().into()),
        row: places.row.get(at).copied().filter(|row| *row > 0),
        column: column.map(letters),
        raw: places.raw.get(at).cloned().unwrap_or_default(),
    }
}

/// The measurement at `at` of a submission, with its group.
pub(crate) fn measurement_at(
    groups: &[v1::MeasurementGroup],
    at: usize,
) -> Option<(&v1::MeasurementGroup, &v1::Measurement)> {
    let all =
        groups.iter().flat_map(|group| group.measurements.iter().map(move |one| (group, one)));
    all.into_iter().nth(at)
}
