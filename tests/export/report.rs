//! The committee's report: read back by openpyxl, opened by `LibreOffice`, and never a formula.

use std::path::Path;

use serde_json::{Value, json};
use tiendo_shared::wire::v1;
use tokio::process::Command;
use tonic::Code;
use v1::ExportFormat::Report;

use super::{export, fill, wanted};
use crate::harness::{Browser, Clients, Options, Server, failure, published, python, run, trial};
use crate::setting::libreoffice;

/// A moment on the day of the tests, as the report says it.
const CLOCK: &str = "2026-11-24T08:00:00+07:00";
const AS_OF: [(&str, &str); 2] = [("vi", "08:00, 24/11/2026"), ("en", "24 November 2026, 08:00")];

/// What a report has to say, as the server lists it.
async fn expected(clients: &Clients, language: &str) -> Value {
    let request = v1::ListTargetStatusesRequest { page_size: 1_000, ..Default::default() };
    let listed = clients.status().list_target_statuses(request).await.unwrap().into_inner();
    let vi = language == "vi";
    let verdict = |verdict: v1::Verdict| match (verdict, vi) {
        (v1::Verdict::AtRisk, true) => "Có nguy cơ",
        (v1::Verdict::AtRisk, false) => "At risk",
        (v1::Verdict::OffTrack, true) => "Chậm tiến độ",
        (v1::Verdict::OffTrack, false) => "Off track",
        (v1::Verdict::NoData, true) => "Chưa có số liệu",
        (v1::Verdict::NoData, false) => "No data",
        _ => "",
    };
    let number = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let targets = listed.statuses.iter().map(|status| {
        let told = status.explanation.clone().unwrap_or_default();
        let name = status.name.clone().unwrap();
        json!({
            "id": status.target,
            "name": if vi { name.vi } else { name.en },
            "verdict": verdict(status.verdict()),
            "value": told.current.map(|current| current.value),
            "gap": number(&told.gap),
            "projected": number(&told.projected),
        })
    });
    json!({ "targets": targets.collect::<Vec<_>>() })
}

async fn heads(clients: &Clients, departments: &[&str]) -> Vec<Value> {
    let mut heads = Vec::new();
    for department in departments {
        let request = v1::GetHeadRequest { department: (*department).to_owned() };
        let head = clients.ledger().get_head(request).await.unwrap().into_inner();
        let hash: String = head.entry_hash.iter().map(|byte| format!("{byte:02x}")).collect();
        heads.push(json!([department, head.sequence, hash]));
    }
    heads
}

/// Converts a workbook; none where there is no `LibreOffice`. It must not warn.
async fn opens_in_libreoffice(file: &Path) {
    let Some(office) = libreoffice() else { return };
    let folder = file.parent().unwrap();
    let mut command = Command::new(office);
    command
        .arg(format!("-env:UserInstallation=file://{}/profile", folder.display()))
        .args(["--headless", "--convert-to", "pdf", "--outdir"])
        .arg(folder)
        .arg(file);
    let said = run(&mut command).await;
    assert_eq!(said.code, Some(0), "{}", said.all());
    // That this computer has no Java says nothing of the file.
    let all = said.all().to_lowercase().replace("warning: failed to launch javaldx", "");
    for word in ["warn", "error", "repair", "corrupt"] {
        assert!(!all.contains(word), "{all}");
    }
    let pdf = file.with_extension("pdf");
    assert!(std::fs::metadata(&pdf).unwrap().len() > 10_000, "{}", pdf.display());
    let kept = crate::harness::pictures();
    std::fs::create_dir_all(&kept).unwrap();
    std::fs::copy(&pdf, kept.join(pdf.file_name().unwrap())).unwrap();
}

