//! The bytes of a segment: its name, its header and the header of a record.
//!
//! The module doc of `journal` shows the layout.

/// Longest payload of a record: 64 MiB.
pub const MAX_PAYLOAD_BYTES: usize = 64 << 20;

/// Length of a segment's header; the offset of its first record.
pub(super) const SEGMENT_HEADER: u64 = 24;
/// Length of a record's header.
pub(super) const RECORD_HEADER: usize = 16;

const MAGIC: [u8; 8] = *b"TIENDO-J";
const VERSION: u32 = 1;
const EXTENSION: &str = ".seg";

/// The file name of the segment that begins at `start`; names sort as positions do.
pub(super) fn segment_name(start: u64) -> String {
    format!("{start:016x}{EXTENSION}")
}

/// The inverse of [`segment_name`]; none for every other file, and for positions so far out that
/// no journal ever reaches them.
pub(super) fn segment_start(name: &str) -> Option<u64> {
    let start = u64::from_str_radix(name.strip_suffix(EXTENSION)?, 16).ok()?;
    (start <= i64::MAX.cast_unsigned() && segment_name(start) == name).then_some(start)
}

/// The header of the segment that begins at `start`.
pub(super) fn segment_header(start: u64) -> Vec<u8> {
    segment_header_of(VERSION, start)
}

fn segment_header_of(version: u32, start: u64) -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    header.extend(start.to_le_bytes());
    header.extend(version.to_le_bytes());
    header.extend(crc32fast::hash(&header).to_le_bytes());
    header
}

/// The version another program wrote, if `header` is intact and not of this version.
pub(super) fn other_version(header: &[u8], start: u64) -> Option<u32> {
    let version = u32::from_le_bytes(header.get(16..20)?.try_into().ok()?);
    (version != VERSION && header == segment_header_of(version, start)).then_some(version)
}

/// What stands before a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RecordHeader {
    /// Bytes of payload, never 0: an area of zeros holds no record.
    pub(super) length: u32,
    /// Bytes between the start of the commit and this record.
    pub(super) since: u32,
    /// CRC-32 of the payload.
    pub(super) payload_crc: u32,
}

impl RecordHeader {
    /// The bytes at `position`, which the checksum covers, so that a record passes only where it
    /// was written.
    pub(super) fn encode(self, position: u64) -> [u8; RECORD_HEADER] {
        let mut bytes = [0; RECORD_HEADER];
        bytes[..4].copy_from_slice(&self.length.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.since.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.payload_crc.to_le_bytes());
        let crc = header_crc(&bytes, position);
        bytes[12..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// The header at `position`, if one stands there.
    pub(super) fn decode(bytes: &[u8; RECORD_HEADER], position: u64) -> Option<Self> {
        let [length, since, payload_crc, crc] = words(bytes);
        // Cheap first: a search for the next record tries every byte.
        if length == 0 || length as usize > MAX_PAYLOAD_BYTES || crc != header_crc(bytes, position)
        {
            return None;
        }
        Some(Self { length, since, payload_crc })
    }
}

fn words(bytes: &[u8; RECORD_HEADER]) -> [u32; 4] {
    let (words, _) = bytes.as_chunks::<4>();
    std::array::from_fn(|index| u32::from_le_bytes(words[index]))
}

fn header_crc(bytes: &[u8; RECORD_HEADER], position: u64) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&position.to_le_bytes());
    hasher.update(&bytes[..12]);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_others_ignored() {
        for start in [0, 24, 0xabc_def0, u64::MAX >> 1] {
            assert_eq!(segment_start(&segment_name(start)), Some(start));
        }
        let far = "8000000000000000.seg";
        for name in ["lock", "0.seg", "000000000000000A.seg", "+00000000000000a.seg", far] {
            assert_eq!(segment_start(name), None, "{name}");
        }
    }

    #[test]
    fn header_passes_only_at_its_position() {
        let header = RecordHeader { length: 7, since: 3, payload_crc: 9 };
        let bytes = header.encode(100);
        assert_eq!(RecordHeader::decode(&bytes, 100), Some(header));
        assert_eq!(RecordHeader::decode(&bytes, 101), None);
        assert_eq!(RecordHeader::decode(&[0; RECORD_HEADER], 100), None);
    }

    #[test]
    fn newer_segment_is_told_from_a_damaged_one() {
        let mut header = segment_header_of(2, 5);
        assert_eq!(other_version(&header, 5), Some(2));
        assert_eq!(other_version(&segment_header(5), 5), None);
        header[16] ^= 1;
        assert_eq!(other_version(&header, 5), None);
    }
}
