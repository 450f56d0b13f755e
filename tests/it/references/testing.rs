//! Delta debugging and shrinking against brute force: every failure there can be on a few elements.

use mlnotes::engineering::testing::{Shrink, ddmin, for_all};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

fn mask(part: &[usize]) -> usize {
    part.iter().fold(0, |mask, &i| mask | 1 << i)
}

#[test]
fn ddmin_is_one_minimal_for_each_possible_failure_of_four_elements() {
    // A failure is a set of the 16 subsets; bit m of `failure` says whether subset m fails. The whole
    // input, subset 15, must.
    let input = [0, 1, 2, 3];
    for failure in (1u32 << 15)..(1 << 16) {
        let fails = |part: &[usize]| failure >> mask(part) & 1 == 1;
        let small = ddmin(&input, fails).unwrap();
        assert!(fails(&small), "{failure:#b}: {small:?} passes");
        assert!(small.is_sorted(), "{failure:#b}: {small:?} is out of order");
        for i in 0..small.len() {
            let less = [&small[..i], &small[i + 1..]].concat();
            assert!(!fails(&less), "{failure:#b}: {less:?} fails as well as {small:?}");
        }
    }
}

#[test]
fn ddmin_finds_the_smallest_when_more_input_never_mends() {
    // For a monotone failure with one cause the 1-minimal input is the cause itself.
    let input: Vec<usize> = (0..12).collect();
    for cause in 1usize..1 << 12 {
        let small = ddmin(&input, |part| mask(part) & cause == cause).unwrap();
        assert_eq!(mask(&small), cause);
    }
}

#[test]
fn ddmin_stays_within_the_number_of_tests_of_its_paper() {
    // Zeller & Hildebrandt (2002), section 3: at most n² + 3n tests; here one each for the
    // whole and the empty input come on top.
    for n in [8usize, 16, 33, 64] {
        let input: Vec<usize> = (0..n).collect();
        for keep in 1..=n {
            let mut tests = 0;
            // The worst kind: only the very last element can go, again and again, down to `keep`.
            let small = ddmin(&input, |part| {
                tests += 1;
                part.len() >= keep && part.iter().copied().eq(0..part.len())
            });
            assert_eq!(small.unwrap().len(), keep);
            assert!(tests <= n * n + 3 * n + 2, "{n} elements, {keep} kept: {tests} tests");
        }
    }
}

#[test]
fn what_for_all_returns_is_minimal_by_brute_force() {
    let pair = |rng: &mut ChaCha8Rng| (rng.random_range(0..50u64), rng.random_range(0..50u64));
    for limit in 1..60u64 {
        let holds = |x: &(u64, u64)| x.0 * x.1 < limit;
        if let Err(found) = for_all(pair, 300, limit, holds) {
            assert!(!holds(&found.shrunk) && found.shrunk.shrink().iter().all(holds));
            // By one in either number the law holds again.
            let (a, b) = found.shrunk;
            assert!(holds(&(a - 1, b)) && holds(&(a, b - 1)), "{limit}: {a} {b}");
        } else {
            panic!("{limit}: 300 pairs, and none breaks the law");
        }
    }
}
