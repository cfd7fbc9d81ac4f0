//! Bad rows: each refused with its place and its text, the good ones taken.

use tiendo_shared::wire::v1;

use super::{LONG, known, lay_out_workbooks};
use crate::harness::{Agent, Outcome, Server, python, single, trial};

/// Rows of a file, and what is said of each: column, raw text, words of the reason.
/// None for a good one.
type Row = (&'static str, Option<(&'static str, &'static str, &'static str)>);

const ROWS: [Row; 18] = [
    ("ty-le;2024;45;;", None),
    ("khong-co;2024;1;;", Some(("A", "khong-co", "không có chỉ tiêu"))),
    ("ty-le;2024-09;1;;", Some(("B", "2024-09", "`2026`"))),
    ("ty-le;2024/13;1;;", Some(("B", "2024/13", "`2026-S1`"))),
    ("ty-le;2190;1;;", Some(("B", "2190", "chưa"))),
    ("ty-le;2016;12,5;;", Some(("C", "12,5", "`1234.5`"))),
    ("ty-le;2015;100.5;;", Some(("C", "100.5", "từ 0 đến 100"))),
    ("ty-le;2014;NaN;;", Some(("C", "NaN", "`1234.5`"))),
    ("ty-le;2013;inf;;", Some(("C", "inf", "`1234.5`"))),
    ("ty-le;2012;1234567890123456789012345678901234567890;;", Some(("C", "1234567890", "28"))),
    ("ty-le;2011;mười hai;;", Some(("C", "mười hai", "`1234.5`"))),
    ("thu-hang;2024;-7;63;", Some(("C", "-7", "Thứ hạng"))),
    ("ty-le;2024;46;;", Some(("", "46", "hai lần"))),
    ("cua-so-hai;2024;1;;", Some(("A", "cua-so-hai", "đơn vị khác"))),
    ("tinh-ra;2024;1;;", Some(("A", "tinh-ra", "tính từ"))),
    ("so-luong;2024-09;8;;khác", Some(("E", "khác", "female"))),
    ("ty-le;2020;95;;", Some(("C", "95", "--confirm"))),
    ("so-luong;2024-08;7;;female", None),
];

const MAPPING: &str = r#"
layout = "long"
header = { row = 1 }
number = { format = "point" }
[columns]
indicator = "Chỉ tiêu"
period = "Kỳ"
value = "Giá trị"
ranked_among = "Trên tổng"
dimensions = { sex = "Giới tính" }
"#;

fn file() -> String {
    let rows: String = ROWS.iter().map(|(row, _)| format!("{row}\n")).collect();
    format!("Chỉ tiêu;Kỳ;Giá trị;Trên tổng;Giới tính\n{rows}")
}

/// A server that knows the share of 2019, so that a jump in 2020 is implausible.
async fn prepared() -> (Server, Agent) {
    let server = Server::start_with(trial::options()).await;
    let before = single("2019", crate::harness::number("ty-le", "40"));
    server.collection(trial::DEPARTMENT).await.submit_measurements(before).await.unwrap();
    let agent = Agent::of(&server, trial::DEPARTMENT);
    agent.put("xau.csv", file());
    agent.put("map.toml", MAPPING);
    (server, agent)
}

#[tokio::test]
async fn each_bad_row_is_told_with_place_text_and_accepted_form() {
    let (server, agent) = prepared().await;
    for command in ["check", "submit"] {
        let said = agent.run(&[command, "xau.csv", "--mapping", "map.toml"]).await.expect_code(3);
        let said = said.all();
        for (row, told) in ROWS.iter().zip(2..).filter_map(|((_, told), row)| Some((row, (*told)?)))
        {
            let (column, raw, words) = told;
            let line = said.lines().find(|line| {
                line.contains(raw) && line.split_whitespace().any(|word| word == row.to_string())
            });
            let line = line.unwrap_or_else(|| panic!("row {row}, `{raw}`, is not in:\n{said}"));
            assert!(line.contains(words), "`{words}` is not in `{line}`");
            assert!(
                column.is_empty() || line.split_whitespace().any(|word| word == column),
                "{line}"
            );
        }
    }
    let found = known(&server.clients().await, trial::DEPARTMENT).await;
    assert_eq!(found, ["so-luong sex=female 2024-08 7", "ty-le 2019 40", "ty-le 2024 45"]);
}

#[tokio::test]
async fn programs_get_the_same_as_json() {
    let (_server, agent) = prepared().await;
    let (code, document) = agent.json(&["check", "xau.csv", "--mapping", "map.toml"]).await;
    assert_eq!(code, 3);
    let refused = document["refused"].as_array().unwrap_or_else(|| panic!("{document:#}"));
    let expected = ROWS.iter().zip(2_u64..).filter_map(|((_, told), row)| Some((row, (*told)?)));
    let expected: Vec<_> = expected.collect();
    assert_eq!(refused.len(), expected.len(), "{document:#}");
    for (row, (column, raw, _)) in expected {
        let found = refused.iter().find(|one| one["row"] == row).unwrap_or_else(|| panic!("{row}"));
        assert!(found["raw"].as_str().unwrap().starts_with(raw), "{found}");
        assert!(column.is_empty() || found["column"] == column, "{found}");
        assert!(!found["reason"].as_str().unwrap().is_empty(), "{found}");
        assert!(found["file"].as_str().unwrap().contains("xau.csv"), "{found}");
    }
    let (code, document) = agent.json(&["submit", "xau.csv", "--mapping", "map.toml"]).await;
    assert_eq!(code, 3);
    assert_eq!(document["counts"]["accepted"], 2, "{document:#}");
}

