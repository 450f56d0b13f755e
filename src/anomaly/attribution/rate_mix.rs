//! A ratio's change, split into rates, mix and both together.

use crate::{Error, Result};
use std::collections::HashSet;

/// A part of the population, with the two counts of a ratio.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Segment {
    /// What it is called; the same before and after.
    pub name: String,
    /// What happened, for example orders.
    pub numerator: f64,
    /// How often it could, for example visits; 0 for a segment that is not there in this period.
    pub denominator: f64,
}

impl Segment {
    /// A segment.
    pub fn new(name: &str, numerator: f64, denominator: f64) -> Self {
        Self { name: name.to_owned(), numerator, denominator }
    }

    /// `numerator / denominator`, `None` for a segment that is not there.
    pub fn rate(&self) -> Option<f64> {
        (self.denominator > 0.0).then(|| self.numerator / self.denominator)
    }
}

/// A segment's part in the change of the ratio, in the ratio's own units.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Contribution {
    /// The segment.
    pub name: String,
    /// `w⁰ (r¹ − r⁰)`: its rate moved, its weight did not.
    pub rate: f64,
    /// `(w¹ − w⁰)(r⁰ − R⁰)`: its weight moved, its rate did not; positive when a segment better
    /// than average grows, or one worse than average shrinks.
    pub mix: f64,
    /// `(w¹ − w⁰)(r¹ − r⁰)`: what only both together did.
    pub interaction: f64,
}

impl Contribution {
    /// All three.
    pub fn total(&self) -> f64 {
        self.rate + self.mix + self.interaction
    }

    /// Rate and mix, each with half of the interaction: the Shapley value of the two causes, and
    /// the same split, with opposite signs, when before and after change places.
    pub fn symmetric(&self) -> (f64, f64) {
        (self.rate + self.interaction / 2.0, self.mix + self.interaction / 2.0)
    }
}

/// The change of `R = Σ numerators / Σ denominators` from `before` to `after`, by segment:
///
/// ```text
/// wᵢ = dᵢ / Σ d,  rᵢ = nᵢ / dᵢ,  R = Σ wᵢ rᵢ
/// R¹ − R⁰ = Σ w⁰ Δr  +  Σ Δw (r⁰ − R⁰)  +  Σ Δw Δr          (Σ Δw = 0, so R⁰ may be taken off)
///           rate        mix                 interaction
/// ```
///
/// The sum is exact. A segment that is not there in one period has no rate in it; its change counts
/// as mix alone, at the rate that it has in the other.
///
/// # Errors
/// [`Error::Empty`] for no segments; [`Error::NoSupport`] when the two lists do not hold the same
/// names, each once; [`Error::NotFinite`], [`Error::Negative`] for counts; [`Error::EmptyGroup`]
/// when all denominators of a period are 0; [`Error::Parameter`] for something that happened where
/// it could not.
///
/// ```
/// use mlnotes::anomaly::attribution::{Segment, rate_mix};
/// let before = [Segment::new("old", 50.0, 100.0), Segment::new("new", 10.0, 100.0)];
/// let after = [Segment::new("old", 50.0, 100.0), Segment::new("new", 30.0, 300.0)];
/// let parts = rate_mix(&before, &after)?;
/// // No rate moved: 0.30 fell to 0.20 by mix alone.
/// let change: f64 = parts.iter().map(|part| part.mix).sum();
/// assert!((change + 0.1).abs() < 1e-15 && parts.iter().all(|part| part.rate == 0.0));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn rate_mix(before: &[Segment], after: &[Segment]) -> Result<Vec<Contribution>> {
    let pairs = paired(before, after)?;
    let (total0, d0) = total(before);
    let d1 = total(after).1;
    let contribution = |(b, a): (&Segment, &Segment)| {
        let (w0, w1) = (b.denominator / d0, a.denominator / d1);
        let (r0, r1) = match (b.rate(), a.rate()) {
            (Some(r0), Some(r1)) => (r0, r1),
            (Some(r), None) | (None, Some(r)) => (r, r),
            (None, None) => (total0, total0),
        };
        Contribution {
            name: b.name.clone(),
            rate: w0 * (r1 - r0),
            mix: (w1 - w0) * (r0 - total0),
            interaction: (w1 - w0) * (r1 - r0),
        }
    };
    Ok(pairs.into_iter().map(contribution).collect())
}

