//! Published files of Vietnam's statistics office and ministry, mapped by configuration alone.

use super::*;
use crate::source::tests::published;

#[track_caller]
fn check(file: &str, mapping: &str, expected: &[&str]) {
    let Some(path) = published(file) else { return };
    assert_eq!(outcomes(&path, mapping), expected, "{file}");
}

/// The mapping of the statistics office's files.
const STATISTICS_OFFICE: &str = r#"
    layout = "wide"
    header = { row = 3 }
    number = { format = "point" }
    [marks]
    missing = { ".." = "not_yet_available" }
    provisional = ["Pre.", "Prel."]
    footnotes = ["(*)", "(**)"]
"#;

#[test]
fn income_of_an_giang_and_of_the_country_is_read() {
    let mapping = format!(
        r#"headings = "{{period}} Total"
        {STATISTICS_OFFICE}
        [[select]]
        where = {{ "Cities, provincies" = "An Giang" }}
        fixed = {{ indicator = "income-per-head" }}
        [[select]]
        where = {{ "Cities, provincies" = "whole country" }}
        fixed = {{ indicator = "income-per-head-national" }}"#
    );
    check(
        "vietnam-gso/Health, Culture and Living Standard/Monthly average income per capita at current prices by income source and by province.csv",
        &mapping,
        &[
            "income-per-head-national 2010 1387",
            "income-per-head-national 2012 2000",
            "income-per-head-national 2014 2637",
            "income-per-head-national 2016 3049 provisional",
            "income-per-head 2010 1319",
            "income-per-head 2012 1871",
            "income-per-head 2014 2472",
            "income-per-head 2016 2909 provisional",
        ],
    );
}

#[test]
fn items_in_headings_become_members() {
    let mapping = format!(
        r#"headings = "{{sex}} {{period}}"
        {STATISTICS_OFFICE}
        [tables.members.sex]
        Total = ""
        Male = "male"
        Female = "female"
        [[select]]
        where = {{ "Cities, provincies" = "An Giang" }}
        fixed = {{ indicator = "population", multiply = "1000" }}"#
    );
    let file = "vietnam-gso/Population and Employment/Average population by province.csv";
    let Some(path) = published(file) else { return };
    let lines = outcomes(&path, &mapping);
    assert_eq!(lines.len(), 3 * 22);
    assert_eq!(lines[0], "population 1995 1970100");
    assert_eq!(lines[21], "population 2016 2159900 provisional");
    assert_eq!(lines[22], "population 1995 sex=male 966700");
    assert_eq!(lines[65], "population 2016 sex=female 1090100 provisional");
}

#[test]
fn footnotes_and_missing_marks_of_the_statistics_office_are_read() {
    let mapping = format!(
        r#"headings = "{{period}} Of which: Public teacher"
        {STATISTICS_OFFICE}
        [[select]]
        where = {{ "Cities, provincies" = "An Giang" }}
        fixed = {{ indicator = "public-teachers" }}"#
    );
    let file = "vietnam-gso/Education/Number of teachers, students in universities and colleges by province.csv";
    let Some(path) = published(file) else { return };
    let lines = outcomes(&path, &mapping);
    assert_eq!(
        lines[..4],
        [
            "public-teachers 2001 missing:..",
            "public-teachers 2002 missing:..",
            "public-teachers 2003 274",
            "public-teachers 2004 287"
        ]
        .map(str::to_owned)
    );
    assert_eq!(lines[4], "public-teachers 2005 355");
}

