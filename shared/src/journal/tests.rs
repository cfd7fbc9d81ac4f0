//! The journal in a real directory: what it promises when nothing is damaged.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tempfile::TempDir;

use super::format::{segment_name, segment_start};
use super::model_disk::{Faults, ModelDisk};
use super::{Allocation, Directory, Error, Journal, MAX_PAYLOAD_BYTES, Options, Position, Reader};

const SMALL: Options = Options {
    segment_bytes: 1024,
    growth_bytes: 256,
    committed: Position::START,
    allocation: Allocation::InSteps,
};

fn open(directory: &TempDir, options: Options) -> Journal {
    Journal::open(Directory::new(directory), options).unwrap().0
}

fn payloads(reader: &Reader, from: Position) -> Vec<Vec<u8>> {
    reader.scan(from).map(|item| item.unwrap().1).collect()
}

fn segment_lengths(directory: &TempDir) -> Vec<u64> {
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap()).collect();
    files.sort_by_key(std::fs::DirEntry::file_name);
    files.retain(|file| segment_start(file.file_name().to_str().unwrap()).is_some());
    files.iter().map(|file| file.metadata().unwrap().len()).collect()
}

#[test]
fn records_come_back_over_segments_and_openings() {
    let directory = TempDir::new().unwrap();
    let mut expected: Vec<(Position, Vec<u8>)> = Vec::new();
    for round in 0..4_u8 {
        let mut journal = open(&directory, SMALL);
        for length in [1, 15, 16, 17, 500, 983, 984, 985, 5000, 1] {
            let payload = vec![round; length];
            expected.push((journal.append(&payload).unwrap(), payload));
            if length % 2 == 0 {
                journal.commit().unwrap();
            }
        }
        let end = journal.commit().unwrap();
        let reader = journal.reader();
        assert_eq!((reader.end(), journal.end()), (end, end));
        let found: Vec<_> = reader.scan(Position::START).map(Result::unwrap).collect();
        assert_eq!(found, expected);
        for (index, (position, payload)) in expected.iter().enumerate() {
            assert_eq!(&reader.read(*position).unwrap(), payload);
            assert_eq!(payloads(&reader, *position).len(), expected.len() - index);
        }
        assert!(payloads(&reader, end).is_empty());
        if round % 2 == 0 {
            journal.close().unwrap();
        }
    }
    assert!(segment_lengths(&directory).len() > 8);
}

#[test]
fn records_are_hidden_until_they_are_committed() {
    let directory = TempDir::new().unwrap();
    let mut journal = open(&directory, SMALL);
    let reader = journal.reader();
    let before = reader.end();
    // Enough for several segments, which are written before the commit.
    let positions: Vec<_> = (0..30).map(|_| journal.append(&[1; 100]).unwrap()).collect();
    assert_eq!(reader.end(), before);
    assert!(payloads(&reader, Position::START).is_empty());
    for position in &positions {
        assert!(matches!(reader.read(*position), Err(Error::NotCommitted { .. })));
    }
    journal.commit().unwrap();
    assert_eq!(payloads(&reader, before).len(), 30);
    assert!(matches!(reader.read(Position(positions[0].0 + 1)), Err(Error::Damaged(_))));
    assert!(matches!(reader.read(Position::START), Err(Error::NotCommitted { .. })));
}

#[test]
fn readers_follow_from_other_threads() {
    let directory = TempDir::new().unwrap();
    let mut journal = open(&directory, SMALL);
    let reader = journal.reader();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let follow = || {
            let reader = reader.clone();
            let (mut next, mut from) = (0_u64, Position::START);
            loop {
                let last = done.load(Ordering::Acquire);
                let end = reader.end();
                for item in reader.scan(from) {
                    let (position, payload) = item.unwrap();
                    assert_eq!(payload, next.to_le_bytes());
                    assert_eq!(reader.read(position).unwrap(), payload);
                    next += 1;
                    from = Position(position.0 + 16 + 8);
                }
                assert!(from >= end || next == 0);
                if last {
                    return next;
                }
            }
        };
        let followers = [scope.spawn(follow), scope.spawn(follow)];
        for number in 0..500_u64 {
            journal.append(&number.to_le_bytes()).unwrap();
            if number % 3 == 0 {
                journal.commit().unwrap();
            }
        }
        journal.commit().unwrap();
        done.store(true, Ordering::Release);
        for follower in followers {
            assert_eq!(follower.join().unwrap(), 500);
        }
    });
}

