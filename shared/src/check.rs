//! The checks of a row, run by the agent before it sends and by the server when it receives.
//!
//! [`Checker::read`] turns words into a [`Checked`] measurement by the catalogue
//! alone; [`Checker::check`] also says whether it may be reported now; [`decide`]
//! compares it with what is known. Each refuses with the first thing wrong.

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::catalogue::{Catalogue, IndicatorIndex, Remit};
use crate::department::Department;
use crate::indicator::Indicator;
use crate::measurement::{MissingReason, Observation, ObservationStatus, Value};
use crate::period::ReportingPeriod;
use crate::submission::{Outcome, Reason, Refusal};

mod number;
mod value;

#[cfg(test)]
mod tests;

pub use number::parse_decimal;

/// Longest comment or link, in characters.
pub const TEXT_CHARACTERS: usize = 2_000;

/// What the measurements of a group share, in the words of the sender.
#[derive(Debug, Clone, Copy, Default)]
pub struct GroupDraft<'a> {
    /// Reporting period.
    pub period: &'a str,
    /// Indicator of measurements that name none; may be empty.
    pub indicator: &'a str,
    /// Status of measurements that state none.
    pub status: Option<ObservationStatus>,
    /// Edition of the index; empty for the one in force in the period.
    pub edition: &'a str,
    /// Territory version; empty for the one in force in the period.
    pub territory: &'a str,
}

/// One measurement in the words of the sender.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    /// Indicator id; empty for the group's.
    pub indicator: &'a str,
    /// What is reported.
    pub content: Content<'a>,
    /// Dimension and member ids.
    pub dimensions: Vec<(&'a str, &'a str)>,
    /// How firm it is; none for the group's.
    pub status: Option<ObservationStatus>,
    /// How many were ranked.
    pub ranked_among: Option<u32>,
    /// Remark.
    pub comment: &'a str,
    /// Link to the evidence.
    pub evidence: &'a str,
    /// The sender stands by a change larger than the catalogue believes.
    pub confirmed: bool,
}

/// What a draft reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// A decimal as text.
    Number(&'a str),
    /// Id of a level.
    Level(&'a str),
    /// No value; none for a reason that is not known.
    Missing(Option<MissingReason>),
    /// The earlier value is taken back.
    Withdrawn,
    /// Nothing at all.
    Nothing,
}

/// A measurement that the catalogue understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Place of its indicator in the catalogue.
    pub indicator: IndicatorIndex,
    /// Members in the catalogue's order of dimensions, as `sex=female`; empty for the total.
    pub members: String,
    /// Reporting period.
    pub period: ReportingPeriod,
    /// What it says.
    pub observation: Observation,
    /// The sender stands by a large change.
    pub confirmed: bool,
}

/// What a group says, read once for all its measurements.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    draft: GroupDraft<'a>,
    period: Result<ReportingPeriod, Refusal>,
    /// Whether the period may be reported now.
    open: Result<(), Refusal>,
    indicator: Option<IndicatorIndex>,
    /// What the department reports.
    remit: Remit<'a>,
}

/// Checks the measurements of one department at one instant.
#[derive(Debug, Clone, Copy)]
pub struct Checker<'a> {
    /// The catalogue in force.
    pub catalogue: &'a Catalogue,
    /// Who reports.
    pub department: &'a Department,
    /// The instant it is.
    pub now: Timestamp,
}

