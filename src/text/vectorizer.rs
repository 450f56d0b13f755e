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

use super::tokens::words;
use crate::base::{holds, pairs, setters, shape, stored};
use crate::{Error, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sprs::CsMat;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use xxhash_rust::xxh3::xxh3_64_with_seed;

type Map<K, V> = HashMap<K, V, BuildHasherDefault<Xxh3OneShot>>;

/// A bound on the number of documents that hold a term.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Serialize, Deserialize)]
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

    setters! {
        /// Fewest documents that a term must stand in.
        min_df: DocumentFrequency;
        /// Most documents that a term may stand in.
        max_df: DocumentFrequency;
        /// Whether letters are made small first.
        lowercase: bool;
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
    pub fn fit(&self, documents: &[&str]) -> Result<CountVectorizer> {
        Ok(self.fit_transform(documents)?.0)
    }

    /// Learns the vocabulary and counts, in one pass over the documents.
    ///
    /// # Errors
    /// As [`CountVectorizerParams::fit`].
    pub fn fit_transform(&self, documents: &[&str]) -> Result<(CountVectorizer, CsMat<f64>)> {
        self.check(documents)?;
        let n = documents.len();
        let lowered = self.lower(documents);
        let tokens: Vec<Vec<&str>> = lowered.par_iter().map(|text| self.words(text)).collect();
        let mut numbers: Map<&str, usize> = Map::default();
        let mut number = |word| {
            let next = numbers.len();
            *numbers.entry(word).or_insert(next)
        };
        let numbered: Vec<Vec<usize>> =
            tokens.iter().map(|words| words.iter().map(|word| number(word)).collect()).collect();
        let counted = self.count(&numbered);
        let mut df: Map<&[usize], usize> = Map::default();
        for (run, _) in counted.iter().flatten() {
            *df.entry(run).or_default() += 1;
        }
        let (least, most) = (self.min_df.documents(n), self.max_df.documents(n));
        df.retain(|_, count| (least..=most).contains(&(*count as f64)));
        if df.is_empty() {
            let needed = "1 term that stop words and document frequencies leave";
            return Err(Error::Empty { what: "CountVectorizer: the vocabulary", needed });
        }
        let model = CountVectorizer::new(self.clone(), &numbers, df, n);
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

    fn lower<'a>(&self, documents: &[&'a str]) -> Vec<Cow<'a, str>> {
        let lower = |text: &&'a str| {
            if self.lowercase { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed(*text) }
        };
        documents.par_iter().map(lower).collect()
    }

    fn words<'a>(&self, lowered: &'a str) -> Vec<&'a str> {
        words(lowered).filter(|word| !self.stop_words.contains(*word)).collect()
    }

    /// The runs of words of each document, with how often they stand there.
    fn count<'a>(&self, documents: &'a [Vec<usize>]) -> Vec<Vec<(&'a [usize], f64)>> {
        let count = |words: &'a Vec<usize>| {
            let mut counts: Map<&[usize], f64> = Map::default();
            for n in self.from..=self.to.min(words.len()) {
                words.windows(n).for_each(|run| *counts.entry(run).or_default() += 1.0);
            }
            counts.into_iter().collect()
        };
        documents.par_iter().map(count).collect()
    }
}

/// A vocabulary, and how many documents hold each of its terms.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct CountVectorizer {
    params: CountVectorizerParams,
    vocabulary: Vec<String>,
    /// The words by number; a term is a run of numbers, so none has to be spelt to be found.
    #[serde(with = "pairs")]
    numbers: Map<String, usize>,
    #[serde(with = "pairs")]
    columns: Map<Box<[usize]>, usize>,
    document_frequency: Vec<usize>,
    n_documents: usize,
}

stored!(CountVectorizer, |m| {
    let n = m.vocabulary.len();
    shape("columns", m.columns.len(), n)?;
    shape("document_frequency", m.document_frequency.len(), n)?;
    holds(m.columns.values().all(|&column| column < n), "a column of no term")
});

/// The number of a word that no document of the fit holds: no term has it.
const UNKNOWN: usize = usize::MAX;

