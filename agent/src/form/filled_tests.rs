//! Forms filled in as another program would: by changing the cells of the file.

use std::collections::HashMap;
use std::io::{Cursor, Read as _, Write as _};
use std::ops::ControlFlow;
use std::path::PathBuf;

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::indicator::{Kind, Text};
use tiendo_shared::measurement::ObservationStatus;

use super::tests::catalogue;
use super::{read, write};
use crate::mapping::{Content, Outcome};
use crate::source;
use crate::text::Lang;

/// A catalogue with one indicator of each kind, all owed by `d` for 2025.
fn kinds() -> Catalogue {
    let plan = catalogue();
    let any = plan.indicators().iter();
    let of = |kind: fn(&Kind) -> bool| any.clone().find(|one| kind(&one.kind)).unwrap().clone();
    let mut indicators = vec![
        of(|kind| *kind == Kind::Quantity),
        of(|kind| *kind == Kind::Rank),
        of(|kind| matches!(kind, Kind::Level(_))),
        of(|kind| *kind == Kind::Milestone),
    ];
    for (indicator, id) in indicators.iter_mut().zip(["quantity", "rank", "level", "state"]) {
        indicator.id = id.to_owned();
        indicator.owner = "d".to_owned();
        indicator.frequency = tiendo_shared::period::Frequency::Year;
        indicator.formula = None;
        indicator.dimensions = Vec::new();
        indicator.unit = "percent".to_owned();
    }
    let name = Text { vi: "Nữ".to_owned(), en: "Female".to_owned() };
    indicators[0].editions = vec!["2017".to_owned(), "2023".to_owned()];
    indicators[0].territories = vec!["old".to_owned(), "new".to_owned()];
    indicators[0].dimensions = vec![tiendo_shared::indicator::Dimension {
        id: "sex".to_owned(),
        name: name.clone(),
        members: vec!["female".to_owned()],
        labels: vec![name.clone()],
    }];
    let mut department = plan.department("so-khcn").unwrap().clone();
    department.id = "d".to_owned();
    Catalogue::from_parts("7".to_owned(), indicators, Vec::new(), vec![department])
}

fn form(catalogue: &Catalogue, lang: Lang) -> Vec<u8> {
    let period = "2025".parse().unwrap();
    let indicators = super::owed(catalogue, "d", period);
    let department = catalogue.department("d").unwrap();
    let form = write::Form { catalogue, department, period, indicators: &indicators, lang };
    let (bytes, rows) = write::to_xlsx(&form).unwrap();
    assert_eq!(rows, 5);
    bytes
}

/// Puts XML of a cell's content in place of an empty cell's, as a spreadsheet program does.
fn fill(bytes: &[u8], cells: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut filled = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let name = file.name().unwrap().to_string();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        if name == "xl/worksheets/sheet1.xml" {
            let mut xml = String::from_utf8(content).unwrap();
            for (cell, inner) in cells {
                let start = xml.find(&format!("<c r=\"{cell}\" ")).unwrap_or_else(|| {
                    panic!("the form has no cell {cell} to fill in");
                });
                let end = start + xml[start..].find("/>").unwrap();
                let style: String = xml[start..end].split('"').nth(3).unwrap().to_owned();
                let (kind, value) = inner.split_once(':').unwrap();
                let cell = match kind {
                    "n" => format!("<c r=\"{cell}\" s=\"{style}\"><v>{value}</v></c>"),
                    _ => format!(
                        "<c r=\"{cell}\" s=\"{style}\" t=\"inlineStr\"><is><t>{value}</t></is></c>"
                    ),
                };
                xml.replace_range(start..end + 2, &cell);
            }
            content = xml.into_bytes();
        }
        filled.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        filled.write_all(&content).unwrap();
    }
    filled.finish().unwrap().into_inner()
}

fn read_back(catalogue: &Catalogue, bytes: &[u8]) -> (read::About, Vec<Outcome>, u64) {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("form.xlsx");
    std::fs::write(&path, bytes).unwrap();
    let mut workbook = source::open(&path, &source::Options::default()).unwrap();
    let about = read::about(&mut workbook).unwrap();
    let mut outcomes = Vec::new();
    let mut sink = |outcome| {
        outcomes.push(outcome);
        ControlFlow::Continue(())
    };
    let blank = read::read(&mut workbook, &about, catalogue, Lang::Vi, &mut sink).unwrap();
    (about, outcomes, blank)
}

