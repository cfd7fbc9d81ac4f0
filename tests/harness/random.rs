//! Chance that can be had again: the seed is printed, and `TIENDO_SEED` sets it.

/// A generator whose seed a failing test shows.
pub(crate) type Random = fastrand::Rng;

/// A generator; its seed stands in the output of the test.
pub(crate) fn random(test: &str) -> Random {
    let seed = std::env::var("TIENDO_SEED")
        .ok()
        .map_or_else(|| fastrand::u64(..), |text| text.parse().expect("TIENDO_SEED is a number"));
    println!("{test}: TIENDO_SEED={seed}");
    Random::with_seed(seed)
}