/// Whether the ratio moved against every segment: all rates that can be compared rose or stayed,
/// one at least rose, and yet the total fell; or the other way round (Simpson 1951).
///
/// # Errors
/// As [`rate_mix`].
///
/// ```
/// use mlnotes::anomaly::attribution::{Segment, is_simpson_reversal};
/// let before = [Segment::new("old", 50.0, 100.0), Segment::new("new", 10.0, 100.0)];
/// let after = [Segment::new("old", 55.0, 100.0), Segment::new("new", 36.0, 300.0)];
/// assert!(is_simpson_reversal(&before, &after)?);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn is_simpson_reversal(before: &[Segment], after: &[Segment]) -> Result<bool> {
    let pairs = paired(before, after)?;
    let change = total(after).0 - total(before).0;
    let moves: Vec<f64> = pairs.iter().filter_map(|(b, a)| Some(a.rate()? - b.rate()?)).collect();
    let against = |sign: f64| {
        sign * change < 0.0
            && moves.iter().all(|m| sign * m >= 0.0)
            && moves.iter().any(|m| sign * m > 0.0)
    };
    Ok(against(1.0) || against(-1.0))
}

/// The ratio and its denominator.
fn total(segments: &[Segment]) -> (f64, f64) {
    let d: f64 = segments.iter().map(|s| s.denominator).sum();
    (segments.iter().map(|s| s.numerator).sum::<f64>() / d, d)
}

/// Each segment before with itself after, and every check of the input.
fn paired<'a>(
    before: &'a [Segment],
    after: &'a [Segment],
) -> Result<Vec<(&'a Segment, &'a Segment)>> {
    check("rate_mix: `before`", before)?;
    check("rate_mix: `after`", after)?;
    let remedy = "name each segment once in both; one that is not there has the counts 0 and 0";
    let other =
        |problem| Error::NoSupport { what: "rate_mix: `before` and `after`", problem, remedy };
    let after_of = |b: &'a Segment| {
        let found = after.iter().find(|a| a.name == b.name);
        let found = found.map(|a| (b, a));
        found.ok_or_else(|| other(format!("the segment \"{}\" is only in `before`", b.name)))
    };
    let pairs = before.iter().map(after_of).collect::<Result<Vec<_>>>()?;
    match after.iter().find(|a| before.iter().all(|b| b.name != a.name)) {
        Some(a) => Err(other(format!("the segment \"{}\" is only in `after`", a.name))),
        None => Ok(pairs),
    }
}