/// What each row says, by its row; refusals by their code.
fn said(outcomes: Vec<Outcome>) -> HashMap<u32, String> {
    let said = outcomes.into_iter().map(|outcome| match outcome {
        Outcome::Measurement(one) => {
            let dimensions = one.dimensions.iter().map(|(_, member)| format!(" {member}"));
            let content = match &one.content {
                Content::Number(number) => number.to_string(),
                Content::Level(level) => format!("level {level}"),
                Content::Missing { reason, .. } => format!("{reason:?}"),
                Content::Withdrawn => "withdrawn".to_owned(),
            };
            let among = one.ranked_among.map(|among| format!(" of {among}")).unwrap_or_default();
            let dimensions = dimensions.collect::<String>();
            let text = format!("{}{dimensions} {}: {content}{among}", one.indicator, one.period);
            (one.place.row.unwrap(), text)
        }
        Outcome::Refused(refusal) => {
            assert!(!refusal.place.raw.is_empty() || refusal.reason.code() == "BLANK");
            (refusal.place.row.unwrap(), refusal.reason.code().to_owned())
        }
    });
    said.collect()
}

#[track_caller]
fn check(lang: Lang, cells: &[(&str, &str)], expected: &[(u32, &str)]) {
    let catalogue = kinds();
    let (about, outcomes, blank) = read_back(&catalogue, &fill(&form(&catalogue, lang), cells));
    assert_eq!((&*about.department, &*about.period, &*about.catalogue), ("d", "2025", "7"));
    assert_eq!(blank, 5 - outcomes.len() as u64);
    let expected = expected.iter().map(|(row, text)| (*row, (*text).to_owned())).collect();
    assert_eq!(said(outcomes), expected);
}

// Rows by id: 5 level, 6 quantity, 7 quantity of women, 8 rank, 9 state.

#[test]
fn a_form_left_blank_says_nothing() {
    check(Lang::Vi, &[], &[]);
}

#[test]
fn every_kind_of_value_is_read_back() {
    let level = kinds().indicator("level").unwrap().clone();
    let Kind::Level(scale) = &level.kind else { panic!() };
    let chosen = format!("t:{}", scale.levels[0].name.vi);
    let expected = format!("level 2025: level {}", scale.levels[0].id);
    check(
        Lang::Vi,
        &[
            ("F5", &chosen),
            ("F6", "n:81.25"),
            ("F7", "n:0"),
            ("F8", "n:12"),
            ("G8", "n:34"),
            ("F9", "t:Hoàn thành"),
        ],
        &[
            (5, &expected),
            (6, "quantity 2025: 81.25"),
            (7, "quantity female 2025: 0"),
            (8, "rank 2025: 12 of 34"),
            (9, "state 2025: level done"),
        ],
    );
}

#[test]
fn no_value_and_a_withdrawal_are_two_things_and_neither_is_zero() {
    check(
        Lang::En,
        &[
            ("I6", "t:Not yet available"),
            ("I7", "t:Rút lại số đã báo cáo"),
            ("F8", "n:1"),
            ("I8", "t:Confidential"),
            ("J9", "t:đang chờ"),
        ],
        &[
            (6, "quantity 2025: NotYetAvailable"),
            (7, "quantity female 2025: withdrawn"),
            (8, "VALUE_THOUGH_MISSING"),
            (9, "BLANK"),
        ],
    );
}

#[test]
fn what_cannot_be_a_value_is_refused_with_its_place() {
    check(
        Lang::Vi,
        &[
            ("F5", "t:không có mức này"),
            ("F6", "t:12,5"),
            ("F7", "t:khá cao"),
            ("F8", "n:1"),
            ("G8", "t:nhiều"),
            ("F9", "t:Hoàn thành"),
            ("H9", "t:chắc chắn"),
        ],
        &[
            (5, "level 2025: level không có mức này"),
            (6, "NUMBER_FORMAT_UNDECLARED"),
            (7, "NUMBER_NOT_A_NUMBER"),
            (8, "RANKED_AMONG_FORM"),
            (9, "UNLISTED"),
        ],
    );
}

#[test]
fn status_notes_and_confirmation_travel_with_the_value() {
    let catalogue = kinds();
    let cells = [
        ("F6", "n:1"),
        ("H6", "t:Sơ bộ"),
        ("J6", "t:theo Cục Thống kê"),
        ("K6", "t:https://angiang.gov.vn/a"),
        ("L6", "t:Đã kiểm tra, đúng"),
        ("M6", "t:2017"),
        ("N6", "t:old"),
    ];
    let (_, outcomes, _) = read_back(&catalogue, &fill(&form(&catalogue, Lang::Vi), &cells));
    let [Outcome::Measurement(one)] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert_eq!(one.status, Some(ObservationStatus::Provisional));
    assert_eq!(one.comment.as_deref(), Some("theo Cục Thống kê"));
    assert_eq!(one.evidence.as_deref(), Some("https://angiang.gov.vn/a"));
    assert!(one.confirmed);
    assert_eq!((one.edition.as_deref(), one.territory.as_deref()), (Some("2017"), Some("old")));
    assert_eq!((one.place.row, one.place.column.as_deref()), (Some(6), Some("F")));
}
