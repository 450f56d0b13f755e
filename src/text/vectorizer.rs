//! Documents as counts of their terms.
//!
//! ```text
//! counts[i, j] = how often term j stands in document i          (n_documents, n_terms), sparse
//! df[j] = number of documents that hold term j
//! ```
//!
//! # References
//! Manning, Raghavan & Schütze (2008), chapter 6; scikit-learn's `CountVectorizer`, whose rules of words and
//! document frequencies these are.

use super::tokens::{n_grams, words};
use crate::{Error, Result};
use rayon::prelude::*;
use sprs::CsMat;
use std::collections::{HashMap, HashSet};
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

type Map<K, V> = HashMap<K, V, Xxh3DefaultBuilder>;

/// A bound on the number of documents that hold a term.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum DocumentFrequency {
    /// This many documents.
    Count(usize),
    /// This share of the documents, from 0 to 1.
    Share(f64),
}

impl DocumentFrequency {
    fn documents(self, n_documents: usize) -> f64 {
        match self {
            Self::Count(count) => count as f64,
            Self::Share(share) => share * n_documents as f64,
        }
    }
}

/// Entry point: [`CountVectorizer::params`].
#[derive(Debug, Clone, Copy)]
pub struct CountVectorizer;

impl CountVectorizer {
    /// Default settings.
    ///
    /// ```
    /// use mlnotes::text::vectorizer::CountVectorizer;
    /// let model = CountVectorizer::params().fit(&["red fish", "blue fish fish"])?;
    /// assert_eq!(model.vocabulary(), ["blue", "fish", "red"]);
    /// let counts = model.transform(&["fish fish bird"])?;
    /// assert_eq!(counts.get(0, 1), Some(&2.0));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> CountVectorizerParams {
        CountVectorizerParams::default()
    }
}

/// Settings of a count vectoriser.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `ngram` | 1, 1 | `1 <= from <= to` | lengths of the runs of words that are terms |
/// | `min_df` | 1 document | `>= 0` | rarer terms are left out |
/// | `max_df` | all | `>= 0` | commoner terms are left out |
/// | `lowercase` | true | | whether "Fish" is "fish" |
/// | `stop_words` | none | | words that are dropped before runs are made |
#[derive(Debug, Clone)]
pub struct CountVectorizerParams {
    from: usize,
    to: usize,
    min_df: DocumentFrequency,
    max_df: DocumentFrequency,
    lowercase: bool,
    stop_words: HashSet<String>,
}

impl Default for CountVectorizerParams {
    fn default() -> Self {
        Self {
            from: 1,
            to: 1,
            min_df: DocumentFrequency::Count(1),
            max_df: DocumentFrequency::Share(1.0),
            lowercase: true,
            stop_words: HashSet::new(),
        }
    }
}

impl CountVectorizerParams {
    /// Terms are runs of `from..=to` words.
    #[must_use]
    pub fn ngram(mut self, from: usize, to: usize) -> Self {
        (self.from, self.to) = (from, to);
        self
    }

    /// Fewest documents that a term must stand in.
    #[must_use]
    pub fn min_df(mut self, min_df: DocumentFrequency) -> Self {
        self.min_df = min_df;
        self
    }

    /// Most documents that a term may stand in.
    #[must_use]
    pub fn max_df(mut self, max_df: DocumentFrequency) -> Self {
        self.max_df = max_df;
        self
    }

    /// Whether letters are made small first.
    #[must_use]
    pub fn lowercase(mut self, lowercase: bool) -> Self {
        self.lowercase = lowercase;
        self
    }

    /// Words to drop, as they stand after lowering.
    #[must_use]
    pub fn stop_words(mut self, words: &[&str]) -> Self {
        self.stop_words = words.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// Learns the vocabulary of the documents.
    ///
    /// # Errors
    /// [`Error::Empty`] for no documents and when no term is left; [`Error::Parameter`] for settings out of
    /// range.
    pub fn fit(&self, documents: &[&str]) -> Result<CountModel> {
        Ok(self.fit_transform(documents)?.0)
    }

    /// Learns the vocabulary and counts, in one pass over the documents.
    ///
    /// # Errors
    /// As [`CountVectorizerParams::fit`].
    pub fn fit_transform(&self, documents: &[&str]) -> Result<(CountModel, CsMat<f64>)> {
        self.check(documents)?;
        let counted = self.count_all(documents);
        let n = documents.len();
        let mut df: Map<&str, usize> = Map::default();
        for (term, _) in counted.iter().flatten() {
            *df.entry(term).or_default() += 1;
        }
        let (least, most) = (self.min_df.documents(n), self.max_df.documents(n));
        let mut kept: Vec<(&str, usize)> = df
            .into_iter()
            .filter(|&(_, count)| count as f64 >= least && count as f64 <= most)
            .collect();
        if kept.is_empty() {
            let needed = "1 term that stop words and document frequencies leave";
            return Err(Error::Empty { what: "CountVectorizer: the vocabulary", needed });
        }
        kept.sort_unstable();
        let vocabulary: Vec<String> = kept.iter().map(|(term, _)| (*term).to_owned()).collect();
        let index = vocabulary.iter().enumerate().map(|(j, term)| (term.clone(), j)).collect();
        let document_frequency = kept.iter().map(|&(_, count)| count).collect();
        let params = self.clone();
        let model = CountModel { params, vocabulary, index, document_frequency, n_documents: n };
        let matrix = model.matrix(&counted);
        Ok((model, matrix))
    }

    fn check(&self, documents: &[&str]) -> Result<()> {
        if documents.is_empty() {
            return Err(Error::Empty {
                what: "CountVectorizer: `documents`",
                needed: "1 document",
            });
        }
        let refuse = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "CountVectorizer", name, rule, got })
        };
        if self.from == 0 || self.to < self.from {
            let got = format!("{} and {}", self.from, self.to);
            return refuse("ngram", "1 <= from <= to", got);
        }
        for (name, bound) in [("min_df", self.min_df), ("max_df", self.max_df)] {
            if let DocumentFrequency::Share(share) = bound
                && !(0.0..=1.0).contains(&share)
            {
                return refuse(name, "a share from 0 to 1", share.to_string());
            }
        }
        Ok(())
    }

    /// The terms of each document with their counts.
    fn count_all(&self, documents: &[&str]) -> Vec<Vec<(String, u32)>> {
        documents.par_iter().map(|text| self.count(text)).collect()
    }

    fn count(&self, text: &str) -> Vec<(String, u32)> {
        let lowered = if self.lowercase { text.to_lowercase() } else { text.to_owned() };
        let kept = words(&lowered).filter(|word| !self.stop_words.contains(*word));
        if self.to == 1 {
            let mut counts: Map<&str, u32> = Map::default();
            kept.for_each(|word| *counts.entry(word).or_default() += 1);
            return counts.into_iter().map(|(word, count)| (word.to_owned(), count)).collect();
        }
        let mut counts: Map<String, u32> = Map::default();
        for term in n_grams(&kept.collect::<Vec<_>>(), self.from, self.to) {
            *counts.entry(term).or_default() += 1;
        }
        counts.into_iter().collect()
    }
}