fn check(what: &'static str, segments: &[Segment]) -> Result<()> {
    if segments.is_empty() {
        return Err(Error::Empty { what, needed: "1 segment" });
    }
    let mut names = HashSet::new();
    for (index, segment) in segments.iter().enumerate() {
        for (col, value) in [segment.numerator, segment.denominator].into_iter().enumerate() {
            if !value.is_finite() {
                return Err(Error::NotFinite { what, row: index, col, value });
            }
            // A numerator may be negative: refunds are.
            if col == 1 && value < 0.0 {
                return Err(Error::Negative { what, index, value });
            }
        }
        if segment.denominator <= 0.0 && segment.numerator.abs() > 0.0 {
            return Err(Error::Parameter {
                estimator: "rate_mix",
                name: "numerator",
                rule: "0 where the denominator is 0",
                got: format!("{} in segment \"{}\"", segment.numerator, segment.name),
            });
        }
        if !names.insert(&segment.name) {
            return Err(Error::NoSupport {
                what,
                problem: format!("the segment \"{}\" is there twice", segment.name),
                remedy: "add its counts up first",
            });
        }
    }
    if segments.iter().all(|s| s.denominator <= 0.0) {
        return Err(Error::EmptyGroup { what, group: "whole period".to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segments(counts: &[(f64, f64)]) -> Vec<Segment> {
        let name = |i: usize| format!("s{i}");
        counts.iter().enumerate().map(|(i, &(r, d))| Segment::new(&name(i), r * d, d)).collect()
    }

    proptest! {
        #[test]
        fn the_parts_add_up(
            counts in proptest::collection::vec(
                (0.0..1.0, 0u32..50, 0.0..1.0, 0u32..50), 1..8,
            ),
        ) {
            let before: Vec<_> = counts.iter().map(|c| (c.0, f64::from(c.1))).collect();
            let after: Vec<_> = counts.iter().map(|c| (c.2, f64::from(c.3))).collect();
            let (before, after) = (segments(&before), segments(&after));
            let Ok(parts) = rate_mix(&before, &after) else {
                prop_assert!(counts.iter().all(|c| c.1 == 0) || counts.iter().all(|c| c.3 == 0));
                return Ok(());
            };
            let change = total(&after).0 - total(&before).0;
            let sum: f64 = parts.iter().map(Contribution::total).sum();
            prop_assert!((sum - change).abs() < 1e-12, "{sum} {change}");
            // Backwards in time, the symmetric split only changes its sign.
            let back = rate_mix(&after, &before).unwrap();
            let of = |parts: &[Contribution]| {
                parts.iter().map(|p| p.symmetric().0).sum::<f64>()
            };
            prop_assert!((of(&parts) + of(&back)).abs() < 1e-12);
        }
    }

    #[test]
    fn a_segment_that_comes_or_goes_is_mix() {
        let before = [Segment::new("a", 30.0, 100.0), Segment::new("b", 0.0, 0.0)];
        let after = [Segment::new("a", 30.0, 100.0), Segment::new("b", 10.0, 100.0)];
        for (x, y, sign) in [(&before, &after, 1.0), (&after, &before, -1.0)] {
            let parts = rate_mix(x, y).unwrap();
            assert!(parts.iter().all(|p| p.rate == 0.0 && p.interaction == 0.0));
            let sum: f64 = parts.iter().map(|p| p.mix).sum();
            assert!((sum + sign * 0.1).abs() < 1e-15, "{sum}");
        }
    }

    #[test]
    fn reversals_are_seen_both_ways_and_nothing_else_is() {
        let before = segments(&[(0.5, 100.0), (0.1, 100.0)]);
        let worse = segments(&[(0.55, 100.0), (0.12, 300.0)]);
        assert!(is_simpson_reversal(&before, &worse).unwrap());
        assert!(is_simpson_reversal(&worse, &before).unwrap());
        assert!(!is_simpson_reversal(&before, &segments(&[(0.4, 100.0), (0.1, 300.0)])).unwrap());
        assert!(!is_simpson_reversal(&before, &before).unwrap());
    }

    #[test]
    fn bad_input_is_named() {
        let good = [Segment::new("a", 1.0, 2.0)];
        let said = |after: &[Segment]| rate_mix(&good, after).unwrap_err();
        assert!(matches!(said(&[]), Error::Empty { .. }));
        let other = said(&[Segment::new("b", 1.0, 2.0)]);
        assert!(other.to_string().contains("\"a\" is only in `before`"), "{other}");
        let more = said(&[good[0].clone(), Segment::new("b", 1.0, 2.0)]);
        assert!(more.to_string().contains("\"b\" is only in `after`"), "{more}");
        let twice = said(&[good[0].clone(), good[0].clone()]);
        assert!(twice.to_string().contains("twice"), "{twice}");
        assert!(matches!(said(&[Segment::new("a", 1.0, -2.0)]), Error::Negative { index: 0, .. }));
        assert!(matches!(said(&[Segment::new("a", f64::NAN, 2.0)]), Error::NotFinite { .. }));
        assert!(matches!(said(&[Segment::new("a", 1.0, 0.0)]), Error::Parameter { .. }));
        assert!(matches!(said(&[Segment::new("a", 0.0, 0.0)]), Error::EmptyGroup { .. }));
    }
}
