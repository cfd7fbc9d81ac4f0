//! Files dropped in a folder: taken once they are whole, sent once, put where they belong.

use std::io::Write as _;

use rust_xlsxwriter::Workbook;

use super::{WATCH, computer, file, until_known, until_there};
use crate::harness::{Agent, Server, Service, trial};
use crate::ledger::chain;

/// A workbook with a row of `so-luong` and one of `ty-le`.
fn workbook(count: f64, share: f64) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, (indicator, period, value)) in
        (1..).zip([("so-luong", "2024-09", count), ("ty-le", "2024", share)])
    {
        sheet.write_string(row, 0, indicator).unwrap();
        sheet.write_string(row, 1, period).unwrap();
        sheet.write_number(row, 2, value).unwrap();
    }
    for (column, heading) in (0..).zip(["Chỉ tiêu", "Kỳ", "Giá trị"]) {
        sheet.write_string(0, column, heading).unwrap();
    }
    workbook.save_to_buffer().unwrap()
}

/// The cells of a report as one text.
fn report(agent: &Agent, path: &str) -> String {
    use calamine::{Data, Reader as _, Xlsx, open_workbook};

    let mut workbook: Xlsx<_> = open_workbook(agent.desk().join(path)).unwrap();
    let (_, range) = workbook.worksheets().remove(0);
    let cells = range.rows().flatten().map(Data::to_string);
    cells.collect::<Vec<_>>().join(" | ")
}

#[tokio::test]
async fn a_dropped_workbook_is_sent_and_put_away() {
    let server = Server::start_with(trial::options()).await;
    let agent = computer(&server, WATCH);
    let mut service = Service::start(&agent);
    agent.put("vao/tháng chín.xlsx", workbook(7.25, 45.0));
    until_known(&server, &["so-luong 2024-09 7.25", "ty-le 2024 45"]).await;
    until_there(&agent, "vao/done/tháng chín.xlsx").await;
    assert!(!agent.desk().join("vao/tháng chín.xlsx").exists());
    // The same content once more, under another name: known already, nothing is sent.
    agent.put("vao/lần hai.xlsx", workbook(7.25, 45.0));
    until_there(&agent, "vao/done/lần hai.xlsx").await;
    agent.put("vao/cuối.csv", file(&[("2024-10", "8")]));
    until_known(&server, &["so-luong 2024-09 7.25", "so-luong 2024-10 8", "ty-le 2024 45"]).await;
    assert_eq!(chain(&server.clients().await, trial::DEPARTMENT).await.entries.len(), 2);
    // A value that returns after another one is a change like any other.
    agent.put("vao/về.csv", file(&[("2024-10", "9")]));
    until_known(&server, &["so-luong 2024-09 7.25", "so-luong 2024-10 9", "ty-le 2024 45"]).await;
    agent.put("vao/về cũ.csv", file(&[("2024-10", "8")]));
    until_known(&server, &["so-luong 2024-09 7.25", "so-luong 2024-10 8", "ty-le 2024 45"]).await;
    service.stops_well().await;
    agent.run(&["verify"]).await.expect_code(0);
}

