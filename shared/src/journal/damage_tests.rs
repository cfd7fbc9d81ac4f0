//! What a journal makes of bytes that changed, went missing or were never written.

use std::sync::Arc;

use super::format::{RECORD_HEADER, segment_name, segment_start};
use super::model_disk::{Faults, ModelDisk, Random};
use super::recovery::written;
use super::{Allocation, Damage, Disk, Journal, Options, Position, Reader, Reason, Recovery};

const OPTIONS: Options = Options {
    segment_bytes: 1024,
    growth_bytes: 256,
    committed: Position::START,
    allocation: Allocation::InSteps,
};

type Records = Vec<(Position, Vec<u8>)>;

fn open(disk: &ModelDisk, options: Options) -> (Journal, Recovery) {
    Journal::open(Arc::new(disk.clone()), options).unwrap()
}

/// A journal of a few segments, with several records per commit, and what is in it.
fn filled(disk: &ModelDisk, seed: u64) -> (Journal, Records) {
    let mut random = Random::new(seed);
    let (mut journal, _) = open(disk, OPTIONS);
    let mut records = Records::new();
    for _ in 0..22 {
        let length = 1 + random.below(180);
        let payload = random.bytes(length);
        records.push((journal.append(&payload).unwrap(), payload));
        if random.one_in(3) {
            journal.commit().unwrap();
        }
    }
    journal.commit().unwrap();
    (journal, records)
}

fn scan(reader: &Reader) -> (Records, Vec<Damage>) {
    let mut found = (Records::new(), Vec::new());
    for item in reader.scan(Position::START) {
        match item {
            Ok(record) => found.0.push(record),
            Err(damage) => found.1.push(damage),
        }
    }
    found
}

/// The segments, and how many bytes of each are headers and records.
fn extents(disk: &ModelDisk, end: Position) -> Vec<(String, usize)> {
    let mut starts: Vec<u64> =
        disk.names().unwrap().iter().filter_map(|name| segment_start(name)).collect();
    starts.sort_unstable();
    let ends = starts.iter().skip(1).copied().chain([end.0]);
    let length = |(start, end): (&u64, u64)| usize::try_from(end - start).unwrap();
    starts.iter().zip(ends).map(|pair| (segment_name(*pair.0), length(pair))).collect()
}

/// `records` without the one that holds byte `at` of the segment `name`.
fn without(records: &Records, name: &str, at: usize) -> Records {
    let at = segment_start(name).unwrap() + at as u64;
    let holds = |(position, payload): &&(Position, Vec<u8>)| {
        !(position.0..position.0 + (RECORD_HEADER + payload.len()) as u64).contains(&at)
    };
    records.iter().filter(holds).cloned().collect()
}

#[test]
fn every_flipped_bit_is_found_and_costs_one_record() {
    let disk = ModelDisk::default();
    let (journal, records) = filled(&disk, 1);
    let reader = journal.reader();
    assert_eq!(scan(&reader), (records.clone(), vec![]));
    let extents = extents(&disk, reader.end());
    assert!(extents.len() > 2);
    for (name, length) in extents {
        for bit in 0..length * 8 {
            disk.edit(&name, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
            let (found, damage) = scan(&reader);
            disk.edit(&name, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));

            let [damage] = &damage[..] else { panic!("{name}, bit {bit}: {damage:?}") };
            let range = damage.offset..damage.offset + damage.length;
            assert!(range.contains(&(bit as u64 / 8)), "{name}, bit {bit}: {damage}");
            assert_eq!(damage.segment, disk.path(&name));
            assert_eq!(damage.position.0, segment_start(&name).unwrap() + damage.offset);
            assert_eq!(found, without(&records, &name, bit / 8), "{name}, bit {bit}");
        }
    }
}

#[test]
fn changed_byte_costs_one_record_and_never_the_start() {
    for clean in [true, false] {
        let disk = ModelDisk::default();
        let (journal, records) = filled(&disk, 2);
        let end = journal.reader().end();
        if clean {
            journal.close().unwrap();
        }
        for (name, length) in extents(&disk, end) {
            for at in 0..length {
                let disk = disk.after_death(Faults::default());
                disk.edit(&name, |bytes| bytes[at] ^= 1 << (at % 8));
                let (mut journal, recovery) = open(&disk, OPTIONS);
                let context = format!("clean {clean}, {name}, byte {at}: {recovery:?}");

                assert_eq!(
                    recovery.records,
                    without(&records, &name, at).len() as u64,
                    "{context}"
                );
                // A broken header at the very end cannot be told from one never written.
                let torn = recovery.torn_bytes > 0;
                assert!(!(clean && torn), "{context}");
                assert_eq!(recovery.damage.len() + usize::from(torn), 1, "{context}");
                assert_eq!(recovery.quarantined.len(), 1, "{context}");

                let position = journal.append(b"after").unwrap();
                journal.commit().unwrap();
                assert!(torn || position >= end, "{context}");
                let mut expected = without(&records, &name, at);
                expected.push((position, b"after".to_vec()));
                assert_eq!(scan(&journal.reader()).0, expected, "{context}");
            }
        }
    }
}

