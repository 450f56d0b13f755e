//! Who was treated and what became of them: a job training experiment, people it can be compared with, organ
//! donor registrations by state.
//!
//! ```
//! use mlnotes::data::{nsw, nsw_with_cps};
//! assert_eq!((nsw().x.dim(), nsw().n_treated()), ((445, 8), 185));
//! // The experiment's effect, and what a naive comparison with the population says.
//! assert!((nsw().naive_difference() - 1794.34).abs() < 0.01);
//! assert!((nsw_with_cps().naive_difference() + 8497.52).abs() < 0.01);
//! ```

use ndarray::{Array1, Array2};
use std::sync::OnceLock;

/// Covariates, a treatment, and an outcome.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TreatmentSet {
    /// Covariates from before the treatment, shape `(n_samples, n_features)`.
    pub x: Array2<f64>,
    /// Whether a row was treated, 0 or 1, shape `(n_samples,)`.
    pub t: Vec<usize>,
    /// The outcome, shape `(n_samples,)`.
    pub y: Array1<f64>,
    /// What each column of `x` is.
    pub feature_names: Vec<&'static str>,
    /// Package, version and original publication.
    pub source: &'static str,
}

impl TreatmentSet {
    /// Number of treated rows.
    pub fn n_treated(&self) -> usize {
        self.t.iter().sum()
    }

    /// Mean outcome of the treated minus that of the others.
    pub fn naive_difference(&self) -> f64 {
        let mean = |arm: usize| {
            let (mut sum, mut n) = (0.0, 0.0);
            for (&y, _) in self.y.iter().zip(&self.t).filter(|(_, t)| **t == arm) {
                sum += y;
                n += 1.0;
            }
            sum / n
        };
        mean(1) - mean(0)
    }
}

/// Columns of the NSW and CPS files, without treatment and outcome.
const FEATURES: [&str; 8] =
    ["age", "education", "black", "hispanic", "married", "no_degree", "re74", "re75"];

/// The National Supported Work experiment: 445 men in bad straits, 185 of them drawn by lot for a year of
/// guaranteed work (`t`), and their earnings in 1978 in dollars (`y`). The sample of Dehejia & Wahba (1999) of
/// LaLonde's (1986). Covariates: age and education in years, four indicators, earnings in 1974 and 1975 in
/// dollars.
///
/// ```
/// let set = mlnotes::data::nsw();
/// assert_eq!(set.feature_names[6], "re74");
/// ```
pub fn nsw() -> &'static TreatmentSet {
    static SET: OnceLock<TreatmentSet> = OnceLock::new();
    SET.get_or_init(|| {
        training(&[include_str!("nsw/data.csv")], include_str!("nsw/SOURCE"), |_| true)
    })
}

/// The 185 treated men of [`nsw`], and 15,992 of the Current Population Survey who were not (`t = 0`): what an
/// observer without the experiment's own controls would have.
///
/// ```
/// let set = mlnotes::data::nsw_with_cps();
/// assert_eq!((set.x.dim(), set.n_treated()), ((16_177, 8), 185));
/// ```
pub fn nsw_with_cps() -> &'static TreatmentSet {
    static SET: OnceLock<TreatmentSet> = OnceLock::new();
    SET.get_or_init(|| {
        let files = [include_str!("nsw/data.csv"), include_str!("cps/data.csv")];
        let source = include_str!("cps/SOURCE");
        // The experiment's own controls stay out; those of the survey are marked by their file.
        training(&files, source, |(file, treated)| file == 1 || treated)
    })
}