#[test]
fn file_grows_in_steps_and_is_cut_to_size_in_the_end() {
    let directory = TempDir::new().unwrap();
    let mut journal = open(&directory, Options { growth_bytes: 512, ..SMALL });
    journal.append(&[1; 10]).unwrap();
    journal.commit().unwrap();
    assert_eq!(segment_lengths(&directory), [512]);
    journal.append(&[1; 450]).unwrap();
    journal.commit().unwrap();
    assert_eq!(segment_lengths(&directory), [1024]);
    // Longer than a step: the next step would only cost.
    journal.append(&[1; 700]).unwrap();
    journal.commit().unwrap();
    assert_eq!(segment_lengths(&directory), [24 + 16 + 10 + 16 + 450, 24 + 16 + 700]);
    journal.append(&[1; 10]).unwrap();
    journal.commit().unwrap();
    assert_eq!(segment_lengths(&directory)[1], 1024);
    journal.close().unwrap();
    assert_eq!(segment_lengths(&directory)[1], 24 + 16 + 700 + 16 + 10);
}

#[test]
fn second_opening_is_refused_while_the_first_lives() {
    let directory = TempDir::new().unwrap();
    let mut journal = open(&directory, SMALL);
    journal.append(b"one").unwrap();
    journal.commit().unwrap();
    let refused = Journal::open(Directory::new(&directory), SMALL).unwrap_err();
    let lock = directory.path().join("lock");
    assert_eq!(
        refused.to_string(),
        format!(
            "`{}` is held by another process: stop it, or name another directory",
            lock.display()
        )
    );
    // A look from outside is always possible.
    let outside = Reader::open(Directory::new(&directory)).unwrap();
    assert_eq!(payloads(&outside, Position::START), [b"one"]);
    drop(journal);
    assert_eq!(payloads(&open(&directory, SMALL).reader(), Position::START), [b"one"]);
}

#[test]
fn payload_of_impossible_length_is_refused() {
    let directory = TempDir::new().unwrap();
    let mut journal = open(&directory, SMALL);
    for length in [0, MAX_PAYLOAD_BYTES + 1] {
        let refused = journal.append(&vec![1; length]).unwrap_err();
        assert!(matches!(refused, Error::Length { length: it } if it == length));
    }
    let longest = journal.append(&vec![1; MAX_PAYLOAD_BYTES]).unwrap();
    let next = journal.append(b"next").unwrap();
    journal.commit().unwrap();
    assert_eq!(journal.reader().read(longest).unwrap().len(), MAX_PAYLOAD_BYTES);
    assert_eq!(journal.reader().read(next).unwrap(), b"next");
}

#[test]
fn failed_write_or_sync_poisons_for_good() {
    for call in 6..=7 {
        let (dies_at, sync_fails_at) = if call == 6 { (Some(6), None) } else { (None, Some(7)) };
        let disk = ModelDisk::with(Faults { dies_at, sync_fails_at, ..Faults::default() });
        let (mut journal, _) = Journal::open(Arc::new(disk.clone()), SMALL).unwrap();
        assert_eq!(disk.calls(), 5, "the next call is a write, the one after it a sync");
        journal.append(b"lost").unwrap();
        let failure = journal.commit().unwrap_err().to_string();
        let action = if call == 6 { "write" } else { "sync" };
        assert!(failure.starts_with(&format!("cannot {action} `model/0000000000000000.seg` (")));
        let reader = journal.reader();
        for _ in 0..2 {
            assert!(matches!(journal.append(b"more"), Err(Error::Poisoned)));
            assert!(matches!(journal.commit(), Err(Error::Poisoned)));
            assert!(payloads(&reader, Position::START).is_empty());
        }
        assert!(matches!(journal.close(), Err(Error::Poisoned)));
    }
}

#[test]
fn only_segments_after_what_is_committed_are_read() {
    let directory = TempDir::new().unwrap();
    let mut journal = open(&directory, SMALL);
    for _ in 0..40 {
        journal.append(&[1; 100]).unwrap();
    }
    let end = journal.commit().unwrap();
    journal.close().unwrap();
    let opened = |committed| {
        Journal::open(Directory::new(&directory), Options { committed, ..SMALL }).unwrap().1
    };
    assert_eq!(opened(Position::START).records, 40);
    assert!((1..10).contains(&opened(end).records));
}

#[test]
fn directory_that_is_missing_or_of_another_format_is_an_error() {
    let directory = TempDir::new().unwrap();
    let nowhere = directory.path().join("nowhere");
    let error = Journal::open(Directory::new(&nowhere), SMALL).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot lock `{}` (", nowhere.join("lock").display())));

    open(&directory, SMALL).close().unwrap();
    let path = directory.path().join(segment_name(0));
    let mut header = fs::read(&path).unwrap();
    header[16] = 9;
    let crc = crc32fast::hash(&header[..20]);
    header[20..].copy_from_slice(&crc.to_le_bytes());
    fs::write(&path, &header).unwrap();
    let error = Journal::open(Directory::new(&directory), SMALL).unwrap_err();
    assert!(matches!(error, Error::OtherFormat { version: 9, .. }));
    assert_eq!(fs::read(&path).unwrap(), header);
}
