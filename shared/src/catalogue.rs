//! The catalogue: everything that is measured, promised and owed, checked as a whole.
//!
//! A TOML file becomes a [`Catalogue`] by [`Catalogue::parse`], or a list of everything
//! that is wrong with it, each with its line. A catalogue that exists is sound: every
//! reference resolves, every id is unique, every target fits its indicator.
//!
//! ```
//! let text = r#"
//! [catalogue]
//! version = "1"
//! name = { vi = "Kế hoạch", en = "Plan" }
//!
//! [calendar]
//! time_zone = "Asia/Ho_Chi_Minh"
//! cut_off = { month = 14, quarter = 14, half_year = 14, year = 14 }
//! working_days_to_send = 2
//!
//! [[unit]]
//! id = "percent"
//! name = { vi = "phần trăm", en = "percent" }
//!
//! [[department]]
//! id = "so-khcn"
//! name = { vi = "Sở Khoa học và Công nghệ", en = "Department of Science and Technology" }
//! kind = "agency"
//!
//! [[indicator]]
//! id = "digital-economy-share"
//! name = { vi = "Tỷ trọng kinh tế số", en = "Digital economy share" }
//! unit = "percent"
//! kind = "quantity"
//! decimals = 2
//! direction = "increase"
//! frequency = "year"
//! owner = "so-khcn"
//!
//! [[target]]
//! id = "A07"
//! name = { vi = "Kinh tế số", en = "Digital economy" }
//! indicator = "digital-economy-share"
//! horizon = 2030
//! comparator = { at_least = "20" }
//! bullet = "B2"
//! "#;
//! let catalogue = tiendo_shared::catalogue::Catalogue::parse(text).unwrap();
//! assert_eq!(catalogue.target("A07").unwrap().horizon, 2030);
//!
//! let problems = tiendo_shared::catalogue::Catalogue::parse(&text.replace("2030", "1")).unwrap_err();
//! let expected = "line 34, column 11: `horizon` must be from 1900 to 2199, not `1`";
//! assert_eq!(problems.to_string(), expected);
//! ```

mod check;
mod ids;
mod node;
pub mod problem;
mod read;
pub mod rule;
mod section;
mod spelling;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use self::problem::Problems;
use self::rule::Rule;
use crate::calendar::Calendar;
use crate::department::Department;
use crate::indicator::{Indicator, Text, Unit};
use crate::period::ReportingPeriod;
use crate::province::{Departments, Reporters};
use crate::target::Target;

/// Place of an indicator in [`Catalogue::indicators`].
pub type IndicatorIndex = u16;

/// A checked catalogue: every reference resolves, every id is unique.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// Version, as the file states it.
    pub version: String,
    /// Name.
    pub name: Text,
    source: String,
    hash: [u8; 32],
    units: Vec<Unit>,
    editions: Vec<Version>,
    territories: Vec<Version>,
    /// Indicators, by id.
    indicators: Vec<Indicator>,
    by_indicator: HashMap<String, IndicatorIndex>,
    /// Targets, in the plan's order.
    targets: Vec<Target>,
    /// Departments, by id.
    departments: Vec<Department>,
    by_department: HashMap<String, usize>,
    /// By department: whom it took over from, and that one's last day.
    inherited: HashMap<String, Vec<(String, Date)>>,
    /// Who reports each indicator.
    reporters: Vec<Reporters>,
    /// By department: what it is listed to report, in order.
    listed: HashMap<String, Vec<IndicatorIndex>>,
    calendar: Calendar,
    rules: Vec<Rule>,
}

/// An edition of an index, or a version of the territory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Id in kebab-case.
    pub id: String,
    /// Name.
    pub name: Text,
    /// First day it is in force; none for always.
    pub from: Option<Date>,
}

/// What the file says, read and checked.
#[derive(Debug, Default)]
struct Parts {
    version: String,
    name: Text,
    units: Vec<Unit>,
    editions: Vec<Version>,
    territories: Vec<Version>,
    departments: Vec<Department>,
    indicators: Vec<Indicator>,
    targets: Vec<Target>,
    rules: Vec<Rule>,
    calendar: Calendar,
}

/// What a department reports: as owner, as reporter, or because it took over.
#[derive(Debug, Clone)]
pub struct Remit<'a>(Vec<(&'a [IndicatorIndex], Option<Date>)>);