/// A vocabulary, and how many documents hold each of its terms.
#[derive(Debug, Clone)]
pub struct CountModel {
    params: CountVectorizerParams,
    vocabulary: Vec<String>,
    index: Map<String, usize>,
    document_frequency: Vec<usize>,
    n_documents: usize,
}

impl CountModel {
    /// The terms in the order of the columns, sorted.
    pub fn vocabulary(&self) -> &[String] {
        &self.vocabulary
    }

    /// Column of a term, if it is known.
    pub fn column(&self, term: &str) -> Option<usize> {
        self.index.get(term).copied()
    }

    /// Documents of the fit that hold each term, shape `(n_terms,)`.
    pub fn document_frequency(&self) -> &[usize] {
        &self.document_frequency
    }

    /// Number of documents of the fit.
    pub fn n_documents(&self) -> usize {
        self.n_documents
    }

    /// Counts of the known terms, shape `(n_documents, n_terms)`; unknown words count nothing.
    ///
    /// # Errors
    /// [`Error::Empty`] for no documents.
    pub fn transform(&self, documents: &[&str]) -> Result<CsMat<f64>> {
        if documents.is_empty() {
            return Err(Error::Empty { what: "CountModel: `documents`", needed: "1 document" });
        }
        Ok(self.matrix(&self.params.count_all(documents)))
    }

    /// Columns of the known terms of a text, rising, with their counts.
    pub(super) fn known_terms(&self, text: &str) -> Vec<(usize, f64)> {
        self.columns(&self.params.count(text))
    }

    fn columns(&self, terms: &[(String, u32)]) -> Vec<(usize, f64)> {
        let known = |(term, count): &(String, u32)| {
            self.index.get(term).map(|&column| (column, f64::from(*count)))
        };
        let mut row: Vec<(usize, f64)> = terms.iter().filter_map(known).collect();
        row.sort_unstable_by_key(|entry| entry.0);
        row
    }

    fn matrix(&self, counted: &[Vec<(String, u32)>]) -> CsMat<f64> {
        let rows: Vec<Vec<(usize, f64)>> =
            counted.par_iter().map(|terms| self.columns(terms)).collect();
        let (mut starts, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
        for row in rows {
            for (column, value) in row {
                columns.push(column);
                values.push(value);
            }
            starts.push(columns.len());
        }
        CsMat::new((counted.len(), self.vocabulary.len()), starts, columns, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_empty_vocabularies_are_refused() {
        let params = CountVectorizer::params;
        assert!(matches!(params().fit(&[]), Err(Error::Empty { .. })));
        assert!(matches!(params().fit(&["", "! ?"]), Err(Error::Empty { .. })));
        assert!(matches!(params().ngram(2, 1).fit(&["a b"]), Err(Error::Parameter { .. })));
        let share = params().max_df(DocumentFrequency::Share(1.5)).fit(&["red fish"]);
        assert!(share.unwrap_err().to_string().contains("`max_df`"));
        let rare = params().min_df(DocumentFrequency::Count(2)).fit(&["red", "blue"]);
        assert!(rare.unwrap_err().to_string().contains("vocabulary"));
    }

    #[test]
    fn frequencies_bound_the_vocabulary_and_unknown_words_count_nothing() {
        let documents = ["the red fish", "the blue fish", "the sun"];
        let model = CountVectorizer::params()
            .max_df(DocumentFrequency::Share(0.7))
            .min_df(DocumentFrequency::Count(2))
            .fit(&documents)
            .unwrap();
        assert_eq!(
            (model.vocabulary(), model.document_frequency()),
            (&["fish".into()][..], &[2][..])
        );
        assert_eq!(model.transform(&["moon"]).unwrap().nnz(), 0);
        let runs = CountVectorizer::params().ngram(2, 2).stop_words(&["the"]).fit(&documents);
        assert_eq!(runs.unwrap().vocabulary(), ["blue fish", "red fish"]);
    }
}
