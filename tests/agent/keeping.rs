//! The ledger of an officer's computer: exported, damaged, repaired, and sent however much waits.

use std::fs;
use std::path::PathBuf;

use prost::Message as _;
use tiendo_shared::journal::{Directory, Journal, Options};
use tiendo_shared::wire::v1;

use super::large::succeeds_in_little_memory;
use crate::books::{agree, exported};
use crate::harness::{Agent, Server, group, number, of_members, random, trial};

const MAPPING: &str = r#"
layout = "long"
header = { row = 1 }
number = { format = "point" }
fixed = { indicator = "so-luong" }
[columns]
period = "Kỳ"
value = "Giá trị"
"#;

async fn submit(agent: &Agent, month: u32) {
    agent.put("map.toml", MAPPING);
    let name = format!("t{month}.csv");
    agent.put(&name, format!("Kỳ;Giá trị\n2022-{month:02};{}\n2021-{month:02};nhiều\n", month * 7));
    agent.run(&["submit", &name, "--mapping", "map.toml"]).await.expect_code(3);
}

fn segments(agent: &Agent) -> Vec<PathBuf> {
    let listed = fs::read_dir(agent.home().join("ledger")).unwrap();
    let paths = listed.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "seg")).collect()
}

#[tokio::test]
async fn everything_ever_sent_can_be_exported() {
    let server = Server::start_with(trial::options()).await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    for month in 1..4 {
        submit(&agent, month).await;
    }
    let rows = exported(&agent).await;
    assert_eq!(rows.len(), 3, "rows that were refused here were never sent: {rows:?}");
    assert_eq!(rows[1]["value"], "14");
    assert_eq!((&rows[1]["outcome"], &rows[1]["sequence"]), (&"accepted".into(), &2.into()));
    assert_eq!((&rows[1]["file"], &rows[1]["row"]), (&"t2.csv".into(), &2.into()));
    agree(&server, trial::DEPARTMENT, &[&agent]).await;
    agent.run(&["export", "so.xlsx"]).await.expect_code(0).expect_words(&["3 số liệu", "so.xlsx"]);
    let mut workbook: calamine::Xlsx<_> =
        calamine::open_workbook(agent.desk().join("so.xlsx")).unwrap();
    let sheet = calamine::Reader::worksheet_range_at(&mut workbook, 0).unwrap().unwrap();
    assert_eq!(sheet.height(), 4);
    assert_eq!(sheet.get((0, 0)).unwrap().to_string(), "Lượt gửi");
    agent.run(&["export", "so.csv", "--lang", "en"]).await.expect_code(0);
    let csv = fs::read_to_string(agent.desk().join("so.csv")).unwrap();
    assert!(csv.starts_with('\u{feff}') && csv.lines().count() == 4, "{csv}");
    agent.run(&["export", "so.csv"]).await.expect_code(1).expect_words(&["không ghi đè"]);
}

#[tokio::test]
async fn a_damaged_ledger_is_repaired_with_the_help_of_the_server() {
    let mut random = random("a_damaged_ledger_is_repaired_with_the_help_of_the_server");
    let server = Server::start_with(trial::options()).await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    for month in 1..8 {
        submit(&agent, month).await;
    }
    let segment = segments(&agent).pop().unwrap();
    let whole = fs::read(&segment).unwrap();
    for _ in 0..8 {
        let mut bytes = whole.clone();
        let at = random.usize(24..bytes.len());
        bytes[at] ^= 1 << random.u8(..8);
        fs::write(&segment, bytes).unwrap();
        fs::remove_file(agent.home().join("ledger.checkpoint")).ok();
        agent.run(&["verify"]).await.expect_code(5);
        let (code, said) = agent.json(&["repair", "--release"]).await;
        assert_eq!(code, 0, "byte {at}: {said:#}");
        assert_eq!(said["damage"].as_array().unwrap().len(), 1, "byte {at}: {said:#}");
        // A lost answer is asked for again; the server gives the receipt it gave first.
        agent.run(&["status", "--send"]).await.expect_code(0);
        agent.run(&["verify"]).await.expect_code(0).expect_words(&["để riêng"]);
        let (code, again) = agent.json(&["repair"]).await;
        assert_eq!((code, again["damage"].as_array().unwrap().len()), (0, 0), "{again:#}");
        // The checkpoint knows it too.
        let quiet = agent.run(&["status"]).await.expect_code(0);
        assert!(!quiet.all().contains("hỏng ("), "{quiet:?}");
        for path in segments(&agent) {
            fs::remove_file(path).unwrap();
        }
        fs::remove_file(agent.home().join("ledger/end")).ok();
        fs::remove_file(agent.home().join("ledger.checkpoint")).ok();
        fs::write(&segment, &whole).unwrap();
    }
    agent.run(&["verify"]).await.expect_code(0);
    agree(&server, trial::DEPARTMENT, &[&agent]).await;
}