impl<'c> Checker<'c> {
    /// Reads what a group says once.
    pub fn group<'a>(&self, draft: GroupDraft<'a>) -> Group<'a>
    where
        'c: 'a,
    {
        let period = draft.period.parse().map_err(|error: crate::period::ParseError| {
            refuse(Reason::PeriodForm, "period", error.to_string())
        });
        let open = period.clone().and_then(|period| self.permit_period(period));
        let indicator = self.catalogue.indicator_index(draft.indicator);
        let remit = self.catalogue.remit(&self.department.id);
        Group { draft, period, open, indicator, remit }
    }

    /// Everything that can be checked without knowing what is stored.
    pub fn check(&self, group: &Group<'_>, draft: &Draft<'_>) -> Result<Checked, Refusal> {
        let checked = self.read(group, draft)?;
        self.permit(group, &checked)?;
        group.open.clone()?;
        Ok(checked)
    }

    /// Reads a measurement by the catalogue alone.
    pub fn read(&self, group: &Group<'_>, draft: &Draft<'_>) -> Result<Checked, Refusal> {
        let index = self.indicator(group, draft)?;
        let indicator = &self.catalogue.indicators()[usize::from(index)];
        let period = group.period.clone()?;
        if !indicator.accepts(period.frequency()) {
            return Err(wrong_frequency(indicator, period));
        }
        let members = members(indicator, &draft.dimensions)?;
        let (value, ranked_among) = value::read(indicator, draft)?;
        let edition = version(
            (&indicator.editions, group.draft.edition),
            || self.catalogue.edition_in_force(&indicator.editions, period),
            (Reason::UnknownEdition, "edition"),
        )?;
        let territory = version(
            (&indicator.territories, group.draft.territory),
            || self.catalogue.territory_in_force(&indicator.territories, period),
            (Reason::UnknownTerritory, "territory"),
        )?;
        let notes = notes(draft)?;
        let status = draft.status.or(group.draft.status).unwrap_or_default();
        let observation = Observation { value, status, ranked_among, edition, territory, notes };
        Ok(Checked { indicator: index, members, period, observation, confirmed: draft.confirmed })
    }

    /// Whether the department reports this indicator at all.
    fn permit(&self, group: &Group<'_>, checked: &Checked) -> Result<(), Refusal> {
        let indicator = &self.catalogue.indicators()[usize::from(checked.indicator)];
        if indicator.formula.is_some() {
            let message = format!(
                "`{}` is computed from {}; report those",
                indicator.id,
                indicator.formula.as_ref().map(|f| f.inputs().join(", ")).unwrap_or_default()
            );
            return Err(refuse(Reason::DerivedIndicator, "indicator", message));
        }
        if !group.remit.contains(checked.indicator, checked.period.last_day()) {
            let message = format!(
                "`{}` is reported by `{}`, not by `{}`",
                indicator.id, indicator.owner, self.department.id
            );
            return Err(refuse(Reason::NotYourIndicator, "indicator", message));
        }
        Ok(())
    }

    /// Whether the department may report this period now.
    fn permit_period(&self, period: ReportingPeriod) -> Result<(), Refusal> {
        let calendar = self.catalogue.calendar();
        let opens = calendar.opens(period);
        if self.now < opens {
            let message =
                format!("`{period}` opens on {}; report it from then on", calendar.today(opens));
            return Err(refuse(Reason::PeriodNotOpen, "period", message));
        }
        if let Some(locks) = calendar.locks(period).filter(|locks| *locks < self.now) {
            let message = format!(
                "`{period}` is locked since {}; a reviewer can reopen it",
                calendar.today(locks)
            );
            return Err(refuse(Reason::PeriodLocked, "period", message));
        }
        let ended = self.department.valid_to.is_some_and(|last| last < period.first_day());
        let unborn = self.department.valid_from.is_some_and(|first| period.last_day() < first);
        if ended || unborn {
            let message = format!("`{}` does not report for `{period}`", self.department.id);
            return Err(refuse(Reason::PeriodClosed, "period", message));
        }
        Ok(())
    }

    fn indicator(&self, group: &Group<'_>, draft: &Draft<'_>) -> Result<IndicatorIndex, Refusal> {
        let (id, found) = if draft.indicator.is_empty() {
            (group.draft.indicator, group.indicator)
        } else {
            (draft.indicator, self.catalogue.indicator_index(draft.indicator))
        };
        found.ok_or_else(|| {
            let message = format!("the catalogue has no indicator `{}`", shorten(id));
            refuse(Reason::UnknownIndicator, "indicator", message)
        })
    }
}

/// What is known of a measurement's key and of the value before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known {
    /// What the key says now.
    pub current: Option<Observation>,
    /// The latest number of an earlier period of the series, with its period.
    pub before: Option<(ReportingPeriod, Decimal)>,
    /// Whether the report of the department for the period is approved.
    pub approved: bool,
}

/// What becomes of a checked measurement, given what is known.
pub fn decide(indicator: &Indicator, checked: &Checked, known: &Known) -> Result<Outcome, Refusal> {
    if known.approved {
        let message = format!(
            "the report for `{}` is approved; ask the reviewer to reopen it",
            checked.period
        );
        return Err(refuse(Reason::PeriodApproved, "period", message));
    }
    if known.current == Some(checked.observation) {
        return Ok(Outcome::Unchanged);
    }
    if checked.observation.value == Value::Withdrawn && known.current.is_none() {
        let message =
            format!("nothing was reported for `{}` in `{}`", indicator.id, checked.period);
        return Err(refuse(Reason::NothingToWithdraw, "withdrawn", message));
    }
    if let (Value::Number(after), Some((period, before)), Some(largest)) =
        (checked.observation.value, known.before, indicator.largest_change)
        && !checked.confirmed
        && checked.observation.status != ObservationStatus::Break
        && largest.is_exceeded(before, after)
    {
        let message = format!(
            "`{}` went from {before} in `{period}` to {after}; the largest credible change is \
             {largest}; check it, and send it confirmed if it is right",
            indicator.id
        );
        return Err(refuse(Reason::ImplausibleChange, "value", message));
    }
    Ok(if known.current.is_some() { Outcome::Revised } else { Outcome::Accepted })
}

