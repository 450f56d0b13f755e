//! Chance: one seed, and a stream of it for each run, tree and fold.
//!
//! `ChaCha8` has 2⁶⁴ streams a seed that never meet, so run `i` of one seed shares nothing with any run of
//! another. A seed plus `i` would: runs 1 to 9 of seed 0 would be runs 0 to 8 of seed 1.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The generator of run `i` under `seed`; run 0 is what the seed alone gives.
///
/// ```
/// use mlnotes::base::stream;
/// use rand::{Rng, RngCore};
/// assert_eq!(stream(7, 2).next_u64(), stream(7, 2).next_u64());
/// assert_ne!(stream(7, 2).next_u64(), stream(8, 1).next_u64());
/// let share: f64 = stream(7, 0).random();
/// assert!((0.0..1.0).contains(&share));
/// ```
///
/// # References
/// Bernstein (2008), *`ChaCha`, a variant of `Salsa20`*; the `rand_chacha` crate, whose numbers are the same on
/// every machine.
pub fn stream(seed: u64, i: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(i as u64);
    rng
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngCore;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_seeds_share_a_stream() {
        let firsts: BTreeSet<u64> =
            (0..50).flat_map(|seed| (0..20).map(move |i| stream(seed, i).next_u64())).collect();
        assert_eq!(firsts.len(), 1000);
        assert_eq!(stream(3, 0).next_u64(), ChaCha8Rng::seed_from_u64(3).next_u64());
    }
}
