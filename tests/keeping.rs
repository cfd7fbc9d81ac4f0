//! The ledger is kept: backups of a running server, the way back, exports, and a disk that fills up.

mod disaster;
mod disk;
mod export;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tiendo_shared::wire::v1;
use tokio::process::Command;

use crate::harness::{Outcome, Server, number, program, random, run, single, trial, value};

/// A command of `tiendo-server`.
pub(crate) async fn server_command(words: &[&str]) -> Outcome {
    run(Command::new(program("tiendo-server")).args(words)).await
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Takes a backup of a server into a folder; where it is.
pub(crate) async fn backup(server: &Server, to: &Path) -> PathBuf {
    let before = names(to);
    server_command(&["backup", "--data", text(&server.data()), "--to", text(to)])
        .await
        .expect_code(0)
        .expect_words(&["sound", "keys"]);
    let new: Vec<_> = names(to).into_iter().filter(|name| !before.contains(name)).collect();
    let [name] = &new[..] else { panic!("one backup more: {new:?}") };
    to.join(name)
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(listed) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<_> =
        listed.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Submits values of this many months, from one on.
async fn fill(server: &Server, first: u32, count: u32) {
    for department in ["so-mot", "so-hai"] {
        let mut collection = server.collection(department).await;
        for n in first..first + count {
            let month = format!("{}-{:02}", 2000 + n / 12, n % 12 + 1);
            let one = single(&month, number("so-luong", &n.to_string()));
            collection.submit_measurements(one).await.unwrap();
        }
    }
}

/// Every value known, by department and period.
async fn known(server: &Server) -> BTreeMap<(String, String), String> {
    let mut known = BTreeMap::new();
    for department in ["so-mot", "so-hai"] {
        let request = v1::ListMeasurementsRequest {
            department: department.to_owned(),
            page_size: 1_000,
            ..v1::ListMeasurementsRequest::default()
        };
        let answer = server.status().await.list_measurements(request).await.unwrap().into_inner();
        for one in answer.measurements {
            known.insert((department.to_owned(), one.period.clone()), value(&one));
        }
    }
    known
}

/// Sequence and hash of the last entry of both chains.
async fn heads(server: &Server) -> Vec<(u64, Vec<u8>)> {
    let clients = server.clients().await;
    let mut heads = Vec::new();
    for department in ["so-mot", "so-hai"] {
        let request = v1::GetHeadRequest { department: department.to_owned() };
        let head = clients.ledger().get_head(request).await.unwrap().into_inner();
        heads.push((head.sequence, head.entry_hash));
    }
    heads
}

#[tokio::test]
async fn a_backup_of_a_running_server_becomes_its_ledger_again() {
    let mut server = Server::start_with(trial::options()).await;
    let folder = tempfile::tempdir().unwrap();
    let backups = folder.path().join("backups");
    fill(&server, 0, 20).await;
    let (then, heads_then) = (known(&server).await, heads(&server).await);
    let taken = backup(&server, &backups).await;
    let key = fs::read(server.data().join("ledger.key")).unwrap();
    // The server goes on, and takes one itself.
    fill(&server, 20, 10).await;
    let mut admin = server.clients().await.admin();
    let answer = admin.backup(v1::BackupRequest {}).await.unwrap().into_inner();
    let own = server.data().join("backups").join(&answer.name);
    assert!(own.is_dir() && answer.bytes > 0 && answer.taken_at.is_some(), "{answer:?}");
    let checked = server_command(&["verify", "--backup", text(&own)]).await.expect_code(0);
    checked.expect_words(&["so-mot: 30 entries", "so-hai: 30 entries", "sound"]);

    server.stops_well().await;
    fs::remove_dir_all(server.data()).unwrap();
    let data = server.data();
    server_command(&["restore", "--from", text(&taken), "--data", text(&data)])
        .await
        .expect_code(0)
        .expect_words(&["so-mot: 20 entries", "restored"]);
    server.start_again().await;
    assert_eq!((known(&server).await, heads(&server).await), (then, heads_then));
    assert_eq!(fs::read(server.data().join("ledger.key")).unwrap(), key, "receipts stay provable");
    // It takes new figures where it was taken up again.
    fill(&server, 40, 1).await;
    server.stops_well().await;
    server.verify().await.expect_code(0).expect_words(&["so-mot: 21 entries"]);
}

#[tokio::test]
async fn backups_under_load_are_whole_each_time() {
    let server = Server::start_with(trial::options()).await;
    let folder = tempfile::tempdir().unwrap();
    let backups = folder.path().join("backups");
    let mut most = 0;
    for round in 0..4 {
        let (taken, ()) = tokio::join!(backup(&server, &backups), fill(&server, round * 40, 40));
        let checked = server_command(&["verify", "--backup", text(&taken)]).await.expect_success();
        let last = checked.lines().rev().nth(1).unwrap();
        let entries: u64 = last.split(' ').next().unwrap().parse().unwrap();
        assert!(entries >= most, "a later backup holds more: {checked}");
        assert!(
            u64::from(round) * 80 <= entries,
            "what was acknowledged before is in it: {checked}"
        );
        most = entries;
    }
    assert_eq!(names(&backups).len(), 4, "none takes the place of another");
}

#[tokio::test]
async fn a_backup_is_private_and_can_do_without_the_keys() {
    let mut server = Server::start_with(trial::options()).await;
    fill(&server, 0, 3).await;
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("b");
    let taken = backup(&server, &to).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&to), mode(&taken)), (0o700, 0o700));
    assert_eq!(mode(&taken.join("data/ledger.key")), 0o600);
    assert!(!taken.join("data/state").exists(), "what is derived is left out");
    let catalogue = folder.path().join("catalogue.toml");
    fs::write(&catalogue, trial::catalogue()).unwrap();
    let without = folder.path().join("without");
    let data = server.data();
    let words = ["backup", "--data", text(&data), "--to", text(&without), "--without-secrets"];
    server_command(&[&words[..], &["--catalogue", text(&catalogue)]].concat()).await.expect_code(0);
    let taken = without.join(&names(&without)[0]);
    assert!(!taken.join("data/ledger.key").exists());
    server.stops_well().await;
    let data = folder.path().join("new");
    server_command(&["restore", "--from", text(&taken), "--data", text(&data)])
        .await
        .expect_code(0)
        .expect_words(&["keys are not in this backup", "catalogue.toml"]);
    // A folder that holds something is never restored into.
    let before = names(&data);
    server_command(&["restore", "--from", text(&taken), "--data", text(&data)])
        .await
        .expect_code(1)
        .expect_words(&["not empty", text(&data)]);
    assert_eq!(names(&data), before);
    // What is no backup is told from one that is damaged.
    server_command(&["verify", "--backup", text(&data)])
        .await
        .expect_code(1)
        .expect_words(&["backup.toml"]);
}