impl CountVectorizer {
    fn new(
        params: CountVectorizerParams,
        numbers: &Map<&str, usize>,
        df: Map<&[usize], usize>,
        n_documents: usize,
    ) -> Self {
        let mut spelling = vec![""; numbers.len()];
        for (word, &number) in numbers {
            spelling[number] = word;
        }
        let spell = |run: &[usize]| {
            let words: Vec<&str> = run.iter().map(|&number| spelling[number]).collect();
            words.join(" ")
        };
        let mut terms: Vec<(String, &[usize], usize)> =
            df.into_iter().map(|(run, count)| (spell(run), run, count)).collect();
        terms.par_sort_unstable();
        let columns = terms.iter().zip(0..).map(|(term, j)| (term.1.into(), j)).collect();
        let document_frequency = terms.iter().map(|term| term.2).collect();
        let vocabulary = terms.into_iter().map(|term| term.0).collect();
        let numbers = numbers.iter().map(|(&word, &number)| (word.to_owned(), number)).collect();
        Self { params, vocabulary, numbers, columns, document_frequency, n_documents }
    }

    /// The terms in the order of the columns, sorted.
    pub fn vocabulary(&self) -> &[String] {
        &self.vocabulary
    }

    /// Column of a term, spelt as in the vocabulary, if it is known.
    pub fn column(&self, term: &str) -> Option<usize> {
        self.columns.get(&self.number(&term.split(' ').collect::<Vec<_>>())[..]).copied()
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
            return Err(Error::Empty {
                what: "CountVectorizer::transform: `documents`",
                needed: "1 document",
            });
        }
        Ok(self.matrix(&self.params.count(&self.read(documents))))
    }

    /// Columns of the known terms of a text, rising, with their counts.
    pub(super) fn known_terms(&self, text: &str) -> Vec<(usize, f64)> {
        let words = self.read(&[text]);
        self.params.count(&words).iter().flat_map(|terms| self.row(terms)).collect()
    }

    /// The words of each document by number.
    fn read(&self, documents: &[&str]) -> Vec<Vec<usize>> {
        let lowered = self.params.lower(documents);
        lowered.par_iter().map(|text| self.number(&self.params.words(text))).collect()
    }

    fn number(&self, words: &[&str]) -> Vec<usize> {
        words.iter().map(|word| self.numbers.get(*word).copied().unwrap_or(UNKNOWN)).collect()
    }

    /// Columns of the known terms, rising, with their counts.
    fn row(&self, terms: &[(&[usize], f64)]) -> Vec<(usize, f64)> {
        let known = |&(run, count): &(&[usize], f64)| Some((*self.columns.get(run)?, count));
        let mut row: Vec<(usize, f64)> = terms.iter().filter_map(known).collect();
        row.sort_unstable_by_key(|entry| entry.0);
        row
    }

    fn matrix(&self, counted: &[Vec<(&[usize], f64)>]) -> CsMat<f64> {
        let rows: Vec<Vec<(usize, f64)>> =
            counted.par_iter().map(|terms| self.row(terms)).collect();
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

/// xxh3 of the bytes, seeded with what came before: for keys this short, quicker than its streaming form.
#[derive(Debug, Clone, Copy, Default)]
struct Xxh3OneShot(u64);

impl Hasher for Xxh3OneShot {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    fn finish(&self) -> u64 {
        self.0
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

    #[test]
    fn an_unknown_word_breaks_the_runs_it_stands_in() {
        let model = CountVectorizer::params().ngram(1, usize::MAX).fit(&["to be or", ""]).unwrap();
        assert_eq!(model.vocabulary(), ["be", "be or", "or", "to", "to be", "to be or"]);
        assert_eq!(
            (model.column("to be"), model.column("to or"), model.column("so")),
            (Some(4), None, None)
        );
        let row = model.transform(&["", "to be so or"]).unwrap();
        let columns: Vec<usize> = row.outer_view(1).unwrap().indices().to_vec();
        assert_eq!((row.outer_view(0).unwrap().nnz(), columns), (0, vec![0, 2, 3, 4]));
    }
}
