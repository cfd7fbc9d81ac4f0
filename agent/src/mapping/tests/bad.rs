//! Input that cannot be taken: each cell refused with its place, the good ones taken.

use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Formula, Workbook as Writer};

use super::*;

const LONG: &str = r#"
    layout = "long"
    header = { find = ["Kỳ", "Giá trị"] }
    columns = { indicator = "Chỉ tiêu", period = "Kỳ", value = "Giá trị" }
    number = { format = "point" }
"#;

const PERIODS: &str = "`2026`, `2026-S1`, `6 tháng 2026`, `2026-Q3`, `quý 3/2026`, `III/2026`, `2026-09`, `tháng 9/2026`, `09/2026`";

#[test]
fn bad_rows_never_stop_good_ones() {
    let text = "BÁO CÁO\n\nChỉ tiêu;Kỳ;Giá trị\na;2026;1\nb;2026;12,5\nc;hè 2026;1\n;2026;1\nd;2026;nhiều\ne;III/2026;1,234.5\nf;2026;\n";
    let not_a_period = format!("PERIOD_FORM B6 `hè 2026` {PERIODS}");
    check(
        text,
        LONG,
        &[
            "a 2026 1",
            "NUMBER_GROUPING C5 `12,5` `1234.5`, `1,234.5`",
            &not_a_period,
            "BLANK A7 ``",
            "NUMBER_NOT_A_NUMBER C8 `nhiều` `1234.5`, `1,234.5`",
            "e 2026-Q3 1234.5",
        ],
    );
}

#[test]
fn numbers_that_are_none_are_refused_with_the_accepted_form() {
    let value = |value: &str| format!("Chỉ tiêu;Kỳ;Giá trị\na;2026;{value}\n");
    let digits = "1".repeat(40);
    for (text, code) in [
        ("NaN", "NUMBER_NOT_FINITE"),
        ("-inf", "NUMBER_NOT_FINITE"),
        (&digits, "NUMBER_TOO_MANY_DIGITS"),
        ("1e5", "NUMBER_SCIENTIFIC"),
        ("(5)", "NUMBER_PARENTHESES"),
        ("81.5%", "PERCENT_CELL"),
    ] {
        check(&value(text), LONG, &[&format!("{code} C2 `{text}` `1234.5`, `1,234.5`")]);
    }
    let undeclared = LONG.replace("number = { format = \"point\" }", "");
    for text in ["1.234", "12,5", "1,234.5"] {
        let expected = format!("NUMBER_FORMAT_UNDECLARED C2 `{text}` `1234`");
        check(&value(text), &undeclared, &[&expected]);
    }
    check(&value("1234"), &undeclared, &["a 2026 1234"]);
}

#[test]
fn wrong_headings_are_told_with_those_found() {
    let refusal = |text: &str, mapping: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.csv");
        fs::write(&path, text).unwrap();
        let mapping = Mapping::from_toml(mapping).unwrap();
        let mut workbook = open(&path, &Options::default()).unwrap();
        let mut shown = Vec::new();
        let mut sink = |outcome| {
            if let Outcome::Refused(refusal) = outcome {
                shown.push((refusal.reason.code(), refusal.reason.to_string()));
            }
            ControlFlow::Continue(())
        };
        mapping.read(&mut workbook, &mut sink).unwrap();
        assert_eq!(shown.len(), 1, "{shown:?}");
        shown.remove(0)
    };
    assert_eq!(
        refusal("Chỉ tiêu;Kỳ;Trị giá\na;2026;1\n", LONG),
        ("HEADINGS_MISSING", "no heading is `Giá trị`; found `Chỉ tiêu`, `Kỳ`, `Trị giá`".into())
    );
    assert_eq!(
        refusal("Kỳ;Giá trị\n2026;1\n", LONG),
        ("HEADINGS_MISSING", "no heading is `Chỉ tiêu`; found `Kỳ`, `Giá trị`".into())
    );
    assert_eq!(
        refusal("Chỉ tiêu;Kỳ;Giá trị;giá  trị\na;2026;1;2\n", LONG),
        ("HEADING_AMBIGUOUS", "`Giá trị` stands over the columns `C`, `D`".into())
    );
    let beyond = LONG.replace("find = [\"Kỳ\", \"Giá trị\"]", "row = 9");
    assert_eq!(refusal("Chỉ tiêu;Kỳ;Giá trị\na;2026;1\n", &beyond).0, "HEADINGS_MISSING");
    let wide = r#"
        layout = "wide"
        header = { row = 1 }
        headings = "{period} Total"
        fixed = { indicator = "x" }
    "#;
    assert_eq!(
        refusal("Tỉnh;2010;2011\nAn Giang;1;2\n", wide),
        (
            "NO_HEADING_FITS",
            "no heading is like `{period} Total`; found `Tỉnh`, `2010`, `2011`".into()
        )
    );
}

