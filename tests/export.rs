//! Figures as files: what statisticians' own programs read is what the server lists.

mod report;

use prost_types::Timestamp;
use serde_json::{Value, json};
use tiendo_shared::wire::v1;
use tonic::Code;
use v1::ExportFormat::{self, Csv, SdmxCsv, SdmxJson, SdmxStructure};

use crate::harness::{
    Clients, Server, failure, group, level, missing, number, of_members, python, rank, submission,
    trial, withdrawn,
};
use crate::setting::published;

/// A comment of somebody who means harm, or pastes from Word.
const HOSTILE: &str = "=HYPERLINK(\"http://x\"),\u{202E}đảo\nhai dòng; <b>&amp;\"";

async fn export(
    clients: &Clients,
    request: v1::ExportFiguresRequest,
) -> Result<(v1::ExportedFile, Vec<u8>), tonic::Status> {
    let mut stream = clients.export().export_figures(request).await?.into_inner();
    let file = stream.message().await?.unwrap().file.unwrap();
    let mut bytes = Vec::new();
    while let Some(message) = stream.message().await? {
        assert!(message.file.is_none() && !message.data.is_empty());
        bytes.extend(message.data);
    }
    Ok((file, bytes))
}

fn wanted(format: ExportFormat) -> v1::ExportFiguresRequest {
    v1::ExportFiguresRequest { format: format as i32, ..Default::default() }
}

/// Every kind of figure there is.
async fn fill(clients: &Clients) {
    use v1::ObservationStatus::{Break, Estimated, Provisional};
    let status = |status: v1::ObservationStatus, measurement: v1::Measurement| v1::Measurement {
        status: status as i32,
        ..measurement
    };
    let ranked = v1::MeasurementGroup {
        edition: "ky-moi".to_owned(),
        territory: "dia-gioi-moi".to_owned(),
        ..group("2024", [rank("thu-hang", "7", 34)])
    };
    let noted = v1::Measurement {
        comment: HOSTILE.to_owned(),
        evidence: "https://example.vn/a?b=1&c=2".to_owned(),
        ..number("so-luong", "1234567.891")
    };
    let of_women = of_members(number("so-luong", "3"), &[("sex", "female"), ("commune", "xa-007")]);
    let sent = submission([
        group("2022", [status(Break, number("ty-le", "70"))]),
        group("2023", [status(Provisional, number("ty-le", "71.25"))]),
        group("2024", [status(Estimated, number("ty-le", "72"))]),
        ranked,
        group("2024", [level("muc", "kha")]),
        group("2021", [missing("muc", v1::MissingReason::Confidential)]),
        group("2024-S1", [number("so-luong", "-0.001")]),
        group("2024-Q2", [number("so-luong", "0")]),
        group("2024-03", [noted, of_women]),
        group("2024-04", [missing("so-luong", v1::MissingReason::NotCollected)]),
        group("2024-05", [missing("so-luong", v1::MissingReason::NotYetAvailable)]),
        group("2024-06", [missing("so-luong", v1::MissingReason::NotApplicable)]),
        group("2024-07", [number("so-luong", "5")]),
    ]);
    let mut collection = clients.collection(trial::DEPARTMENT);
    let answer = collection.submit_measurements(sent).await.unwrap().into_inner();
    assert_eq!(answer.rejections, []);
    let back = submission([group("2024-07", [withdrawn("so-luong")])]);
    let answer = collection.submit_measurements(back).await.unwrap().into_inner();
    assert_eq!(answer.rejections, []);
    let other = submission([group("2024-03", [number("so-luong", "9.5")])]);
    clients.collection("so-hai").submit_measurements(other).await.unwrap();
}

/// What the server lists, as the script compares it.
fn figure(listed: &v1::StoredMeasurement) -> Value {
    use v1::stored_measurement::Content as Stored;
    let (unit, levels) = match listed.indicator.as_str() {
        "ty-le" => ("percent", &[][..]),
        "thu-hang" => ("rank", &[][..]),
        "muc" => ("level", &["yeu", "trung-binh", "kha", "tot"][..]),
        _ => ("count", &[][..]),
    };
    let frequency = match listed.period.get(5..6) {
        None => "A",
        Some("S") => "S",
        Some("Q") => "Q",
        Some(_) => "M",
    };
    let firm = ["?", "A", "P", "E", "B"][usize::try_from(listed.status).unwrap()];
    let (value, status, level) = match listed.content.as_ref().unwrap() {
        Stored::Value(value) => (value.clone(), firm, ""),
        Stored::Level(level) => {
            let place = levels.iter().position(|id| id == level).unwrap();
            (place.to_string(), firm, level.as_str())
        }
        Stored::Missing(reason) => {
            ("nan".to_owned(), ["?", "L", "O", "M", "Q"][usize::try_from(*reason).unwrap()], "")
        }
        Stored::Withdrawn(_) => ("nan".to_owned(), "WITHDRAWN", ""),
    };
    let mut key = json!({
        "FREQ": frequency,
        "DEPARTMENT": listed.department,
        "INDICATOR": listed.indicator,
        "UNIT_MEASURE": unit,
        "TIME_PERIOD": listed.period,
    });
    for member in &listed.dimensions {
        key[member.dimension.to_uppercase()] = member.member.clone().into();
    }
    let comment = listed.comment.replace(['\n', '\u{202E}'], " ");
    json!({
        "key": key,
        "value": value,
        "attributes": {
            "OBS_STATUS": status,
            "LEVEL": level,
            "TERRITORY": listed.territory,
            "COMMENT_OBS": comment,
            "EVIDENCE": listed.evidence,
            "REVISION": listed.revision.to_string(),
        },
    })
}

