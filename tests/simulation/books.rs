//! The end of a run: the two ledgers, the officers' memory, and what is derived, face to face.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prost::Message as _;
use serde_json::Value;
use tiendo_agent::Exit;
use tiendo_server::figures::Figures;
use tiendo_server::standing::Standing;
use tiendo_server::store::sled::SledStore;
use tiendo_server::store::{Series, SeriesQuery, Store};
use tiendo_shared::submission::{NO_HASH, hexadecimal};
use tiendo_shared::wire::{EntryKind, v1};
use v1::measurement::Content;

use crate::run::{DEPARTMENTS, Fate, Province};

/// Period, commune and value.
type Row = (String, String, String);

/// Sequence, hash, and what was sent.
type Page = (u64, String, Vec<Row>);

/// By submission.
type Book = BTreeMap<String, Page>;

/// Fails unless everything that somebody was told is safe is there, once and as it was; how many
/// measurements there are.
pub(crate) async fn check(province: &mut Province) -> usize {
    let store = Arc::clone(province.server.store());
    let mut rows = 0;
    for department in BTreeSet::from(DEPARTMENTS) {
        let ours = servers_book(&store, department, province.restored).await;
        let mut theirs = Book::new();
        let agents: Vec<_> =
            province.agents.iter().filter(|it| it.department() == department).cloned().collect();
        for agent in &agents {
            let (exit, text) = agent.run(&["--json", "verify"]).await;
            assert_eq!(exit, Exit::Done, "agent {}: {text}", agent.number());
            theirs.extend(agents_book(agent).await);
        }
        let differ = |one: &Book, other: &Book| {
            one.iter()
                .filter(|(submission, page)| other.get(*submission) != Some(page))
                .map(|(submission, page)| (submission.clone(), page.clone()))
                .collect::<Book>()
        };
        let (server, agents) = (differ(&ours, &theirs), differ(&theirs, &ours));
        assert!(
            server.is_empty() && agents.is_empty(),
            "of `{department}` the server alone has {server:?}, the agents alone have {agents:?}"
        );
        rows += told(province, department, &ours);
    }
    derived(province, store).await;
    rows
}

/// The server's chain of a department, whose links hold.
async fn servers_book(store: &SledStore, department: &str, restored: bool) -> Book {
    let entries = store.entries(department, 1, usize::MAX).await.unwrap();
    let mut head = (0, NO_HASH);
    let mut book = Book::new();
    for entry in entries {
        entry.verify().unwrap();
        let link = &entry.recorded.link;
        assert_eq!((link.sequence, link.previous_hash), (head.0 + 1, head.1), "{department}");
        head = (link.sequence, link.entry_hash);
        assert_eq!(entry.kind, EntryKind::Submission);
        let again = entry.recorded.first_received;
        assert!(restored || again.is_none(), "a receipt was given and its entry was lost");
        let content = v1::SubmissionContent::decode(entry.content()).unwrap();
        let rows = content
            .groups
            .iter()
            .flat_map(|group| group.measurements.iter().map(|one| row(&group.period, one)));
        let page = (link.sequence, hexadecimal(&link.entry_hash), rows.collect());
        let before = book.insert(entry.recorded.id.to_string(), page);
        assert!(before.is_none(), "{} is twice in the chain", entry.recorded.id);
    }
    book
}

fn row(period: &str, one: &v1::Measurement) -> Row {
    let Some(Content::Value(value)) = &one.content else { panic!("numbers are sent: {one:?}") };
    (period.to_owned(), one.dimensions[0].member.clone(), value.clone())
}

async fn agents_book(agent: &crate::agent::Agent) -> Book {
    let path = agent.path("book.jsonl");
    let (exit, _) = agent.run(&["export", &path.display().to_string()]).await;
    assert_eq!(exit, Exit::Done, "{}", agent.said());
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let mut book = Book::new();
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| row[name].as_str().unwrap_or_else(|| panic!("{row}")).to_owned();
        if text("state") == "interrupted" {
            continue;
        }
        assert_eq!(text("state"), "received", "{row}");
        let sequence = row["sequence"].as_u64().unwrap();
        let page = book
            .entry(text("submission"))
            .or_insert_with(|| (sequence, text("entry_hash"), Vec::new()));
        let commune = text("dimensions").trim_start_matches("commune=").to_owned();
        page.2.push((text("period"), commune, text("value")));
    }
    book
}

/// What officers were told is safe is there, once; what nobody told them is there once or not at
/// all; nothing else is. How many measurements there are.
fn told(province: &Province, department: &str, ours: &Book) -> usize {
    let mut found: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    let mut pages: Vec<_> = ours.values().collect();
    pages.sort();
    for (period, commune, value) in pages.into_iter().flat_map(|page| &page.2) {
        found.entry((period.clone(), commune.clone())).or_default().push(value);
    }
    let count = found.values().map(Vec::len).sum();
    for (at, desk) in province.desks.iter().enumerate() {
        if province.agents[at].department() != department {
            continue;
        }
        let desk = desk.borrow();
        for (key, (value, fate)) in &desk.rows {
            match (found.remove(key).unwrap_or_default().as_slice(), fate) {
                ([one], _) if one == value => {}
                ([], Fate::Unknown) => {}
                (other, _) => {
                    let said = province.agents[at].said();
                    panic!("{key:?} of {at} is {value}, {fate:?}, became {other:?}: {said}")
                }
            }
        }
        let commune = format!("xa-{:03}", 180 + at);
        let read = found.remove(&("2020-01".to_owned(), commune)).unwrap_or_default();
        assert_eq!(read.last().copied(), desk.again.as_deref(), "the last state of the file");
        assert!(read.windows(2).all(|two| two[0] != two[1]), "a state of the file twice: {read:?}");
    }
    assert_eq!(found, BTreeMap::new(), "nobody sent this");
    count
}

/// Everything the running server derived is what is derived of its ledger anew.
async fn derived(province: &mut Province, store: Arc<SledStore>) {
    let (now, catalogue) = (province.server.now(), province.server.catalogue());
    let answers = async |store: Arc<SledStore>| {
        let (store, catalogue): (Arc<dyn Store>, _) = (store, Arc::clone(&catalogue));
        let series: Vec<Series> = store.series(&SeriesQuery::default()).await.unwrap();
        let standing = Standing::new(Figures { store, catalogue });
        let all = v1::ListTargetStatusesRequest::default();
        (format!("{series:?}"), standing.all(all, now).await.unwrap())
    };
    let served = answers(store).await;
    assert!(!served.1.is_empty());
    province.server.stop().await;
    let elsewhere = crate::quick_folder();
    let anew = Arc::new(province.server.open(elsewhere.path()).unwrap());
    assert_eq!(served, answers(anew).await, "what is derived");
}
