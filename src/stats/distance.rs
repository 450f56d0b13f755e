//! Distances between words: Hamming, Levenshtein, `SimHash`, and the code that corrects one error.
//!
//! ```text
//! hamming(a, b) = #{ i : aᵢ ≠ bᵢ }        only for words of one length
//! ```
//!
//! Words of different lengths have no Hamming distance; their distance is Levenshtein's. A code whose
//! words lie at least `d` apart corrects `⌊(d − 1)/2⌋` errors: that is why Hamming's (7, 4) code, with
//! `d = 3`, corrects one.
//!
//! # References
//! Hamming (1950), sections 2 and 3; Levenshtein (1966); Charikar (2002), section 3.

use crate::{Error, Result};

/// Number of positions at which two words of bytes differ.
///
/// `SciPy`'s function of this name gives the share of positions instead.
///
/// # Errors
/// [`Error::Shape`] for words of different lengths.
///
/// ```
/// assert_eq!(mlnotes::stats::distance::hamming(b"karolin", b"kathrin")?, 3);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn hamming(a: &[u8], b: &[u8]) -> Result<usize> {
    same_length("hamming: `b`", a.len(), b.len())?;
    Ok(a.iter().zip(b).filter(|(a, b)| a != b).count())
}

/// Number of positions at which two texts differ, counted in characters (Unicode scalar values), not in
/// bytes.
///
/// # Errors
/// [`Error::Shape`] for texts of different lengths.
///
/// ```
/// // Two characters of three bytes each: one differs.
/// assert_eq!(mlnotes::stats::distance::hamming_str("汉明", "汉语")?, 1);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn hamming_str(a: &str, b: &str) -> Result<usize> {
    same_length("hamming_str: `b`", a.chars().count(), b.chars().count())?;
    Ok(a.chars().zip(b.chars()).filter(|(a, b)| a != b).count())
}

/// Number of bits that differ: the ones of `a XOR b`.
///
/// ```
/// assert_eq!(mlnotes::stats::distance::hamming_bits(0b1011, 0b0010), 2);
/// ```
pub fn hamming_bits(a: u64, b: u64) -> u32 {
    (a ^ b).count_ones()
}

/// Least number of insertions, deletions and substitutions of characters that turn one text into the
/// other. Cost `O(|a| |b|)` time, `O(|b|)` memory.
///
/// ```text
/// D(i, j) = min( D(i−1, j) + 1,  D(i, j−1) + 1,  D(i−1, j−1) + [aᵢ ≠ bⱼ] ),   D(i, 0) = i, D(0, j) = j
/// ```
///
/// ```
/// assert_eq!(mlnotes::stats::distance::levenshtein("kitten", "sitting"), 3);
/// ```
///
/// # References
/// Wagner & Fischer (1974).
pub fn levenshtein(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        // `row` holds D(i, ·); `diagonal` is the D(i, j − 1) that is overwritten already.
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// A 64-bit fingerprint of weighted features whose Hamming distance measures their angle: for two bags
/// of features at an angle `θ`, each bit differs with probability `θ / π`.
///
/// ```text
/// bit j = [ Σ_f w_f s_{fj} > 0 ],   s_{fj} = ±1 by bit j of the hash of feature f (XXH3)
/// ```
///
/// # Errors
/// [`Error::Empty`] without features, [`Error::NotFinite`] for a weight that is no number.
///
/// ```
/// use mlnotes::stats::distance::{hamming_bits, simhash};
/// let a = simhash(&[("machine", 2.0), ("learning", 2.0), ("notes", 1.0)])?;
/// let b = simhash(&[("machine", 2.0), ("learning", 2.0), ("book", 1.0)])?;
/// let c = simhash(&[("onions", 2.0), ("garlic", 1.0), ("butter", 3.0)])?;
/// assert!(hamming_bits(a, b) < hamming_bits(a, c));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Charikar (2002), section 3; Manku, Jain & Das Sarma (2007), section 2.
pub fn simhash(features: &[(&str, f64)]) -> Result<u64> {
    if features.is_empty() {
        return Err(Error::Empty { what: "simhash: `features`", needed: "1 feature" });
    }
    let mut sums = [0.0_f64; 64];
    for (row, (feature, weight)) in features.iter().enumerate() {
        if !weight.is_finite() {
            let what = "simhash: `features`";
            return Err(Error::NotFinite { what, row, col: 1, value: *weight });
        }
        let hash = xxhash_rust::xxh3::xxh3_64(feature.as_bytes());
        for (j, sum) in sums.iter_mut().enumerate() {
            *sum += if hash >> j & 1 == 1 { *weight } else { -*weight };
        }
    }
    Ok(sums.iter().enumerate().fold(0, |word, (j, sum)| word | u64::from(*sum > 0.0) << j))
}

/// Hamming's (7, 4) code: four bits of data travel as seven, and one wrong bit is found and mended.
///
/// Positions count from 1; those that are powers of two (1, 2, 4) hold parities, the others data. Parity
/// `p` makes the sum of all positions whose number contains the bit `p` even, so that the failed
/// parities add up to the position of the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hamming74;

impl Hamming74 {
    /// The code word of four bits (each 0 or 1).
    ///
    /// # Errors
    /// [`Error::Label`] for a value that is no bit.
    ///
    /// ```
    /// use mlnotes::stats::distance::Hamming74;
    /// assert_eq!(Hamming74::encode([1, 0, 1, 1])?, [0, 1, 1, 0, 0, 1, 1]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn encode(data: [u8; 4]) -> Result<[u8; 7]> {
        check_bits("Hamming74::encode: `data`", &data)?;
        let [a, b, c, d] = data;
        Ok([a ^ b ^ d, a ^ c ^ d, a, b ^ c ^ d, b, c, d])
    }

    /// The data in a received word, and the position (from 1) of the bit that was wrong, if one was.
    /// Two errors in a word are beyond the code: it mends a third bit.
    ///
    /// # Errors
    /// [`Error::Label`] for a value that is no bit.
    ///
    /// ```
    /// use mlnotes::stats::distance::Hamming74;
    /// assert_eq!(Hamming74::decode([0, 1, 1, 0, 1, 1, 1])?, ([1, 0, 1, 1], Some(5)));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn decode(mut word: [u8; 7]) -> Result<([u8; 4], Option<usize>)> {
        check_bits("Hamming74::decode: `word`", &word)?;
        // The syndrome: the exclusive or of the numbers of all positions that hold a one.
        let error = (1..=7).filter(|position| word[position - 1] == 1).fold(0, |s, p| s ^ p);
        if error > 0 {
            word[error - 1] ^= 1;
        }
        Ok(([word[2], word[4], word[5], word[6]], (error > 0).then_some(error)))
    }
}