pub(crate) fn refuse(reason: Reason, field: &'static str, message: String) -> Refusal {
    Refusal { reason, field, message }
}

/// The start of a text, so that an answer never repeats a megabyte.
pub(crate) fn shorten(text: &str) -> String {
    if text.chars().count() <= 60 {
        return text.to_owned();
    }
    text.chars().take(60).chain(['…']).collect()
}

fn wrong_frequency(indicator: &Indicator, period: ReportingPeriod) -> Refusal {
    let message = format!(
        "`{}` is reported by {}, and `{period}` is a {}",
        indicator.id,
        indicator.frequency.name(),
        period.frequency().name()
    );
    refuse(Reason::PeriodFrequency, "period", message)
}

/// The members given, in the catalogue's order of dimensions, as `sex=female,area=urban`.
pub fn members(indicator: &Indicator, given: &[(&str, &str)]) -> Result<String, Refusal> {
    for (at, (dimension, member)) in given.iter().enumerate() {
        let Some(known) = indicator.dimensions.iter().find(|known| known.id == *dimension) else {
            let message = format!("`{}` has no dimension `{}`", indicator.id, shorten(dimension));
            return Err(refuse(Reason::UnknownDimension, "dimensions", message));
        };
        if !known.members.iter().any(|known| known == member) {
            let message = format!(
                "dimension `{dimension}` has no member `{}`; accepted: {}",
                shorten(member),
                known.members.join(", ")
            );
            return Err(refuse(Reason::UnknownMember, "dimensions", message));
        }
        if given[..at].iter().any(|(earlier, _)| earlier == dimension) {
            let message = format!("dimension `{dimension}` stands twice");
            return Err(refuse(Reason::UnknownDimension, "dimensions", message));
        }
    }
    // Grown once: this is done for every measurement.
    let length = given.iter().map(|(id, member)| id.len() + member.len() + 2).sum();
    let mut text = String::with_capacity(length);
    for dimension in &indicator.dimensions {
        if let Some((id, member)) = given.iter().find(|(id, _)| *id == dimension.id) {
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(id);
            text.push('=');
            text.push_str(member);
        }
    }
    Ok(text)
}

/// Position of the version given in those known; of the one in force where none is given.
fn version(
    (known, given): (&[String], &str),
    in_force: impl FnOnce() -> usize,
    (reason, field): (Reason, &'static str),
) -> Result<u8, Refusal> {
    let found = if given.is_empty() {
        Some(in_force())
    } else {
        known.iter().position(|version| version == given)
    };
    found.and_then(|at| u8::try_from(at).ok()).ok_or_else(|| {
        let message = format!("no {field} `{}`; accepted: {}", shorten(given), known.join(", "));
        refuse(reason, field, message)
    })
}

fn notes(draft: &Draft<'_>) -> Result<u32, Refusal> {
    for (text, field) in [(draft.comment, "comment"), (draft.evidence, "evidence")] {
        if text.len() > TEXT_CHARACTERS && text.chars().count() > TEXT_CHARACTERS {
            let message = format!("longer than {TEXT_CHARACTERS} characters");
            return Err(refuse(Reason::TextTooLong, field, message));
        }
    }
    if !draft.evidence.is_empty() && !draft.evidence.starts_with("https://") {
        let message = format!("`{}` does not begin with https://", shorten(draft.evidence));
        return Err(refuse(Reason::EvidenceForm, "evidence", message));
    }
    Ok(notes_mark(draft.comment, draft.evidence))
}

/// A number that stands for a comment and a link; 0 for neither.
fn notes_mark(comment: &str, evidence: &str) -> u32 {
    if comment.is_empty() && evidence.is_empty() {
        return 0;
    }
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(comment.as_bytes());
    hasher.update(&[0]);
    hasher.update(evidence.as_bytes());
    hasher.finalize().max(1)
}