#[tokio::test]
async fn a_half_written_file_is_left_until_it_is_whole() {
    let server = Server::start_with(trial::options()).await;
    let agent = computer(&server, WATCH);
    let service = Service::start(&agent);
    let whole = workbook(1.0, 40.0);
    let path = agent.put("vao/nua.xlsx", &whole[..whole.len() / 2]);
    agent.put("vao/dang-chep.csv.part", file(&[("2024-01", "1")]));
    agent.put("vao/đang mở.csv", file(&[("2024-02", "2")]));
    agent.put("vao/.~lock.đang mở.csv#", "");
    // Another file shows that the folder was looked at meanwhile, more than once.
    agent.put("vao/mot.csv", file(&[("2024-03", "3")]));
    until_there(&agent, "vao/done/mot.csv").await;
    agent.put("vao/hai.csv", file(&[("2024-04", "4")]));
    until_there(&agent, "vao/done/hai.csv").await;
    assert!(path.exists(), "{}", service.log());
    until_known(&server, &["so-luong 2024-03 3", "so-luong 2024-04 4"]).await;
    let mut rest = std::fs::File::options().append(true).open(&path).unwrap();
    rest.write_all(&whole[whole.len() / 2..]).unwrap();
    drop(rest);
    std::fs::remove_file(agent.desk().join("vao/.~lock.đang mở.csv#")).unwrap();
    until_there(&agent, "vao/done/nua.xlsx").await;
    until_there(&agent, "vao/done/đang mở.csv").await;
    assert!(agent.desk().join("vao/dang-chep.csv.part").exists());
    let (counts, share) = (["2024-02 2", "2024-03 3", "2024-04 4", "2024-09 1"], "ty-le 2024 40");
    let counts = counts.map(|count| format!("so-luong {count}"));
    let all: Vec<&str> = counts.iter().map(String::as_str).chain([share]).collect();
    until_known(&server, &all).await;
}

#[tokio::test]
async fn refused_rows_and_unreadable_files_come_back_with_a_report() {
    let server = Server::start_with(trial::options()).await;
    let agent = computer(&server, WATCH);
    let _service = Service::start(&agent);
    // This computer refuses a row, the server another one: the share grew by too much.
    agent.put("vao/dau.csv", "Chỉ tiêu;Kỳ;Giá trị\nty-le;2023;40\nso-luong;2024-01;12,5x\n");
    until_there(&agent, "vao/refused/dau-tu-choi.xlsx").await;
    until_there(&agent, "vao/refused/dau.csv").await;
    assert!(report(&agent, "vao/refused/dau-tu-choi.xlsx").contains("12,5x"));
    until_known(&server, &["ty-le 2023 40"]).await;
    agent.put("vao/sau.csv", "Chỉ tiêu;Kỳ;Giá trị\nty-le;2024;90\nso-luong;2024-01;1\n");
    until_known(&server, &["so-luong 2024-01 1", "ty-le 2023 40"]).await;
    until_there(&agent, "vao/refused/sau-tu-choi.xlsx").await;
    until_there(&agent, "vao/refused/sau.csv").await;
    let told = report(&agent, "vao/refused/sau-tu-choi.xlsx");
    assert!(told.contains("IMPLAUSIBLE_CHANGE") && told.contains("90"), "{told}");
    agent.put("vao/anh.xlsx", "%PDF-1.7 …");
    until_there(&agent, "vao/refused/anh-tu-choi.xlsx").await;
    assert!(report(&agent, "vao/refused/anh-tu-choi.xlsx").contains("PDF"));
    until_there(&agent, "vao/refused/anh.xlsx").await;
    let (_, status) = agent.json(&["status"]).await;
    assert_eq!(status["jobs"][0]["last"]["outcome"], "some_refused", "{status:#}");
    assert_eq!(status["running"], true, "{status:#}");
}

#[tokio::test]
async fn a_filled_form_needs_no_mapping() {
    let server = Server::start_with(trial::options()).await;
    let agent = computer(&server, "[[job]]\nname = 'bm'\nfolder = 'DESK/vao'\nsettle = '1s'\n");
    let _service = Service::start(&agent);
    agent.run(&["template", "--period", "2024", "--out", "mau.xlsx"]).await.expect_code(0);
    // Nothing is filled in: there is nothing to send, and the form is done with.
    std::fs::rename(agent.desk().join("mau.xlsx"), agent.desk().join("vao/mau.xlsx")).unwrap();
    until_there(&agent, "vao/done/mau.xlsx").await;
    // A file that is no form comes back.
    agent.put("vao/khac.csv", file(&[("2024-01", "1")]));
    until_there(&agent, "vao/refused/khac-tu-choi.xlsx").await;
}