impl Remit<'_> {
    /// Whether an indicator is among them for what is counted until `day`: those that it
    /// took over from have to have ended by then.
    pub fn contains(&self, indicator: IndicatorIndex, day: Date) -> bool {
        self.0.iter().any(|(listed, ended)| {
            ended.is_none_or(|ended| ended < day) && listed.binary_search(&indicator).is_ok()
        })
    }
}

impl Catalogue {
    /// Reads a catalogue from TOML of at most 4 MiB. The error holds every problem there
    /// is (of 100,000), unless the text is not TOML: then it holds every line that is not.
    pub fn parse(toml_text: &str) -> Result<Self, Problems> {
        read::catalogue(toml_text)
    }

    /// A catalogue of parts that were checked before, such as those a server lists;
    /// without its calendar, rules and source. Of two with one id the first stays.
    pub fn from_parts(
        version: String,
        mut indicators: Vec<Indicator>,
        targets: Vec<Target>,
        mut departments: Vec<Department>,
    ) -> Self {
        indicators.sort_by(|one, other| one.id.cmp(&other.id));
        indicators.dedup_by(|later, earlier| later.id == earlier.id);
        indicators.truncate(usize::from(IndicatorIndex::MAX) + 1);
        departments.sort_by(|one, other| one.id.cmp(&other.id));
        departments.dedup_by(|later, earlier| later.id == earlier.id);
        let parts = Parts { version, departments, indicators, targets, ..Parts::default() };
        Self::new("", parts)
    }

    /// The same with these units.
    #[must_use]
    pub fn with_units(mut self, mut units: Vec<Unit>) -> Self {
        units.sort_by(|one, other| one.id.cmp(&other.id));
        units.dedup_by(|later, earlier| later.id == earlier.id);
        self.units = units;
        self
    }

    /// The same with this calendar.
    #[must_use]
    pub fn with_calendar(self, calendar: Calendar) -> Self {
        Self { calendar, ..self }
    }

    fn new(source: &str, mut parts: Parts) -> Self {
        parts.indicators.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        parts.departments.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        parts.indicators.iter_mut().for_each(|indicator| indicator.reporters.sort_unstable());
        let indicators = (0..).zip(&parts.indicators);
        let departments = parts.departments.iter().enumerate();
        let by_id: Departments<'_> =
            parts.departments.iter().map(|other| (other.id.as_str(), other)).collect();
        let reporters = parts.indicators.iter().map(|it| Reporters::of(it, &by_id)).collect();
        Self {
            reporters,
            listed: listed(&parts.indicators),
            version: parts.version,
            name: parts.name,
            source: source.to_owned(),
            hash: Sha256::digest(source).into(),
            units: parts.units,
            editions: parts.editions,
            territories: parts.territories,
            by_indicator: indicators.map(|(at, indicator)| (indicator.id.clone(), at)).collect(),
            indicators: parts.indicators,
            targets: parts.targets,
            inherited: inheritance(&parts.departments),
            by_department: departments.map(|(at, other)| (other.id.clone(), at)).collect(),
            departments: parts.departments,
            calendar: parts.calendar,
            rules: parts.rules,
        }
    }

    /// The text it was read from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// SHA-256 of the text it was read from.
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// Indicators, by id.
    pub fn indicators(&self) -> &[Indicator] {
        &self.indicators
    }

    /// The indicator of this id.
    pub fn indicator(&self, id: &str) -> Option<&Indicator> {
        self.indicator_index(id).map(|at| &self.indicators[usize::from(at)])
    }

    /// Place of the indicator of this id.
    pub fn indicator_index(&self, id: &str) -> Option<IndicatorIndex> {
        self.by_indicator.get(id).copied()
    }

    /// Who reports the indicator of this id.
    pub fn reporters(&self, indicator: &str) -> Option<&Reporters> {
        self.indicator_index(indicator).map(|at| &self.reporters[usize::from(at)])
    }

