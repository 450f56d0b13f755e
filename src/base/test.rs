//! What a hypothesis test says, the same for every test of the library.
//!
//! A p-value is `P(T at least as extreme as the one seen | H₀)`. It is not the probability that `H₀`
//! holds, and a large one does not show that it does; so every test here also carries the effect in its
//! own units and an interval for it.
//!
//! # References
//! Wasserstein & Lazar (2016), *The ASA's statement on p-values*.

/// Outcome of a test.
///
/// ```
/// use mlnotes::base::Test;
/// let test = Test::new(2.1, 0.036).with_effect(0.4).with_ci(0.03, 0.77);
/// assert!(test.rejects_at(0.05) && !test.rejects_at(0.01));
/// assert_eq!(test.ci, Some((0.03, 0.77)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Test {
    /// The test statistic: z, t, chi-squared, as the function says.
    pub statistic: f64,
    /// Chance, under the null hypothesis, of a statistic at least as extreme.
    pub p_value: f64,
    /// Degrees of freedom of the null distribution, where it has any.
    pub df: Option<f64>,
    /// The estimated effect, in the units of the data; the statistic itself where there is none.
    pub effect: f64,
    /// Confidence interval of the effect, where the test gives one.
    pub ci: Option<(f64, f64)>,
}

impl Test {
    /// A test with its statistic and p-value; the effect is the statistic until told otherwise.
    pub fn new(statistic: f64, p_value: f64) -> Self {
        Self { statistic, p_value, df: None, effect: statistic, ci: None }
    }

    /// Adds the degrees of freedom.
    #[must_use]
    pub fn with_df(mut self, df: f64) -> Self {
        self.df = Some(df);
        self
    }

    /// Adds the effect in the units of the data.
    #[must_use]
    pub fn with_effect(mut self, effect: f64) -> Self {
        self.effect = effect;
        self
    }

    /// Adds the confidence interval of the effect.
    #[must_use]
    pub fn with_ci(mut self, low: f64, high: f64) -> Self {
        self.ci = Some((low, high));
        self
    }

    /// Whether the null hypothesis is rejected at level `alpha`.
    pub fn rejects_at(&self, alpha: f64) -> bool {
        self.p_value < alpha
    }
}
