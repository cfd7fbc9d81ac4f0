//! The two ledgers face to face: what agents hold receipts for is what the server's chain says.

use std::collections::BTreeMap;

use serde_json::Value;
use tiendo_shared::wire::v1;
use v1::measurement::Content;

use crate::harness::{Agent, Server};
use crate::ledger::chain;

/// A measurement as both sides write it down: period, dimensions and value.
type Figure = (String, String, String);

/// What a side says of one submission: sequence, hash, and what was sent, in order.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    sequence: u64,
    hash: String,
    figures: Vec<Figure>,
}

/// By submission.
type Book = BTreeMap<String, Page>;

/// Everything an agent exports, a line for each measurement.
pub(crate) async fn exported(agent: &Agent) -> Vec<Value> {
    let name = "so.jsonl";
    std::fs::remove_file(agent.desk().join(name)).ok();
    agent.run(&["export", name]).await.expect_code(0);
    let text = std::fs::read_to_string(agent.desk().join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn agents_book(agent: &Agent) -> Book {
    let mut book = Book::new();
    for row in exported(agent).await {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        // Its command was killed before it let it be sent: the server must not know it either.
        if text("state") == "interrupted" {
            continue;
        }
        assert_eq!(text("state"), "received", "nothing waits any more: {row}");
        let sequence = row["sequence"].as_u64().unwrap();
        let page = book.entry(text("submission")).or_insert_with(|| Page {
            sequence,
            hash: text("entry_hash"),
            figures: Vec::new(),
        });
        page.figures.push((text("period"), text("dimensions"), text("value")));
    }
    book
}

async fn servers_book(server: &Server, department: &str) -> Book {
    let chain = chain(&server.clients().await, department).await;
    let mut book = Book::new();
    for entry in chain.entries {
        let groups = &entry.content.groups;
        let figures = groups.iter().flat_map(|group| {
            group.measurements.iter().map(|one| (group.period.clone(), dimensions(one), value(one)))
        });
        let page = Page {
            sequence: entry.canonical.sequence,
            hash: entry.hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            figures: figures.collect(),
        };
        let before = book.insert(entry.submission_id.clone(), page);
        assert!(before.is_none(), "`{}` is twice in the chain", entry.submission_id);
    }
    book
}

fn dimensions(one: &v1::Measurement) -> String {
    let words = one.dimensions.iter().map(|it| format!("{}={}", it.dimension, it.member));
    words.collect::<Vec<_>>().join(" ")
}

fn value(one: &v1::Measurement) -> String {
    match &one.content {
        Some(Content::Value(text)) => text.clone(),
        other => panic!("these tests send numbers: {other:?}"),
    }
}

/// Fails unless the server's chain of a department is what its agents hold receipts for, all
/// together, to the last measurement, and both sides prove their ledgers.
pub(crate) async fn agree(server: &Server, department: &str, agents: &[&Agent]) {
    let mut theirs = Book::new();
    for agent in agents {
        agent.run(&["verify"]).await.expect_code(0);
        theirs.extend(agents_book(agent).await);
    }
    let ours = servers_book(server, department).await;
    let (mine, yours): (Vec<_>, Vec<_>) = (ours.keys().collect(), theirs.keys().collect());
    assert_eq!(mine, yours, "the same submissions of `{department}`");
    for (submission, page) in &ours {
        assert_eq!(page, &theirs[submission], "`{submission}` of `{department}`");
    }
    server.verify().await.expect_code(0);
}