#[tokio::test]
async fn a_committee_reads_what_the_server_lists_in_both_languages() {
    let options = Options { board: true, clock: Some(CLOCK.to_owned()), ..Options::default() };
    let server = Server::start_with(options).await;
    let clients = server.clients().await;
    let sent = published::published();
    clients.collection(published::DEPARTMENT).submit_measurements(sent).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (language, as_of) in AS_OF {
        let request = v1::ExportFiguresRequest { language: language.to_owned(), ..wanted(Report) };
        let (file, bytes) = export(&clients, request).await.unwrap();
        assert_eq!(file.name, "tiendo-2026-11-24.xlsx");
        let report = folder.path().join(format!("report-{language}.xlsx"));
        std::fs::write(&report, bytes).unwrap();
        let mut told = expected(&clients, language).await;
        let groups = ["T1", "T2", "T3", "T4", "T5", "T6", "T7"];
        let (first, last, id, title) = match language {
            "vi" => (
                "Tổng quan",
                ["Diễn biến", "Cách hiểu", "Sổ"],
                "Mã",
                "Mục tiêu phát triển khoa học, công nghệ, đổi mới sáng tạo và chuyển đổi số tỉnh \
                 An Giang đến năm 2030, tầm nhìn đến năm 2045",
            ),
            _ => (
                "Overview",
                ["Course", "Readings", "Ledger"],
                "Id",
                "An Giang's targets for science, technology, innovation and digital \
                 transformation to 2030, with a vision to 2045",
            ),
        };
        told["sheets"] = json!([&[first], &groups[..], &last[..]].concat());
        told["id"] = id.into();
        told["title"] = title.into();
        told["as_of"] = as_of.into();
        // The counts, and the two targets that worry.
        told["charts"] = 3.into();
        told["heads"] = heads(&clients, &[published::DEPARTMENT]).await.into();
        let compared = folder.path().join("expected.json");
        std::fs::write(&compared, serde_json::to_vec(&told).unwrap()).unwrap();
        let read = python(include_str!("../read_report.py"), &[&report, &compared]).await;
        if let Some(read) = read {
            read.expect_code(0).expect_words(&["54 targets and 3 charts read back"]);
        }
        opens_in_libreoffice(&report).await;
    }
    let answer = Browser::of(&server).get("/download/report?lang=en").await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("PK\u{3}\u{4}"), "a workbook is an archive");
    assert!(answer.header("content-disposition").unwrap().contains("tiendo-2026-11-24.xlsx"));
}

#[tokio::test]
async fn hostile_texts_of_a_report_are_text() {
    let mut catalogue = trial::catalogue();
    let hostile = "=HYPERLINK(\"http://x\")\u{202e}\u{1}";
    let quoted = serde_json::to_string(hostile).unwrap();
    for name in ["Danh mục thử", "Tỷ lệ đạt", "Sở Một"] {
        let from = format!("vi = \"{name}\"");
        assert!(catalogue.contains(&from));
        catalogue = catalogue.replace(&from, &format!("vi = {quoted}"));
    }
    let server = Server::start_with(Options::with_catalogue(&catalogue)).await;
    let clients = server.clients().await;
    fill(&clients).await;
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.xlsx");
    let (file, bytes) = export(&clients, wanted(Report)).await.unwrap();
    std::fs::write(&report, bytes).unwrap();
    let as_of = file.as_of.unwrap();
    assert!(as_of.seconds > 0);
    let script = "import openpyxl, sys\n\
        book = openpyxl.load_workbook(sys.argv[1])\n\
        cells = [c for s in book for r in s.iter_rows() for c in r if c.value is not None]\n\
        assert all(c.data_type != 'f' for c in cells)\n\
        print(sum(1 for c in cells if str(c.value).startswith('=HYPERLINK(')), 'begin as a formula')\n";
    let Some(read) = python(script, &[&report]).await else { return };
    let said = read.expect_code(0).stdout.clone();
    assert!(said.split(' ').next().unwrap().parse::<u32>().unwrap() >= 3, "{said}");
    opens_in_libreoffice(&report).await;
}

#[tokio::test]
async fn a_report_is_of_what_was_asked_for() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let report = || wanted(Report);
    for (request, expect) in [
        (v1::ExportFiguresRequest { language: "fr".to_owned(), ..report() }, "UNKNOWN_LANGUAGE"),
        (v1::ExportFiguresRequest { indicator: "ty-le".to_owned(), ..report() }, "NOT_OF_A_REPORT"),
        (v1::ExportFiguresRequest { department: "x".to_owned(), ..report() }, "UNKNOWN_DEPARTMENT"),
    ] {
        let (code, reason) = failure(export(&clients, request).await.map(tonic::Response::new));
        assert_eq!((code, &*reason), (Code::InvalidArgument, expect));
    }
    let department = "so-hai".to_owned();
    let (_, of_one) =
        export(&clients, v1::ExportFiguresRequest { department, ..report() }).await.unwrap();
    assert!(of_one.starts_with(b"PK"));
}