    /// Targets, in the plan's order.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The target of this id.
    pub fn target(&self, id: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.id == id)
    }

    /// Departments, by id.
    pub fn departments(&self) -> &[Department] {
        &self.departments
    }

    /// The department of this id.
    pub fn department(&self, id: &str) -> Option<&Department> {
        self.by_department.get(id).map(|at| &self.departments[*at])
    }

    /// What `department` reports, by id: what it or one it took over from owns or
    /// contributes to, computed indicators left out.
    pub fn reported_by<'a>(&'a self, department: &'a str) -> impl Iterator<Item = &'a Indicator> {
        self.indicators.iter().filter(move |indicator| {
            let mut origins = self.origins(department);
            indicator.formula.is_none() && origins.any(|(id, _)| indicator.is_reported_by(id))
        })
    }

    /// What `department` reports, to be asked for many indicators.
    pub fn remit(&self, department: &str) -> Remit<'_> {
        let listed = |id: &str| self.listed.get(id).map_or(&[][..], Vec::as_slice);
        Remit(self.origins(department).map(|(id, ended)| (listed(id), ended)).collect())
    }

    /// The department itself, and those it took over from with the last day of each.
    pub fn origins<'a>(
        &'a self,
        department: &'a str,
    ) -> impl Iterator<Item = (&'a str, Option<Date>)> {
        let inherited = self.inherited.get(department).into_iter().flatten();
        let inherited = inherited.map(|(id, ended)| (id.as_str(), Some(*ended)));
        std::iter::once((department, None)).chain(inherited)
    }

    /// Units, in the file's order.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// The unit of this id.
    pub fn unit(&self, id: &str) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.id == id)
    }

    /// The edition of this id.
    pub fn edition(&self, id: &str) -> Option<&Version> {
        self.editions.iter().find(|edition| edition.id == id)
    }

    /// The territory version of this id.
    pub fn territory(&self, id: &str) -> Option<&Version> {
        self.territories.iter().find(|territory| territory.id == id)
    }

    /// Position in `ids`, oldest first, of the edition in force at the end of a period.
    pub fn edition_in_force(&self, ids: &[String], period: ReportingPeriod) -> usize {
        in_force(&self.editions, ids, period)
    }

    /// Position in `ids`, oldest first, of the territory in force at the end of a period.
    pub fn territory_in_force(&self, ids: &[String], period: ReportingPeriod) -> usize {
        in_force(&self.territories, ids, period)
    }

    /// When reports are due.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Rules across indicators, in the file's order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

/// Whom each department took over from, directly or through others, and the day
/// before which that one still reported.
fn inheritance(departments: &[Department]) -> HashMap<String, Vec<(String, Date)>> {
    let mut direct: HashMap<&str, Vec<(&str, Date)>> = HashMap::new();
    for department in departments {
        let Some(ended) = department.valid_to else { continue };
        for successor in &department.successors {
            direct.entry(successor).or_default().push((&department.id, ended));
        }
    }
    let mut inherited = HashMap::new();
    for department in direct.keys() {
        let mut all: Vec<(String, Date)> = Vec::new();
        let mut open: Vec<(&str, Date)> = direct[department].clone();
        while let Some((id, ended)) = open.pop() {
            // What a server lists is not checked, so there may be circles.
            if id != *department && all.iter().all(|(known, _)| known != id) {
                let before = direct.get(id).into_iter().flatten();
                open.extend(before.map(|(earlier, day)| (*earlier, ended.max(*day))));
                all.push((id.to_owned(), ended));
            }
        }
        inherited.insert((*department).to_owned(), all);
    }
    inherited
}

/// A version added later never changes what an earlier period meant.
fn listed(indicators: &[Indicator]) -> HashMap<String, Vec<IndicatorIndex>> {
    let mut listed: HashMap<String, Vec<IndicatorIndex>> = HashMap::new();
    for (at, indicator) in (0..).zip(indicators) {
        for id in std::iter::once(&indicator.owner).chain(&indicator.reporters) {
            let own = listed.entry(id.clone()).or_default();
            if own.last() != Some(&at) {
                own.push(at);
            }
        }
    }
    listed
}

fn in_force(versions: &[Version], ids: &[String], period: ReportingPeriod) -> usize {
    if ids.len() < 2 {
        return 0;
    }
    let begun = |id: &String| {
        let from = versions.iter().find(|version| version.id == *id).and_then(|known| known.from);
        from.is_none_or(|from| from <= period.last_day())
    };
    ids.iter().rposition(begun).unwrap_or(0)
}
