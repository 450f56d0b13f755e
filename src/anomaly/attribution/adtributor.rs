//! Adtributor: the dimension to blame, and its elements.

use crate::base::setters;
use crate::data::table::Table;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// What is measured, as columns of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Measure {
    /// The sum of a column, for example revenue.
    Sum(String),
    /// The sum of one column over the sum of another, for example orders per visit.
    Ratio {
        /// The column above.
        numerator: String,
        /// The column below.
        denominator: String,
    },
}

impl Measure {
    /// The sum of a column.
    pub fn sum(column: &str) -> Self {
        Self::Sum(column.to_owned())
    }

    /// One column's sum over another's.
    pub fn ratio(numerator: &str, denominator: &str) -> Self {
        Self::Ratio { numerator: numerator.to_owned(), denominator: denominator.to_owned() }
    }

    fn columns(&self) -> Vec<&str> {
        match self {
            Self::Sum(column) => vec![column],
            Self::Ratio { numerator, denominator } => vec![numerator, denominator],
        }
    }
}

/// One value of a dimension, for example `platform = Android`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Element {
    /// The value.
    pub name: String,
    /// Share of the change that it explains; negative when it moved against the change. Over all
    /// elements of a dimension the sum is 1.
    pub explanatory_power: f64,
    /// How much its share of the total moved: its term of the Jensen-Shannon divergence, in nats.
    pub surprise: f64,
}

/// A dimension that explains the change.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// The dimension.
    pub dimension: String,
    /// The elements to blame, the most surprising first.
    pub elements: Vec<Element>,
    /// Sum over these elements.
    pub explanatory_power: f64,
    /// Sum over these elements.
    pub surprise: f64,
}

/// Entry point: [`Adtributor::params`].
#[derive(Debug, Clone, Copy)]
pub struct Adtributor;

impl Adtributor {
    /// The settings of the paper.
    pub fn params() -> AdtributorParams {
        AdtributorParams { min_element: 0.1, share: 0.67, max_explanations: 3 }
    }
}

/// Settings of Adtributor.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `share` | 0.67 | `(0, 1]` | of the change that a set of elements must explain (`T_EP`) |
/// | `min_element` | 0.1 | `[0, 1)` | of the change that each element must explain (`T_EEP`) |
/// | `max_explanations` | 3 | `>= 1` | dimensions to return |
#[derive(Debug, Clone, PartialEq)]
pub struct AdtributorParams {
    min_element: f64,
    share: f64,
    max_explanations: usize,
}

impl AdtributorParams {
    setters! {
        /// Sets the share of the change that a set of elements must explain.
        share: f64;
        /// Sets the share of the change that each element must explain.
        min_element: f64;
        /// Sets the number of dimensions to return.
        max_explanations: usize;
    }

    /// The dimensions that explain why the measure moved from `before` (or a forecast) to `after`,
    /// the most surprising first. Both tables hold a text column for each dimension and the
    /// measure's columns; rows are summed.
    ///
    /// ```text
    /// additive   EPⱼ = (Aⱼ − Fⱼ) / (A − F)
    /// ratio      EPⱼ ∝ ( ΔN Σ F_D − ΔD Σ F_N ) / ( Σ F_D (Σ F_D + ΔD) ),   scaled to sum 1
    /// surprise   Sⱼ = ½ ( p ln 2p/(p+q) + q ln 2q/(p+q) ),   p = Fⱼ/F,  q = Aⱼ/A;
    ///            for a ratio N's plus D's
    /// ```
    ///
    /// F before, A after, N above, D below, Δ of element j alone. In each dimension elements are
    /// taken by falling surprise while they explain at least `min_element` each, until they explain
    /// more than `share` together; a dimension that does not get there is left out. Explanatory
    /// power alone cannot tell dimensions apart (large elements move with everything); surprise
    /// can.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`], [`Error::Cell`] for a missing cell; [`Error::Empty`] for a table
    /// without rows or no dimensions; [`Error::Negative`] for a measure below 0, whose shares mean
    /// nothing; [`Error::EmptyGroup`] when a sum is 0; [`Error::ZeroVariance`] when the measure did
    /// not move; and [`Error::Parameter`].
    ///
    /// ```
    /// use mlnotes::data::table::Table;
    /// use mlnotes::anomaly::attribution::{Adtributor, Measure};
    /// let columns = "platform,country,revenue\n";
    /// let before = Table::from_csv(&format!("{columns}a,x,30\na,y,20\nb,x,30\nb,y,20\n"))?;
    /// let after = Table::from_csv(&format!("{columns}a,x,30\na,y,20\nb,x,12\nb,y,8\n"))?;
    /// let revenue = Measure::sum("revenue");
    /// let found =
    ///     Adtributor::params().explain(&before, &after, &["country", "platform"], &revenue)?;
    /// assert_eq!(found[0].dimension, "platform");
    /// assert_eq!(found[0].elements[0].name, "b");
    /// assert_eq!(found[0].explanatory_power, 1.0);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # References
    /// Bhagwan et al. (2014), *Adtributor: revenue debugging in advertising systems*, sections 3
    /// and 4 and figure 2.
    pub fn explain(
        &self,
        before: &Table,
        after: &Table,
        dimensions: &[&str],
        measure: &Measure,
    ) -> Result<Vec<Explanation>> {
        self.check()?;
        if dimensions.is_empty() {
            return Err(Error::Empty { what: "Adtributor: `dimensions`", needed: "1 dimension" });
        }
        let mut found = Vec::new();
        for &dimension in dimensions {
            let elements = elements(before, after, dimension, measure)?;
            found.extend(self.blame(dimension, elements));
        }
        found.sort_by(|a, b| b.surprise.total_cmp(&a.surprise));
        found.truncate(self.max_explanations);
        Ok(found)
    }

