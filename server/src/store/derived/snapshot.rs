//! The state of a department as bytes, so that a start need not read its whole chain.
//!
//! ```text
//! struct Snapshot {
//!     format: u8 = 1,
//!     fingerprint: [u8; 32],    // of the catalogue it was read by
//!     last: u32,                // sequence of the last entry in it, little endian
//!     head: [u8; 32],           // its hash
//!     parts: [Part],
//!     crc: u32,                 // CRC-32 of all before, little endian
//! }
//! struct Part {
//!     tag: u8,                  // s: rows, t: moves, p: points, r: superseded points
//!     name: { length: varint, text },  // indicator \0 members, of points; empty else
//!     body: { length: varint, bytes }, // as in `page` and `moves`
//! }
//! ```
//! It is derived of the chain: what is wrong with one is no harm, the chain is read instead.

use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::submission::{Hash, SubmissionId};

use super::department::State;
use super::fingerprint::fingerprint;
use super::page::{self, Bytes, Row, decode_points, decode_rows, encode_rows, put_varint};

const FORMAT: u8 = 1;

/// A state, and where its chain stood.
#[derive(Debug)]
pub(in crate::store) struct Loaded {
    pub(in crate::store) state: State,
    pub(in crate::store) last: u32,
    pub(in crate::store) head: Hash,
}

/// The bytes of a state in which nothing is applied that is not durable.
pub(in crate::store) fn save(state: &State, catalogue: &Catalogue) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    bytes.extend(fingerprint(catalogue));
    bytes.extend(state.last.to_le_bytes());
    bytes.extend(state.head);
    for rows in rows(state).chunks(page::ROWS) {
        put(&mut bytes, b's', "", &encode_rows(rows));
    }
    for body in state.moves.pages() {
        put(&mut bytes, b't', "", &body);
    }
    let (all, wide) = state.all_series();
    for series in all {
        let indicator = &catalogue.indicators()[usize::from(series.indicator)].id;
        let name = format!("{indicator}\0{}", series.members);
        for page in series.pages(wide) {
            put(&mut bytes, if page.superseded { b'r' } else { b'p' }, &name, &page.bytes);
        }
    }
    let crc = crc32fast::hash(&bytes);
    bytes.extend(crc.to_le_bytes());
    bytes
}

fn rows(state: &State) -> Vec<Row> {
    let mut ids: Vec<(u32, SubmissionId)> = state.ids().collect();
    ids.sort_unstable_by_key(|(sequence, _)| *sequence);
    let row = |(sequence, id)| Row {
        sequence,
        position: 0,
        received: state.received_at(sequence),
        first: state.first_received(sequence),
        id,
    };
    ids.into_iter().map(row).collect()
}

fn put(bytes: &mut Vec<u8>, tag: u8, name: &str, body: &[u8]) {
    bytes.push(tag);
    put_varint(bytes, name.len() as u64);
    bytes.extend(name.as_bytes());
    put_varint(bytes, body.len() as u64);
    bytes.extend(body);
}

/// The state of these bytes; none if they are damaged or of another catalogue.
pub(in crate::store) fn load(bytes: &[u8], catalogue: &Catalogue) -> Option<Loaded> {
    let (body, crc) = bytes.split_last_chunk::<4>()?;
    if crc32fast::hash(body) != u32::from_le_bytes(*crc) {
        return None;
    }
    let mut bytes = Bytes(body);
    if bytes.byte()? != FORMAT || bytes.array::<32>()? != fingerprint(catalogue) {
        return None;
    }
    let last = u32::from_le_bytes(bytes.array()?);
    let head: Hash = bytes.array()?;
    let mut state = State::new(last, head, 0);
    let mut rows = 0;
    while !bytes.0.is_empty() {
        let tag = bytes.byte()?;
        let name = std::str::from_utf8(take(&mut bytes)?).ok()?;
        let body = take(&mut bytes)?;
        match tag {
            b's' => {
                for row in decode_rows(body)? {
                    state.note(row.sequence, row.id, row.received, row.first);
                    rows = row.sequence;
                }
            }
            b't' => state.moves.load(body)?,
            b'p' | b'r' => {
                let (indicator, members) = name.split_once('\0')?;
                let indicator = catalogue.indicator_index(indicator)?;
                let (series, wide) = state.load(indicator, members);
                let page = decode_points(body, wide)?;
                if tag == b'p' { series.load(&page)? } else { series.load_superseded(&page)? }
            }
            _ => return None,
        }
    }
    (rows == last).then_some(Loaded { state, last, head })
}

fn take<'b>(bytes: &mut Bytes<'b>) -> Option<&'b [u8]> {
    let length = usize::try_from(bytes.varint()?).ok()?;
    let (taken, rest) = bytes.0.split_at_checked(length)?;
    bytes.0 = rest;
    Some(taken)
}
