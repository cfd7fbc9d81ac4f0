//! Files of every format, good and bad, through [`open`] and [`Workbook::rows`].

mod refused;

use std::fs;
use std::io::{Cursor, Write};
use std::path::PathBuf;

use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Formula};
use zip::write::SimpleFileOptions;

use super::cell::{Cell, Row, Value};
use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn code(&self, name: &str, bytes: impl AsRef<[u8]>) -> &'static str {
        code(&self.write(name, bytes), &Options::default())
    }
}

fn code(path: &Path, options: &Options) -> &'static str {
    match read(path, options) {
        Ok(_) => "OK",
        Err(error) => error.code(),
    }
}

fn read(path: &Path, options: &Options) -> Result<Vec<Row>, Error> {
    let mut workbook = open(path, options)?;
    let sheet = workbook.sheets()[0].name.clone();
    workbook.rows(&sheet)?.collect()
}

fn raw(rows: &[Row]) -> Vec<(u32, Vec<String>)> {
    let texts = |row: &Row| row.cells.iter().map(|cell| cell.raw().into_owned()).collect();
    rows.iter().map(|row| (row.number, texts(row))).collect()
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn ods(body: &str) -> Vec<u8> {
    let content = format!(
        r#"<?xml version="1.0"?><office:document-content><office:automatic-styles>
        <style:style style:name="ta2"><style:table-properties table:display="false"/></style:style>
        </office:automatic-styles><office:body><office:spreadsheet>{body}
        </office:spreadsheet></office:body></office:document-content>"#
    );
    archive(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", content.as_bytes()),
    ])
}

