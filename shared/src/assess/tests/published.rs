//! The figures Statistics Canada published for its indicator framework, reproduced.
//!
//! `oracle_canada_cif.csv` holds what the framework's site computed for each series;
//! `canada-cif/data` the values they were computed from.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use super::*;
use crate::assess::pace::verdict_of;
use crate::assess::ratio::{Class, Course, of_indicator};

/// A row of the oracle; empty cells are absent.
struct Row {
    indicator: String,
    series: String,
    /// None where the series has no value at all.
    course: Option<Course>,
    progress: Option<f64>,
    score: Option<f64>,
    status: String,
    indicator_score: Option<f64>,
    indicator_status: String,
    /// Base, current and target as exact decimals, for the engine.
    decimals: [Option<Decimal>; 3],
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data")
}

/// The rows of the oracle; none, and a line that says so, where the data are not at hand.
fn oracle() -> Option<Vec<Row>> {
    let path = folder().join("oracle_canada_cif.csv");
    if !path.exists() {
        // Written past the capture of the test harness, so that it is seen.
        let line = format!("SKIPPED, no published data to compare with: {}\n", path.display());
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        return None;
    }
    let mut reader = csv::Reader::from_path(path).unwrap();
    Some(reader.deserialize().map(|row| Row::read(&row.unwrap())).collect())
}

impl Row {
    fn read(cells: &BTreeMap<String, String>) -> Self {
        let text = |name: &str| cells[name].clone();
        let number = |name: &str| cells[name].parse::<f64>().ok();
        let direction =
            if text("direction") == "1" { Direction::Increase } else { Direction::Decrease };
        let course = number("current_value").map(|current| Course {
            direction,
            base: number("base_value").unwrap(),
            base_year: number("base_year").unwrap(),
            current,
            current_year: number("current_year").unwrap(),
            target: number("target"),
            target_year: number("target_year").unwrap(),
            limit: number("limit"),
        });
        Self {
            indicator: text("indicator"),
            series: text("series"),
            course,
            progress: number("progress_value"),
            score: number("score"),
            status: text("status"),
            indicator_score: number("indicator_score"),
            indicator_status: text("indicator_status"),
            decimals: ["base_value", "current_value", "target"]
                .map(|name| cells[name].parse().ok()),
        }
    }

    /// The question the product is asked, by `history`; none without a target.
    fn case(&self, history: Vec<Measurement>) -> Option<Case> {
        let (course, bound) = (self.course?, self.decimals[2]?);
        let comparator = match course.direction {
            Direction::Increase => Comparator::AtLeast(bound),
            Direction::Decrease => Comparator::AtMost(bound),
        };
        let mut case = Case::new(comparator, "")
            .baseline(&year(course.base_year), None)
            .asked_on(&format!("{}-12-31", year(course.current_year + 1.0)));
        case.target.horizon = year(course.target_year).parse().unwrap();
        case.history = history;
        Some(case)
    }

    #[track_caller]
    fn agrees(&self, case: &Case) {
        let assessment = case.assess();
        let class = self.course.unwrap().class().unwrap();
        assert_eq!(assessment.verdict, verdict_of(class), "{}", self.series);
        assert_eq!(assessment.explanation.method, MethodUsed::Ratio, "{}", self.series);
        same(assessment.explanation.progress, self.progress, &self.series);
        same(assessment.explanation.score, self.score, &self.series);
    }
}

fn year(year: f64) -> String {
    format!("{year:.0}")
}

#[track_caller]
fn same(actual: Option<f64>, published: Option<f64>, series: &str) {
    assert_eq!(actual.is_some(), published.is_some(), "{series}");
    let off = actual.unwrap_or_default() - published.unwrap_or_default();
    assert!(off.abs() < 1e-9, "{series}: {actual:?}, published {published:?}");
}

#[test]
fn published_canadian_series_are_reproduced() {
    let Some(rows) = oracle() else { return };
    for row in &rows {
        let course = row.course.as_ref();
        same(course.and_then(Course::progress), row.progress, &row.series);
        same(course.and_then(Course::score), row.score, &row.series);
        let class = course.and_then(Course::class).map_or("not_available", Class::name);
        assert_eq!(class, row.status, "{}", row.series);
    }
    assert_eq!(rows.len(), 132);
    assert_eq!(rows.iter().filter(|row| row.progress.is_some()).count(), 125);
}

#[test]
fn published_canadian_indicators_are_the_mean_of_their_series() {
    let Some(rows) = oracle() else { return };
    let mut indicators: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &rows {
        indicators.entry(&row.indicator).or_default().push(row);
    }
    for (indicator, rows) in &indicators {
        let courses: Vec<_> = rows.iter().filter_map(|row| row.course).collect();
        let mean = of_indicator(&courses);
        same(mean.map(|(score, _)| score), rows[0].indicator_score, indicator);
        let class = mean.map_or("not_available", |(_, class)| class.name());
        assert_eq!(class, rows[0].indicator_status, "{indicator}");
    }
    assert!(indicators.len() > 80, "{}", indicators.len());
}

#[test]
fn the_engine_says_of_published_series_what_was_published() {
    let Some(rows) = oracle() else { return };
    let mut judged = 0;
    for row in rows.iter().filter(|row| row.progress.is_some()) {
        let course = row.course.unwrap();
        let [base, current, _] = row.decimals.map(Option::unwrap_or_default);
        let history =
            format!("{}={base} {}={current}", year(course.base_year), year(course.current_year));
        let Some(case) = row.case(series(&history)) else { continue };
        row.agrees(&case);
        judged += 1;
    }
    assert_eq!(judged, 39);
}

/// From the raw files: the headline rows are those without any breakdown.
#[test]
fn the_engine_finds_base_and_current_in_the_published_files() {
    let Some(rows) = oracle() else { return };
    let mut judged = 0;
    for row in rows.iter().filter(|row| row.series == row.indicator && row.progress.is_some()) {
        let path = folder().join(format!("canada-cif/data/indicator_{}.csv", row.indicator));
        if !path.exists() {
            continue;
        }
        let Some(case) = row.case(headline(&path)) else { continue };
        row.agrees(&case);
        judged += 1;
    }
    assert_eq!(judged, 22);
}

fn headline(path: &std::path::Path) -> Vec<Measurement> {
    const NOT_A_BREAKDOWN: [&str; 6] = ["Year", "Value", "Units", "Series", "GeoCode", "Progress"];
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
    let headline = rows.filter(|row| {
        row.iter().all(|(name, cell)| {
            cell.is_empty() || NOT_A_BREAKDOWN.contains(&name.trim_start_matches('\u{feff}'))
        })
    });
    let words: Vec<String> = headline
        .filter_map(|row| {
            let cell = |name: &str| {
                row.iter().find(|(it, _)| it.trim_start_matches('\u{feff}') == name).map(|it| it.1)
            };
            let value = cell("Progress").or(cell("Value")).filter(|value| !value.is_empty())?;
            Some(format!("{}={value}", cell("Year")?.get(..4)?))
        })
        .collect();
    series(&words.join(" "))
}
