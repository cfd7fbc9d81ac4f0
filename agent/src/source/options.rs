//! How a file is to be read, and how much of it is too much.

use super::delimiter::Delimiter;
use super::text::Encoding;

/// How a file is to be read, where the file itself does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Encoding of a CSV file without a byte order mark; UTF-8 if none is declared.
    pub encoding: Option<Encoding>,
    /// What separates the cells of a CSV file; told from its content if none is declared.
    pub delimiter: Option<Delimiter>,
    /// What is too much.
    pub limits: Limits,
}

/// Sizes beyond which a file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Bytes of the file; 256 MiB unless set.
    pub file_bytes: u64,
    /// Bytes an xlsx or ods unpacks to; 1 GiB unless set.
    pub unpacked_bytes: u64,
    /// Bytes unpacked for each byte of the file, for more than 16 MiB; 200 unless set.
    pub unpack_ratio: u64,
    /// Number of the last row that holds something; 1,000,000 unless set.
    pub rows: u32,
    /// Number of the last column that holds something; 1,024 unless set.
    pub columns: u32,
    /// Characters of a cell; 32,767 unless set, as in Excel.
    pub cell_characters: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 256 << 20,
            unpacked_bytes: 1 << 30,
            unpack_ratio: 200,
            rows: 1_048_576,
            columns: 1_024,
            cell_characters: 32_767,
        }
    }
}
