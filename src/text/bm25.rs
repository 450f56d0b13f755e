//! BM25: a ranking in which the tenth mention of a word says less than the first.
//!
//! ```text
//! score(q, d) = Σ_{t in q} idf(t) · c (k₁ + 1) / (c + k₁ (1 − b + b |d| / mean |d|)),    c = count of t in d
//! idf:  Robertson  ln((N − df + 0.5) / (df + 0.5))          below 0 for a word in over half the documents
//!       Lucene     ln(1 + (N − df + 0.5) / (df + 0.5))      always above 0
//! ```
//!
//! `k₁` says how soon repeats stop counting, `b` how much long documents are held back. Lucene leaves out
//! the factor `k₁ + 1`, which no order depends on; it stands here. `|d|` counts the terms that are kept.
//!
//! # References
//! Robertson & Zaragoza (2009), eq. 3.15; Kamphuis et al. (2020) for the variants.

use super::vectorizer::{CountVectorizer, CountVectorizerParams};
use crate::base::{finite, holds, setters, shape, stored};
use crate::{Error, Result};
use ndarray::Array1;
use serde::{Deserialize, Serialize};
use sprs::CsMat;

/// How rare a term is, as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Bm25Idf {
    /// `ln(1 + (N − df + 0.5) / (df + 0.5))`.
    #[default]
    Lucene,
    /// `ln((N − df + 0.5) / (df + 0.5))`.
    Robertson,
}

impl Bm25 {
    /// Default settings.
    ///
    /// ```
    /// use mlnotes::text::bm25::Bm25;
    /// let model = Bm25::params().fit(&["red fish", "blue fish", "blue sky"])?;
    /// let scores = model.scores("red fish");
    /// assert!(scores[0] > scores[1] && scores[2] == 0.0);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> Bm25Params {
        Bm25Params::default()
    }
}

/// Settings of BM25.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `k1` | 1.2 | `>= 0` | how soon repeats stop counting; 0: at once |
/// | `b` | 0.75 | 0 to 1 | how much length is held against a document |
/// | `idf` | Lucene | | see the formulas above |
/// | `counts` | [`CountVectorizer::params`] | | what a term is |
#[derive(Debug, Clone)]
pub struct Bm25Params {
    k1: f64,
    b: f64,
    idf: Bm25Idf,
    counts: CountVectorizerParams,
}

impl Default for Bm25Params {
    fn default() -> Self {
        Self { k1: 1.2, b: 0.75, idf: Bm25Idf::Lucene, counts: CountVectorizer::params() }
    }
}

impl Bm25Params {
    setters! {
        /// How soon repeats stop counting.
        k1: f64;
        /// How much length is held against a document.
        b: f64;
        /// How document frequencies become weights.
        idf: Bm25Idf;
        /// What a term is and which are kept.
        counts: CountVectorizerParams;
    }

    /// Reads the documents that will be searched.
    ///
    /// # Errors
    /// [`Error::Empty`] for no documents or no terms, [`Error::Parameter`] for settings out of range.
    pub fn fit(&self, documents: &[&str]) -> Result<Bm25> {
        let refuse = |name, rule, got: f64| {
            Err(Error::Parameter { estimator: "Bm25", name, rule, got: got.to_string() })
        };
        if !(self.k1.is_finite() && self.k1 >= 0.0) {
            return refuse("k1", "finite and >= 0", self.k1);
        }
        if !(0.0..=1.0).contains(&self.b) {
            return refuse("b", "from 0 to 1", self.b);
        }
        let (counts, matrix) = self.counts.fit_transform(documents)?;
        let n = documents.len() as f64;
        let odds = |&df: &usize| (n - df as f64 + 0.5) / (df as f64 + 0.5);
        let idf = counts.document_frequency().iter().map(odds).map(|odds| match self.idf {
            Bm25Idf::Lucene => odds.ln_1p(),
            Bm25Idf::Robertson => odds.ln(),
        });
        let idf = idf.collect();
        let lengths: Array1<f64> =
            matrix.outer_iterator().map(|row| row.data().iter().sum::<f64>()).collect();
        let mean = lengths.sum() / n;
        let penalty = lengths.mapv(|length| self.k1 * (1.0 - self.b + self.b * length / mean));
        // Read by term: a query touches few of them.
        let by_term = matrix.to_csc();
        Ok(Bm25 { counts, idf, k1: self.k1, penalty, by_term })
    }
}

/// Documents ready to be searched.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Bm25 {
    counts: CountVectorizer,
    idf: Array1<f64>,
    k1: f64,
    /// `k₁ (1 − b + b |d| / mean |d|)` of each document.
    penalty: Array1<f64>,
    by_term: CsMat<f64>,
}

stored!(Bm25, |m| {
    let (n_documents, n_terms) = (m.penalty.len(), m.idf.len());
    shape("idf", n_terms, m.vocabulary().len())?;
    shape("by_term", m.by_term.shape(), (n_documents, n_terms))?;
    holds(m.by_term.is_csc(), "`by_term` is not stored by column")?;
    finite("idf", m.idf.iter().chain(&m.penalty).chain([&m.k1]))
});

impl Bm25 {
    /// Weight of each term, shape `(n_terms,)`.
    pub fn idf(&self) -> &Array1<f64> {
        &self.idf
    }

    /// The terms in the order of [`Bm25::idf`].
    pub fn vocabulary(&self) -> &[String] {
        self.counts.vocabulary()
    }

    /// Score of every document, shape `(n_documents,)`; a word that stands twice in the query counts twice,
    /// an unknown one nothing.
    pub fn scores(&self, query: &str) -> Array1<f64> {
        let mut scores = Array1::zeros(self.penalty.len());
        for (term, times) in self.counts.known_terms(query) {
            let Some(column) = self.by_term.outer_view(term) else { continue };
            for (document, &count) in column.iter() {
                let gain = count * (self.k1 + 1.0) / (count + self.penalty[document]);
                scores[document] += times * self.idf[term] * gain;
            }
        }
        scores
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_named() {
        let error = |params: Bm25Params| params.fit(&["red"]).unwrap_err().to_string();
        assert!(error(Bm25::params().k1(-1.0)).contains("`k1`"));
        assert!(error(Bm25::params().b(1.2)).contains("`b`"));
        assert!(Bm25::params().fit(&[]).is_err());
    }

    #[test]
    fn without_k1_only_presence_counts_and_a_word_by_hand() {
        let documents = ["fish fish fish", "fish", "sky sky"];
        let model = Bm25::params().k1(0.0).fit(&documents).unwrap();
        let scores = model.scores("fish");
        assert!((scores[0] - scores[1]).abs() < 1e-15 && scores[2].abs() < 1e-15);
        // N = 3, df = 2, idf = ln(1 + 1.5/2.5); |d| = 3, mean 2; c = 3.
        let scores = Bm25::params().fit(&documents).unwrap().scores("fish");
        let by_hand = 1.6_f64.ln() * 3.0 * 2.2 / (3.0 + 1.2 * (0.25 + 0.75 * 1.5));
        assert!((scores[0] - by_hand).abs() < 1e-14, "{} {by_hand}", scores[0]);
    }
}
