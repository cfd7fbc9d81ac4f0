//! The guide for officers: its pictures are what the programs show today.

mod terminal;

use std::path::Path;

use crate::harness::{Agent, Options, Server, published, python};
use crate::setting::{root, tool};
use terminal::picture;

/// The time at which the pictures are taken.
const NOW: &str = "2026-12-01T02:00:00Z";

/// Says that pictures are to be drawn anew instead of compared.
const DRAW: &str = "TIENDO_PICTURES";

/// Compares a picture with the one of the guide.
fn hold(name: &str, svg: &str) -> Option<String> {
    let place = root().join("docs/pictures").join(name);
    if std::env::var_os(DRAW).is_some() {
        std::fs::write(&place, svg).unwrap();
    }
    let before = std::fs::read_to_string(&place).unwrap_or_default();
    (before != svg).then(|| name.to_owned())
}

async fn form(path: &Path) -> String {
    let out = path.with_extension("svg");
    let drawn = python(include_str!("form_picture.py"), &[path, &out]).await;
    drawn.expect("openpyxl draws it").expect_code(0);
    std::fs::read_to_string(out).unwrap()
}

async fn fill(path: &Path, entries: &[&str]) {
    let words: Vec<&Path> =
        std::iter::once(path).chain(entries.iter().map(|entry| Path::new(*entry))).collect();
    let filled = python(include_str!("fill_form.py"), &words).await;
    filled.expect("openpyxl fills it").expect_code(0);
}

#[tokio::test]
async fn the_pictures_of_the_guide_are_true() {
    if tool("openpyxl").is_none() {
        return;
    }
    let clock = Some(NOW.to_owned());
    let server = Server::start_with(Options { clock, ..Options::default() }).await;
    let agent = Agent::of(&server, published::DEPARTMENT);
    let mut changed = Vec::new();

    changed.extend(hold("due.svg", &picture(&agent, NOW, &["due"]).await));
    agent.run(&["template", "--period", "2024"]).await.expect_code(0);
    let name = "bieu-mau-thong-ke-tinh-2024.xlsx";
    let path = agent.desk().join(name);
    let good = ["digital-economy-share:value=5.99", "hdi:value=0.725"];
    fill(&path, &[&good[..], &["income-per-head:value=khoảng 5000"]].concat()).await;
    changed.extend(hold("form.svg", &form(&path).await));
    changed.extend(hold("check.svg", &picture(&agent, NOW, &["check", name]).await));
    fill(&path, &["income-per-head:value=5230"]).await;
    changed.extend(hold("submit.svg", &picture(&agent, NOW, &["submit", name]).await));
    assert!(
        changed.is_empty(),
        "the programs show something else than these pictures of docs/pictures: {changed:?}; look \
         at what changed, then draw them anew by {DRAW}=draw cargo xtask test guide"
    );
}
