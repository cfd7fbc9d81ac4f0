//! Flipped bytes in the server's files: found by `verify`, named, and survived.
//!
//! `TIENDO_FLIPS` raises the number of bytes that `verify` is tried with.

use std::fs;
use std::path::{Path, PathBuf};

use tiendo_shared::wire::v1;

use crate::harness::{Random, Server, number, random, single, trial, value};

/// Submissions in the ledger that is damaged.
const SUBMISSIONS: usize = 60;

/// Places at which a byte is changed and `verify` is asked, when nobody asks for more.
const FLIPS: usize = 60;

/// Places at which a byte is changed and the server is started.
const STARTS: usize = 6;

fn month(n: usize) -> String {
    format!("{}-{:02}", 2010 + n / 12, n % 12 + 1)
}

/// A server with a small ledger, and its submissions.
async fn filled() -> (Server, Vec<v1::SubmitMeasurementsRequest>) {
    let server = Server::start_with(trial::options()).await;
    let mut collection = server.collection(trial::DEPARTMENT).await;
    let mut sent = Vec::new();
    for n in 0..SUBMISSIONS {
        let one = single(&month(n), number("so-luong", &(n * 7).to_string()));
        collection.submit_measurements(one.clone()).await.unwrap();
        sent.push(one);
    }
    (server, sent)
}

/// Files below `folder` for which `wanted` holds, in order.
fn files(folder: &Path, wanted: fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, wanted));
        } else if wanted(&path) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn segments(server: &Server) -> Vec<PathBuf> {
    let found = files(&server.data(), |path| path.extension().is_some_and(|end| end == "seg"));
    assert!(!found.is_empty(), "the journal has segments");
    found
}

/// Changes one byte of one segment; yields the file, the place and the byte that stood there.
fn flip(server: &Server, random: &mut Random) -> (PathBuf, usize, u8) {
    let segments = segments(server);
    let path = segments[random.usize(..segments.len())].clone();
    let mut bytes = fs::read(&path).unwrap();
    let at = random.usize(..bytes.len());
    let before = bytes[at];
    bytes[at] ^= 1 << random.u8(..8);
    fs::write(&path, bytes).unwrap();
    (path, at, before)
}

fn restore(path: &Path, at: usize, before: u8) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] = before;
    fs::write(path, bytes).unwrap();
}

/// What is known of the ledger's series, by period.
async fn known(server: &Server) -> Vec<(String, String)> {
    let request = v1::ListMeasurementsRequest {
        indicator: "so-luong".to_owned(),
        page_size: 1_000,
        ..v1::ListMeasurementsRequest::default()
    };
    let answer = server.status().await.list_measurements(request).await.unwrap().into_inner();
    answer.measurements.iter().map(|known| (known.period.clone(), value(known))).collect()
}

fn everything() -> Vec<(String, String)> {
    (0..SUBMISSIONS).map(|n| (month(n), (n * 7).to_string())).collect()
}

#[tokio::test]
async fn verify_finds_every_flipped_byte() {
    let mut random = random("verify_finds_every_flipped_byte");
    let (mut server, _) = filled().await;
    // Beside the running server too.
    server.verify().await.expect_code(0);
    server.stops_well().await;
    let sound = server.verify().await.expect_code(0);
    assert!(sound.stdout.contains(&SUBMISSIONS.to_string()), "{}", sound.stdout);
    let flips = std::env::var("TIENDO_FLIPS")
        .map_or(FLIPS, |text| text.parse().expect("TIENDO_FLIPS is a number"));
    for _ in 0..flips {
        let (path, at, before) = flip(&server, &mut random);
        let found = server.verify().await;
        assert_eq!(found.code, Some(2), "byte {at} of {}: {found:?}", path.display());
        let named = found.all();
        assert!(
            named.contains("damaged") || named.contains(trial::DEPARTMENT),
            "byte {at}: the damage is named:\n{named}"
        );
        restore(&path, at, before);
    }
    server.verify().await.expect_code(0);
}