#[test]
fn every_province_of_every_file_of_the_statistics_office_is_read() {
    for (file, headings) in [
        (
            "Education/Number of teachers, students in universities and colleges by province.csv",
            "{period} {item}",
        ),
        (
            "Health, Culture and Living Standard/Monthly average income per capita at current prices by income source and by province.csv",
            "{period} {item}",
        ),
        (
            "Health, Culture and Living Standard/Percentage of household using electricity by province.csv",
            "{period}",
        ),
        ("Industry/Index of Industrial production by province.csv", "{period}"),
        ("Population and Employment/Average population by province.csv", "{item} {period}"),
        (
            "Transport, Postal Services and Telecommunications/Volume of freight traffic by province.csv",
            "{period}",
        ),
    ] {
        let mapping = format!(
            r#"headings = "{headings}"
            {STATISTICS_OFFICE}
            [fixed]
            indicator = "x"
            [columns.dimensions]
            province = "Cities, provincies""#
        );
        let Some(path) = published(&format!("vietnam-gso/{file}")) else { return };
        let lines = outcomes(&path, &mapping);
        let refused: Vec<_> = lines.iter().filter(|line| !line.starts_with("x ")).collect();
        assert!(refused.is_empty(), "{file}: {refused:?}");
        let text = fs::read_to_string(&path).unwrap();
        let cells: usize = text.lines().skip(3).map(|line| line.matches(';').count()).sum();
        assert_eq!(lines.len(), cells, "{file}");
    }
}

#[test]
fn the_budget_of_an_giang_is_read_from_the_ministrys_workbook() {
    // Headings stand in five rows, and the unit in a line of its own.
    let mapping = r##"
        layout = "long"
        sheet = "M09"
        header = { rows = [7, 11] }
        expect = { "J6" = "Đơn vị: triệu đồng" }
        fixed = { period = "2017", multiply = "1000000" }

        [[select]]
        where = { "TỈNH, THÀNH PHỐ" = "An Giang" }
        columns = { value = "THU NSNN TRÊN ĐỊA BÀN (1)" }
        fixed = { indicator = "budget-revenue" }
        [[select]]
        where = { "#B" = "An Giang" }
        columns = { value = "#H" }
        fixed = { indicator = "budget-spending" }
        [[select]]
        where = { "#B" = "An Giang" }
        columns = { value = "#E" }
        fixed = { indicator = "budget-share-kept", multiply = "1" }
        [[select]]
        where = { "#B" = "An Giang" }
        columns = { value = "#I" }
        fixed = { indicator = "budget-deficit" }
    "##;
    check(
        "vietnam-mof/Plan_2017.xls",
        mapping,
        &[
            "budget-revenue 2017 5202000000000",
            "budget-spending 2017 10706091000000",
            "budget-share-kept 2017 100",
        ],
    );
}

#[test]
fn the_same_cell_of_the_ministrys_workbook_is_read_by_its_address() {
    let mapping = r#"
        layout = "cells"
        expect = { "M09!B78" = "AN GIANG", "M01!D7" = "Đơn vị tính: Tỷ đồng" }
        fixed = { period = "2017" }
        [[cell]]
        at = "M09!C78"
        fixed = { indicator = "budget-revenue" }
        [[cell]]
        at = "M01!D10"
        fixed = { indicator = "state-revenue" }
    "#;
    check(
        "vietnam-mof/Plan_2017.xls",
        mapping,
        &["budget-revenue 2017 5202000", "state-revenue 2017 1212180"],
    );
}

#[test]
fn merged_headings_of_the_ministrys_workbook_are_joined() {
    let mapping = r#"
        layout = "long"
        sheet = "M07"
        header = { rows = [4, 8], merged = true }
        fixed = { period = "2017" }
        [[select]]
        where = { "TÊN ĐƠN VỊ" = "Văn phòng Chủ tịch nước" }
        columns = { value = "Trong đó: II. CHI THƯỜNG XUYÊN Trong đó: CHI QUẢN LÝ HÀNH CHÍNH" }
        fixed = { indicator = "administration" }
        [[select]]
        where = { "SỐ TT" = "I" }
        columns = { value = "Trong đó: I. CHI ĐẦU TƯ PHÁT TRIỂN Trong đó: CHI ĐẦU TƯ XDCB VỐN TRONG NƯỚC" }
        fixed = { indicator = "domestic-capital" }
    "#;
    check(
        "vietnam-mof/Plan_2017.xls",
        mapping,
        &["domestic-capital 2017 32373459", "administration 2017 187630"],
    );
}

