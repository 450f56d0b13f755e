//! Property tests: a law, tried on many inputs by chance; the failing one made small.
//!
//! ```text
//! for case in 0..cases:  x ← generate(stream `case` of the seed);  a law that fails on x is broken
//! shrink:  while some simpler x′ breaks the law too:  x ← x′
//! ```
//!
//! What passes is not proved: a fault that shows on a share `p` of the inputs escapes `n` cases with
//! probability `(1 − p)ⁿ`. Each case has a stream of its own, so case 731 can be had again without the
//! 730 before it.
//!
//! # References
//! Claessen & Hughes (2000), *`QuickCheck`*, sections 2 and 3.

use super::Shrink;
use crate::base::stream;
use crate::display::check_interrupt;
use rand_chacha::ChaCha8Rng;
use std::fmt;

/// More steps than this are not taken; a shrink that goes on for ever is a fault of its
/// implementation.
const MAX_STEPS: usize = 10_000;

/// An input that breaks the law.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CounterExample<T> {
    /// The smallest that was found.
    pub shrunk: T,
    /// The one that came by chance.
    pub original: T,
    /// Number of the case, from 0.
    pub case: usize,
    /// The seed: with `case` it gives `original` again.
    pub seed: u64,
    /// Steps from `original` to `shrunk`.
    pub steps: usize,
}

impl<T: fmt::Debug> fmt::Display for CounterExample<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shrunk, original, case, seed, steps } = self;
        write!(
            f,
            "the property fails for {shrunk:?} (case {case} of seed {seed}: {original:?}, shrunk in {steps} steps)"
        )
    }
}

impl<T: fmt::Debug> std::error::Error for CounterExample<T> {}

/// Tries `property` on `cases` inputs of `generate`; a failing one is shrunk until every simpler
/// version that [`Shrink`] offers passes.
///
/// A property says false when it fails; one that panics stops the run at once, unshrunk.
///
/// # Errors
/// The [`CounterExample`], when there is one.
///
/// # Example
/// ```
/// use mlnotes::engineering::testing::for_all;
/// use rand::Rng;
/// // "Reversing changes nothing" is false, and the smallest witness has two different elements.
/// let list = |rng: &mut rand_chacha::ChaCha8Rng| -> Vec<u64> {
///     (0..rng.random_range(0..20)).map(|_| rng.random_range(0..100)).collect()
/// };
/// let reversed = |x: &Vec<u64>| x.iter().rev().copied().collect::<Vec<u64>>();
/// let found = for_all(list, 100, 1, |x| reversed(x) == *x).unwrap_err();
/// assert_eq!(found.shrunk, [0, 1]);
/// // "Twice reversed is the list again" holds.
/// assert!(for_all(list, 100, 1, |x| reversed(&reversed(x)) == *x).is_ok());
/// ```
pub fn for_all<T: Shrink>(
    mut generate: impl FnMut(&mut ChaCha8Rng) -> T,
    cases: usize,
    seed: u64,
    mut property: impl FnMut(&T) -> bool,
) -> Result<(), CounterExample<T>> {
    for case in 0..cases {
        check_interrupt();
        let mut rng = stream(seed, case);
        let original = generate(&mut rng);
        if !property(&original) {
            let (shrunk, steps) = smallest(original.clone(), &mut property);
            return Err(CounterExample { shrunk, original, case, seed, steps });
        }
    }
    Ok(())
}

/// Goes to the first simpler value that fails too, as long as there is one.
fn smallest<T: Shrink>(mut failing: T, property: &mut impl FnMut(&T) -> bool) -> (T, usize) {
    for step in 0..MAX_STEPS {
        match failing.shrink().into_iter().find(|simpler| !property(simpler)) {
            Some(simpler) => failing = simpler,
            None => return (failing, step),
        }
    }
    (failing, MAX_STEPS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;
    use rand::SeedableRng;

    fn numbers(rng: &mut ChaCha8Rng) -> Vec<i64> {
        (0..rng.random_range(0..30)).map(|_| rng.random_range(-1000..1000)).collect()
    }

    #[test]
    fn a_threshold_shrinks_to_itself() {
        for seed in 0..20 {
            let found = for_all(|rng| rng.random_range(0..10_000i64), 500, seed, |x| *x < 437);
            assert_eq!(found.unwrap_err().shrunk, 437);
            let found = for_all(numbers, 500, seed, |x| x.iter().sum::<i64>() <= 100);
            assert_eq!(found.unwrap_err().shrunk, [101]);
        }
    }

    #[test]
    fn what_is_returned_fails_and_nothing_simpler_does() {
        let rising = |x: &Vec<i64>| x.is_sorted();
        let found = for_all(numbers, 100, 3, rising).unwrap_err();
        assert!(!rising(&found.shrunk) && found.shrunk.shrink().iter().all(rising));
        assert!(!rising(&found.original));
        assert_eq!(found.shrunk.len(), 2);
    }

    #[test]
    fn a_case_is_had_again_from_seed_and_case() {
        let found = for_all(numbers, 100, 9, |x| x.len() < 25).unwrap_err();
        let mut rng = ChaCha8Rng::seed_from_u64(found.seed);
        rng.set_stream(found.case as u64);
        assert_eq!(numbers(&mut rng), found.original);
        assert_eq!(for_all(numbers, 100, 9, |x| x.len() < 25), Err(found));
    }

    #[test]
    fn what_holds_is_tried_on_every_case_and_nothing_is_fine() {
        let mut tried = 0;
        let held = for_all(numbers, 77, 0, |_| {
            tried += 1;
            true
        });
        assert!(held.is_ok() && tried == 77);
        assert!(for_all(numbers, 0, 0, |_| false).is_ok());
    }

    #[test]
    fn an_endless_shrink_is_cut_off() {
        #[derive(Debug, Clone)]
        struct Endless;
        impl Shrink for Endless {
            fn shrink(&self) -> Vec<Self> {
                vec![Self]
            }
        }
        assert_eq!(for_all(|_| Endless, 1, 0, |_| false).unwrap_err().steps, MAX_STEPS);
    }

    #[test]
    fn the_sentence_names_witness_case_and_seed() {
        let found = for_all(|_| 5u8, 1, 4, |x| *x < 3).unwrap_err();
        assert_eq!(
            found.to_string(),
            "the property fails for 3 (case 0 of seed 4: 5, shrunk in 1 steps)"
        );
    }
}
