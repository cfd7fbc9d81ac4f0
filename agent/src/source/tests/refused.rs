//! Files that are refused, and with what words; damaged ones among them.

use super::*;

#[test]
fn each_kind_of_bad_file_is_named() {
    let folder = Folder::new();
    let good = xlsx(r#"<row r="1"><c r="A1"><v>1</v></c></row>"#);
    assert_eq!(folder.code("good.xlsx", &good), "OK");
    assert_eq!(folder.code("named-wrongly.csv", &good), "OK");
    for (name, bytes, expected) in [
        ("empty.xlsx", &b""[..], "SOURCE_EMPTY"),
        ("cut.xlsx", &good[..good.len() / 2], "SOURCE_HALF_WRITTEN"),
        ("zeros.xlsx", &[0; 4096], "SOURCE_HALF_WRITTEN"),
        ("~$good.xlsx", b"\x05Lan  ", "SOURCE_OWNER_FILE"),
        (".~lock.good.xlsx#", b",lan", "SOURCE_OWNER_FILE"),
        ("a.pdf", b"%PDF-1.7", "SOURCE_NOT_A_SPREADSHEET"),
        ("page.xls", b"<html><table>", "SOURCE_NOT_A_SPREADSHEET"),
        ("text.xlsx", b"a;b\n", "SOURCE_NOT_A_SPREADSHEET"),
        ("program.csv", b"\x7fELF\0\0\x01\0\0\0", "SOURCE_NOT_A_SPREADSHEET"),
        ("report.docx", &archive(&[("word/document.xml", b"<w/>")]), "SOURCE_NOT_A_SPREADSHEET"),
        ("binary.xlsx", &archive(&[("xl/workbook.bin", b"x")]), "SOURCE_NOT_A_SPREADSHEET"),
        ("nothing.xlsx", &archive(&[]), "SOURCE_NOT_A_SPREADSHEET"),
        ("half.xlsx", &archive(&[("xl/workbook.xml", b"x")]), "SOURCE_UNREADABLE"),
        (
            "greedy.xlsx",
            &with_texts(&good, r#"<sst count="1" uniqueCount="99999999999999"></sst>"#),
            "SOURCE_HALF_WRITTEN",
        ),
        ("locked.xlsx", &ole("EncryptedPackage"), "SOURCE_PASSWORD_PROTECTED"),
        ("report.doc", &ole("WordDocument"), "SOURCE_NOT_A_SPREADSHEET"),
        ("open.csv", b"a;\"b", "SOURCE_UNCLOSED_QUOTE"),
    ] {
        assert_eq!(folder.code(name, bytes), expected, "{name}");
    }
    assert_eq!(code(&folder.0.path().join("absent.xlsx"), &Options::default()), "SOURCE_NOT_FOUND");
    assert_eq!(code(folder.0.path(), &Options::default()), "SOURCE_FOLDER");
    // The good workbook is now beside the lock files written above.
    assert_eq!(code(&folder.0.path().join("good.xlsx"), &Options::default()), "SOURCE_IN_USE");
}

#[test]
fn encrypted_documents_are_named() {
    let folder = Folder::new();
    let manifest = br"<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>";
    let bytes = archive(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", manifest),
    ]);
    assert_eq!(folder.code("secret.ods", bytes), "SOURCE_PASSWORD_PROTECTED");
}

#[test]
fn bombs_are_refused_before_they_unpack() {
    let folder = Folder::new();
    let zeros = vec![b' '; 64 << 20];
    let bomb = archive(&[("xl/workbook.xml", b"x"), ("xl/worksheets/sheet1.xml", &zeros)]);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(folder.code("bomb.xlsx", &bomb), "SOURCE_ZIP_BOMB");

    // The same with a directory that tells a thousandth of the size.
    let mut liar = ods(&format!("<table:table table:name=\"S\">{}", " ".repeat(8 << 20)));
    let size = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    for signature in [b"PK\x01\x02", b"PK\x03\x04"] {
        let offset = if signature[2] == 1 { 24 } else { 22 };
        for at in 0..liar.len() - 30 {
            if liar[at..].starts_with(signature)
                && size(&liar[at + offset..at + offset + 4]) > 1 << 20
            {
                liar[at + offset..at + offset + 4].copy_from_slice(&8000_u32.to_le_bytes());
            }
        }
    }
    assert_eq!(folder.code("liar.ods", &liar), "SOURCE_HALF_WRITTEN");
}

#[test]
fn limits_are_told_with_the_place() {
    let folder = Folder::new();
    let long = "x".repeat(20);
    let data = format!(
        r#"<row r="3"><c r="C3" t="inlineStr"><is><t>{long}</t></is></c><c r="XFD3" s="1"/></row>"#
    );
    let path = folder.write("f.xlsx", xlsx(&data));
    let limited = |limits: Limits| read(&path, &Options { limits, ..Options::default() });
    assert!(limited(Limits::default()).is_ok());
    for (limits, words) in [
        (Limits { file_bytes: 100, ..Limits::default() }, "more than the 100 allowed"),
        (Limits { rows: 2, ..Limits::default() }, "sheet `S` has more than 2 rows"),
        (Limits { columns: 2, ..Limits::default() }, "row 3 has more than 2 columns"),
        (
            Limits { cell_characters: 19, ..Limits::default() },
            "cell C3 has more than 19 characters",
        ),
    ] {
        let error = limited(limits).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_file_that_grows_while_it_is_read_is_refused() {
    let folder = Folder::new();
    let path = folder.write("f.csv", "a;b\n1;2\n");
    let mut workbook = open(&path, &Options::default()).unwrap();
    let mut rows = workbook.rows("").unwrap();
    assert!(rows.next().unwrap().is_ok());
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"3;4\n").unwrap();
    let last = rows.find(Result::is_err).unwrap().unwrap_err();
    assert_eq!(last.code(), "SOURCE_CHANGING");
    assert!(rows.next().is_none());
}

#[test]
fn an_xls_is_read_with_a_warning_and_not_at_all_if_it_is_cut() {
    let Some(path) = published("vietnam-mof/Plan_2017.xls") else { return };
    let mut workbook = open(&path, &Options::default()).unwrap();
    assert_eq!((workbook.format(), workbook.warnings()), (Format::Xls, &[Warning::OldExcel][..]));
    let rows: Vec<Row> = workbook.rows("M09").unwrap().map(Result::unwrap).collect();
    let row = rows.iter().find(|row| row.cell(1).raw() == "AN GIANG").unwrap();
    assert_eq!((row.number, row.cell(2).raw().as_ref()), (78, "5202000"));

    let folder = Folder::new();
    let bytes = fs::read(&path).unwrap();
    for part in 1..100 {
        let cut = &bytes[..bytes.len() * part / 100];
        assert_eq!(folder.code("cut.xls", cut), "SOURCE_HALF_WRITTEN", "{part} %");
    }
}

#[test]
fn a_damaged_workbook_is_refused_or_read_as_it_was() {
    let folder = Folder::new();
    let cells = "<row><c><v>1.5</v></c></row>".repeat(399);
    let row = r#"<table:table-row><table:table-cell office:value-type="float" office:value="1.5"/></table:table-row>"#;
    let table = format!(r#"<table:table table:name="S">{}</table:table>"#, row.repeat(400));
    for (name, bytes) in [("f.xlsx", xlsx(&cells)), ("f.ods", ods(&table))] {
        let whole = read(&folder.write(name, &bytes), &Options::default()).unwrap();
        assert_eq!(whole.len(), if name == "f.ods" { 400 } else { 399 });
        let mut refused = 0;
        for at in (0..bytes.len()).step_by(7) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x15;
            for (part, expected) in [(&damaged[..], Some(&whole)), (&bytes[..at], None)] {
                match read(&folder.write(name, part), &Options::default()) {
                    Ok(rows) => assert_eq!(Some(&rows), expected, "{name} byte {at}"),
                    Err(_) => refused += 1,
                }
            }
        }
        assert!(refused > bytes.len() / 7, "{refused} of {}", bytes.len());
    }
}