async fn listed(clients: &Clients, as_of: Option<Timestamp>) -> Vec<v1::StoredMeasurement> {
    let request = v1::ListMeasurementsRequest { as_of, page_size: 1_000, ..Default::default() };
    clients.status().list_measurements(request).await.unwrap().into_inner().measurements
}

#[tokio::test]
async fn statistics_programs_read_what_the_server_lists() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    fill(&clients).await;
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (format, name) in
        [(SdmxStructure, "structure.xml"), (SdmxCsv, "data.csv"), (SdmxJson, "data.json")]
    {
        let (_, bytes) = export(&clients, wanted(format)).await.unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        files.push(path);
    }
    let figures = listed(&clients, None).await;
    assert_eq!(figures.len(), 15);
    let store = folder.path().join("store.json");
    let expected: Vec<Value> = figures.iter().map(figure).collect();
    std::fs::write(&store, serde_json::to_vec(&expected).unwrap()).unwrap();
    files.push(store);
    files.extend(published("sdmx/schema-2.0.0.json"));
    let arguments: Vec<_> = files.iter().map(std::path::PathBuf::as_path).collect();
    let Some(read) = python(include_str!("read_sdmx.py"), &arguments).await else { return };
    read.expect_code(0).expect_words(&["15 figures agree in sdmx1, pysdmx and SDMX-JSON"]);
}

#[tokio::test]
async fn a_spreadsheet_takes_no_comment_for_a_formula() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    fill(&clients).await;
    let (file, bytes) = export(&clients, wanted(Csv)).await.unwrap();
    assert_eq!((&*file.name, &*file.media_type), ("tiendo-figures.csv", "text/csv; charset=utf-8"));
    let text = String::from_utf8(bytes).unwrap();
    let text = text.strip_prefix('\u{FEFF}').expect("spreadsheets know UTF-8 by its mark");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let place = |name: &str, reader: &mut csv::Reader<&[u8]>| {
        reader.headers().unwrap().iter().position(|it| it == name).unwrap()
    };
    let (comment, value, name) = (
        place("comment", &mut reader),
        place("value", &mut reader),
        place("department_vi", &mut reader),
    );
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), listed(&clients, None).await.len());
    let noted = rows.iter().find(|row| !row[comment].is_empty()).unwrap();
    assert_eq!((&noted[value], &noted[name]), ("1234567.891", "Sở Một"));
    assert!(noted[comment].starts_with("'=HYPERLINK"), "{}", &noted[comment]);
    assert!(!noted[comment].contains(['\n', '\u{202E}']));
}

#[tokio::test]
async fn an_export_is_of_the_figures_asked_for() {
    let server = Server::start_with(trial::options()).await;
    let clients = server.clients().await;
    let (empty, bytes) = export(&clients, wanted(SdmxCsv)).await.unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap().lines().count(), 1, "the heading alone");
    fill(&clients).await;
    let lines = async |request: v1::ExportFiguresRequest| {
        let (_, bytes) = export(&clients, request).await.unwrap();
        String::from_utf8(bytes).unwrap().lines().count() - 1
    };
    let all = wanted(SdmxCsv);
    assert_eq!(lines(all.clone()).await, 15);
    let earlier = v1::ExportFiguresRequest { as_of: empty.as_of, ..all.clone() };
    assert_eq!(lines(earlier).await, 0);
    let department = "so-hai".to_owned();
    assert_eq!(lines(v1::ExportFiguresRequest { department, ..all.clone() }).await, 1);
    let indicator = "ty-le".to_owned();
    assert_eq!(lines(v1::ExportFiguresRequest { indicator, ..all.clone() }).await, 3);
    let approved = v1::ExportFiguresRequest { basis: v1::Basis::Approved as i32, ..all.clone() };
    assert_eq!(lines(approved).await, 0);
    for (request, expect) in [
        (wanted(ExportFormat::Unspecified), "UNKNOWN_FORMAT"),
        (v1::ExportFiguresRequest { format: 99, ..all.clone() }, "UNKNOWN_FORMAT"),
        (
            v1::ExportFiguresRequest { department: "x".to_owned(), ..all.clone() },
            "UNKNOWN_DEPARTMENT",
        ),
        (v1::ExportFiguresRequest { indicator: "x".to_owned(), ..all }, "UNKNOWN_INDICATOR"),
    ] {
        let (code, reason) = failure(export(&clients, request).await.map(tonic::Response::new));
        assert_eq!((code, &*reason), (Code::InvalidArgument, expect));
    }
}