fn check_bits(what: &'static str, bits: &[u8]) -> Result<()> {
    match bits.iter().position(|bit| *bit > 1) {
        Some(index) => {
            let got = bits[index].to_string();
            Err(Error::Label { what, index, got, allowed: "0 or 1" })
        }
        None => Ok(()),
    }
}

fn same_length(what: &'static str, a: usize, b: usize) -> Result<()> {
    if a == b {
        return Ok(());
    }
    let expected = format!("({a},), as long as `a` (see `levenshtein` for other lengths)");
    Err(Error::Shape { what, expected, got: format!("({b},)") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_single_error_is_mended_and_words_lie_three_apart() {
        let data = |n: u8| [n >> 3 & 1, n >> 2 & 1, n >> 1 & 1, n & 1];
        for n in 0..16 {
            let word = Hamming74::encode(data(n)).unwrap();
            assert_eq!(Hamming74::decode(word).unwrap(), (data(n), None));
            for i in 0..7 {
                let mut wrong = word;
                wrong[i] ^= 1;
                assert_eq!(Hamming74::decode(wrong).unwrap(), (data(n), Some(i + 1)));
            }
            for m in 0..n {
                assert!(hamming(&word, &Hamming74::encode(data(m)).unwrap()).unwrap() >= 3);
            }
        }
        let error = Hamming74::encode([0, 2, 0, 0]).unwrap_err();
        assert!(error.to_string().contains("label 2 at position 1"), "{error}");
    }

    /// Straight from the definition, exponential.
    fn by_definition(a: &[char], b: &[char]) -> usize {
        match (a, b) {
            ([], rest) | (rest, []) => rest.len(),
            ([x, a @ ..], [y, b @ ..]) if x == y => by_definition(a, b),
            ([_, shorter_a @ ..], [_, shorter_b @ ..]) => {
                let substituted = by_definition(shorter_a, shorter_b);
                1 + substituted.min(by_definition(shorter_a, b)).min(by_definition(a, shorter_b))
            }
        }
    }

    proptest! {
        #[test]
        fn both_are_metrics(a in "[abé]{6}", b in "[abé]{6}", c in "[abé]{6}") {
            let h = |x: &str, y: &str| hamming_str(x, y).unwrap();
            for d in [&h as &dyn Fn(&str, &str) -> usize, &levenshtein] {
                prop_assert_eq!(d(&a, &a), 0);
                prop_assert_eq!(d(&a, &b) == 0, a == b);
                prop_assert_eq!(d(&a, &b), d(&b, &a));
                prop_assert!(d(&a, &c) <= d(&a, &b) + d(&b, &c));
            }
            prop_assert!(levenshtein(&a, &b) <= h(&a, &b));
        }

        #[test]
        fn levenshtein_is_its_definition(a in "[abc]{0,5}", b in "[abc]{0,5}") {
            let (x, y): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            prop_assert_eq!(levenshtein(&a, &b), by_definition(&x, &y));
        }
    }

    #[test]
    fn simhash_bits_differ_as_often_as_the_angle_says() {
        // Bags of 200 words of which 100 are shared: cos θ = 1/2, so a third of the bits differs.
        let (rounds, mut differ) = (400, 0);
        for round in 0..rounds {
            let words: Vec<String> = (0..300).map(|i| format!("{round}-{i}")).collect();
            let bag = |range: std::ops::Range<usize>| {
                let bag: Vec<_> = words[range].iter().map(|word| (word.as_str(), 1.0)).collect();
                simhash(&bag).unwrap()
            };
            differ += hamming_bits(bag(0..200), bag(100..300));
        }
        let n = f64::from(rounds) * 64.0;
        let share = f64::from(differ) / n;
        let standard_error = (2.0f64 / 9.0 / n).sqrt();
        // A sum of 200 signs is 0 now and then, which breaks the tie one way: allow for it.
        assert!((share - 1.0 / 3.0).abs() < 4.0 * standard_error + 0.005, "{share}");
    }

    #[test]
    fn lengths_and_weights_are_checked() {
        let error = hamming(b"abc", b"ab").unwrap_err().to_string();
        assert!(error.contains("expected shape (3,)") && error.contains("got (2,)"), "{error}");
        assert!(hamming_str("é", "ab").is_err());
        assert_eq!((hamming(b"", b"").unwrap(), levenshtein("", "né")), (0, 2));
        assert!(matches!(simhash(&[]), Err(Error::Empty { .. })));
        assert!(matches!(simhash(&[("a", f64::NAN)]), Err(Error::NotFinite { row: 0, .. })));
    }
}