/// An xlsx whose one sheet has this `sheetData`.
fn xlsx(data: &str) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let relation = |part: &str, target: &str| {
        format!(
            r#"<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{OFFICE}/{part}" Target="{target}"/></Relationships>"#
        )
    };
    let workbook = format!(
        r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#
    );
    let sheet = format!(r#"<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData></worksheet>"#);
    archive(&[
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml").as_bytes()),
        ("xl/workbook.xml", workbook.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml").as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

/// The same with another table of shared texts.
fn with_texts(workbook: &[u8], texts: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new_append(Cursor::new(workbook.to_vec())).unwrap();
    writer.start_file("xl/sharedStrings.xml", SimpleFileOptions::default()).unwrap();
    writer.write_all(texts.as_bytes()).unwrap();
    writer.finish().unwrap().into_inner()
}

/// An OLE container with one stream of this name.
fn ole(stream: &str) -> Vec<u8> {
    let mut bytes = vec![0xFF; 3 * 512];
    bytes[..512].fill(0);
    bytes[..8].copy_from_slice(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]);
    for (at, value) in [(26, 3_u16), (30, 9), (32, 6)] {
        bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }
    bytes[76..512].fill(0xFF);
    for (at, value) in
        [(44, 1_u32), (48, 1), (60, u32::MAX - 1), (68, u32::MAX - 1), (76, 0), (516, u32::MAX - 1)]
    {
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    bytes[1024..].fill(0);
    for (entry, name) in ["Root Entry", stream].iter().enumerate() {
        for (place, unit) in name.encode_utf16().enumerate() {
            let at = 1024 + entry * 128 + place * 2;
            bytes[at..at + 2].copy_from_slice(&unit.to_le_bytes());
        }
    }
    bytes
}

#[test]
fn xlsx_cells_keep_what_they_hold() {
    let folder = Folder::new();
    let path = folder.0.path().join("form.xlsx");
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let percent = CellFormat::new().set_num_format("0.0%");
    let date = CellFormat::new().set_num_format("dd/mm/yyyy");
    sheet.write(0, 1, "Tỉnh \n An Giang").unwrap();
    sheet.write(2, 0, 0.1 + 0.2).unwrap();
    sheet.write(2, 1, 1e21).unwrap();
    sheet.write(2, 2, true).unwrap();
    sheet.write_with_format(2, 3, 0.815, &percent).unwrap();
    sheet.write_with_format(2, 4, ExcelDateTime::from_ymd(2026, 9, 30).unwrap(), &date).unwrap();
    sheet.write_blank(2, 2000, &percent).unwrap();
    sheet.write_formula(2, 5, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    sheet.write_formula(3, 0, Formula::new("=1+1").set_result("2")).unwrap();
    book.add_worksheet().set_name("Ẩn").unwrap().set_hidden(true);
    book.save(&path).unwrap();

    let mut workbook = open(&path, &Options::default()).unwrap();
    assert_eq!((workbook.format(), workbook.warnings()), (Format::Xlsx, &[][..]));
    assert_eq!(workbook.sheets()[1], Sheet { name: "Ẩn".into(), hidden: true });
    let rows: Vec<Row> = workbook.rows("Sheet1").unwrap().map(Result::unwrap).collect();
    let value = |row: usize, column: u32| &rows[row].cell(column).value;
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 3, 4]);
    assert_eq!(value(0, 1), &Value::Text("Tỉnh \n An Giang".into()));
    assert_eq!(value(1, 0), &Value::Number("0.30000000000000004".into()));
    assert_eq!(value(1, 1), &Value::Number("1000000000000000000000".into()));
    assert_eq!(value(1, 2), &Value::Bool(true));
    assert_eq!(rows[1].cell(3), &Cell { value: Value::Number("0.815".into()), percent: true });
    let day = Some("2026-09-30".parse().unwrap());
    assert_eq!(value(1, 4), &Value::Date(cell::Date { stored: "46295".into(), day }));
    assert_eq!(value(1, 5), &Value::Error("#DIV/0!".into()));
    assert_eq!(value(2, 0), &Value::Number("2".into()));
    let error = workbook.rows("Khác").unwrap_err();
    assert!(matches!(error, Error::NoSuchSheet { present, .. } if present == ["Sheet1", "Ẩn"]));
}

#[test]
fn formulas_without_a_result_are_told_from_empty_cells() {
    let folder = Folder::new();
    let data = r#"<row r="2"><c r="A2"><f>1+1</f></c><c r="B2"><f>1+1</f><v></v></c><c r="C2"/>
        <c r="D2" t="str"><f>""</f><v></v></c><c r="E2"><f>1+1</f><v>2</v></c></row>"#;
    let rows = read(&folder.write("f.xlsx", xlsx(data)), &Options::default()).unwrap();
    assert_eq!(raw(&rows), [(2, ["=", "=", "", "", "2"].map(str::to_owned).to_vec())]);
    assert_eq!(rows[0].cell(0).value, Value::Uncalculated);

    let spilled =
        xlsx(r#"<row r="1"><c r="A1"><v>1</v></c><c r="B1" t="e"><v>#SPILL!</v></c></row>"#);
    let error = read(&folder.write("spill.xlsx", spilled), &Options::default()).unwrap_err();
    assert!(error.to_string().contains("`#SPILL!`, behind cell A1"), "{error}");
}

#[test]
fn ods_cells_keep_what_they_hold() {
    let folder = Folder::new();
    let body = r#"
    <table:table table:name="Biểu 1"><table:shapes><table:table table:name="x"/></table:shapes>
    <table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>
    <table:table-row>
      <table:table-cell office:value-type="string"><office:annotation><text:p>note</text:p></office:annotation>
        <text:p>Tỉnh<text:s text:c="2"/>A&amp;B</text:p><text:p>hai</text:p></table:table-cell>
      <table:covered-table-cell table:number-columns-repeated="2"/>
      <table:table-cell office:value-type="percentage" office:value="0.815"><text:p>81,5%</text:p></table:table-cell>
      <table:table-cell office:value-type="float" office:value="1E21"/>
      <table:table-cell office:value-type="date" office:date-value="2026-09-30T00:00:00"/>
      <table:table-cell office:value-type="boolean" office:boolean-value="true"/>
      <table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>
      <table:table-cell table:formula="of:=1+1"/>
      <table:table-cell table:number-columns-repeated="16000"/>
    </table:table-row>
    <table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="2" office:value-type="float" office:value="0.30000000000000004"/></table:table-row>
    <table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>
    </table:table><table:table table:name="Ẩn" table:style-name="ta2"/>"#;
    let mut workbook = open(&folder.write("form.ods", ods(body)), &Options::default()).unwrap();
    assert_eq!(workbook.format(), Format::Ods);
    let sheet = |name: &str, hidden| Sheet { name: name.into(), hidden };
    assert_eq!(workbook.sheets(), [sheet("Biểu 1", false), sheet("Ẩn", true)]);
    let rows: Vec<Row> = workbook.rows("Biểu 1").unwrap().map(Result::unwrap).collect();
    assert_eq!(
        raw(&rows)[0],
        (
            3,
            [
                "Tỉnh  A&B\nhai",
                "",
                "",
                "0.815",
                "1000000000000000000000",
                "2026-09-30",
                "TRUE",
                "#DIV/0!",
                "="
            ]
            .map(str::to_owned)
            .to_vec()
        )
    );
    assert!(rows[0].cell(3).percent);
    assert_eq!(rows[0].cell(8).value, Value::Uncalculated);
    assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [3, 4, 5, 6]);
    assert_eq!(rows[3].cell(1).value, Value::Number("0.30000000000000004".into()));
    assert_eq!(workbook.rows("Ẩn").unwrap().count(), 0);
}

#[test]
fn ods_repetitions_do_not_outgrow_the_limits() {
    let folder = Folder::new();
    let cell = |columns: u32, rows: u32| {
        ods(&format!(
            r#"<table:table table:name="S"><table:table-row table:number-rows-repeated="{rows}">
            <table:table-cell table:number-columns-repeated="{columns}" office:value-type="float" office:value="1"/>
            </table:table-row></table:table>"#
        ))
    };
    assert_eq!(folder.code("wide.ods", cell(4_000_000_000, 1)), "SOURCE_TOO_MANY_COLUMNS");
    let options =
        Options { limits: Limits { rows: 50, ..Limits::default() }, ..Options::default() };
    let path = folder.write("long.ods", cell(1, 4_000_000_000));
    assert_eq!(code(&path, &options), "SOURCE_TOO_MANY_ROWS");
}

#[test]
fn csv_is_read_in_its_encoding() {
    let folder = Folder::new();
    let expected = [
        (1, vec!["Năm".to_owned(), "Giá trị".to_owned()]),
        (2, vec!["2010".to_owned(), "1".to_owned()]),
    ];
    let text = "Năm;Giá trị\r\n2010;1\r\n";
    let utf_16 = |mark: u16| [mark].into_iter().chain(text.encode_utf16());
    for (name, bytes) in [
        ("plain.csv", text.as_bytes().to_vec()),
        ("marked.csv", [b"\xEF\xBB\xBF", text.as_bytes()].concat()),
        ("little.txt", utf_16(0xFEFF).flat_map(u16::to_le_bytes).collect()),
        ("big.CSV", utf_16(0xFEFF).flat_map(u16::to_be_bytes).collect()),
    ] {
        let rows = read(&folder.write(name, bytes), &Options::default()).unwrap();
        assert_eq!(raw(&rows), expected, "{name}");
    }
    let vietnamese =
        Options { encoding: Some("windows-1258".parse().unwrap()), ..Options::default() };
    let path = folder.write("old.csv", b"N\xe3m;x\r\n");
    assert_eq!(
        raw(&read(&path, &vietnamese).unwrap()),
        [(1, vec!["Năm".to_owned(), "x".to_owned()])]
    );
    assert_eq!(code(&path, &Options::default()), "SOURCE_BAD_BYTES");
    let unmarked: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(folder.code("unmarked.csv", unmarked), "SOURCE_ENCODING_UNDECLARED");
}

#[test]
fn tabs_are_expected_in_a_tsv() {
    let folder = Folder::new();
    let rows = read(&folder.write("a.tsv", "a,b\tc\n"), &Options::default()).unwrap();
    assert_eq!(raw(&rows), [(1, vec!["a,b".to_owned(), "c".to_owned()])]);
    let comma =
        Options { delimiter: Some(",".to_owned().try_into().unwrap()), ..Options::default() };
    let rows = read(&folder.write("b.tsv", "a,b\tc\n"), &comma).unwrap();
    assert_eq!(raw(&rows), [(1, vec!["a".to_owned(), "b\tc".to_owned()])]);
    assert_eq!(folder.code("c.csv", "2010;1,5\n2011;2,5\n"), "SOURCE_AMBIGUOUS_DELIMITER");
}

/// The shared folder of published files; none, said aloud, where it is absent.
pub(crate) fn published(path: &str) -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    if !shared.is_dir() {
        // Not by a macro, whose output the test runner swallows.
        writeln!(std::io::stderr(), "SKIPPED: ../shared/data absent").unwrap();
        return None;
    }
    Some(shared.join(path))
}

#[test]
fn options_are_read_from_toml_and_unknown_ones_refused() {
    let options: Options =
        toml::from_str("encoding = 'windows-1258'\ndelimiter = 'tab'\nlimits = { rows = 5 }")
            .unwrap();
    assert_eq!(options.delimiter, Some(Delimiter::TAB));
    assert_eq!(options.limits, Limits { rows: 5, ..Limits::default() });
    for (text, words) in [
        ("encoding = 'tcvn3'", "`tcvn3` is no known encoding"),
        ("delimiter = ':'", "`:` is no delimiter"),
        ("delimeter = ';'", "unknown field `delimeter`"),
        ("limits = { row = 5 }", "unknown field `row`"),
    ] {
        let error = toml::from_str::<Options>(text).unwrap_err();
        assert!(error.message().contains(words), "{error}");
    }
}

#[test]
fn every_sheet_of_the_ministrys_workbooks_is_read() {
    for (file, sheets) in [
        ("PAPI_2011-2016.xlsx", 6),
        ("PCI_2015.xlsx", 12),
        ("PCI_2016.xlsx", 12),
        ("Plan_2016.xls", 8),
        ("Plan_2017.xls", 8),
    ] {
        let Some(path) = published(&format!("vietnam-mof/{file}")) else { return };
        let mut workbook = open(&path, &Options::default()).unwrap();
        let names: Vec<String> = workbook.sheets().iter().map(|sheet| sheet.name.clone()).collect();
        assert_eq!(names.len(), sheets, "{file}: {names:?}");
        for name in names {
            let rows: Vec<Row> = workbook.rows(&name).unwrap().map(Result::unwrap).collect();
            assert!(rows.len() > 8, "{file}, {name}");
            assert!(rows.windows(2).all(|pair| pair[0].number < pair[1].number), "{file}, {name}");
        }
    }
}