/// Reads files of one layout: `treat`, the covariates, `re78`.
///
/// The files are fixed at compile time and a test reads every one, hence no error is returned.
fn training(
    files: &[&str],
    source: &'static str,
    keep: impl Fn((usize, bool)) -> bool,
) -> TreatmentSet {
    let (mut values, mut t, mut y) = (Vec::new(), Vec::new(), Vec::new());
    for (number, file) in files.iter().enumerate() {
        for line in file.lines().skip(1) {
            // Earnings were published in single precision, and are written with as many digits as that needs.
            let row: Vec<f64> =
                line.split(',').map_while(|f| f.parse::<f32>().ok()).map(f64::from).collect();
            let [treated, covariates @ .., outcome] = row.as_slice() else { continue };
            let treated = *treated > 0.5;
            if keep((number, treated)) {
                t.push(usize::from(treated));
                values.extend_from_slice(covariates);
                y.push(*outcome);
            }
        }
    }
    let x = Array2::from_shape_vec((t.len(), FEATURES.len()), values).unwrap_or_default();
    let source = source.trim_ascii();
    TreatmentSet { x, t, y: y.into(), feature_names: FEATURES.to_vec(), source }
}

/// Shares of people who register as organ donors, by state and quarter.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OrganDonations {
    /// The state of each row, an index into `state_names`, shape `(162,)`.
    pub state: Vec<usize>,
    /// The quarter, from 1 (fourth of 2010) to 6 (first of 2012).
    pub quarter: Vec<usize>,
    /// The share of those asked who register, from 0 to 1.
    pub rate: Array1<f64>,
    /// 1 for California, which from quarter 4 on asked everybody for a yes or a no, 0 for the others.
    pub treated: Vec<usize>,
    /// The 27 states.
    pub state_names: Vec<&'static str>,
    /// Package, version and original publication.
    pub source: &'static str,
}

impl OrganDonations {
    /// The first quarter of California's new question.
    pub const START: usize = 4;

    /// 1 from [`OrganDonations::START`] on, 0 before, shape `(162,)`.
    pub fn post(&self) -> Vec<usize> {
        self.quarter.iter().map(|&q| usize::from(q >= Self::START)).collect()
    }
}

/// Organ donor registrations in 27 states over six quarters (Kessler & Roth 2014): in July 2011 California
/// replaced its opt-in form by a question that must be answered.
///
/// ```
/// let set = mlnotes::data::organ_donations();
/// assert_eq!((set.rate.len(), set.state_names.len()), (162, 27));
/// assert_eq!(set.treated.iter().sum::<usize>(), 6);
/// ```
pub fn organ_donations() -> &'static OrganDonations {
    static SET: OnceLock<OrganDonations> = OnceLock::new();
    SET.get_or_init(|| {
        let source = include_str!("organ_donations/SOURCE").trim_ascii();
        let mut set = OrganDonations {
            state: Vec::new(),
            quarter: Vec::new(),
            rate: Array1::default(0),
            treated: Vec::new(),
            state_names: Vec::new(),
            source,
        };
        let mut rate = Vec::new();
        for line in include_str!("organ_donations/data.csv").lines().skip(1) {
            let fields: Vec<&'static str> = line.split(',').collect();
            let [name, quarter, share] = fields.as_slice() else { continue };
            let (Ok(quarter), Ok(share)) = (quarter.parse(), share.parse()) else { continue };
            // The rows of a state stand together.
            if set.state_names.last() != Some(name) {
                set.state_names.push(name);
            }
            set.state.push(set.state_names.len() - 1);
            set.quarter.push(quarter);
            set.treated.push(usize::from(*name == "California"));
            rate.push(share);
        }
        set.rate = rate.into();
        set
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_is_whole() {
        let (small, large, organs) = (nsw(), nsw_with_cps(), organ_donations());
        assert_eq!((small.x.dim(), small.y.len(), small.n_treated()), ((445, 8), 445, 185));
        assert_eq!((large.x.dim(), large.y.len(), large.n_treated()), ((16_177, 8), 16_177, 185));
        assert!(small.x.iter().chain(&small.y).chain(&large.x).chain(&large.y).all(|v| *v >= 0.0));
        assert!((small.y[0] - 9_930.045_898_437_5).abs() < 1e-12, "single precision, exactly");
        assert_eq!((organs.state.len(), organs.quarter.len(), organs.rate.len()), (162, 162, 162));
        assert_eq!(organs.post().iter().sum::<usize>(), 81);
        for s in 0..27 {
            assert_eq!(organs.state.iter().filter(|&&x| x == s).count(), 6);
        }
        assert!(organs.rate.iter().all(|r| (0.0..1.0).contains(r)));
    }
}
