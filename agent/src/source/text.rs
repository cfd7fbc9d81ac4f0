//! Bytes of a text file, decoded piece by piece; a byte that means nothing is an error.

use std::fmt;
use std::io::Read;
use std::str::FromStr;

use encoding_rs::{DecoderResult, UTF_8, UTF_16BE, UTF_16LE};

use super::error::Error;

/// Bytes read from the file at a time.
const PIECE: usize = 64 * 1024;

/// A text encoding, by any label of the Encoding Standard: `utf-8`, `windows-1258`.
#[derive(Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Encoding(&'static encoding_rs::Encoding);

/// The label names no encoding that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no known encoding; accepted: `utf-8`, `utf-16le`, `windows-1258`, `windows-1252`"
)]
pub struct UnknownEncoding(pub String);

impl Encoding {
    /// UTF-8.
    pub const UTF_8: Self = Self(UTF_8);

    /// The encoding a byte order mark stands for, and the bytes the mark takes.
    pub(super) fn for_bom(head: &[u8]) -> Option<(Self, usize)> {
        encoding_rs::Encoding::for_bom(head).map(|(encoding, bytes)| (Self(encoding), bytes))
    }

    /// Whether zero bytes are part of ordinary text in it.
    pub(super) fn is_utf_16(self) -> bool {
        self.0 == UTF_16LE || self.0 == UTF_16BE
    }
}

impl FromStr for Encoding {
    type Err = UnknownEncoding;

    fn from_str(label: &str) -> Result<Self, UnknownEncoding> {
        encoding_rs::Encoding::for_label_no_replacement(label.as_bytes())
            .map(Self)
            .ok_or_else(|| UnknownEncoding(label.to_owned()))
    }
}

impl TryFrom<String> for Encoding {
    type Error = UnknownEncoding;

    fn try_from(label: String) -> Result<Self, UnknownEncoding> {
        label.parse()
    }
}

impl fmt::Debug for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

/// Decoded text, one piece in memory at a time.
pub(super) struct Text<R> {
    bytes: R,
    file: String,
    decoder: encoding_rs::Decoder,
    input: Vec<u8>,
    pending: std::ops::Range<usize>,
    ended: bool,
    decoded: u64,
    line: u64,
    piece: String,
    /// Bytes of `piece` given away.
    at: usize,
}

impl<R> fmt::Debug for Text<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({}, {} bytes decoded)", self.file, self.decoded)
    }
}

impl<R: Read> Text<R> {
    /// Text of `bytes`, the first `skipped` of which (a byte order mark) are read already.
    pub(super) fn new(bytes: R, file: &str, encoding: Encoding, skipped: usize) -> Self {
        Self {
            bytes,
            file: file.to_owned(),
            decoder: encoding.0.new_decoder_without_bom_handling(),
            input: vec![0; PIECE],
            pending: 0..0,
            ended: false,
            decoded: skipped as u64,
            line: 1,
            piece: String::with_capacity(2 * PIECE),
            at: 0,
        }
    }

    /// The next character; none at the end.
    pub(super) fn next_character(&mut self) -> Result<Option<char>, Error> {
        if self.at == self.piece.len() {
            self.read_piece()?;
        }
        let next = self.piece[self.at..].chars().next();
        self.at += next.map_or(0, char::len_utf8);
        Ok(next)
    }

    fn read_piece(&mut self) -> Result<(), Error> {
        self.piece.clear();
        self.at = 0;
        while self.piece.is_empty() {
            if self.pending.is_empty() {
                if self.ended {
                    return Ok(());
                }
                let read = self.bytes.read(&mut self.input);
                let read = read.map_err(|source| Error::Io { file: self.file.clone(), source })?;
                self.pending = 0..read;
                self.ended = read == 0;
            }
            self.decode()?;
        }
        Ok(())
    }

    fn decode(&mut self) -> Result<(), Error> {
        let input = &self.input[self.pending.clone()];
        let (result, read) =
            self.decoder.decode_to_string_without_replacement(input, &mut self.piece, self.ended);
        self.pending.start += read;
        self.decoded += read as u64;
        if let DecoderResult::Malformed(bad, behind) = result {
            let line = self.line + newlines(&self.piece);
            return Err(Error::BadBytes {
                file: self.file.clone(),
                line,
                offset: self.decoded - u64::from(bad) - u64::from(behind),
                encoding: self.decoder.encoding().name(),
            });
        }
        self.line += newlines(&self.piece);
        Ok(())
    }
}

fn newlines(text: &str) -> u64 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], label: &str) -> Result<String, Error> {
        let mut text = Text::new(bytes, "f.csv", label.parse().unwrap(), 0);
        let mut all = String::new();
        while let Some(character) = text.next_character()? {
            all.push(character);
        }
        Ok(all)
    }

    #[test]
    fn text_is_the_same_in_any_encoding() {
        let utf_16: Vec<u8> = "Tỉnh;1\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&utf_16, "utf-16le").unwrap(), "Tỉnh;1\r\n");
        assert_eq!(decode("Tỉnh;1\r\n".as_bytes(), "utf-8").unwrap(), "Tỉnh;1\r\n");
        // Windows-1258 writes the tone as a mark of its own behind the letter.
        assert_eq!(decode(b"\xd0\xf4\xcc", "windows-1258").unwrap(), "Đô\u{300}");
    }

    #[test]
    fn bad_bytes_are_named_by_line_and_offset() {
        let long = "a".repeat(3 * PIECE);
        for (bytes, line, offset) in [
            (b"\xff".to_vec(), 1, 0),
            (b"a\nb\nc\xe1x".to_vec(), 3, 5),
            (b"a\n\xe1\xba".to_vec(), 2, 2),
            ([long.as_bytes(), b"\n\xc3("].concat(), 2, 3 * PIECE as u64 + 1),
        ] {
            match decode(&bytes, "utf-8") {
                Err(Error::BadBytes { line: at, offset: bad, encoding, .. }) => {
                    assert_eq!((at, bad, encoding), (line, offset, "UTF-8"));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn pieces_stay_small_whatever_the_file() {
        let mut text = Text::new(std::io::repeat(b'x').take(5 << 20), "f.csv", Encoding::UTF_8, 0);
        let mut total = 0;
        while text.next_character().unwrap().is_some() {
            total += 1;
        }
        assert_eq!(total, 5 << 20);
        assert!(text.piece.capacity() <= 4 * PIECE, "{}", text.piece.capacity());
    }

    #[test]
    fn labels_that_name_no_encoding_are_refused() {
        for label in ["tcvn3", "utf-7", "", "hz-gb-2312"] {
            assert_eq!(label.parse::<Encoding>(), Err(UnknownEncoding(label.into())));
        }
    }
}
