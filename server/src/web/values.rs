//! Figures as people read them: with their unit, or the name of their level.

use tiendo_shared::indicator::{Indicator, Kind, Scale};

use super::Web;
use super::lang::Lang;

impl Web {
    /// A value of an indicator with its unit; levels by their names.
    pub(super) fn value(&self, lang: Lang, indicator: &str, value: &str) -> String {
        let Some(found) = self.services.catalogue.indicator(indicator) else {
            return value.to_owned();
        };
        if let Some(name) = level(lang, found, value) {
            return name;
        }
        match self.unit(lang, found) {
            unit if unit.is_empty() || value.is_empty() => lang.number(value),
            unit => format!("{} {unit}", lang.number(value)),
        }
    }

    /// What stands behind a figure of an indicator.
    pub(super) fn unit(&self, lang: Lang, indicator: &Indicator) -> String {
        if indicator.kind != Kind::Quantity {
            return String::new();
        }
        let unit = self.services.catalogue.unit(&indicator.unit);
        unit.map_or("", |unit| unit.symbol.as_deref().unwrap_or(lang.text(&unit.name))).to_owned()
    }
}

fn level(lang: Lang, indicator: &Indicator, id: &str) -> Option<String> {
    let named = |scale: &Scale| {
        let level = scale.levels.iter().find(|level| level.id == id)?;
        Some(lang.text(&level.name).to_owned())
    };
    match &indicator.kind {
        Kind::Level(scale) => named(scale),
        Kind::Milestone => named(&Scale::milestone()),
        Kind::Quantity | Kind::Rank => None,
    }
}
