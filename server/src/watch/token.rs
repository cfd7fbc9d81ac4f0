//! Resume tokens: the verdicts a watcher was told, so that nobody has to remember it.
//!
//! `1.CATALOGUE.VERDICTS`: eight hexadecimal digits that stand for the ids of the
//! targets, and one digit for each target's verdict in the catalogue's order.

use sha2::{Digest as _, Sha256};
use tiendo_shared::catalogue::Catalogue;

use crate::failure::Failure;

/// The token of one who was told these verdicts.
pub(super) fn write(catalogue: &Catalogue, verdicts: impl Iterator<Item = i32>) -> String {
    let digits: String = verdicts.map(|verdict| digit(verdict).unwrap_or('0')).collect();
    format!("1.{}.{digits}", mark(catalogue))
}

/// The verdicts that were told, none if the token is empty. Of another catalogue
/// nothing is known.
pub(super) fn read(token: &str, catalogue: &Catalogue) -> Result<Option<Vec<i32>>, Failure> {
    if token.is_empty() {
        return Ok(None);
    }
    let invalid = || {
        let message = "the resume token is not one of this stream; begin again without it";
        Failure::invalid("resume_token", "RESUME_TOKEN", message)
    };
    let rest = token.strip_prefix("1.").ok_or_else(invalid)?;
    let (marked, digits) = rest.split_once('.').ok_or_else(invalid)?;
    let verdicts = digits.chars().map(|digit| Some(digit.to_digit(10)?.cast_signed()));
    let verdicts: Vec<i32> = verdicts.collect::<Option<_>>().ok_or_else(invalid)?;
    let targets = catalogue.targets().len();
    if marked != mark(catalogue) {
        return Ok(Some(vec![0; targets]));
    }
    if verdicts.len() != targets {
        return Err(invalid());
    }
    Ok(Some(verdicts))
}

fn digit(verdict: i32) -> Option<char> {
    char::from_digit(u32::try_from(verdict).ok()?, 10)
}

fn mark(catalogue: &Catalogue) -> String {
    let mut hasher = Sha256::new();
    for target in catalogue.targets() {
        hasher.update(target.id.as_bytes());
        hasher.update([0]);
    }
    let hash = hasher.finalize();
    let number = hash.first_chunk().copied().map_or(0, u32::from_be_bytes);
    format!("{number:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_what_was_told() {
        let catalogue = Catalogue::parse(crate::SHIPPED_CATALOGUE).unwrap();
        let told: Vec<i32> = (0..).take(catalogue.targets().len()).map(|at| at % 8).collect();
        let token = write(&catalogue, told.iter().copied());
        assert_eq!(read(&token, &catalogue).unwrap(), Some(told.clone()));
        assert_eq!(read("", &catalogue).unwrap(), None);
        for bad in ["x", "1.", "2.00000000.0", &token[..token.len() - 1], &format!("{token}x")] {
            assert!(read(bad, &catalogue).is_err(), "{bad}");
        }
        let other = token.replace(&mark(&catalogue), "00000000");
        assert_eq!(read(&other, &catalogue).unwrap(), Some(vec![0; told.len()]));
    }
}
