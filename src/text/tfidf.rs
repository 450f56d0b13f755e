//! TF-IDF: a word counts for what it says about its document.
//!
//! ```text
//! tf(t, d):  raw count c  |  frequency c / length of d  |  sublinear 1 + ln c
//! idf(t):    textbook  ln(N / df)               0 for a word in every document
//!            plus one below  ln(N / (df + 1))   below 0 for a word in every document, 0 in all but one
//!            smooth    ln((1 + N) / (1 + df)) + 1   scikit-learn's: always above 0
//! weight = tf · idf, then each row divided by its L2 or L1 norm
//! ```
//!
//! "TF-IDF" names a family: libraries differ in all three choices, so say which one you mean. With the +1
//! in the denominator alone, the commonest words get *negative* weights: in a sum of weights a document
//! that holds such a word of the query falls *below* one that does not. In a cosine the two signs cancel,
//! so a word of every document counts while one of all documents but one does not. The smooth idf never
//! falls below 1: without stop words, or [`Tf::Sublinear`], "and" can outweigh the rest of a query.
//!
//! # References
//! Spärck Jones (1972); Salton & Buckley (1988); Manning, Raghavan & Schütze (2008), section 6.2.

use super::vectorizer::{CountVectorizer, CountVectorizerParams};
use crate::base::{finite, setters, shape, stored};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};
use serde::{Deserialize, Serialize};
use sprs::CsMat;

/// How often a term stands in a document, as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Tf {
    /// The count.
    #[default]
    Raw,
    /// The count divided by the counts of all known terms of the document; a norm of the rows cancels it.
    Frequency,
    /// `1 + ln count`.
    Sublinear,
}

/// How rare a term is, as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Idf {
    /// `log(N / df)`.
    Textbook,
    /// `log(N / (df + 1))`: negative for terms in every document.
    PlusOneDenominator,
    /// `log((1 + N) / (1 + df)) + 1`.
    #[default]
    Smooth,
}

impl Idf {
    /// The weight of a term in `df` of `n` documents, `1 <= df <= n`, with logarithms to the base `base`.
    ///
    /// ```
    /// use mlnotes::text::tfidf::Idf;
    /// let e = std::f64::consts::E;
    /// assert_eq!(Idf::Textbook.weight(10, 10, e), 0.0);
    /// assert!(Idf::PlusOneDenominator.weight(10, 10, e) < 0.0);
    /// assert_eq!(Idf::Smooth.weight(10, 10, e), 1.0);
    /// ```
    pub fn weight(self, df: usize, n: usize, base: f64) -> f64 {
        let (df, n) = (df as f64, n as f64);
        match self {
            Self::Textbook => (n / df).ln() / base.ln(),
            Self::PlusOneDenominator => (n / (df + 1.0)).ln() / base.ln(),
            Self::Smooth => ((1.0 + n) / (1.0 + df)).ln() / base.ln() + 1.0,
        }
    }
}

/// What each row is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Norm {
    /// Its length: dot products of rows are then cosines.
    #[default]
    L2,
    /// The sum of its sizes.
    L1,
    /// Nothing.
    None,
}

impl Tfidf {
    /// scikit-learn's choices: raw counts, smooth idf, natural logarithm, L2.
    ///
    /// ```
    /// use mlnotes::text::tfidf::Tfidf;
    /// let documents = ["red fish", "blue fish", "blue sky"];
    /// let model = Tfidf::params().fit(&documents)?;
    /// let found = model.search("a red sky", &model.transform(&documents)?)?;
    /// assert_eq!(found[0].0, 0, "red is rarer than blue");
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> TfidfParams {
        TfidfParams::default()
    }
}

/// Settings of TF-IDF.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `counts` | [`CountVectorizer::params`] | | what a term is |
/// | `tf`, `idf`, `norm` | raw, smooth, L2 | | see the formulas above |
/// | `log_base` | e | finite, `> 1` | gensim takes 2 |
#[derive(Debug, Clone)]
pub struct TfidfParams {
    counts: CountVectorizerParams,
    tf: Tf,
    idf: Idf,
    norm: Norm,
    log_base: f64,
}

impl Default for TfidfParams {
    fn default() -> Self {
        Self {
            counts: CountVectorizer::params(),
            tf: Tf::default(),
            idf: Idf::default(),
            norm: Norm::default(),
            log_base: std::f64::consts::E,
        }
    }
}

impl TfidfParams {
    setters! {
        /// What a term is and which are kept.
        counts: CountVectorizerParams;
        /// How counts become term frequencies.
        tf: Tf;
        /// How document frequencies become weights.
        idf: Idf;
        /// What rows are divided by.
        norm: Norm;
        /// Base of the logarithm of the idf.
        log_base: f64;
    }

    /// Learns vocabulary and weights.
    ///
    /// # Errors
    /// [`Error::Empty`] for no documents or no terms, [`Error::Parameter`] for settings out of range.
    pub fn fit(&self, documents: &[&str]) -> Result<Tfidf> {
        Ok(self.fit_transform(documents)?.0)
    }

    /// Learns vocabulary and weights and gives the rows, in one pass over the documents.
    ///
    /// # Errors
    /// As [`TfidfParams::fit`].
    pub fn fit_transform(&self, documents: &[&str]) -> Result<(Tfidf, CsMat<f64>)> {
        if !(self.log_base.is_finite() && self.log_base > 1.0) {
            return Err(Error::Parameter {
                estimator: "Tfidf",
                name: "log_base",
                rule: "finite and > 1",
                got: self.log_base.to_string(),
            });
        }
        let (counts, matrix) = self.counts.fit_transform(documents)?;
        let n = counts.n_documents();
        let weight = |&df: &usize| self.idf.weight(df, n, self.log_base);
        let idf: Array1<f64> = counts.document_frequency().iter().map(weight).collect();
        let model = Tfidf { counts, idf, tf: self.tf, norm: self.norm };
        let rows = model.weigh(matrix);
        Ok((model, rows))
    }
}