/// A submission as the agent's ledger has it; the tags are for ever.
#[derive(Clone, PartialEq, prost::Message)]
struct Prepared {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    act: Vec<u8>,
    #[prost(string, tag = "3")]
    department: String,
    #[prost(bytes = "vec", tag = "4")]
    request: Vec<u8>,
    #[prost(uint32, tag = "5")]
    items: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Released {
    #[prost(bytes = "vec", tag = "1")]
    act: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Record {
    #[prost(message, optional, tag = "1")]
    prepared: Option<Prepared>,
    #[prost(message, optional, tag = "2")]
    released: Option<Released>,
}

const SUBMISSIONS: u32 = 400;
const ITEMS: u32 = 128;

/// What was written while the line was down for long: 100 MB.
fn backlog(agent: &Agent) -> u64 {
    let folder = agent.home().join("ledger");
    fs::create_dir_all(&folder).unwrap();
    let (mut journal, _) = Journal::open(Directory::new(&folder), Options::default()).unwrap();
    let comment = "ghi chú dài ".repeat(150);
    let mut bytes = 0;
    for n in 0..SUBMISSIONS {
        let id = uuid::Uuid::now_v7();
        let period = format!("{}-{:02}", 1980 + n / 12, n % 12 + 1);
        let measurements = (0..ITEMS).map(|item| {
            let one = number("so-luong", &(n * 1_000 + item).to_string());
            let one = of_members(one, &[("commune", &trial::commune(item + 1))]);
            v1::Measurement { comment: comment.clone(), ..one }
        });
        let request = v1::SubmitMeasurementsRequest {
            submission_id: id.to_string(),
            groups: vec![group(&period, measurements)],
            ..v1::SubmitMeasurementsRequest::default()
        };
        let prepared = Prepared {
            id: id.as_bytes().to_vec(),
            act: id.as_bytes().to_vec(),
            department: trial::DEPARTMENT.to_owned(),
            request: request.encode_to_vec(),
            items: ITEMS,
        };
        bytes += prepared.request.len() as u64;
        let released = Released { act: prepared.act.clone() };
        let records = [
            Record { prepared: Some(prepared), released: None },
            Record { prepared: None, released: Some(released) },
        ];
        for record in records {
            journal.append(&record.encode_to_vec()).unwrap();
        }
        journal.commit().unwrap();
    }
    journal.close().unwrap();
    bytes
}

#[tokio::test]
async fn a_backlog_of_100_megabytes_is_sent_in_little_memory() {
    let server = Server::start_with(trial::options()).await;
    let agent = Agent::of(&server, trial::DEPARTMENT);
    let bytes = backlog(&agent);
    assert!(bytes > 100_000_000, "{bytes}");
    let (_, status) = agent.json(&["status"]).await;
    assert_eq!(status["waiting_submissions"], SUBMISSIONS);
    succeeds_in_little_memory(agent.command(&["status", "--send"])).await;
    let head = v1::GetHeadRequest { department: trial::DEPARTMENT.to_owned() };
    let head = server.clients().await.ledger().get_head(head).await.unwrap().into_inner();
    assert_eq!(head.sequence, u64::from(SUBMISSIONS));
}
