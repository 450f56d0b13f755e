//! What a position of a sequence says about itself, in words.

/// The features of one position: names, each with a value (1 unless said otherwise).
///
/// ```
/// use mlnotes::sequence::crf::Features;
/// let token = Features::new(["word=avenue", "ends with e"]).weighted("length", 0.6);
/// assert_eq!(token.iter().count(), 3);
/// assert_eq!(token.iter().last(), Some(("length", 0.6)));
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Features(Vec<(String, f64)>);

impl Features {
    /// Features that are present, each with value 1.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self(names.into_iter().map(|name| (name.into(), 1.0)).collect())
    }

    /// Adds a feature with a value. A name given twice counts with the sum of its values.
    #[must_use]
    pub fn weighted(mut self, name: impl Into<String>, value: f64) -> Self {
        self.0.push((name.into(), value));
        self
    }

    /// Names and values, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }
}

/// The features with which a field made by [`LinearChainCrf::from_hmm`](super::LinearChainCrf::from_hmm) reads
/// symbols: `symbol=7`, and `start` at the first position.
///
/// ```
/// let x = mlnotes::sequence::crf::symbol_features(&[7, 2]);
/// let names: Vec<&str> = x[0].iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["symbol=7", "start"]);
/// ```
pub fn symbol_features(obs: &[usize]) -> Vec<Features> {
    let mut features: Vec<Features> =
        obs.iter().map(|symbol| Features::new([symbol_name(*symbol)])).collect();
    if let Some(first) = features.first_mut() {
        first.0.push((START.to_owned(), 1.0));
    }
    features
}

pub(super) const START: &str = "start";

pub(super) fn symbol_name(symbol: usize) -> String {
    format!("symbol={symbol}")
}
