//! The words a form offers to choose from, and what each stands for, in both languages.

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::indicator::{Indicator, Kind, Scale};
use tiendo_shared::measurement::{MissingReason, ObservationStatus};

use crate::text::Lang;

/// The statuses.
pub(super) const STATUSES: [ObservationStatus; 4] = [
    ObservationStatus::Final,
    ObservationStatus::Provisional,
    ObservationStatus::Estimated,
    ObservationStatus::Break,
];

/// Why there is no value, and last that an earlier one is taken back.
pub(super) const ABSENCES: [Absence; 5] = [
    Absence::Missing(MissingReason::NotCollected),
    Absence::Missing(MissingReason::NotYetAvailable),
    Absence::Missing(MissingReason::NotApplicable),
    Absence::Missing(MissingReason::Confidential),
    Absence::Withdrawn,
];

/// What stands in place of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absence {
    /// There is none, and why.
    Missing(MissingReason),
    /// An earlier value is taken back.
    Withdrawn,
}

/// The language in which `read` knows the word, tried after the other.
const LANGUAGES: [Lang; 2] = [Lang::Vi, Lang::En];

fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// The status a word stands for.
pub(super) fn status(word: &str) -> Option<ObservationStatus> {
    let known = |status: &ObservationStatus| {
        LANGUAGES.into_iter().any(|lang| same(lang.status(*status), word))
    };
    STATUSES.into_iter().find(known)
}

/// What a word in place of a value stands for.
pub(super) fn absence(word: &str) -> Option<Absence> {
    let known =
        |absence: &Absence| LANGUAGES.into_iter().any(|lang| same(absence.word(lang), word));
    ABSENCES.into_iter().find(known)
}

/// Whether a word confirms a large change; none if it is no word of the form.
pub(super) fn confirmed(word: &str) -> Option<bool> {
    let known = LANGUAGES.into_iter().any(|lang| same(lang.form_confirmed(), word));
    known.then_some(true)
}

impl Absence {
    /// The word of it.
    pub(super) fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Missing(reason) => lang.missing(reason),
            Self::Withdrawn => lang.withdrawn(),
        }
    }
}

/// The scale an indicator chooses its levels from.
pub(super) fn scale(indicator: &Indicator) -> Option<Scale> {
    match &indicator.kind {
        Kind::Level(scale) => Some(scale.clone()),
        Kind::Milestone => Some(Scale::milestone()),
        Kind::Quantity | Kind::Rank => None,
    }
}

/// Whether an indicator takes how many were ranked.
pub(super) fn takes_rank(indicator: &Indicator) -> bool {
    match &indicator.kind {
        Kind::Rank => true,
        Kind::Level(scale) => scale.levels.iter().any(|level| level.top_percent.is_some()),
        Kind::Quantity | Kind::Milestone => false,
    }
}

/// The id of the level a word names: its id, or its name in either language.
pub(super) fn level(scale: &Scale, word: &str) -> Option<String> {
    let names = |level: &tiendo_shared::indicator::Level| {
        [&level.id, &level.name.vi, &level.name.en].into_iter().any(|name| same(name, word))
    };
    scale.levels.iter().find(|level| names(level)).map(|level| level.id.clone())
}

/// The unit of an indicator as people write it.
pub(super) fn unit<'a>(catalogue: &'a Catalogue, indicator: &'a Indicator, lang: Lang) -> &'a str {
    let unit = catalogue.unit(&indicator.unit);
    unit.map_or(&indicator.unit, |unit| {
        unit.symbol.as_deref().unwrap_or_else(|| lang.of(&unit.name))
    })
}

/// The name of a member of a dimension.
pub(super) fn member<'a>(
    indicator: &'a Indicator,
    (dimension, member): (&str, &'a str),
    lang: Lang,
) -> &'a str {
    let dimension = indicator.dimension(dimension);
    let label = dimension.and_then(|dimension| {
        let at = dimension.members.iter().position(|known| known == member)?;
        dimension.labels.get(at)
    });
    label.map(|label| lang.of(label)).filter(|label| !label.is_empty()).unwrap_or(member)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back_in_both_languages() {
        for lang in LANGUAGES {
            for one in STATUSES {
                assert_eq!(status(lang.status(one)), Some(one));
                assert_eq!(status(&format!(" {} ", lang.status(one).to_uppercase())), Some(one));
            }
            for one in ABSENCES {
                assert_eq!(absence(one.word(lang)), Some(one));
            }
            assert_eq!(confirmed(lang.form_confirmed()), Some(true));
        }
        assert_eq!((status("x"), absence(""), confirmed("x")), (None, None, None));
    }

    #[test]
    fn levels_are_named_by_id_or_name() {
        let scale = Scale::milestone();
        for word in ["done", "Hoàn thành", "hoàn thành ", "DONE"] {
            assert_eq!(level(&scale, word).as_deref(), Some("done"), "{word}");
        }
        assert_eq!(level(&scale, "xong"), None);
    }
}
