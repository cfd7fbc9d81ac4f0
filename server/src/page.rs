//! Pages of lists: sizes, and tokens that only this server reads.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;

use crate::failure::Failure;

/// Largest page a list returns.
pub const MOST: u32 = 1_000;

/// Size of a page when the request does not say.
const USUAL: u32 = 100;

/// Number of items asked for: 0 means 100, more than 1,000 means 1,000.
pub fn size(asked: u32) -> usize {
    let size = if asked == 0 { USUAL } else { asked.min(MOST) };
    size as usize
}

/// A token that holds these words.
pub fn token(words: &[&str]) -> String {
    BASE64.encode(words.join("\n"))
}

/// The `N` words of a token; none for an empty one.
pub fn words<const N: usize>(token: &str) -> Result<Option<[String; N]>, Failure> {
    if token.is_empty() {
        return Ok(None);
    }
    let text = BASE64.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let words: Option<Vec<String>> = text.map(|text| text.split('\n').map(str::to_owned).collect());
    let words = words.and_then(|words| words.try_into().ok()).ok_or_else(invalid)?;
    Ok(Some(words))
}

/// The failure of a token that this server did not make.
pub fn invalid() -> Failure {
    let message = "the page token is not one of this list; begin again without it";
    Failure::invalid("page_token", "PAGE_TOKEN", message)
}

/// The page of `items` that a token and a size ask for, and the token of the next.
pub fn slice<T>(items: Vec<T>, asked: u32, page_token: &str) -> Result<(Vec<T>, String), Failure> {
    let start = match words::<1>(page_token)? {
        Some([offset]) => offset.parse().map_err(|_| invalid())?,
        None => 0_usize,
    };
    let total = items.len();
    if start > total {
        return Err(invalid());
    }
    let page: Vec<T> = items.into_iter().skip(start).take(size(asked)).collect();
    let end = start + page.len();
    let next = if end < total { token(&[&end.to_string()]) } else { String::new() };
    Ok((page, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_a_list_once() {
        let mut seen = Vec::new();
        let mut page_token = String::new();
        loop {
            let (page, next) = slice((0..250).collect(), 0, &page_token).unwrap();
            seen.extend(page);
            page_token = next;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, (0..250).collect::<Vec<_>>());
    }

    #[test]
    fn foreign_tokens_are_refused() {
        for foreign in ["!", "MTAw\u{301}", &token(&["a"]), &token(&["1", "2"]), &token(&["999"])] {
            assert!(slice(vec![1, 2], 1, foreign).is_err(), "{foreign}");
        }
    }
}