/// A vocabulary with the weight of each term.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Tfidf {
    counts: CountVectorizer,
    idf: Array1<f64>,
    tf: Tf,
    norm: Norm,
}

stored!(Tfidf, |m| {
    shape("idf", m.idf.len(), m.vocabulary().len())?;
    finite("idf", &m.idf)
});

impl Tfidf {
    /// The terms in the order of the columns, sorted.
    pub fn vocabulary(&self) -> &[String] {
        self.counts.vocabulary()
    }

    /// Weight of each term, shape `(n_terms,)`.
    pub fn idf(&self) -> ArrayView1<'_, f64> {
        self.idf.view()
    }

    /// Weights of the known terms, shape `(n_documents, n_terms)`; a document without any is a row of zeros.
    ///
    /// # Errors
    /// [`Error::Empty`] for no documents.
    pub fn transform(&self, documents: &[&str]) -> Result<CsMat<f64>> {
        Ok(self.weigh(self.counts.transform(documents)?))
    }

    /// Rows of `matrix`, `(n_documents, n_terms)`, by their cosine with the query, best first; rows that share
    /// no known term with it are left out.
    ///
    /// # Errors
    /// [`Error::Shape`] when `matrix` has another number of columns.
    pub fn search(&self, query: &str, matrix: &CsMat<f64>) -> Result<Vec<(usize, f64)>> {
        if matrix.cols() != self.vocabulary().len() {
            return Err(Error::Shape {
                what: "Tfidf::search: `matrix`",
                expected: format!("(n_documents, {})", self.vocabulary().len()),
                got: format!("{:?}", matrix.shape()),
            });
        }
        let query = self.transform(&[query])?;
        let Some(query) = query.outer_view(0) else { return Ok(Vec::new()) };
        let length =
            |v: &sprs::CsVecView<'_, f64>| v.data().iter().map(|v| v * v).sum::<f64>().sqrt();
        let query_length = length(&query);
        let mut found: Vec<(usize, f64)> = matrix
            .outer_iterator()
            .map(|row| (row.dot(&query), length(&row)))
            .enumerate()
            .filter(|(_, (dot, _))| dot.abs() > 0.0)
            .map(|(i, (dot, length))| (i, dot / (length * query_length)))
            .collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Ok(found)
    }

    /// The `k` heaviest terms of a row of a matrix of this model, with their weights.
    ///
    /// # Errors
    /// [`Error::Shape`] for a row that is not there or another number of columns.
    pub fn top_terms(&self, matrix: &CsMat<f64>, row: usize, k: usize) -> Result<Vec<(&str, f64)>> {
        let view = matrix.outer_view(row).filter(|_| matrix.cols() == self.vocabulary().len());
        let Some(view) = view else {
            return Err(Error::Shape {
                what: "Tfidf::top_terms: `matrix`",
                expected: format!("(more than {row}, {})", self.vocabulary().len()),
                got: format!("{:?}", matrix.shape()),
            });
        };
        let mut terms: Vec<(&str, f64)> =
            view.iter().map(|(j, &w)| (self.vocabulary()[j].as_str(), w)).collect();
        terms.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        terms.truncate(k);
        Ok(terms)
    }

    fn weigh(&self, mut matrix: CsMat<f64>) -> CsMat<f64> {
        for mut row in matrix.outer_iterator_mut() {
            let length: f64 = row.data().iter().sum();
            for (j, value) in row.iter_mut() {
                let tf = match self.tf {
                    Tf::Raw => *value,
                    Tf::Frequency => *value / length,
                    Tf::Sublinear => 1.0 + value.ln(),
                };
                *value = tf * self.idf[j];
            }
            let size = match self.norm {
                Norm::L2 => row.data().iter().map(|v| v * v).sum::<f64>().sqrt(),
                Norm::L1 => row.data().iter().map(|v| v.abs()).sum(),
                Norm::None => 1.0,
            };
            // A document of unknown words, or of words without weight, stays a row of zeros.
            if size > 0.0 {
                row.iter_mut().for_each(|(_, value)| *value /= size);
            }
        }
        matrix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_s_formula_goes_below_zero_and_the_repair_does_not() {
        let documents = ["the red fish", "the blue fish", "the sky"];
        let of = |idf| {
            let params = Tfidf::params().idf(idf).norm(Norm::None);
            let model = params.fit(&documents).unwrap();
            let the = model.vocabulary().iter().position(|term| term == "the").unwrap();
            let fish = model.vocabulary().iter().position(|term| term == "fish").unwrap();
            (model.idf()[the], model.idf()[fish])
        };
        let (the, fish) = of(Idf::PlusOneDenominator);
        assert!((the - (3.0_f64 / 4.0).ln()).abs() < 1e-15 && fish.abs() < 1e-15);
        assert!(of(Idf::Textbook).0.abs() < 1e-15);
        assert!((of(Idf::Smooth).0 - 1.0).abs() < 1e-15);
    }

    #[test]
    fn unknown_words_and_wrong_settings() {
        let model = Tfidf::params().fit(&["red fish"]).unwrap();
        let row = model.transform(&["bird"]).unwrap();
        assert_eq!(row.nnz(), 0);
        assert!(model.search("bird", &row).unwrap().is_empty());
        assert!(model.search("red", &CsMat::zero((1, 9))).is_err());
        assert!(model.top_terms(&row, 4, 2).is_err());
        assert!(Tfidf::params().log_base(1.0).fit(&["red"]).is_err());
        assert!(Tfidf::params().fit(&[]).is_err());
    }
}
