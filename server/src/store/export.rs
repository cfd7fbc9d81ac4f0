//! A whole ledger as one stream, which any engine writes and any engine reads.
//!
//! ```text
//! struct Export {
//!     magic: [u8; 16] = "TIENDO-EXPORT 1\n",
//!     entries: [Frame<LedgerEntry>],    // each chain in its order; the chains may be mixed
//!     end: u32 = 0,
//!     heads: [Frame<GetHeadResponse>],  // where each chain ends, by department
//!     end: u32 = 0,
//! }
//! struct Frame<M> {
//!     length: u32,                      // little endian, never 0
//!     message: [u8; length],            // M of tiendo.v1, encoded
//! }
//! ```
//! Each entry proves itself and the one before by its hashes; the heads prove that none is missing
//! at the end. One entry is held in memory at a time. It holds no secrets and nothing derived.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use prost::Message as _;
use tiendo_shared::journal::MAX_PAYLOAD_BYTES;
use tiendo_shared::submission::Hash;
use tiendo_shared::wire::{Entry, EntryError, v1};

const MAGIC: &[u8; 16] = b"TIENDO-EXPORT 1\n";
/// An entry of the longest record, with the tags and lengths of its message.
const MOST_BYTES: usize = MAX_PAYLOAD_BYTES + 1024;

/// Sequence and hash of the last entry of each chain, by department.
pub type Heads = BTreeMap<String, (u64, Hash)>;

/// Why a stream cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The system's error.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The first bytes are others.
    #[error("it is no export of a ledger, or of another version of this program")]
    NotAnExport,
    /// It ends before its end.
    #[error("it ends at byte {0}, before its end: it was cut short")]
    CutShort(u64),
    /// What stands there is none of its parts.
    #[error("byte {0}: what stands there is no part of an export")]
    Malformed(u64),
}

/// Writes a stream.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    heads: Heads,
    entries: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a stream.
    pub fn begin(mut out: W) -> io::Result<Self> {
        out.write_all(MAGIC)?;
        Ok(Self { out, heads: Heads::new(), entries: 0 })
    }

    /// Adds the next entry of its chain.
    pub fn add(&mut self, entry: &Entry) -> io::Result<()> {
        let link = &entry.recorded.link;
        self.heads.insert(link.department.clone(), (link.sequence, link.entry_hash));
        self.entries += 1;
        self.frame(&v1::LedgerEntry::from(entry).encode_to_vec())
    }

    /// Ends the stream; how many entries are in it.
    pub fn end(mut self) -> io::Result<u64> {
        self.out.write_all(&0_u32.to_le_bytes())?;
        for (department, (sequence, hash)) in std::mem::take(&mut self.heads) {
            let entry_hash = hash.to_vec();
            let head = v1::GetHeadResponse { department, sequence, entry_hash };
            self.frame(&head.encode_to_vec())?;
        }
        self.out.write_all(&0_u32.to_le_bytes())?;
        self.out.flush()?;
        Ok(self.entries)
    }

    fn frame(&mut self, message: &[u8]) -> io::Result<()> {
        let length = u32::try_from(message.len()).map_err(io::Error::other)?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(message)
    }
}

/// An entry of a stream, and the byte at which it begins.
pub type Found = (u64, Result<Entry, EntryError>);

/// Reads a stream.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    offset: u64,
}

impl<R: Read> Reader<R> {
    /// Begins to read.
    pub fn begin(input: R) -> Result<Self, Unreadable> {
        let mut reader = Self { input, offset: 0 };
        let mut magic = [0; MAGIC.len()];
        match reader.fill(&mut magic) {
            Ok(()) if magic == *MAGIC => Ok(reader),
            Ok(()) | Err(Unreadable::CutShort(_)) => Err(Unreadable::NotAnExport),
            Err(error) => Err(error),
        }
    }

    /// The next entry, whose hashes are checked; none after the last.
    pub fn entry(&mut self) -> Result<Option<Found>, Unreadable> {
        let at = self.offset;
        let Some(message) = self.frame()? else { return Ok(None) };
        let entry = v1::LedgerEntry::decode(&*message).map_err(|_| EntryError::Malformed);
        let entry = entry.and_then(Entry::try_from).and_then(|entry| {
            entry.verify()?;
            Ok(entry)
        });
        Ok(Some((at, entry)))
    }

    /// Where the chains end, read after the last entry.
    pub fn heads(&mut self) -> Result<Heads, Unreadable> {
        let mut heads = Heads::new();
        loop {
            let at = self.offset;
            let Some(message) = self.frame()? else { return Ok(heads) };
            let head = v1::GetHeadResponse::decode(&*message);
            let head = head.map_err(|_| Unreadable::Malformed(at))?;
            let hash = Hash::try_from(head.entry_hash).map_err(|_| Unreadable::Malformed(at))?;
            heads.insert(head.department, (head.sequence, hash));
        }
    }

    /// Bytes read so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    fn frame(&mut self) -> Result<Option<Vec<u8>>, Unreadable> {
        let at = self.offset;
        let mut length = [0; 4];
        self.fill(&mut length)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > MOST_BYTES {
            return Err(Unreadable::Malformed(at));
        }
        if length == 0 {
            return Ok(None);
        }
        // It grows as it is read: a length that is not true costs nothing.
        let mut message = Vec::new();
        let wanted = length as u64;
        let read = self.input.by_ref().take(wanted).read_to_end(&mut message)?;
        self.offset += read as u64;
        if read < length { Err(Unreadable::CutShort(self.offset)) } else { Ok(Some(message)) }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Unreadable> {
        let mut done = 0;
        while done < buffer.len() {
            match self.input.read(&mut buffer[done..]) {
                Ok(0) => return Err(Unreadable::CutShort(self.offset)),
                Ok(count) => {
                    done += count;
                    self.offset += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