#[test]
fn a_heading_with_a_slip_in_its_year_is_refused_and_not_passed_over() {
    let wide = r#"
        layout = "wide"
        header = { row = 1 }
        headings = "{period} Total"
        ignore = "2 Total"
        number = { format = "point" }
        fixed = { indicator = "x" }
        [[select]]
        where = { "Tỉnh" = ["An Giang", "AG"] }
        [[select]]
        where = { "Tỉnh" = "Cần Thơ" }
    "#;
    let refused = format!("PERIOD_FORM C1 `201O Total` {PERIODS}");
    check(
        "Tỉnh;2010 Total;201O Total;2 Total;Other\nAG;1;2;3;4\nHà Nội;5;6;7;8\n",
        wide,
        &[&refused, "x 2010 1", "ROW_NOT_FOUND sheet ``"],
    );
}

#[test]
fn rows_of_another_length_than_the_headings_are_refused() {
    // An unquoted 1,319 would move every later value by one column.
    let mapping = r#"
        layout = "long"
        header = { row = 1 }
        columns = { period = "Year", value = "Value" }
        fixed = { indicator = "x" }
        number = { format = "point" }
    "#;
    check(
        "Year,Value,Note\n2010,1,319,a\n2011,2,b\n2012\n",
        mapping,
        &["ROW_LENGTH 2 ``", "x 2011 2", "ROW_LENGTH 4 ``"],
    );
}

#[test]
fn a_sheet_that_is_not_the_one_meant_is_left_alone() {
    let mapping = |unit: &str| format!("{LONG}\nexpect = {{ \"C1\" = \"{unit}\" }}\nfirst_row = 4");
    let text = "Biểu 1;;Đơn vị: tỷ đồng\n\nChỉ tiêu;Kỳ;Giá trị\na;2026;1\n";
    check(text, &mapping("đơn vị:  Tỷ đồng"), &["a 2026 1"]);
    check(text, &mapping("Đơn vị: triệu đồng"), &["UNEXPECTED_CELL C1 `Đơn vị: tỷ đồng`"]);
    let never = LONG.to_owned() + "\nexpect = { \"A9\" = \"Người lập\" }";
    check(text, &never, &["a 2026 1", "UNEXPECTED_CELL A9 ``"]);
}

#[test]
fn units_statuses_and_words_that_the_mapping_does_not_know_are_refused() {
    let mapping = r#"
        layout = "long"
        header = { row = 1 }
        number = { format = "point" }
        marks = { missing = ["-"], confirmed = ["có"] }
        [fixed]
        unit = ["%", "phần trăm"]
        [columns]
        indicator = "I"
        period = "P"
        value = "V"
        unit = "U"
        status = "S"
        ranked_among = "R"
        confirmed = "C"
        dimensions = { sex = "D" }
        [tables]
        indicators = { "Tỷ lệ" = "share" }
        members = { sex = { "Nam" = "male", "Nữ" = "female", "Chung" = "" } }
        statuses = { "Sơ bộ" = "provisional", "Chưa có" = "not_yet_available" }
    "#;
    check(
        "I;P;V;U;S;R;C;D\n\
         tỷ lệ;2026;1;%;;;;\n\
         Tỷ lệ;2026;2;Phần  trăm;sơ bộ;63;Có;Nữ\n\
         Tỷ lệ;2026;-;%;final;;;Chung\n\
         Tỷ lệ;2026;;%;Chưa có;;;\n\
         Tỷ giá;2026;3;%;;;;\n\
         Tỷ lệ;2026;4;triệu;;;;\n\
         Tỷ lệ;2026;5;%;chắc;;;\n\
         Tỷ lệ;2026;6;%;;nhiều;;\n\
         Tỷ lệ;2026;7;%;;;;Khác\n\
         Tỷ lệ;2026;8;%;Chưa có;;;\n",
        mapping,
        &[
            "share 2026 1",
            "share 2026 sex=female 2 provisional of 63 confirmed",
            "share 2026 missing:- final",
            "share 2026 missing:Chưa có",
            "UNLISTED A6 `Tỷ giá` `Tỷ lệ`",
            "UNIT_MISMATCH D7 `triệu` `%`, `phần trăm`",
            "UNLISTED E8 `chắc` `final`, `provisional`, `estimated`, `break`, `Chưa có`, `Sơ bộ`",
            "RANKED_AMONG_FORM F9 `nhiều` `63`",
            "UNLISTED H10 `Khác` `Chung`, `Nam`, `Nữ`",
            "VALUE_THOUGH_MISSING C11 `8`",
        ],
    );
}