#[tokio::test]
async fn a_damaged_journal_still_starts_and_serves_the_rest() {
    let mut random = random("a_damaged_journal_still_starts_and_serves_the_rest");
    let (mut server, sent) = filled().await;
    for _ in 0..STARTS {
        server.stops_well().await;
        // A whole copy to come back to, and nothing derived to fall back on.
        let whole: Vec<_> =
            segments(&server).into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect();
        for folder in derived(&server) {
            fs::remove_dir_all(folder).unwrap();
        }
        let (path, at, _) = flip(&server, &mut random);
        server.start_again().await;
        let known = known(&server).await;
        let all = everything();
        assert!(known.iter().all(|one| all.contains(one)), "byte {at}: a figure was invented");
        assert!(
            known.len() + 1 >= all.len(),
            "byte {at} of {}: {} of {} are served",
            path.display(),
            known.len(),
            all.len()
        );
        // What is still there is still known by its id.
        let mut collection = server.collection(trial::DEPARTMENT).await;
        let mut repeated = 0;
        for one in &sent {
            let request = v1::GetReceiptRequest { submission_id: one.submission_id.clone() };
            repeated += usize::from(collection.get_receipt(request).await.is_ok());
        }
        assert!(repeated + 1 >= sent.len(), "byte {at}: {repeated} receipts are left");
        server.kill9().await;
        for path in files(&server.data(), |path| {
            path.extension().is_some_and(|end| end == "seg" || end == "quarantine")
        }) {
            fs::remove_file(path).unwrap();
        }
        for (bytes, path) in whole {
            fs::write(path, bytes).unwrap();
        }
        for folder in derived(&server) {
            fs::remove_dir_all(folder).unwrap();
        }
        server.start_again().await;
        assert_eq!(self::known(&server).await, everything());
    }
}

/// Folders that hold what is derived: those with a sled file.
fn derived(server: &Server) -> Vec<PathBuf> {
    files(&server.data(), |path| path.file_name().is_some_and(|name| name == "db"))
        .into_iter()
        .map(|file| file.parent().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_damaged_derived_state_is_set_aside_and_rebuilt() {
    let mut random = random("a_damaged_derived_state_is_set_aside_and_rebuilt");
    let (mut server, sent) = filled().await;
    let receipt = |server: &Server| {
        let clients = server.lazy_clients();
        let submission_id = sent[3].submission_id.clone();
        async move {
            let request = v1::GetReceiptRequest { submission_id };
            let mut collection = clients.collection(trial::DEPARTMENT);
            collection.get_receipt(request).await.unwrap().into_inner().receipt
        }
    };
    let first = receipt(&server).await;
    for damage in ["garbage", "empty", "cut", "flips"] {
        server.stops_well().await;
        let folders = derived(&server);
        assert_eq!(folders.len(), 1, "{folders:?}");
        for path in files(&folders[0], Path::is_file) {
            let mut bytes = fs::read(&path).unwrap();
            match damage {
                "garbage" => bytes.iter_mut().for_each(|byte| *byte = random.u8(..)),
                "empty" => bytes.clear(),
                "cut" => bytes.truncate(bytes.len() / 2),
                _ => {
                    for _ in 0..20 {
                        let at = random.usize(..bytes.len().max(1));
                        if let Some(byte) = bytes.get_mut(at) {
                            *byte ^= 1 << random.u8(..8);
                        }
                    }
                }
            }
            fs::write(&path, bytes).unwrap();
        }
        server.start_again().await;
        assert_eq!(known(&server).await, everything(), "after {damage}");
        assert_eq!(receipt(&server).await, first, "after {damage}");
        if damage == "garbage" {
            let log = server.log();
            assert!(log.contains("rebuilt from the ledger"), "the log says so:\n{log}");
            let kept = server.data().join("state.damaged-1");
            assert!(kept.is_dir(), "it is set aside, not thrown away");
        }
        // Only one derived state is live again for the next damage.
        for folder in derived(&server).into_iter().filter(|folder| *folder != folders[0]) {
            fs::remove_dir_all(folder).unwrap();
        }
    }
}
