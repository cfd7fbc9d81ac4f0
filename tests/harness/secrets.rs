//! Secrets made in this run of the tests: none of them may stand in a log.

use std::sync::{Mutex, PoisonError};

static SECRETS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Remembers a token, or a private key in PEM: what a part of it would be known by.
pub(crate) fn remember(secret: &str) {
    let secret = match secret.strip_prefix("-----BEGIN") {
        Some(pem) => pem.lines().nth(1).unwrap_or_default(),
        // The end of a token is its secret and a checksum.
        None => secret.get(65..90).unwrap_or(secret),
    };
    if secret.len() >= 20 {
        let mut known = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
        known.push(secret.to_owned());
    }
}

/// The first secret that stands in a text.
pub(crate) fn found_in(text: &str) -> Option<String> {
    let known = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    known.iter().find(|secret| text.contains(*secret)).cloned()
}

/// Fails if a secret stands in a log; a test that fails already fails for its own reason.
pub(crate) fn keep_out_of(log: &str) {
    if !std::thread::panicking() {
        assert!(found_in(log).is_none(), "a secret stands in a log:\n{log}");
    }
}
