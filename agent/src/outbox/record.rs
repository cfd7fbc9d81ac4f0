//! What stands in the ledger of this computer, record by record.
//!
//! Each record of the journal is one encoded [`Record`]. Tags are for ever: add, never reuse.

use tiendo_shared::wire::v1;

/// A record.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Record {
    /// What it says.
    #[prost(oneof = "Entry", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9")]
    pub(crate) entry: Option<Entry>,
}

/// What a record says.
#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum Entry {
    /// A submission is ready. It is sent once it is released.
    #[prost(message, tag = "1")]
    Prepared(Prepared),
    /// Every submission of an act is ready and may be sent.
    #[prost(message, tag = "2")]
    Released(Released),
    /// The server answered for a submission.
    #[prost(message, tag = "3")]
    Answered(Answered),
    /// The server refused a submission as a whole; it is not sent again.
    #[prost(message, tag = "4")]
    Failed(Failed),
    /// A submission was too long; others take its place.
    #[prost(message, tag = "5")]
    Split(Split),
    /// The server lost a submission it had given a receipt for; it is sent again.
    #[prost(message, tag = "6")]
    Reopened(Reopened),
    /// The server tells another receipt than the one it gave; it is not trusted.
    #[prost(message, tag = "7")]
    Doubted(Doubted),
    /// Someone trusts the server again.
    #[prost(message, tag = "8")]
    Trusted(Trusted),
    /// Damage is known and set aside.
    #[prost(message, tag = "9")]
    Repaired(Repaired),
}

/// A submission that is ready.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Prepared {
    /// Id of the submission, 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) id: Vec<u8>,
    /// The act of sending it belongs to: the id of the act's first submission.
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) act: Vec<u8>,
    /// Who reports.
    #[prost(string, tag = "3")]
    pub(crate) department: String,
    /// The encoded `SubmitMeasurementsRequest`, as it is sent at every try.
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) request: Vec<u8>,
    /// Number of measurements.
    #[prost(uint32, tag = "5")]
    pub(crate) items: u32,
    /// When it was prepared, microseconds since 1970.
    #[prost(int64, tag = "6")]
    pub(crate) at_us: i64,
    /// Where the measurements came from.
    #[prost(message, optional, tag = "7")]
    pub(crate) places: Option<Places>,
    /// The submission it takes the place of, with others, once that is split.
    #[prost(bytes = "vec", tag = "8")]
    pub(crate) replaces: Vec<u8>,
}

/// Where the measurements of a submission came from, in their order.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Places {
    /// The file.
    #[prost(string, tag = "1")]
    pub(crate) file: String,
    /// The sheets; none for a file without sheets.
    #[prost(string, repeated, tag = "2")]
    pub(crate) sheets: Vec<String>,
    /// For each measurement its sheet, counted from 1 in `sheets`; 0 for none.
    #[prost(uint32, repeated, tag = "3")]
    pub(crate) sheet: Vec<u32>,
    /// For each measurement its row, from 1; 0 for none.
    #[prost(uint32, repeated, tag = "4")]
    pub(crate) row: Vec<u32>,
    /// For each measurement its column, from 1; 0 for none.
    #[prost(uint32, repeated, tag = "5")]
    pub(crate) column: Vec<u32>,
    /// For each measurement the text that stood there.
    #[prost(string, repeated, tag = "6")]
    pub(crate) raw: Vec<String>,
}

/// Every submission of an act is ready.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Released {
    /// The act.
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) act: Vec<u8>,
}

/// The server's answer.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Answered {
    /// Id of the submission.
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) id: Vec<u8>,
    /// Position of the record that prepared it.
    #[prost(uint64, tag = "2")]
    pub(crate) prepared: u64,
    /// The answer.
    #[prost(message, optional, tag = "3")]
    pub(crate) response: Option<v1::SubmitMeasurementsResponse>,
    /// Name under which this computer sent it.
    #[prost(string, tag = "4")]
    pub(crate) agent: String,
    /// When the answer came, by this computer's clock, microseconds since 1970.
    #[prost(int64, tag = "5")]
    pub(crate) at_us: i64,
}