    /// Figure 2 of the paper for one dimension.
    fn blame(&self, dimension: &str, mut elements: Vec<Element>) -> Option<Explanation> {
        // Stable, so that equal ones stay in alphabetical order.
        elements.sort_by(|a, b| b.surprise.total_cmp(&a.surprise));
        let mut blamed = Explanation {
            dimension: dimension.to_owned(),
            elements: Vec::new(),
            explanatory_power: 0.0,
            surprise: 0.0,
        };
        for element in elements {
            if element.explanatory_power > self.min_element {
                blamed.explanatory_power += element.explanatory_power;
                blamed.surprise += element.surprise;
                blamed.elements.push(element);
                if blamed.explanatory_power > self.share {
                    return Some(blamed);
                }
            }
        }
        None
    }

    fn check(&self) -> Result<()> {
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "Adtributor", name, rule, got })
        };
        if !(self.share > 0.0 && self.share <= 1.0) {
            return bad("share", "above 0 and at most 1", self.share.to_string());
        }
        if !(self.min_element >= 0.0 && self.min_element < 1.0) {
            return bad("min_element", "from 0 to below 1", self.min_element.to_string());
        }
        if self.max_explanations == 0 {
            return bad("max_explanations", ">= 1", "0".to_owned());
        }
        Ok(())
    }
}

/// Every element of a dimension with its explanatory power and surprise, in alphabetical order.
fn elements(
    before: &Table,
    after: &Table,
    dimension: &str,
    measure: &Measure,
) -> Result<Vec<Element>> {
    let columns = measure.columns();
    let f = sums("Adtributor: `before`", before, dimension, &columns)?;
    let a = sums("Adtributor: `after`", after, dimension, &columns)?;
    let mut names: Vec<&String> = f.keys().chain(a.keys()).collect();
    names.sort_unstable();
    names.dedup();
    // An element that is only in one table has the sum 0 in the other.
    let of = |sums: &BTreeMap<String, Vec<f64>>, name: &String, m: usize| {
        sums.get(name).map_or(0.0, |values| values[m])
    };
    let totals = |sums: &BTreeMap<String, Vec<f64>>| -> Vec<f64> {
        (0..columns.len()).map(|m| sums.values().map(|v| v[m]).sum()).collect()
    };
    let (f_all, a_all) = (totals(&f), totals(&a));
    for (m, column) in columns.iter().enumerate() {
        for (total, when) in [(f_all[m], "before"), (a_all[m], "after")] {
            if total <= 0.0 {
                let group = format!("sum of {column} {when}");
                return Err(Error::EmptyGroup { what: "Adtributor", group });
            }
        }
    }
    let power = |name: &String| {
        let moved = |m: usize| of(&a, name, m) - of(&f, name, m);
        if columns.len() == 1 {
            return moved(0) / (a_all[0] - f_all[0]);
        }
        let below = f_all[1] * (f_all[1] + moved(1));
        (moved(0) * f_all[1] - moved(1) * f_all[0]) / below
    };
    let change = match measure {
        Measure::Sum(_) => a_all[0] - f_all[0],
        Measure::Ratio { .. } => a_all[0] / a_all[1] - f_all[0] / f_all[1],
    };
    let powers: Vec<f64> = names.iter().map(|name| power(name)).collect();
    let sum: f64 = powers.iter().sum();
    let scale = f_all[0] / f_all.get(1).copied().unwrap_or(1.0);
    if change.abs() <= 1e-12 * scale || !(sum.is_finite() && sum.abs() > 1e-12) {
        return Err(Error::ZeroVariance {
            what: "Adtributor: the measure",
            col: None,
            value: scale,
        });
    }
    let surprise = |name: &String| {
        let term = |m: usize| {
            let (p, q) = (of(&f, name, m) / f_all[m], of(&a, name, m) / a_all[m]);
            half(p, q) + half(q, p)
        };
        (0..columns.len()).map(term).sum()
    };
    let element = |(name, power): (&&String, f64)| Element {
        name: (*name).clone(),
        explanatory_power: power / sum,
        surprise: surprise(name),
    };
    Ok(names.iter().zip(powers).map(element).collect())
}

/// `½ p ln 2p/(p + q)`, 0 for `p = 0`.
fn half(p: f64, q: f64) -> f64 {
    if p > 0.0 { 0.5 * p * (2.0 * p / (p + q)).ln() } else { 0.0 }
}

