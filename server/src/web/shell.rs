//! What every page of the board has: who reads, in which language, and as of which day.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use tiendo_shared::wire;

use super::Web;
use super::entry::Reader;
use super::lang::Lang;
use crate::failure::Failure;
use crate::text::Words;

/// What an address may ask; what is empty is not asked.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// The day as of which everything is told; empty for now.
    pub(super) on: String,
    /// Horizon year.
    pub(super) horizon: String,
    /// Verdict, as in the style sheet.
    pub(super) verdict: String,
    /// Department id.
    pub(super) department: String,
    /// The day since which changes are told.
    pub(super) since: String,
    /// Token of a later page.
    pub(super) page: String,
}

/// The frame of a page.
pub(super) struct Shell<'a> {
    pub(super) lang: Lang,
    pub(super) w: &'a Words,
    /// Name of the plan.
    pub(super) plan: &'a str,
    /// The day asked for, empty for now.
    pub(super) on: String,
    /// The latest day that can be asked for.
    pub(super) today: String,
    /// The instant the page tells of, in words.
    pub(super) as_of: String,
    /// Who reads, and whether it can leave.
    pub(super) reader: Reader,
    /// Which entry of the navigation it is.
    pub(super) at: &'static str,
    /// Whether the page tells of now and follows what happens.
    pub(super) is_live: bool,
}

impl Shell<'_> {
    /// Where the figures of the page can be saved, and in which format.
    pub(super) fn downloads(&self) -> [(String, &'static str); 5] {
        let at = |format| address(&format!("/download/{format}"), &[("on", &self.on)]);
        [
            (at("report"), self.w.report),
            (at("csv"), "CSV"),
            (at("sdmx-csv"), "SDMX-CSV 2.0"),
            (at("sdmx-structure"), "SDMX-ML"),
            (at("sdmx-json"), "SDMX-JSON 2.0"),
        ]
    }
}

/// When a page tells of.
#[derive(Debug, Clone)]
pub(super) struct When {
    /// The instant asked for; none for now.
    pub(super) as_of: Option<Timestamp>,
    /// The server's clock.
    pub(super) now: Timestamp,
}

impl When {
    /// The instant asked for in messages.
    pub(super) fn asked(&self) -> Option<prost_types::Timestamp> {
        self.as_of.map(wire::timestamp)
    }
}

/// A day of an address.
pub(super) fn day(field: &'static str, text: &str) -> Result<Date, Failure> {
    let form = || Failure::invalid(field, "DAY_FORM", format!("`{field}` is a day, as 2026-11-24"));
    text.parse().map_err(|_| form())
}

impl Web {
    /// As of the end of the day asked for; now if that is today, later, or not asked.
    pub(super) fn when(&self, asked: &Asked) -> Result<When, Failure> {
        let now = self.services.clock.now();
        if asked.on.is_empty() {
            return Ok(When { as_of: None, now });
        }
        let ends = self.services.catalogue.calendar().day_ends(day("on", &asked.on)?);
        Ok(When { as_of: (ends < now).then_some(ends), now })
    }

    /// The frame of a page.
    pub(super) fn shell(
        &self,
        lang: Lang,
        reader: Reader,
        asked: &Asked,
        when: &When,
        at: &'static str,
    ) -> Shell<'_> {
        let catalogue = &self.services.catalogue;
        let instant = when.as_of.unwrap_or(when.now);
        Shell {
            lang,
            w: lang.words(),
            plan: lang.text(&catalogue.name),
            on: if when.as_of.is_some() { asked.on.clone() } else { String::new() },
            today: catalogue.calendar().today(when.now).to_string(),
            as_of: lang.instant(instant),
            reader,
            at,
            is_live: when.as_of.is_none(),
        }
    }
}

/// An address with what of these is not empty.
pub(super) fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut address = path.to_owned();
    let asked = pairs.iter().filter(|(_, value)| !value.is_empty());
    for (at, (key, value)) in asked.enumerate() {
        let escaped = value.bytes().map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).into(),
            _ => format!("%{byte:02X}"),
        });
        address.push(if at == 0 { '?' } else { '&' });
        address.push_str(key);
        address.push('=');
        address.extend(escaped);
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_hold_what_was_asked_and_no_more() {
        assert_eq!(address("/", &[("on", ""), ("horizon", "")]), "/");
        let pairs = [("on", "2026-01-01"), ("a", ""), ("page", "é&=")];
        assert_eq!(address("/x", &pairs), "/x?on=2026-01-01&page=%C3%A9%26%3D");
    }
}