#[test]
fn days_are_periods_only_if_declared() {
    let text = "Chỉ tiêu;Kỳ;Giá trị\na;2026-09-30;1\n";
    check(text, LONG, &[&format!("PERIOD_DATE B2 `2026-09-30` {PERIODS}")]);
    check(text, &format!("periods = {{ dates = \"month\" }}\n{LONG}"), &["a 2026-09 1"]);
}

#[test]
fn duplicate_rows_are_left_to_the_check_that_knows_the_catalogue() {
    check("Chỉ tiêu;Kỳ;Giá trị\na;2026;1\na;2026;2\n", LONG, &["a 2026 1", "a 2026 2"]);
}

#[test]
fn data_end_where_the_mapping_says() {
    let text = "Chỉ tiêu;Kỳ;Giá trị\na;2025;1\na;2026;2\n\n(*) Sơ bộ;;x\n";
    let footnote = "NUMBER_NOT_A_NUMBER C5 `x` `1234.5`, `1,234.5`";
    check(text, LONG, &["a 2025 1", "a 2026 2", footnote]);
    check(text, &format!("stop_at_blank_row = true\n{LONG}"), &["a 2025 1", "a 2026 2"]);
    check(text, &format!("last_row = 2\n{LONG}"), &["a 2025 1"]);
}

fn of_xlsx(write: impl FnOnce(&mut Writer), mapping: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("form.xlsx");
    let mut writer = Writer::new();
    write(&mut writer);
    writer.save(&path).unwrap();
    outcomes(&path, mapping)
}

#[test]
fn workbook_cells_that_are_no_numbers_are_refused_by_kind() {
    let percent = CellFormat::new().set_num_format("0.0%");
    let date = CellFormat::new().set_num_format("dd/mm/yyyy");
    let day = ExcelDateTime::from_ymd(2026, 9, 30).unwrap();
    let write = |writer: &mut Writer| {
        let sheet = writer.add_worksheet();
        for (column, heading) in ["Chỉ tiêu", "Kỳ", "Giá trị"].iter().enumerate() {
            sheet.write(0, u16::try_from(column).unwrap(), *heading).unwrap();
        }
        for row in 1..10 {
            sheet.write(row, 0, "a").unwrap();
            sheet.write(row, 1, 2026).unwrap();
        }
        sheet.write(1, 2, 0.1 + 0.2).unwrap();
        sheet.write_with_format(2, 2, 0.815, &percent).unwrap();
        sheet.write_with_format(3, 2, &day, &date).unwrap();
        sheet.write_formula(4, 2, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
        sheet.write(5, 2, true).unwrap();
        sheet.write_with_format(6, 1, &day, &date).unwrap();
        sheet.write(6, 2, 7).unwrap();
        sheet.write(7, 1, 46295).unwrap();
        sheet.write(7, 2, 8).unwrap();
        sheet.write(8, 2, "1,234.5").unwrap();
    };
    let forms = "`1234.5`, `1,234.5`";
    assert_eq!(
        of_xlsx(write, LONG),
        [
            "a 2026 0.30000000000000004".to_owned(),
            format!("PERCENT_CELL C3 `0.815` {forms}"),
            format!("DATE_CELL C4 `2026-09-30` {forms}"),
            format!("ERROR_CELL C5 `#DIV/0!` {forms}"),
            format!("TRUTH_CELL C6 `TRUE` {forms}"),
            format!("PERIOD_DATE B7 `2026-09-30` {PERIODS}"),
            format!("PERIOD_FORM B8 `46295` {PERIODS}"),
            "a 2026 1234.5".to_owned(),
        ]
    );
    let declared =
        format!("percent_cells = \"as_shown\"\nperiods = {{ dates = \"quarter\" }}\n{LONG}");
    let lines = of_xlsx(write, &declared);
    assert_eq!((lines[1].as_str(), lines[5].as_str()), ("a 2026 81.5", "a 2026-Q3 7"));
}

#[test]
fn an_empty_sheet_is_named_as_such() {
    let empty = |writer: &mut Writer| {
        writer.add_worksheet();
    };
    assert_eq!(of_xlsx(empty, LONG), ["EMPTY_SHEET sheet ``"]);
    check("Chỉ tiêu;Kỳ;Giá trị\n", LONG, &["EMPTY_SHEET sheet ``"]);
    let cells =
        "layout = 'cells'\ncell = [{ at = 'B2', fixed = { indicator = 'x', period = '2026' } }]";
    assert_eq!(of_xlsx(empty, cells), ["EMPTY_SHEET sheet ``"]);
}

#[test]
fn the_sheet_is_named_unless_there_is_only_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("form.xlsx");
    let mut writer = Writer::new();
    for name in ["Biểu 1", "Biểu 2"] {
        writer.add_worksheet().set_name(name).unwrap();
    }
    writer.save(&path).unwrap();
    let read = |mapping: &str| {
        let mut workbook = open(&path, &Options::default()).unwrap();
        let mapping = Mapping::from_toml(mapping).unwrap();
        mapping.read(&mut workbook, &mut |_| ControlFlow::Continue(()))
    };
    assert_eq!(read(LONG).unwrap_err().code(), "SOURCE_SHEET_NOT_NAMED");
    let error = read(&format!("sheet = \"Biểu 3\"\n{LONG}")).unwrap_err();
    assert!(
        error.to_string().contains("no sheet `Biểu 3`; its sheets are `Biểu 1`, `Biểu 2`"),
        "{error}"
    );
    assert_eq!(read(&format!("sheet = \"biểu  2\"\n{LONG}")).unwrap().refused, 1);
}