#[tokio::test]
async fn every_changed_byte_of_a_backup_is_found_before_anything_is_restored() {
    let mut random = random("every_changed_byte_of_a_backup_is_found_before_anything_is_restored");
    let server = Server::start_with(trial::options()).await;
    fill(&server, 0, 12).await;
    let folder = tempfile::tempdir().unwrap();
    let taken = backup(&server, &folder.path().join("b")).await;
    let mut all = vec![taken.join("backup.toml"), taken.join("data/ledger.key")];
    let journal = taken.join("data/journal");
    all.extend(names(&journal).into_iter().map(|name| journal.join(name)));
    let data = folder.path().join("data");
    let restore = ["restore", "--from", text(&taken), "--data", text(&data)];
    for round in 0..12 {
        let path = &all[round % all.len()];
        let whole = fs::read(path).unwrap();
        let mut bytes = whole.clone();
        let at = random.usize(..bytes.len());
        bytes[at] ^= 1 << random.u8(..7);
        fs::write(path, &bytes).unwrap();
        let refused = server_command(&restore).await;
        // A blank or a digit of the version in the list means nothing.
        let is_list = path.ends_with("backup.toml");
        if !is_list {
            assert_eq!(refused.code, Some(1), "byte {at} of {}: {refused:?}", path.display());
            assert!(names(&data).is_empty(), "nothing is restored");
            refused.expect_words(&["damaged", "was changed"]);
        }
        fs::write(path, whole).unwrap();
        fs::remove_dir_all(&data).ok();
    }
    // What is left of it can be had if there is nothing better.
    let segment = journal.join(names(&journal).iter().find(|name| name.ends_with("seg")).unwrap());
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).unwrap();
    server_command(&restore).await.expect_code(1).expect_words(&["--despite-damage"]);
    fs::remove_dir_all(&data).ok();
    server_command(&[&restore[..], &["--despite-damage"]].concat()).await.expect_code(2);
    let left = server_command(&["verify", "--data", text(&data)]).await.expect_code(2);
    left.expect_words(&["23 entries", "DAMAGED"]);
}

#[tokio::test]
async fn loss_at_the_very_end_of_a_ledger_is_no_unfinished_write() {
    let mut server = Server::start_with(trial::options()).await;
    fill(&server, 0, 5).await;
    server.stops_well().await;
    let journal = server.data().join("journal");
    let segment = journal.join(names(&journal).iter().find(|name| name.ends_with("seg")).unwrap());
    let whole = fs::read(&segment).unwrap();
    for (cut, zeroed) in [(1, false), (1, true), (400, false), (400, true)] {
        let mut bytes = whole.clone();
        let from = bytes.len() - cut;
        if zeroed {
            bytes[from..].fill(0);
        } else {
            bytes.truncate(from);
        }
        fs::write(&segment, &bytes).unwrap();
        let found = server.verify().await.expect_code(2).expect_words(&["DAMAGED"]);
        assert!(found.stdout.contains("seg"), "the place is named: {found:?}");
    }
    // The server names it too, serves the rest, and gives no sequence away twice.
    server.start_again().await;
    assert!(server.log().contains("the ledger is damaged"), "{}", server.log());
    assert_eq!(heads(&server).await[0].0, 5);
    let left = known(&server).await;
    assert!(left.len() >= 7, "{left:?}\n{}", server.log());
    fill(&server, 30, 1).await;
    let sequence = heads(&server).await[1].0;
    assert!(sequence > 5, "sequence {sequence}");
}
