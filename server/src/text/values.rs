//! Figures as people read them: with their unit, or the name of their level.

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::indicator::{Indicator, Kind, Scale};

use super::Lang;

impl Lang {
    /// A value of an indicator with its unit; levels by their names.
    pub(crate) fn value(self, catalogue: &Catalogue, indicator: &str, value: &str) -> String {
        let Some(found) = catalogue.indicator(indicator) else {
            return value.to_owned();
        };
        if let Some(name) = level(self, found, value) {
            return name;
        }
        match self.unit(catalogue, found) {
            unit if unit.is_empty() || value.is_empty() => self.number(value),
            unit => format!("{} {unit}", self.number(value)),
        }
    }

    /// What stands behind a figure of an indicator.
    pub(crate) fn unit(self, catalogue: &Catalogue, indicator: &Indicator) -> String {
        if indicator.kind != Kind::Quantity {
            return String::new();
        }
        let unit = catalogue.unit(&indicator.unit);
        unit.map_or("", |unit| unit.symbol.as_deref().unwrap_or(self.text(&unit.name))).to_owned()
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
