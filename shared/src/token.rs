//! Join tokens: what lets a new computer in once, and tells it which server is the right one.
//!
//! ```text
//! text  = "tiendo-" ‖ base32(bytes)        RFC 4648, lower case, unpadded: 90 characters
//! bytes = authority ‖ secret ‖ checksum    32 + 20 + 4
//! authority = SHA-256 of the server's CA certificate, DER
//! secret    = 20 random bytes, known to whoever was handed the token
//! checksum  = CRC-32 of the 52 bytes before, big endian
//! ```
//!
//! People copy tokens by hand, mail and paper, so spaces, line breaks and upper case do not
//! matter, and the checksum tells a slip of the pen from a token the server does not know.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// SHA-256 of a certificate's DER.
pub type Fingerprint = [u8; 32];

/// What every token begins with.
pub const PREFIX: &str = "tiendo-";

const SECRET: usize = 20;
const BYTES: usize = 32 + SECRET + 4;
const CHARACTERS: usize = (BYTES * 8).div_ceil(5);
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A join token. Its secret is shown by [`JoinToken::text`] and by nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinToken {
    /// Fingerprint of the CA certificate of the server that made it.
    pub authority: Fingerprint,
    secret: [u8; SECRET],
}

/// Why a text is not a join token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It does not begin as tokens do.
    #[error("no join token: one begins with `{PREFIX}`")]
    NotAToken,
    /// It is shorter than a token.
    #[error("the join token has {0} of {CHARACTERS} characters after `{PREFIX}`")]
    Incomplete(usize),
    /// It is too long, has a character no token has, or its checksum does not fit.
    #[error("the join token is mistyped")]
    Mistyped,
}

impl JoinToken {
    /// The token of a server's authority with this secret, which has to be random.
    pub fn new(authority: Fingerprint, secret: [u8; SECRET]) -> Self {
        Self { authority, secret }
    }

    /// The token as it is handed over.
    pub fn text(&self) -> String {
        let mut bytes = [self.authority.as_slice(), &self.secret].concat();
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        format!("{PREFIX}{}", encode(&bytes))
    }

    /// What the server keeps in place of the secret.
    pub fn secret_hash(&self) -> [u8; 32] {
        let domain = b"tiendo.v1.JoinToken\0";
        Sha256::new().chain_update(domain).chain_update(self.secret).finalize().into()
    }
}

impl FromStr for JoinToken {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text: String =
            text.chars().filter(|c| !is_blank(*c)).collect::<String>().to_lowercase();
        let text = text.strip_prefix(PREFIX).ok_or(Error::NotAToken)?;
        let characters = text.chars().count();
        if characters < CHARACTERS {
            return Err(Error::Incomplete(characters));
        }
        let bytes = decode(text).ok_or(Error::Mistyped)?;
        let (body, checksum) = bytes.split_at(BYTES - 4);
        if crc32fast::hash(body).to_be_bytes() != checksum {
            return Err(Error::Mistyped);
        }
        let (mut authority, mut secret) = ([0; 32], [0; SECRET]);
        authority.copy_from_slice(&body[..32]);
        secret.copy_from_slice(&body[32..]);
        Ok(Self { authority, secret })
    }
}

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinToken").finish_non_exhaustive()
    }
}

/// What copying adds: white space, and marks that take no room on the screen.
fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

fn encode(bytes: &[u8]) -> String {
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    let character = |at: usize| {
        let value = (0..5).fold(0, |value, offset| value << 1 | bit(at * 5 + offset));
        char::from(ALPHABET[usize::from(value)])
    };
    (0..(bytes.len() * 8).div_ceil(5)).map(character).collect()
}

/// The bytes of a token's text; none if it is of another length, has another
/// character, or bits at its end that no token has.
fn decode(text: &str) -> Option<[u8; BYTES]> {
    if text.len() != CHARACTERS {
        return None;
    }
    let mut bytes = [0; BYTES];
    for (at, character) in text.bytes().enumerate() {
        let value = ALPHABET.iter().position(|known| *known == character)?;
        for offset in (0..5).filter(|offset| value >> (4 - offset) & 1 == 1) {
            let bit = at * 5 + offset;
            *bytes.get_mut(bit / 8)? |= 1 << (7 - bit % 8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token() -> JoinToken {
        JoinToken::new([0xa5; 32], *b"twenty random bytes!")
    }

    #[test]
    fn the_text_is_as_documented() {
        // RFC 4648 §10, in lower case without padding.
        for (bytes, text) in
            [("f", "my"), ("fo", "mzxq"), ("foob", "mzxw6yq"), ("foobar", "mzxw6ytboi")]
        {
            assert_eq!(encode(bytes.as_bytes()), text);
        }
        let text = token().text();
        assert_eq!(text.len(), PREFIX.len() + 90);
        assert!(text.starts_with("tiendo-uws2ljnfuws2"), "{text}");
        assert_eq!(text.parse(), Ok(token()));
    }

    #[test]
    fn what_copying_changes_does_not_matter() {
        let text = token().text();
        let (start, end) = text.split_at(40);
        for copied in [
            text.to_uppercase(),
            format!("  {start}\r\n{end}\n"),
            format!("{start} {end}\u{a0}"),
            format!("\u{feff}{start}\u{ad}\u{200b}{end}"),
        ] {
            assert_eq!(copied.parse(), Ok(token()), "{copied:?}");
        }
    }

    #[test]
    fn every_slip_is_told_from_what_is_no_token() {
        let text = token().text();
        for (slip, error) in [
            ("", Error::NotAToken),
            ("hello", Error::NotAToken),
            (&text[7..], Error::NotAToken),
            ("tiendo-", Error::Incomplete(0)),
            (&text[..96], Error::Incomplete(89)),
            (&format!("{text}a"), Error::Mistyped),
            (&text.replacen("uws", "uw8", 1), Error::Mistyped),
            (&text.replacen("uws", "uwệ", 1), Error::Mistyped),
        ] {
            assert_eq!(slip.parse::<JoinToken>(), Err(error), "{slip}");
        }
        for at in PREFIX.len()..text.len() {
            for other in ALPHABET.iter().filter(|other| **other != text.as_bytes()[at]) {
                let mut slip = text.clone().into_bytes();
                slip[at] = *other;
                let slip = String::from_utf8(slip).unwrap();
                let found = slip.parse::<JoinToken>();
                assert_eq!(found, Err(Error::Mistyped), "character {at} as {}", char::from(*other));
            }
        }
    }

    #[test]
    fn nothing_but_its_text_shows_a_secret() {
        let shown = format!("{:?}", token());
        assert_eq!(shown, "JoinToken { .. }");
        assert_eq!(token().secret_hash(), token().secret_hash());
        let other = JoinToken::new([0xa5; 32], [0; 20]);
        assert_ne!(token().secret_hash(), other.secret_hash());
        assert_eq!(other.secret_hash(), JoinToken::new([0; 32], [0; 20]).secret_hash());
    }

    proptest! {
        #[test]
        fn every_token_is_read_back(authority: [u8; 32], secret: [u8; 20]) {
            let token = JoinToken::new(authority, secret);
            prop_assert_eq!(token.text().parse(), Ok(token));
        }

        #[test]
        fn no_text_is_too_strange_to_refuse(text in ".{0,200}") {
            let found = text.parse::<JoinToken>();
            prop_assert!(found.is_err());
        }
    }
}
