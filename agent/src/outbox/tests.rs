//! The ledger of this computer, written, read back and opened again.

use super::*;

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn id(number: u8) -> SubmissionId {
    SubmissionId::from_bytes([number; 16])
}

fn prepared(number: u8, act: u8) -> Prepared {
    Prepared {
        id: vec![number; 16],
        act: vec![act; 16],
        department: "so-khcn".to_owned(),
        request: vec![number; 100],
        items: 3,
        ..Prepared::default()
    }
}

fn answer(sequence: u64) -> v1::SubmitMeasurementsResponse {
    let submission_id = id(u8::try_from(sequence).unwrap()).to_string();
    let receipt = v1::Receipt { submission_id, sequence, ..Default::default() };
    v1::SubmitMeasurementsResponse { receipt: Some(receipt), ..Default::default() }
}

#[track_caller]
fn check_waiting(index: &Index, expected: &[u8]) {
    let waiting: Vec<_> = index.waiting().map(|waiting| waiting.id[0]).collect();
    assert_eq!(waiting, expected);
}

/// Runs `test` on an outbox, then checks what waits: at once, after a crash,
/// after a clean end, to an onlooker, and without the checkpoint.
#[track_caller]
fn check(expected: &[u8], test: impl Fn(&mut Outbox)) {
    for clean in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::find(Some(folder.path().to_owned()), &|_| None);
        let (mut outbox, _) = Outbox::open(&home).unwrap();
        test(&mut outbox);
        check_waiting(outbox.index(), expected);
        check_waiting(&View::open(&home).unwrap().index, expected);
        if clean {
            outbox.close().unwrap();
        } else {
            drop(outbox);
        }
        let (outbox, findings) = Outbox::open(&home).unwrap();
        assert!(findings.damage.is_empty());
        check_waiting(outbox.index(), expected);
        outbox.close().unwrap();
        std::fs::remove_file(home.checkpoint()).unwrap();
        check_waiting(Outbox::open(&home).unwrap().0.index(), expected);
    }
}

fn waiting(outbox: &Outbox, number: u8) -> Waiting {
    outbox.index().waiting().find(|waiting| waiting.id[0] == number).unwrap().clone()
}

#[test]
fn nothing_is_sent_before_its_act_is_released() {
    check(&[], |outbox| {
        outbox.prepare(prepared(1, 1)).unwrap();
        outbox.prepare(prepared(2, 1)).unwrap();
    });
    check(&[1, 2], |outbox| {
        outbox.prepare(prepared(1, 1)).unwrap();
        outbox.prepare(prepared(9, 9)).unwrap();
        outbox.prepare(prepared(2, 1)).unwrap();
        outbox.release(id(1)).unwrap();
    });
}

#[test]
fn an_answer_or_a_failure_ends_the_wait() {
    check(&[2], |outbox| {
        for number in [1, 2, 3] {
            outbox.prepare(prepared(number, 1)).unwrap();
        }
        outbox.release(id(1)).unwrap();
        assert_eq!(outbox.load(&waiting(outbox, 3)).unwrap(), prepared(3, 1));
        outbox.answer(&waiting(outbox, 3), answer(7), "pc", now()).unwrap();
        outbox.fail(&waiting(outbox, 1), 6, "khác".to_owned(), now()).unwrap();
        assert_eq!(outbox.index().last_receipt().unwrap().sequence, 7);
        assert_eq!(outbox.index().closed(), (1, 1));
    });
}

#[test]
fn pieces_go_where_the_whole_stood() {
    check(&[10, 11, 2, 3], |outbox| {
        for number in [1, 2, 3] {
            outbox.prepare(prepared(number, number)).unwrap();
            outbox.release(id(number)).unwrap();
        }
        let whole = waiting(outbox, 1);
        let piece =
            |number| Prepared { replaces: whole.id.clone(), ..prepared(number, whole.act[0]) };
        outbox.split(&whole, [piece(10), piece(11)]).unwrap();
        let first: Vec<_> = outbox.index().first_act().iter().map(|one| one.id[0]).collect();
        assert_eq!(first, [10, 11]);
    });
}

#[test]
fn what_the_server_lost_waits_again_before_what_came_later() {
    check(&[1, 2], |outbox| {
        for number in [1, 2] {
            outbox.prepare(prepared(number, number)).unwrap();
            outbox.release(id(number)).unwrap();
        }
        outbox.answer(&waiting(outbox, 1), answer(1), "pc", now()).unwrap();
        let answered = outbox.records().find_map(|record| match record.unwrap() {
            (at, Record { entry: Some(Entry::Answered(answered)) }) => Some((answered, at)),
            _ => None,
        });
        let (answered, at) = answered.unwrap();
        outbox.reopen(&answered, at).unwrap();
        assert_eq!(outbox.index().last_receipt(), None);
        let earlier = outbox.earlier_answer(&waiting(outbox, 1)).unwrap();
        assert_eq!(earlier.receipt, answered.response.unwrap().receipt);
        assert_eq!(outbox.earlier_answer(&waiting(outbox, 2)), None);
    });
}

#[test]
fn the_latest_receipt_is_the_one_furthest_down_the_chain() {
    check(&[], |outbox| {
        for number in [1, 2] {
            outbox.prepare(prepared(number, 1)).unwrap();
        }
        outbox.release(id(1)).unwrap();
        outbox.answer(&waiting(outbox, 2), answer(9), "pc", now()).unwrap();
        outbox.answer(&waiting(outbox, 1), answer(8), "pc", now()).unwrap();
        assert_eq!(outbox.index().last_receipt().unwrap().sequence, 9);
    });
}

#[test]
fn one_process_writes_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::find(Some(folder.path().to_owned()), &|_| None);
    let outbox = Outbox::open(&home).unwrap();
    let second = Outbox::open(&home);
    assert!(matches!(second, Err(Error::Journal(journal::Error::InUse { .. }))));
    drop(outbox);
}

#[test]
fn a_damaged_record_does_not_hide_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::find(Some(folder.path().to_owned()), &|_| None);
    let (mut outbox, _) = Outbox::open(&home).unwrap();
    for number in [1, 2] {
        outbox.prepare(prepared(number, 1)).unwrap();
    }
    outbox.release(id(1)).unwrap();
    drop(outbox);
    let segment = home.ledger().join(format!("{:016x}.seg", 0));
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[60] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let (outbox, findings) = Outbox::open(&home).unwrap();
    assert_eq!(findings.damage.len(), 1);
    check_waiting(outbox.index(), &[2]);
}