#[test]
fn torn_record_is_cut_wherever_it_is_torn() {
    let disk = ModelDisk::default();
    let (mut journal, mut records) = filled(&disk, 3);
    let payload = vec![7; 300];
    records.push((journal.append(&payload).unwrap(), payload));
    journal.commit().unwrap();
    let (name, end) = extents(&disk, journal.reader().end()).pop().unwrap();
    let (last, whole) = (records.pop().unwrap(), disk.content(&name));
    let begin = usize::try_from(last.0.0 - segment_start(&name).unwrap()).unwrap();
    for torn in begin..end {
        for zeroed in [true, false] {
            let disk = disk.after_death(Faults::default());
            disk.edit(
                &name,
                |bytes| if zeroed { bytes[torn..].fill(0) } else { bytes.truncate(torn) },
            );
            let left = written(&disk.content(&name)[begin..]);
            let (mut journal, recovery) = open(&disk, OPTIONS);
            assert_eq!(recovery.torn_bytes, left as u64, "{torn}: {recovery:?}");
            assert_eq!(recovery.damage, []);
            assert_eq!(disk.content(&name).len(), begin);
            if let [copy] = &recovery.quarantined[..] {
                let copy = copy.file_name().unwrap().to_str().unwrap();
                assert_eq!(disk.content(copy), whole[begin..begin + left]);
            }
            assert_eq!(recovery.quarantined.len(), usize::from(left > 0));
            assert_eq!(scan(&journal.reader()), (records.clone(), vec![]));
            assert_eq!(journal.append(b"again").unwrap(), last.0);
        }
    }
}

#[test]
fn of_an_unfinished_commit_only_the_beginning_is_kept() {
    for confirmed in [true, false] {
        let disk = ModelDisk::default();
        let (mut journal, _) = open(&disk, Options { segment_bytes: 1 << 20, ..OPTIONS });
        let mut records = Records::new();
        for byte in 1..=8 {
            records.push((journal.append(&[byte; 400]).unwrap(), vec![byte; 400]));
        }
        journal.commit().unwrap();
        if confirmed {
            records.push((journal.append(b"next").unwrap(), b"next".to_vec()));
            journal.commit().unwrap();
        }
        drop(journal);
        // One sector of the first commit never reached the disk; the records after it did.
        disk.edit(&segment_name(0), |bytes| bytes[1536..2048].fill(0));
        let hit = |(position, _): &&(Position, Vec<u8>)| {
            position.0 < 2048 && position.0 + (RECORD_HEADER + 400) as u64 > 1536
        };
        let first = records.iter().find(hit).unwrap().0;

        let (journal, recovery) = open(&disk, OPTIONS);
        let (found, damage) = scan(&journal.reader());
        if confirmed {
            let kept: Records = records.iter().filter(|it| !hit(it)).cloned().collect();
            assert_eq!(found, kept);
            assert_eq!((recovery.torn_bytes, &recovery.damage), (0, &damage));
            assert_eq!(damage[0].position, first);
        } else {
            let kept: Records = records.iter().filter(|it| it.0 < first).cloned().collect();
            assert_eq!((found, damage), (kept, vec![]));
            assert!(recovery.torn_bytes > 1000, "{recovery:?}");
        }
    }
}

#[test]
fn whole_files_that_are_damaged_or_gone_cost_only_themselves() {
    for seed in 0..200 {
        let disk = ModelDisk::default();
        let mut random = Random::new(seed);
        let (journal, records) = filled(&disk, seed);
        let end = journal.reader().end();
        journal.close().unwrap();
        let mut extents = extents(&disk, end);
        extents.pop();
        let (name, length) = &extents[random.below(extents.len())];
        let at = random.below(*length);
        let noise = random.bytes(length - at);
        match random.below(4) {
            0 => disk.edit(name, |bytes| bytes.truncate(at)),
            1 => disk.edit(name, |bytes| bytes[at..].copy_from_slice(&noise)),
            2 => disk.edit(name, |bytes| bytes[at..].fill(0)),
            _ => disk.remove(name),
        }
        let (journal, recovery) = open(&disk, OPTIONS);
        let (found, damage) = scan(&journal.reader());
        assert!(!damage.is_empty(), "seed {seed}");
        assert_eq!(recovery.damage, damage, "seed {seed}");
        let start = segment_start(name).unwrap();
        let others = records.iter().filter(|it| it.0.0 < start || it.0.0 >= start + *length as u64);
        assert!(others.clone().all(|record| found.contains(record)), "seed {seed}");
        assert!(found.iter().all(|record| records.contains(record)), "seed {seed}");
        assert_eq!(journal.reader().end(), end, "seed {seed}");
    }
}

