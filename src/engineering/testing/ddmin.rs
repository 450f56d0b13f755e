//! Delta debugging: the part of an input that makes a program fail.
//!
//! ```text
//! cut the input into n chunks (n = 2 at first)
//! some chunk fails alone      → go on with it,              n = 2
//! some complement fails       → go on without that chunk,   n = max(n − 1, 2)
//! neither                     → halve the chunks; stop when they are single elements
//! ```
//!
//! The result is 1-minimal: it fails, and it passes when any one element is left out. It need not be
//! the shortest input that fails, which only a search through all `2ⁿ` subsets finds. Cost: between
//! `O(ln n)` tests (one guilty element) and `O(n²)`.
//!
//! # References
//! Zeller & Hildebrandt (2002), IEEE Transactions on Software Engineering 28(2), section 3.

use crate::display::check_interrupt;
use crate::{Error, Result};

/// Makes a failing `input`, shape `(n,)`, 1-minimal: keeps a subsequence on which `fails` still says
/// true, and says false as soon as any single element goes. `fails` must answer the same each time.
///
/// # Errors
/// [`Error::Parameter`] when the whole input does not fail.
///
/// # Example
/// ```
/// use mlnotes::engineering::testing::ddmin;
/// let page: Vec<char> = "<SELECT NAME=\"priority\" MULTIPLE SIZE=7>".chars().collect();
/// // A program that breaks on the tag, whatever its attributes.
/// let breaks = |text: &[char]| {
///     let text: String = text.iter().collect();
///     text.find("<SELECT").is_some_and(|at| text[at..].contains('>'))
/// };
/// let small: String = ddmin(&page, breaks)?.iter().collect();
/// assert_eq!(small, "<SELECT>");
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn ddmin<T: Clone>(input: &[T], mut fails: impl FnMut(&[T]) -> bool) -> Result<Vec<T>> {
    if !fails(input) {
        return Err(Error::Parameter {
            estimator: "ddmin",
            name: "input",
            rule: "an input that fails: there is nothing to make smaller",
            got: format!("{} elements that pass", input.len()),
        });
    }
    if fails(&[]) {
        return Ok(Vec::new());
    }
    let mut current = input.to_vec();
    let mut n = 2;
    while current.len() >= 2 {
        check_interrupt();
        n = n.min(current.len());
        let cuts: Vec<usize> = (0..=n).map(|i| i * current.len() / n).collect();
        let chunks = || cuts.windows(2).map(|c| (c[0], c[1]));
        if let Some((from, to)) = chunks().find(|&(from, to)| fails(&current[from..to])) {
            current = current[from..to].to_vec();
            n = 2;
            continue;
        }
        let without = |(from, to): (usize, usize)| [&current[..from], &current[to..]].concat();
        // With two chunks the complements are the chunks, and those passed.
        let smaller = if n == 2 { None } else { chunks().map(without).find(|rest| fails(rest)) };
        if let Some(smaller) = smaller {
            current = smaller;
            n = (n - 1).max(2);
        } else if n == current.len() {
            break;
        } else {
            n *= 2;
        }
    }
    Ok(current)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_guilty_of_eight_as_in_the_paper() {
        let guilty = |c: &[u32]| [1, 7, 8].iter().all(|x| c.contains(x));
        assert_eq!(ddmin(&[1, 2, 3, 4, 5, 6, 7, 8], guilty), Ok(vec![1, 7, 8]));
    }

    proptest! {
        #[test]
        fn the_result_is_one_minimal_whatever_the_failure(n in 1usize..11, rule in any::<u64>()) {
            // A failure without any order to it: a hash of the elements decides; the whole fails.
            let input: Vec<usize> = (0..n).collect();
            let fails = |c: &[usize]| {
                let mask = c.iter().fold(0u64, |mask, &i| mask | 1 << i);
                c.len() == n || (mask ^ rule).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 62 == 0
            };
            let small = ddmin(&input, fails).unwrap();
            prop_assert!(fails(&small));
            for i in 0..small.len() {
                let mut less = small.clone();
                less.remove(i);
                prop_assert!(!fails(&less), "{:?} fails too", less);
            }
        }
    }

    #[test]
    fn one_guilty_element_takes_about_two_tests_a_halving() {
        let input: Vec<u32> = (0..1024).collect();
        let mut tests = 0;
        let small = ddmin(&input, |c| {
            tests += 1;
            c.contains(&777)
        });
        assert_eq!(small, Ok(vec![777]));
        assert!(tests <= 2 + 2 * 10, "{tests}");
    }

    #[test]
    fn ends_of_the_range() {
        assert_eq!(ddmin(&[1, 2, 3], |_| true), Ok(vec![]));
        assert_eq!(ddmin(&[4], |c| !c.is_empty()), Ok(vec![4]));
        assert_eq!(ddmin::<u8>(&[], |_| true), Ok(vec![]));
        let error = ddmin(&[1, 2], |_| false).unwrap_err();
        assert!(error.to_string().contains("2 elements that pass"), "{error}");
    }
}
