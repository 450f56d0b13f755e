//! Weight of evidence and information value of a binned feature.

use super::{check_binary, check_length};
use crate::base::{finite, shape, stored, views};
use crate::{Error, Result};
use ndarray::Array1;
use serde::{Deserialize, Serialize};

/// Weight of evidence of each bin, and what the feature is worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct WoeTable {
    /// Rows in each bin, shape `(n_bins,)`.
    pub count: Vec<usize>,
    /// Rows of class 1 in each bin, shape `(n_bins,)`.
    pub events: Vec<usize>,
    /// `events / count`, unsmoothed, NaN-free: the overall rate where a bin is empty; shape `(n_bins,)`.
    pub rate: Array1<f64>,
    /// `ln(gᵢ / bᵢ)`: positive where class 0 is over-represented, shape `(n_bins,)`.
    pub woe: Array1<f64>,
    /// `(gᵢ − bᵢ) woeᵢ`, what each bin adds, never negative; shape `(n_bins,)`.
    pub contribution: Array1<f64>,
    /// Information value: the sum of the contributions.
    pub iv: f64,
}

stored!(WoeTable, |m| {
    let n = m.woe.len();
    shape("count", (m.count.len(), m.events.len()), (n, n))?;
    shape("rate", (m.rate.len(), m.contribution.len()), (n, n))?;
    finite("woe", m.woe.iter().chain(&m.rate).chain(&m.contribution))
});

/// Weight of evidence of the bins `0..` of a feature, and its information value, for classes `y` (1 is the
/// event, in credit scoring a default), shapes `(n_samples,)`.
///
/// ```text
/// gᵢ = (n₀ᵢ + a) / (n₀ + a B)      share of all class-0 rows that lie in bin i, smoothed by a = `smoothing`
/// bᵢ = (n₁ᵢ + a) / (n₁ + a B)      the same of class 1;  B bins
/// WoEᵢ = ln(gᵢ / bᵢ)      IV = Σ (gᵢ − bᵢ) WoEᵢ = KL(g‖b) + KL(b‖g)
/// ```
///
/// The last equality makes it Jeffreys' divergence; with two months in place of two classes the same sum is
/// the population stability index (PSI). By Bayes, `logit P(y = 0 | i) = WoEᵢ + ln(n₀/n₁)`: bins replaced by
/// their weight of evidence are linear in the log-odds, which is what a scorecard's logistic regression needs.
///
/// A bin without one of the classes makes the sum infinite; `smoothing` 0.5 is usual. Rules of thumb
/// (Siddiqi 2006): below 0.02 useless, 0.1 to 0.3 medium, above 0.5 suspiciously good. IV never falls
/// when a bin is split, so compare features with equally many bins.
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::Label`], [`Error::SingleClass`]; [`Error::Parameter`] for a
/// negative `smoothing`; [`Error::EmptyGroup`] when a bin lacks a class and `smoothing` is 0.
///
/// ```
/// use mlnotes::features::selection::woe_iv;
/// // Bin 0: 3 good, 1 bad; bin 1: 1 good, 3 bad.
/// let table = woe_iv(&[0, 0, 0, 0, 1, 1, 1, 1], &[0, 0, 0, 1, 0, 1, 1, 1], 0.0)?;
/// assert!((table.woe[0] - 3f64.ln()).abs() < 1e-15);
/// assert!((table.iv - 3f64.ln()).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Good (1950), weight of evidence; Jeffreys (1946); Siddiqi (2006), *Credit Risk Scorecards*, chapter 6.
#[views]
pub fn woe_iv(bins: &[usize], y: &[usize], smoothing: f64) -> Result<WoeTable> {
    const WHAT: &str = "woe_iv: `bins`";
    check_binary("woe_iv: `y`", y)?;
    check_length(WHAT, bins, y.len())?;
    if !(smoothing.is_finite() && smoothing >= 0.0) {
        let (rule, got) = ("finite and >= 0", smoothing.to_string());
        return Err(Error::Parameter { estimator: "woe_iv", name: "smoothing", rule, got });
    }
    let n_bins = bins.iter().max().map_or(0, |largest| largest + 1);
    if n_bins > y.len() {
        return Err(Error::Parameter {
            estimator: "woe_iv",
            name: "bins",
            rule: "numbers from 0, below the number of rows",
            got: (n_bins - 1).to_string(),
        });
    }
    let (mut count, mut events) = (vec![0; n_bins], vec![0; n_bins]);
    for (&bin, &label) in bins.iter().zip(y) {
        count[bin] += 1;
        events[bin] += label;
    }
    let lacking = (0..n_bins).find(|&bin| events[bin] == 0 || events[bin] == count[bin]);
    if let (Some(bin), true) = (lacking, smoothing == 0.0) {
        let class = usize::from(events[bin] == 0);
        let group = format!("class-{class} part of bin {bin} (merge bins, or set `smoothing` > 0)");
        return Err(Error::EmptyGroup { what: WHAT, group });
    }
    let n1 = events.iter().sum::<usize>() as f64;
    let n0 = y.len() as f64 - n1;
    let padding = smoothing * n_bins as f64;
    let share = |n: usize, all: f64| (n as f64 + smoothing) / (all + padding);
    let good: Array1<f64> = (0..n_bins).map(|i| share(count[i] - events[i], n0)).collect();
    let bad: Array1<f64> = (0..n_bins).map(|i| share(events[i], n1)).collect();
    let woe = (&good / &bad).mapv(f64::ln);
    let contribution = (&good - &bad) * &woe;
    let overall = n1 / y.len() as f64;
    let rate = (0..n_bins)
        .map(|i| if count[i] > 0 { events[i] as f64 / count[i] as f64 } else { overall })
        .collect();
    let iv = contribution.sum();
    Ok(WoeTable { count, events, rate, woe, contribution, iv })
}