#[test]
fn rows_under_roman_numerals_are_told_apart() {
    let mapping = r#"
        layout = "long"
        sheet = "M03"
        header = { rows = [8, 9] }
        fixed = { period = "2017" }
        [[select]]
        where = { "STT" = "I", "Chỉ tiêu" = "Thu nội địa" }
        columns = { value = "Dự toán năm 2017" }
        fixed = { indicator = "domestic-revenue" }
    "#;
    // What is stored, to the last digit.
    check("vietnam-mof/Plan_2017.xls", mapping, &["domestic-revenue 2017 990279.4999999999"]);
}

#[test]
fn the_competitiveness_index_is_read_though_every_score_has_its_own_order() {
    let mapping = r##"
        layout = "long"
        sheet = "Summary_VN"
        header = { row = 1 }
        fixed = { period = "2016", edition = "PCI", ranked_among = 63 }
        [[select]]
        where = { "Tỉnh" = "An Giang" }
        columns = { value = "Gia nhập thị trường" }
        fixed = { indicator = "pci-entry" }
        [[select]]
        where = { "#D" = "An Giang" }
        columns = { value = "#E" }
        fixed = { indicator = "pci-land" }
        [[select]]
        where = { "#L" = "An Giang" }
        columns = { value = "Cạnh tranh bình đẳng" }
        fixed = { indicator = "pci-fairness" }
        [[select]]
        where = { "#L" = "An Giang" }
        columns = { value = "Thứ tự" }
        fixed = { indicator = "pci-fairness-rank" }
    "##;
    check(
        "vietnam-mof/PCI_2016.xlsx",
        mapping,
        &[
            "pci-land 2016 6.020414352416992 of 63 PCI",
            "pci-entry 2016 8.58357048034668 of 63 PCI",
            "pci-fairness 2016 4.500573635101318 of 63 PCI",
            "pci-fairness-rank 2016 51 of 63 PCI",
        ],
    );
}

#[test]
fn percentages_of_the_competitiveness_index_are_read_only_if_declared() {
    let mapping = r#"
        layout = "long"
        sheet = "Tính minh bạch"
        header = { row = 3 }
        fixed = { period = "2016", indicator = "pci-relations" }
        columns = { value = "f2_new" }
        [[select]]
        where = { "pci_id" = "An Giang" }
    "#;
    let Some(path) = published("vietnam-mof/PCI_2016.xlsx") else { return };
    let refused = outcomes(&path, mapping);
    assert_eq!(refused.len(), 1);
    assert!(refused[0].starts_with("PERCENT_CELL F21 `0.6831682920455933`"), "{refused:?}");
    let mapping = format!("percent_cells = \"as_shown\"\n{mapping}");
    assert_eq!(outcomes(&path, &mapping), ["pci-relations 2016 68.31682920455933"]);
}

#[test]
fn years_are_read_from_the_names_of_sheets() {
    let mapping = r#"
        layout = "long"
        sheet = "{period}_PAPI"
        header = { row = 1 }
        fixed = { indicator = "papi-participation" }
        columns = { value = "Participation at Local Levels" }
        [[select]]
        where = { "tentinh_eng" = "An Giang" }
    "#;
    let Some(path) = published("vietnam-mof/PAPI_2011-2016.xlsx") else { return };
    let lines = outcomes(&path, mapping);
    assert_eq!(lines.len(), 6, "{lines:?}");
    assert_eq!(lines[0], "papi-participation 2011 4.869586");
    assert_eq!(lines[1], "papi-participation 2012 4.691073");
    assert_eq!(lines[5], "papi-participation 2016 4.480678081512451");
}