/// The server's refusal of a submission as a whole.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Failed {
    /// Id of the submission.
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) id: Vec<u8>,
    /// Position of the record that prepared it.
    #[prost(uint64, tag = "2")]
    pub(crate) prepared: u64,
    /// `google.rpc.Code`.
    #[prost(int32, tag = "3")]
    pub(crate) code: i32,
    /// What the server said.
    #[prost(string, tag = "4")]
    pub(crate) message: String,
    /// When, microseconds since 1970.
    #[prost(int64, tag = "5")]
    pub(crate) at_us: i64,
}

/// A submission gave way to shorter ones.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Split {
    /// Id of the submission that was too long.
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) id: Vec<u8>,
}

/// A submission is sent again.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Reopened {
    /// Id of the submission.
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) id: Vec<u8>,
    /// Position of the record that prepared it.
    #[prost(uint64, tag = "2")]
    pub(crate) prepared: u64,
    /// Number of measurements.
    #[prost(uint32, tag = "3")]
    pub(crate) items: u32,
    /// Position of the record of the answer that the server lost, plus one; 0 if it is
    /// not known.
    #[prost(uint64, tag = "4")]
    pub(crate) answered: u64,
}

/// The server tells another receipt for a submission than the one it gave.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Doubted {
    /// The receipt kept here.
    #[prost(message, optional, tag = "1")]
    pub(crate) kept: Option<v1::Receipt>,
    /// The one the server tells now.
    #[prost(message, optional, tag = "2")]
    pub(crate) told: Option<v1::Receipt>,
    /// When it was found, microseconds since 1970.
    #[prost(int64, tag = "3")]
    pub(crate) at_us: i64,
}

impl Doubted {
    /// Number of the receipt that was changed.
    pub(crate) fn sequence(&self) -> u64 {
        self.kept.as_ref().map_or(0, |receipt| receipt.sequence)
    }
}

/// The server's chain is taken as it is from here on.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Trusted {
    /// The receipt that counts in place of the one kept here.
    #[prost(message, optional, tag = "1")]
    pub(crate) receipt: Option<v1::Receipt>,
    /// When, microseconds since 1970.
    #[prost(int64, tag = "2")]
    pub(crate) at_us: i64,
}

/// A damaged range that was looked at: nothing more can be had of it.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Repaired {
    /// The position at which it begins.
    #[prost(uint64, tag = "1")]
    pub(crate) from: u64,
    /// Its bytes.
    #[prost(uint64, tag = "2")]
    pub(crate) length: u64,
    /// When, microseconds since 1970.
    #[prost(int64, tag = "3")]
    pub(crate) at_us: i64,
}

/// What [`Index`](super::Index) knew at a position, so that opening need not read all.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Checkpoint {
    /// Records before this position are accounted for.
    #[prost(uint64, tag = "1")]
    pub(crate) end: u64,
    /// What waits, in order.
    #[prost(message, repeated, tag = "2")]
    pub(crate) waiting: Vec<Waiting>,
    /// The last receipt.
    #[prost(message, optional, tag = "3")]
    pub(crate) last_receipt: Option<v1::Receipt>,
    /// Submissions answered.
    #[prost(uint64, tag = "4")]
    pub(crate) answered: u64,
    /// Submissions refused as a whole.
    #[prost(uint64, tag = "5")]
    pub(crate) failed: u64,
    /// Damage that is set aside.
    #[prost(message, repeated, tag = "6")]
    pub(crate) repaired: Vec<Repaired>,
    /// Why the server is not trusted; none if it is.
    #[prost(message, optional, tag = "7")]
    pub(crate) doubt: Option<Doubted>,
}

/// A submission that waits to be sent.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Waiting {
    /// Its id.
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) id: Vec<u8>,
    /// Its act.
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) act: Vec<u8>,
    /// Where it stands in the order of sending: the position of the record that
    /// prepared it, or of the one that prepared what it takes the place of.
    #[prost(uint64, tag = "3")]
    pub(crate) order: u64,
    /// Position of the record that prepared it.
    #[prost(uint64, tag = "4")]
    pub(crate) prepared: u64,
    /// Number of measurements.
    #[prost(uint32, tag = "5")]
    pub(crate) items: u32,
    /// Position of the record of the answer that the server lost, plus one; 0 if it was
    /// never answered.
    #[prost(uint64, tag = "6")]
    pub(crate) answered: u64,
}