#[test]
fn position_that_was_committed_is_not_used_again() {
    let disk = ModelDisk::default();
    let (journal, records) = filled(&disk, 4);
    let end = journal.reader().end();
    journal.close().unwrap();
    let (last, length) = extents(&disk, end).pop().unwrap();
    let start = segment_start(&last).unwrap();
    let options = Options { committed: end, ..OPTIONS };
    for (left, lost_from) in [(None, start), (Some(0), start + 24), (Some(length - 1), end.0 - 1)] {
        let disk = disk.after_death(Faults::default());
        match left {
            None => disk.remove(&last),
            Some(left) => disk.edit(&last, |bytes| bytes.truncate(left)),
        }
        let (mut journal, recovery) = open(&disk, options);
        assert_eq!(recovery.torn_bytes, 0);
        let gap = recovery.damage.last().unwrap();
        assert_eq!((gap.reason, gap.position.0 + gap.length), (Reason::Missing, end.0));
        assert_eq!(gap.position.0, lost_from);
        let position = journal.append(b"after").unwrap();
        assert!(position >= end);
        journal.commit().unwrap();
        let (found, damage) = scan(&journal.reader());
        assert_eq!(found.last(), Some(&(position, b"after".to_vec())));
        assert!(found.len() > records.len() / 2);
        assert!(damage.contains(gap), "{damage:?}");
    }
}

#[test]
fn damage_is_copied_once_and_stays_in_place() {
    let disk = ModelDisk::default();
    let (journal, records) = filled(&disk, 5);
    journal.close().unwrap();
    let at = usize::try_from(records[1].0.0).unwrap() + RECORD_HEADER;
    disk.edit(&segment_name(0), |bytes| bytes[at] ^= 1);
    let damaged = disk.content(&segment_name(0));
    let mut copies = Vec::new();
    for _ in 0..3 {
        let (journal, recovery) = open(&disk, OPTIONS);
        journal.close().unwrap();
        assert_eq!(disk.content(&segment_name(0)), damaged);
        let [damage] = &recovery.damage[..] else { panic!("{recovery:?}") };
        assert_eq!((damage.position, damage.reason), (records[1].0, Reason::Payload));
        let name = recovery.quarantined[0].file_name().unwrap().to_str().unwrap().to_owned();
        let begin = usize::try_from(damage.offset).unwrap();
        let length = usize::try_from(damage.length).unwrap();
        assert_eq!(disk.content(&name), damaged[begin..begin + length]);
        copies.push(name);
    }
    copies.dedup();
    assert_eq!(copies.len(), 1);
}

#[test]
fn page_that_the_disk_cannot_read_costs_only_itself() {
    let options = Options { segment_bytes: 20_000, ..OPTIONS };
    for (index, clean) in [(0, true), (1, false), (2, true), (2, false)] {
        let disk = ModelDisk::default();
        let (mut journal, _) = open(&disk, options);
        let mut records = Records::new();
        while records.last().is_none_or(|it| it.0.0 < 50_000) {
            records.push((journal.append(&[9; 300]).unwrap(), vec![9; 300]));
        }
        let end = journal.commit().unwrap();
        if clean {
            journal.close().unwrap();
        } else {
            drop(journal);
        }
        let (name, length) = &extents(&disk, end)[index];
        let at = length / 2;
        disk.break_byte(name, at);
        let before = disk.content(name);

        let (mut journal, recovery) = open(&disk, options);
        assert!(!recovery.damage.is_empty());
        for damage in &recovery.damage {
            assert_eq!(damage.reason, Reason::Unreadable(std::io::ErrorKind::InvalidData));
        }
        let position = journal.append(b"after").unwrap();
        assert!(position >= end);
        journal.commit().unwrap();
        assert_eq!(disk.content(name), before);
        let (found, damage) = scan(&journal.reader());
        assert_eq!(damage, recovery.damage);
        assert_eq!(found.last(), Some(&(position, b"after".to_vec())));
        let broken = segment_start(name).unwrap() + at as u64;
        let others: Records =
            records.into_iter().filter(|it| it.0.0.abs_diff(broken) > 4500).collect();
        assert!(others.len() > 100);
        assert!(others.iter().all(|record| found.contains(record)));
    }
}
