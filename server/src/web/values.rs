//! Figures of the catalogue as people read them.

use tiendo_shared::indicator::Indicator;

use super::Web;
use super::lang::Lang;

impl Web {
    /// A value of an indicator with its unit; levels by their names.
    pub(super) fn value(&self, lang: Lang, indicator: &str, value: &str) -> String {
        lang.value(&self.services.catalogue, indicator, value)
    }

    /// What stands behind a figure of an indicator.
    pub(super) fn unit(&self, lang: Lang, indicator: &Indicator) -> String {
        lang.unit(&self.services.catalogue, indicator)
    }
}