/// Sums of the measure's columns for each value of the dimension.
fn sums(
    what: &'static str,
    table: &Table,
    dimension: &str,
    columns: &[&str],
) -> Result<BTreeMap<String, Vec<f64>>> {
    let names = table.texts(dimension)?;
    if names.is_empty() {
        return Err(Error::Empty { what, needed: "1 row" });
    }
    let mut sums: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (m, column) in columns.iter().enumerate() {
        let values = table.reals(column)?;
        if let Some((index, &value)) = values.iter().enumerate().find(|(_, v)| **v < 0.0) {
            return Err(Error::Negative { what, index, value });
        }
        for (name, value) in names.iter().zip(&values) {
            sums.entry(name.clone()).or_insert_with(|| vec![0.0; columns.len()])[m] += value;
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::information::js_divergence;
    use ndarray::array;

    fn table(rows: &[(&str, &str, f64, f64)]) -> Table {
        Table::new()
            .with("p", rows.iter().map(|r| r.0).collect::<Vec<_>>())
            .unwrap()
            .with("q", rows.iter().map(|r| r.1).collect::<Vec<_>>())
            .unwrap()
            .with("n", rows.iter().map(|r| r.2).collect::<Vec<_>>())
            .unwrap()
            .with("d", rows.iter().map(|r| r.3).collect::<Vec<_>>())
            .unwrap()
    }

    #[test]
    fn powers_sum_to_one_and_surprises_to_the_divergence() {
        let before =
            table(&[("a", "x", 50.0, 100.0), ("b", "x", 30.0, 90.0), ("c", "y", 20.0, 80.0)]);
        let after =
            table(&[("a", "x", 10.0, 90.0), ("b", "y", 33.0, 95.0), ("c", "y", 17.0, 60.0)]);
        let all = |measure: &Measure| elements(&before, &after, "p", measure).unwrap();
        for measure in [Measure::sum("n"), Measure::ratio("n", "d")] {
            let sum: f64 = all(&measure).iter().map(|e| e.explanatory_power).sum();
            assert!((sum - 1.0).abs() < 1e-12);
        }
        let total = |measure| all(&measure).iter().map(|e| e.surprise).sum::<f64>();
        let n = js_divergence(
            (array![50.0, 30.0, 20.0] / 100.0).view(),
            (array![10.0, 33.0, 17.0] / 60.0).view(),
        );
        let d = js_divergence(
            (array![100.0, 90.0, 80.0] / 270.0).view(),
            (array![90.0, 95.0, 60.0] / 245.0).view(),
        );
        let (n, d) = (n.unwrap(), d.unwrap());
        assert!((total(Measure::sum("n")) - n).abs() < 1e-14);
        assert!((total(Measure::ratio("n", "d")) - n - d).abs() < 1e-14);
    }

    #[test]
    fn an_element_that_comes_or_goes_counts() {
        let before = table(&[("a", "x", 60.0, 1.0), ("b", "x", 40.0, 1.0)]);
        let after = table(&[("a", "x", 60.0, 1.0), ("c", "x", 10.0, 1.0)]);
        let found =
            Adtributor::params().explain(&before, &after, &["p"], &Measure::sum("n")).unwrap();
        assert_eq!(found[0].elements[0].name, "b");
        assert!((found[0].explanatory_power - 40.0 / 30.0).abs() < 1e-12);
    }

    #[test]
    fn bad_input_is_named() {
        let before = table(&[("a", "x", 6.0, 1.0), ("b", "x", 4.0, 1.0)]);
        let after = table(&[("a", "x", 6.0, 1.0), ("b", "x", 1.0, 1.0)]);
        let n = Measure::sum("n");
        let with = |params: AdtributorParams| params.explain(&before, &after, &["p"], &n);
        let params = Adtributor::params;
        assert!(matches!(with(params().share(0.0)), Err(Error::Parameter { name: "share", .. })));
        assert!(with(params().min_element(1.0)).is_err());
        assert!(with(params().max_explanations(0)).is_err());
        let run = |after: &Table, dimensions: &[&str], measure: &Measure| {
            params().explain(&before, after, dimensions, measure).unwrap_err()
        };
        assert!(matches!(run(&after, &[], &n), Error::Empty { .. }));
        assert!(matches!(run(&after, &["z"], &n), Error::UnknownColumn { .. }));
        assert!(matches!(run(&after, &["n"], &n), Error::Cell { .. }));
        assert!(matches!(run(&after, &["p"], &Measure::sum("z")), Error::UnknownColumn { .. }));
        assert!(matches!(run(&table(&[]), &["p"], &n), Error::Empty { .. }));
        let minus = table(&[("a", "x", -1.0, 1.0)]);
        assert!(matches!(run(&minus, &["p"], &n), Error::Negative { index: 0, .. }));
        let zero = table(&[("a", "x", 1.0, 0.0)]);
        let ratio = Measure::ratio("n", "d");
        assert!(matches!(run(&zero, &["p"], &ratio), Error::EmptyGroup { .. }));
        assert!(matches!(run(&before, &["p"], &n), Error::ZeroVariance { .. }));
        assert!(matches!(run(&before, &["p"], &ratio), Error::ZeroVariance { .. }));
    }
}