impl WoeTable {
    /// The weight of evidence of each row's bin, shape `(n_rows,)`: the feature as a scorecard uses it.
    ///
    /// # Errors
    /// [`Error::Label`] for a bin that the table does not have.
    #[views]
    pub fn transform(&self, bins: &[usize]) -> Result<Array1<f64>> {
        if let Some(index) = bins.iter().position(|&bin| bin >= self.woe.len()) {
            let what = "WoeTable::transform: `bins`";
            let got = bins[index].to_string();
            return Err(Error::Label { what, index, got, allowed: "bins of the table" });
        }
        Ok(bins.iter().map(|&bin| self.woe[bin]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::information::kl_divergence;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_jeffreys_divergence_and_splitting_never_lowers_it(
            rows in proptest::collection::vec((0usize..4, 0usize..2), 30..80),
        ) {
            let (bins, y): (Vec<usize>, Vec<usize>) = rows.iter().copied().unzip();
            prop_assume!((0..4).all(|b| (0..2).all(|c| rows.contains(&(b, c)))));
            let table = woe_iv(&bins, &y, 0.0).unwrap();
            let n1 = y.iter().sum::<usize>() as f64;
            let n0 = y.len() as f64 - n1;
            let bad: Array1<f64> = table.events.iter().map(|&e| e as f64 / n1).collect();
            let good: Array1<f64> = (0..4).map(|i| (table.count[i] - table.events[i]) as f64 / n0).collect();
            let jeffreys = kl_divergence(good.view(), bad.view()).unwrap()
                + kl_divergence(bad.view(), good.view()).unwrap();
            prop_assert!((table.iv - jeffreys).abs() < 1e-12);
            prop_assert!(table.contribution.iter().all(|c| *c >= 0.0));
            let merged: Vec<usize> = bins.iter().map(|b| b / 2).collect();
            prop_assert!(woe_iv(&merged, &y, 0.0).unwrap().iv <= table.iv + 1e-12);
            // Bayes: the log-odds of class 0 in a bin.
            for i in 0..4 {
                let odds = ((1.0 - table.rate[i]) / table.rate[i]).ln();
                prop_assert!((odds - table.woe[i] - (n0 / n1).ln()).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn an_empty_cell_needs_smoothing_and_bad_input_is_named() {
        let (bins, y) = ([0, 0, 1, 1], [0, 0, 0, 1]);
        let error = woe_iv(&bins, &y, 0.0).unwrap_err();
        assert!(error.to_string().contains("class-1 part of bin 0"), "{error}");
        let table = woe_iv(&bins, &y, 0.5).unwrap();
        assert!(table.iv.is_finite() && table.iv > 0.0);
        // A bin without rows at all: both shares are a / (n + a B).
        let gap = woe_iv(&[0, 2, 2, 0], &y, 1.0).unwrap();
        assert!(
            (gap.woe[1] - (4.0f64 / 6.0).ln()).abs() < 1e-15 && (gap.rate[1] - 0.25).abs() < 1e-15
        );
        assert!(matches!(woe_iv(&bins, &y, -1.0), Err(Error::Parameter { .. })));
        assert!(matches!(woe_iv(&bins, &[1; 4], 0.5), Err(Error::SingleClass { .. })));
        assert!(matches!(woe_iv(&bins, &[0, 1, 2, 0], 0.5), Err(Error::Label { index: 2, .. })));
        assert!(matches!(woe_iv(&bins[..2], &y, 0.5), Err(Error::Shape { .. })));
        assert!(matches!(woe_iv(&[], &[], 0.5), Err(Error::Empty { .. })));
        assert!(matches!(
            woe_iv(&[0, 0, 0, usize::MAX - 1], &y, 0.5),
            Err(Error::Parameter { .. })
        ));
        assert!(table.transform(&[0, 2]).is_err());
        assert_eq!(table.transform(&[1, 0]).unwrap(), ndarray::array![table.woe[1], table.woe[0]]);
    }
}