#[tokio::test]
async fn the_refused_rows_open_in_a_spreadsheet() {
    let (_server, agent) = prepared().await;
    let submit = ["submit", "xau.csv", "--mapping", "map.toml", "--rejects", "loi.xlsx"];
    agent.run(&submit).await.expect_code(3).expect_words(&["loi.xlsx"]);
    let script = "import openpyxl, sys\n\
                  for row in openpyxl.load_workbook(sys.argv[1]).active.iter_rows(values_only=True):\n\
                  \x20   print('|'.join('' if cell is None else str(cell) for cell in row))";
    let Some(read) = python(script, &[&agent.desk().join("loi.xlsx")]).await else { return };
    let read = read.expect_success();
    let refused = ROWS.iter().filter_map(|(_, told)| *told);
    assert!(read.lines().count() > refused.clone().count(), "headings and every row:\n{read}");
    for (_, raw, words) in refused {
        let line = read.lines().find(|line| line.split('|').any(|cell| cell.starts_with(raw)));
        let line = line.unwrap_or_else(|| panic!("`{raw}` is not in:\n{read}"));
        assert!(line.contains(words) && line.contains("xau.csv"), "{line}");
    }
}

#[tokio::test]
async fn a_confirmed_jump_is_taken() {
    let (server, agent) = prepared().await;
    agent.run(&["submit", "xau.csv", "--mapping", "map.toml", "--confirm"]).await.expect_code(3);
    let found = known(&server.clients().await, trial::DEPARTMENT).await;
    assert!(found.contains(&"ty-le 2020 95".to_owned()), "{found:?}");
    let request = v1::ListRevisionsRequest {
        department: trial::DEPARTMENT.to_owned(),
        indicator: "ty-le".to_owned(),
        period: "2024".to_owned(),
        ..v1::ListRevisionsRequest::default()
    };
    let revisions = server.status().await.list_revisions(request).await.unwrap().into_inner();
    assert_eq!(revisions.revisions.len(), 1, "what was taken is not sent as a revision");
}

#[tokio::test]
async fn all_or_nothing_keeps_the_good_rows_back() {
    let (server, agent) = prepared().await;
    let submit = ["submit", "xau.csv", "--mapping", "map.toml", "--all-or-nothing"];
    let said = agent.run(&submit).await;
    assert_ne!(said.code, Some(0));
    said.expect_words(&["all-or-nothing"]);
    let found = known(&server.clients().await, trial::DEPARTMENT).await;
    assert_eq!(found, ["ty-le 2019 40"]);
}

#[tokio::test]
async fn cells_of_a_workbook_that_are_no_numbers_are_refused_by_kind() {
    let server = Server::start_with(trial::options()).await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    if !lay_out_workbooks(&agent).await {
        return;
    }
    agent.put("map.toml", LONG);
    let said = agent.run(&["submit", "cells.xlsx", "--mapping", "map.toml"]).await.expect_code(3);
    let said = said.all();
    for (row, column, words) in [
        (3, "C", "Công thức"),
        (4, "C", "%"),
        (5, "C", "2024-09-30"),
        (6, "C", "TRUE"),
        (7, "C", "mười hai"),
        (8, "C", "12,5"),
        (9, "B", "2024-09-30"),
        (10, "B", "45565"),
    ] {
        let line = said.lines().find(|line| {
            let mut cells = line.split_whitespace();
            cells.clone().any(|word| word == row.to_string()) && cells.any(|word| word == column)
        });
        let line = line.unwrap_or_else(|| panic!("{column}{row} is not in:\n{said}"));
        assert!(line.contains(words), "`{words}` is not in `{line}`");
    }
    assert_eq!(known(&server.clients().await, trial::DEPARTMENT).await, ["ty-le 2010 1"]);
}

#[tokio::test]
async fn a_number_that_reads_in_two_ways_needs_a_declared_format() {
    let server = Server::start_with(trial::options()).await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    agent.put("one.csv", "Chỉ tiêu;Kỳ;Giá trị\nso-luong;2024-09;1.234\n");
    agent.put("map.toml", LONG.replace("number = { format = \"point\" }", ""));
    let said: Outcome = agent.run(&["submit", "one.csv", "--mapping", "map.toml"]).await;
    assert_ne!(said.code, Some(0));
    said.expect_words(&["1.234", "C"]);
    assert!(known(&server.clients().await, trial::DEPARTMENT).await.is_empty());
}
