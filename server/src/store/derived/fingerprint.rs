//! Tells whether saved state still means the same under a catalogue.

use sha2::{Digest as _, Sha256};
use tiendo_shared::catalogue::Catalogue;
use tiendo_shared::submission::Hash;

/// A hash of all that the places in points refer to and reading depends on.
pub(in crate::store) fn fingerprint(catalogue: &Catalogue) -> Hash {
    let mut hasher = Sha256::new();
    for indicator in catalogue.indicators() {
        let read = (
            (&indicator.id, &indicator.kind, indicator.range),
            (indicator.frequency, &indicator.also_accepted),
            (&indicator.dimensions, &indicator.editions, &indicator.territories),
        );
        hasher.update(format!("{read:?}\n"));
    }
    hasher.finalize().into()
}