#[test]
fn a_sink_that_breaks_stops_the_reading() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.csv");
    fs::write(&path, "Chỉ tiêu;Kỳ;Giá trị\na;2026;1\na;2026;2\na;2026;3\n").unwrap();
    let mut workbook = open(&path, &Options::default()).unwrap();
    let mapping = Mapping::from_toml(LONG).unwrap();
    let summary = mapping.read(&mut workbook, &mut |_| ControlFlow::Break(())).unwrap();
    assert_eq!(summary, Summary { rows: 2, measurements: 1, refused: 0 });
}

#[test]
fn mappings_that_cannot_be_right_are_refused_with_the_place() {
    let refuse = |text: &str| Mapping::from_toml(text).unwrap_err().to_string();
    for (text, words) in [
        (
            "layout = 'lon'",
            "line 1, column 10: unknown variant `lon`, expected one of `long`, `wide`, `cells`; did you mean `long`?",
        ),
        ("layout = 'long'\ncolums = {}", "line 2, column 1: unknown field `colums`"),
        ("layout = 'long'\n[columns]\nvalue = '#1'", "line 3, column 9: `#1` names no column"),
        (
            "layout = 'long'\n[fixed]\nperiod = '2026-13'",
            "line 3, column 10: `2026-13` is not a reporting period",
        ),
        ("layout = 'long'\n[fixed]\nmultiply = '0'", "`0` is no factor"),
        ("layout = 'wide'\nheadings = '{period'", "line 2, column 12: `{period` has a brace"),
        ("layout = 'long'\ncolumns = { value = '#B' }", "no `indicator`"),
        ("layout = 'long'\ncolumns = { value = '#B' }\nfixed = { indicator = 'x' }", "no `period`"),
        (
            "layout = 'long'\ncolumns = { value = 'B', period = '#A' }\nfixed = { indicator = 'x' }",
            "`B` is a heading, and no `header`",
        ),
        (
            "layout = 'long'\nheader = { row = 1, find = ['x'] }",
            "takes one of `row`, `rows` and `find`",
        ),
        ("layout = 'long'\nheader = { rows = [3, 2] }", "ends before it begins"),
        ("layout = 'wide'\nheader = { row = 1 }\nfirst_row = 1", "`first_row` is not behind"),
        ("layout = 'cells'", "the layout `cells` takes `cell`"),
        ("layout = 'cells'\ncell = [{ at = 'B0' }]", "`B0` names no cell"),
        (
            "layout = 'cells'\nfixed = { period = '2026', indicator = 'x' }\ncell = [{ at = 'A!B1' }, { at = 'B1' }]",
            "either every `cell`",
        ),
        ("layout = 'long'\n[tables.indicators]\n'A B' = 'x'\n'a  b' = 'y'", "is declared twice"),
        ("layout = 'long'\n[tables.statuses]\n'A' = 'sure'", "`sure` is no status"),
    ] {
        let error = refuse(text);
        assert!(error.contains(words), "{text}\n{error}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(cells in "[a2026Q3/;.,% \\n\"(*)-]{0,80}") {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.csv");
        fs::write(&path, format!("Chỉ tiêu;Kỳ;Giá trị\na;2026;1\n{cells}")).unwrap();
        let mapping = Mapping::from_toml(LONG).unwrap();
        let delimiter = Some(";".to_owned().try_into().unwrap());
        let mut workbook = open(&path, &Options { delimiter, ..Options::default() }).unwrap();
        let mut given = 0;
        let mut sink = |_| {
            given += 1;
            ControlFlow::Continue(())
        };
        match mapping.read(&mut workbook, &mut sink) {
            Ok(summary) => proptest::prop_assert_eq!(summary.measurements + summary.refused, given),
            Err(error) => proptest::prop_assert_eq!(error.code(), "SOURCE_UNCLOSED_QUOTE"),
        }
        proptest::prop_assert!(given > 0);
    }
}
